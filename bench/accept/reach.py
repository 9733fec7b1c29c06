"""Inside an empty network namespace: bring loopback up, listen there, and try to reach it.

`python -m bench.accept.reach FOLDER [--sealed]` prints one line a way: its name and what came of
it. FOLDER holds the compiled program and library. It judges nothing.
"""

import ctypes
import os
import socket
import subprocess
import sys
from pathlib import Path

from appliance.seal import seal
from appliance.seal.namespace import bring_loopback_up

_CHILD = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])))"


def main(arguments: list[str]) -> None:
    """Try each way once."""
    folder = Path(arguments[0])
    bring_loopback_up()
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    if "--sealed" in arguments:
        seal()
    print(f"python: {_python(port)}")
    print(f"child: {_run([sys.executable, '-c', _CHILD, str(port)]) or 'reached'}")
    print(f"program: {_run([str(folder / 'reach'), str(port)])}")
    code = ctypes.CDLL(str(folder / "libreach.so")).reach(port)
    print(f"extension: {os.strerror(code) if code else 'reached'}")


def _python(port: int) -> str:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "reached"


def _run(words: list[str]) -> str:
    """The last line that a child said."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    return ((done.stdout + done.stderr).strip().splitlines() or [""])[-1]


if __name__ == "__main__":
    main(sys.argv[1:])

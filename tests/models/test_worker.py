"""The worker process: its deaths, its parent's death, no sockets, equal bits in fresh processes."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from models.engine import Sampling
from models.errors import EngineError, WorkerDied
from models.llama.client import LlamaEngine
from models.llama.frames import Reader
from models.llama.library import library
from models.llama.process import WorkerProcess, module_command, open_log

ROOT = Path(__file__).resolve().parents[2]


def script(text: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-c", text, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


BITS = """
import hashlib, sys
from pathlib import Path
from models.llama.context import Context, Weights
from models.llama.options import LlamaOptions
from models.llama.session import TokenSession
from models.llama.tokens import Tokens
from models.profiles import Sampling
weights = Weights(Path(sys.argv[1]))
context = Context(weights, LlamaOptions(context=512, batch=int(sys.argv[2]), threads=1))
session = TokenSession(context, Tokens(weights.vocabulary))
session.append("The river rises in the hills. " * 4, trusted=False)
completion = session.generate(40, [], Sampling(top_k=0, top_p=1.0), 7)
bits = hashlib.sha256(context.logits()).hexdigest()
print(completion.ids, completion.chunks, bits)
"""


def test_fresh_processes_give_equal_bits(tiny: Path) -> None:
    first = script(BITS, str(tiny), "32", PYTHONHASHSEED="1")
    second = script(BITS, str(tiny), "32", PYTHONHASHSEED="2")
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout


def test_other_chunks_are_told_apart(tiny: Path) -> None:
    """The twin: what is compared would show a difference, and the chunks are in the record."""
    first, second = (script(BITS, str(tiny), batch).stdout for batch in ("32", "100"))
    assert "(32, 32, " in first
    assert first != second


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_worker_that_dies_is_one_sentence_and_can_be_started_anew(
    engine: LlamaEngine, number: signal.Signals
) -> None:
    session = engine.open()
    session.append("a river", trusted=False)
    assert engine.pid is not None
    os.kill(engine.pid, number)
    with pytest.raises(WorkerDied, match=rf"\({number.name}\); run: appliance doctor"):
        session.generate(50)
    with pytest.raises(EngineError, match="the session is closed"):
        session.append("more", trusted=False)
    assert engine.open().append("a", trusted=False) == 1


def test_a_worker_that_dies_while_idle_is_noticed(engine: LlamaEngine) -> None:
    engine.open().close()
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGSEGV)
    with pytest.raises(WorkerDied, match="SIGSEGV"):
        engine.open()
    assert engine.open().position == 0


def test_an_assertion_in_the_library_is_named(tiny: Path, tmp_path: Path) -> None:
    """A real GGML assertion: sampling before anything was evaluated."""
    asserting = """
import sys
from pathlib import Path
import models.llama.worker as worker
from models.llama.context import Sampler
from models.profiles import Sampling
class Careless(worker.Worker):
    def do_open(self):
        Sampler(self._context, Sampling(), 0, 1).sample()
worker.Worker = Careless
worker.main()
"""
    running = WorkerProcess.__new__(WorkerProcess)
    running._log = open_log(tmp_path / "log")
    running._log_start = 0
    running._reader = Reader()
    running._process = subprocess.Popen(
        [sys.executable, "-P", "-c", asserting, str(os.getpid()), "main"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=running._log,
        env=module_command("none")[1],
        bufsize=0,
    )
    running.request({"op": "load", "file": str(tiny), "options": {"threads": 1}})
    with pytest.raises(WorkerDied, match=r"SIGABRT: .*GGML_ASSERT.*; run: appliance doctor"):
        running.request({"op": "open"})


def gone(pid: int) -> bool:
    """True when the process ended; one that only waits to be collected has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


PARENT = """
import sys, threading, time
from pathlib import Path
from models.llama.client import LlamaEngine
engine = LlamaEngine(Path(sys.argv[1]))
def start():
    engine.open()
    print(engine.pid, flush=True)
    if sys.argv[2] == "busy":
        session = engine._session
        session.append("a river " * 200, trusted=False)
        session.generate(10_000)
thread = threading.Thread(target=start)
thread.start() if sys.argv[2] == "thread" else start()
time.sleep(600)
"""


@pytest.mark.parametrize("how", ["main", "thread", "busy"])
def test_the_worker_ends_with_its_parent(tiny: Path, how: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-P", "-c", PARENT, str(tiny), how],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    assert not gone(worker)  # in "thread" the thread that started it may have ended already
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(200):
        if gone(worker):
            return
        time.sleep(0.05)
    os.kill(worker, signal.SIGKILL)
    pytest.fail("the worker outlived its parent")


def test_a_worker_outlives_the_thread_that_started_it(engine: LlamaEngine) -> None:
    thread = threading.Thread(target=engine.describe)
    thread.start()
    thread.join()
    assert engine.open().append("a", trusted=False) == 1


SEALED = """
import ctypes, socket, struct, sys
from pathlib import Path
libc = ctypes.CDLL(None, use_errno=True)
NUMBER = {"x86_64": 41, "aarch64": 198}[sys.argv[2]]
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
program = [
    (LOAD, 0, 0, 0), (EQUAL, 0, 4, NUMBER),
    (LOAD, 0, 0, 16), (EQUAL, 1, 0, socket.AF_INET), (EQUAL, 0, 1, socket.AF_INET6),
    (RETURN, 0, 0, 0x00050001), (RETURN, 0, 0, 0x7FFF0000),
]
code = b"".join(struct.pack("HBBI", *line) for line in program)
buffer = ctypes.create_string_buffer(code, len(code))
header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, header, 0, 0) == 0, ctypes.get_errno()
try:
    socket.socket()
except PermissionError:
    print("refused")
from models.engine import Sampling
from models.llama.client import LlamaEngine
with LlamaEngine(Path(sys.argv[1])) as engine:
    session = engine.open()
    session.append("a river", trusted=False)
    print(session.generate(5, sampling=Sampling(temperature=0)).tokens)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is a filter of Linux")
def test_the_worker_runs_where_sockets_are_refused(tiny: Path) -> None:
    done = script(SEALED, str(tiny), os.uname().machine)
    assert done.stdout.split() == ["refused", "5"], done.stderr


def test_only_the_low_level_module_is_loaded() -> None:
    text = "import sys, models.llama.library as l; l.library(); print(*sorted(sys.modules))"
    loaded = script(text).stdout.split()
    assert "llama_cpp.llama_cpp" in loaded
    assert not {"llama_cpp.llama", "jinja2", "diskcache", "numpy"} & set(loaded)


def test_the_engine_side_does_not_load_the_library() -> None:
    text = "import sys, models.llama.client, models.registry; print(*sys.modules)"
    assert not {"llama_cpp", "numpy"} & set(script(text).stdout.split())


def test_a_library_that_cannot_be_loaded_is_one_sentence(tiny: Path, tmp_path: Path) -> None:
    text = """
import sys
from pathlib import Path
from models.errors import EngineError
from models.llama.client import LlamaEngine
try:
    LlamaEngine(Path(sys.argv[1])).open()
except EngineError as error:
    print(error)
"""
    done = script(text, str(tiny), LLAMA_CPP_LIB_PATH=str(tmp_path))
    assert "cannot be loaded" in done.stdout
    assert done.stdout.strip().endswith("run: make setup")
    assert "Traceback" not in done.stderr


def test_greedy_takes_the_most_likely_token(tiny: Path) -> None:
    from models.llama.context import Context, Sampler, Weights
    from models.llama.options import LlamaOptions

    weights = Weights(tiny)
    context = Context(weights, LlamaOptions(context=256, threads=1))
    context.evaluate([1, 2, 3], 0)
    logits = memoryview(context.logits()).cast("f").tolist()
    sampler = Sampler(context, Sampling(temperature=0), seed=0, window=1)
    assert sampler.sample() == logits.index(max(logits))
    sampler.close()
    context.close()
    weights.close()
    assert library() is library()

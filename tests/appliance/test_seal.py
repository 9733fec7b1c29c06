"""The seal on real sockets: every refusal has a twin that reaches the listener with the seal off.

A seal cannot be taken off, so each scenario is a script in a process of its own.
"""

import os
import platform
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINUX = sys.platform.startswith("linux")
REFUSED = "Machine is not on the network"

pytestmark = pytest.mark.skipif(not LINUX, reason="the kernel filter exists on Linux only")

C_SOURCE = r"""
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int reach(int port) {
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port)};
    int result = 0, way = socket(AF_INET, SOCK_STREAM, 0);
    if (way < 0) return errno;
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(way, (struct sockaddr *)&there, sizeof there) || write(way, "c", 1) != 1)
        result = errno;
    close(way);
    return result;
}

int foreign_word_size(void) {
#ifdef __x86_64__
    int result;  /* socket(AF_INET, SOCK_STREAM, 0) by the 32-bit entry, where it is call 359 */
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(359), "b"(2), "c"(1), "d"(0) : "memory");
    return result;
#else
    return -ENOSYS;
#endif
}

int main(int count, char **words) {
    if (count > 1 && !strcmp(words[1], "foreign")) return foreign_word_size() >= 0 ? 0 : 3;
    if (count > 1 && !strcmp(words[1], "x32"))
        return syscall(0x40000000 + 41, AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : 3;
    int result = reach(atoi(words[1]));
    puts(result ? strerror(result) : "reached");
    return result;
}
"""

TRIES = {
    "Python code": """
        with socket.create_connection(("127.0.0.1", PORT)) as way:
            way.sendall(b"p")
        print("reached")
    """,
    "Python code, IPv6": """
        with socket.create_connection(("::1", PORT6)) as way:
            way.sendall(b"6")
        print("reached")
    """,
    "a bare _socket": """
        import _socket
        way = _socket.socket()
        way.connect(("127.0.0.1", PORT))
        way.send(b"b")
        print("reached")
    """,
    "a datagram": """
        way = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        way.sendto(b"d", ("127.0.0.1", PORT))
        print("reached")
    """,
    "a C extension": """
        print(told(ctypes.CDLL(LIBRARY).reach(PORT)))
    """,
    "a C program": """
        print(subprocess.run([PROGRAM, str(PORT)], capture_output=True, text=True).stdout.strip())
    """,
    "a Python child": """
        code = f"import socket; socket.create_connection(('127.0.0.1', {PORT})); print('reached')"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        print(done.stdout.strip() or done.stderr.strip().splitlines()[-1])
    """,
    "a grandchild in C": """
        done = subprocess.run(["/bin/sh", "-c", f"{PROGRAM} {PORT}"], capture_output=True, text=True)
        print(done.stdout.strip())
    """,
}

PRELUDE = """
import ctypes, logging, os, socket, subprocess, sys, threading
def told(code):
    return os.strerror(code) if code else "reached"
def main():
"""

ENDING = """
try:
    main()
except Exception as error:
    print(f"{type(error).__name__}: {error}")
"""


class Listener:
    """A TCP listener on loopback that notes the first bytes of whoever comes."""

    def __init__(self, family: int = socket.AF_INET, host: str = "127.0.0.1") -> None:
        self.socket = socket.create_server((host, 0), family=family)
        self.port = self.socket.getsockname()[1]

    def heard(self) -> bytes:
        """Whatever was sent by those who are connected now."""
        self.socket.setblocking(False)
        heard = b""
        while True:
            try:
                way, _ = self.socket.accept()
            except BlockingIOError:
                return heard
            with way:
                way.settimeout(10)
                heard += way.recv(10)


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.socket.close()


@pytest.fixture
def listener6() -> Iterator[Listener]:
    found = Listener(socket.AF_INET6, "::1")
    yield found
    found.socket.close()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A C extension and a C program that try to reach a port of loopback."""
    folder = tmp_path_factory.mktemp("seal")
    folder.chmod(0o755)
    source = folder / "reach.c"
    source.write_text(C_SOURCE)
    library, program = folder / "libreach.so", folder / "reach"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    subprocess.run(["cc", "-o", program, source], check=True)
    return {"LIBRARY": str(library), "PROGRAM": str(program)}


def play(
    body: str, *, seal: str = "", before: tuple[str, ...] = (), **values: object
) -> subprocess.CompletedProcess[str]:
    """Run `body` in a process of its own, after `seal`, under the command `before`."""
    given = "".join(f"    {name} = {value!r}\n" for name, value in values.items())
    seal = f"from appliance.seal import *\n{seal}\n" if seal else ""
    script = (
        PRELUDE
        + given
        + textwrap.indent(textwrap.dedent(seal) + textwrap.dedent(body), "    ")
        + ENDING
    )
    done = subprocess.run(
        [*before, sys.executable, "-P", "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    if done.returncode > 0 and done.stderr:
        raise AssertionError(done.stderr)
    return done


def said(body: str, **more: object) -> str:
    """The last line that `body` printed."""
    return play(body, **more).stdout.strip().splitlines()[-1]  # type: ignore[arg-type]


@pytest.mark.parametrize("who", TRIES)
def test_the_seal_refuses(
    who: str, listener: Listener, listener6: Listener, compiled: dict[str, str]
) -> None:
    values = {"PORT": listener.port, "PORT6": listener6.port, **compiled}
    answer = said(TRIES[who], seal="seal()", **values)
    # The hook speaks for Python code of the process itself, the kernel for everything else.
    assert ("SealError: the seal refused" in answer) or REFUSED in answer
    assert listener.heard() + listener6.heard() == b""


@pytest.mark.parametrize("who", TRIES)
def test_without_the_seal_it_is_reached(
    who: str, listener: Listener, listener6: Listener, compiled: dict[str, str]
) -> None:
    values = {"PORT": listener.port, "PORT6": listener6.port, **compiled}
    assert said(TRIES[who], **values) == "reached"
    if who not in ("a datagram", "a Python child"):
        assert listener.heard() + listener6.heard() != b""


@pytest.mark.parametrize("sealed", [True, False])
def test_in_an_empty_namespace_with_loopback_up(sealed: bool, compiled: dict[str, str]) -> None:
    """As the acceptance says: `unshare -n`, lo up, a listener there, a child and a C extension."""
    before = _namespace()
    serve = """
        import appliance.seal.namespace as namespace
        namespace.bring_loopback_up()
        server = socket.create_server(("127.0.0.1", 0))
        PORT = server.getsockname()[1]
    """
    act = "        from appliance.seal import seal\n        seal()\n" if sealed else ""
    tries = "".join(TRIES[who] for who in ("a C extension", "a C program", "a Python child"))
    body = textwrap.dedent(serve) + textwrap.dedent(act) + textwrap.dedent(tries)
    lines = play(body, before=before, **compiled).stdout.strip().splitlines()
    expected = [REFUSED, REFUSED, f"OSError: [Errno 64] {REFUSED}"] if sealed else ["reached"] * 3
    assert lines == expected


THREAD = """
    go, answers = threading.Event(), []
    def late():
        go.wait()
        answers.append(told(ctypes.CDLL(LIBRARY).reach(PORT)))
    thread = threading.Thread(target=late)
    thread.start()
    {seal}
    go.set()
    thread.join()
    print(answers[0])
"""


def test_a_thread_that_runs_already_is_sealed_too(
    listener: Listener, compiled: dict[str, str]
) -> None:
    body = textwrap.dedent(THREAD).format(seal="from appliance.seal import seal; seal()")
    assert said(body, PORT=listener.port, **compiled) == REFUSED
    # Its twin: without the flag TSYNC the same thread gets out.
    loose = (
        "import appliance.seal.filter as f; f._SECCOMP_FILTER_FLAG_TSYNC = 0; f.install_filter()"
    )
    body = textwrap.dedent(THREAD).format(seal=loose)
    assert said(body, PORT=listener.port, **compiled) == "reached"


@pytest.mark.parametrize(
    "call",
    [
        pytest.param("syscall(425, 8, buffer)", id="io_uring_setup"),
        pytest.param("syscall(426, -1, 0, 0, 0, 0)", id="io_uring_enter"),
        pytest.param("setns(-1, 0)", id="setns"),
        pytest.param("socket(17, 3, 0)", id="AF_PACKET"),
        pytest.param("socket(40, 1, 0)", id="AF_VSOCK"),
        pytest.param("socket(38, 5, 0)", id="AF_ALG"),
        pytest.param("socketpair(30, 5, 0, buffer)", id="a pair of TIPC"),
        pytest.param("socket(2 + (7 << 32), 1, 0)", id="AF_INET under high bits"),
    ],
)
def test_ways_around_are_refused(call: str) -> None:
    body = f"""
        library = ctypes.CDLL(None, use_errno=True)
        buffer = ctypes.create_string_buffer(4096)
        name, rest = {call!r}.split("(", 1)
        numbers = eval("(" + rest, {{"buffer": 0}})
        arguments = [buffer if "buffer" in word else ctypes.c_ulong(number & (2**64 - 1))
                     for word, number in zip(rest.split(","), numbers)]
        done = getattr(library, name)(*arguments)
        print(os.strerror(ctypes.get_errno()) if done < 0 else "done")
    """
    assert said(body, seal="seal()") == REFUSED
    assert said(body) != REFUSED


@pytest.mark.skipif(platform.machine() != "x86_64", reason="x86_64 alone has other entries")
@pytest.mark.parametrize("entry", ["foreign", "x32"])
def test_a_foreign_word_size_ends_the_program(entry: str, compiled: dict[str, str]) -> None:
    body = "print(subprocess.run([PROGRAM, ENTRY]).returncode)"
    assert said(body, seal="seal()", ENTRY=entry, **compiled) == str(-signal.SIGSYS)
    assert said(body, ENTRY=entry, **compiled) != str(-signal.SIGSYS)


def test_unix_and_netlink_sockets_work() -> None:
    body = """
        import tempfile
        with tempfile.TemporaryDirectory() as folder:
            server = socket.socket(socket.AF_UNIX)
            server.bind(folder + "/s")
            server.listen()
            client = socket.socket(socket.AF_UNIX)
            client.connect(folder + "/s")
            client.sendall(b"hello")
            print(server.accept()[0].recv(5).decode(), end=" ")
        one, other = socket.socketpair()
        one.sendall(b"pair")
        print(other.recv(4).decode(), "lo" in [name for _, name in socket.if_nameindex()])
    """
    assert said(body, seal="seal()") == "hello pair True"


@pytest.mark.parametrize(
    "attempt",
    [
        'socket.create_connection(("192.0.2.1", 80), 1)',
        'urllib.request.urlopen("http://example.invalid/", timeout=1)',
        'socket.getaddrinfo("example.invalid", 80)',
        'socket.gethostbyname("example.invalid")',
        'socket.gethostbyname_ex("example.invalid")',
        'socket.gethostbyaddr("192.0.2.1")',
        'socket.getnameinfo(("192.0.2.1", 80), 0)',
        "socket.socket(socket.AF_PACKET)",
        'asyncio.run(asyncio.open_connection("192.0.2.1", 80))',
    ],
)
def test_the_error_names_the_line_that_asked(attempt: str, tmp_path: Path) -> None:
    script = tmp_path / "nosy.py"
    script.write_text(f"import asyncio, socket, urllib.request\n\ndef ask():\n    {attempt}\n")
    body = f"sys.path.insert(0, {str(tmp_path)!r})\nimport nosy\nnosy.ask()"
    answer = said(body, seal="seal()")
    assert answer.startswith("SealError: the seal refused")
    assert f"asked for by {script}:4 in ask" in answer
    assert "appliance crawl" in answer
    assert "SealError" not in said(body)


def test_an_open_socket_of_the_parent_cannot_be_connected_from_python(listener: Listener) -> None:
    body = """
        way = socket.socket(fileno=os.dup(left.fileno()))
        way.connect(("127.0.0.1", PORT))
        print("reached")
    """
    make = "left = socket.socket()\n"
    sealed = make + "from appliance.seal import seal; seal()" + textwrap.dedent(body)
    assert "SealError: the seal refused a connection to" in said(sealed, PORT=listener.port)
    assert said(make + textwrap.dedent(body), PORT=listener.port) == "reached"


ALLOWED = 'seal(["127.0.0.1"], ["postgresql://u@localhost:5432/d"])'


@pytest.mark.parametrize("who", ["Python code", "Python code, IPv6", "a C extension"])
def test_an_allowed_host_is_reached(
    who: str, listener: Listener, listener6: Listener, compiled: dict[str, str]
) -> None:
    values = {"PORT": listener.port, "PORT6": listener6.port, **compiled}
    assert said(TRIES[who], seal=ALLOWED, **values) == "reached"


@pytest.mark.parametrize(
    "attempt",
    [
        'socket.create_connection(("192.0.2.1", 80), 1)',
        'socket.socket().connect(("192.0.2.1", 80))',
        'socket.socket().connect(("", 80))',
        'socket.socket().bind(("", 0))',
        'socket.socket().bind(("0.0.0.0", 0))',
        'socket.socket(socket.AF_INET6).bind(("::", 0))',
        'socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53))',
        'socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", 0, ("192.0.2.1", 53))',
        'socket.socket(type=socket.SOCK_DGRAM).sendmsg([b"x"], [], 0, ("192.0.2.1", 53))',
        'socket.socket().connect_ex(("192.0.2.1", 80))',
        'socket.getaddrinfo(b"example.invalid", 80)',
        "socket.socket(socket.AF_PACKET)",
    ],
)
def test_with_an_allowed_host_others_are_refused(attempt: str) -> None:
    for seal in (ALLOWED, "seal_with_loopback(['localhost'])"):
        assert said(attempt, seal=seal).startswith("SealError: the seal refused")


def test_loopback_may_be_listened_on_and_spoken_to() -> None:
    body = """
        server = socket.create_server(("127.0.0.1", 0))
        client = socket.create_connection(server.getsockname())
        client.sendmsg([b"y"])
        letter = socket.socket(type=socket.SOCK_DGRAM)
        letter.bind((b"localhost", 0))
        letter.sendto(b"x", letter.getsockname())
        print(server.accept()[0].recv(1) + letter.recv(1), socket.getaddrinfo(None, 0) != [])
    """
    assert said(body, seal=ALLOWED) == "b'yx' True"
    assert said(body, seal="seal_with_loopback()") == "b'yx' True"
    assert said(body, seal="seal()").startswith("SealError")


def test_with_an_allowed_host_the_kernel_still_refuses_other_families() -> None:
    body = """
        library = ctypes.CDLL(None, use_errno=True)
        print([library.socket(family, 1, 0) >= 0 or ctypes.get_errno() for family in (2, 40)])
    """
    assert said(body, seal=ALLOWED) == "[True, 64]"
    assert said(body, seal="seal()") == "[64, 64]"


def test_a_service_that_is_not_allowed_is_named() -> None:
    answer = said("", seal='seal([], ["postgresql://u@db.lan/pages"])')
    assert answer.startswith("ConfigError: the settings name a service on db.lan")
    assert 'add "db.lan" to allow_hosts' in answer


def test_a_hook_that_is_kept_out_is_an_error() -> None:
    body = """
        def jealous(event, arguments):
            if event == "sys.addaudithook" and JEALOUS:
                raise RuntimeError("no hook but me")
        sys.addaudithook(jealous)
        from appliance.seal import seal
        print(seal().sentence())
    """
    assert "SealError: the seal could not be set" in said(body, JEALOUS=True)
    assert said(body, JEALOUS=False).startswith("sealed: the kernel refuses")


@pytest.mark.parametrize(
    ("code", "reason"),
    [('b""', "Invalid argument"), ("struct.pack('<HBBI', 6, 0, 0, 0x7FFF0000)", "not follow it")],
)
def test_a_filter_that_does_not_hold_is_an_error(code: str, reason: str) -> None:
    broken = f"""
        import struct
        import appliance.seal.filter as filter
        filter.program = lambda machine, families: {code}
        from appliance.seal import seal
        print(seal().sentence())
    """
    answer = said(broken)
    assert answer.startswith("SealError: the kernel did not set the seal's seccomp filter")
    assert reason in answer


def test_without_seccomp_there_is_a_notice() -> None:
    """A machine that the filter does not know: the hook alone, and that is said aloud."""
    body = """
        import appliance.seal.filter as filter
        filter._MACHINES.clear()
        from appliance.seal import seal
        print(seal().sentence())
    """
    done = play(body)
    assert "no seccomp filter" in done.stdout
    assert "by the Python hook alone" in done.stderr
    assert play("print(seal().sentence())", seal="").stderr == ""
    assert play("print(seal().sentence())", seal="pass").stderr == ""


def test_libraries_are_told_not_to_ask_a_hub() -> None:
    assert said("print(os.environ.get('HF_HUB_OFFLINE'))", seal="seal()") == "1"


def _namespace() -> tuple[str, ...]:
    """The command that runs another in an empty network namespace, or a skip that says why."""
    for command in (("unshare", "--net"), ("unshare", "--map-root-user", "--net")):
        done = subprocess.run([*command, "true"], capture_output=True, check=False)
        if done.returncode == 0:
            return command
    pytest.skip("this machine gives neither root nor an ordinary user a network namespace")

"""The seal on real sockets: every refusal has a twin that reaches the listener with the seal off.

A seal cannot be taken off, so each scenario is a script in a process of its own.
"""

import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

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
def compiled() -> Iterator[dict[str, str]]:
    """A C extension and a C program that try to reach a port of loopback."""
    # Not in pytest's own folder, which no other user may enter.
    folder = Path(tempfile.mkdtemp(prefix="seal-"))
    folder.chmod(0o755)
    source = folder / "reach.c"
    source.write_text(C_SOURCE)
    library, program = folder / "libreach.so", folder / "reach"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    subprocess.run(["cc", "-o", program, source], check=True)
    yield {"LIBRARY": str(library), "PROGRAM": str(program)}
    shutil.rmtree(folder)


def play(
    body: str,
    *,
    seal: str = "",
    before: tuple[str, ...] = (),
    python: str = sys.executable,
    **values: object,
) -> subprocess.CompletedProcess[str]:
    """Run `body` in a process of its own, after `seal`, under the command `before`."""
    given = "".join(f"    {name} = {value!r}\n" for name, value in values.items())
    seal = f"from appliance.seal import seal, seal_with_loopback\n{seal}\n" if seal else ""
    script = (
        PRELUDE
        + given
        + textwrap.indent(textwrap.dedent(seal) + textwrap.dedent(body), "    ")
        + ENDING
    )
    done = subprocess.run(
        [*before, python, "-P", "-c", script],
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


@pytest.mark.machine
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


@pytest.mark.machine
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


@pytest.mark.machine
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
    # The twin runs where there is no network, so that nothing leaves this machine.
    assert "SealError" not in play(body, before=_namespace()).stdout


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


class Whoever(NamedTuple):
    """Who plays a scenario: the command before it, and the Python that this user may run."""

    before: tuple[str, ...] = ()
    python: str = sys.executable


def _ordinary() -> Whoever:
    """An ordinary user: the one that runs this test, or `nobody` when that is root."""
    if os.geteuid() != 0:
        return Whoever()
    # The shell between them begins without root's rights, as an ordinary user's Python does.
    before = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    before = (*before, "sh", "-c", 'exec "$@"', "sh")
    for python in (sys.executable, "/usr/bin/python3"):
        able = subprocess.run(
            [
                *before,
                python,
                "-P",
                "-c",
                "import appliance.seal, ctypes, sys; sys.version_info[1] > 10 or 1 / 0",
            ],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd="/",
            capture_output=True,
            check=False,
        )
        if able.returncode == 0:
            return Whoever(before, python)
    pytest.skip("the ordinary user `nobody` may run no Python here, or not read this checkout")


@pytest.fixture(params=["this user", "an ordinary user", "root of an empty namespace"])
def whoever(request: pytest.FixtureRequest) -> Whoever:
    """Who enters a namespace of the own."""
    empty = _namespace()
    if request.param == "an ordinary user":
        return _ordinary()
    return Whoever(empty) if request.param.startswith("root") else Whoever()


@pytest.mark.machine
def test_a_namespace_of_its_own_reaches_itself_and_nothing_else(
    whoever: Whoever, listener: Listener, compiled: dict[str, str]
) -> None:
    body = """
        from appliance.seal import seal_with_loopback
        kind = seal_with_loopback()
        server = socket.create_server(("127.0.0.1", 0))
        mine = server.getsockname()[1]
        server6 = socket.create_server(("::1", 0), family=socket.AF_INET6)
        socket.create_connection(server6.getsockname()[:2]).close()
        reach = ctypes.CDLL(LIBRARY).reach
        print(kind.namespace, os.getuid(), told(reach(mine)), told(reach(PORT)), sep="|")
    """
    done = play(body, before=whoever.before, python=whoever.python, PORT=listener.port, **compiled)
    user = 65534 if "setpriv" in whoever.before else os.getuid()
    user = 0 if "--map-root-user" in whoever.before else user
    # Its own listener is there; the one of the machine is on another loopback.
    assert done.stdout.strip() == f"True|{user}|reached|Connection refused"
    assert done.stderr == ""
    assert listener.heard() == b""
    assert said(TRIES["a C extension"], PORT=listener.port, **compiled) == "reached"


@pytest.mark.machine
def test_a_child_cannot_step_back_out_of_the_namespace(whoever: Whoever) -> None:
    body = """
        outside = os.open("/proc/self/ns/net", os.O_RDONLY)
        os.set_inheritable(outside, True)
        import appliance.seal as s
        if not SEALED:
            s.install_filter = lambda families: None
        s.seal_with_loopback()
        code = ("import ctypes, os; library = ctypes.CDLL(None, use_errno=True);"
                f"done = library.setns({outside}, 0x40000000);"
                "print(os.strerror(ctypes.get_errno()) if done else 'out')")
        print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                             close_fds=False).stdout.strip())
    """
    assert said(body, before=whoever.before, python=whoever.python, SEALED=True) == REFUSED
    assert said(body, before=whoever.before, python=whoever.python, SEALED=False) != REFUSED


@pytest.mark.parametrize("needed", ['["127.0.0.1"], []', '[], ["http://localhost:19530"]'])
def test_a_service_outside_leaves_the_namespace_out(
    needed: str, listener: Listener, compiled: dict[str, str]
) -> None:
    """In a namespace of its own the process could not reach a database on the machine."""
    body = f"""
        from appliance.seal import seal_with_loopback
        kind = seal_with_loopback({needed})
        print(kind.namespace, "may be reached" in kind.sentence(), end=" ")
        print(told(ctypes.CDLL(LIBRARY).reach(PORT)))
    """
    assert said(body, PORT=listener.port, **compiled) == "False True reached"


@pytest.mark.machine
def test_several_threads_stay_where_they_are(listener: Listener, compiled: dict[str, str]) -> None:
    body = """
        end = threading.Event()
        if THREADS:
            threading.Thread(target=end.wait).start()
        from appliance.seal.namespace import enter_namespace
        print(enter_namespace(), told(ctypes.CDLL(LIBRARY).reach(PORT)))
        end.set()
    """
    _namespace()
    assert said(body, THREADS=True, PORT=listener.port, **compiled) == "False reached"
    assert said(body, THREADS=False, PORT=listener.port, **compiled) == "True Connection refused"


@pytest.mark.machine
def test_where_namespaces_are_off_the_hook_is_left_and_says_so(listener: Listener) -> None:
    shell = 'echo {} > /proc/sys/user/max_net_namespaces; exec "$@"'
    before = ("unshare", "--map-root-user", "--user", "sh", "-c")
    works = subprocess.run([*before, shell.format(0), "sh", "true"], check=False)
    if works.returncode:
        pytest.skip("this machine has no user namespaces in which others could be switched off")
    body = """
        from appliance.seal import seal_with_loopback
        print(seal_with_loopback().namespace)
        socket.create_connection(("127.0.0.1", PORT)).close()
        print("loopback")
        socket.create_connection(("192.0.2.1", 80), 1)
    """
    done = play(body, before=(*before, shell.format(0), "sh"), PORT=listener.port)
    lines = done.stdout.splitlines()
    assert lines[:2] == ["False", "loopback"]
    assert lines[2].startswith("SealError: the seal refused")
    assert "no network namespace of its own (the weaker guarantee" in done.stderr
    done = play(body, before=(*before, shell.format(100), "sh"), PORT=listener.port)
    assert done.stdout.startswith("True\nConnectionRefusedError")


def test_only_the_verbs_that_fetch_are_open() -> None:
    from appliance.cli import VERBS

    assert {name for name, verb in VERBS.items() if verb.seal == "open"} == {"crawl", "demo"}

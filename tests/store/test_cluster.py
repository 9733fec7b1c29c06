"""The private PostgreSQL: started by anybody, once, and never in somebody else's folder."""

import ctypes
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

import store.unprivileged
from store import server
from store.cluster import Cluster
from store.errors import ClusterError

ROOT = os.geteuid() == 0
START = """
import json, sys
from pathlib import Path
from store.cluster import Cluster
print(json.dumps(Cluster(Path(sys.argv[1])).start()))
"""
OPEN = """
import json, sys
from pathlib import Path
from store.database import open_database
database = open_database(Path(sys.argv[1]))
with database.read() as connection:
    assert connection.execute("SELECT count(*) FROM page").fetchone() == (0,)
print(json.dumps(database.url))
"""


def needs_root(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test that mounts and switches users, which only root can do."""
    skip = pytest.mark.skipif(not ROOT, reason="only root can mount and switch users")
    return pytest.mark.machine(skip(test))


def needs_x86_64(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test whose filter is written for one architecture."""
    skip = pytest.mark.skipif(os.uname().machine != "x86_64", reason="the filter is for x86-64")
    return pytest.mark.machine(skip(test))


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A cluster that was made once and never started: copying it is cheaper than initdb."""
    folder = Path(tempfile.mkdtemp(prefix="made-"))
    cluster = Cluster(folder)
    cluster.start()
    cluster.stop()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def cluster(made: Path) -> Iterator[Cluster]:
    home = Path(tempfile.mkdtemp(prefix="cluster-"))
    shutil.copytree(made / "data", home / "postgres" / "data")
    cluster = Cluster(home / "postgres")
    yield cluster
    cluster.stop()
    shutil.rmtree(home)


@pytest.fixture
def short() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="home-"))
    yield folder
    shutil.rmtree(folder)


def ask(url: str, query: str = "SELECT 1") -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def pid_of(cluster: Cluster) -> int:
    pid = cluster.status().pid
    assert pid is not None
    return pid


def start_elsewhere(
    cluster: Cluster, prefix: tuple[str, ...] = (), **more: object
) -> "subprocess.CompletedProcess[str]":
    """Start in another process; its pipes must close, though the server lives on."""
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [*prefix, sys.executable, "-c", START, str(cluster.folder)],
        capture_output=True,
        text=True,
        timeout=60,
        **more,
    )


def test_from_nothing_to_an_answer_and_back(short: Path) -> None:
    cluster = Cluster(short / "deep" / "postgres")
    assert not cluster.stop()
    assert not cluster.status().running
    url = cluster.start()
    try:
        assert ask(url, "SHOW server_encoding") == "UTF8"
        assert ask(url, "SELECT datlocale FROM pg_database LIMIT 1") == "C.UTF-8"
        assert ask(url, "SHOW listen_addresses") == ""
        assert ask(url, "SHOW fsync") == ask(url, "SHOW synchronous_commit") == "on"
        assert cluster.start() == url
        status = cluster.status()
        assert (status.running, status.url) == (True, url)
        assert stat.S_IMODE((cluster.folder / "data").stat().st_mode) == 0o700
    finally:
        assert cluster.stop()
    assert not cluster.status().running
    assert not cluster.stop()


def test_the_server_outlives_the_command_that_started_it(cluster: Cluster) -> None:
    done = start_elsewhere(cluster)
    assert done.returncode == 0, done.stderr
    assert ask(json.loads(done.stdout)) == 1
    assert cluster.start() == json.loads(done.stdout)


def test_many_first_openings_give_one_server_and_one_schema(short: Path) -> None:
    cluster = Cluster(short / "postgres")
    try:
        starts = [
            subprocess.Popen(
                [sys.executable, "-c", OPEN, str(short)],
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(3)
        ]
        said = {start.communicate(timeout=60)[0] for start in starts}
        assert [start.returncode for start in starts] == [0, 0, 0]
        assert len(said) == 1
        assert ask(json.loads(said.pop())) == 1
    finally:
        cluster.stop()


def test_a_killed_server_starts_again(cluster: Cluster) -> None:
    with psycopg.connect(cluster.start()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 8 AS n")
    os.kill(pid_of(cluster), signal.SIGKILL)
    assert ask(cluster.start(), "SELECT n FROM kept") == 8


def test_a_note_with_the_number_of_another_program_is_stale(cluster: Cluster) -> None:
    cluster.start()
    note = cluster.data / "postmaster.pid"
    lines = note.read_text().splitlines()
    cluster.stop()
    # As after a reboot: the number now belongs to a program of the same user, this test.
    note.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert ask(cluster.start()) == 1


def test_a_copy_of_a_running_home_gets_a_server_of_its_own(cluster: Cluster, short: Path) -> None:
    url = cluster.start()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE whose (name text)")
        connection.execute("CHECKPOINT")
    copy = Cluster(short / "copy")
    shutil.copytree(cluster.folder, copy.folder)
    assert copy.status().url is None
    assert not copy.stop()  # it must not end the other's server
    own = copy.start()
    try:
        assert own != url
        with psycopg.connect(own, autocommit=True) as connection:
            connection.execute("INSERT INTO whose VALUES ('the copy')")
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM whose").fetchone() == (0,)
    finally:
        copy.stop()


def test_a_home_that_was_moved_keeps_its_server(cluster: Cluster) -> None:
    url = cluster.start()
    moved = Cluster(cluster.folder.with_name("moved"))
    cluster.folder.rename(moved.folder)
    try:
        assert moved.status().url == url
    finally:
        moved.stop()


def test_a_server_whose_socket_was_cleared_away_starts_again(cluster: Cluster) -> None:
    cluster.start()
    before = pid_of(cluster)
    socket = Path(cluster.data.joinpath("postmaster.pid").read_text().splitlines()[4])
    shutil.rmtree(socket)
    assert ask(cluster.start()) == 1
    assert pid_of(cluster) != before


def test_a_home_deleted_under_its_server_starts_again(cluster: Cluster, made: Path) -> None:
    cluster.start()
    orphan = pid_of(cluster)
    shutil.rmtree(cluster.folder)
    shutil.copytree(made / "data", cluster.data)
    assert ask(cluster.start()) == 1
    assert pid_of(cluster) != orphan
    assert not server.runs(orphan)


@pytest.mark.parametrize("again", [False, True])
def test_stop_ends_a_server_whose_home_was_deleted(
    cluster: Cluster, made: Path, again: bool
) -> None:
    cluster.start()
    orphan = pid_of(cluster)
    shutil.rmtree(cluster.folder)
    if again:
        shutil.copytree(made / "data", cluster.data)
    assert server.runs(orphan)
    assert cluster.stop()
    assert not server.runs(orphan)
    assert not cluster.stop()


def test_a_server_of_another_folder_is_named_and_lives_on(
    cluster: Cluster, made: Path, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(made / "data", short / "postgres" / "data")
    other = Cluster(short / "postgres")
    monkeypatch.setattr("store.cluster.STALE_SECONDS", 0.2)
    url = other.start()
    try:
        # The socket's folder of the one, locked by the server of the other.
        folder = next(cluster._socket_folders())
        folder.mkdir(mode=0o700, exist_ok=True)
        lock = folder / ".s.PGSQL.5432.lock"
        lock.write_text((other.data / "postmaster.pid").read_text())
        with pytest.raises(ClusterError, match=rf"The process {pid_of(other)} holds .*; end it"):
            cluster.start()
        assert not cluster.stop()
        assert ask(url) == 1
        lock.unlink()
        assert ask(cluster.start()) == 1
    finally:
        other.stop()


def test_another_runtime_folder_finds_the_same_server(
    cluster: Cluster, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    url = cluster.start()
    assert str(short) in url
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert cluster.start() == url


def test_an_open_socket_folder_is_refused(
    cluster: Cluster, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    url = cluster.start()
    (socket,) = [path for path in short.iterdir() if path.name.startswith("appliance-")]
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    socket.chmod(0o755)
    with pytest.raises(ClusterError, match="open to others; remove it"):
        cluster.start()
    socket.chmod(0o700)
    assert cluster.start() == url


@needs_root
def test_a_socket_folder_of_another_user_is_refused(
    cluster: Cluster, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    cluster.start()
    (socket,) = [path for path in short.iterdir() if path.name.startswith("appliance-")]
    os.chown(socket, 4321, 4321)
    with pytest.raises(ClusterError, match="belongs to another user"):
        cluster.start()
    os.chown(socket, 0, 0)


def test_a_long_home_gets_a_short_socket(made: Path, short: Path) -> None:
    folder = short.joinpath(*["a-rather-long-name-of-a-folder"] * 6)
    shutil.copytree(made / "data", folder / "data")
    cluster = Cluster(folder)
    try:
        assert ask(cluster.start()) == 1
    finally:
        cluster.stop()


def test_a_folder_that_is_no_cluster_is_left_alone(short: Path) -> None:
    (short / "postgres" / "data").mkdir(parents=True)
    (short / "postgres" / "data" / "thesis.txt").write_text("years of work")
    with pytest.raises(ClusterError, match="is not a PostgreSQL folder; move it away"):
        Cluster(short / "postgres").start()
    assert (short / "postgres" / "data" / "thesis.txt").read_text() == "years of work"


def test_a_cluster_of_another_version_is_named(cluster: Cluster) -> None:
    (cluster.data / "PG_VERSION").write_text("14\n")
    with pytest.raises(ClusterError, match="made by PostgreSQL 14, not 18; move it away"):
        cluster.start()


def test_a_broken_cluster_is_one_sentence_with_its_reason(cluster: Cluster) -> None:
    (cluster.data / "postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(ClusterError, match=r"could not be started .*read .*server.log") as caught:
        cluster.start()
    assert "\n" not in str(caught.value)


def test_a_failed_making_is_one_sentence_with_its_reason(
    short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.cluster.USER", "pg_reserved")
    with pytest.raises(ClusterError, match=r"could not be made \(superuser name .*\); ") as caught:
        Cluster(short / "postgres").start()
    assert "server.log" not in str(caught.value)
    assert not (short / "postgres" / "data.new").exists()


def test_an_interrupted_making_is_begun_again(made: Path, short: Path) -> None:
    half = short / "postgres" / "data.new"
    shutil.copytree(made / "data", half)
    (half / "PG_VERSION").unlink()
    cluster = Cluster(short / "postgres")
    try:
        assert ask(cluster.start()) == 1
    finally:
        cluster.stop()


def test_a_home_that_is_a_file_is_refused(short: Path) -> None:
    (short / "file").write_text("")
    with pytest.raises(ClusterError, match="choose another home with APPLIANCE_HOME"):
        Cluster(short / "file" / "postgres").start()


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """Be somebody whom the kernel refuses other people's folders."""
    os.seteuid(4321)
    yield
    os.seteuid(0)


@needs_root
def test_a_home_of_another_user_is_refused(short: Path, ordinary_user: None) -> None:
    cluster = Cluster(short / "postgres")
    said = "postgres belongs to another user; set APPLIANCE_HOME to a folder of yours"
    for act in (cluster.start, cluster.status, cluster.stop):
        with pytest.raises(ClusterError, match=said):
            act()


@needs_root
def test_it_starts_in_an_empty_network_namespace(cluster: Cluster) -> None:
    done = start_elsewhere(cluster, ("unshare", "--net"))
    assert done.returncode == 0, done.stderr
    assert ask(json.loads(done.stdout)) == 1


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def deny_internet_sockets() -> None:
    """Let socket() fail with EACCES for every family but AF_UNIX (x86-64), here and in children."""

    def step(code: int, yes: int, no: int, value: int) -> bytes:
        return (
            code.to_bytes(2, "little")
            + bytes([yes, no])
            + (value & 0xFFFFFFFF).to_bytes(4, "little")
        )

    load, jump, answer = 0x20, 0x15, 0x06
    program = b"".join(
        [
            step(load, 0, 0, 0),  # the number of the system call
            step(jump, 0, 3, 41),  # socket
            step(load, 0, 0, 16),  # its first argument, the family
            step(jump, 1, 0, 1),  # AF_UNIX
            step(answer, 0, 0, 0x00050000 | 13),
            step(answer, 0, 0, 0x7FFF0000),
        ]
    )
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)
    filter_ = _Filter(len(program) // 8, program)
    if libc.prctl(22, 2, ctypes.byref(filter_), 0, 0):
        os._exit(99)


@needs_x86_64
def test_it_starts_under_a_filter_that_denies_internet_sockets(cluster: Cluster) -> None:
    done = start_elsewhere(cluster, preexec_fn=deny_internet_sockets)
    assert done.returncode == 0, done.stderr
    assert ask(json.loads(done.stdout)) == 1


@needs_x86_64
def test_that_filter_does_deny_them() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import socket; socket.socket()"],
        preexec_fn=deny_internet_sockets,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "PermissionError" in done.stderr


@pytest.fixture
def no_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    def off(prefix: tuple[str, ...]) -> bool:
        return False

    monkeypatch.setattr(store.unprivileged, "namespaces_work", off)


@needs_root
@pytest.mark.usefixtures("no_namespaces")
def test_without_user_namespaces_root_uses_another_user(cluster: Cluster) -> None:
    for folder in (cluster.folder.parent, cluster.folder):
        folder.chmod(0o755)
    try:
        url = cluster.start()
    except ClusterError as error:
        if "neither user namespaces nor" in str(error) or "Permission denied" in str(error):
            pytest.skip(f"the programs cannot be reached by another user here: {error}")
        raise
    assert ask(url) == 1
    assert cluster.data.stat().st_uid != 0
    assert Path(f"/proc/{pid_of(cluster)}").stat().st_uid != 0


@needs_root
@pytest.mark.usefixtures("no_namespaces")
def test_without_any_way_root_is_told(cluster: Cluster) -> None:
    cluster.folder.parent.chmod(0o700)
    with pytest.raises(ClusterError, match="run the appliance as an ordinary user"):
        cluster.start()


@needs_root
def test_root_gets_a_server_that_is_not_root_and_files_that_stay_root_s(cluster: Cluster) -> None:
    if not store.unprivileged.namespaces_work(("unshare", "--user", "--map-user=1000", "--")):
        pytest.skip("user namespaces are off here")
    cluster.start()
    assert cluster.data.stat().st_uid == 0
    own = os.readlink("/proc/self/ns/user")
    assert os.readlink(f"/proc/{pid_of(cluster)}/ns/user") != own


FULL = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from store.cluster import Cluster
from store.database import open_database
from store.errors import ClusterError, DiskFullError
from store.page import PageVersion
from store.pages import PageStore

home, size = Path(sys.argv[1]), sys.argv[2]
os.system(f"mount -t tmpfs -o size={size} none {home}")
now = datetime(2026, 1, 1, tzinfo=UTC)
acknowledged = 0
try:
    try:
        store = PageStore(database := open_database(home))
        while acknowledged < 2000:
            store.add(
                [PageVersion(f"https://example.org/{acknowledged}", "T", os.urandom(400_000).hex(), now)]
            )
            acknowledged += 1
        print("never full")
    except (DiskFullError, ClusterError) as error:
        print(type(error).__name__, error)
    os.system(f"mount -o remount,size=900m {home}")
    store = PageStore(open_database(home))
    print(store.count() - acknowledged, len(store.verify()))
finally:
    Cluster(home / "postgres").stop()
"""


@needs_root
@pytest.mark.parametrize(
    ("size", "said"),
    [
        (
            "20m",
            "ClusterError The disk of .* is full, so the database cannot be made; free some space",
        ),
        ("110m", "DiskFullError The disk of the database is full, and nothing of this batch"),
    ],
)
def test_a_full_disk_is_named_and_loses_nothing(short: Path, size: str, said: str) -> None:
    done = subprocess.run(
        ["unshare", "--mount", sys.executable, "-c", FULL, str(short), size],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, last = done.stdout.splitlines()
    assert re.match(said, first), first
    assert last == "0 0"

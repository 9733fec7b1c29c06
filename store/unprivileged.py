"""Run PostgreSQL's programs, which refuse to run as root, for a caller who may be root: in a user
namespace where root looks like an ordinary user, or else as an unprivileged user of the machine. It
knows nothing about databases.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .errors import ClusterError

# Inside the namespace the files of root look like this user's, so nothing changes owner.
MAPPED_USER = 1000


@dataclass(frozen=True, slots=True)
class Runner:
    """How to run a program without being root: `prefix` goes before its command line.

    `uid` and `gid` are set where the program's files must belong to another user.
    """

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def call(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run `command` to its end, stdout and stderr together; the exit status is not checked.

        The output goes through a file and not through a pipe: a server that the command leaves
        behind can then never hold the caller's end open.
        """
        import tempfile

        environment = {name: value for name, value in os.environ.items() if name[:2] != "PG"}
        environment |= {"LC_ALL": "C", "TZ": "UTC"}
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [*self.prefix, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd="/",
                start_new_session=True,
                check=False,
            )
            output.seek(0)
            said = output.read().decode("utf-8", "replace")
        return subprocess.CompletedProcess(done.args, done.returncode, said)

    def own(self, path: Path) -> None:
        """Give `path` and what is in it to the user whom the programs run as."""
        if self.uid is None or self.gid is None:
            return
        if path.stat().st_uid == self.uid:
            return
        for folder, _, files in os.walk(path):
            os.chown(folder, self.uid, self.gid)
            for name in files:
                os.chown(os.path.join(folder, name), self.uid, self.gid, follow_symlinks=False)
        os.chown(path, self.uid, self.gid)


def runner(folder: Path) -> Runner:
    """Return how this caller runs PostgreSQL's programs on files below `folder`.

    Raises ClusterError for root on a machine that offers neither way.
    """
    if os.geteuid() != 0:
        return Runner()
    namespace = ("unshare", "--user", f"--map-user={MAPPED_USER}", "--")
    if namespaces_work(namespace):
        return Runner(namespace)
    uid, gid = fallback_ids(folder)
    switch = ("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--")
    if shutil.which(switch[0]) is None or not _enters((*switch, "test", "-x", str(folder))):
        raise ClusterError(
            "PostgreSQL does not run as root, and here neither user namespaces nor the user "
            f"number {uid} can be used on {folder}; run the appliance as an ordinary user."
        )
    return Runner(switch, uid, gid)


def namespaces_work(prefix: tuple[str, ...]) -> bool:
    """Return whether root may make a user namespace here."""
    return shutil.which(prefix[0]) is not None and _enters((*prefix, "true"))


def fallback_ids(folder: Path) -> tuple[int, int]:
    """Return user and group to run as where user namespaces are off.

    The owner of `folder`, if it is not root's; else the machine's postgres user; else nobody.
    """
    info = folder.stat()
    if info.st_uid != 0:
        return info.st_uid, info.st_gid
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    return 65534, 65534


def _enters(command: tuple[str, ...]) -> bool:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode == 0

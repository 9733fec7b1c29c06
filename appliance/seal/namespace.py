"""A network namespace with nothing but loopback, for the one verb that needs loopback TCP.

It only moves the process; it refuses nothing itself. What is on the machine's own loopback cannot
be reached from inside, since the namespace has a loopback of its own.
"""

import ctypes
import fcntl
import logging
import os
import socket
import struct
import sys
from pathlib import Path

logger = logging.getLogger(__name__)

_CLONE_NEWNET = 0x40000000
_CLONE_NEWUSER = 0x10000000
# Root needs no user namespace; everybody else, and root without rights in a container, does.
_WAYS = (_CLONE_NEWNET, _CLONE_NEWNET | _CLONE_NEWUSER)
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1


def enter_namespace() -> bool:
    """Move this process into a new network namespace and bring its loopback up.

    Returns False, with the process where it was, where that is not possible: another system, a
    kernel or policy without such namespaces, a process with several threads. In the user
    namespace that an ordinary user needs, everybody keeps the own user and group id.
    """
    if not sys.platform.startswith("linux"):
        return False
    if len(os.listdir("/proc/self/task")) > 1:
        # The kernel would move this thread alone and leave the others outside.
        logger.info("no network namespace of its own: the process has several threads already")
        return False
    for way in _WAYS:
        if _rehearse(way):
            _move(way)
            return True
    return False


def namespace_possible() -> bool:
    """True when a process like this one could enter a namespace of its own; changes nothing."""
    return sys.platform.startswith("linux") and any(_rehearse(way) for way in _WAYS)


def bring_loopback_up() -> None:
    """Set the interface `lo` of the present namespace up (needs the right over it)."""
    # Any socket will do for this, and a Unix one is allowed under the seal.
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(probe, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(probe, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | _IFF_UP))


def _rehearse(way: int) -> bool:
    """Try it in a child: a process that got half of the way could not come back."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _move(way)
            status = 0
        except OSError as error:
            logger.info("no network namespace of its own: %s", error)
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def _move(way: int) -> None:
    user, group = os.geteuid(), os.getegid()
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(way) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    if way & _CLONE_NEWUSER:
        # Without "deny" the kernel lets nobody unprivileged write gid_map.
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    bring_loopback_up()

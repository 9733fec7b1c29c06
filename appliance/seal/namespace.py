"""A network namespace with nothing but loopback, for the one verb that needs loopback TCP."""

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
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1


def enter_namespace() -> bool:
    """Move this process into a new network namespace and bring its loopback up.

    Returns False, with the process where it was, on systems that allow no such namespace. An
    ordinary user needs a user namespace too, in which the user keeps the own user and group id.
    """
    if not sys.platform.startswith("linux"):
        return False
    user, group = os.getuid(), os.getgid()
    library = ctypes.CDLL(None, use_errno=True)
    own_user = user != 0
    if library.unshare(_CLONE_NEWNET | (_CLONE_NEWUSER if own_user else 0)) != 0:
        logger.info("no network namespace of its own: %s", os.strerror(ctypes.get_errno()))
        return False
    if own_user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    bring_loopback_up()
    return True


def bring_loopback_up() -> None:
    """Set the interface `lo` of the present namespace up (needs the right over it)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(probe, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(probe, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))

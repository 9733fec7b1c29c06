"""The kernel layer of the seal: a seccomp filter that refuses to make network sockets.

The filter is a classic BPF program of some twenty instructions, installed for all threads of the
process; children inherit it and nobody can take it off. It allows Unix and netlink sockets,
refuses every other family with ENONET ("Machine is not on the network", the seal's own error,
which nothing else on a Linux machine returns), refuses io_uring, through which a socket could be
opened around it, and `setns`, which leads back out of a network namespace. It ends programs of a
foreign word size, whose call numbers differ.

It cannot read the address of a `connect`, so it knows no hosts: all or nothing.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable

from ..errors import SealError

REFUSED = errno.ENONET if sys.platform.startswith("linux") else errno.ENETUNREACH

UNIX, INET, INET6, NETLINK, PACKET = 1, 2, 10, 16, 17
LOCAL_FAMILIES = (UNIX, NETLINK)
"""What a sealed process may open."""
LOOPBACK_FAMILIES = (*LOCAL_FAMILIES, INET, INET6)
"""What is left where something else (a namespace, the hook) decides about addresses."""

_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_SET_MODE_FILTER, _SECCOMP_GET_ACTION_AVAIL = 1, 2
_SECCOMP_FILTER_FLAG_TSYNC = 1
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
# Offsets in struct seccomp_data; the argument's low half, as both machines are little-endian.
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_URING_FIRST, _URING_END = 425, 428  # setup, enter, register: the same on every machine

# machine: (audit architecture, seccomp, socket, socketpair, setns, first number of foreign calls)
_MACHINES = {
    "x86_64": (0xC000003E, 317, 41, 53, 308, 0x40000000),  # from there on: x32
    "aarch64": (0xC00000B7, 277, 198, 199, 268, 0xFFFFFFFF),
}


def filter_available() -> bool:
    """True on the machines whose call numbers this module knows, when the kernel has seccomp.

    A kernel that has it and forbids it (a container's policy) counts as having it, so that
    `install_filter` fails aloud.
    """
    machine = platform.machine()
    if not sys.platform.startswith("linux") or machine not in _MACHINES:
        return False
    if struct.calcsize("P") != 8:
        return False
    action = ctypes.c_uint32(_ERRNO)
    done = _seccomp(machine, _SECCOMP_GET_ACTION_AVAIL, 0, ctypes.byref(action))
    return done == 0 or ctypes.get_errno() not in (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP)


def program(machine: str, families: Iterable[int] = LOCAL_FAMILIES) -> bytes:
    """Return the BPF program for `machine` as the kernel's array of 8-byte instructions.

    Sockets of other families than `families` are refused.
    """
    architecture, _, socket_call, pair_call, setns_call, foreign = _MACHINES[machine]
    # (instruction, where to go if it holds, where to go if not, operand); "" is the next line.
    lines: list[tuple[int, str, str, int]] = [
        (_LOAD, "", "", _ARCHITECTURE),
        (_EQUAL, "", "kill", architecture),
        (_LOAD, "", "", _NUMBER),
        (_AT_LEAST, "kill", "", foreign),
        (_EQUAL, "socket", "", socket_call),
        (_EQUAL, "socket", "", pair_call),
        (_EQUAL, "refuse", "", setns_call),
        (_AT_LEAST, "", "allow", _URING_FIRST),
        (_AT_LEAST, "allow", "refuse", _URING_END),
    ]
    places = {"socket": len(lines)}
    lines.append((_LOAD, "", "", _FIRST_ARGUMENT))
    lines += [(_EQUAL, "allow", "", family) for family in families]
    for name, value in (("refuse", _ERRNO | REFUSED), ("allow", _ALLOW), ("kill", _KILL)):
        places[name] = len(lines)
        lines.append((_RETURN, "", "", value))
    code = b""
    for at, (instruction, holds, fails, operand) in enumerate(lines, 1):
        jumps = [places[target] - at if target else 0 for target in (holds, fails)]
        code += struct.pack("<HBBI", instruction, *jumps, operand)
    return code


def install_filter(families: Iterable[int] = LOCAL_FAMILIES) -> None:
    """Install the filter in every thread of this process, for good, and see that it refuses.

    Raises SealError when the kernel does not take it, or takes it and does not obey.
    """
    library = ctypes.CDLL(None, use_errno=True)
    machine = platform.machine()
    code = program(machine, families)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("<HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    zero = ctypes.c_ulong(0)
    if library.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero) != 0:
        raise _failed(os.strerror(ctypes.get_errno()))
    status = _seccomp(machine, _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC, header)
    if status < 0:
        raise _failed(os.strerror(ctypes.get_errno()))
    if status > 0:
        raise _failed(f"thread {status} has a filter of its own")
    # PACKET is never among the families; without the filter it gives EPERM or a socket.
    probe = library.socket(PACKET, 2, 0)
    if probe >= 0:
        os.close(probe)
    if probe >= 0 or ctypes.get_errno() != REFUSED:
        raise _failed("it was taken, but the kernel does not follow it")


def _seccomp(machine: str, operation: int, flags: int, argument: object) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    return int(
        library.syscall(
            ctypes.c_long(_MACHINES[machine][1]),
            ctypes.c_ulong(operation),
            ctypes.c_ulong(flags),
            argument,
        )
    )


def _failed(reason: str) -> SealError:
    return SealError(
        f"the kernel did not set the seal's seccomp filter ({reason}); allow seccomp in this "
        "container or service, then run: appliance doctor"
    )

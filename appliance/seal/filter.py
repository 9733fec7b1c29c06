"""The kernel layer of the seal: a seccomp filter that refuses to make network sockets.

The filter is a classic BPF program of a dozen instructions, installed for all threads of the
process; children inherit it and nobody can take it off. It allows Unix and netlink sockets,
refuses every other family with ENONET ("Machine is not on the network", the seal's own error,
which nothing else on a Linux machine returns), refuses `io_uring_setup`, through which a socket
could be opened around it, and ends programs of a foreign word size, whose call numbers differ.

It cannot read the address of a `connect`, so it knows no hosts: all or nothing.
"""

import ctypes
import errno
import platform
import struct
import sys

from ..errors import SealError

REFUSED = errno.ENONET

_PR_SET_NO_NEW_PRIVS = 38
_PR_GET_SECCOMP = 21
_SECCOMP_SET_MODE_FILTER = 1
_SECCOMP_FILTER_FLAG_TSYNC = 1
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_AF_UNIX, _AF_NETLINK = 1, 16

# machine: (audit architecture, seccomp, socket, io_uring_setup, first number of the x32 calls)
_MACHINES = {
    "x86_64": (0xC000003E, 317, 41, 425, 0x40000000),
    "aarch64": (0xC00000B7, 277, 198, 425, 0xFFFFFFFF),
}


def filter_available() -> bool:
    """True on the machines whose call numbers this module knows, when the kernel has seccomp."""
    if not sys.platform.startswith("linux") or platform.machine() not in _MACHINES:
        return False
    if struct.calcsize("P") != 8:
        return False
    return ctypes.CDLL(None, use_errno=True).prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) >= 0


def program(machine: str) -> bytes:
    """Return the BPF program for `machine` as the kernel's array of 8-byte instructions."""
    architecture, _, socket_call, uring_call, foreign = _MACHINES[machine]
    code = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 0, 9, architecture),  # else: kill
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 7, 0, foreign),  # then: kill
        (_EQUAL, 5, 0, uring_call),  # then: refuse
        (_EQUAL, 0, 3, socket_call),  # else: allow
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_EQUAL, 1, 0, _AF_UNIX),
        (_EQUAL, 0, 1, _AF_NETLINK),  # else: refuse
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | REFUSED),
        (_RETURN, 0, 0, _KILL),
    ]
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in code)


def install_filter() -> None:
    """Install the filter in every thread of this process, for good. SealError when refused."""
    library = ctypes.CDLL(None, use_errno=True)
    machine = platform.machine()
    code = program(machine)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("<HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    if library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise SealError("the kernel refused no_new_privs; run `appliance doctor` for the details")
    status = library.syscall(
        ctypes.c_long(_MACHINES[machine][1]),
        ctypes.c_ulong(_SECCOMP_SET_MODE_FILTER),
        ctypes.c_ulong(_SECCOMP_FILTER_FLAG_TSYNC),
        ctypes.c_char_p(header),
    )
    if status != 0:
        reason = errno.errorcode.get(ctypes.get_errno(), str(status))
        raise SealError(
            f"the kernel refused the seccomp filter ({reason}); run `appliance doctor` for details"
        )

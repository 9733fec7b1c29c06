"""The Python layer of the seal: an audit hook that refuses outside connections by name.

An audit hook cannot be removed once added. It sees what Python code does, not what C code does;
the kernel filter is for that.
"""

import ipaddress
import socket
import sys
import traceback

from ..errors import SealError

_LOCAL_FAMILIES = {int(socket.AF_UNIX), int(getattr(socket, "AF_NETLINK", socket.AF_UNIX))}
_ADDRESSED = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"}
_NAMES = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_installed = False


def install_hook(allowed: tuple[str, ...] = ()) -> None:
    """Refuse every socket outside this machine from now on, but for the hosts in `allowed`.

    A second call in the same process changes nothing: the first seal stays.
    """
    global _installed
    if _installed:
        return
    _installed = True
    hosts = frozenset(allowed)

    def refuse(event: str, target: str) -> None:
        raise SealError(
            f"the seal refused {event} to {target}, asked for by {_caller()}; "
            "only `appliance crawl` and `appliance models pull` may reach outside"
        )

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if not event.startswith("socket."):
            return
        if event == "socket.__new__":
            family = arguments[1]
            if isinstance(family, int) and not hosts and family not in _LOCAL_FAMILIES | {-1}:
                refuse("a network socket", f"address family {family}")
        elif event in _ADDRESSED:
            connection, address = arguments[0], arguments[1]
            if getattr(connection, "family", None) in _LOCAL_FAMILIES or not address:
                return
            host = address[0] if isinstance(address, tuple) else address
            if not _is_allowed(host, hosts):
                refuse(event.removeprefix("socket."), str(address))
        elif event in _NAMES:
            host = arguments[0]
            if host not in (None, "", b"") and not _is_allowed(host, hosts):
                refuse("a name look-up", str(host))

    sys.addaudithook(hook)


def _is_allowed(host: object, hosts: frozenset[str]) -> bool:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if name in hosts:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback and "127.0.0.1" in hosts
    except ValueError:
        return False


def _caller() -> str:
    """Name the code that asked: the innermost frame outside this file and the socket module."""
    for frame in reversed(traceback.extract_stack()[:-3]):
        if frame.filename not in (__file__, socket.__file__):
            return f"{frame.filename}:{frame.lineno} in {frame.name}"
    return "the interpreter"

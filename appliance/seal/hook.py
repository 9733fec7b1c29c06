"""The Python layer of the seal: an audit hook that refuses connections and names the caller.

An audit hook cannot be removed once added. It sees what Python code does in this interpreter, not
what C code or a child process does; the kernel filter is for those. Two calls escape its eyes: a
`send` on a socket that was connected before, and the look-up inside `connect(("a.name", port))`,
which Python makes before it asks the hook; where network sockets are refused, neither can happen.
"""

import logging
import os
import socket
import sys
from collections.abc import Iterable
from types import FrameType

from ..errors import SealError
from .hosts import AllowedHosts

logger = logging.getLogger(__name__)

_LOCAL_FAMILIES = {int(socket.AF_UNIX), int(getattr(socket, "AF_NETLINK", socket.AF_UNIX))}
_INTERNET_FAMILIES = {int(socket.AF_INET), int(socket.AF_INET6)}
# For a socket made from a descriptor; what it may do is decided when it connects.
_UNKNOWN_FAMILY = -1
_ADDRESSED = {
    "socket.connect": "a connection to",
    "socket.sendto": "a datagram to",
    "socket.sendmsg": "a message to",
    "socket.bind": "listening on",
}
_LOOK_UPS = {
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.gethostbyaddr",
    "socket.getnameinfo",
}
_LIBRARY = os.path.dirname(os.__file__) + os.sep
_installed = False


def install_hook(allowed: Iterable[str] = ()) -> None:
    """Refuse every socket outside this machine from now on, but for the hosts in `allowed`.

    A second call in the same process changes nothing: the first seal stays. SealError when
    another audit hook keeps this one out.
    """
    global _installed
    if _installed:
        return
    hosts = AllowedHosts(allowed)
    families = _LOCAL_FAMILIES | (_INTERNET_FAMILIES if hosts else set()) | {_UNKNOWN_FAMILY}

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if not event.startswith("socket."):
            return
        if event == "socket.__new__":
            if arguments[1] not in families:
                _refuse(f"a network socket (address family {arguments[1]})")
        elif event in _ADDRESSED:
            connection, address = arguments[0], arguments[1]
            # A message without an address goes where its socket is connected already.
            if getattr(connection, "family", None) in _LOCAL_FAMILIES or address is None:
                return
            if not hosts.admits(_host(address)):
                _refuse(f"{_ADDRESSED[event]} {address!r}")
        elif event in _LOOK_UPS:
            host = _host(arguments[0])
            if host not in (None, "", b"") and not hosts.admits(host):
                _refuse(f"a look-up of {host!r}")

    sys.addaudithook(hook)
    # An older hook may veto a new one without a word, so the new one has to show itself.
    try:
        sys.audit("socket.gethostbyname", "the-seal.invalid")
    except SealError:
        _installed = True
        return
    raise SealError(
        "the seal could not be set because another audit hook of this Python keeps it out; "
        "start the appliance without that hook"
    )


def _host(address: object) -> object:
    return address[0] if isinstance(address, tuple) and address else address


def _refuse(what: str) -> None:
    caller = _caller(sys._getframe(2))
    if _installed:  # the hook's own trial is no news
        logger.info("refused %s, asked for by %s", what, caller)
    raise SealError(
        f"the seal refused {what}, asked for by {caller}; only `appliance crawl` may reach "
        "outside: if that host is yours, name it in allow_hosts"
    )


def _caller(frame: FrameType | None) -> str:
    """Name the code that asked: the innermost frame that is not Python's own library.

    urllib connects for whoever called it, and it is the latter that has to be found.
    """
    innermost = ""
    while frame is not None:
        file = frame.f_code.co_filename
        if file not in (__file__, socket.__file__):
            place = f"{file}:{frame.f_lineno} in {frame.f_code.co_name}"
            innermost = innermost or place
            if not _is_library(file):
                return place
        frame = frame.f_back
    return innermost or "the interpreter"


def _is_library(file: str) -> bool:
    if file.startswith("<frozen"):
        return True
    packages = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
    return file.startswith(_LIBRARY) and not any(name in file for name in packages)

"""Which hosts are this machine or its network, told by their names and by their addresses.

A crawl of addresses that nobody chose must not reach them: a model asks for what a hostile page
tells it to. It knows nothing about crawls; `crawler.outside` is where one is kept away from them.
"""

import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NAMES = (
    ".localhost", ".localdomain", ".local", ".internal", ".intranet", ".private", ".corp", ".lan",
    ".home", ".home.arpa",
)  # fmt: skip
"""Ends of names that only a machine's own network answers to."""
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")


def is_inside(host: str) -> bool:
    """True for a host that is inside by what it is called; nothing is looked up."""
    bare = host.strip("[]").rstrip(".").lower()
    address = _address(bare)
    if address is not None:
        return not _is_global(address)
    return "." not in bare or f".{bare}".endswith(NAMES)


def inside_address(host: str) -> str:
    """Look a host up and return the first of its addresses that is inside, "" when none is."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ""  # what has no address cannot be reached
    addresses = (str(answer[4][0]).partition("%")[0] for answer in found)
    return next((address for address in addresses if is_inside(address)), "")


def _address(text: str) -> Address | None:
    """The address that a name is, in any of the ways in which a C library reads one."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        pass
    try:
        # 127.1, 0x7f.0.0.1 and 0177.0.0.1 are 127.0.0.1.
        return ipaddress.IPv4Address(socket.inet_aton(text))
    except (OSError, UnicodeError):
        return None


def _is_global(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        within = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if within is None and (address in _TRANSLATED or address in _COMPATIBLE):
            within = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if within is not None:
            return _is_global(within)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved

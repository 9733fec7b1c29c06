"""Hosts as the seal compares them: which ones are let through, which ones a setting names.

It knows names and addresses, not sockets. Names are compared as written; a numeric address that
belongs to an allowed name is found by looking that name up, and nothing else is ever looked up.
"""

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from ..errors import ConfigError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class AllowedHosts:
    """The hosts that the seal lets through; naming one form of loopback admits all of loopback."""

    def __init__(self, hosts: Iterable[str]) -> None:
        names = {normal(host) for host in hosts} - {""}
        found = {name: _address(name) for name in names}
        self.names = frozenset(name for name, address in found.items() if address is None)
        self.addresses = frozenset(address for address in found.values() if address is not None)
        self.loopback = "localhost" in self.names or any(a.is_loopback for a in self.addresses)
        self._looked_up: set[Address] = set()

    def __bool__(self) -> bool:
        return bool(self.names or self.addresses)

    def admits(self, host: object) -> bool:
        """True when `host`, a name or an address as text or bytes, may be reached."""
        name = normal(host)
        address = _address(name)
        if address is None:
            return name in self.names or (self.loopback and name == "localhost")
        if address in self.addresses or address in self._looked_up:
            return True
        if address.is_loopback and self.loopback:
            return True
        # Code that connects to an allowed name has looked it up first and hands in the number.
        self._looked_up = _look_up(self.names)
        return address in self._looked_up


def normal(host: object) -> str:
    """Return a host in the form in which it is compared; "" for what cannot be one."""
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("ascii", "replace")
    if not isinstance(host, str):
        return ""
    return host.strip().strip("[]").partition("%")[0].rstrip(".").lower()


def hosts_named(service: str) -> tuple[str, ...]:
    """Return the TCP hosts of a database URL or a Milvus URI; () for files and Unix sockets."""
    if "://" not in service:
        fields = dict(part.split("=", 1) for part in service.split() if "=" in part)
        found = [fields.get("hostaddr") or fields.get("host", "")]
    else:
        try:
            parts = urlsplit(service)
        except ValueError as error:
            raise ConfigError(f"{service!r} is no URL ({error}); correct that setting") from error
        if parts.scheme in ("unix", "file"):
            return ()
        query = dict(parse_qsl(parts.query))
        found = [query.get("hostaddr") or query.get("host", "")]
        # PostgreSQL takes several hosts, which urlsplit does not know.
        found += parts.netloc.rpartition("@")[2].split(",")
    hosts = [_without_port(host) for text in found for host in text.split(",")]
    return tuple(dict.fromkeys(host for host in hosts if host and not host.startswith(("/", "@"))))


def require_allowed(services: Iterable[str], allowed: AllowedHosts) -> tuple[str, ...]:
    """Return the TCP hosts that the settings need; ConfigError names one that is not allowed."""
    needed = tuple(host for service in services if service for host in hosts_named(service))
    for host in needed:
        if not allowed.admits(host):
            raise ConfigError(
                f"the settings name a service on {host}, which the seal does not let through; "
                f'add "{host}" to allow_hosts (this weakens the seal to a check inside Python)'
            )
    return needed


def _without_port(text: str) -> str:
    text = text.strip()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _address(name: str) -> Address | None:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return None
    # ::ffff:127.0.0.1 reaches 127.0.0.1.
    return getattr(address, "ipv4_mapped", None) or address


def _look_up(names: Iterable[str]) -> set[Address]:
    found = set()
    for name in names:
        try:
            answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except OSError:
            continue
        found |= {_address(normal(answer[4][0])) for answer in answers}
    return {address for address in found if address is not None}

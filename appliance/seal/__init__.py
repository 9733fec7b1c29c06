"""The seal: nothing but this machine is reached, and whoever tries is named.

Two layers. In Python an audit hook refuses the connection and names the caller. Below Python, on
Linux, a seccomp filter refuses to create any socket but Unix and netlink ones, in this process
and in every child, whatever language it is written in. `index` is the exception that DESIGN
explains: Milvus Lite talks to itself over loopback TCP, so that verb moves into a network
namespace of its own, where only loopback exists.

This package decides nothing about verbs; `appliance.cli` says which verb is sealed and how.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .filter import filter_available, install_filter
from .hook import install_hook
from .namespace import enter_namespace


@dataclass(frozen=True, slots=True)
class Seal:
    """What was installed: the Python hook, the kernel filter, an own network namespace."""

    hook: bool
    kernel_filter: bool
    namespace: bool
    allowed: tuple[str, ...]

    def sentence(self) -> str:
        """Say in one line how strong the seal is."""
        if self.namespace:
            return "sealed: own network namespace with loopback only, and the Python hook"
        if self.kernel_filter:
            return "sealed: the kernel refuses network sockets, and the Python hook names callers"
        if self.allowed:
            return (
                f"sealed by the Python hook alone, because {', '.join(self.allowed)} is allowed "
                "(the weaker guarantee)"
            )
        return "sealed by the Python hook alone: this kernel offers no seccomp filter"


def seal(allow_hosts: Iterable[str] = ()) -> Seal:
    """Seal this process and its children for good.

    With `allow_hosts` the kernel filter is left out (it cannot see addresses) and the hook lets
    exactly those hosts through.
    """
    allowed = tuple(allow_hosts)
    install_hook(allowed)
    filtered = not allowed and filter_available()
    if filtered:
        install_filter()
    return Seal(True, filtered, False, allowed)


def seal_with_loopback() -> Seal:
    """Seal this process but leave it loopback TCP, inside a namespace of its own if possible.

    Call it before any thread is started: the kernel moves only single-threaded processes.
    """
    entered = enter_namespace()
    install_hook(("127.0.0.1", "::1", "localhost"))
    return Seal(True, False, entered, ("127.0.0.1",))

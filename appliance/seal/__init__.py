"""The seal: nothing but this machine is reached, and whoever tries is named.

Two layers. In Python an audit hook refuses the connection and names the caller. Below Python, on
Linux, a seccomp filter refuses to create any socket but Unix and netlink ones, in this process
and in every child, whatever language it is written in. `index` is the exception: it moves into a
network namespace of its own, where only loopback exists, because a Milvus may want TCP there (the
Lite that we start listens on a Unix socket). docs/air-gap.md says what all this guarantees.

This package decides nothing about verbs; `appliance.cli` says which verb is sealed and how.
"""

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass

from .filter import LOCAL_FAMILIES, LOOPBACK_FAMILIES, filter_available, install_filter
from .hook import install_hook
from .hosts import LOOPBACK, AllowedHosts, require_allowed
from .namespace import enter_namespace

logger = logging.getLogger(__name__)

# Libraries that would ask a hub or report home are told not to try.
_QUIET = (
    "HF_HUB_OFFLINE",
    "TRANSFORMERS_OFFLINE",
    "HF_DATASETS_OFFLINE",
    "HF_HUB_DISABLE_TELEMETRY",
    "DO_NOT_TRACK",
)


@dataclass(frozen=True, slots=True)
class Seal:
    """What was installed.

    `kernel_filter` says that the kernel refuses every network socket, in children too;
    `namespace` that the process lives in a network namespace of its own. With neither only the
    Python hook decides, and `allowed` are the hosts that it lets through: `chosen` when the
    settings name them, else because this machine gives no better.
    """

    hook: bool
    kernel_filter: bool
    namespace: bool
    allowed: tuple[str, ...]
    chosen: bool = False

    def sentence(self) -> str:
        """Say in one line how strong the seal is."""
        if self.namespace:
            return "sealed: own network namespace with loopback only, and the Python hook"
        if self.kernel_filter:
            return "sealed: the kernel refuses network sockets, and the Python hook names callers"
        if self.chosen:
            return (
                f"sealed by the Python hook alone, because {', '.join(self.allowed)} may be "
                "reached (the weaker guarantee)"
            )
        if self.allowed:
            return (
                "sealed by the Python hook alone: loopback is needed and there is no network "
                "namespace of its own (the weaker guarantee; run: appliance doctor)"
            )
        return "sealed by the Python hook alone: this kernel offers no seccomp filter"


def seal(allow_hosts: Iterable[str] = (), services: Iterable[str] = ()) -> Seal:
    """Seal this process and its children for good.

    With `allow_hosts` the kernel filter leaves internet sockets alone (it cannot see addresses)
    and the hook lets exactly those hosts through. `services` are the database URL and Milvus URI
    of the settings: ConfigError names a host in them that is not allowed. SealError when a layer
    that this machine has cannot be set.
    """
    allowed = tuple(allow_hosts)
    require_allowed(services, AllowedHosts(allowed))
    _quieten()
    install_hook(allowed)
    filtered = filter_available()
    if filtered:
        install_filter(LOOPBACK_FAMILIES if allowed else LOCAL_FAMILIES)
    return _announced(Seal(True, filtered and not allowed, False, allowed, bool(allowed)))


def seal_with_loopback(allow_hosts: Iterable[str] = (), services: Iterable[str] = ()) -> Seal:
    """Seal this process but leave it loopback TCP, inside a namespace of its own if possible.

    With `allow_hosts`, or with a service on this machine's loopback, there is no namespace: they
    could not be reached from inside. Call it before any thread is started: the kernel moves only
    single-threaded processes. Raises as `seal` does.
    """
    named = tuple(allow_hosts)
    allowed = tuple(dict.fromkeys((*LOOPBACK, *named)))
    needed = require_allowed(services, AllowedHosts(allowed))
    _quieten()
    entered = not named and not needed and enter_namespace()
    install_hook(allowed)
    if filter_available():
        install_filter(LOOPBACK_FAMILIES)
    return _announced(Seal(True, False, entered, allowed, bool(named or needed)))


def _announced(seal: Seal) -> Seal:
    """Log how strong the seal is: aloud where it is weaker than the settings asked for."""
    fine = seal.chosen or seal.kernel_filter or seal.namespace
    logger.log(logging.INFO if fine else logging.WARNING, "%s", seal.sentence())
    return seal


def _quieten() -> None:
    for name in _QUIET:
        os.environ[name] = "1"

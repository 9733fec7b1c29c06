"""Why a fetch gave no response, as one stable word and one sentence for people.

It knows the exceptions of Scrapy and Twisted by name, and nothing about what to do with them.
"""

from scrapy.exceptions import IgnoreRequest

_REASONS = (
    (("CannotResolveHostError", "DNSLookupError"), "unreachable", "its name cannot be resolved"),
    (
        ("DownloadConnectionRefusedError", "ConnectionRefusedError"),
        "unreachable",
        "connection refused",
    ),
    (
        ("DownloadTimeoutError", "TimeoutError", "TCPTimedOutError", "UserTimeoutError"),
        "timeout",
        "it did not answer in time",
    ),
    (
        ("ResponseDataLossError", "ResponseFailed", "PartialDownloadError", "PotentialDataLoss"),
        "cut-off",
        "the connection ended before the page did",
    ),
    (
        ("ResponseNeverReceived", "ConnectionLost", "ConnectionDone", "DownloadFailedError"),
        "cut-off",
        "the connection ended before an answer came",
    ),
    (("DownloadCancelledError", "DownloadCancelled"), "too-large", "it is larger than allowed"),
    (
        ("ConnectError", "NoRouteError", "ConnectBindError", "TunnelError", "OSError"),
        "unreachable",
        "no connection could be made",
    ),
    (("UnsupportedURLSchemeError", "NotSupported"), "not-http", "it is not an http(s) address"),
)


class RefusedError(IgnoreRequest):
    """A request that is not to be sent, or a response not to be read, and why."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class RedirectedError(IgnoreRequest):
    """A redirect that is not followed here: its target is fetched for itself, or already was."""

    def __init__(self, target: str) -> None:
        super().__init__(f"it redirects to {target}")
        self.target = target


class NotOursError(IgnoreRequest):
    """A host that another process may ask now and this one may not."""


def explain(error: BaseException) -> tuple[str, str]:
    """Return the reason word and the sentence for an exception of the downloader."""
    if isinstance(error, RefusedError):
        return error.reason, error.detail
    names = [kind.__name__ for kind in type(error).__mro__]
    text = str(error)
    if "max redirections" in text:
        return "redirect-loop", "it redirects without end"
    if isinstance(error, IgnoreRequest):
        too_large = "MAXSIZE" in text or "maxsize" in text or "size" in text.lower()
        return ("too-large", "it is larger than allowed") if too_large else ("refused", text)
    if (secured := _explain_tls(error)) is not None:
        return secured
    for known, reason, detail in _REASONS:
        if any(name in names for name in known):
            return reason, detail
    return "fetch-error", f"{names[0]}: {text[:200]}".rstrip(": ")


def _explain_tls(error: BaseException) -> tuple[str, str] | None:
    """What was wrong with a secure connection; None where that was not it."""
    # Scrapy's error holds Twisted's, and that one those of all attempts.
    inner = [getattr(failure, "value", None) for failure in getattr(error.__cause__, "reasons", ())]
    for one in inner:
        module, name = type(one).__module__, type(one).__name__
        if name in ("VerificationError", "CertificateError"):
            return "certificate", "its certificate is for another host"
        if module.startswith("OpenSSL") and name == "Error":
            if "certificate verify failed" in str(one):
                return "certificate", "its certificate was signed by nobody known here"
            said = [str(part[-1]) for part in one.args[0]] if one and one.args else []
            return "tls", f"no secure connection could be made ({', '.join(said) or 'no reason'})"
    return None

"""Whom to believe over https, and with which certificate to show ourselves.

Certificates are verified, against the system's authorities and one of the user's own. The client
certificate is shown to the hosts of the seeds and to no other. It knows nothing about requests.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from OpenSSL import SSL, crypto
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from twisted.internet._sslverify import IOpenSSLTrustRoot
from twisted.internet.ssl import optionsForClientTLS
from twisted.web.client import BrowserLikePolicyForHTTPS
from zope.interface import implementer  # type: ignore[import-untyped]

from .access import known_origins
from .errors import AccessError
from .options import CrawlOptions


@implementer(IOpenSSLTrustRoot)
class Authorities:
    """The system's certificate authorities, and those of a file."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        if path is not None:
            self._add(SSL.Context(SSL.TLS_METHOD))  # a bad file is named now

    def _addCACertsToContext(self, context: SSL.Context) -> None:  # noqa: N802 (Twisted's name)
        self._add(context)

    def _add(self, context: SSL.Context) -> None:
        context.set_default_verify_paths()
        if self._path is None:
            return
        try:
            context.load_verify_locations(str(self._path))
        except SSL.Error:
            raise AccessError(
                f"The certificate authority {self._path} cannot be read; give a file in PEM form."
            ) from None


class Policy(BrowserLikePolicyForHTTPS):
    """Makes the TLS settings for each host. Raises AccessError for a file that cannot be used."""

    def __init__(self, seeds: Iterable[str], options: CrawlOptions) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._authorities = Authorities(_path(options.ca))
        self._own = {
            (name, port) for scheme, name, port in known_origins(seeds) if scheme == "https"
        }
        self._certificate = _certificate(options)

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:  # noqa: N802 (Twisted's name)
        """Return what makes connections to a host."""
        name = hostname.decode("ascii")
        own = self._certificate if (name, port) in self._own else {}
        authorities: Any = self._authorities  # Twisted's interfaces are no types
        return optionsForClientTLS(name, trustRoot=authorities, extraCertificateOptions=dict(own))


class Handler(HTTP11DownloadHandler):
    """Scrapy's handler for https with the spider's policy; without one, anybody is believed."""

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        if crawler.spider.tls is not None:
            self._contextFactory = crawler.spider.tls


def _path(name: str | None) -> Path | None:
    return None if name is None else Path(name).expanduser()


def _certificate(options: CrawlOptions) -> dict[str, Any]:
    """The client certificate and its key as Twisted takes them; empty where there is none."""
    path = _path(options.client_cert)
    key = _path(options.client_key) or path
    if path is None or key is None:
        return {}
    try:
        return {
            "certificate": crypto.load_certificate(crypto.FILETYPE_PEM, path.read_bytes()),
            # An empty word for a key that wants one: OpenSSL would ask at the terminal.
            "privateKey": crypto.load_privatekey(crypto.FILETYPE_PEM, key.read_bytes(), b""),
        }
    except OSError as error:
        raise AccessError(
            f"The client certificate {error.filename} cannot be read ({error.strerror}); check it."
        ) from None
    except (crypto.Error, ValueError, TypeError):
        raise AccessError(
            f"The client certificate {path} or its key {key} is not in PEM form, or the key wants "
            "a password; give both in PEM form, without one."
        ) from None

"""An intranet on loopback: a certificate authority, and https servers that want to be shown things."""

import json
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_TEXT = "The staff handbook says when the canteen is open and who has the key to the bicycle shed. "


class Authority:
    """A certificate authority that lasts a day; its files are in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test authority")])
        usage = x509.BasicConstraints(ca=True, path_length=None)
        certificate = self._sign(self._name, self._key.public_key(), usage)
        self.path = folder / "ca.pem"
        self.path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, *hosts: str) -> Path:
        """Write a certificate with its key for these hosts, and return the file."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        others = [
            x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
            for host in hosts or (name,)
        ]
        certificate = self._sign(subject, key.public_key(), x509.SubjectAlternativeName(others))
        path = self._folder / f"{name}.pem"
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return path

    def _sign(self, subject: x509.Name, key: Any, extension: Any) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(extension, critical=False)
        )
        return builder.sign(self._key, hashes.SHA256())


class Intranet:
    """An https server that notes everything that was shown to it, robots.txt included."""

    def __init__(
        self, certificate: Path, authority: Path, pages: dict[str, str], wants: str | None = None
    ) -> None:
        shown: list[dict[str, Any]] = []
        self.shown = shown

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                peer = self.connection.getpeercert()  # type: ignore[attr-defined]
                subject = dict(pair for part in peer["subject"] for pair in part) if peer else {}
                headers = {name.lower(): value for name, value in self.headers.items()}
                shown.append(
                    {"path": self.path, "certificate": subject.get("commonName"), **headers}
                )
                page = pages.get(self.path)
                if wants is not None and wants not in headers:
                    return self.answer(401, "no")
                if page is None:
                    return self.answer(404, "no")
                if page.startswith("https://"):
                    return self.answer(302, "", Location=page)
                return self.answer(200, page)

            def answer(self, status: int, text: str, **headers: str) -> None:
                body = (
                    f"<title>{self.path}</title><h1>{self.path}</h1><p>{_TEXT}{text}</p>".encode()
                )
                self.send_response(status)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.load_verify_locations(authority)
        context.verify_mode = ssl.CERT_OPTIONAL
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def secrets(self) -> str:
        """Everything that was shown, as text to search in."""
        return json.dumps(self.shown)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

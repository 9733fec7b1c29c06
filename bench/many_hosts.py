"""A web server that is many hosts, as a proxy sees them, and a diary of who was asked when.

It runs in threads of the process that measures. Pages of a host link to its other pages; what its
robots.txt forbids is linked too. It knows nothing of crawls.
"""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .corpus import sentence

ROBOTS = "/robots.txt"
SECRET = "/secret/"


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: whom it asked for what, and when it came and was answered, in seconds."""

    host: str
    path: str
    came: float
    answered: float


@dataclass(slots=True)
class ManyHosts:
    """Every host has `pages` pages, `secrets` forbidden ones, and a robots.txt that takes `slow`
    seconds; any other page takes `delay`.
    """

    pages: int
    secrets: int = 0
    delay: float = 0.0
    slow: float = 0.0
    address: str = ""
    diary: list[Visit] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, str, str]:
        """Return status, content type and text of what stands at a path."""
        if path == ROBOTS:
            time.sleep(self.slow)
            return 200, "text/plain", f"User-agent: *\nDisallow: {SECRET}\n"
        time.sleep(self.delay)
        if not path.startswith(("/page/", SECRET)):
            return 404, "text/html", "nothing here"
        links = [f"/page/{number}" for number in range(self.pages)]
        links += [f"{SECRET}{number}" for number in range(self.secrets)]
        anchors = " ".join(f'<a href="{link}">{link}</a>' for link in links)
        chance = random.Random(path)
        prose = " ".join(sentence(chance) for _ in range(8))
        body = f"<main><h1>{path}</h1><p>{prose}</p><p>{anchors}</p></main>"
        return (
            200,
            "text/html",
            f"<html><head><title>{path}</title></head><body>{body}</body></html>",
        )

    @contextmanager
    def serving(self) -> Iterator["ManyHosts"]:
        """Serve on a free loopback port until the block ends."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _handler(site: ManyHosts) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            """Answer, and write it down before the asker knows."""
            came = time.monotonic()
            host, _, path = self.path.removeprefix("http://").partition("/")
            status, kind, text = site.answer("/" + path)
            body = text.encode()
            site.diary.append(Visit(host, "/" + path, came, time.monotonic()))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler

"""A web server of hostile pages, run as a process of its own: `python -m bench.hostile_server N`.

It prints its port, serves `/` (links to N pages), `/h/0` to `/h/N-1`, and ends with its standard
input. How a page is sent wrongly stands in `_WRONGLY`; nothing here knows what is made of it.
"""

import contextlib
import gzip
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .hostile import PROSE, Hostile, bomb, page

PER_INDEX = 100
DRIP_SECONDS = 60.0
_BOMB = 60_000_000


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    count = 0

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer, however wrongly."""
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts == [""]:
            indexes = range(0, self.count, PER_INDEX)
            self.whole(_index([f"/index/{start}" for start in indexes]))
        elif parts[0] == "index":
            start = int(parts[1])
            last = min(start + PER_INDEX, self.count)
            self.whole(_index([f"/h/{number}" for number in range(start, last)]))
        elif parts[0] == "h":
            hostile = page(int(parts[1]))
            _WRONGLY.get(hostile.sending, _plainly)(self, hostile)
        elif parts[0] == "maze":
            step = int(parts[1]) + 1
            self.go(f"/maze/{step}/{step * 7919 % 101}")
        elif parts[0] == "circle":
            self.go("/circle/b" if parts[1] == "a" else "/circle/a")
        else:
            self.whole(b"", status=404)

    def head(self, status: int = 200, kind: str = "text/html", **headers: str) -> None:
        """Write the head of an answer."""
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def whole(self, body: bytes, status: int = 200, kind: str = "text/html", **more: str) -> None:
        """Write an answer as it should be."""
        self.head(status, kind, Content_Length=str(len(body)), **more)
        self.wfile.write(body)

    def go(self, place: str) -> None:
        """Redirect."""
        self.whole(b"", 302, Location=place)

    def end(self) -> None:
        """Close the connection after this answer."""
        self.close_connection = True


def _index(paths: list[str]) -> bytes:
    links = " ".join(f'<a href="{path}">{path}</a>' for path in paths)
    return f"<html><body><main><h1>Index</h1><p>{PROSE}</p><p>{links}</p></main>".encode()


def _plainly(to: _Handler, hostile: Hostile) -> None:
    kind = f"text/html; charset={hostile.charset}" if hostile.charset else "text/html"
    to.whole(hostile.body, kind=kind)


def _longer(to: _Handler, hostile: Hostile) -> None:
    to.head(Content_Length=str(len(hostile.body) + 5000))
    to.wfile.write(hostile.body)
    to.end()


def _shorter(to: _Handler, hostile: Hostile) -> None:
    to.head(Content_Length=str(len(hostile.body) // 2))
    to.wfile.write(hostile.body)
    to.end()


def _in_words(to: _Handler, hostile: Hostile) -> None:
    to.head(Content_Length="a few")
    to.wfile.write(hostile.body)
    to.end()


def _drip(to: _Handler, hostile: Hostile) -> None:
    to.head()
    until = time.monotonic() + DRIP_SECONDS
    while time.monotonic() < until:
        to.wfile.write(b"<p>")
        to.wfile.flush()
        time.sleep(0.2)
    to.end()


def _chunks_cut(to: _Handler, hostile: Hostile) -> None:
    to.head(Transfer_Encoding="chunked")
    to.wfile.write(b"%x\r\n" % len(hostile.body) + hostile.body[:50])
    to.end()


def _chunks_of_nonsense(to: _Handler, hostile: Hostile) -> None:
    to.head(Transfer_Encoding="chunked")
    to.wfile.write(b"zzzz\r\n" + hostile.body)
    to.end()


@cache
def _bomb_of(size: int) -> bytes:
    return bomb(size)


def _gzip_bomb(to: _Handler, hostile: Hostile) -> None:
    to.whole(_bomb_of(_BOMB), Content_Encoding="gzip")


def _gzip_twice(to: _Handler, hostile: Hostile) -> None:
    to.whole(gzip.compress(_bomb_of(_BOMB)), Content_Encoding="gzip, gzip")


def _gzip_cut(to: _Handler, hostile: Hostile) -> None:
    packed = gzip.compress(hostile.body)
    to.whole(packed[: len(packed) // 2], Content_Encoding="gzip")


def _gzip_in_name(to: _Handler, hostile: Hostile) -> None:
    to.whole(hostile.body, Content_Encoding="gzip")


def _raw(text: bytes) -> Callable[[_Handler, Hostile], None]:
    def send(to: _Handler, hostile: Hostile) -> None:
        to.wfile.write(text + b"\r\n\r\n" + hostile.body)
        to.end()

    return send


def _no_answer(to: _Handler, hostile: Hostile) -> None:
    with contextlib.suppress(OSError):
        to.connection.shutdown(socket.SHUT_RDWR)
    to.end()


def _endless(to: _Handler, hostile: Hostile) -> None:
    to.head()
    block = b"<p>" + b"a" * 99_997
    for _ in range(10_000):
        to.wfile.write(block)
    to.end()


_WRONGLY: dict[str, Callable[[_Handler, Hostile], None]] = {
    "longer length": _longer,
    "shorter length": _shorter,
    "length in words": _in_words,
    "slow drip": _drip,
    "chunks cut": _chunks_cut,
    "chunks of nonsense": _chunks_of_nonsense,
    "gzip bomb": _gzip_bomb,
    "gzip in gzip": _gzip_twice,
    "gzip cut": _gzip_cut,
    "gzip in name only": _gzip_in_name,
    "redirect maze": lambda to, _: to.go("/maze/0/0"),
    "redirect in a circle": lambda to, _: to.go("/circle/a"),
    "redirect to nonsense": lambda to, _: to.go("http://[bad:::/"),
    "redirect to nowhere": lambda to, _: to.whole(b"", 302),
    "redirect away": lambda to, _: to.go("http://localhost:9/elsewhere"),
    "status 999": lambda to, hostile: to.whole(hostile.body, 999),
    "status in words": _raw(b"HTTP/1.1 fine thanks\r\nContent-Type: text/html"),
    "no answer": _no_answer,
    "flood of headers": _raw(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
        + b"\r\n".join(b"X-%d: y" % n for n in range(20_000))
    ),
    "long header": _raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX: " + b"y" * 2_000_000),
    "picture by name": lambda to, hostile: to.whole(hostile.body, kind="image/png"),
    "nameless": lambda to, hostile: to.whole(hostile.body, kind=""),
    "endless body": _endless,
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """A client that goes away in the middle is what is wanted."""


def main(arguments: list[str]) -> None:
    """Serve until standard input is closed."""
    _Handler.count = int(arguments[0])
    server = _Server(("127.0.0.1", 0), _Handler)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1:])

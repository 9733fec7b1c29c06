"""A loopback web server for a folder of HTML, so that documentation on disk can be crawled.

`python -m crawler.serve_folder DIR [--port 0]` prints its address on the first line and serves
until it is stopped or its standard input, if that is a pipe, is closed by the process that started
it. It listens on 127.0.0.1 alone, answers GET and HEAD with Last-Modified and 304, and knows
nothing about crawling.
"""

import argparse
import contextlib
import os
import stat
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_TEXT = ("text/", "application/xml", "application/json", "application/javascript")


class FolderHandler(SimpleHTTPRequestHandler):
    """Static files over kept-alive connections; no listings of folders."""

    protocol_version = "HTTP/1.1"
    timeout = 60

    def list_directory(self, path: str | os.PathLike[str]) -> None:
        """Refuse: a folder without an index page is not a page."""
        self.send_error(404, "No index page")

    def translate_path(self, path: str) -> str:
        """Find the file; asked as a proxy, with a whole address, only its path counts."""
        if path.startswith("http://"):
            path = "/" + path.removeprefix("http://").partition("/")[2]
        return super().translate_path(path)

    def guess_type(self, path: str | os.PathLike[str]) -> str:
        """Return the content type, saying UTF-8 for text that names no other charset itself."""
        kind = super().guess_type(path)
        if kind.startswith(_TEXT) and kind != "text/html":
            return f"{kind}; charset=utf-8"
        return kind

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: standard output carries the address alone."""


class FolderServer(ThreadingHTTPServer):
    """One thread a connection, none of which keeps the process alive."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A reader that goes away in the middle is no news."""


def serve(folder: Path, port: int = 0) -> FolderServer:
    """Return a server of `folder`, bound to 127.0.0.1; call `serve_forever` on it."""
    handler = partial(FolderHandler, directory=str(folder))
    return FolderServer(("127.0.0.1", port), handler)


def _stop_with_parent(server: FolderServer) -> None:
    """End the server when the pipe on standard input closes; a terminal or /dev/null is no sign."""
    try:
        if not stat.S_ISFIFO(os.fstat(0).st_mode):
            return
    except OSError:
        return

    def wait() -> None:
        while os.read(0, 4096):
            pass
        server.shutdown()

    threading.Thread(target=wait, daemon=True).start()


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted; exit code 2 where the folder does not exist."""
    parser = argparse.ArgumentParser(prog="python -m crawler.serve_folder", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    chosen = parser.parse_args(arguments)
    if not chosen.folder.is_dir():
        print(f"There is no folder {chosen.folder}; give one that holds HTML.", file=sys.stderr)
        return 2
    server = serve(chosen.folder, chosen.port)
    print(f"http://127.0.0.1:{server.server_address[1]}/", flush=True)
    _stop_with_parent(server)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever(poll_interval=0.2)
    return 0


if __name__ == "__main__":
    sys.exit(main())

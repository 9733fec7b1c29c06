"""The misbehaving server as a fixture."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

SERVER = Path(__file__).with_name("server.py")


class Site:
    """A running server: its address, and what was asked of it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def get(self, path: str) -> str:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.url + path, timeout=10) as answer:
            return answer.read().decode()

    def asked(self) -> list[tuple[str, str | None]]:
        return [(path, tag) for path, tag in json.loads(self.get("/__log"))]

    def times(self) -> list[tuple[str, str, float, float]]:
        """(host, path, when it came, when its answer began) of each request, in order."""
        return sorted((tuple(row) for row in json.loads(self.get("/__times"))), key=itemgetter(2))


@contextmanager
def running_site(**options: Any) -> Iterator[Site]:
    process = subprocess.Popen(
        [sys.executable, str(SERVER), json.dumps(options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Site(int(process.stdout.readline()))
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Site]]:
    """Start misbehaving servers that end with the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(running_site(**options))


@pytest.fixture(scope="module")
def serve_all_along() -> Iterator[Callable[..., Site]]:
    """Start misbehaving servers that end with the module."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(running_site(**options))

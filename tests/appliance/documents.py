"""HTML documents as the tests read them: by their elements, and in a real browser without a network."""

import os
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest


class Reader(HTMLParser):
    """The elements of a document, their attributes, and the text inside each highlight."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.marks: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.marked = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        assert tag != "mark" or "mark" not in self.open
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        inside = "mark" in self.open
        if inside and self.marked:
            self.marks[-1] += data
        elif inside:
            self.marks.append(data)
        self.marked = inside


def read(document: str) -> Reader:
    reader = Reader()
    reader.feed(document)
    reader.close()
    assert reader.open == []
    return reader


def browse(path: Path, folder: Path, act: str = "--dump-dom") -> str:
    """The document as Chromium has it after loading `path`, in a namespace without a network."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("Chromium is not installed; install the package chromium to run this test")
    alone = ["unshare", "--net"]
    if os.geteuid() != 0:
        alone += ["--user", "--map-current-user"]
    done = subprocess.run(
        [
            *alone,
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={folder / 'profile'}",
            act,
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout

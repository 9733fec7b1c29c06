"""The measurement of extraction: that it sees what is wrong, and that the hostile server lies."""

import gzip
import http.client
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bench import extracting, hostile, reading
from bench.errors import BenchError
from bench.realpages import POSTGRESQL, PYTHON, Collection, agreement, spaced_text, words
from store.page import Outlink, PageVersion

ROOT = Path(__file__).parents[2]
PAGE = b"""<html lang="en"><head><title>Gates</title></head><body><nav>menu</nav><div role="main">
<h1>Gates<a class="headerlink" href="#g">x</a></h1><p>Gates are opened one after the other, never both.
See <a href="other.html">the other</a>.</p><h2>Code</h2><pre>open("gate")
close("gate")</pre></div></body></html>"""
URL = "http://python.test/gates.html"


def read() -> PageVersion:
    page = reading.read(URL, PAGE)
    assert isinstance(page, PageVersion)
    return page


def test_a_page_that_is_read_well_has_no_faults():
    assert list(reading.faults(PYTHON, read())) == []
    assert list(reading.differences(PYTHON, read(), PAGE)) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda page: replace(page, title=" "), "no title"),
        (lambda page: replace(page, lang="fr"), "language fr"),
        (lambda page: replace(page, text=page.text.replace("http://python.test/", "")), "relative link other.html"),
        (lambda page: replace(page, outlinks=(Outlink("/x", ""),)), "relative link /x"),
        (lambda page: replace(page, text=page.text.replace("## Code", "### Code")), "headings"),
        (lambda page: replace(page, text=page.text.replace("# Gates\n", "Gates\n", 1)), "headings"),
        (lambda page: replace(page, text=page.text.replace('close("gate")\n', "")), "code"),
    ],
)  # fmt: skip
def test_each_fault_is_seen(change, fault):
    page = change(read())
    found = [*reading.faults(PYTHON, page), *reading.differences(PYTHON, page, PAGE)]
    assert len(found) == 1
    assert fault in found[0]


def test_content_is_what_the_markup_says():
    assert "menu" not in spaced_text(PYTHON.content(PAGE))
    framed = b"<body><div class='navheader'>top</div><h2>One</h2><p>two</p></body>"
    assert spaced_text(POSTGRESQL.content(framed)).split() == ["One", "two"]
    assert agreement(words("a b [c](http://x/y)"), words("a b c")) == (1.0, 1.0, 1.0)
    assert agreement(words("a b"), words("a b c d")) == pytest.approx((1.0, 0.5, 2 / 3))


def test_a_package_that_cannot_be_had_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("bench.realpages.FETCHED", tmp_path)
    with pytest.raises(BenchError, match="no-such-package cannot be had"):
        Collection("none", "no-such-package", "usr/share/doc/no-such-package", "//body").pages()


def test_marks_can_be_taken_away():
    bare = extracting.unmarked(PAGE)
    assert b'role="main"' not in bare
    got = extracting.score(extracting.ours, PYTHON, [(URL, PAGE)])
    assert (got.pages, got.f1, got.headings) == (1, 1.0, 1.0)


def test_the_hostile_server_sends_wrongly():
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.hostile_server", "200"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        port = int(server.stdout.readline())
        kinds = [*hostile.KINDS, *hostile.WRONGS]

        def ask(kind: str) -> tuple[int, http.client.HTTPMessage, bytes]:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
                connection.request("GET", f"/h/{kinds.index(kind)}")
                with connection.getresponse() as answer:
                    return answer.status, answer.headers, answer.read()

        with pytest.raises(http.client.IncompleteRead):
            ask("longer length")
        assert ask("redirect maze")[1]["Location"].startswith("/maze/")
        assert ask("status 999")[0] == 999
        packed = ask("gzip bomb")[2]
        assert len(gzip.decompress(packed)) > 500 * len(packed)
        with pytest.raises(http.client.HTTPException):
            ask("status in words")
        assert ask("a NUL")[2].count(b"\0") == 1
    finally:
        server.stdin.close()
        server.wait(20)
        server.stdout.close()

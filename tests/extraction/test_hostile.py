"""Hostile pages: each ends in a page or a named refusal, and what C code takes has its bounds."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from bench.hostile import KINDS, WRONGS, page
from extraction.extract import Refusal, extract
from store.page import PageVersion

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
PROSE = "The ferry crosses the strait four times a day, and twice on Sundays in winter. "


def read(body: bytes, kind: str = "text/html"):
    return extract(body, {"content-type": kind}, "http://site.test/a", NOW)


def test_the_same_number_is_the_same_page_and_every_kind_comes():
    assert page(17) == page(17)
    assert [page(number, seed=7) for number in range(40)] != [page(number) for number in range(40)]
    every = {page(number).kind for number in range(len(KINDS) + len(WRONGS))}
    assert every == {*KINDS, *WRONGS}


def test_what_becomes_of_each_kind_is_one_of_what_may():
    for number in range(len(KINDS)):
        hostile = page(number)
        kind = f"text/html; charset={hostile.charset}" if hostile.charset else "text/html"
        found = read(hostile.body, kind)
        came = found.reason if isinstance(found, Refusal) else "page"
        assert came in hostile.may, (number, hostile.kind, came)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<div>" * 100_000 + PROSE, "too-complex"),
        ("<p>" + PROSE + "<b>" * 800_000, "too-complex"),
        ("<p>" + "x" * 50_000_000, "too-large"),
        ("<pre>" + "`" * 9_000_000 + PROSE, "too-large"),
        ("<ul>" + "<li><a href='/x'>somewhere else</a>" * 99, "navigation-only"),
    ],
)
def test_pathological_pages_are_refused_by_name(body, reason):
    found = read(body.encode())
    assert isinstance(found, Refusal)
    assert found.reason == reason


def test_nothing_is_lost_of_a_page_that_never_closes_its_tags():
    body = "".join(f"<font><div><p>Paragraph {n}. {PROSE}" for n in range(400))
    found = read(body.encode())
    assert isinstance(found, PageVersion)
    assert found.text.count("Paragraph ") == 400


def test_attributes_by_the_hundred_thousand_take_no_time_in_their_square():
    body = f"<p {' '.join(f'a{n}=1' for n in range(150_000))}>{PROSE * 3}</p>"
    found = read(body.encode())
    assert isinstance(found, PageVersion)
    assert found.text.startswith("The ferry")


WORK = """
import sys
from datetime import UTC, datetime
from extraction import bounds, pool
import trafilatura, py3langid
py3langid.classify("a ferry crosses")
bounds.bound_memory(int(sys.argv[1]))
bodies = [b"<main>" + b"<p>x<a href=/y>z</a><b>c</b>" * 80_000, b"<p>" + b"A ferry crosses the strait. " * 9]
for body in bodies:
    job = pool.Job(body, {}, "http://site.test/", datetime.now(UTC), 200, "", 10_000_000)
    done = pool._work(job)
    print(getattr(done, "reason", "page"))
"""


def test_a_page_that_would_take_all_memory_is_named_and_the_next_is_read():
    def told(most: int) -> list[str]:
        command = [sys.executable, "-c", WORK, str(most)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    assert told(300_000_000) == ["too-complex", "page"]
    assert told(1_500_000_000) == ["page", "page"]


BOUND = """
import sys
from extraction.bounds import bound_memory, bound_time
getattr(sys.modules['extraction.bounds'], sys.argv[1])(float(sys.argv[2]) and int(float(sys.argv[2])))
if sys.argv[1] == 'bound_memory':
    held = bytearray(900_000_000)
else:
    while True:
        sum(range(10_000_000))
"""


def bounded(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BOUND, *words], capture_output=True, text=True, timeout=60
    )


def test_memory_and_processor_time_are_bounded_by_the_kernel():
    assert "MemoryError" in bounded("bound_memory", "600e6").stderr
    assert bounded("bound_memory", "1500e6").returncode == 0
    assert bounded("bound_time", "1").returncode == -27  # SIGPROF

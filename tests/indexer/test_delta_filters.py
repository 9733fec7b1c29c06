"""What filters alone list, and pages without a date, beside a delta: all is as in a full freeze."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from indexer import search
from indexer.build import build
from indexer.encoders.lexical import LexicalEncoder
from indexer.frozen import FrozenIndex, delta
from indexer.results import Results
from indexer.search import Searcher
from indexer.shaping import Shape
from store.database import Database
from store.page import PageVersion
from store.pages import PageStore

from .conftest import version

ENCODER = LexicalEncoder()
QUERIES = (
    "site:a.test",
    "site:a.test -birch",
    "site:a.test -intitle:draft",
    "before:2030",
    "after:2000",
    "site:a.test after:2000",
    "tree after:2000",
    "filetype:html",
)


def page(number: int, text: str = "A tree", dated: bool = False) -> PageVersion:
    made = version(f"https://a.test/{number:02}", f"Page {number}", f"{text} of number {number}.")
    return replace(made, published=date(2020, 1, 1) if dated else None)


def answers(database: Database, home: Path) -> list[Results]:
    searcher = Searcher.open(database, home)
    return [searcher.results(query, Shape(50, fold=False)) for query in QUERIES]


@pytest.mark.parametrize("widest", [4, 5_000])
@pytest.mark.parametrize("dated", [False, True])
def test_a_delta_lists_what_a_full_freeze_lists(
    database: Database, home: Path, monkeypatch: pytest.MonkeyPatch, widest: int, dated: bool
) -> None:
    monkeypatch.setattr(delta, "BASE_FROM", 1)
    monkeypatch.setattr(delta, "SHARE", 1)
    monkeypatch.setattr(search, "WIDEST", widest)
    pages = PageStore(database)
    # The only page with a date goes: no date is known then, though the base still has it.
    pages.add([*(page(n) for n in range(10, 24)), page(24, dated=True)])
    build(database, home, ENCODER)
    pages.add([page(5), page(12, "A birch"), page(15, "A willow"), page(17, "An oak", dated)])
    pages.add([page(24, "An undated tree"), page(30, "A tree")])
    build(database, home, ENCODER)
    assert len(FrozenIndex.open(home / "frozen").segments) == 2
    found = answers(database, home)
    shutil.rmtree(home / "frozen")
    build(database, home, ENCODER)
    assert len(FrozenIndex.open(home / "frozen").segments) == 1
    assert found == answers(database, home)
    assert [hit.url[-2:] for hit in found[0].hits][:3] == ["05", "10", "11"]
    assert found[4].undated == (16 if dated else 0)
    assert bool(found[4].ignored) != dated

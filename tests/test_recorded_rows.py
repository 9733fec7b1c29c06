"""The rows of recorded calls, on a small home of made-up pages: they pass, and each can fail."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.accept import recorded
from bench.accept.check import CheckFailed
from bench.accept.stage import Stage
from bench.corpus import pages, title, url
from bench.scratch import scratch
from store.database import open_database
from store.pages import PageStore

CALLS = 20


class Small(Stage):
    """A stage whose demo home holds made-up pages."""

    @property
    def demo_home(self) -> Path:  # type: ignore[override]
        """See `Stage`; only the pages are read."""
        return self.root / "demo"


@pytest.fixture(scope="module")
def stage() -> Iterator[Small]:
    """A stage with its runs recorded, without the measuring data."""
    with scratch() as root, pytest.MonkeyPatch.context() as patch:
        small = Small(root, queries=CALLS)
        small.demo_home.mkdir()
        with open_database(small.demo_home) as database:
            PageStore(database).add(pages(12))
        asked = root / "questions.jsonl"
        paths = [url(number).partition("//")[2] for number in (3, 5)]
        lines = [
            {"question": f"What of {title(n)}?", "pages": [f"/{path.partition('/')[2]}"]}
            for n, path in zip((3, 5), paths, strict=True)
        ]
        asked.write_text("".join(json.dumps(line) + "\n" for line in lines))
        patch.setattr("bench.recorded.QUESTIONS", asked)
        patch.setattr(recorded, "shared", lambda: root / "none")
        recorded.cassettes(small)
        yield small


def test_the_calls_are_distinct_and_all_replayed(stage: Small) -> None:
    figure = recorded.identical(stage)
    assert figure.startswith(f"{CALLS} distinct calls (")
    assert "the demo alone, for world is not here" in figure
    names = [
        recorded._named(call)
        for run in recorded.cassettes(stage).read()
        for call in run.all("call")
    ]
    assert len(set(names)) == len(names) == CALLS


def test_a_run_that_replays_otherwise_breaks_the_row(stage: Small) -> None:
    run = recorded.cassettes(stage).runs[0]
    path = stage.root / "cassettes" / "runs" / run / "run.jsonl"
    whole = path.read_text("utf-8")
    path.write_text(whole.replace('"digest":"b2:', '"digest":"b2:0', 2), "utf-8")
    try:
        with pytest.raises(CheckFailed, match=f"run {run}: "):
            recorded.identical(stage)
    finally:
        path.write_text(whole, "utf-8")


def test_an_altered_byte_is_found(stage: Small) -> None:
    assert "all stopped at exactly their call" in recorded.altered(stage)


def test_a_byte_that_is_not_altered_breaks_the_row(
    stage: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded, "_another", lambda letter: letter)
    with pytest.raises(CheckFailed, match="exit code 0"):
        recorded.altered(stage)


def test_a_difference_at_another_call_breaks_the_row(
    stage: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = recorded._latest

    def next_one(*given: object) -> object:
        shown = whole(*given)  # type: ignore[arg-type]
        return shown and recorded.Shown(shown.call + 1, shown.page, shown.at)

    monkeypatch.setattr(recorded, "_latest", next_one)
    with pytest.raises(CheckFailed, match=r"call \d+ of run .*: "):
        recorded.altered(stage)


def test_a_corpus_that_did_not_go_on_breaks_the_row(
    stage: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded, "_go_on", lambda database: None)
    with pytest.raises(CheckFailed, match="the present corpus is still as it was"):
        recorded.pinned(stage)


def test_runs_are_pinned(stage: Small) -> None:
    # Last, for it deletes what is retained.
    figure = recorded.pinned(stage)
    assert "stopped at exactly its call by a deleted passage in each" in figure
    assert "was deleted from the store" in figure

"""Documents all the way: imported, indexed, searched, visited at their place, exported, back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bench import paper
from bench.corpus import text as invented
from store.database import Database
from store.pages import PageStore
from store.snapshots import Snapshots

from .conftest import Done

LAMPS = "Forty lamps of brass stand on the pier"
FILLER = tuple(invented(number, 8) for number in range(3))
LONG = (
    ("Tides of the harbour", FILLER[0]),
    ("Lamps of the pier", f"{LAMPS}, and a keeper lights them. {FILLER[1]}"),
    ("The ferry's winter", FILLER[2]),
)
"""Longer than what a visit shows, so that it has to choose."""
PLACES = {
    "doc://paper/book.pdf": (2, "Lamps of the pier"),
    "doc://paper/book.docx": (None, "Lamps of the pier"),
    "doc://paper/talk.pptx": (None, "Slide 2: Lamps of the pier"),
    "doc://paper/sums.xlsx": (None, "Lamps"),
    "doc://paper/book.epub": (None, "Lamps of the pier"),
    "https://harbour.test/book": (None, "Tides of the harbour"),
    "doc://paper/page.html": (None, "Tides of the harbour"),
    "doc://paper/notes.md": (None, "Lamps"),
    "doc://paper/notes.txt": (None, None),
}
"""Address → the page and the section in which the sentence stands."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "paper"
    made.mkdir()
    for name, body in {
        "book.pdf": paper.pdf(LONG),
        "book.docx": paper.docx(LONG),
        "talk.pptx": paper.pptx(LONG),
        "sums.xlsx": paper.xlsx(),
        "book.epub": paper.epub(LONG),
        "saved.mhtml": paper.mhtml(),
        "page.html": paper.html(),
        "notes.md": f"# Notes\n\n{FILLER[0]}\n\n## Lamps\n\n{LAMPS}.\n\n{FILLER[1]}\n".encode(),
        "notes.txt": f"{LAMPS}, says this text as well.\n".encode(),
    }.items():
        (made / name).write_bytes(body)
    return made


def test_documents_go_all_the_way(
    database: Database,
    folder: Path,
    tmp_path: Path,
    command: Callable[..., Done],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("APPLIANCE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("APPLIANCE_DATABASE_URL", database.url)
    done = command("import", str(folder), "--workers", "1", "--json")
    assert done.code == 0, done.err
    (report,) = done.json
    print(report)
    assert (report["state"], report["pages_new"], report["rejects"]) == (
        "finished",
        len(PLACES),
        {},
    )
    assert command("index").code == 0
    found = command("search", LAMPS, "--json")
    # What says the same as a better hit is folded into it.
    assert [url for url in PLACES if f'"{url}"' not in found.out] == []
    for url, (number, section) in PLACES.items():
        read = command(
            "visit", url, "--goal", "How many lamps stand on the pier?", "--tokens", "200", "--json"
        ).json
        evidence = read["text"].partition("Evidence in page:")[2]
        before = evidence[: evidence.index(LAMPS)].split("\n")
        heads = [line.lstrip("# ") for line in before if line.startswith("#")]
        marks = [line for line in before if line.startswith("[page ")]
        assert heads[-1:] == ([section] if section else []), url
        assert marks[-1:] == ([f"[page {number}]"] if number else []), url
        assert read["captures"][url]["source"] == "folder:paper"
    kept = tmp_path / "kept.jsonl"
    assert command("export", str(kept)).code == 0
    seq = Snapshots(database).seq()
    digest = Snapshots(database).describe(seq)
    with database.raw() as connection:
        connection.execute("TRUNCATE page, page_version, alias, passage CASCADE")
    assert list(PageStore(database).current()) == []
    assert command("import", str(kept), "--workers", "1").code == 0
    assert Snapshots(database).describe(Snapshots(database).seq()) == digest

"""Documents from the outside: made, imported, searched, visited where they say it, named if bad."""

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bench import paper
from importers.formats import detect
from importers.run import ImportOptions, run_import
from indexer.outline import outline
from store.database import Database
from store.page import PageVersion
from store.pages import PageStore

KINDS = {
    "book.pdf": paper.pdf,
    "book.docx": paper.docx,
    "talk.pptx": paper.pptx,
    "sums.xlsx": paper.xlsx,
    "book.epub": paper.epub,
    "saved.mhtml": paper.mhtml,
    "page.html": paper.html,
    "notes.md": paper.markdown,
}


def options(**named: object) -> ImportOptions:
    return ImportOptions(**{"workers": 1, **named})


def written(folder: Path, **files: bytes) -> Path:
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        os.utime(path, (1_600_000_000, 1_600_000_000))
    return folder


def pages(database: Database) -> dict[str, PageVersion]:
    return {page.url: page for page in PageStore(database).current()}


def place(page: PageVersion, words: str) -> tuple[tuple[str, ...], int | None]:
    at = page.text.index(words)
    found = outline(page.text).place(at, at + len(words))
    return found.section, found.page


def test_each_kind_is_told_from_its_bytes(tmp_path: Path) -> None:
    for name, make in KINDS.items():
        plain = tmp_path / "nameless"
        plain.write_bytes(make())
        assert name == "notes.md" or detect(plain).NAME == "document", name


def test_a_folder_holds_every_kind(database: Database, tmp_path: Path) -> None:
    folder = written(tmp_path / "paper", **{name: make() for name, make in KINDS.items()})
    report = run_import(database, folder, options())
    assert (report.format, report.state, report.rejects) == ("folder", "finished", {})
    found = pages(database)
    assert len(found) == len(KINDS)
    assert all(page.source == "folder:paper" for page in found.values())
    assert all(page.capture.startswith("sha256:") for page in found.values())
    assert "https://harbour.test/book" in found
    saved = PageStore(database).resolve("doc://paper/saved.mhtml")
    assert saved is not None
    assert saved.url == "https://harbour.test/book"
    assert saved.fetched_at == datetime(2023, 5, 4, 10, tzinfo=UTC)
    assert found["doc://paper/page.html"].fetched_at.timestamp() == 1_600_000_000
    lamps = "Forty lamps of brass"
    where = {url: place(page, lamps) for url, page in found.items() if lamps in page.text}
    assert where["doc://paper/book.pdf"] == (("Lamps of the pier",), 2)
    assert where["doc://paper/book.docx"] == (("The harbour book", "Lamps of the pier"), None)
    assert where["doc://paper/talk.pptx"] == (("Slide 2: Lamps of the pier",), None)
    assert where["doc://paper/sums.xlsx"] == (("Lamps",), None)
    assert where["doc://paper/book.epub"] == (("Lamps of the pier",), None)
    notes = found["doc://paper/notes.md"]
    assert (notes.title, notes.published, notes.author) == (
        "The harbour's notes", date(2021, 3, 4), "M. Keeper",
    )  # fmt: skip


def test_a_folder_that_changed_is_read_again_and_only_its_change_is_new(
    database: Database, tmp_path: Path
) -> None:
    folder = written(
        tmp_path / "paper", **{"a.html": paper.html("One"), "b.html": paper.html("Two")}
    )
    assert run_import(database, folder, options()).new == 2
    assert run_import(database, folder, options()).state == "known"
    written(folder, **{"c.html": paper.html("Three"), "a.html": paper.html("Uno")})
    report = run_import(database, folder, options())
    assert (report.new, report.changed, report.unchanged) == (1, 1, 1)


def test_what_stays_is_never_marked_as_gone(database: Database, tmp_path: Path) -> None:
    folder = written(
        tmp_path / "kept",
        **{
            "saved.mhtml": paper.mhtml(),
            "own.md": paper.markdown("https://e.test/own"),
            "gone.html": paper.html("It goes"),
        },
    )
    assert run_import(database, folder, options()).new == 3
    (folder / "gone.html").unlink()
    report = run_import(database, folder, options())
    assert (report.new, report.changed, report.unchanged, report.gone) == (0, 0, 2, 1)
    gone = {url for url, page in pages(database).items() if page.gone_at is not None}
    assert gone == {"doc://kept/gone.html"}


def test_links_lead_from_file_to_file(database: Database, tmp_path: Path) -> None:
    folder = written(
        tmp_path / "site",
        **{
            "index.html": paper.html("Start", ["sub/two words.html", "https://e.test/x"]),
            "sub/two words.html": paper.html("Two", ["../index.html#top", "mailto:a@b.test"]),
        },
    )
    run_import(database, folder, options())
    found = pages(database)
    links = {url: [link.url for link in page.outlinks] for url, page in found.items()}
    assert links == {
        "doc://site/index.html": ["doc://site/sub/two%20words.html", "https://e.test/x"],
        "doc://site/sub/two%20words.html": ["doc://site/index.html"],
    }
    for targets in links.values():
        assert all(t in found for t in targets if t.startswith("doc:"))


def test_what_a_page_was_saved_from_is_its_address(database: Database, tmp_path: Path) -> None:
    comment = b"<!-- saved from url=(0021)https://e.test/a?b=1 -->\n"
    folder = written(
        tmp_path / "saved",
        **{
            "one.html": comment + paper.html("One", ["next.html"]),
            "two.html": paper.html("Two").replace(
                b"<head>", b'<head><link rel=canonical href="https://e.test/two">'
            ),
        },
    )
    run_import(database, folder, options())
    store = PageStore(database)
    one, two = store.resolve("doc://saved/one.html"), store.resolve("https://e.test/two")
    assert one is not None
    assert two is not None
    assert (one.url, two.url) == ("https://e.test/a?b=1", "doc://saved/two.html")
    assert [link.url for link in one.outlinks] == ["https://e.test/next.html"]


def test_what_is_no_document_is_named(database: Database, tmp_path: Path) -> None:
    folder = written(
        tmp_path / "mixed",
        **{
            "good.txt": b"Seven herons stand in the shallow water of the bay.",
            ".hidden.txt": b"not seen",
            ".git/config": b"not seen",
            "program.bin": b"\x7fELF\0\0\0\0",
            "empty.txt": b"",
            "code.rs": b"fn main() {}",
            "rows.jsonl": b'{"id": "1", "text": "a row"}\n',
            "old.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
            "noise.txt": bytes(range(256)) * 40,
            "cut.pdf": paper.pdf()[:200],
            "cut.docx": paper.docx()[:2000],
        },
    )
    outside = tmp_path / "outside.txt"
    outside.write_text("This must never be read from inside of the folder.")
    (folder / "way-out.txt").symlink_to(outside)
    (folder / "again.txt").symlink_to(folder / "good.txt")
    (folder / "nowhere.txt").symlink_to(folder / "gone.txt")
    (folder / "round").symlink_to(folder)
    os.mkfifo(folder / "pipe.txt")
    report = run_import(database, folder, options())
    assert report.state == "finished"
    assert [page.url for page in pages(database).values()] == ["doc://mixed/good.txt"]
    assert report.rejects == {
        "hidden": 2, "old-format": 1, "binary": 1, "empty": 1, "unknown-format": 1, "archive": 1, "bad-charset": 1,
        "damaged": 2, "link": 3, "broken-link": 1, "not-a-file": 1,
    }  # fmt: skip
    assert all(one.detail and one.place for one in report.examples)


def test_a_large_file_is_refused_unread(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path / "large", **{"a.txt": b"A heron. " * 100, "b.txt": b"A tern. " * 9})
    monkeypatch.setattr("importers.files.MAX_BYTES", 500)
    report = run_import(database, folder, options())
    assert (report.new, report.rejects) == (1, {"too-large": 1})


def test_a_folder_gives_the_same_in_the_same_order(tmp_path: Path) -> None:
    names = ["b.txt", "a.txt", "c/a.txt", "B.txt", "ä.txt"]
    one = written(tmp_path / "one" / "x", **{name: name.encode() for name in names})
    two = written(tmp_path / "two" / "x", **{name: name.encode() for name in reversed(names)})
    importer = detect(one)
    assert [vars_of(item) for item in importer.items(one)] == [
        vars_of(item) for item in importer.items(two)
    ]


def vars_of(item: object) -> tuple[object, ...]:
    return tuple(getattr(item, name) for name in ("place", "url", "body", "fetched_at"))


@pytest.mark.parametrize("name", KINDS)
def test_one_document_by_itself(name: str, database: Database, tmp_path: Path) -> None:
    path = written(tmp_path, **{name: KINDS[name]()}) / name
    report = run_import(database, path, options())
    assert (report.format, report.new, report.rejects) == ("document", 1, {})
    (page,) = pages(database).values()
    assert f"doc://{name}" in (page.url, *page.aliases) or PageStore(database).resolve(
        f"doc://{name}"
    )
    assert page.title
    assert page.source == f"file:{name}"

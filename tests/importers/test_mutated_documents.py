"""Documents with bits flipped, ends cut off, parts swapped: each a page or a named refusal."""

import io
import random
import re
import zipfile
from pathlib import Path

from bench import paper
from importers.report import ImportReport
from importers.run import ImportOptions, run_import
from store.database import Database
from store.pages import PageStore

EACH = 6
KINDS = {
    "pdf": paper.pdf,
    "docx": paper.docx,
    "pptx": paper.pptx,
    "xlsx": paper.xlsx,
    "epub": paper.epub,
    "mhtml": paper.mhtml,
    "html": paper.html,
    "md": paper.markdown,
}
FAILED = {"crashed", "unreadable", "too-slow"}
"""Refusals that say that a reader failed, not that a document is bad."""


def wrong(report: ImportReport, files: int, stored: int) -> list[str]:
    """What must not be true of an import of mutated files."""
    found = [f"{reason}: {count}" for reason, count in report.rejects.items() if reason in FAILED]
    if report.state != "finished" or report.error:
        found.append(f"{report.state}: {report.error}")
    if report.new + sum(report.rejects.values()) != files:
        found.append(f"{files} files, {report.new} pages, {sum(report.rejects.values())} refused")
    if stored > report.new:
        found.append(f"{stored} pages are stored, {report.new} were said to be")
    return found


def mutated(body: bytes, chance: random.Random) -> bytes:
    """The bytes with something wrong; inside of a ZIP archive more often than around it."""
    if body.startswith(b"PK") and chance.random() < 0.7:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        name = chance.choice([name for name in parts if name.endswith(("xml", "rels", "html"))])
        parts[name] = shuffled(parts[name], chance)
        return paper.zipped({_moved(one, chance): part for one, part in parts.items()})
    made = bytearray(body)
    for _ in range(chance.choice((1, 3, 20))):
        if len(made) < 2:
            break
        at = chance.randrange(len(made))
        act = chance.randrange(4)
        if act == 0:
            made[at] ^= 1 << chance.randrange(8)
        elif act == 1:
            made[at : at + 4] = b"\xff\xff\xff\x7f"
        elif act == 2:
            del made[at : at + chance.randrange(1, 200)]
        else:
            made = made[: max(1, at)]
    return bytes(made)


def shuffled(xml: bytes, chance: random.Random) -> bytes:
    """XML with tags gone, doubled, in each other's place, or with absurd values."""
    pieces = re.split(r"(<[^<>]*>)", xml.decode("utf-8", "replace"))
    for _ in range(chance.choice((1, 2, 5))):
        at, other = chance.randrange(len(pieces)), chance.randrange(len(pieces))
        act = chance.randrange(3)
        if act == 0:
            value = chance.choice(('""', '"-1"', '"99999999999"', '"../../../x"'))
            pieces[at] = re.sub(r'"[^"]*"', value, pieces[at])
        elif act == 1:
            pieces[at], pieces[other] = pieces[other], pieces[at]
        else:
            pieces[at] = pieces[at] * chance.choice((0, 2))
    return "".join(pieces).encode()


def _moved(name: str, chance: random.Random) -> str:
    return f"../../../../tmp/{name}" if chance.random() < 0.02 else name


def listing(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_mutated_documents_are_pages_or_refused_by_name(database: Database, tmp_path: Path) -> None:
    chance = random.Random(11)
    folder = tmp_path / "mutated"
    folder.mkdir()
    for kind, make in KINDS.items():
        body = make()
        for number in range(EACH):
            (folder / f"{number}.{kind}").write_bytes(mutated(body, chance))
    before = listing(tmp_path)
    report = run_import(database, folder, ImportOptions(workers=1))
    pages = list(PageStore(database).current())
    assert wrong(report, EACH * len(KINDS), len(pages)) == []
    assert report.new > 0
    assert report.rejects
    assert all(one.detail for one in report.examples)
    assert listing(tmp_path) == before
    assert all(page.title and page.text and page.capture for page in pages)


def test_a_failure_would_be_seen() -> None:
    good = ImportReport("x", "folder", "finished", new=1, rejects={"damaged": 1})
    assert wrong(good, 2, 1) == []
    crashed = ImportReport("x", "folder", "finished", new=1, rejects={"crashed": 1})
    stopped = ImportReport("x", "folder", "damaged", new=2, error="it failed")
    assert wrong(crashed, 2, 1) == ["crashed: 1"]
    assert wrong(good, 3, 1) == ["3 files, 1 pages, 1 refused"]
    assert wrong(stopped, 2, 3)

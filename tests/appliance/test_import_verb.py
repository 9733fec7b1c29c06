"""`appliance import` and `export`: each row format in, searched, visited, out, and in again."""

import gzip
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from bench.making import MAKERS
from store.database import Database
from store.pages import PageStore
from store.snapshots import Snapshots

from .conftest import ROOT, Done

Command = Callable[..., Done]
FILLER = " ".join(f"Line {number} of the chronicle says nothing of note." for number in range(120))
MARKDOWN = (
    f"# Ordel\n\n{FILLER}\n\n## Bridges\n\n{FILLER}\n\n### The oldest bridge\n\n"
    f"The oldest bridge of Ordel was built in 1432 by Mira Tolland.\n\n## Trade\n\n{FILLER}\n"
)


@pytest.fixture
def home(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "home"
    monkeypatch.setenv("APPLIANCE_HOME", str(root))
    monkeypatch.setenv("APPLIANCE_DATABASE_URL", database.url)
    return root


def jsonl(folder: Path) -> Path:
    path = folder / "ordel.jsonl"
    row = {"id": "ordel", "metadata": {"title": "Ordel"}, "text": MARKDOWN, "lang": "en"}
    path.write_text(json.dumps(row) + "\n")
    return path


def parquet(folder: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "ordel.parquet"
    pq.write_table(
        pa.Table.from_pylist([{"_id": "ordel", "title": "Ordel", "text": MARKDOWN}]), path
    )
    return path


def mediawiki(folder: Path) -> Path:
    path = folder / "ordel.xml"
    wikitext = MARKDOWN.removeprefix("# Ordel\n\n")
    for marks in (3, 2):
        for title in ("The oldest bridge", "Bridges", "Trade"):
            wikitext = wikitext.replace(f"\n{'#' * marks} {title}\n", f"\n{'=' * marks} {title} {'=' * marks}\n")  # fmt: skip
    path.write_text(
        "<mediawiki><siteinfo><base>https://w.test/wiki/Main</base></siteinfo><page><title>Ordel"
        "</title><ns>0</ns><revision><timestamp>2026-01-02T03:04:05Z</timestamp><text>"
        f"{wikitext}</text></revision></page></mediawiki>"
    )
    return path


ROWS: dict[str, dict[str, object]] = {
    "literesearcher": {"url": "https://w.test/ordel", "title": "Ordel", "doc": MARKDOWN},
    "nested": {
        "id": "ordel",
        "text": MARKDOWN,
        "metadata": {"title": "Ordel", "url": "https://w.test/ordel"},
    },
    "search-r1": {"id": "ordel", "contents": f'"Ordel"\n{MARKDOWN}'},
    "browsecomp": {"docid": "ordel", "url": "https://w.test/ordel", "text": MARKDOWN},
    "beir": {"_id": "ordel", "title": "Ordel", "text": MARKDOWN},
}
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": zstandard.compress,
}


@pytest.mark.parametrize("ending", PACKINGS)
@pytest.mark.parametrize("layout", ROWS)
def test_every_layout_and_packing_comes_back(
    home: Path, database: Database, tmp_path: Path, command: Command, layout: str, ending: str
) -> None:
    others = [json.dumps({**ROWS[layout], **_another(layout, number)}) for number in range(800)]
    lines = "".join(f"{line}\n" for line in (json.dumps(ROWS[layout]), *others))
    path = tmp_path / f"rows.jsonl{ending}"
    path.write_bytes(PACKINGS[ending](lines.encode()))
    done = command("import", str(path))
    assert (done.code, "801 new, 0 changed, 0 unchanged" in done.err) == (0, True), done.err
    store = PageStore(database)
    url = "https://w.test/ordel" if "w.test" in json.dumps(ROWS[layout]) else "doc://rows/ordel"
    page = store.resolve(url)
    assert page is not None
    assert (page.title, page.text.strip()) == ("Ordel", MARKDOWN.strip())
    digest = Snapshots(database).describe(Snapshots(database).seq())
    rows = tmp_path / f"out.jsonl{ending}"
    assert command("export", str(rows)).code == 0
    with database.raw() as connection:
        connection.execute("TRUNCATE page, page_version, alias, passage, import_job CASCADE")
    assert command("import", str(rows)).code == 0
    assert Snapshots(database).describe(Snapshots(database).seq()) == digest


def _another(layout: str, number: int) -> dict[str, object]:
    """What a further row of a layout has of its own; its text is short."""
    said = f"Village {number}\nIt has {number * 7 + 3} inhabitants and a mill by the river."
    url = f"https://w.test/{number}"
    return {
        "literesearcher": {"url": url, "doc": said},
        "nested": {"id": number, "text": said, "metadata": {"title": "", "url": url}},
        "search-r1": {"id": number, "contents": said},
        "browsecomp": {"docid": str(number), "url": url, "text": said},
        "beir": {"_id": str(number), "title": "", "text": said},
    }[layout]


@pytest.mark.parametrize(
    ("make", "url"),
    [
        (jsonl, "doc://ordel/ordel"),
        (parquet, "doc://ordel/ordel"),
        (mediawiki, "https://w.test/wiki/Ordel"),
    ],
)
def test_a_row_goes_all_the_way(
    home: Path,
    database: Database,
    tmp_path: Path,
    command: Command,
    make: Callable[[Path], Path],
    url: str,
) -> None:
    path = make(tmp_path)
    done = command("import", str(path))
    assert done.code == 0, done.err
    assert "1 new, 0 changed, 0 unchanged" in done.err
    assert command("index").code == 0
    (hit,) = command("search", "--json", "oldest bridge of Ordel").json["hits"]
    assert (hit["url"], hit["title"]) == (url, "Ordel")
    visited = command("visit", url, "--goal", "oldest bridge", "--tokens", "200", "--json").json
    assert "built in 1432 by Mira Tolland" in visited["text"]
    assert "## Bridges" in visited["text"]
    assert "### The oldest bridge" in visited["text"]
    facts = visited["captures"][url]
    assert facts["source"] == f"{make.__name__}:{path.name}"
    assert bool(facts["capture"]) == (make is not parquet)
    digest = Snapshots(database).describe(Snapshots(database).seq())
    rows = tmp_path / "out.jsonl.zst"
    assert command("export", str(rows)).code == 0
    with database.raw() as connection:
        connection.execute("TRUNCATE page, page_version, alias, passage, import_job CASCADE")
    assert command("import", str(rows)).code == 0
    assert Snapshots(database).describe(Snapshots(database).seq()) == digest
    again = command("visit", url, "--goal", "oldest bridge", "--tokens", "200", "--json").json
    assert again == visited


def test_what_the_verb_says(home: Path, tmp_path: Path, command: Command) -> None:
    good, bad = MAKERS["jsonl"](tmp_path, 3), tmp_path / "bad.bin"
    bad.write_bytes(b"\x7fELF")
    done = command("import", "--json", str(good), str(bad))
    assert done.code == 1
    first, second = done.json
    assert (first["state"], first["pages_new"], first["format"]) == ("finished", 3, "jsonl")
    assert (second["state"], second["format"]) == ("damaged", "")
    assert "is a program, which no importer reads" in second["error"]
    known = command("import", str(good))
    assert (known.code, known.out) == (0, "")
    assert known.err == (
        f"{good} (jsonl): imported before and the same since; --again reads it once more.\n"
    )
    dry = command("import", "--dry-run", str(good))
    assert (dry.code, dry.err) == (0, "")
    assert "would be stored; nothing was" in dry.out
    assert command("import", "--watch", "--again", str(good)).code == 2
    assert command("import", str(tmp_path / "missing")).code == 1
    missing = command("import", "--watch", str(tmp_path / "missing"))
    assert missing.code == 2
    assert "to watch; check the path" in missing.err


REACHING = """
import socket, sys
import appliance.cli, importers.jsonl
port, sealed, path = int(sys.argv[1]), sys.argv[2] == "sealed", sys.argv[3]
real = importers.jsonl.items

def items(path):
    socket.create_connection(("127.0.0.1", port), timeout=10).close()
    yield from real(path)

importers.jsonl.items = items
if not sealed:
    appliance.cli._seal = lambda verb: None
sys.argv = ["appliance", "import", "--json", "--workers", "1", path]
appliance.cli.main()
"""


@pytest.mark.parametrize("sealed", [True, False])
def test_it_runs_sealed(home: Path, tmp_path: Path, sealed: bool) -> None:
    path = MAKERS["jsonl"](tmp_path, 3)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        mode = "sealed" if sealed else "open"
        done = subprocess.run(
            [sys.executable, "-c", REACHING, port, mode, str(path)],
            env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    (report,) = json.loads(done.stdout)
    if sealed:
        assert (done.returncode, report["pages_new"]) == (1, 0), done.stderr
        assert "SealError" in report["error"]
    else:
        assert (done.returncode, report["pages_new"]) == (0, 3), done.stderr


def test_nothing_stored_is_not_exported(home: Path, tmp_path: Path, command: Command) -> None:
    done = command("export", str(tmp_path / "out.jsonl"))
    assert done.code != 0
    assert "nothing is stored in the collection web" in done.err
    assert not (tmp_path / "out.jsonl").exists()

"""Web archives and ZIM files: in, searched, visited in the right section, out, and in again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.webarchives import Capture, arc, wacz, warc
from bench.zimmaking import Item, zim
from store.database import Database
from store.digest import sha256
from store.pages import PageStore
from store.snapshots import Snapshots

from .conftest import Done

Command = Callable[..., Done]
FILLER = "".join(
    f"<p>Line {number} of the chronicle says nothing of note.</p>" for number in range(120)
)
HTML = (
    "<!doctype html><html lang=en><head><title>Ordel</title></head><body><main><h1>Ordel</h1>"
    f"{FILLER}<h2>Bridges</h2>{FILLER}<h3>The oldest bridge</h3><p>The oldest bridge of Ordel was "
    f"built in 1432 by <a href='Mira_Tolland'>Mira Tolland</a>.</p><h2>Trade</h2>{FILLER}"
    "</main></body></html>"
).encode()
OTHER = HTML.replace(b"Ordel", b"Mira Tolland").replace(b"1432", b"1433")
URL = "http://w.test/wiki/Ordel"
CAPTURES = [
    Capture("http://w.test/wiki/Town", b"", "301 Moved", {"Location": "Ordel"}),
    Capture(URL, HTML),
    Capture("http://w.test/wiki/Mira_Tolland", OTHER),
]
ENTRIES = [
    Item("Ordel", HTML, "Ordel"),
    Item("Mira_Tolland", OTHER, "Mira Tolland"),
    Item("Town", target="Ordel"),
]
LISTED = [{"url": one.url, "title": "Listed"} for one in CAPTURES]
MADE: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "a.warc": (lambda: warc(CAPTURES, "plain"), "warc", URL),
    "a.warc.gz": (lambda: warc(CAPTURES), "warc", URL),
    "a.warc.zst": (lambda: warc(CAPTURES, "zstd"), "warc", URL),
    "a.arc.gz": (lambda: arc(CAPTURES), "warc", URL),
    "a.wacz": (lambda: wacz({"a.warc.gz": warc(CAPTURES)}, LISTED), "wacz", URL),
    "a.zim": (lambda: zim(ENTRIES, {"Source": "http://w.test/wiki/"}), "zim", URL),
    "own.zim": (lambda: zim(ENTRIES), "zim", "zim://rivers_en/Ordel"),
    "old.zim": (lambda: zim(ENTRIES, new=False), "zim", "zim://rivers_en/A/Ordel"),
}


@pytest.fixture
def home(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "home"
    monkeypatch.setenv("APPLIANCE_HOME", str(root))
    monkeypatch.setenv("APPLIANCE_DATABASE_URL", database.url)
    return root


@pytest.mark.parametrize("name", MADE)
def test_a_page_goes_all_the_way(
    home: Path, database: Database, tmp_path: Path, command: Command, name: str
) -> None:
    make, kind, url = MADE[name]
    path = tmp_path / name
    path.write_bytes(make())
    done = command("import", str(path))
    assert done.code == 0, done.err
    assert "2 new, 0 changed, 0 unchanged" in done.err
    assert command("index").code == 0
    hit, *_ = command("search", "--json", "oldest bridge of Ordel").json["hits"]
    assert (hit["url"], hit["title"]) == (url, "Ordel")
    words = ("--goal", "oldest bridge", "--tokens", "200", "--json")
    visited = command("visit", url, *words).json
    assert "built in 1432 by" in visited["text"]
    assert "## Bridges" in visited["text"]
    assert "### The oldest bridge" in visited["text"]
    # The link in it leads to the other page, and the redirect to this one.
    other = url.replace("Ordel", "Mira_Tolland")
    assert f"Links to pages that are available: {other}\n" in visited["text"]
    assert "1433" in command("visit", other, *words).json["text"]
    store = PageStore(database)
    named = store.resolve(url.replace("Ordel", "Town"))
    assert named is not None
    assert named.url == url
    facts = visited["captures"][url]
    assert facts["source"] == f"{kind}:{name}"
    assert facts["capture"] == sha256(HTML)
    assert named.fetched_at.isoformat().startswith("2021-03-04")
    digest = Snapshots(database).describe(Snapshots(database).seq())
    rows = tmp_path / "out.jsonl"
    assert command("export", str(rows)).code == 0
    with database.raw() as connection:
        connection.execute("TRUNCATE page, page_version, alias, passage, import_job CASCADE")
    assert command("import", str(rows)).code == 0
    assert Snapshots(database).describe(Snapshots(database).seq()) == digest
    assert command("visit", url, *words).json == visited

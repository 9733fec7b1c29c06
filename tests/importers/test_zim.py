"""ZIM files: articles, redirects, links between them, and files that lie about themselves."""

import os
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.webarchives import page
from bench.zimmaking import Item as Made
from bench.zimmaking import cluster, seal, zim
from importers import zim as reader
from importers import zimclusters
from importers.base import Document, Item, Reject
from importers.errors import DamagedError
from importers.formats import detect
from importers.run import ImportOptions, run_import
from store.database import Database
from store.pages import PageStore

ARTICLES = [
    Made("Alpha", page(1, ["Beta_%28river%29", "../C/Gamma", "#top", "https://b.test/"]), "Alpha"),
    Made("Beta_(river)", page(2), "Beta (river)"),
    Made("Größe", page(3), "Größe"),
    *(Made(f"More/{number}", page(number)) for number in range(4, 12)),
]
OTHERS = [
    Made("x.png", b"\x89PNG", kind="image/png"),
    Made("B", target="Beta_(river)"),
    Made("b2", target="B"),
    Made("loop", target="pool"),
    Made("pool", target="loop"),
    Made("picture", target="x.png"),
]


def write(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "a.zim"
    path.write_bytes(data)
    return path


def read(tmp_path: Path, data: bytes) -> list[Item]:
    return list(reader.items(write(tmp_path, data)))


def documents(items: list[Item]) -> dict[str, Document]:
    return {one.url: one for one in items if isinstance(one, Document)}


def reasons(items: list[Item]) -> list[tuple[str, str]]:
    return [(one.reason, one.place) for one in items if isinstance(one, Reject)]


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("packing", ["plain", "xz", "zstd"])
@pytest.mark.parametrize("wide", [True, False])
def test_articles_come_out_as_they_went_in(
    tmp_path: Path, new: bool, packing: str, wide: bool
) -> None:
    found = read(tmp_path, zim([*ARTICLES, *OTHERS], new=new, packing=packing, wide=wide))
    before = "zim://rivers_en/" if new else "zim://rivers_en/A/"
    got = documents(found)
    assert sorted(one.body for one in got.values()) == sorted(one.body for one in ARTICLES)
    size = got[f"{before}Gr%C3%B6%C3%9Fe"]
    assert size.fetched_at == datetime(2021, 3, 4, tzinfo=UTC)
    assert (size.title, size.source) == ("Größe", "zim:a.zim")
    beta = got[f"{before}Beta_%28river%29"]
    assert sorted(beta.aliases) == [f"{before}B", f"{before}b2"]
    letter = "C" if new else "A"
    assert sorted(reasons(found)) == [
        ("not-html", f"entry {letter}/x.png"),
        ("redirect", f"entry {letter}/loop"),
        ("redirect", f"entry {letter}/picture"),
        ("redirect", f"entry {letter}/pool"),
    ]
    assert detect(tmp_path / "a.zim").NAME == "zim"


@pytest.mark.parametrize(
    ("meta", "path", "url"),
    [
        ({"Source": "https://en.rivers.test/docs/"}, "A b", "https://en.rivers.test/docs/A%20b"),
        ({"Source": "en.rivers.test"}, "A", "https://en.rivers.test/A"),
        (
            {"Source": "https://en.wiki.test/", "Scraper": "mwoffliner 1.13"},
            "A",
            "https://en.wiki.test/wiki/A",
        ),
        ({"Scraper": "warc2zim 2.1"}, "www.b.test/x?y=1", "https://www.b.test/x?y=1"),
        ({"Source": "mailto:a@b.test"}, "A", "zim://rivers_en/A"),
        ({"Name": "a/b c"}, "A", "zim://a%2Fb%20c/A"),
    ],
)
def test_the_address_is_the_one_the_page_had(
    tmp_path: Path, meta: dict[str, str], path: str, url: str
) -> None:
    (found,) = documents(read(tmp_path, zim([Made(path, page(1))], meta)))
    assert found == url


def test_in_the_old_scheme_the_address_it_had_is_an_alias(tmp_path: Path) -> None:
    data = zim([Made("A", page(1))], {"Source": "https://en.rivers.test/"}, new=False)
    (found,) = documents(read(tmp_path, data)).values()
    assert (found.url, found.aliases) == ("zim://rivers_en/A/A", ("https://en.rivers.test/A",))


def test_articles_come_in_the_order_in_which_they_are_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    begin = zimclusters.Cluster.__init__

    def count(self: zimclusters.Cluster, number: int, *rest: object) -> None:
        opened.append(number)
        begin(self, number, *rest)  # type: ignore[arg-type]

    path = write(tmp_path, zim(ARTICLES, a_cluster=4))
    with monkeypatch.context() as patch:
        patch.setattr(zimclusters.Cluster, "__init__", count)
        items = reader.items(path)
        found = [one for one in items if isinstance(one, Document)]
    assert len(found) == len(ARTICLES)
    # Reading the metadata opens some as well.
    assert opened[-3:] == sorted(set(opened))[-3:]
    assert len(opened) <= 2 * len(set(opened)) + 4


def test_links_inside_it_lead_to_its_pages(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path, zim([*ARTICLES, *OTHERS]))
    report = run_import(database, path, ImportOptions(workers=1))
    assert (report.state, report.new) == ("finished", len(ARTICLES))
    store = PageStore(database)
    alpha = store.resolve("zim://rivers_en/Alpha")
    assert alpha is not None
    beta, _, outside = (link.url for link in alpha.outlinks)
    assert beta == "zim://rivers_en/Beta_%28river%29"
    assert beta in alpha.text
    assert outside == "https://b.test/"
    for url in (beta, "zim://rivers_en/b2", "zim://rivers_en/Beta_(river)"):
        found = store.resolve(url)
        assert found is not None
        assert "River 2" in found.text


def test_a_page_without_a_title_of_its_own_has_that_of_its_entry(
    database: Database, tmp_path: Path
) -> None:
    bare = page(1).replace(b"<title>River 1</title>", b"").replace(b"<h1>River 1</h1>", b"")
    path = write(tmp_path, zim([Made("Alpha_1", bare, "The first river")]))
    run_import(database, path, ImportOptions(workers=1))
    assert [one.title for one in PageStore(database).current()] == ["The first river"]


def changed(data: bytes, at: int, form: str, value: int) -> bytes:
    found = bytearray(data)
    struct.pack_into(form, found, at, value)
    return seal(bytes(found))


@pytest.mark.parametrize(
    ("at", "form", "value", "why"),
    [
        (0, "<I", 7, "does not begin"),
        (4, "<H", 7, "version 7"),
        (24, "<I", 2**31, "entries goes past"),
        (28, "<I", 2**31, "clusters goes past"),
        (32, "<Q", 2**63, "entries goes past"),
        (48, "<Q", 2**64 - 8, "clusters goes past"),
        (56, "<Q", 2**40, "content types stands behind"),
        (72, "<Q", 2**40, "cut off"),
    ],
)
def test_headers_that_lead_nowhere_are_refused(
    tmp_path: Path, at: int, form: str, value: int, why: str
) -> None:
    with pytest.raises(DamagedError, match=why):
        read(tmp_path, changed(zim(ARTICLES), at, form, value))


def test_a_changed_byte_is_seen_by_the_check_sum(tmp_path: Path) -> None:
    data = bytearray(zim(ARTICLES))
    data[len(data) // 2] ^= 1
    with pytest.raises(DamagedError, match="check sum"):
        read(tmp_path, bytes(data))


def test_one_without_a_check_sum_says_so(tmp_path: Path) -> None:
    found = read(tmp_path, zim(ARTICLES, summed=False))
    assert len(documents(found)) == len(ARTICLES)
    assert reasons(found) == [("unverified", "header")]


def test_one_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    data = zim(ARTICLES)
    for end in (3, 79, 80, 200, len(data) - 1):
        with pytest.raises(DamagedError):
            read(tmp_path, data[:end])


def test_an_entry_behind_the_end_is_damage(tmp_path: Path) -> None:
    data = zim(ARTICLES)
    (paths,) = struct.unpack_from("<Q", data, 32)
    with pytest.raises(DamagedError, match="entry 2"):
        read(tmp_path, changed(data, paths + 16, "<Q", 2**50))


def clusters(data: bytes) -> list[int]:
    count, at = *struct.unpack_from("<I", data, 28), *struct.unpack_from("<Q", data, 48)
    return list(struct.unpack_from(f"<{count}Q", data, at))


@pytest.mark.parametrize(
    ("offset", "value", "why"),
    [(0, 6, "offsets of cluster"), (0, 2**31, "offsets of cluster"), (4, 2**20, "not in order"),
     (12, 2**20, "past the end")],
)  # fmt: skip
def test_offsets_in_a_cluster_that_lead_nowhere_cost_its_articles(
    tmp_path: Path, offset: int, value: int, why: str
) -> None:
    data = zim(ARTICLES, packing="plain", a_cluster=3)
    hit = clusters(data)[-1]
    found = read(tmp_path, changed(data, hit + 1 + offset, "<I", value))
    lost = [one for one in found if isinstance(one, Reject)]
    assert {one.reason for one in lost} == {"damaged"}
    assert any(why in one.detail for one in lost)
    assert len(documents(found)) + len(lost) == len(ARTICLES)
    assert len(documents(found)) >= len(ARTICLES) - 3


@pytest.mark.parametrize("packing", ["xz", "zstd"])
def test_a_bomb_is_bounded(tmp_path: Path, packing: str) -> None:
    blob = bytes(65 << 20)
    packed = cluster([blob], packing)
    assert len(packed) < 1 << 18
    found = read(tmp_path, zim([Made("Bomb", blob), Made("Good", page(1))], packing=packing))
    assert list(documents(found)) == ["zim://rivers_en/Good"]
    (reject,) = (one for one in found if isinstance(one, Reject))
    assert (reject.reason, reject.url) == ("too-large", "zim://rivers_en/Bomb")
    assert "more than" in reject.detail


def test_names_out_of_order_are_named(tmp_path: Path) -> None:
    data = bytearray(zim(ARTICLES))
    (paths,) = struct.unpack_from("<Q", data, 32)
    first = data[paths : paths + 8]
    data[paths + 8 : paths + 16] = first
    found = read(tmp_path, seal(bytes(data)))
    assert reasons(found) == [("out-of-order", "entry C/Alpha")]
    assert len(documents(found)) == len(ARTICLES) - 1


def test_too_many_redirects_to_one_page_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(reader, "MOST_ALIASES", 3)
        many = [Made(f"r{number}", target="Alpha") for number in range(5)]
        found = read(tmp_path, zim([*ARTICLES, *many]))
    assert [reason for reason, _ in reasons(found)] == ["redirect", "redirect"]
    assert len(documents(found)["zim://rivers_en/Alpha"].aliases) == 3


def test_without_a_date_it_is_that_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, zim(ARTICLES[:1], {"Date": "some day"}))
    os.utime(path, (1_600_000_000, 1_600_000_000))
    (found,) = (one for one in reader.items(path) if isinstance(one, Document))
    assert found.fetched_at == datetime.fromtimestamp(1_600_000_000, UTC)

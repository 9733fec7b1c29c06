"""What the JSON values of a run name, whatever shape they have."""

import ast
from pathlib import Path

from appliance import mentions
from store.urls import url_hash

ROOT = Path(__file__).resolve().parents[2] / "appliance"
A, B = "https://a.example/x", "https://b.example/y"
ONE, TWO = "sha256:1", "sha256:2"
SEARCH = {"queries": [{"query": A, "hits": [{"url": A, "version": ONE, "captured": "2026"}]}]}
VISIT = {
    "goal": "x",
    "pages": [
        {"url": "u", "page": B, "version": TWO},
        {"url": "v", "missing": True, "nearest": [A, "no address: \udcff"]},
    ],
}


def test_versions_with_and_without_an_address() -> None:
    assert list(mentions.page_versions([SEARCH, VISIT])) == [(A, ONE), (B, TWO)]
    loose = {"evidence": {"version": TWO}, "corpus": {"version": "1.2"}}
    assert list(mentions.page_versions(loose)) == []
    assert list(mentions.version_digests([loose, SEARCH])) == [TWO, ONE]


def test_addresses_stand_in_some_fields_alone() -> None:
    assert list(mentions.address_hashes(SEARCH)) == [url_hash(A)]
    assert {url_hash(A), url_hash(B)} <= set(mentions.address_hashes(VISIT))
    assert list(mentions.address_hashes({"goal": A, "title": B})) == []


def test_what_a_result_shows_in_its_order() -> None:
    assert list(mentions.shown(SEARCH)) == [(A, (ONE, "2026"))]
    assert list(mentions.shown(VISIT)) == [(B, (TWO, "")), ("v", ("", ""))]


def walkers(source: str) -> list[str]:
    """The functions that call themselves and look for an address or version by its field."""
    return [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
        and any(
            isinstance(n, ast.Constant) and n.value in ("version", "url") for n in ast.walk(node)
        )
        and any(
            isinstance(n, ast.YieldFrom) and node.name in ast.unparse(n) for n in ast.walk(node)
        )
    ]


def test_no_other_module_walks_through_runs() -> None:
    found = {path.name: walkers(path.read_text("utf-8")) for path in ROOT.glob("*.py")}
    assert {name: names for name, names in found.items() if names} == {}
    twin = "def named(v):\n    yield v.get('version')\n    yield from named(v['items'])\n"
    assert walkers(twin) == ["named"]

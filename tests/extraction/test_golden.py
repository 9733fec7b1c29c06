"""Golden pages: what is read in each of them, to the letter, in every character set."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from .goldens import LEGACY, body_of, describe, sources

LEAST = 0.97
"""The floor of the words that extraction and the golden text share (F1), for each varied page."""


def golden(source: Path) -> str:
    return source.with_suffix(".md").read_text(encoding="utf-8")


def named(name: str) -> Path:
    return next(source for source in sources() if source.stem == name)


@pytest.mark.parametrize("source", sources(), ids=lambda path: path.stem)
def test_a_golden_page_reads_as_it_always_did(source):
    assert describe(source, body_of(source)) == golden(source)


def test_a_changed_page_does_not_match_its_golden_file():
    source = named("article")
    assert describe(source, body_of(source).replace(b"1893", b"1894")) != golden(source)


@pytest.mark.parametrize(
    ("name", "charset"), [(name, charset) for name in LEGACY for charset in LEGACY[name]]
)
def test_a_page_reads_the_same_in_a_legacy_character_set(name, charset):
    source = named(name)
    body = body_of(source, charset)
    assert body.decode(errors="replace") != body_of(source).decode()
    assert describe(source, body) == golden(source)


def test_in_the_wrong_character_set_it_would_not():
    source = named("russian")
    body = body_of(source, "cp1251").replace(b"windows-1251", b"").replace(b"cp1251", b"koi8-r")
    assert describe(source, body) != golden(source)


def test_pages_without_text_are_named_failures():
    told = {source.stem: golden(source).split("(")[0].strip() for source in sources()}
    assert {name: said for name, said in told.items() if said.startswith("refused")} == {
        "empty": "refused: no-text",
        "frameset": "refused: no-text",
        "navigation": "refused: navigation-only",
    }


def test_update_writes_what_is_missing_and_nothing_else():
    script = Path(__file__).with_name("goldens.py")
    done = subprocess.run(
        [sys.executable, str(script), "--update"], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""


# What sites put around the same text. Each must give the words of the golden file, and no others.
_LINKS = "".join(f'<li><a href="/x/{n}">Chrome item {n}</a></li>' for n in range(25))
AROUND = {
    "old": '<div id="top"><img src="logo.gif"></div><table width="100%"><tr><td><ul>{links}</ul></td>'
    "<td>{content}</td></tr></table><hr><div>Copyright 1999 by nobody</div>",
    "blog": '<div class="wrapper"><div class="menu">{links}</div><div class="post">{content}</div>'
    '<div class="sidebar"><ul>{links}</ul></div><div class="footer">Powered by Press</div></div>',
    "app": '<div id="app"><header><nav><ul>{links}</ul></nav></header><main>{content}</main>'
    '<aside class="related-posts"><ul>{links}</ul></aside><footer><p>All rights reserved</p></footer></div>',
    "bare": "{content}",
    "banner": '<div class="cookie-notice"><p>We value your privacy, and so do our partners.</p></div>'
    '<div class="columns"><div class="column">{content}</div><div class="column"><ul>{links}</ul></div>'
    '</div><div class="newsletter"><p>Sign up for our letter, every week, for free.</p></div>',
}
_BODY = {
    "news": r'<div class="story">(.*?)<div class="newsletter',
    "product": r'<div class="product">(.*?)<form>',
    "forum": r'(<h1>.*?)<div class="related-topics',
    "tables": r"<main>(.*)</main>",
    "lists": r"<main>(.*)</main>",
    "captions": r"<main>(.*)</main>",
    "docs": r"<article>(.*)</article>",
    "article": r"<article>(.*)</article>",
    "wiki": r'<div class="mw-parser-output">(.*?)<div class="navbox">',
}


def varied(name: str, around: str, tmp_path: Path) -> str:
    """The text that is read of a golden page's content inside other surroundings."""
    found = re.search(_BODY[name], named(name).read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    inner = AROUND[around].replace("{links}", _LINKS).replace("{content}", found[1])
    page = tmp_path / f"{name}.html"
    page.write_text(f"<html lang='en'><head><title>T</title></head><body>{inner}</body></html>")
    return describe(page, body_of(page))


def words(text: str) -> Counter[str]:
    body = text.split("\n\n", 1)[1].split("\n\n-> ")[0]
    return Counter(re.findall(r"\w+", re.sub(r"\]\([^)]*\)", "]", body).casefold()))


def agreement(found: Counter[str], wanted: Counter[str]) -> float:
    return 2 * (found & wanted).total() / (found.total() + wanted.total())


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("name", _BODY)
def test_the_words_of_a_text_are_read_whatever_surrounds_it(name, around, tmp_path):
    wanted = words(golden(named(name)))
    found = words(varied(name, around, tmp_path))
    assert agreement(found, wanted) >= LEAST, (found - wanted, wanted - found)


def test_the_floor_can_be_missed(tmp_path):
    wanted = words(golden(named("news")))
    menu = words("x\n\n" + " ".join(f"Chrome item {n}" for n in range(25)))
    assert agreement(wanted + menu, wanted) < LEAST

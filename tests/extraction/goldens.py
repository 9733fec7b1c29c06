"""The golden pages: HTML written for the tests, and beside each what is to be read in it.

After a change that is meant to be seen, `python tests/extraction/goldens.py --update` writes the
golden files anew; read the difference before it is committed.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).with_name("golden")
WHEN = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LEGACY = {
    "arabic": ("cp1256", "iso-8859-6"),
    "chinese": ("gb18030", "gbk", "gb2312"),
    "japanese": ("shift_jis", "euc_jp", "iso2022_jp"),
    "russian": ("cp1251", "koi8-r", "iso8859_5", "cp866"),
}
"""Character sets of the last century in which a golden page must read the same."""
LABELS = {"gb18030": "gb18030", "cp866": "ibm866", "iso8859_5": "iso-8859-5"}


def sources() -> list[Path]:
    """The golden pages, by name."""
    return sorted(FOLDER.glob("*.html"))


def body_of(source: Path, charset: str = "utf-8") -> bytes:
    """The bytes of a golden page in a character set, which the page itself names."""
    text = source.read_text(encoding="utf-8")
    label = LABELS.get(charset, charset.replace("_", "-").replace("iso2022", "iso-2022"))
    return text.replace("charset=CHARSET", f"charset={label}").encode(charset)


def describe(source: Path, body: bytes, headers: dict[str, str] | None = None) -> str:
    """Everything that extraction says of a page, as lines of text."""
    from extraction.extract import Refusal, extract

    url = f"http://site.test/docs/{source.name}"
    found = extract(body, headers or {"content-type": "text/html"}, url, WHEN)
    return "\n".join(_refusal(found) if isinstance(found, Refusal) else _page(found)) + "\n"


def _page(page) -> Iterator[str]:
    yield f"title: {page.title}"
    yield f"lang: {page.lang}"
    yield f"site: {page.site}"
    yield f"author: {page.author}"
    yield f"published: {page.published}"
    yield f"aliases: {page.declared}"
    yield ""
    yield page.text
    yield from _links(page.outlinks)


def _refusal(refusal) -> Iterator[str]:
    yield f"refused: {refusal.reason} ({refusal.detail})"
    yield from _links(refusal.outlinks)


def _links(outlinks) -> Iterator[str]:
    yield ""
    yield from (f"-> {link.url} | {link.text}" for link in outlinks)


def update() -> None:
    """Write every golden file anew."""
    for source in sources():
        target = source.with_suffix(".md")
        text = describe(source, body_of(source))
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            print(f"written: {target.name}")
            target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    if sys.argv[1:] != ["--update"]:
        sys.exit("give --update to write the golden files anew")
    update()

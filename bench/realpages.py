"""Real pages that nobody here wrote: the HTML documentation in Debian's packages, and where in each
page its content stands.

A package is used as installed, or fetched once with `apt-get download` into `.build/`. It knows
nothing about extraction: `content` says by the page's own markup what a reader would call its
text, so that an extractor can be held against it.
"""

import copy
import re
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .errors import BenchError
from .scratch import ROOT

FETCHED = ROOT / ".build"
_WORD = re.compile(r"[぀-ヿ㐀-鿿가-힣]|[^\W_぀-ヿ㐀-鿿가-힣]+")
_TARGET = re.compile(r"\]\((?:[^()\s]|\([^()\s]*\))*\)")
_NO_TEXT = (
    "//script | //style | //template | //noscript | //svg | //a[contains(@class, 'headerlink')]"
)


@dataclass(frozen=True, slots=True)
class Collection:
    """The HTML of one package: `folder` below the root, `main` the XPath of a page's content and
    `chrome` that of what is not content inside it, `lang` the language that all pages are in.
    """

    name: str
    package: str
    folder: str
    main: str
    chrome: str = "//*[false()]"
    lang: str = "en"

    def pages(self, every: int = 1) -> list[tuple[str, bytes]]:
        """Every `every`th page as (url, bytes), in the order of their paths.

        Raises BenchError where the package cannot be had.
        """
        top = self.place()
        found = sorted(path for path in top.rglob("*.html") if path.is_file())
        return [
            (f"http://{self.name}.test/{quote(str(path.relative_to(top)))}", path.read_bytes())
            for path in found[::every]
        ]

    def place(self) -> Path:
        """The folder of HTML: as installed, or taken out of the package; BenchError without."""
        top = FETCHED / self.package
        for root in (Path("/"), top):
            if next((root / self.folder).glob("**/*.html"), None) is not None:
                return root / self.folder
        top.mkdir(parents=True, exist_ok=True)
        got = subprocess.run(
            ["apt-get", "-q", "download", self.package],
            cwd=top, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        package = next(iter(sorted(top.glob("*.deb"))), None)
        if got.returncode or package is None:
            words = (got.stderr.strip().splitlines() or ["apt-get failed"])[-1]
            raise BenchError(
                f"The package {self.package} cannot be had ({words}); "
                f"run: apt-get install {self.package}"
            )
        subprocess.run(["dpkg-deb", "-x", package, top], check=True, timeout=120)
        return top / self.folder

    def content(self, body: bytes) -> Any:
        """The tree of a page's content, without what is chrome; None where it has none."""
        from lxml import html

        tree = html.document_fromstring(body, html.HTMLParser(encoding="utf-8"))
        found = tree.xpath(self.main)
        if not found:
            return None
        main = html.document_fromstring("<div></div>").find(".//div")
        for part in found:
            main.append(copy.deepcopy(part))
        for part in main.xpath(_NO_TEXT.replace("//", ".//")):
            part.drop_tree()
        for part in main.xpath(self.chrome.replace("//", ".//")):
            if part.getparent() is not None:
                part.drop_tree()
        return main


PYTHON = Collection(
    "python", "python3.11-doc", "usr/share/doc/python3.11/html", "//div[@role='main']"
)
POSTGRESQL = Collection(
    "postgresql", "postgresql-doc-15", "usr/share/doc/postgresql-doc-15/html", "//body",
    "//div[@class='navheader' or @class='navfooter']",
)  # fmt: skip
COLLECTIONS = (
    PYTHON,
    POSTGRESQL,
    Collection(
        "git", "git-doc", "usr/share/doc/git-doc", "//body", "//*[@id='footer']"
    ),
    Collection("sqlite", "sqlite3-doc", "usr/share/doc/sqlite3", "//body",
               "//div[contains(@class, 'nosearch')]"),
    Collection("java", "openjdk-17-doc", "usr/share/doc/openjdk-17-jre-headless/api/java.base",
               "//main", "//nav"),
    Collection("aptitude-ja", "aptitude-doc-ja", "usr/share/doc/aptitude/html/ja", "//body",
               "//div[@class='navheader' or @class='navfooter']", "ja"),
    Collection("aptitude-ru", "aptitude-doc-ru", "usr/share/doc/aptitude/html/ru", "//body",
               "//div[@class='navheader' or @class='navfooter']", "ru"),
    # Looked at only when the rules stood: what they are worth on pages they were not made on.
    Collection("handbook-de", "debian-handbook", "usr/share/doc/debian-handbook/html/de-DE",
               "//body", "//*[@id='banner' or @id='title' or contains(@class, 'docnav')]", "de"),
    Collection("handbook-zh", "debian-handbook", "usr/share/doc/debian-handbook/html/zh-CN",
               "//body", "//*[@id='banner' or @id='title' or contains(@class, 'docnav')]", "zh"),
    Collection("pascal", "fp-docs-3.2.2", "usr/share/doc/fp-docs/3.2.2/rtl", "//body",
               "//table[@class='bar']"),
)  # fmt: skip


def words(text: str) -> Counter[str]:
    """How often each word stands in Markdown or plain text; the targets of links are none."""
    return Counter(_WORD.findall(_TARGET.sub("]", text).casefold()))


def agreement(found: Counter[str], wanted: Counter[str]) -> tuple[float, float, float]:
    """Precision, recall and F1 of the words that were `found` against those `wanted`."""
    common = (found & wanted).total()
    if not common:
        return 0.0, 0.0, 0.0
    precision, recall = common / found.total(), common / wanted.total()
    return precision, recall, 2 * precision * recall / (precision + recall)


def spaced_text(tree: Any) -> str:
    """The text of a tree with white space where a block ends, so that no two words run together."""
    pieces: list[str] = []
    _gather(tree, pieces)
    return "".join(pieces)


_INLINE = frozenset(
    re.findall(
        r"\w+",
        "a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd label mark q s samp "
        "small span strike strong sub sup tt u var wbr",
    )
)


def _gather(element: Any, pieces: list[str]) -> None:
    if isinstance(element.tag, str):
        block = element.tag not in _INLINE
        if block:
            pieces.append("\n")
        pieces.append(element.text or "")
        for child in element:
            _gather(child, pieces)
            pieces.append(child.tail or "")
        if block:
            pieces.append("\n")


def mean(values: Sequence[float]) -> float:
    """The mean, 0 of nothing."""
    return sum(values) / len(values) if values else 0.0

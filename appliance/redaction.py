"""Taking the text of purged pages out of runs: recorded results, quotes, and what the model wrote
down of them. The runs stay readable and say what was taken.

What a result or a quote says of a purged page is found by the page's address and version; what a
model copied into its turns is found by the page's own words, so many in a row.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from models.wire import VISIT_JOIN, ResultRow, link_title, search_text
from store.digest import write_atomic
from store.errors import UrlError
from store.urls import url_hash

from .trace import Event, locked_run, read_run

PURGED = "[purged]"
ROW = 8
"""So many words in a row, as they stand on a purged page, are a copy of it."""
KEPT = frozenset(
    {"url", "page", "version", "captured", "published", "label", "lang", "type", "name", "digest"}
)
"""What of a purged page stays in a run: which it was, and when it was captured."""

TAKEN_FROM = ("value", "said")
"""What stands beside a quote of a page and was taken from it: another answer, a judgement."""

NAMING = ("url", "page", "nearest")
"""The fields of recorded results and quotes that hold addresses."""

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")


class Redactor:
    """What is to be taken out: pages by the hash of their address, and the words on them."""

    def __init__(
        self, pages: Iterable[bytes], versions: Iterable[str], texts: Iterable[tuple[str, str, str]]
    ) -> None:
        """`texts` are (URL, title, text) of every purged version."""
        self._pages = set(pages)
        self._versions = set(versions)
        self._titles: dict[str, str] = {}
        self._rows: set[int] = set()
        for url, title, text in texts:
            self._titles[f"[{link_title(title)}]({url})"] = f"[{link_title(PURGED)}]({url})"
            words = [match[0].casefold() for match in _WORD.finditer(f"{title}\n{text}")]
            self._rows.update(_rows(words))

    @property
    def size(self) -> int:
        """The number of pages."""
        return len(self._pages)

    def concerns(self, value: object) -> bool:
        """True when JSON values name one of the pages."""
        return not self._pages.isdisjoint(named_pages(value))

    def _is_page(self, url: object) -> bool:
        return not self._pages.isdisjoint(named_pages({"url": url}))

    def event(self, event: Event, receipt: str) -> Event:
        """The event without the texts of the pages; itself where it has none."""
        if event.get("type") == "call":
            changed: dict[str, Any] = self._call(event)
        else:
            changed = self._values(event)
        if changed == event:
            return event
        if changed.get("ids"):
            changed["ids"] = []  # the tokens of what was written are the words of it
        return {**changed, "purged": receipt}

    def _values(self, value: Any) -> Any:
        """JSON values without the texts; an object that is of a purged page keeps `KEPT` alone."""
        if isinstance(value, Mapping):
            if self._of_page(value):
                return {
                    name: item if name in KEPT else _blank(item) for name, item in value.items()
                }
            found = {name: self._values(item) for name, item in value.items()}
            proof = value.get("evidence")
            if isinstance(proof, Mapping) and self._of_page(proof):
                found |= {name: _blank(value[name]) for name in TAKEN_FROM if name in value}
            return found
        if isinstance(value, (list, tuple)):
            return [self._values(item) for item in value]
        return self.scrub(value) if isinstance(value, str) else value

    def _of_page(self, value: Mapping[str, Any]) -> bool:
        return value.get("version") in self._versions and self._is_page(
            value.get("page", value.get("url"))
        )

    def _call(self, event: Event) -> dict[str, Any]:
        changed: dict[str, Any] = {**self._values(event), "digest": event["digest"]}
        text, data = str(event.get("text", "")), event.get("data")
        if isinstance(data, Mapping) and changed["data"] != data:
            if data.get("queries"):
                text = self._result_list(text, data, changed["data"])
            elif data.get("pages"):
                text = self._blocks(text, data)
            else:
                text = PURGED
        for named, without in self._titles.items():
            text = text.replace(named, without)
        changed["text"] = self.scrub(text)
        return changed

    def _result_list(self, text: str, data: Mapping[str, Any], changed: Mapping[str, Any]) -> str:
        """The list written anew, where it is the one that the data make; else nothing of it."""
        return _listed(changed) if _listed(data) == text else PURGED

    def _blocks(self, text: str, data: Mapping[str, Any]) -> str:
        """The visited pages without those that are purged, told apart by their first lines."""
        pages, places = list(data["pages"]), []
        at = 0
        for page in pages:
            at = text.find(f"The useful information in {page['url']} for user goal", at)
            if at < 0:
                return PURGED
            places.append(at)
            at += 1
        ends = [place - len(VISIT_JOIN) for place in places[1:]] + [len(text)]
        blocks = []
        for page, start, end in zip(pages, places, ends, strict=True):
            block = text[start:end]
            if self._of_page(page):
                block = f"The useful information in {page['url']}: {PURGED}\n\n"
            blocks.append(block)
        return VISIT_JOIN.join(blocks)

    def scrub(self, text: str) -> str:
        """The text without what stands in it of the pages, `ROW` words in a row or more."""
        matches = list(_WORD.finditer(text))
        rows = list(_rows([match[0].casefold() for match in matches]))
        spans: list[list[int]] = []
        for number, row in enumerate(rows):
            if row in self._rows:
                start, end = matches[number].start(), matches[number + ROW - 1].end()
                if spans and start <= spans[-1][1]:
                    spans[-1][1] = end
                else:
                    spans.append([start, end])
        for start, end in reversed(spans):
            text = text[:start] + PURGED + text[end:]
        return text


def named_pages(value: object, of: str = "") -> Iterator[bytes]:
    """The hash of every page address that JSON values name."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from named_pages(item, name)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from named_pages(item, of)
    elif isinstance(value, str) and of in NAMING:
        try:
            yield url_hash(value)
        except UrlError:
            return


def _rows(words: Sequence[str]) -> Iterator[int]:
    """A number for each stretch of `ROW` words; equal stretches have equal numbers."""
    for start in range(len(words) - ROW + 1):
        row = "\n".join(words[start : start + ROW])
        yield hash(row)  # compared within this process alone


def _blank(value: Any) -> Any:
    if isinstance(value, str):
        return PURGED
    if isinstance(value, Mapping):
        return {name: _blank(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_blank(item) for item in value]
    return value


def _listed(data: Mapping[str, Any]) -> str:
    try:
        return search_text(
            [
                (q["query"], [ResultRow(h["title"], h["url"], h["snippet"]) for h in q["hits"]])
                for q in data["queries"]
            ]
        )
    except (KeyError, TypeError):
        return ""


def redact_run(runs: Path, run_id: str, redactor: Redactor, receipt: str, at: str) -> int:
    """Rewrite a run without the texts; return how many of its events had some.

    The file is replaced as a whole, and the new one ends with an event that names the receipt. A
    run that names none of the pages is left alone. Raises RunError for one that cannot be read,
    and RunBusy for one that is being written.
    """
    run = read_run(runs, run_id)
    if not redactor.concerns(run.events):
        return 0
    with locked_run(runs, run_id) as path:
        run = read_run(runs, run_id)
        events = [redactor.event(event, receipt) for event in run.events]
        changed = sum(new is not old for new, old in zip(events, run.events, strict=True))
        if not changed:
            return 0
        said = {"type": "purged", "receipt": receipt, "at": at, "events": changed}
        lines = [run.manifest, *events, {**said, "pages": redactor.size}]
        data = b"".join(
            json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            for line in lines
        )
        mode = os.stat(path).st_mode & 0o777
        write_atomic(path, data, mode)
    return changed

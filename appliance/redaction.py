"""Taking the text of purged pages out of runs: recorded results, quotes, and what the model wrote
down of them. The runs stay readable and say what was taken.

What a result or a quote says of a purged page is found by the page's address and version. What a
model copied into its turns is found by the page's own words: long stretches of them, and whole
sentences, items and rows. An answer goes with its quotes.
"""

import copy
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from models.wire import VISIT_JOIN, ResultRow, link_title, search_text
from store.digest import write_atomic

from .copies import PURGED, Copies, without
from .mentions import NAMING, address_hashes, objects, page_version, strings
from .trace import Event, locked_run, read_run

KEPT = frozenset(
    {"url", "page", "version", "captured", "published", "label", "lang", "type", "name", "digest"}
    | {"source", "capture"}
)
"""What of a purged page stays in a run: which it was, and when and from where it was captured."""

WRITTEN = frozenset(
    {"completion", "text", "claim", "value", "said", "query", "goal", "arguments", "error"}
)
"""The fields in which stands what a model wrote."""

TAKEN_FROM = ("value", "said")
"""What stands beside a quote of a page and was taken from it: another answer, a judgement."""

_LINK = re.compile(r"\[[^\[\]]*\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)")
_HEAD = "as follows: \n\n"
_HEADINGS = re.compile(r"^(?:Evidence in page|Summary): \n", re.MULTILINE)
"""What a visit says before and between the words of a page."""


class Redactor:
    """What is to be taken out: pages by the hash of their address, and the words on them."""

    def __init__(
        self, pages: Iterable[bytes], versions: Iterable[str], texts: Iterable[tuple[str, str, str]]
    ) -> None:
        """`texts` are (URL, title, text) of every purged version."""
        self._pages = set(pages)
        self._versions = set(versions)
        self._titles: dict[str, str] = {}
        self._copies = Copies()
        self._of_run = Copies()
        for url, title, text in texts:
            self._titles[f"[{link_title(title)}]({url})"] = _unnamed(url)
            self._copies.add(f"{title}\n{text}")

    @property
    def size(self) -> int:
        """The number of pages."""
        return len(self._pages)

    def concerns(self, value: object) -> bool:
        """True when JSON values name one of the pages."""
        return not self._pages.isdisjoint(address_hashes(value))

    def for_run(self, events: Iterable[Event]) -> Self:
        """The same, and what the events of a run themselves say of the pages.

        So that a run is redacted alike when the store has the pages no more. With it go the claims
        that pages of this purge alone support, or that no quote supports and that stand on them.
        """
        other = copy.copy(self)
        other._of_run = found = Copies()
        claims: list[Mapping[str, Any]] = []
        answers = []
        for event in events:
            for text in self._shown(event):
                found.add(text)
            if event.get("type") == "evidence":
                claims += [claim for claim in objects(event) if "claim" in claim]
            elif event.get("type") == "answer":
                answers.append(str(event.get("text", "")))
        quoted = [(str(claim["claim"]), self._support(claim)) for claim in claims]
        kept = {text for text, (_, others) in quoted if others}
        taken = {
            text
            for text, (of_pages, others) in quoted
            if text not in kept and (of_pages or text == PURGED or other._stands(text))
        }
        if not claims:
            taken |= {text for text in answers if other._stands(text)}
        elif not kept and taken.issuperset(text for text, _ in quoted):
            taken |= set(answers)
        for text in taken:
            found.add_phrase(text)
        return other

    def _shown(self, event: Event) -> Iterator[str]:
        """What an event shows of the pages."""
        for value in objects(event):
            if self._of_page(value):
                yield from (text for name, text in strings(value) if name not in KEPT)
        data = event.get("data")
        if isinstance(data, Mapping) and data.get("pages"):
            for page, block in self._visited(str(event.get("text", "")), data):
                if self._of_page(page):
                    yield _HEADINGS.sub("", block.partition(_HEAD)[2])

    def _support(self, claim: Mapping[str, Any]) -> tuple[int, int]:
        """How many quotes of a claim are of these pages, and how many are left of others."""
        quotes = [quote for quote in claim.get("evidence", ()) if isinstance(quote, Mapping)]
        of_pages = sum(self._of_page(quote) for quote in quotes)
        left = sum(quote.get("quote") != PURGED for quote in quotes if not self._of_page(quote))
        return of_pages, left

    def _stands(self, phrase: str) -> bool:
        return self._copies.hold(phrase) or self._of_run.hold(phrase)

    def event(self, event: Event, receipt: str) -> Event:
        """The event without the texts of the pages; itself where it has none."""
        if event.get("type") == "call":
            changed: dict[str, Any] = self._call(event)
        else:
            changed = self._values(event)
        if event.get("type") == "vectors":
            changed["items"] = [  # the weights of a query's words are its words
                item
                for item, before in zip(changed["items"], event["items"], strict=True)  # type: ignore[call-overload]
                if item == before
            ]
        if changed == event:
            return event
        if changed.get("ids"):
            changed["ids"] = []  # the tokens of what was written are the words of it
        return {**changed, "purged": receipt}

    def _values(self, value: Any, name: str = "", written: bool = False) -> Any:
        """JSON values without the texts; an object that is of a purged page keeps `KEPT` alone."""
        if isinstance(value, Mapping):
            if self._of_page(value):
                return {
                    name: item if name in KEPT else _blank(item) for name, item in value.items()
                }
            # What another page says is taken out only where it is a long copy.
            own = page_version(value) is None
            found = {
                name: self._values(item, name, own and (written or name in WRITTEN))
                for name, item in value.items()
            }
            proof = value.get("evidence")
            if isinstance(proof, Mapping) and self._of_page(proof):
                found |= {name: _blank(value[name]) for name in TAKEN_FROM if name in value}
            return found
        if isinstance(value, (list, tuple)):
            return [self._values(item, name, written) for item in value]
        if not isinstance(value, str) or name in KEPT or name in NAMING:
            return value
        return self.scrub(value, written)

    def _of_page(self, value: Mapping[str, Any]) -> bool:
        return value.get("version") in self._versions and not self._pages.isdisjoint(
            address_hashes({"url": value.get("page", value.get("url"))})
        )

    def _call(self, event: Event) -> dict[str, Any]:
        changed: dict[str, Any] = {**self._values(event), "digest": event["digest"]}
        text, data = str(event.get("text", "")), event.get("data")
        if isinstance(data, Mapping):
            new = changed["data"]
            if new != data:
                if data.get("queries"):
                    text = self._result_list(text, data, new)
                elif data.get("pages"):
                    text = self._blocks(text, data)
                else:
                    text = PURGED
            if isinstance(data.get("goal"), str) and new["goal"] != data["goal"]:
                text = text.replace(data["goal"], new["goal"])
            if self.concerns([{"nearest": page.get("nearest")} for page in data.get("pages", ())]):
                text = self._without_titles(text)
        for named, unnamed in self._titles.items():
            text = text.replace(named, unnamed)
        changed["text"] = self.scrub(text)
        return changed

    def _result_list(self, text: str, data: Mapping[str, Any], changed: Mapping[str, Any]) -> str:
        """The list written anew, where it is the one that the data make; else nothing of it."""
        return _listed(changed) if _listed(data) == text else PURGED

    def _blocks(self, text: str, data: Mapping[str, Any]) -> str:
        """The visited pages without those that are purged."""
        blocks = []
        for page, block in self._visited(text, data):
            if self._of_page(page):
                block = f"The useful information in {page['url']}: {PURGED}\n\n"
            blocks.append(block)
        return VISIT_JOIN.join(blocks) or PURGED

    def _visited(self, text: str, data: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], str]]:
        """Each page of a visit with what was shown of it, told apart by their first lines; none
        where they cannot be told apart.
        """
        pages, places = list(data["pages"]), []
        at = 0
        for page in pages:
            head = re.escape(f"The useful information in {page['url']}")
            found = re.compile(f"{head}(?: for user goal|: {re.escape(PURGED)})").search(text, at)
            if found is None:
                return []
            places.append(found.start())
            at = found.end()
        ends = [place - len(VISIT_JOIN) for place in places[1:]] + [len(text)]
        return [
            (page, text[start:end]) for page, start, end in zip(pages, places, ends, strict=True)
        ]

    def scrub(self, text: str, written: bool = False) -> str:
        """The text without long copies of the pages; of what a model has `written` also without
        whole sentences, items and rows of theirs, and without their titles in links.
        """
        found = [*self._copies.rows_in(text), *self._of_run.rows_in(text)]
        if written:
            found += [*self._copies.whole_in(text), *self._of_run.whole_in(text)]
        text = without(text, iter(found))
        return self._without_titles(text) if written else text

    def _without_titles(self, text: str) -> str:
        return _LINK.sub(
            lambda link: _unnamed(link[1]) if self.concerns({"url": link[1]}) else link[0], text
        )


def _unnamed(url: str) -> str:
    return f"[{link_title(PURGED)}]({url})"


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
        redactor = redactor.for_run(run.events)
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

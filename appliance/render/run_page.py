"""A run as one HTML file: answer, evidence highlighted in the stored pages, timeline, figures.

Everything in it comes from the run and the page versions that it refers to, so the same run gives
the same bytes. Text of pages and models is escaped, letters that steer a terminal are shown as
replacement characters, addresses are text and never links, and the policy in the head allows the
page's own style sheet and nothing else.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from models.turns import read_turn
from store.page import PageVersion

from ..trace import Event, Run
from .page import body_html, origin
from .plot import Bar, stacked
from .terminal import counted

Versions = dict[tuple[str, str], PageVersion]
"""Page versions by URL and digest."""

_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def run_html(run: Run, pages: Versions) -> str:
    """Return the document of `run`; `pages` are the versions it refers to that are still held."""
    style = files(__package__).joinpath("run.css").read_text("utf-8")
    allowed = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    quoted = _quoted(run)
    parts = [
        _head(run),
        _answer(run, quoted),
        _figures(run),
        _timeline(run),
        _sources(quoted, pages),
        _settings(run),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" '
        f"content=\"default-src 'none'; style-src 'sha256-{allowed}'\">\n"
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{_text(run.question)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"{''.join(parts)}</body>\n</html>\n"
    )


def _plain(text: object) -> str:
    """The text with a replacement character for each letter that steers a terminal."""
    return _STEERING.sub("\ufffd", str(text).replace("\r\n", "\n"))


def _text(text: object) -> str:
    return html.escape(_plain(text))


def _day(moment: object) -> str:
    return _text(str(moment or "")[:10])


def _head(run: Run) -> str:
    purged = "".join(
        f'<p class="unsupported">Texts of {_pages(event.get("pages", "?"))} were purged from '
        f"this run on {_day(event.get('at'))} (receipt {_text(event['receipt'])}).</p>"
        for event in run.purged
    )
    torn = "<p class='note'>Its last line was torn and is not shown.</p>" if run.torn else ""
    return (
        f"<header><p class='note'>Run {_text(run.id)}</p><h1>{_text(run.question)}</h1>\n"
        f"<p class='note'>{_text(run.outcome)} · model {_text(run.manifest.get('model', ''))} · "
        f"{_text(run.manifest.get('created', ''))}</p>{torn}{purged}</header>\n"
    )


def _pages(number: object) -> str:
    return counted(number, "page") if isinstance(number, int) else f"{_text(number)} pages"


@dataclass(frozen=True, slots=True)
class Quoted:
    """A claim of the answer, the quotes that carry it, and what other pages say instead."""

    claim: str
    quotes: list[dict[str, Any]]
    others: list[tuple[Any, ...]] = field(default_factory=list)

    @property
    def items(self) -> list[dict[str, Any]]:
        """All quotes."""
        return [*self.quotes, *(item for _, item in self.others)]


def _quoted(run: Run) -> list[Quoted]:
    """The claims of the run with their quotes, the claim empty for quotes that carry none."""
    found = []
    for event in run.in_force:
        if event.get("type") == "evidence":
            for claim in _list(event.get("claims")):
                others = [
                    (str(other.get("value", "")), *_list([other.get("evidence")]))
                    for other in _list(claim.get("conflicts"))
                ]
                found.append(
                    Quoted(
                        str(claim.get("claim", "")),
                        _list(claim.get("evidence")),
                        [other for other in others if len(other) == 2],
                    )
                )
        elif event.get("type") == "quotes":
            found.append(Quoted("", _list(event.get("items"))))
    return found


def _list(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _places(quoted: Sequence[Quoted]) -> dict[tuple[str, str], int]:
    """The number of each quoted page version, in the order of the quotes."""
    numbers: dict[tuple[str, str], int] = {}
    for claim in quoted:
        for item in claim.items:
            numbers.setdefault((str(item.get("url")), str(item.get("version"))), len(numbers) + 1)
    return numbers


def _answer(run: Run, quoted: Sequence[Quoted]) -> str:
    parts = ["<section>\n<h2>Answer</h2>\n"]
    said = _text(run.answer) if run.answer else f"No answer ({_text(run.outcome)})."
    parts.append(f'<p class="answer">{said}</p>\n')
    numbers = _places(quoted)
    for one in quoted:
        claim, quotes = one.claim, one.quotes
        if claim and not quotes:
            parts.append(
                f'<p class="unsupported">{_text(claim)} — no page that was read says it.</p>'
            )
        elif claim and len(quoted) > 1:
            parts.append(f"<p>{_text(claim)}</p>")
        parts += [_quote(item, numbers) for item in quotes]
        for value, item in one.others:
            parts.append(
                f'<p class="unsupported">Another page that was read says {_text(value)}:</p>\n'
                + _quote(item, numbers)
            )
    return "".join([*parts, "</section>\n"])


def _quote(item: Mapping[str, Any], numbers: Mapping[tuple[str, str], int]) -> str:
    number = numbers[str(item.get("url")), str(item.get("version"))]
    return (
        f"<blockquote>{_text(item.get('quote', ''))}</blockquote>\n"
        f'<p class="where"><span class="label">{_text(item.get("label", ""))}</span> · '
        f'<a href="#page-{number}">{_text(item.get("title", ""))}</a> · '
        f"{_text(item.get('url', ''))} · captured {_day(item.get('captured'))}{_from(item)}</p>\n"
    )


def _from(item: Mapping[str, Any]) -> str:
    """Where the page came from, unless it was crawled from its address."""
    source = str(item.get("source", ""))
    return "" if source in ("", "crawl") else f" from {_text(source)}"


def _seconds(event: Event, name: str) -> float:
    value = event.get(name)
    return float(value) if isinstance(value, (int, float)) else 0.0


def _figures(run: Run) -> str:
    turns = run.all("turn")
    if not turns:
        return ""
    waited: dict[object, float] = {}
    for call in run.all("call"):
        waited[call.get("turn")] = waited.get(call.get("turn"), 0.0) + _seconds(call, "seconds")
    tokens, seconds, rows = [], [], []
    for number, turn in enumerate(turns, 1):
        name = f"turn {turn.get('turn', number)}"
        last = number == len(turns) or turns[number].get("turn") != turn.get("turn")
        parts = (
            _seconds(turn, "prefill_seconds"),
            _seconds(turn, "decode_seconds"),
            waited.get(turn.get("turn"), 0.0) if last else 0.0,
        )
        counts = (_seconds(turn, "prefilled"), _seconds(turn, "tokens"))
        tokens.append(Bar(name, counts))
        seconds.append(Bar(name, parts))
        figures = [f"{counts[0]:,.0f}", f"{counts[1]:,.0f}", *(f"{part:.2f}" for part in parts)]
        cells = '</td><td class="n">'.join(figures)
        rows.append(f'<tr><td>{_text(name)}</td><td class="n">{cells}</td></tr>')
    heading = ("step", "tokens read", "tokens written", "s reading", "s writing", "s in tools")
    table = (
        "<details><summary>The figures as a table</summary><table><tr>"
        f"{''.join(f'<th>{name}</th>' for name in heading)}</tr>{''.join(rows)}</table></details>\n"
    )
    return (
        "<section>\n<h2>What each step took</h2>\n"
        + stacked("Tokens", ("read", "written"), tokens)
        + stacked("Seconds", ("reading", "writing", "in tools"), seconds, digits=2)
        + table
        + "</section>\n"
    )


def _timeline(run: Run) -> str:
    steps = "".join(f"<li>{line}</li>\n" for event in run.in_force for line in _step(event))
    return f'<section>\n<h2>Timeline</h2>\n<ol class="steps">\n{steps}</ol>\n</section>\n'


def _step(event: Event) -> Iterator[str]:
    """What an event adds to the timeline; kinds that this version does not know are named."""
    kind = event.get("type")
    if kind == "turn":
        text = str(event.get("completion", ""))
        thinking = read_turn(text).thinking or text
        yield (
            f'<p class="head">Turn {_text(event.get("turn", ""))} <small>'
            f"{_text(event.get('tokens', 0))} tokens</small></p>"
            f"<details><summary>thinking</summary><pre>{_text(thinking.strip())}</pre></details>"
        )
    elif kind == "call":
        arguments = json.dumps(event.get("arguments"), ensure_ascii=False)
        yield (
            f'<p class="head">{_text(event.get("name") or "call")} <small>'
            f"{_text(event.get('seconds', 0))} s</small></p><pre>{_text(arguments)}</pre>"
            f"<details><summary>result</summary><pre>{_text(event.get('text', ''))}</pre></details>"
        )
    elif kind == "answer":
        yield f'<p class="head">Answer</p><p>{_text(event.get("text", ""))}</p>'
    elif kind == "end":
        said = f": {_text(event['error'])}" if event.get("error") else ""
        yield (
            f'<p class="head">{_text(event.get("outcome", ""))} <small>'
            f"{_text(event.get('seconds', ''))} s</small>{said}</p>"
        )
    elif kind in _SHORT:
        facts = {k: v for k, v in event.items() if k not in ("type", "items", "claims")}
        yield f"<p>{_SHORT[str(kind)]} <small>{_text(_line(facts))}</small></p>"
    elif kind not in _ELSEWHERE:
        facts = {name: value for name, value in event.items() if name != "type"}
        yield f"<p>{_text(kind)} <small>{_text(_line(facts))}</small></p>"


_SHORT = {
    "stop": "Told to answer.",
    "cut": "The result did not fit into the context.",
    "trim": "Earlier results were left out to make room.",
    "purged": "Texts were purged.",
}
_ELSEWHERE = ("evidence", "quotes", "vectors")


def _line(facts: Mapping[str, object]) -> str:
    line = ", ".join(f"{k} {json.dumps(v, ensure_ascii=False)}" for k, v in facts.items())
    return line if len(line) <= 300 else line[:299] + "…"


def _sources(quoted: Sequence[Quoted], pages: Versions) -> str:
    numbers = _places(quoted)
    if not numbers:
        return ""
    parts = ["<section>\n<h2>The pages that are quoted</h2>\n"]
    items = [item for claim in quoted for item in claim.items]
    for (url, digest), number in numbers.items():
        page = pages.get((url, digest))
        parts.append(f'<div id="page-{number}">')
        if page is None:
            parts.append(
                f'<p class="unsupported">{_text(url)} in the version {_text(digest)} is no longer '
                "in the store.</p></div>\n"
            )
            continue
        spans = [
            (int(item["start"]), int(item["end"]))
            for item in items
            if (str(item.get("url")), str(item.get("version"))) == (url, digest)
            and item.get("quote") == page.text[item.get("start", 0) : item.get("end", 0)]
        ]
        # One letter for one, so that the places of the quotes stay what they are.
        body = body_html(_STEERING.sub("\ufffd", page.text), spans, spelled=True)
        parts.append(
            f'<details open><summary>{_text(page.title)}</summary><p class="where">{_text(url)} · '
            f"captured {page.fetched_at:%Y-%m-%d %H:%M} UTC · {_text(digest)}"
            f"{_text(origin(page))}</p>\n"
            f"<article>{body}</article></details></div>\n"
        )
    return "".join([*parts, "</section>\n"])


def _settings(run: Run) -> str:
    rows = "".join(
        f"<dt>{_text(name)}</dt><dd>{_text(value if isinstance(value, str) else json.dumps(value))}"
        "</dd>"
        for name, value in run.manifest.items()
        if name not in ("type", "question", "form")
    )
    return f'<section>\n<h2>Settings</h2>\n<dl class="facts">{rows}</dl>\n</section>\n'

"""What runs looked for and the corpus does not have: questions without an answer, the queries they
searched with, and the pages they asked for.

It reads runs and the store's misses, and writes nothing: a gap is closed by a page that comes.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from crawler.inside import inside_address, is_inside
from store.errors import UrlError
from store.gaps import Miss
from store.urls import canonical, host

from .errors import RunError
from .scope import recorded_scope
from .trace import Event, Run

FOUND = "answered"


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that its last run did not answer, and what that run searched for and missed.

    `bounds` are those within which it was asked, as the operators of a query; empty: none.
    """

    run: str
    question: str
    outcome: str
    queries: tuple[str, ...]
    missing: tuple[str, ...]
    bounds: str = ""
    quoted: bool = False
    """True when the run had no model: it showed quotes and answered nothing."""

    @property
    def why(self) -> str:
        """Why the question is open, in a few words."""
        if self.quoted:
            return "asked without a model"
        return "answered, but no quote supports it" if self.outcome == FOUND else self.outcome

    def to_json(self) -> dict[str, object]:
        """The question as JSON values."""
        return {
            "run": self.run,
            "question": self.question,
            "outcome": self.outcome,
            "why": self.why,
            "bounds": self.bounds,
            "queries": list(self.queries),
            "missing": list(self.missing),
        }


def unanswered(runs: Iterable[Run]) -> list[Unanswered]:
    """Return the questions whose newest run ended without a supported answer.

    `runs` come the newest first. An answer that no quote supports leaves its question open. The
    same question within other bounds is another one, since it was asked of other pages. A run
    without a model answers nothing, so that it counts only where there is no other.
    """
    found: dict[tuple[str, str], Unanswered | None] = {}
    for run in runs:
        if run.outcome == "unfinished":
            continue
        key = (run.question, _bounds(run))
        known = found.get(key)
        if key not in found or (known is not None and known.quoted and not _by_quotes(run)):
            found[key] = None if _supported(run) else _gap(run)
    return [gap for gap in found.values() if gap is not None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the misses is fetched: addresses, the most wanted first.

    `left_out` says of each other one why not. Of the hosts of `urls` those in `known` have pages in
    the corpus, so that they may be on this machine or its network.
    """

    urls: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    known: tuple[str, ...]


def wanted(
    misses: Sequence[Miss],
    known: Callable[[str], bool],
    look_up: Callable[[str], str] = inside_address,
) -> Wanted:
    """Choose the misses that can be fetched.

    What a model made up is listed as a miss too, and is no address. A model also repeats what a
    hostile page tells it, so a host that is, or resolves to, an address of this machine or its
    network is left out unless `known` says that the corpus has pages of it. `look_up` returns the
    address of a host that is inside, or "".
    """
    hosts: dict[str, str] = {}
    left: dict[str, str] = {}
    for miss in misses:
        try:
            url = canonical(miss.url)
        except UrlError:
            left[miss.url] = "is not an address"
            continue
        if url.startswith(("http://", "https://")):
            hosts[url] = host(url)
        else:
            left[url] = "is not a web address"
    names = list(dict.fromkeys(hosts.values()))
    familiar = tuple(name for name in names if known(name))
    strange = [name for name in names if name not in familiar]
    refused = {name: "is on this machine or its network" for name in strange if is_inside(name)}
    strange = [name for name in strange if name not in refused]
    # Looking up is waiting, a name after the other for minutes.
    with ThreadPoolExecutor(16) as pool:
        for name, address in zip(strange, pool.map(look_up, strange), strict=True):
            if address:
                refused[name] = f"resolves to {address}, on this machine or its network"
    left |= {url: refused[name] for url, name in hosts.items() if name in refused}
    urls = tuple(url for url, name in hosts.items() if name not in refused)
    return Wanted(urls, tuple(left.items()), familiar)


def miss_json(miss: Miss) -> dict[str, object]:
    """A missing page as JSON values."""
    last: datetime = miss.last_at
    return {"url": miss.url, "runs": miss.runs, "last": last.isoformat(timespec="seconds")}


def _supported(run: Run) -> bool:
    if run.outcome != FOUND:
        return False
    evidence = run.last("evidence")
    claims = _rows(evidence, "claims") if evidence else []
    return bool(claims) and all(claim.get("evidence") for claim in claims)


def _by_quotes(run: Run) -> bool:
    return run.manifest.get("model") == "none"


def _bounds(run: Run) -> str:
    try:
        return str(recorded_scope(run.manifest))
    except RunError:
        return str(run.manifest.get("scope"))  # damaged, and still not the same as none


def _gap(run: Run) -> Unanswered:
    queries: dict[str, None] = {}
    missing: dict[str, None] = {}
    for call in run.all("call"):
        data = call.get("data")
        if not isinstance(data, dict):
            continue
        queries |= dict.fromkeys(str(query["query"]) for query in _rows(data, "queries"))
        pages = _rows(data, "pages")
        missing |= dict.fromkeys(str(page["url"]) for page in pages if page.get("missing"))
    return Unanswered(
        run.id,
        run.question,
        run.outcome,
        tuple(queries),
        tuple(missing),
        _bounds(run),
        _by_quotes(run),
    )


def _rows(event: Event, name: str) -> list[dict[str, object]]:
    rows = event.get(name, ())
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

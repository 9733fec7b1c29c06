"""What differs between a recorded result and the present one, for a person: words, and the versions
of the pages behind them. It compares values and changes nothing.
"""

import difflib
import itertools
from collections.abc import Mapping
from typing import Any

from store.errors import StoreError
from store.page import PageVersion
from store.pages import PageStore

from .mentions import shown

SHOWN_LINES = 12
DIGEST_SHOWN = 19
"""Letters of a tagged digest that tell two versions apart for a person."""


def words_of_difference(then: str, now: str, names: tuple[str, str] = ("then", "now")) -> list[str]:
    """Say what differs, word by word, in at most `SHOWN_LINES` lines; `names` are what the two
    texts are called.
    """
    before, after = then.split(), now.split()
    lines = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            continue
        context = " ".join(before[max(0, i - 6) : i])
        place = f"after “… {context}”" if context else "at the beginning"
        old, new = " ".join(before[i:j]), " ".join(after[k:m])
        lines.append(f"  {place}: {names[0]} “{old}”, {names[1]} “{new}”")
    if len(lines) > SHOWN_LINES:
        lines = [*lines[:SHOWN_LINES], f"  … and {len(lines) - SHOWN_LINES} more places"]
    return lines


def fields_of_difference(then: Any, now: Any, name: str = "") -> list[str]:
    """The names of the fields in which two JSON values differ, sorted; capture times left out."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        pairs = [(str(key), then.get(key), now.get(key)) for key in {**then, **now}]
    elif isinstance(then, (list, tuple)) and isinstance(now, (list, tuple)) and name != "spans":
        pairs = [(name, *pair) for pair in itertools.zip_longest(then, now)]
    else:
        return [] if then == now or name == "captured" else [name]
    return sorted({found for key, a, b in pairs for found in fields_of_difference(a, b, key)})


def pages_of_difference(
    then: Mapping[str, Any],
    now: Mapping[str, Any],
    pages: PageStore | None = None,
    seq: int | None = None,
) -> list[str]:
    """One line for each page that the two results (their data) do not show in the same version.

    `pages` tells what there is now of a page that is no longer shown, and what there was at the
    commit `seq` of one that was not shown then.
    """
    before, after = dict(shown(then)), dict(shown(now))
    lines = []
    for url in dict.fromkeys([*before, *after]):
        old, new = before.get(url), after.get(url)
        if old is not None and new is not None and old[0] == new[0]:
            continue
        before_said = _said(old) if old else _stored(pages, url, seq)
        after_said = _said(new) if new else _stored(pages, url, None)
        lines.append(f"  page {url}: then {before_said}; now {after_said}")
    if len(lines) > SHOWN_LINES:
        lines = [*lines[:SHOWN_LINES], f"  … and {len(lines) - SHOWN_LINES} more pages"]
    return lines


def _said(facts: tuple[str, str]) -> str:
    version, captured = facts
    if not version:
        return "not in the corpus"
    return f"{version[:DIGEST_SHOWN]}… captured {captured[:10]}"


def _stored(pages: PageStore | None, url: str, seq: int | None) -> str:
    if pages is None:
        return "not shown"
    try:
        found: PageVersion | None = pages.resolve(url, at=seq)
    except StoreError:
        found = None
    if found is None:
        return "not in the corpus"
    facts = found.digest, found.fetched_at.isoformat()
    return f"not shown, though in the corpus as {_said(facts)}"

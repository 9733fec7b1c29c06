"""Which stored pages look most like a URL that is not there. It compares addresses and titles only,
never texts, and gives the same order every time.

Candidates come from two sides, each bounded whatever the number of pages. Neighbours: the pages
next to it when all are sorted by the words at the end of their addresses, on its host, everywhere,
and everywhere read backwards (the indexes `page_host`, `page_slug`, `page_slug_back`); wherever one
letter is wrong, what stands before it or behind it leads there. Sharers: pages with its words, a
few for each word and each pair (the index `page_words`, see `wordkeys`). What is read follows from
the pages alone: neither the plan nor the order on the disk decides it.
"""

from typing import Any
from urllib.parse import urlsplit

from .database import Connection
from .errors import UrlError
from .urls import canonical, host, words
from .wordkeys import SHELLS, SLUG_KEPT, page_slug, page_words, shell, want_keys, wants

# Neighbours on each side, and how many of all that are most alike; pages of each set of words.
NEIGHBOURS = 12
# Neighbours on each side that are looked at where the end is right too: a letter in the middle.
WIDE = 300
ENDING = 3
SHARERS = 8

_ALIKE = 0.2
"""The score above which a page resembles the address by more than its host."""

_SHARING = """
WITH RECURSIVE reading (keys, level, ids) AS (
    SELECT keys, %(shells)s::int, ARRAY[]::bigint[] FROM unnest(%(wants)s::text[]) AS asked (keys)
    UNION ALL
    SELECT keys, level - 1, ids || ARRAY(
        SELECT page.id FROM page
        WHERE page.words @> replace(keys, '~', (level - 1)::text)::text[] ORDER BY page.id
    )
    FROM reading WHERE level > 0 AND cardinality(ids) < %(sharers)s
)
SELECT ids[:%(sharers)s] FROM reading WHERE level = 0 OR cardinality(ids) >= %(sharers)s
"""
# In front of it and behind it, by age where the words are the same.
_BESIDE = """
(SELECT id, slug, {on_host} FROM page WHERE {place} AND {column} >= {word}{then}
 ORDER BY {column}, id LIMIT %(neighbours)s)
UNION ALL
(SELECT id, slug, {on_host} FROM page WHERE {place} AND {column} < {word}{then}
 ORDER BY {column} DESC, id DESC LIMIT %(neighbours)s)
"""
_FURTHER = """
SELECT id, slug, {on_host} FROM (
    (SELECT id, slug FROM page WHERE {place} AND slug >= %(slug)s{then}
     ORDER BY slug, id LIMIT %(wide)s)
    UNION ALL
    (SELECT id, slug FROM page WHERE {place} AND slug < %(slug)s{then}
     ORDER BY slug DESC, id DESC LIMIT %(wide)s)
) AS looked_at WHERE right(slug, %(ending)s) = right(%(slug)s, %(ending)s)
"""
_THEN = """ AND EXISTS (
    SELECT FROM page_version AS version WHERE version.page_id = page.id AND seq_from <= %(at)s
)"""
_HERE = "collection_id = %(collection)s"
_ON_HOST = f"{_HERE} AND host = %(host)s"


def _beside(then: str) -> str:
    near = [
        _BESIDE.format(place=place, on_host=on_host, column=column, word=word, then=then)
        for place, on_host, column, word in (
            (_ON_HOST, "true", "slug", "%(slug)s"),
            (_HERE, "false", "slug", "%(slug)s"),
            (_HERE, "false", "reverse(slug)", "reverse(%(slug)s)"),
        )
    ]
    further = [
        _FURTHER.format(place=place, on_host=on_host, then=then)
        for place, on_host in ((_ON_HOST, "true"), (_HERE, "false"))
    ]
    return "UNION ALL".join([*near, *further])


_NOW_BESIDE, _THEN_BESIDE = _beside(""), _beside(_THEN)
_PAGES = """
SELECT page.url, version.title, page.host, page.slug
FROM page JOIN page_version AS version ON version.id = page.current_version
WHERE page.id = ANY(%(ids)s)
"""
_PAGES_THEN = """
SELECT page.url, version.title, page.host, page.slug
FROM page JOIN page_version AS version ON version.page_id = page.id
 AND version.seq_from <= %(at)s AND (version.seq_to IS NULL OR version.seq_to > %(at)s)
WHERE page.id = ANY(%(ids)s)
"""
# As it was at a commit. The keys of a page are those of its newest title: the pages that had
# another one then are looked at whatever their keys are now.
_SHARING_THEN = """
SELECT page.id, page.url, page.url_hash, version.title
FROM page
JOIN page_version AS version ON version.page_id = page.id AND version.seq_from <= %(at)s
 AND (version.seq_to IS NULL OR version.seq_to > %(at)s)
WHERE page.collection_id = %(collection)s
 AND (page.words && %(keys)s::text[] OR version.seq_to IS NOT NULL)
"""
_CHANGED_SINCE = "SELECT EXISTS (SELECT FROM clock WHERE seq > %s)"


def nearest_pages(
    connection: Connection, collection: int, url: str, limit: int, at: int | None = None
) -> list[tuple[str, str]]:
    """Return up to `limit` pairs (url, title) of pages that resemble `url`, best first; `at` means
    the pages as they were at that commit.

    Three parts in four of the score are shared letter triples of the last path segment and the
    page's own, or its title; the rest is shared words and a shared host. Pages that share nothing
    but the host are left out unless there are no others.
    """
    try:
        asked = canonical(url)
        asked_host, slug = host(asked), page_slug(asked)
        asked_words = words(urlsplit(asked).path) or words(asked)
    except UrlError:
        asked_host, asked_words = "", words(url)
        slug = " ".join(asked_words)[:SLUG_KEPT]
    values: dict[str, Any] = {
        "collection": collection,
        "host": asked_host,
        "slug": slug,
        "neighbours": NEIGHBOURS,
        "wide": WIDE,
        "ending": ENDING,
        "at": at,
    }
    then = at is not None and _changed_since(connection, at)
    ids = (
        _sharing_then(connection, values, asked_words)
        if then
        else _sharing(connection, collection, asked_words)
    )
    beside = _THEN_BESIDE if then else _NOW_BESIDE
    ids.update(_alike(connection.execute(beside.encode(), values).fetchall(), slug))
    rows = connection.execute(
        _PAGES_THEN if then else _PAGES, {"ids": sorted(ids), "at": at}
    ).fetchall()
    return _ranked(rows, slug, set(asked_words), asked_host)[:limit]


def _alike(rows: list[tuple[Any, ...]], slug: str) -> list[int]:
    """The ids of the neighbours that are most alike, those on the host before others as much so."""
    triples = _triples(slug)
    likeness = {text: _dice(triples, _triples(text)) for text in {row[1] for row in rows}}
    best: dict[int, tuple[float, bool, int]] = {}
    for page, text, on_host in rows:
        rank = (-round(likeness[text], 6), not on_host, page)
        best[page] = min(rank, best.get(page, rank))
    return sorted(best, key=lambda page: best[page])[:NEIGHBOURS]


def _ranked(
    rows: list[tuple[Any, ...]], slug: str, wanted: set[str], asked_host: str
) -> list[tuple[str, str]]:
    """The pages in the order of their likeness, those that are like nothing of it left out."""
    triples = _triples(slug)
    scored: list[tuple[float, str, str]] = []
    others: list[tuple[float, str, str]] = []
    for found, title, found_host, found_slug in rows:
        title_words = words(title)
        named = " ".join(title_words)
        likeness = _dice(triples, _triples(found_slug))
        if named != found_slug:
            likeness = max(likeness, _dice(triples, _triples(named)))
        has = wanted.intersection(title_words)
        has |= wanted.difference(has).intersection(words(found))
        shared = len(has) / len(wanted) if wanted else 0.0
        score = 0.75 * likeness + 0.15 * shared + 0.10 * (found_host == asked_host)
        rank = (-round(score, 6), found, title)
        if score > _ALIKE:
            scored.append(rank)
        elif shared or found_host == asked_host:
            others.append(rank)
    return [(found, title) for _, found, title in sorted(scored or others)]


def _changed_since(connection: Connection, at: int) -> bool:
    row = connection.execute(_CHANGED_SINCE, (at,)).fetchone()
    return row is None or bool(row[0])


def _sharing(connection: Connection, collection: int, asked: list[str]) -> set[int]:
    """The ids of pages that share words with what is asked."""
    looked_up = [want_keys(want, collection) for want in wants(asked)]
    if not looked_up:
        return set()
    values = {"wants": looked_up, "shells": SHELLS, "sharers": SHARERS}
    rows = connection.execute(_SHARING, values).fetchall()
    return {page for row in rows for page in row[0]}


def _sharing_then(connection: Connection, values: dict[str, Any], asked: list[str]) -> set[int]:
    """The same as it was at a commit, drawn here, because the words of pages that have changed
    since are known here alone: it reads every page that shares a word.
    """
    looked_up = wants(asked)
    keys = [
        f"{word} {level}.{values['collection']}"
        for (word, *more) in looked_up
        if not more
        for level in range(SHELLS)
    ]
    found: list[list[tuple[int, int]]] = [[] for _ in looked_up]
    for page, url, key, title in connection.execute(_SHARING_THEN, {**values, "keys": keys}):
        has = set(page_words(url, title))
        for number, want in enumerate(looked_up):
            if has.issuperset(want):
                found[number].append((-shell(bytes(key)), page))
    return {page for places in found for _, page in sorted(places)[:SHARERS]}


def _triples(text: str) -> set[str]:
    padded = f"  {text} "
    return {padded[start : start + 3] for start in range(len(padded) - 2)}


def _dice(one: set[str], other: set[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0

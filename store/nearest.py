"""Which stored pages look most like a URL that is not there. It compares addresses and titles only,
never texts, and gives the same order every time.
"""

from typing import Any
from urllib.parse import urlsplit

from .database import Connection
from .errors import UrlError
from .urls import canonical, host, words

# Enough to find the page among those that share a word or the host, and few enough to compare.
CANDIDATES = 1000
# More than any address or title needs, and few enough that a hostile one costs nothing.
WORDS_KEPT = 200

_SHARED_WORDS = "(SELECT count(*) FROM unnest({words}) AS word WHERE word = ANY(%(words)s::text[]))"
# Of a large site first what begins alike: a word misspelled is mostly right at its beginning.
_BEGINS_ALIKE = """
EXISTS (
    SELECT FROM unnest(page.words) AS word
    WHERE left(word, %(letters)s::int) = ANY(%(beginnings)s::text[])
)
"""
BEGINNING = 3

_SHARING = f"""
SELECT page.url, version.title, page.host, page.words
FROM page JOIN page_version AS version ON version.id = page.current_version
WHERE page.collection_id = %(collection)s AND page.words && %(words)s::text[]
ORDER BY {_SHARED_WORDS.format(words="page.words")} DESC, page.id
LIMIT %(most)s
"""
_SAME_HOST = f"""
SELECT page.url, version.title, page.host, page.words
FROM page JOIN page_version AS version ON version.id = page.current_version
WHERE page.collection_id = %(collection)s AND page.host = %(host)s
ORDER BY {_BEGINS_ALIKE} DESC, page.id
LIMIT %(most)s
"""
# As it was at a commit. The words of a page are those of its newest title: the pages that had
# another one then are looked at whatever their words are now.
_THEN = """
SELECT page.url, version.title, page.host,
       CASE WHEN version.seq_to IS NULL THEN page.words END
FROM page
JOIN page_version AS version ON version.page_id = page.id AND version.seq_from <= %(at)s
 AND (version.seq_to IS NULL OR version.seq_to > %(at)s)
WHERE page.collection_id = %(collection)s
"""
_SHARING_THEN = f"""
{_THEN} AND (page.words && %(words)s::text[] OR version.seq_to IS NOT NULL)
ORDER BY page.id
"""
_SAME_HOST_THEN = f"""
{_THEN} AND page.host = %(host)s
ORDER BY page.id
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
        asked_host = host(asked)
        asked_words = words(urlsplit(asked).path) or words(asked)
        slug = _slug(asked)
    except UrlError:
        asked_host, asked_words, slug = "", words(url), " ".join(words(url))
    rows = _rows(connection, collection, asked_words, asked_host, at)
    triples, wanted = _triples(slug), set(asked_words)
    scored: dict[str, tuple[float, str]] = {}
    for found, title, found_host, found_words in rows:
        likeness = max(
            _dice(triples, _triples(_slug(found))), _dice(triples, _triples(" ".join(words(title))))
        )
        shared = len(wanted.intersection(found_words)) / len(wanted) if wanted else 0.0
        score = 0.75 * likeness + 0.15 * shared + 0.10 * (found_host == asked_host)
        scored[found] = (round(score, 6), title)
    order = sorted(scored.items(), key=lambda item: (-item[1][0], item[0]))
    close = [(found, title) for found, (score, title) in order if score > 0.2]
    return (close or [(found, title) for found, (_, title) in order])[:limit]


def _rows(
    connection: Connection, collection: int, asked: list[str], asked_host: str, at: int | None
) -> list[tuple[Any, ...]]:
    """Return (url, title, host, words) of what may resemble the address."""
    values: dict[str, Any] = {
        "collection": collection,
        "words": asked,
        "host": asked_host,
        "letters": BEGINNING,
        "beginnings": sorted({word[:BEGINNING] for word in asked}),
        "most": CANDIDATES,
    }
    if at is not None:
        row = connection.execute(_CHANGED_SINCE, (at,)).fetchone()
        if row is None or row[0]:
            return _rows_then(connection, {**values, "at": at})
    rows = connection.execute(_SHARING.encode(), values).fetchall()
    if asked_host:
        rows += connection.execute(_SAME_HOST.encode(), values).fetchall()
    return rows


def _rows_then(connection: Connection, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The same as it was at a commit, with the order made here, because the words of pages that
    have changed since are known here alone.
    """
    asked, beginnings = set(values["words"]), set(values["beginnings"])

    def sharing(row: tuple[Any, ...]) -> int:
        return -len(asked.intersection(row[3]))

    def unlike(row: tuple[Any, ...]) -> bool:
        return beginnings.isdisjoint(word[:BEGINNING] for word in row[3])

    rows = [row for row in _then(connection, _SHARING_THEN, values) if sharing(row)]
    found = sorted(rows, key=sharing)[:CANDIDATES]
    if values["host"]:
        rows = _then(connection, _SAME_HOST_THEN, values)
        found += sorted(rows, key=unlike)[:CANDIDATES]
    return found


def _then(connection: Connection, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement, by age, with the words that each page had."""
    return [
        (url, title, at_host, page_words(url, title) if stored is None else stored)
        for url, title, at_host, stored in connection.execute(statement.encode(), values)
    ]


def page_words(url: str, title: str) -> list[str]:
    """Return the words by which a page is found."""
    return sorted({*words(url), *words(title)})[:WORDS_KEPT]


def _slug(url: str) -> str:
    """The words of the last path segment that has any."""
    for segment in reversed(urlsplit(url).path.split("/")):
        if found := words(segment):
            return " ".join(found)
    return " ".join(words(url))


def _triples(text: str) -> set[str]:
    padded = f"  {text} "
    return {padded[start : start + 3] for start in range(len(padded) - 2)}


def _dice(one: set[str], other: set[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0

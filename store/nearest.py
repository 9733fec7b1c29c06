"""Which stored pages look most like a URL that is not there. It compares addresses and titles only,
never texts, and gives the same order every time.
"""

from urllib.parse import urlsplit

from .database import Connection
from .errors import UrlError
from .urls import canonical, host, words

# Enough to find the page among those that share a word or the host, and few enough to compare.
CANDIDATES = 1000

_SHARING = """
SELECT page.url, version.title, page.host, page.words
FROM page JOIN page_version AS version ON version.id = page.current_version
WHERE page.collection_id = %(collection)s AND page.words && %(words)s::text[]
ORDER BY (
    SELECT count(*) FROM unnest(page.words) AS word WHERE word = ANY(%(words)s::text[])
) DESC, page.id
LIMIT %(most)s
"""
# Of a large site first what begins alike: a word misspelled is mostly right at its beginning.
_SAME_HOST = """
SELECT page.url, version.title, page.host, page.words
FROM page JOIN page_version AS version ON version.id = page.current_version
WHERE page.collection_id = %(collection)s AND page.host = %(host)s
ORDER BY EXISTS (
    SELECT FROM unnest(page.words) AS word
    WHERE left(word, %(letters)s::int) = ANY(%(beginnings)s::text[])
) DESC, page.id
LIMIT %(most)s
"""
BEGINNING = 3


def nearest_pages(
    connection: Connection, collection: int, url: str, limit: int
) -> list[tuple[str, str]]:
    """Return up to `limit` pairs (url, title) of pages that resemble `url`, best first.

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
    values = {
        "collection": collection,
        "words": asked_words,
        "host": asked_host,
        "letters": BEGINNING,
        "beginnings": sorted({word[:BEGINNING] for word in asked_words}),
        "most": CANDIDATES,
    }
    rows = connection.execute(_SHARING, values).fetchall()
    if asked_host:
        rows += connection.execute(_SAME_HOST, values).fetchall()
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

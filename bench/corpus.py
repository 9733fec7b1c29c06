"""Made-up pages, the same ones each time, with words as unevenly spread as in real text."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

from store.page import PageVersion

WHEN = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
_SYLLABLES = tuple(consonant + vowel for consonant in "bdfgklmnrstv" for vowel in "aeio")


@cache
def words(count: int = 8000) -> tuple[str, ...]:
    """`count` different invented words, the frequent ones first."""
    chance = random.Random(7)
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(chance.choices(_SYLLABLES, k=chance.randint(2, 5)))] = None
    return tuple(found)


@cache
def _weights() -> list[float]:
    total, cumulated = 0.0, []
    for rank in range(1, len(words()) + 1):
        total += 1 / rank  # Zipf
        cumulated.append(total)
    return cumulated


def sentence(chance: random.Random, length: int = 14) -> str:
    """A sentence of `length` words."""
    return " ".join(chance.choices(words(), cum_weights=_weights(), k=length)).capitalize() + "."


def text(number: int, paragraphs: int = 6) -> str:
    """The Markdown of page `number`: a heading, paragraphs of four sentences, some sections."""
    chance = random.Random(number)
    parts = [f"# {title(number)}"]
    for at in range(paragraphs):
        if at % 3 == 2:
            parts.append(f"## {sentence(chance, 3)[:-1]}")
        parts.append(" ".join(sentence(chance) for _ in range(4)))
    return "\n\n".join(parts) + "\n"


def title(number: int) -> str:
    """The title of page `number`."""
    return sentence(random.Random(-number - 1), 3)[:-1]


def url(number: int) -> str:
    """The address of page `number`."""
    return f"http://bench.test/section-{number % 17}/page-{number}"


def pages(count: int, start: int = 0) -> Iterator[PageVersion]:
    """`count` pages as a crawl would store them."""
    for number in range(start, start + count):
        yield PageVersion(url(number), title(number), text(number), WHEN, lang="en")


def html(number: int, count: int, paragraphs: int = 6) -> str:
    """Page `number` of a site of `count` pages, with a menu around the text and links to others."""
    body = []
    for block in text(number, paragraphs).strip().split("\n\n"):
        if block.startswith("#"):
            level = len(block) - len(block.lstrip("#"))
            body.append(f"<h{level}>{block.lstrip('# ')}</h{level}>")
        else:
            body.append(f"<p>{block}</p>")
    links = [(number * 3 + step) % count for step in (1, 2, 3)]
    onward = "".join(f'<li><a href="page-{to}.html">{title(to)}</a></li>' for to in links)
    menu = '<nav><a href="./">All pages</a></nav>'
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title(number)}'
        f"</title></head><body>{menu}<main><article>{''.join(body)}<ul>{onward}</ul></article>"
        "</main><footer><p>A site made for measuring.</p></footer></body></html>\n"
    )


def site(count: int, paragraphs: int = 6) -> dict[str, str]:
    """File name → HTML of a site of `count` pages and an index page that leads to them all."""
    listed = "".join(
        f'<li><a href="page-{number}.html">{title(number)}</a></li>' for number in range(count)
    )
    index = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>All pages</title>'
        "</head><body><main><h1>All pages</h1><p>Every page of this site that was made for "
        f"measuring is listed here.</p><ul>{listed}</ul></main></body></html>\n"
    )
    return {"index.html": index} | {
        f"page-{number}.html": html(number, count, paragraphs) for number in range(count)
    }


def queries(count: int) -> list[str]:
    """Queries of three words, none of them among the commonest."""
    chance = random.Random(11)
    middle = words()[20:2000]
    return [" ".join(chance.sample(middle, 3)) for _ in range(count)]

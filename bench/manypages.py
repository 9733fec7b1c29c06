"""Made-up pages by the million: lengths as real pages have them, words as unevenly spread as in
real text, addresses of many sites. The same ones each time; one costs some 70 microseconds.

It knows nothing of what is measured with them.
"""

import bisect
import itertools
import random
from collections.abc import Iterator
from functools import cache

from store.page import Outlink, PageVersion

from .corpus import WHEN

LENGTHS = (81, 636, 1483, 2097, 3702, 5561, 7932, 11317, 15634, 23216, 35181, 58127, 87545, 141382)
"""Letters of a page's text at the quantiles below, and `LONGEST` at 1: the 527 pages of Python
3.11's documentation (Debian 3.11.2-6+deb12u9) as the appliance stores them, on the mean 24,921."""
QUANTILES = (0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
LONGEST = 1_011_995
SHARE = 0.25
"""Documentation runs to longer pages than the web does, and a million of them would be 25 GB: each
length is a quarter of the measured one, so that the shape stays and the mean is some 6,000."""
LINKS = 18
"""Links of a page: the demo corpus has 18.5 on the mean (Python's documentation 42, median 24)."""
VOCABULARY = 50_000
HOSTS = 2_000
STOCK = 3_000_000
"""Letters of the text from which each page takes its own stretch."""
SECTIONS = ("wiki", "news", "docs", "blog", "article", "topics", "library", "archive")

_SYLLABLES = tuple(consonant + vowel for consonant in "bdfgklmnrstv" for vowel in "aeio")
_NAMES = len(_SYLLABLES) ** 4
_STRIDE = 2_654_435_761
"""Odd and far from small: numbers that follow one another give names that do not."""


@cache
def vocabulary() -> tuple[str, ...]:
    """Different invented words, the frequent ones first and mostly the shorter ones."""
    chance, found = random.Random(7), dict[str, None]()
    while len(found) < VOCABULARY:
        longest = 2 if len(found) < 100 else 3 if len(found) < 2_000 else 5
        word = "".join(chance.choices(_SYLLABLES, k=chance.randint(min(2, longest), longest)))
        found[word + chance.choice(("", "", "s", "n", "r"))] = None
    return tuple(found)


@cache
def _zipf(count: int) -> list[float]:
    return list(itertools.accumulate(1 / rank for rank in range(1, count + 1)))


def drawn(chance: random.Random, count: int) -> list[str]:
    """So many words of the vocabulary, as Zipf has them."""
    return chance.choices(vocabulary(), cum_weights=_zipf(VOCABULARY), k=count)


@cache
def _stock() -> str:
    chance, blocks, have = random.Random(11), list[str](), 0
    while have < STOCK:
        block = " ".join(drawn(chance, 60)).capitalize() + "."
        if len(blocks) % 8 == 7:
            block = f"## {' '.join(drawn(chance, 3)).capitalize()}\n\n{block}"
        blocks.append(block)
        have += len(block) + 2
    return "\n\n".join(blocks)


@cache
def _links() -> tuple[Outlink, ...]:
    return tuple(
        Outlink(f"https://{site(0)}.example/wiki/{name(number)}", name(number))
        for number in range(5_000)
    )


def length(chance: random.Random, share: float = SHARE) -> int:
    """Letters of a text, drawn from the measured quantiles with straight lines between them."""
    at = chance.random()
    upper = bisect.bisect_right(QUANTILES, at)
    low, high = QUANTILES[upper - 1], QUANTILES[upper] if upper < len(QUANTILES) else 1.0
    short, long = LENGTHS[upper - 1], LENGTHS[upper] if upper < len(LENGTHS) else LONGEST
    # Few pages are as long as the longest: the last line is bent.
    place = (at - low) / (high - low)
    if upper == len(QUANTILES):
        place **= 4
    return int(share * (short + place * (long - short)))


def name(number: int) -> str:
    """A word that is the name of one page alone."""
    left, parts = number * _STRIDE % _NAMES, []
    for _ in range(4):
        left, syllable = divmod(left, len(_SYLLABLES))
        parts.append(_SYLLABLES[syllable])
    return "".join(parts) + "x"


def slug(number: int) -> list[str]:
    """The words at the end of a page's address: its own name for every third page, with a word of
    the vocabulary for another third, and words of the vocabulary for the rest.
    """
    chance = random.Random(number)
    kind = number % 3
    if kind == 0:
        return [name(number)]
    if kind == 1:
        return [name(number), *drawn(chance, 1)]
    return drawn(chance, chance.randint(3, 6))


def address(number: int) -> str:
    """The address of page `number`; few hosts have most pages."""
    chance = random.Random(-number - 1)
    host = chance.choices(range(HOSTS), cum_weights=_zipf(HOSTS))[0]
    section = SECTIONS[host % len(SECTIONS)]
    place = f"{number // 1000}/" if number % 3 == 2 else ""
    return f"https://{site(host)}.example/{section}/{place}{'-'.join(slug(number))}"


def site(host: int) -> str:
    """The name of a site."""
    return vocabulary()[-host - 1]


def page(number: int, share: float = SHARE) -> PageVersion:
    """Page `number` as a crawl would store it."""
    chance = random.Random(number ^ 0x5CA1E)
    wanted, stock, links = length(chance, share), _stock(), _links()
    start = chance.randrange(len(stock) - wanted)
    first = chance.randrange(len(links) - LINKS)
    url = address(number)
    title = " ".join(slug(number)).capitalize()
    return PageVersion(
        url,
        f"{title} - {url[8:].partition('.')[0].capitalize()}",
        f"# {title}\n\n{stock[start : start + wanted]}",
        WHEN,
        lang="en",
        outlinks=links[first : first + LINKS],
        source="bench",
    )


def pages(start: int, stop: int, share: float = SHARE) -> Iterator[PageVersion]:
    """The pages from `start` to before `stop`."""
    return (page(number, share) for number in range(start, stop))

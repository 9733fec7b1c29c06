"""A thousand queries of every kind that people and models write, made from the pages themselves.

The same pages give the same queries, in the same order, in every process. It searches nothing.
"""

import json
import random
import re
from collections.abc import Callable, Sequence
from itertools import islice

from store.page import PageVersion

from ..scratch import QUESTIONS

ODD = (
    '""', "?!", "-", "- -", "AND OR NOT", "the of and", "what is it", "🎻", "“”", "a", "长",
    '"a" "b" "c"', "-opera", "-2018", "-40", "site:", "site:none.test river", "intitle:",
    "before:yesterday river", "after:2020 before:2019 river", "ｓｉｔｅ：almanac.test Ｄａｎｕｂｅ",
    "−opera Vienna", "「長江」 river", "«guitarra» cuerdas", "filetype:pdf piano", "ext:html piano",
    "collection:web piano", "inurl:rivers Danube", "xylophonic", "C++ f(x) a_b-c.d", "\u202eebunaD",
    "Zürich zurich ZÜRICH", "O'Brien’s 1,234.5 km/h", "rivers AND bridges", '"unclosed quote',
)  # fmt: skip
WHOLE = 1000
LONGEST = 100_000
RARE = 97
"""One query in so many is a very long one."""
_WORD = re.compile(r"\w+(?:[-'’]\w+)*")

Maker = Callable[[random.Random, Sequence[PageVersion]], str]


def queries(pages: Sequence[PageVersion], count: int) -> list[str]:
    """Return `count` different queries, the demo's questions and oddities among them."""
    pages = sorted((page for page in pages if len(_words(page)) > 20), key=lambda page: page.url)
    chance = random.Random(4)
    found = dict.fromkeys([*questions(), *ODD])
    kinds = [_some, _sentence, _phrase, _titled, _filtered, _excluding, _dated, _mixed, _listed]
    at = 0
    while len(found) < max(count, WHOLE):
        at += 1
        make = _long if at % RARE == 0 else kinds[at % len(kinds)]
        found[make(chance, pages)] = None
    # A short list is taken from the whole one at even steps, so that it holds every kind too.
    return list(islice(list(found)[:: len(found) // count], count))


def questions() -> list[str]:
    """Return the questions of the demo corpus."""
    lines = QUESTIONS.read_text("utf-8").splitlines()
    return [str(json.loads(line)["question"]) for line in lines if line.strip()]


def _words(page: PageVersion) -> list[str]:
    return _WORD.findall(page.text)


def _run(chance: random.Random, page: PageVersion, most: int) -> str:
    """Return some words of a page as they stand in a row."""
    words = _words(page)
    at = chance.randrange(len(words))
    return " ".join(words[at : at + chance.randint(1, most)])


def _some(chance: random.Random, pages: Sequence[PageVersion]) -> str:
    words = _words(chance.choice(pages))
    return " ".join(chance.choice(words) for _ in range(chance.randint(1, 6)))


def _sentence(chance: random.Random, pages: Sequence[PageVersion]) -> str:
    return _run(chance, chance.choice(pages), 25)


def _phrase(chance: random.Random, pages: Sequence[PageVersion]) -> str:
    one, other = chance.choice(pages), chance.choice(pages)
    left, right = chance.choice(('""', "“”", "„“", "«»", "「」"))
    return f"{_run(chance, other, 2)} {left}{_run(chance, one, 4)}{right}"


def _titled(chance: random.Random, pages: Sequence[PageVersion]) -> str:
    page = chance.choice(pages)
    return f"intitle:{chance.choice(_words(page))} {page.title} {_run(chance, page, 2)}"


def _filtered(chance: random.Random, pages: Sequence[PageVersion]) -> str:
    page = chance.choice(pages)
    host, _, path = page.url.partition("://")[2].partition("/")
    where = chance.choice((host, f"{host}/{path.partition('/')[0]}", host.rpartition(".")[2]))
    return f"{chance.choice(('', '-'))}site:{where} {_run(chance, page, 3)}"


def _excluding(chance: random.Random, pages: Sequence[PageVersion]) -> str:
    page = chance.choice(pages)
    barred = chance.choice(_words(chance.choice(pages)))
    if chance.random() < 0.3:
        barred = f'"{_run(chance, page, 3)}"'
    return f"{_run(chance, page, 3)} -{barred}"


def _dated(chance: random.Random, pages: Sequence[PageVersion]) -> str:
    day = f"{chance.randint(2020, 2026)}-{chance.randint(1, 12):02}"
    return f"{_run(chance, chance.choice(pages), 2)} {chance.choice(('before', 'after'))}:{day}"


def _mixed(chance: random.Random, pages: Sequence[PageVersion]) -> str:
    """Words of two pages, of two languages where there are several."""
    foreign = [page for page in pages if page.lang not in ("", "en")] or pages
    return f"{_run(chance, chance.choice(foreign), 3)} {_run(chance, chance.choice(pages), 3)}"


def _listed(chance: random.Random, pages: Sequence[PageVersion]) -> str:
    """Filters alone, which list pages by address."""
    host = chance.choice(pages).url.partition("://")[2].partition("/")[0]
    word = chance.choice(_words(chance.choice(pages)))
    return f"site:{host} -{word} after:{chance.randint(2019, 2025)}"


def _long(chance: random.Random, pages: Sequence[PageVersion]) -> str:
    text = " ".join(chance.choice(pages).text for _ in range(chance.randint(3, 80)))
    return (text + " ")[: LONGEST + chance.randint(-50, 50)]

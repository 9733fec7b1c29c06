"""What a goal asks for, as words to look for in one page, and where the page has them.

The words of the goal count most, those of the title more than that where the goal does not say
them, those of the whole question a little. Only words that begin as a wanted one does are stemmed,
so that a page of 20,000 tokens is looked through in milliseconds. It ranks nothing and knows no
index.
"""

import re
import unicodedata
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from .encoders.lexical import ASKING
from .families import FAMILY_WEIGHT, relatives
from .tokens import UNSPACED, language_key, stem, terms

QUESTION_SHARE = 0.1
"""What a word of the whole question counts when the goal does not hold it."""
TITLE_SHARE = 1.5
"""What a word of the page's title counts that neither goal nor question holds."""
TASK_SHARE = 0.2
"""What a word counts that tells the reader what to do and not what to find: `identify`."""
_TASK = """
find identify extract get retrieve look search check confirm verify determine collect gather provide
list locate read see explain describe understand learn obtain information info detail details
content page webpage website article section text specific specifically particular particularly
especially regarding related relevant relating including include includes mention mentioned mentions
whether about any all other also full complete exact main key user goal
获取 查找 提取 查看 了解 确认 搜索 寻找 找到 信息 相关 关于 页面 网页 详细
内容 具体 特别 包括 以及 是否 其他
"""

_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_QUICK = re.compile(r"\w++(?:[.,]\d+)*+")
"""The same for a text without underscores."""
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")

Hit = tuple[int, float]
"""The number of a wanted word, and what a place counts for it: 1, or less for a related word."""


@dataclass(slots=True)
class Wanted:
    """The words to look for: their stems, shares, and those that stand side by side in the goal."""

    words: list[str]
    shares: list[float]
    pairs: set[tuple[int, int]]
    titled: set[int]
    """Words that the title has, the goal's too."""
    key: str
    unspaced: list[int] = field(default_factory=list)
    _stems: dict[str, tuple[Hit, ...]] = field(default_factory=dict)
    _begins: frozenset[str] = frozenset()
    _known: dict[str, tuple[Hit, ...]] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def know(self, words: Iterable[str]) -> None:
        """Look words up once, so that the texts made of them need not."""
        fresh = set(words).difference(self._seen)
        self._seen |= fresh
        begins = self._begins
        for word in [w for w in fresh if w[:3] in begins or w[:2] in begins or not w.isascii()]:
            self._look_up(word)

    def hits(self, text: str, words: AbstractSet[str]) -> dict[int, float]:
        """Return the wanted words that `text` has, each with its best match.

        `words` are those of the text, every one known.
        """
        shared = words & self._known.keys()
        if not shared and not self.unspaced:
            return {}
        # In one order, for sums of fractions hang on theirs.
        found = [hit for word in sorted(shared) for hit in self._known[word]]
        if self.unspaced:
            found += [(n, 1.0) for n in self.unspaced if self.words[n] in text]
        return best(found)

    def sequence(self, text: str) -> list[Hit]:
        """Return the wanted words of `text` in order, its words being known (`know`).

        Those of unspaced scripts come last.
        """
        known = self._known
        found = [hit for word in split_words(text) if word in known for hit in known[word]]
        if self.unspaced:
            found += [(n, 1.0) for n in self.unspaced if self.words[n] in text]
        return found

    def _look_up(self, word: str) -> None:
        if word[0].isdigit():
            plain = word.replace(",", "") if _THOUSANDS.fullmatch(word) else word
        else:
            plain = stem(word, self.key)
        hits = self._stems.get(plain)
        if hits:
            self._known[word] = hits


def best(hits: Iterable[Hit]) -> dict[int, float]:
    """Return the best match of each word."""
    found: dict[int, float] = {}
    for number, weight in hits:
        if number not in found or weight > found[number]:
            found[number] = weight
    return found


def split_words(text: str) -> list[str]:
    """Return the words of a text in small letters, not stemmed; none of an unspaced script."""
    plain = text.lower() if text.isascii() else UNSPACED.sub(" ", _lower(text))
    found: list[str] = _QUICK.findall(plain.replace("_", " "))
    return found


def _lower(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def _begins(stems: Iterable[str]) -> frozenset[str]:
    """The beginnings of words that may have one of these stems: a stemmer changes endings.

    Three letters of a stem of four, for its last may have been another; else two, one more where
    `dying` has the stem `die`.
    """
    heads = {word[: 3 if len(word) > 3 else 2] for word in stems if word.isascii()}
    short = {head for head in heads if len(head) < 3}
    return frozenset(heads | {h[0] + "y" for h in short if h[1:] == "i"} | {h[:1] for h in short})


def wanted(goal: str, question: str, title: str, language: str = "") -> Wanted:
    """Return the words to look for in a page of that title and language."""
    key = language_key(language)
    asking, task = _plain(key)
    title_words = _words_of(title, key)
    share: dict[str, float] = {}
    for words, worth in (
        (_words_of(goal, key), 1.0),
        (_words_of(question, key), QUESTION_SHARE),
        (title_words, TITLE_SHARE),
    ):
        for word in dict.fromkeys(words):
            if word not in asking:
                share.setdefault(word, worth * (TASK_SHARE if word in task else 1.0))
    names = list(share)
    number = {word: at for at, word in enumerate(names)}
    order = [number[w] for w in _words_of(goal, key) if w in number]
    stems: dict[str, list[Hit]] = {}
    for word, at in number.items():
        stems.setdefault(word, []).append((at, 1.0))
    for word, at in number.items():
        for other in sorted(relatives(word, key) - number.keys()):
            stems.setdefault(other, []).append((at, FAMILY_WEIGHT))
    found = Wanted(
        names,
        [share[word] for word in names],
        set(pairwise(order)),
        {number[w] for w in title_words if w in number},
        key,
        [number[w] for w in names if UNSPACED.match(w)],
    )
    found._stems = {word: tuple(hits) for word, hits in stems.items()}
    found._begins = _begins(stems)
    return found


def _words_of(text: str, key: str) -> list[str]:
    """The words of a goal or title as they are looked for; unspaced scripts in pairs of letters."""
    found: list[str] = []
    for run in _WORD.findall(_lower(text)):
        if UNSPACED.search(run):
            found += terms(run, key, single=False)
        elif run[0].isdigit():
            found.append(run.replace(",", "") if _THOUSANDS.fullmatch(run) else run)
        else:
            found.append(stem(run, key))
    return found


@lru_cache(maxsize=32)
def _plain(key: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the stems of the words that only ask, and of those that say what to do."""
    return _stems_of(ASKING, key), _stems_of(_TASK.split(), key)


def _stems_of(words: Iterable[str], key: str) -> frozenset[str]:
    return frozenset(found for word in words for found in _words_of(word, key))

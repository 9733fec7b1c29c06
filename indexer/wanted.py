"""What a goal asks for, as words to look for in one page, and where the page has them.

The words of the goal count most, those of the title more than that where the goal does not say
them, those of the whole question a little. Only words that begin as a wanted one does are stemmed,
so that a page of 20,000 tokens is looked through in milliseconds. It ranks nothing and knows no
index.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, pairwise

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
_JOINING = frozenset(".,")
"""What joins the digits of a number, and so two words that `_QUICK` takes for one."""
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

    def held(self, page: "PageWords", texts: Sequence[str]) -> list[dict[int, float]]:
        """Return the wanted words that each part of a page has, each with its best match.

        `texts` are the parts as they stand in the page.
        """
        self.know(page.words)
        found: list[dict[int, float]] = [{} for _ in texts]
        # In one order, for sums of fractions hang on theirs.
        for word in sorted(page.words & self._known.keys()):
            for at in page.parts_with(word):
                _keep(found[at], self._known[word])
        if self.unspaced:
            for hits, text in zip(found, texts, strict=True):
                _keep(hits, [(n, 1.0) for n in self.unspaced if self.words[n] in text])
        return found

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


@dataclass(frozen=True, slots=True)
class PageWords:
    """The words of the parts of a page: the same for every goal.

    `text` is the parts in small letters with a line break between two, `starts` where each begins
    in it.
    """

    text: str
    starts: tuple[int, ...]
    words: frozenset[str]

    def parts_with(self, word: str) -> Iterator[int]:
        """Yield the number of each part in which the word stands whole, in order."""
        text, starts, size = self.text, self.starts, len(word)
        at, after = text.find(word), 0
        while at >= 0:
            if _is_part(text, at, at + size):
                at = text.find(word, at + size)
                continue
            after = bisect_right(starts, at, after)
            yield after - 1
            if after == len(starts):
                return
            at = text.find(word, starts[after])


def page_words(parts: Iterable[str]) -> PageWords:
    """Return the words of the parts of a page."""
    small = [_small(part) for part in parts]
    text = "\n".join(small)
    starts = tuple(accumulate((len(part) + 1 for part in small[:-1]), initial=0))
    # Most words come again, and none has white space in it.
    once = " ".join(set(text.split()))
    return PageWords(text, starts, frozenset(_QUICK.findall(once)))


def _is_part(text: str, at: int, end: int) -> bool:
    """True when `text[at:end]` is a part of a longer word or number."""
    before, after = text[at - 1 : at], text[end : end + 1]
    if before.isalnum() or after.isalnum():
        return True
    if after in _JOINING and text[end + 1 : end + 2].isdecimal():
        return True
    return before in _JOINING and text[at].isdecimal() and text[at - 2 : at - 1].isalnum()


def best(hits: Iterable[Hit]) -> dict[int, float]:
    """Return the best match of each word."""
    found: dict[int, float] = {}
    _keep(found, hits)
    return found


def _keep(found: dict[int, float], hits: Iterable[Hit]) -> None:
    for number, weight in hits:
        if number not in found or weight > found[number]:
            found[number] = weight


def split_words(text: str) -> list[str]:
    """Return the words of a text in small letters, not stemmed; none of an unspaced script."""
    found: list[str] = _QUICK.findall(_small(text))
    return found


def _small(text: str) -> str:
    plain = text.lower() if text.isascii() else UNSPACED.sub(" ", _lower(text))
    return plain.replace("_", " ")


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

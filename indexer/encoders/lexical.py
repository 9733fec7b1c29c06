"""BM25 as sparse vectors, without weights: what the appliance searches with until BGE-M3 is there.

The passage side holds the saturated term frequency with a pinned length constant, so that adding
pages re-encodes nothing; the rarity of a term (idf) is the searcher's to multiply, from what the
frozen index counted. It knows no index and no database.

BM25: Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009); the
fields are weighted before saturation, as in BM25F there.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from store.digest import blake_json

from ..tokens import DEFAULT_LANGUAGE, UNSPACED, UNSTEMMED, VERSION, language_key, terms
from ..url_words import url_words
from .base import EMPTY, PassageText, QueryVectors, Term, Vectors
from .fields import anchor_id, pairs, term_id

STEMMER = "snowballstemmer 3.1"
"""The family of stems. Snowball changes stems between minor releases, so the pin is part of us."""

K1 = 1.2
B = 0.5
LENGTH = 220.0
"""The passage length, in terms, at which a frequency is neither raised nor lowered."""

TITLE_WEIGHT = 2.0
HEADING_WEIGHT = 1.0
URL_WEIGHT = 1.0
PAIR_WEIGHT = 0.2
"""What two words of a query count beside what each counts, where they stand side by side."""
LEAD = 100
"""The terms at the beginning of a page whose pairs are kept: a page says first what it is."""
ANCHOR_WEIGHT = 0.15
"""What a word of a query counts besides, where links to the page have it."""
ANCHOR_LENGTH = 24.0
"""The terms in the links to a page, times their weights, at which a frequency stays what it is."""
ANCHOR_TERMS = 32
"""Terms kept of the links to one page, the heaviest first."""

# Words that ask rather than name. They are rare in encyclopaedic text, so idf alone would
# take them for the point of the question. Query side only: no passage is encoded without them.
_ASKING = """
a an and any are as at be been but by can did do does for from had has have he her his how i if in
into is it its many me much my no not of on or our she so some such tell than that the their them
there these they this to too us was we were what when where which who whom whose why will with
would you your
al como con cual cuál cuales cuáles cuando cuándo cuanto cuánto cuanta cuánta cuantas cuántas
cuantos cuántos de del donde dónde el en era es fue hay la las lo los para por qué que quien quién
se son su sus tiene tienen un una y
au aux ce comment dans des du est et le les où par pour quand quel quelle quels quelles qui quoi sur
das dem den der ein eine einer für ist mit und von wann warum was welche welcher welches wer wie wo
什么 是什 有 哪里 哪一 多少 谁 的 是 了 在 和 有多 哪个 哪些 几 吗
"""
ASKING = frozenset(_ASKING.split())
ASKING_WEIGHT = 0.1


@dataclass(frozen=True, slots=True)
class Bm25:
    """What BM25 can be told, so that a measurement can tell it otherwise.

    `length` is in terms; `title`, `heading` and `url` are added to a term's frequency before
    saturation, and 0 leaves that field out. `lead` is how many terms at the beginning of a page
    give pairs, `pair` what a pair weighs in a query; 0 leaves pairs out. `anchor` is what a word
    weighs in the links to a page, `asking` what a word that only asks weighs in a query, and
    without `stemmed` words are only folded. Those from `pair` on but `stemmed` are the query's
    alone; the others decide what a passage's vector is.
    """

    k1: float = K1
    b: float = B
    length: float = LENGTH
    title: float = TITLE_WEIGHT
    heading: float = HEADING_WEIGHT
    url: float = URL_WEIGHT
    lead: int = LEAD
    stemmed: bool = True
    pair: float = PAIR_WEIGHT
    anchor: float = ANCHOR_WEIGHT
    asking: float = ASKING_WEIGHT


DEFAULT_BM25 = Bm25()


@lru_cache(maxsize=64)
def _asking(language: str) -> frozenset[str]:
    return frozenset(t for word in sorted(ASKING) for t in terms(word, language, single=False))


@lru_cache(maxsize=8192)
def _field(text: str, language: str) -> tuple[int, ...]:
    """Return the dimensions of a title, a heading or an address, each once.

    Kept, because all passages of a page have them.
    """
    return tuple(dict.fromkeys(map(term_id, terms(text, language))))


@lru_cache(maxsize=8192)
def _linked(text: str, language: str) -> tuple[int, ...]:
    """Return the dimensions of the words of a link, each once."""
    return tuple(dict.fromkeys(map(anchor_id, terms(text, language))))


@dataclass(frozen=True, slots=True)
class _Read:
    """A query as words: for each its terms in every language, their ids, and whether it only asks.

    `light` words weigh little; a query of nothing else has none.
    """

    variants: tuple[tuple[str, ...], ...]
    ids: tuple[tuple[int, ...], ...]
    light: frozenset[tuple[int, ...]]


class LexicalEncoder:
    """BM25 term weights in hashed dimensions."""

    name = "bm25"
    dense_size = 0
    uses_rarity = True
    batch = 128

    def __init__(self, constants: Bm25 = DEFAULT_BM25) -> None:
        self.constants = constants

    @property
    def impact_ceiling(self) -> float:
        """What a saturated frequency never reaches."""
        return self.constants.k1 + 1.0

    @property
    def digest(self) -> str:
        """The tagged digest over every constant that reaches a passage's vector."""
        c = self.constants
        stems = STEMMER if c.stemmed else "no stemmer"
        fields = [c.title, c.heading, c.url, c.lead, ANCHOR_LENGTH, ANCHOR_TERMS]
        return blake_json(["lexical-2", VERSION, stems, c.k1, c.b, c.length, fields])

    def encode_passages(self, passages: Sequence[PassageText]) -> list[Vectors]:
        """Return saturated term frequencies in (0, k1 + 1)."""
        return [Vectors(None, self._weights(passage)) for passage in passages]

    def _weights(self, passage: PassageText) -> dict[int, float]:
        c = self.constants
        language = self._language(passage.language)
        row = terms(passage.text, language)
        body = Counter(row)
        # Single characters stand beside the pairs and must not make a Chinese page seem twice
        # as long as it is.
        length = sum(
            count for t, count in body.items() if len(t) > 1 or t.isascii() or not UNSPACED.match(t)
        )
        norm = 1.0 - c.b + c.b * length / c.length
        frequency: dict[int, float] = {}
        for term, times in body.items():
            frequency[term_id(term)] = times / norm
        for text, weight in (
            (passage.title, c.title),
            *((h, c.heading) for h in passage.headings),
            (url_words(passage.address) if c.url else "", c.url),
        ):
            for key in _field(text, language) if weight else ():
                frequency[key] = frequency.get(key, 0.0) + weight
        if passage.first and c.lead:
            asking = _asking(language)
            for key, times in Counter(pairs(row[: c.lead], asking)).items():
                frequency[key] = times / norm
            for key in dict.fromkeys(pairs(terms(passage.title, language), asking)):
                frequency[key] = frequency.get(key, 0.0) + c.title
        most, k1 = c.k1 + 1.0, c.k1
        return {key: n * most / (n + k1) for key, n in frequency.items()} or {EMPTY: 1.0}

    def encode_anchors(
        self, texts: Sequence[tuple[str, float]], language: str = ""
    ) -> dict[int, float]:
        """Return saturated frequencies of the words in the links to a page, in (0, k1 + 1)."""
        c = self.constants
        frequency: dict[int, float] = {}
        length = 0.0
        for text, weight in texts:
            words = _linked(text, self._language(language))
            length += weight * len(words)
            for word in words:
                frequency[word] = frequency.get(word, 0.0) + weight
        norm = 1.0 - c.b + c.b * length / ANCHOR_LENGTH
        heaviest = sorted(frequency, key=lambda word: (-frequency[word], word))[:ANCHOR_TERMS]
        return {
            word: frequency[word] * (c.k1 + 1.0) / (frequency[word] + c.k1 * norm)
            for word in heaviest
        }

    def _language(self, tag: str) -> str:
        return language_key(tag) if self.constants.stemmed else UNSTEMMED

    def words(self, text: str, languages: Sequence[str] = ()) -> tuple[Term, ...]:
        """Return the words of a text as a query has them, without pairs and words of links.

        A word's stems in each of `languages` are one term.
        """
        return self._words(self._read(text, languages))

    def encode_query(self, text: str, languages: Sequence[str] = ()) -> QueryVectors:
        """Return the query's words, its pairs of words, and its words in the links to pages.

        Words that only ask ("who", "which", "多少") weigh little, unless there is nothing else;
        in pairs and links they do not count.
        """
        c = self.constants
        read = self._read(text, languages)
        words = self._words(read)
        more = []
        if c.anchor:
            for ids, row in sorted(dict(zip(read.ids, read.variants, strict=True)).items()):
                if ids not in read.light:
                    also = tuple(sorted({anchor_id(term) for term in row}))
                    more.append(Term(also, c.anchor, ids))
        if c.pair and c.lead:
            more += [Term(ids, c.pair) for ids in sorted(_beside(read))]
        return QueryVectors(None, (*words, *more))

    def _words(self, read: _Read) -> tuple[Term, ...]:
        light = self.constants.asking
        return tuple(
            Term(ids, light if ids in read.light else float(min(count, 2)))
            for ids, count in sorted(Counter(read.ids).items())
        )

    def _read(self, text: str, languages: Sequence[str]) -> _Read:
        return _read(text, tuple(languages) if self.constants.stemmed else (UNSTEMMED,))


@lru_cache(maxsize=8192)
def _read(text: str, languages: tuple[str, ...]) -> _Read:
    """Return a query, or the title of a page, as words. Kept, for titles come up often."""
    keys = sorted({language_key(tag) for tag in languages})
    keys = keys if keys == [UNSTEMMED] else sorted({*keys, DEFAULT_LANGUAGE})
    asking = [_asking(key) for key in keys]
    variants = tuple(zip(*(terms(text, key, single=False) for key in keys), strict=True))
    ids = tuple(tuple(sorted({term_id(term) for term in row})) for row in variants)
    light = frozenset(
        key
        for key, row in zip(ids, variants, strict=True)
        if all(term in words for term, words in zip(row, asking, strict=True))
    )
    return _Read(variants, ids, light if set(ids) - light else frozenset())


def _beside(read: _Read) -> set[tuple[int, ...]]:
    """Return the ids of the pairs of a query: those of each language are one term."""
    heavy = [row for ids, row in zip(read.ids, read.variants, strict=True) if ids not in read.light]
    found = (
        {pair for row in zip(one, other, strict=True) for pair in pairs(row, ())}
        for one, other in pairwise(heavy)
    )
    return {tuple(sorted(ids)) for ids in found if ids}

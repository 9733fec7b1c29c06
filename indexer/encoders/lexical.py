"""BM25 as sparse vectors, without weights: what the appliance searches with until BGE-M3 is there.

The passage side holds the saturated term frequency with a pinned length constant, so that adding
pages re-encodes nothing; the rarity of a term (idf) is the searcher's to multiply, from what the
frozen index counted. It knows no index and no database.

BM25: Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009); the
fields are weighted before saturation, as in BM25F there.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from store.digest import blake_json

from ..tokens import DEFAULT_LANGUAGE, UNSPACED, UNSTEMMED, VERSION, language_key, terms
from .base import EMPTY, PassageText, QueryVectors, Term, Vectors

STEMMER = "snowballstemmer 3.1"
"""The family of stems. Snowball changes stems between minor releases, so the pin is part of us."""

K1 = 1.2
B = 0.5
LENGTH = 220.0
"""The passage length, in terms, at which a frequency is neither raised nor lowered."""

TITLE_WEIGHT = 2.0
HEADING_WEIGHT = 1.0

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

    `length` is in terms; `title` and `heading` are added to a term's frequency before saturation,
    and 0 leaves that field out. `asking` is what a word that only asks weighs in a query, and
    without `stemmed` words are only folded. All but `asking` decide what a passage's vector is.
    """

    k1: float = K1
    b: float = B
    length: float = LENGTH
    title: float = TITLE_WEIGHT
    heading: float = HEADING_WEIGHT
    asking: float = ASKING_WEIGHT
    stemmed: bool = True


DEFAULT_BM25 = Bm25()


@lru_cache(maxsize=500_000)
def term_id(term: str) -> int:
    """Return the stable 31-bit dimension of a term; 0 is reserved for "no terms"."""
    name = hashlib.blake2b(term.encode("utf-8"), digest_size=4).digest()
    return int.from_bytes(name, "big") >> 1 or 1


@lru_cache(maxsize=64)
def _asking(language: str) -> frozenset[str]:
    return frozenset(t for word in sorted(ASKING) for t in terms(word, language, single=False))


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
        return blake_json(["lexical-1", VERSION, stems, c.k1, c.b, c.length, c.title, c.heading])

    def encode_passages(self, passages: Sequence[PassageText]) -> list[Vectors]:
        """Return saturated term frequencies in (0, k1 + 1)."""
        return [Vectors(None, self._weights(passage)) for passage in passages]

    def _weights(self, passage: PassageText) -> dict[int, float]:
        c = self.constants
        language = (passage.language or DEFAULT_LANGUAGE) if c.stemmed else UNSTEMMED
        body = Counter(terms(passage.text, language))
        # Single characters stand beside the pairs and must not make a Chinese page seem twice
        # as long as it is.
        length = sum(n for t, n in body.items() if len(t) > 1 or not UNSPACED.match(t))
        norm = 1.0 - c.b + c.b * length / c.length
        frequency: dict[str, float] = {term: count / norm for term, count in body.items()}
        for text, weight in (
            (passage.title, c.title),
            *((h, c.heading) for h in passage.headings),
        ):
            for term in sorted(set(terms(text, language))) if weight else ():
                frequency[term] = frequency.get(term, 0.0) + weight
        weights: dict[int, float] = {}
        for term in sorted(frequency):
            count = frequency[term]
            impact = count * (c.k1 + 1.0) / (count + c.k1)
            dimension = term_id(term)
            weights[dimension] = max(impact, weights.get(dimension, 0.0))
        return weights or {EMPTY: 1.0}

    def encode_query(self, text: str, languages: Sequence[str] = ()) -> QueryVectors:
        """Return the query's terms; a word's stems in each of the index's languages are one term.

        Words that only ask ("who", "which", "多少") weigh little, unless there is nothing else.
        """
        c = self.constants
        keys = sorted({language_key(tag) for tag in languages} | {DEFAULT_LANGUAGE})
        keys = keys if c.stemmed else [UNSTEMMED]
        rows = [terms(text, key, single=False) for key in keys]
        asking = [_asking(key) for key in keys]
        weights: Counter[tuple[int, ...]] = Counter()
        light: set[tuple[int, ...]] = set()
        for variants in zip(*rows, strict=True):
            ids = tuple(sorted({term_id(term) for term in variants}))
            weights[ids] += 1
            if all(term in words for term, words in zip(variants, asking, strict=True)):
                light.add(ids)
        heavy = [ids for ids in weights if ids not in light]
        return QueryVectors(
            None,
            tuple(
                Term(ids, c.asking if heavy and ids in light else float(min(count, 2)))
                for ids, count in sorted(weights.items())
            ),
        )

"""The words of one query as the language of each page stems them: what a snippet is chosen by."""

from .encoders.base import Term
from .encoders.fields import term_id
from .encoders.lexical import ASKING_WEIGHT, LexicalEncoder
from .frozen.read import FrozenIndex
from .query import Query
from .tokens import language_key, terms


class Words:
    """The words of a query on one index. `counted` tells that its postings are words."""

    def __init__(self, index: FrozenIndex, query: Query, counted: bool) -> None:
        self._index = index
        self._text = query.text
        self._counted = counted
        self._known: dict[str, dict[str, tuple[float, bool]]] = {}

    def weights(self, title: str, language: str) -> dict[str, float]:
        """Return the query's words and what each is worth in a page of that title."""
        titles = set(terms(title, language))
        return {
            # A word of the title says little about which sentence matters.
            word: round(worth * (0.5 if word in titles else 1.0), 9)
            for word, (worth, _) in self._worth(language).items()
        }

    def naming(self, language: str) -> frozenset[str]:
        """Return the query's words without those that only ask ("who", "which", "多少")."""
        known = self._worth(language)
        return frozenset(word for word, (_, asks) in known.items() if not asks)

    def _worth(self, language: str) -> dict[str, tuple[float, bool]]:
        """Return for each word its rarity times its weight, and whether it only asks."""
        key = language_key(language)
        if key not in self._known:
            self._known[key] = self._weighed(key)
        return self._known[key]

    def _weighed(self, language: str) -> dict[str, tuple[float, bool]]:
        words = LexicalEncoder().words(self._text, (language,))
        weight_of = {key: term.weight for term in words for key in term.ids}
        found = {}
        for word in terms(self._text, language, single=False):
            key = term_id(word)
            rarity = self._index.rarity(Term((key,), 1.0)) if self._counted else 1.0
            weight = weight_of.get(key, 1.0)
            found[word] = (rarity * weight, weight == ASKING_WEIGHT)
        return found

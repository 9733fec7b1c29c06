"""Pages that lead to one another: what another page says where it mentions this page's subject.

"The river crossed by the bridge that Clark designed" is answered on the page of the river, which
knows no Clark; the page of the bridge, read in the same run, names both. It judges no claim.
"""

import re
from collections.abc import Sequence

from . import question as q
from .letters import fold
from .reading import Reading

DEPTH = 3
"""Pages in a row, for a question of that many steps."""


class Chain:
    """Which words of a question come to a page from those that mention its subject."""

    def __init__(self, question: str, readings: Sequence[Reading]) -> None:
        self._question = question
        self._readings = readings
        self._words: dict[int, frozenset[str]] = {}

    def words(self, reading: Reading) -> frozenset[str]:
        """Return the words that other pages say where they mention this page's subject."""
        key = id(reading)
        if key not in self._words:
            self._words[key] = self._gathered(reading, DEPTH, {key})
        return self._words[key]

    def _gathered(self, reading: Reading, depth: int, seen: set[int]) -> frozenset[str]:
        subject = self._subject(reading)
        if subject is None:
            return frozenset()
        question = q.read(self._question, reading.key)
        asked = set(question.words)
        names = {word for word in asked if question.is_name(word)}
        found: set[str] = set()
        for other in self._readings:
            if id(other) in seen or asked <= found:
                continue
            places = [match.start() for match in subject.finditer(other.folded)]
            units = {n for place in places[:20] if (n := other.number_at(place)) is not None}
            if not units:
                continue
            found |= {word for n in units for word in other.bag(n)} | other.title
            found |= names & other.every
            if depth > 1:
                found |= self._gathered(other, depth - 1, seen | {id(other)})
        return frozenset(found & asked)

    @staticmethod
    def _subject(reading: Reading) -> "re.Pattern[str] | None":
        """The title without what follows a comma or bracket, as a pattern of folded text."""
        words = re.findall(r"\w+", fold(re.split(r"[,(（|–—]| - ", reading.page.title)[0]))
        if not words or len("".join(words)) < 2:
            return None
        return re.compile(r"(?<![a-z0-9])" + r"\W{1,3}".join(map(re.escape, words)) + r"(?![a-z0-9])")

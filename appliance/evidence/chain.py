"""Pages that lead to one another: what another page says where it mentions this page's subject.

"The river crossed by the bridge that Clark designed" is answered on the page of the river, which
knows no Clark; the page of the bridge, read in the same run, names both. It judges no claim.
"""

import re
from collections.abc import Sequence

from . import question as q
from .letters import fold
from .reading import Reading
from .values import names

DEPTH = 3
"""Pages in a row, for a question of that many steps."""
MENTIONS = 20
"""Places of a page that are looked at for one subject."""

_COMPARED = re.compile(r"\b(?:than|only)(?: (?:that|those) of)?(?: the| an?)?[^\w.]*\Z")
"""What stands before a name that is only compared with: "longer than the", "only the"."""
_POINTING = re.compile(
    r"\W*(?:see also|compare|v[eé]ase tambi[eé]n|siehe auch|voir aussi|参见)", re.I
)
_WIDE_NAMES = (
    "europe asia africa america australia oceania antarctica earth christian roman english french "
    "german spanish british american european"
)
_WIDE = frozenset((*_WIDE_NAMES.split(), "north america", "south america", "middle ages"))
"""Names that lead nowhere, since half of all pages open with one of them."""


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
        question = q.read(self._question, reading.key)
        asked = set(question.words)
        named = {word for word in asked if question.is_name(word)}
        subject = self._subject(reading)
        found: set[str] = set()
        for other in self._readings:
            if id(other) in seen or asked <= found:
                continue
            units = self._mentions(subject, other) or self._shared(reading, other, named)
            if not units:
                continue
            found |= {word for n in units for word in other.bag(n)} | other.title
            found |= named & _told(other)
            if depth > 1:
                found |= self._gathered(other, depth - 1, seen | {id(other)})
        return frozenset(found & asked)

    @staticmethod
    def _mentions(subject: "re.Pattern[str] | None", other: Reading) -> set[int]:
        """The units of another page that mention a page's subject."""
        if subject is None:
            return set()
        places = [match.start() for match in subject.finditer(other.folded)][:MENTIONS]
        numbers = {
            number: place
            for place in places
            if (number := other.number_at(place)) is not None
            and not _COMPARED.search(other.folded, other.pieces[number].start, place)
        }
        return {number for number in numbers if not _pointed(other, number)}

    def _shared(self, reading: Reading, other: Reading, named: set[str]) -> set[int]:
        """The units that hold most names of the question, and a name that this page opens with.

        "The Union was founded in Paris" leads to the page that begins with a tower in Paris.
        """
        if not named:
            return set()
        asked = q.read(self._question, other.key).folded
        found = set()
        for number, piece in enumerate(other.pieces):
            if 2 * len(named & other.bag(number)) <= len(named):
                continue
            unit = other.text[piece.start : piece.end]
            for name in names(unit, asked):
                words = fold(unit[name.start : name.end])
                if words in _WIDE:
                    continue
                if re.search(rf"(?<!\w){re.escape(words)}(?!\w)", reading.opening):
                    found.add(number)
        return found

    @staticmethod
    def _subject(reading: Reading) -> "re.Pattern[str] | None":
        """The title without what follows a comma or bracket, as a pattern of folded text."""
        words = re.findall(r"\w+", fold(re.split(r"[,(（|–—]| - ", reading.page.title)[0]))
        if not words or len("".join(words)) < 2:
            return None
        return re.compile(
            r"(?<![a-z0-9])" + r"\W{1,3}".join(map(re.escape, words)) + r"(?![a-z0-9])"
        )


def _pointed(reading: Reading, number: int) -> bool:
    """True for "See also", which tells nothing of what it points to."""
    return _POINTING.match(reading.text, reading.pieces[number].start) is not None


def _told(reading: Reading) -> set[str]:
    """The words of a page but for its "See also"."""
    told = [reading.bag(n) for n in range(len(reading.pieces)) if not _pointed(reading, n)]
    return {word for bag in told for word in bag} | reading.title

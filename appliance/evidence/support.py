"""Whether a place that holds a claimed value speaks of what was asked.

That the value stands there is not enough. The unit around it (with its headings, the sentence
before, the page's title and first sentences, and pages that lead to this one) has to name what the
question names and say some of what the question asks about it; the value has to be of the kind
that was asked for, in the clause that says it, of the named thing and not of another; and no unit
that was read may give another value of that kind and speak of the question better.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from indexer.blocks import TABLE
from indexer.families import FAMILY_WEIGHT

from . import question as q
from .amounts import AMOUNT as _AMOUNT
from .amounts import in_words, unit_kinds, unit_pattern
from .chain import Chain
from .dates import days
from .letters import UNSPACED, fold
from .question import Asked
from .reading import Reading
from .values import NUMERIC, Value, is_name, names, rival_kind, values

ABOVE, BEFORE, TITLE, LEAD, CHAIN, BODY = 0.9, 0.5, 1.0, 0.6, 0.6, 0.2
"""What a word of the question counts that a unit inherits, one that stands in it being 1."""
CELL_FAMILY = 0.9
"""What a word of the same family counts in a table; elsewhere it is `FAMILY_WEIGHT`."""
LABEL = 0.3
"""What a word counts that only says of what kind the answer is."""
OPENING = 5
"""How many words at the beginning of a sentence may name what all of it is about."""
NAMED = 0.6
"""The share of the words of names that the unit and what it inherits must hold."""
COVERED = 0.4
"""The share of the question's words that they must speak of where the question names nothing."""
MARGIN = 0.35
"""How many words better another unit may speak of the question."""
MEASURED = 0.5
"""What a unit counts as saying that measures the kind of thing that is asked for."""

_MEASURES = (
    (re.compile(r"\bhow long (?:did|does|do|was|were)\b.*\b(?:take|last|reign|live|work|serve|stay|rule)|\bduration\b|cuánto dur"), {"duration"}),
    (re.compile(r"\bhow (?:long|tall|high|deep|wide|far|thick|broad)\b|\b(?:length|height|depth|width|altitude|elevation|distance|diameter|span|radius|circumference)\b|cuánto mide|longitud|altura|多[长高深宽远]|长度|高度|海拔|坝高"), {"length"}),
    (re.compile(r"\bhow (?:large|big)\b"), {"length", "area", "volume"}),
    (re.compile(r"\barea\b|\bsuperficie\b|面积"), {"area"}),
    (re.compile(r"\b(?:how heavy|weigh\w*|mass)\b|\bpeso\b|重量|多重"), {"mass"}),
    (re.compile(r"\bdensity\b|densidad|密度"), {"density"}),
    (re.compile(r"\b(?:speed|how fast|velocity)\b|velocidad|速度"), {"speed"}),
    (re.compile(r"\btemperature\b|how (?:hot|cold)\b|temperatura|温度"), {"temperature"}),
    (re.compile(r"\bvolume\b|体积"), {"volume"}),
    (re.compile(r"\bhow old\b"), {"duration"}),
)  # fmt: skip
_CLAUSE = re.compile(
    r"[.!?][\"”’)]*\s+(?=[A-ZÀ-Þ])|[,;:()–—|]+\s|\s[–—-]\s|\s(?:and|but|while|whereas|which|who|y|pero|mientras|und|aber|et|mais)\s|[，；：、（）]"
)
_NO_PERSON = re.compile(r"(?:^|\s)(?:in|at|near|above|below|into|across|through|en|bei|im|à|am)(?: the| la| el)?\s*[\"“*_\[]*$")
_BY = re.compile(r"\bby(?: the)?\s*[\"“*_\[]*$")
_ADJECTIVE = re.compile(r"\b(?:an?|the|is|was|former|first|many|most|his|her) $")
_LONGER = re.compile(r" (?!River\b|Lake\b|Mountains?\b|Bridge\b|City\b)[A-ZÀ-Þ][a-zà-ÿ]{2,}")
_NOUN = re.compile(r"(?:[ -](?!(?:is|was|and|or|in|of|on|at|by|to|for|from|with|has|had|who|which|that|as|where|when|the|a|an|it|he|she|did|also|are|were|but|then|while)\b)[a-z]+){1,}")
_TOP = re.compile(r"\b(?:[Tt]op|[Ss]ummit|[Hh]ighest point|cumbre|cima)\b")
_WEEKDAY = re.compile(r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b")
_NATION = re.compile(r"\w+(?:an|ish|ese|ch|ic|ss|eek|ech)")
_AUXILIARY = frozenset(
    "had has have did does do is are was were there can could will would in on of at to the".split()
)
_DIMENSIONS = tuple(
    re.compile(rf"\b(?:{words})\b")
    for words in (
        "long|length|longest|extent|stretch\\w*",
        "high|tall|height|highest|tallest|elevation|altitude|above",
        "deep|depth|deepest|below",
        "wide|broad|width|breadth|diameter|across|thick",
        "large|big|area|size|diameter|across|wide|long",
    )
)
_DIMENSION = re.compile(
    r"[^\w|.;,]*(?:[a-z²³/]{1,3}\b|(?:kilo|centi|milli)?met(?:re|er)s?|miles?|feet|foot)?[^\w|.;,]*"
    r"(long|high|tall|above|deep|below|wide|broad|across|thick)\b"
)
"""What is said behind an amount: in which direction it is measured."""
_LISTED = re.compile(
    r"[*_\])\"“” ]*(?:,|、|，|和|与|&|/|\b(?:and|or|y|e|und|et)\b)(?: ?(?:and|y|und|et))?"
    r"(?: (?:the|la|el))?[*_\[(\"“” ]*(?:[A-ZÀ-Þ][\w.]* )?"
)
_SUBJECT = re.compile(
    r"(?:^|[,;:.(|–—-]|\b(?:and|while|but|whereas|y|und))\s*(?:[Ii]n \d{4},? )?(?:[Tt]he |[Aa]n? |[Ee]l |[Ll]a )?[\"“*_\[(]*$"
)
"""What stands before a name that a clause or an item is about."""


Rival = tuple[float, dict[str, float], Reading, str]
"""A unit that gives another value: its score, what each word counts in it, its page, its text."""


@dataclass(frozen=True, slots=True)
class Found:
    """A unit that supports a claim: how well it speaks of the question, and what it says of it."""

    score: float
    number: int
    start: int
    end: int


class Judging:
    """One question over the pages that were read: which places support a value."""

    def __init__(self, question: str, readings: Sequence[Reading]) -> None:
        self.question = question
        self.readings = readings
        self.kind = q.kind_of(question)
        self.chain = Chain(question, readings)
        lowered = question.lower()
        self.measures: frozenset[str] = frozenset(
            next((kinds for pattern, kinds in _MEASURES if pattern.search(lowered)), ())
        )
        self._rivals: dict[tuple[str, frozenset[str]], list[Rival]] = {}

    def asked(self, reading: Reading) -> Asked:
        """The question as the page's language stems it."""
        return q.read(self.question, reading.key)

    def support(self, claim: str, reading: Reading, start: int, end: int) -> Found | None:
        """Judge the place `start` to `end` of a page, which says `claim`; None: no support."""
        return self.explain(claim, reading, start, end)[0]

    def explain(
        self, claim: str, reading: Reading, start: int, end: int
    ) -> tuple[Found | None, str]:
        """The same with the reason why the place supports nothing, for those who measure."""
        number = reading.number_at(start)
        if number is None:
            return None, "heading"
        asked = self.asked(reading)
        piece = reading.pieces[number]
        unit = reading.text[piece.start : piece.end]
        place = (start - piece.start, end - piece.start)
        if set(re.findall(r"\w+", fold(claim))) <= asked.folded:
            return None, "words of the question"
        measures = self._measured(claim, unit, place)
        if not self._fits(reading, claim, unit, place, measures):
            return None, "kind"
        given = self._given(asked, reading, number, start)
        if not self._named(asked, given):
            return None, "names"
        claimed = _stems(reading, claim)
        said = self._said(asked, reading, number, start, measures, claimed)
        if said <= 0.0:
            return None, "relation"
        if self._of_another(asked, reading, number, place):
            return None, "subject"
        if self._clause(asked, reading, claim, unit, place):
            return None, "clause"
        if self._silent(asked, reading, number, start) and self._told_elsewhere(claim, asked):
            return None, "relation elsewhere"
        score = sum(given.values())
        if (rival := self._outdone(claim, measures, asked, given)) is not None:
            return None, f"rival: {rival}"
        return Found(score, number, piece.start, piece.end), ""

    def speaks(self, reading: Reading, number: int, place: int) -> float:
        """How many words of the question a unit speaks of, with what it inherits."""
        return sum(self._given(self.asked(reading), reading, number, place).values())

    def whole(self, reading: Reading, number: int) -> bool:
        """True for a unit that says all that is asked, itself or in its headings and title."""
        asked = self.asked(reading)
        piece = reading.pieces[number]
        bag = reading.bag(number) | reading.above(number, piece.start) | reading.title
        if piece.kind == TABLE and piece.header is not None:
            bag |= reading.words(*piece.header)
        return all(
            word in bag or (not asked.is_name(word) and not asked.kin[word].isdisjoint(bag))
            for word in asked.words
            if word not in asked.label
        )

    def says_unit(self, unit: str, reading: Reading, place: int) -> bool:
        """True where a column, row or heading, or the question itself, gives a number its unit."""
        if unit_kinds(unit) == {"duration"} and re.search(r"\bhow old\b|\bage\b", self.question.lower()):
            return True
        number = reading.number_at(place)
        if number is None:
            return False
        piece = reading.pieces[number]
        around = [*piece.headings[-1:]]
        if piece.kind == TABLE:
            around += [reading.column(number, place)]
            around += reading.text[piece.start : place].split("|")[1:2]
        found = re.compile(rf"(?<![a-z]){unit_pattern(unit)}")
        return any(found.search(fold(text)) for text in around)

    # What a unit says of the question.

    def _given(self, asked: Asked, reading: Reading, number: int, place: int) -> dict[str, float]:
        """What each word of the question counts for a unit."""
        unit = reading.bag(number)
        above, before = reading.above(number, place), reading.before(number)
        layers = (
            (unit, 1.0), (above, ABOVE), (before, BEFORE), (reading.title, TITLE),
            (self._after(reading, number, place), BEFORE),
            (reading.lead, LEAD), (self.chain.words(reading), CHAIN),
        )  # fmt: skip
        given = {}
        # A cell has one word for its property, and no sentence in which another might stand.
        family = CELL_FAMILY if reading.pieces[number].kind == TABLE else FAMILY_WEIGHT
        for word in asked.words:
            best = 0.0
            for bag, share in layers:
                if word in bag:
                    best = max(best, share)
                elif not asked.kin[word].isdisjoint(bag) and not asked.is_name(word):
                    best = max(best, share * family)
            if asked.is_name(word) and best:
                best = 1.0
            elif asked.is_name(word) and word in reading.every:
                best = BODY
            given[word] = best * (LABEL if word in asked.label else 1.0)
        return given

    def _named(self, asked: Asked, given: dict[str, float]) -> bool:
        named = [word for word in asked.words if asked.is_name(word)]
        # What only stands elsewhere on the page is half a reason to think that it is meant.
        held = sum(1.0 if given[w] > BODY else 0.5 if given[w] else 0.0 for w in named)
        words = [word for word in asked.words if word not in asked.label]
        covered = sum(given[word] for word in words) >= COVERED * len(words)
        return held >= NAMED * len(named) and (covered or bool(named))

    def _after(self, reading: Reading, number: int, place: int) -> frozenset[str]:
        """What the next sentence says of whom this one is about, when it calls him "he"."""
        if self.kind not in (q.PERSON, q.ANY):
            return frozenset()
        begins = reading.text[reading.pieces[number].start : place]
        return reading.after(number) if _SUBJECT.search(begins) else frozenset()

    def _said(
        self,
        asked: Asked,
        reading: Reading,
        number: int,
        place: int,
        measures: frozenset[str],
        claimed: frozenset[str] = frozenset(),
    ) -> float:
        """How much of what is asked about the named is said here, and not only on the page."""
        # What the whole page is about is said by every unit of it, and so by none. A name that
        # the page is not about is said of it, as any word is.
        relation = [
            word for word in asked.words if word not in reading.title and word not in asked.label
        ] or asked.relation
        # What the claim itself says of the question is not said of it.
        relation = [word for word in relation if word not in claimed or not asked.is_name(word)]
        if not relation:
            # "In which country is it": what opens its page tells, or a sentence that names it.
            named = [word for word in asked.words if asked.is_name(word)]
            opens = number in reading.leads or not reading.bag(number).isdisjoint(named)
            return 1.0 if opens else 0.0
        said = 0.0
        bag = reading.bag(number) | reading.above(number, place)
        near = reading.before(number) | self._after(reading, number, place)
        for word in relation:
            words = {word, *asked.kin[word]}
            said += 1.0 if words & bag else BEFORE if words & near else 0.0
        said /= len(relation)
        if self.measures and measures & self.measures:
            said = max(said, MEASURED)
        return said

    def _silent(self, asked: Asked, reading: Reading, number: int, place: int) -> bool:
        """True for a unit that says nothing of what is asked but names."""
        bag = reading.bag(number) | reading.above(number, place) | reading.before(number)
        bag |= self._after(reading, number, place)
        return bool(asked.relation) and all(
            word not in bag and asked.kin[word].isdisjoint(bag) for word in asked.relation
        )

    def _told_elsewhere(self, claim: str, asked: Asked) -> bool:
        """True where another unit gives another value and says what is asked."""
        said = fold(claim)
        return any(
            said not in fold(unit)
            and any(theirs.get(word, 0.0) >= FAMILY_WEIGHT * ABOVE for word in asked.relation)
            for _, theirs, _, unit in self._rivals_of(rival_kind(self.kind, claim), frozenset())
        )

    # The kind of the value.

    def _measured(self, claim: str, unit: str, place: tuple[int, int]) -> frozenset[str]:
        """What the claimed amount measures, by the unit in the claim or behind it on the page."""
        for text in (fold(unit)[place[0] : place[1] + 24], fold(claim)):
            for match in _AMOUNT.finditer(text):
                if match["unit"]:
                    return frozenset(unit_kinds(match["unit"]))
                break
        return frozenset()

    def _fits(
        self,
        reading: Reading,
        claim: str,
        unit: str,
        place: tuple[int, int],
        measures: frozenset[str],
    ) -> bool:
        folded = fold(claim)
        digits = any(letter.isdigit() for letter in folded) or any(
            in_words(word) is not None for word in re.findall(r"[a-z]+", folded)
        )
        dated = bool(days(folded))
        kind = self.kind
        if kind not in NUMERIC and not dated:
            for start, end, _ in days(fold(unit)):
                if start <= place[0] and place[1] <= end:
                    return False  # A month or a number of a date says nothing by itself.
        before = unit[: place[0]]
        if kind == q.AMOUNT:
            if not digits or dated:
                return False
            if not self.measures:
                return True
            if self._other_dimension(unit, place):
                return False
            if measures:
                return bool(self.measures & measures)
            # Without a unit of ours the number counts things, unless it stands alone.
            said = re.sub(r"[\d\W_]|million|billion|thousand", "", folded)
            return not said and not re.match(r"[\s-]?[a-z]{3,}", fold(unit)[place[1] :])
        if kind == q.COUNT:
            return digits and not dated and self._counted(reading, folded, unit, place)
        if kind == q.YEAR:
            if re.search(r"\b(?:number|no\.|nr\.?|op\.|patent|mile|page) $", before.lower()):
                return False
            return dated or re.search(r"(?<![\d.,])\d{3,4}(?![\d.,]*\d)|century|siglo|世纪", folded) is not None
        if kind == q.DAY:
            return dated or digits or _WEEKDAY.fullmatch(folded) is not None
        if kind in (q.PERSON, q.PLACE):
            if dated or not is_name(claim) or re.match(r"[\d−-]", folded.strip()):
                return False
            if _LONGER.match(unit[place[1] :]) and not _LONGER.search(claim):
                return False  # "Kyoto Prize" says no Kyoto.
            if _NATION.fullmatch(claim) and _ADJECTIVE.search(before) and _NOUN.match(unit[place[1] :]):
                return False  # "an American engineer" names no American.
            if kind == q.PERSON:
                return _NO_PERSON.search(before) is None
            return _BY.search(before) is None
        return True

    def _other_dimension(self, unit: str, place: tuple[int, int]) -> bool:
        """True before "deep", or in a row "Depth", for a question of length."""
        said = [match[1]] if (match := _DIMENSION.match(fold(unit[place[1] :]))) else []
        if unit.lstrip().startswith("|"):
            said += [fold(unit.split("|")[1])]
        asked = {row for row, words in enumerate(_DIMENSIONS) if words.search(self.question.lower())}
        for words in said:
            rows = {row for row, dimension in enumerate(_DIMENSIONS) if dimension.search(words)}
            if rows and asked and rows.isdisjoint(asked):
                return True
        return False

    def _dimension(self, unit: str, place: tuple[int, int]) -> bool:
        """True before the very dimension that is asked for: "150 metres wide"."""
        match = _DIMENSION.match(fold(unit[place[1] :]))
        asked = [words for words in _DIMENSIONS if words.search(self.question.lower())]
        return match is not None and any(words.search(match[1]) for words in asked)

    def _counted(
        self, reading: Reading, claim: str, unit: str, place: tuple[int, int]
    ) -> bool:
        """False where the number counts something else than what "how many" asks for."""
        match = re.search(r"\bhow many ([\w-]+)(?: ([\w-]+))?|cu[aá]nt[oa]s ([\w-]+)", self.question.lower())
        if match is None or unit.lstrip().startswith("|"):
            return True
        first = next(word for word in match.groups() if word)
        if unit_kinds(fold(first)):
            amount = _AMOUNT.match(fold(unit)[place[0] :])
            said = [text["unit"] for text in (amount, _AMOUNT.match(claim)) if text and text["unit"]]
            return any(re.fullmatch(unit_pattern(fold(first)), unit) for unit in said)
        counted = [word for word in match.groups() if word and word not in _AUXILIARY]
        if first.endswith(("s", "people", "men", "women", "children")):
            counted = [first]
        wanted = [fold(word)[:4] for word in counted]
        for word in counted:
            for stem in _stems(reading, word):
                wanted += [kin[:4] for kin in self.asked(reading).kin.get(stem, ()) if len(kin) > 3]
        behind = re.findall(r"[^\W\d_]+", fold(unit)[place[1] :])[:4]
        said = re.findall(r"[^\W\d_]+", claim)
        if any(word[:4] in wanted for word in (*said, *behind)):
            return True
        # A number that stands alone or at the end may still count what the sentence is about.
        following = unit[place[1] :].lstrip()
        return not said and (not following or not following[0].isalpha())

    # Whose value it is.

    def _of_another(
        self, asked: Asked, reading: Reading, number: int, place: tuple[int, int]
    ) -> bool:
        """True where a number is said of another named thing than those of the question."""
        if self.kind not in (q.AMOUNT, q.COUNT, q.YEAR, q.DAY):
            return False
        piece = reading.pieces[number]
        unit = reading.text[piece.start : piece.end]
        known = set(asked.words) | asked.folded
        named = {word for word in asked.words if asked.is_name(word)}
        if named & reading.title or not named & reading.bag(number):
            # A page about another thing that mentions the one that is asked for says its own.
            known |= reading.title
        relation = {kin for w in asked.relation for kin in (w, *asked.kin[w])}
        if piece.kind == TABLE:
            cells = unit.strip().strip("|").split("|")
            column = _stems(reading, reading.column(number, piece.start + place[0]))
            if len(cells) == 2 and relation.isdisjoint(column):
                return False  # A table of two columns gives properties of one thing.
            label = cells[0]
            head = list(names(f"x {label}"))
            return bool(head) and self._strange(reading, label, known)
        if self.kind in (q.YEAR, q.DAY) and not relation.isdisjoint(
            reading.bag(number) | reading.above(number, piece.start + place[0])
        ):
            return False  # What is done to a thing on a day is done by another.
        if _TOP.search(unit[: place[0]]) and {"length"} & self.measures:
            return False  # "The top, Uhuru Peak, stands at": the height of the mountain.
        begin = max(unit.rfind(";", 0, place[0]), 0)
        for value in reversed(list(names(unit[begin : place[0]]))):
            run = unit[begin + value.start : begin + value.end]
            if not self._strange(reading, run, known):
                return False
            if _SUBJECT.search(unit[begin : begin + value.start]):
                return True
        return False

    def _strange(self, reading: Reading, run: str, known: set[str]) -> bool:
        words = {word for word in _stems(reading, run) if len(word) > 1}
        named = {word for word in known if word in self.asked(reading).names}
        return bool(words) and words.isdisjoint(named) and not words <= known and len(words - known) * 2 > len(words) - 1

    def _clause(
        self, asked: Asked, reading: Reading, claim: str, unit: str, place: tuple[int, int]
    ) -> bool:
        """True where another value of the kind stands in the clause that says what is asked."""
        kind = rival_kind(self.kind, claim)
        if kind == q.AMOUNT and self._dimension(unit, place):
            return False
        others = [v for v in values(unit, kind) if v.end <= place[0] or place[1] <= v.start]
        if not others or unit.lstrip().startswith("|"):
            return False
        bounds = [0, *(match.end() for match in _CLAUSE.finditer(unit)), len(unit)]
        clauses = list(zip(bounds, bounds[1:], strict=False))

        def worth(start: int, end: int) -> float:
            bag: set[str] = set()
            for a, b in clauses:
                if a < end and start < b:
                    bag |= _stems(reading, unit[a:b])
            total = named = 0.0
            for word in asked.words:
                if asked.is_name(word):
                    # What the page is about need not be named; what else is asked about is.
                    share = 0.1 if word in reading.title or word in opening else worth_of_names
                    named = max(named, share if word in bag else 0.0)
                    continue
                share = LABEL if word in asked.label else 1.0
                if word in bag:
                    total += share
                elif not asked.kin[word].isdisjoint(bag):
                    total += share * FAMILY_WEIGHT
            return total + named

        # Whom a sentence begins with is whom all its clauses are about.
        opening = _stems(reading, " ".join(unit.split()[:OPENING]))
        worth_of_names = 1.5 if self.kind in NUMERIC else 0.7
        mine_labelled = self._labelled(asked, unit, *place)
        if not mine_labelled and any(self._labelled(asked, unit, v.start, v.end) for v in others):
            return True
        mine = max(worth(v.start, v.end) for v in (Value(*place), *others) if v.start == place[0] or _beside(unit, place, v))
        subject = not re.search(r"\w+\W+\w+\W+\w", unit[: place[0]])
        for other in others:
            words = set(re.findall(r"\w+", fold(unit[other.start : other.end])))
            if words <= asked.folded or _beside(unit, place, other):
                continue
            if self.kind not in NUMERIC and not _stems(
                reading, unit[other.start : other.end]
            ).isdisjoint(asked.names):
                continue  # Shinichi Suzuki is the Suzuki of the question.
            # What begins a sentence is what all of it is about, up to another that begins a clause.
            agent = _BY.search(unit[: other.start]) and self.kind == q.PERSON
            if subject and not agent and not _SUBJECT.search(unit[: other.start]):
                continue
            if worth(other.start, other.end) > mine + MARGIN:
                return True
        return False

    def _labelled(self, asked: Asked, unit: str, start: int, end: int) -> bool:
        """True for a value with the noun that was asked for: "Lake Itasca", "Emperor Kanmu"."""
        if self.kind in NUMERIC or not asked.label:
            return False
        near = [*re.findall(r"\w+", unit[:start])[-1:], *re.findall(r"\w+", unit[start:end])]
        near += re.findall(r"^ ([A-Z]\w+)", unit[end:])
        return any(word[:1].isupper() and fold(word)[:5] in {x[:5] for x in asked.label} for word in near)

    # Whether another unit gives another value and speaks of the question better.

    def _outdone(
        self, claim: str, measures: frozenset[str], asked: Asked, given: dict[str, float]
    ) -> str | None:
        """Return a unit that gives another value and speaks of the question better, or None.

        What it says less of counts double: another fact about the same thing is no rival.
        """
        kind = rival_kind(self.kind, claim)
        said = fold(claim)
        rivals = [(kind, MARGIN if kind != q.ANY else 2 * MARGIN)]
        if self.kind == q.ANY and kind != q.ANY:
            rivals.append((q.ANY, 2 * MARGIN))
        score = sum(given.values())
        for kind, margin in rivals:
            for best, theirs, _, unit in self._rivals_of(kind, measures if kind == rivals[0][0] else frozenset()):
                if best <= score + margin:
                    break
                less = sum(max(0.0, given[word] - theirs.get(word, 0.0)) for word in given)
                if best - less > score + margin and said not in fold(unit):
                    return unit
        return None

    def _rivals_of(
        self, kind: str, measures: frozenset[str]
    ) -> list[Rival]:
        """The units that give a value of a kind, the best speakers of the question first."""
        key = (kind, measures)
        if key not in self._rivals:
            found = [r for reading in self.readings for r in self._speakers(reading, kind, measures)]
            self._rivals[key] = sorted(found, key=lambda rival: -rival[0])
        return self._rivals[key]

    def _speakers(
        self, reading: Reading, kind: str, measures: frozenset[str]
    ) -> Iterator[Rival]:
        asked = self.asked(reading)
        for number, piece in enumerate(reading.pieces):
            if reading.bag(number).isdisjoint(asked.words) and not self.measures:
                continue
            unit = reading.text[piece.start : piece.end]
            best: dict[str, float] | None = None
            for value in values(unit, kind) if kind != q.ANY else [Value(0, len(unit))]:
                words = set(re.findall(r"\w+", fold(unit[value.start : value.end])))
                if words <= asked.folded or (measures and not value.measures & measures):
                    continue
                if kind in (q.AMOUNT, q.COUNT) and not self._fits(
                    reading, unit[value.start : value.end], unit, (value.start, value.end), value.measures
                ):
                    continue
                place = (value.start, value.end)
                if self._of_another(asked, reading, number, place):
                    continue
                given = self._given(asked, reading, number, piece.start + value.start)
                at = piece.start + value.start
                if not self._named(asked, given):
                    continue
                if self._said(asked, reading, number, at, value.measures) <= 0:
                    continue
                if best is None or sum(given.values()) > sum(best.values()):
                    best = given
            if best is not None:
                yield sum(best.values()), best, reading, unit


def _beside(unit: str, place: tuple[int, int], other: Value) -> bool:
    """True for a value that stands in one list with the claim: "A, B and C"."""
    between = unit[other.end : place[0]] if other.end <= place[0] else unit[place[1] : other.start]
    return _LISTED.fullmatch(between) is not None


def _stems(reading: Reading, text: str) -> frozenset[str]:
    from indexer.blocks import plain
    from indexer.tokens import terms

    return frozenset(terms(plain(text), reading.key))


def unspaced(text: str) -> bool:
    """True for text without spaces between words."""
    return UNSPACED.search(text) is not None

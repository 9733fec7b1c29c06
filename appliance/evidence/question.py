"""What a question asks for: its words, the names in it, and the kind of thing that answers it.

Pure text. Stems are made for the language of the page that is read, so a question is looked at
once a language. It knows no page.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from indexer.encoders.lexical import ASKING
from indexer.tokens import language_key, terms

from .kin import kin
from .letters import UNSPACED, fold
from .ranks import ranks_said

ANY, AMOUNT, COUNT, YEAR, DAY, PERSON, PLACE, NAME = (
    "any", "amount", "count", "year", "day", "person", "place", "name",
)  # fmt: skip

_CAPITAL = re.compile(r"[A-ZÀ-ÞĀ-Ž][\w’'.-]*|(?<!\w)[a-z]*[A-Z]\w*|(?<!\w)\d[\w.,-]*")
_WORD = re.compile(r"[^\W_]+(?:[’'.-][^\W_]+)*")
_QUOTED = re.compile(r"[\"“”«»「」『』《》]([^\"“”«»「」『』《》]{2,60})[\"“”«»「」『』《》]")

_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (COUNT, re.compile(r"\bhow many\b|\bnumber of (?!the\b)|\bcu[aá]nt[oa]s\b|combien de"
    r"|wie viele|多少[个座条种人名艘位]|几[个座条种人名位]")),
    (DAY, re.compile(r"\b(?:what|which) (?:date|day)\b|\bon what (?:date|day)\b|qu[eé] (?:fecha"
    r"|d[ií]a)|哪一?天|几月几日")),
    (YEAR, re.compile(r"\b(?:what|which) (?:year|decade|century)\b|qu[eé] año|welche[ms] jahr"
    r"|quelle année|哪一?年|year of\b")),
    (YEAR, re.compile(r"^when\b|\bwhen (?:did|was|were|is|does|has|have)\b|\bcu[aá]ndo\b"
    r"|\bwann\b|\bquand\b|什么时候|何时")),
    (
        AMOUNT,
        re.compile(
            r"\bhow (?:long|tall|high|deep|wide|far|large|big|heavy|fast|old|hot|cold|much"
            r"|great|thick|broad|steep)\b"
            r"|(?:^|\bwhat(?:['’]s| is| was| are| were)?(?: the)?(?: [\w'-]+){0,3}? )"
            r"(?:length|height|depth|width|altitude|elevation|distance|diameter|area|weight|mass"
            r"|speed|temperature|density|volume|capacity|population|radius|circumference)\b.*\?"
            r"|\bwhat is the span\b|cu[aá]nto (?:mide|pesa|dura)|qu[eé] (?:altura|longitud"
            r"|superficie)"
            r"|wie (?:lang|hoch|tief|weit|gross|schwer)|多[长高深宽大重远]|多少"
        ),
    ),
    (PERSON, re.compile(r"\bwho(?:m|se)?\b|\bqui[eé]n(?:es)?\b|\bwer\b|谁|哪位|哪个人")),
    (PLACE, re.compile(r"\bwhere\b|\bd[oó]nde\b|\bwo\b|哪里|哪儿|何处|什么地方")),
)  # fmt: skip
_FIRST = re.compile(
    r"\W*(?:[\w'-]+ ){0,2}?(?:who|whom|whose|which|what|when|where|how|qui[eé]n|cu[aá]\w+"
    r"|qu[eé]|d[oó]nde|wer|wann|wo|wie|welch\w*)\b"
)
_RELATIVE = re.compile(r"\b(?:who|whom|whose|where|when)\b")
_INNER = re.compile(r"\b(?:which|what|how many|how much|how long)\b")
PEOPLE = (
    "person man woman engineer architect designer inventor founder author composer painter king "
    "queen emperor empress president scientist astronomer mathematician physicist chemist poet "
    "writer player actor actress director singer explorer mountaineer climber builder sculptor "
    "general captain philosopher politician leader driver pilot astronaut musician photographer"
)
_PLACES = (
    "city town village country state river lake sea ocean mountain island province county region "
    "continent church museum capital street district place location bay port valley desert"
)
_WHICH = re.compile(
    r"\b(?:which|what|qu[eé]|cu[aá]l(?:es)?(?: es| fue)?(?: el| la)?|welche[rsmn]?|quel(?:le)?s?)"
    r"(?P<is> (?:is|was|are|were)(?: the)?(?: name of)?(?: the)?)?(?: (?:two|three|four|five"
    r"|six|only|first|last|main|most \w+|\w+est))? (?!the\b|it\b|he\b|she\b|they\b|is\b|was\b"
    r"|did\b|does\b|do\b|are\b|were\b|a\b|an\b|name\b)(?P<label>[\w-]+)(?P<of> of\b)?"
)


_ENGLISH = {"en": frozenset(("son", "era", "hay", "den", "comment"))}
"""Words that ask in other languages and say something in this one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as one language stems it.

    `words` are the terms that say what is asked, `names` those of names and numbers in it,
    `label` the noun that only says of what kind the answer is ("which *river*"), `kin` the words
    that ask for the same fact. `folded` are all its words as they stand, folded, and `ranked` the
    terms of its ranks ("second-longest").
    """

    text: str
    kind: str
    words: tuple[str, ...]
    names: frozenset[str]
    label: frozenset[str]
    kin: dict[str, frozenset[str]]
    folded: frozenset[str]
    ranked: frozenset[str] = frozenset()

    @property
    def relation(self) -> tuple[str, ...]:
        """The words that are neither names nor the label: what is said of the named."""
        return tuple(w for w in self.words if w not in self.label and not self.is_name(w))

    @property
    def direct(self) -> bool:
        """True for one thing asked of a named one, so that no other page leads to the answer."""
        others = [word for word in self.relation if word not in self.ranked]
        return len(others) <= 1 and any(map(self.is_name, self.words))

    def is_name(self, word: str) -> bool:
        """True for a word of a name; a year or number is said of it, and no name."""
        return word in self.names and not word.isdigit()


@lru_cache(maxsize=64)
def read(question: str, language: str) -> Asked:
    """Read a question as the pages of `language` stem it."""
    key = language_key(language)
    asking = {
        term
        for word in ASKING - _ENGLISH.get(key, frozenset())
        for term in terms(word, key, single=False)
    }
    every = dict.fromkeys(terms(_NAME_OF.sub(" ", question), key, single=False))
    words = tuple(t for t in every if t not in asking and not _part(t, every)) or tuple(every)
    kind = kind_of(question)
    names = frozenset(t for name in names_in(question) for t in terms(name, key, single=False))
    labels = _labels(question) if kind in (ANY, PERSON, PLACE, YEAR, DAY) else []
    label = frozenset(t for word in labels for t in terms(word, key, single=False))
    return Asked(
        question,
        kind,
        words,
        names & set(words),
        (label & set(words)) - names,
        {word: kin(word, key) for word in words},
        frozenset(
            form
            for word in _WORD.findall(question)
            for form in (fold(word), re.sub(r"['’]s$", "", fold(word)))
        ),
        frozenset(t for rank in ranks_said(question) for t in terms(rank, key, single=False)),
    )


def kind_of(question: str) -> str:
    """Return the kind of thing that answers a question."""
    lowered = _asking_part(question.lower())
    for kind, pattern in _KINDS:
        if pattern.search(lowered):
            return kind
    for label in _labels(question):
        if label in PEOPLE.split():
            return PERSON
        if label in _PLACES.split():
            return PLACE
    return ANY


def _asking_part(question: str) -> str:
    """Cut a question to the part with the word that asks: "the man who … born in what year?"."""
    if _FIRST.match(question):
        # "In which city did the man who …": a later "who" asks nothing.
        later = _RELATIVE.search(question, 12)
        return question[: later.start()] + "?" if later else question
    inner = list(_INNER.finditer(question))
    return question[inner[-1].start() :] if inner else question


def names_in(question: str) -> list[str]:
    """Return the names, numbers and quoted words of a question, in order."""
    found = [match[1] for match in _QUOTED.finditer(question)]
    for match in _CAPITAL.finditer(question):
        word = match[0]
        first = not re.search(r"\w", question[: match.start()])
        if first and not any(letter.isdigit() for letter in word) and fold(word) in _OPENERS:
            continue
        found.append(word.removesuffix("'s").removesuffix("’s"))
    return found


_NAME_OF = re.compile(
    r"\b(?:the )?(?<!many )(?:first |last |full |real |birth )?names? of\b"
    r"|\b(?:called|named)(?=\W*$)"
    r"|什么时候|什么|哪一?[年天个座位条种国]|哪[里儿]|谁|多少|几[个座位条种]|何时|何处|多[长高深宽大重远]"
)


def _part(term: str, every: "dict[str, None]") -> bool:
    """True for the single letters and digits that an identifier (H1) also gives."""
    return (
        len(term) == 1
        and term.isascii()
        and any(
            term in other and other != term and not other.isalpha() and not other.isdigit()
            for other in every
        )
    )


_OPENERS_WORDS = (
    "a an the since until who whom whose which what when where why how in on at of for from to "
    "by with is are was "
    "were did do does has have had can could name tell give list if after before during between as"
    " under into over near this that these among according"
    " cual cuales que quien quienes donde cuando cuanto cuanta cuantos cuantas como por en de a "
    "el la"
    " wer was wann wo welcher welche welches wie in quel quelle qui ou quand combien"
)
_OPENERS = frozenset(_OPENERS_WORDS.split())


def _labels(question: str) -> list[str]:
    """Return the nouns that follow "which" and "what", and the one that ends their phrase."""
    match = _WHICH.search(_asking_part(question.lower()))
    # "What is the length of": there the noun is what is asked about the named.
    return [] if match is None or (match["is"] and match["of"]) else [fold(match["label"])]


def unspaced(text: str) -> bool:
    """True for Chinese and Japanese text."""
    return UNSPACED.search(text) is not None

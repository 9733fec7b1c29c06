"""A question over the pages of one run: what it asks for, in the words of each page's language."""

import re
from collections.abc import Sequence

from indexer.blocks import plain
from indexer.tokens import terms

from . import question as q
from .chain import Chain
from .question import Asked
from .reading import Reading

_MEASURES = (
    (re.compile(r"\bhow long (?:is|was) (?:a|one|the) (?:year|day|month|orbit|rotation)\b"),
     {"duration"}),
    (re.compile(r"\bhow long (?:did|does|do|was|were)\b.*\b(?:take|last|reign|live|work|serve"
    r"|stay|rule)|\bduration\b|cuánto dur"), {"duration"}),
    (re.compile(r"\bhow (?:long|tall|high|deep|wide|far|thick|broad)\b|\b(?:length|height|depth"
    r"|width|altitude|elevation|distance|diameter|span|radius|circumference)\b|cuánto mide"
    r"|longitud|altura|多[长高深宽远]|长度|高度|海拔|坝高"), {"length"}),
    (re.compile(r"\bhow (?:large|big)\b"), {"length", "area", "volume"}),
    (re.compile(r"\barea\b|\bsuperficie\b|面积"), {"area"}),
    (re.compile(r"\b(?:how heavy|weigh\w*|mass)\b|\bpeso\b|重量|多重"), {"mass"}),
    (re.compile(r"\bdensity\b|densidad|密度"), {"density"}),
    (re.compile(r"\b(?:speed|how fast|velocity)\b|velocidad|速度"), {"speed"}),
    (re.compile(r"\btemperature\b|how (?:hot|cold)\b|temperatura|温度"), {"temperature"}),
    (re.compile(r"\bvolume\b|体积"), {"volume"}),
    (re.compile(r"\bhow old\b"), {"duration"}),
)  # fmt: skip


class Asking:
    """What the judgements of one question share.

    `kind` is the kind of thing that answers it, `measures` what an amount has to measure, and
    `chain` the words that come to a page from others that mention it.
    """

    def __init__(self, question: str, readings: Sequence[Reading]) -> None:
        self.question = question
        self.readings = readings
        self.kind = q.kind_of(question)
        self.chain = Chain(question, readings)
        lowered = question.lower()
        self.measures: frozenset[str] = frozenset(
            next((kinds for pattern, kinds in _MEASURES if pattern.search(lowered)), ())
        )

    def asked(self, reading: Reading) -> Asked:
        """The question as the page's language stems it."""
        return q.read(self.question, reading.key)


def stems(reading: Reading, text: str) -> frozenset[str]:
    """Return the words of a text as the page's language stems them."""
    return frozenset(terms(plain(text), reading.key))

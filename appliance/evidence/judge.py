"""The model as judge of what the program could not tie: optional, asked about a few passages.

The model is shown a question, an answer and one passage, and says yes or no. What it said is
returned word for word, to be kept with the run. Nothing here decides what is asked of it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from models.engine import Engine
from models.errors import ContextFull
from models.profiles import Profile
from store.page import PageVersion

from .asking import stems
from .quote import ENTAILED, Claim, Evidence
from .reading import Reading

MOST = 3
"""Passages that are judged for one claim."""
TOKENS = 512
SYSTEM = (
    "You judge whether a passage proves an answer to a question. Read the passage alone and add "
    "nothing that you know. Say yes only if the passage states that the answer is right for this "
    "question. Finish with one word inside <answer> tags: yes or no."
)
_VERDICT = re.compile(r"<answer>\s*(yes|no)\b|\b(yes|no)\W*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One passage that was judged: for which claim, what the model said, and what that means."""

    claim: str
    evidence: Evidence
    said: str
    entailed: bool

    def to_json(self) -> dict[str, object]:
        """The judgement as JSON values, in the form that runs keep."""
        return {
            "claim": self.claim,
            "evidence": self.evidence.to_json(),
            "said": self.said,
            "entailed": self.entailed,
        }


def judged(
    claims: Sequence[Claim],
    question: str,
    pages: Sequence[PageVersion],
    engine: Engine,
    profile: Profile,
    date: str,
    seed: int = 0,
    cancel: Callable[[], bool] = lambda: False,
) -> tuple[list[Claim], list[Judgement]]:
    """Ask the model about the claims that nothing supports; return the claims and what it said.

    A claim gets the first passage that the model says yes to, labelled `entailed`. When `cancel`
    turns true what is being said is no judgement, and the rest is not asked.
    """
    found: list[Claim] = []
    verdicts: list[Judgement] = []
    for claim in claims:
        if claim.supported:
            found.append(claim)
            continue
        for passage in nearest(f"{question} {claim.text}", pages):
            if cancel():
                break
            said = _ask(question, claim.text, passage.quote, engine, profile, date, seed, cancel)
            if said is None:
                break
            verdicts.append(Judgement(claim.text, passage, said, verdict(said)))
            if verdicts[-1].entailed:
                claim = replace(claim, evidence=(passage,))
                break
        found.append(claim)
    return found, verdicts


def nearest(words: str, pages: Sequence[PageVersion], most: int = MOST) -> list[Evidence]:
    """Return the units that share most words with `words`, each with the sentences beside it."""
    ranked: list[tuple[int, int, int, Evidence]] = []
    for order, page in enumerate(dict.fromkeys(pages)):
        reading = Reading(page)
        wanted = stems(reading, words)
        for number, piece in enumerate(reading.pieces):
            shared = len(wanted & (reading.bag(number) | reading.before(number)))
            if shared:
                start = piece.start
                if number and reading.pieces[number - 1].block == piece.block:
                    start = reading.pieces[number - 1].start
                evidence = Evidence.of(page, start, piece.end, ENTAILED)
                ranked.append((-shared, order, piece.start, evidence))
    ranked.sort(key=lambda item: item[:3])
    return [evidence for *_, evidence in ranked[:most]]


def verdict(said: str) -> bool:
    """Return True when the last verdict in what the model said is yes; no verdict is a no."""
    found = [(match[1] or match[2]).lower() for match in _VERDICT.finditer(said.strip())]
    return bool(found) and found[-1] == "yes"


def _ask(
    question: str,
    claim: str,
    passage: str,
    engine: Engine,
    profile: Profile,
    date: str,
    seed: int,
    cancel: Callable[[], bool],
) -> str | None:
    """Put one passage before the model in a session of its own; None when it was cut off.

    Empty when the passage does not fit.
    """
    text = f"Question: {question}\nAnswer: {claim}\nPassage: {passage}"
    session = engine.open()
    try:
        for piece in profile.transcript.opening(SYSTEM, text, date):
            session.append(piece.text, piece.trusted)
        room = min(TOKENS, session.capacity - session.position - 1)
        if room <= 0:
            return ""
        completion = session.generate(room, (), profile.sampling, seed, cancel=cancel)
        return None if completion.finish == "cancelled" else completion.text
    except ContextFull:
        return ""
    finally:
        session.close()

"""Context policies: what is taken out of the conversation when the next result would not fit.

One seam of one method. `none` takes nothing out, so that a full context ends the search; `trim`
makes the oldest results one line each, and where that is not enough drops the oldest turns whole;
`RecordedPolicy` repeats what a run did. A policy plans; the conversation carries the plan out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from .conversation import Conversation, Plan

NONE, TRIM = "none", "trim"
POLICIES = (NONE, TRIM)

LOW_WATER = 0.5
"""Share of the context between question and need that may be in use after a trim.

Every trim evaluates once more what stands behind it: taking out just enough would do so each turn.
"""
HIGH_WATER = 0.75
"""The share from which on lines are not enough, and the oldest turns go whole."""
KEPT = 2
"""The latest responses, which stay whole as long as there are others to take out."""


class Policy(Protocol):
    """Decides what makes room."""

    def plan(self, talk: Conversation, number: int, need: int, cut: bool = False) -> Plan | None:
        """Return what to take out so that `need` more tokens fit at turn `number`, or None.

        `cut`: what came back was too long and one sentence is put in its place.
        """


@dataclass(frozen=True, slots=True)
class NoPolicy:
    """Nothing is ever taken out."""

    def plan(self, talk: Conversation, number: int, need: int, cut: bool = False) -> Plan | None:
        """See `Policy`."""
        return None


@dataclass(frozen=True, slots=True)
class TrimPolicy:
    """The oldest results become one line each; `context` is in tokens."""

    context: int

    def plan(self, talk: Conversation, number: int, need: int, cut: bool = False) -> Plan | None:
        """See `Policy`. None as well where nothing that could be taken out would be enough."""
        use = talk.position + need
        if use <= self.context:
            return None
        fixed = need + (talk.exchanges[0].start if talk.exchanges else talk.position)
        room = max(0, self.context - fixed)
        low, high = fixed + int(room * LOW_WATER), fixed + int(room * HIGH_WATER)
        stubbed: list[int] = []
        saved: dict[int, int] = {}
        for at, each in enumerate(talk.exchanges):
            late = at >= len(talk.exchanges) - KEPT
            if use <= (self.context if late else low):
                break
            if not each.stubbed and (saving := each.size - talk.stub_size(each)) > 0:
                use -= saving
                saved[each.number] = saving
                stubbed.append(each.number)
        dropped: list[int] = []
        if use > high:
            for each in talk.exchanges[:-KEPT]:
                if use <= low:
                    break
                use -= each.end - each.start - saved.get(each.number, 0)
                dropped.append(each.number)
        if use > self.context:
            return None
        return Plan(tuple(n for n in stubbed if n not in dropped), tuple(dropped))


@dataclass(frozen=True, slots=True)
class RecordedPolicy:
    """The plans of a recorded run, by turn and by whether its result had been cut."""

    plans: Mapping[tuple[int, bool], Plan]

    def plan(self, talk: Conversation, number: int, need: int, cut: bool = False) -> Plan | None:
        """See `Policy`."""
        return self.plans.get((number, cut))


def policy(name: str, context: int) -> Policy:
    """Return the policy called `name` for a context of so many tokens."""
    return TrimPolicy(context) if name == TRIM else NoPolicy()

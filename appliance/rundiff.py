"""Two runs side by side: question, settings, steps and answer. It compares what is recorded and
executes nothing.
"""

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .differences import words_of_difference
from .trace import Event, Run

OF_ITS_OWN = ("type", "run", "created", "question")
"""What two runs never share, or what is compared by itself."""
NAMES = ("A", "B")


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two runs, each part empty where it does not.

    `settings` are (name, value of A, value of B); `steps` are lines in the order of the steps;
    `question` and `answer` are differences in words.
    """

    question: tuple[str, ...]
    settings: tuple[tuple[str, str, str], ...]
    steps: tuple[str, ...]
    answer: tuple[str, ...]
    calls: tuple[int, int]
    same_calls: int

    @property
    def none(self) -> bool:
        """True when the runs asked the same with the same settings and went the same way."""
        return not (self.question or self.settings or self.steps or self.answer)

    def to_json(self) -> dict[str, object]:
        """The difference as JSON values."""
        return {
            "question": list(self.question),
            "settings": [{"name": n, "a": a, "b": b} for n, a, b in self.settings],
            "steps": list(self.steps),
            "answer": list(self.answer),
            "calls": list(self.calls),
            "same_calls": self.same_calls,
        }


def difference(one: Run, other: Run) -> Difference:
    """Compare two runs."""
    first, second = one.all("call"), other.all("call")
    steps, same = _steps(first, second)
    outcomes = [
        f"{run.outcome}: {run.answer}" if run.answer else run.outcome for run in (one, other)
    ]
    return Difference(
        tuple(words_of_difference(one.question, other.question, NAMES)),
        tuple(_settings(one.manifest, other.manifest)),
        tuple(steps),
        tuple(words_of_difference(outcomes[0], outcomes[1], NAMES)),
        (len(first), len(second)),
        same,
    )


def _settings(one: Event, other: Event) -> Iterator[tuple[str, str, str]]:
    before, after = dict(_flat(one)), dict(_flat(other))
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield name, before.get(name, "—"), after.get(name, "—")


def _flat(value: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, item in value.items():
        if not prefix and name in OF_ITS_OWN:
            continue
        if isinstance(item, Mapping):
            yield from _flat(item, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", item if isinstance(item, str) else json.dumps(item)


def _steps(first: list[Event], second: list[Event]) -> tuple[list[str], int]:
    """Lines for the calls that one run made and the other did not, or that gave another result."""
    before, after = [list(map(said, calls)) for calls in (first, second)]
    lines, same = [], 0
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            for a, b in zip(range(i, j), range(k, m), strict=True):
                if first[a]["digest"] == second[b]["digest"]:
                    same += 1
                    continue
                lines.append(f"≠ call {a + 1} / {b + 1} {before[a]}: another result")
                lines += words_of_difference(str(first[a]["text"]), str(second[b]["text"]), NAMES)
            continue
        lines += [f"- call {a + 1} {before[a]}" for a in range(i, j)]
        lines += [f"+ call {b + 1} {after[b]}" for b in range(k, m)]
    return lines, same


def said(call: Event) -> str:
    """A call as a person writes it."""
    arguments = json.dumps(call.get("arguments", {}), ensure_ascii=False, sort_keys=True)
    return f"{call.get('name') or 'call'}({arguments})"

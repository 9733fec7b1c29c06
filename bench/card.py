"""What the demo model's card says of it, and whether that is so: `python -m bench.card`.

Without an option it measures and prints; `--write` puts the scores into the card. The three
measurements are those of `appliance eval`, `bench.renamed` and `bench.invented`.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.demo.export import FILE, HERE
from models.llama.client import LlamaEngine
from store.digest import sha256_file, write_atomic

from .explain import evaluated
from .invented import TWO_PAGES, Measured, measure
from .renamed import Comparison, compare
from .renaming.almanac import home
from .scratch import QUESTIONS, scratch

CARD = HERE / "card.json"
LARGEST = 8_000_000
"""Bytes of GGUF."""
PARAMETERS = (1_000_000, 5_000_000)
POINTS = 2.0
"""How far a score may be from the card's, in points; where one question is more, one question."""
ASKED, PAGES, SEED, SEEDS = 300, 2000, 1, (1, 2, 3)

Counts = dict[str, list[int]]
"""Kind of question → [right, asked]."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What was measured; None for what was not."""

    demo: Counts
    renamed: float | None = None
    invented: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """The form in the card."""
        found: dict[str, Any] = {"demo questions": self.demo}
        if self.renamed is not None:
            found["fall under other names, points"] = round(self.renamed, 2)
        if self.invented is not None:
            found["invented questions"] = dict(self.invented)
        return found


def counts(records: Sequence[Mapping[str, Any]]) -> Counts:
    """Right and asked by kind, of the records that `appliance eval` prints."""
    found: Counts = {}
    for record in records:
        row = found.setdefault(str(record["kind"]), [0, 0])
        row[0] += bool(record["correct"])
        row[1] += 1
    return found


def invented_scores(found: Measured, seed: int) -> dict[str, Any]:
    """What the card says of an evaluation on invented questions."""
    return {
        "seed": seed,
        "questions": len(found.explained),
        "pages": found.pages,
        "right": found.right,
        "runs with an unread turn": found.unread,
    }


def mean_fall(compared: Sequence[Comparison], kind: str) -> float:
    """The mean over the copies of how many points the accuracy falls."""
    return sum(one.fall(kind) for one in compared) / len(compared)


def faults(card: Mapping[str, Any], file: Path) -> list[str]:
    """What the card says of the file that is not so, and what a shipped file may not be."""
    found = []
    size = file.stat().st_size
    with LlamaEngine(file) as engine:
        parameters = int(str(engine.describe()["parameters"]))
    if card.get("sha256") != sha256_file(file):
        found.append("the digest is another")
    if card.get("size") != size:
        found.append(f"the size is {size:,} bytes, the card says {card.get('size')}")
    if card.get("parameters") != parameters:
        found.append(f"it has {parameters:,} parameters, the card says {card.get('parameters')}")
    if size > LARGEST:
        found.append(f"{size:,} bytes are more than {LARGEST:,}")
    if not PARAMETERS[0] <= parameters <= PARAMETERS[1]:
        found.append(f"{parameters:,} parameters are not one to five million")
    return found


def differences(card: Mapping[str, Any], measured: Scores) -> list[str]:
    """Scores of the card that are more than POINTS away from what was measured, or missing."""
    said = card.get("scores", {})
    found = []
    for kind, counted in measured.demo.items():
        found += _apart(
            f"demo questions, {kind}", said.get("demo questions", {}).get(kind), counted
        )
    if measured.invented is not None:
        card_values = said.get("invented questions", {})
        pair = [card_values.get("right"), card_values.get("questions")]
        counted = [measured.invented["right"], measured.invented["questions"]]
        found += _apart("invented questions", pair if all(pair) else None, counted)
    return found


def _apart(name: str, said: Sequence[int] | None, counted: Sequence[int]) -> list[str]:
    if not said:
        return [f"{name}: not in the card"]
    points = 100 * abs(said[0] / said[1] - counted[0] / counted[1])
    if points <= max(POINTS, 100 / counted[1]) + 1e-9:
        return []
    return [f"{name}: {counted[0]}/{counted[1]}, the card says {said[0]}/{said[1]}"]


def measure_all(root: Path) -> Scores:
    """Measure everything below `root`, which takes some minutes."""
    compared = list(compare(root, SEEDS, ["demo"]))
    records = evaluated(home(root / "demo"), QUESTIONS, "demo")
    found = measure(root / "invented", ASKED, PAGES, SEED, without=TWO_PAGES)
    return Scores(counts(records), mean_fall(compared, "all"), invented_scores(found, SEED))


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, compare with the card or write it; 1 when the card is not right."""
    parser = argparse.ArgumentParser(prog="python -m bench.card", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the scores into the card")
    chosen = parser.parse_args(arguments)
    card = json.loads(CARD.read_text("utf-8"))
    if wrong := faults(card, HERE / FILE):
        print("\n".join(wrong), file=sys.stderr)
        return 1
    with scratch() as root:
        measured = measure_all(root)
    print(json.dumps(measured.to_json(), indent=1))
    if chosen.write:
        card["scores"] = measured.to_json()
        write_atomic(CARD, (json.dumps(card, indent=2, ensure_ascii=False) + "\n").encode())
        return 0
    apart = differences(card, measured)
    print("\n".join(apart) or "the card says so", file=sys.stderr)
    return 1 if apart else 0


if __name__ == "__main__":
    sys.exit(main())

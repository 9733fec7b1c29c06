"""Does the researcher read, or does it know? `python -m bench.renamed`: the demo corpus under
other names, crawled, indexed and asked as the demo is, beside the demo itself.
"""

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .explain import evaluated, installed
from .renaming.almanac import PACKAGE, Copy, copy, home
from .scratch import QUESTIONS, scratch, stop_databases

SEEDS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Score:
    """Right of asked, for every kind of question and for `all` and `changed` ones."""

    right: Mapping[str, int]
    asked: Mapping[str, int]

    def share(self, kind: str) -> float:
        """The share of right answers in percent."""
        return 100 * self.right[kind] / self.asked[kind] if self.asked[kind] else 0.0

    def said(self, kind: str) -> str:
        """`35/60`."""
        return f"{self.right[kind]}/{self.asked[kind]}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One copy asked by one model: the score before and under the new names."""

    seed: int
    model: str
    entities: int
    renamed: int
    before: Score
    after: Score

    def fall(self, kind: str) -> float:
        """By how many points the accuracy falls; negative when it rises."""
        return self.before.share(kind) - self.after.share(kind)

    def lines(self) -> str:
        """One line a kind."""
        head = f"seed {self.seed}, model {self.model}: {self.renamed} of {self.entities} renamed"
        rows = [
            f"  {kind:<8} {self.before.said(kind):>6} → {self.after.said(kind):>6}"
            f"   {0.0 - self.fall(kind):+.1f} points"
            for kind in self.before.asked
            if self.before.asked[kind]
        ]
        return "\n".join([head, *rows])


def score(records: Sequence[Mapping[str, Any]], changed: frozenset[str]) -> Score:
    """Count the records that `appliance eval` printed; `changed` are ids asked in other words."""
    groups: dict[str, list[Mapping[str, Any]]] = {"all": list(records)}
    for record in records:
        groups.setdefault(str(record["kind"]), []).append(record)
    groups["changed"] = [record for record in records if str(record["id"]) in changed]
    return Score(
        {kind: sum(bool(one["correct"]) for one in group) for kind, group in groups.items()},
        {kind: len(group) for kind, group in groups.items()},
    )


def compare(root: Path, seeds: Sequence[int], models: Sequence[str]) -> Iterator[Comparison]:
    """Make the demo's home and a copy for every seed below `root`; yield each comparison."""
    original = home(root / "original")
    before = {model: evaluated(original, QUESTIONS, installed(original, model)) for model in models}
    stop_databases(original)
    for seed in seeds:
        made = made_copy(root, seed)
        place = home(root / f"home-{seed}", made.folder / PACKAGE)
        for model in models:
            after = evaluated(place, made.questions, installed(place, model))
            yield Comparison(
                seed, model, made.entities, len(made.renamed),
                score(before[model], made.changed), score(after, made.changed),
            )  # fmt: skip
        stop_databases(place)


def made_copy(root: Path, seed: int) -> Copy:
    """The copy of a seed in a folder below `root`, with a list of what was renamed beside it."""
    made = copy(root / f"copy-{seed}", seed)
    (made.folder / "renamed.txt").write_text(made.listing() + "\n", "utf-8")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Print what was renamed and the two scores of every seed and model."""
    parser = argparse.ArgumentParser(prog="python -m bench.renamed", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="keep copies and homes here")
    parser.add_argument("--seed", type=int, action="append", help="which half; may be repeated")
    parser.add_argument(
        "--model",
        action="append",
        help="who is asked: a name or a GGUF file (default: demo and none)",
    )
    parser.add_argument("--names", action="store_true", help="print what was renamed")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args(arguments)
    keep = contextlib.nullcontext(chosen.folder) if chosen.folder else scratch()
    found = []
    with keep as root:
        root.mkdir(parents=True, exist_ok=True)
        for one in compare(root.absolute(), chosen.seed or SEEDS, chosen.model or ["demo", "none"]):
            found.append(one)
            if chosen.json:
                continue
            if chosen.names and one.model == found[0].model:
                print((root / f"copy-{one.seed}" / "renamed.txt").read_text("utf-8"))
            print(one.lines(), flush=True)
    if chosen.json:
        print(json.dumps([asdict(one) for one in found], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

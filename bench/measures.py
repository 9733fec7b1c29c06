"""How good ranked lists are: the field's measures, taken by ir-measures, and bootstrap intervals.

It knows lists of names and judgements, nothing of how the lists came about. A judged query that a
run lacks counts 0, and documents count once, at their first place.

ir-measures: MacAvaney et al., "Streamlining Evaluation with ir-measures" (2022).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .beir import LISTED, NEXT, RELEVANT, SUPPORT, VISITED, Collection, Judged

RESAMPLES = 5000
SEED = 7
CONFIDENCE = 0.95

Run = Mapping[str, Sequence[str]]
"""Query id → document names, the best first."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: its name here, the judgements it is taken on, and its name in ir-measures.

    With `whole` a query counts 1 when the figure is 1 and 0 otherwise.
    """

    name: str
    kind: str
    formula: str
    whole: bool = False


MEASURES = (
    Measure("nDCG@10", RELEVANT, "nDCG@10"),
    Measure("Recall@100", RELEVANT, "R@100"),
    Measure("MRR@10", RELEVANT, "RR@10"),
    *(Measure(f"support_recall@{k}", SUPPORT, f"R@{k}") for k in (5, 10, 20)),
    *(Measure(f"all_support@{k}", SUPPORT, f"R@{k}", whole=True) for k in (5, 10, 20)),
    Measure("recall@10", LISTED, "R@10"),
    Measure("success@10", VISITED, "Success@10"),
    Measure("mrr@10_visited", VISITED, "RR@10"),
    Measure("success@10_next", NEXT, "Success@10"),
)
HEADLINES = {
    RELEVANT: ("nDCG@10",),
    SUPPORT: ("support_recall@10",),
    VISITED: ("success@10", "recall@10"),
}
"""What is compared when one figure has to stand for a collection."""

PerQuery = dict[str, dict[str, float]]
"""Measure → query id → figure."""


def measures_of(collection: Collection) -> list[Measure]:
    """Return the measures that a collection's judgements allow, in the order they are shown."""
    return [measure for measure in MEASURES if collection.judged.get(measure.kind)]


def headline(collection: Collection) -> list[Measure]:
    """Return the measures by which a collection is compared: the most telling that it allows."""
    for kind in (VISITED, SUPPORT, RELEVANT):
        if collection.judged.get(kind):
            return [m for m in measures_of(collection) if m.name in HEADLINES[kind]]
    return measures_of(collection)[:1]


def per_query(collection: Collection, measures: Sequence[Measure], run: Run) -> PerQuery:
    """Return each measure of each judged query."""
    found: PerQuery = {}
    for kind in dict.fromkeys(measure.kind for measure in measures):
        wanted = [measure for measure in measures if measure.kind == kind]
        found |= _per_query(collection, collection.judged[kind], wanted, run)
    return {measure.name: found[measure.name] for measure in measures}


def _per_query(
    collection: Collection, judged: Judged, measures: Sequence[Measure], run: Run
) -> PerQuery:
    import ir_measures

    # Scores that fall with the place: no two are equal, so no rule for ties can come in.
    scored = {
        query: {name: -float(place) for place, name in enumerate(_once(collection, run[query]))}
        for query in judged
        if run.get(query)
    }
    found: PerQuery = {measure.name: dict.fromkeys(judged, 0.0) for measure in measures}
    if not scored:
        return found
    formulas = {measure.formula: ir_measures.parse_measure(measure.formula) for measure in measures}
    gains = {query: dict(documents) for query, documents in judged.items()}
    values = {
        (str(one.measure), one.query_id): float(one.value)
        for one in ir_measures.iter_calc(list(formulas.values()), gains, scored)
    }
    for measure in measures:
        for query in judged:
            value = values.get((str(formulas[measure.formula]), query), 0.0)
            found[measure.name][query] = float(value == 1.0) if measure.whole else value
    return found


def _once(collection: Collection, names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(collection.same(name) for name in names))


def means(found: PerQuery) -> dict[str, float]:
    """Return the mean of each measure over its judged queries."""
    return {name: sum(row.values()) / len(row) for name, row in found.items()}


def interval(differences: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean of paired differences, the same every time."""
    import numpy as np
    from scipy.stats import bootstrap

    if len(set(differences)) < 2:
        value = differences[0] if differences else 0.0
        return value, value
    found = bootstrap(
        (np.asarray(differences),), np.mean, confidence_level=CONFIDENCE, n_resamples=RESAMPLES,
        method="percentile", rng=np.random.default_rng(SEED), batch=500,
    ).confidence_interval  # fmt: skip
    return float(found.low), float(found.high)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed (the nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]

"""What each feature of the ranking is worth: one switched off at a time, on the same queries.

A row is a paired comparison: the mean difference that switching the feature off makes, with its
95 % bootstrap interval. It knows settings and figures, not how either comes about.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from indexer.encoders.lexical import Bm25, LexicalEncoder
from indexer.passages import Chunker

from .beir import Collection
from .measures import headline, interval, means, per_query
from .stored import Setting, Stored

WHOLE = 10**9
"""More tokens than a page has."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A part of the ranking, and the setting that lacks it."""

    name: str
    without: Callable[[Setting], Setting]


@dataclass(frozen=True, slots=True)
class Loss:
    """What one measure is without one feature; `low` and `high` bound `difference`."""

    feature: str
    measure: str
    whole: float
    without: float
    difference: float
    low: float
    high: float


def _fusion(**changes: float) -> Callable[[Setting], Setting]:
    return lambda setting: replace(setting, fusion=replace(setting.fusion, **changes))  # type: ignore[arg-type]


def _bm25(**changes: float) -> Callable[[Setting], Setting]:
    def without(setting: Setting) -> Setting:
        assert isinstance(setting.encoder, LexicalEncoder)
        constants: Bm25 = replace(setting.encoder.constants, **changes)  # type: ignore[arg-type]
        return replace(setting, encoder=LexicalEncoder(constants))

    return without


def _uncut(setting: Setting) -> Setting:
    return replace(setting, chunker=Chunker(least=WHOLE, most=WHOLE))


RANKING = (
    Feature("title boost", _fusion(title=0.0)),
    Feature("named boost", _fusion(named=0.0)),
    Feature("second passage", _fusion(second=0.0)),
    Feature("phrase preference", _fusion(phrase=0.0)),
)
ARMS = (
    Feature("dense arm", _fusion(dense=0.0, sparse=1.0)),
    Feature("sparse arm", _fusion(dense=1.0, sparse=0.0)),
)
# Those that need another index come last, so that it is built as few times as can be.
BM25 = (
    Feature("asking words", _bm25(asking=1.0)),
    Feature("anchor text", _bm25(anchor=0.0)),
    Feature("word pairs", _bm25(pair=0.0)),
    Feature("title weight", _bm25(title=0.0)),
    Feature("heading weight", _bm25(heading=0.0)),
    Feature("URL words", _bm25(url=0.0)),
    Feature("length constant", _bm25(b=0.0)),
    Feature("stemming", _bm25(stemmed=False)),
)
CUTTING = (Feature("passages", _uncut),)


def features_of(setting: Setting) -> tuple[Feature, ...]:
    """Return the features that an encoder has."""
    if isinstance(setting.encoder, LexicalEncoder):
        return (*RANKING, *BM25, *CUTTING)
    return (*RANKING, *ARMS, *CUTTING)


def ablate(
    collection: Collection, kept: Stored, setting: Setting, say: Callable[[str], None]
) -> Iterator[Loss]:
    """Ask every judged query without each feature in turn and yield the collection's headlines."""
    measures = headline(collection)
    judged = {query for measure in measures for query in collection.judged[measure.kind]}
    topics = [topic for topic in collection.topics if topic.id in judged]
    whole = per_query(collection, measures, kept.ask(topics, setting).run)
    for feature in features_of(setting):
        say(f"without {feature.name}")
        other = kept.ask(topics, feature.without(setting))
        lacking = per_query(collection, measures, other.run)
        for name in whole:
            yield _loss(feature.name, name, whole[name], lacking[name])


def _loss(feature: str, name: str, whole: dict[str, float], lacking: dict[str, float]) -> Loss:
    differences = [lacking[query] - whole[query] for query in sorted(whole)]
    low, high = interval(differences)
    mean = means({"whole": whole, "lacking": lacking})
    return Loss(
        feature,
        name,
        mean["whole"],
        mean["lacking"],
        sum(differences) / len(differences),
        low,
        high,
    )


def markdown(losses: Sequence[Loss]) -> str:
    """Return the table as it stands in the documents."""
    lines = ["| without | measure | with | without | difference | 95 % interval |"]
    lines.append("|---|---|---|---|---|---|")
    lines += [
        f"| {one.feature} | {one.measure} | {one.whole:.4f} | {one.without:.4f} | "
        f"{one.difference:+.4f} | {one.low:+.4f} to {one.high:+.4f} |"
        for one in losses
    ]
    return "\n".join(lines)

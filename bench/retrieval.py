"""How well a test collection is searched: `python -m bench.retrieval FOLDER --out RUN.jsonl`.

FOLDER holds `corpus.jsonl` or `pages.jsonl`, queries and, if there are any, judgements. It is
indexed through the product's own path in a temporary home; the run file is written, and the field's
measures, the latency and the size of the index are printed. `--ablate` switches each feature off.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from indexer.build import IndexReport
from indexer.errors import IndexerError
from store.digest import write_atomic
from store.errors import StoreError

from .ablation import Loss, ablate, markdown
from .beir import Collection, check_documents, read
from .errors import BenchError, SettingError
from .measures import means, measures_of, per_query, percentile
from .stored import FIELDS, Answers, Setting, Stored, encoder_named, fields_named, stored

DEPTH = 100
TAG = "appliance"


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured: `measures` is empty without judgements; times are in milliseconds."""

    collection: str
    encoder: str
    encoder_digest: str
    fields: tuple[str, ...]
    pages: int
    passages: int
    repeated: int
    languages: dict[str, int]
    queries: int
    judged: int
    measures: dict[str, float]
    p50: float
    p95: float
    index_bytes: int
    seconds: dict[str, float]
    notes: tuple[str, ...]

    def lines(self) -> str:
        """What people read."""
        spoken = ", ".join(f"{tag or 'unknown'} {n:,}" for tag, n in self.languages.items())
        rows = [
            f"{self.collection}: {self.pages:,} pages ({spoken}), {self.passages:,} passages, "
            f"{self.queries:,} queries ({self.judged:,} judged)",
            f"{'encoder':18}{self.encoder}, fields {', '.join(self.fields)}",
            *(f"{name:18}{value:.4f}" for name, value in self.measures.items()),
            f"{'search':18}p50 {self.p50:.1f} ms, p95 {self.p95:.1f} ms, ten results each",
            f"{'index':18}{self.index_bytes:,} bytes, stored and built in "
            f"{self.seconds['store']:.0f} + {self.seconds['index']:.0f} s",
            *(f"{'note':18}{note}" for note in self.notes),
        ]
        return "\n".join(rows)


def measure(
    collection: Collection,
    kept: Stored,
    setting: Setting,
    fields: Sequence[str] = FIELDS,
    depth: int = DEPTH,
    store_seconds: float = 0.0,
) -> tuple[Report, Answers]:
    """Index a stored collection, ask all its queries and take every measure that it allows."""
    notes = [note] if (note := check_documents(collection, _same(collection, kept))) else []
    if kept.repeated:
        notes.append(
            f"{kept.repeated:,} lines give a page again; as in a crawl the last one counts."
        )
    started = time.perf_counter()
    built = kept.index(setting)
    indexed = time.perf_counter()
    answers = kept.ask(collection.topics, setting, depth)
    seconds = {
        "store": store_seconds,
        "index": indexed - started,
        "search": time.perf_counter() - indexed,
    }
    measures = measures_of(collection)
    found = means(per_query(collection, measures, answers.run))
    if not measures:
        notes.append("Nothing here judges the queries: name qrels with --qrels for measures.")
    judged = {query for rows in collection.judged.values() for query in rows}
    report = Report(
        collection=collection.name,
        encoder=setting.encoder.name,
        encoder_digest=setting.encoder.digest,
        fields=tuple(fields),
        pages=built.pages,
        passages=built.passages,
        repeated=kept.repeated,
        languages=dict(kept.languages.most_common()),
        queries=len(collection.topics),
        judged=len(judged),
        measures={name: round(value, 4) for name, value in found.items()},
        p50=round(percentile(answers.milliseconds, 0.5), 2),
        p95=round(percentile(answers.milliseconds, 0.95), 2),
        index_bytes=_size(built),
        seconds={name: round(value, 2) for name, value in seconds.items()},
        notes=tuple(notes),
    )
    return report, answers


def _same(collection: Collection, kept: Stored) -> set[str]:
    return {collection.same(name) for name in kept.known}


def _size(built: IndexReport) -> int:
    return sum(file.stat().st_size for file in built.folder.rglob("*") if file.is_file())


def run_lines(run: Mapping[str, Sequence[str]]) -> bytes:
    """Return a run as JSON lines; `urls` and `docs` are one list, under the names scorers know."""
    return b"".join(
        json.dumps({"qid": query, "urls": list(names), "docs": list(names)}).encode() + b"\n"
        for query, names in run.items()
    )


def trec_lines(run: Mapping[str, Sequence[str]]) -> bytes:
    """Return a run in the six columns of TREC; scores only say the order.

    Raises SettingError for a name with white space, which the form cannot hold.
    """
    rows = []
    for query, names in run.items():
        for place, name in enumerate(names, 1):
            if len(name.split()) != 1 or len(query.split()) != 1:
                raise SettingError(
                    f"TREC's form cannot hold the name {name!r} of query {query!r} for the white "
                    "space in them: write JSON lines, without --trec."
                )
            rows.append(f"{query} Q0 {name} {place} {len(names) - place + 1} {TAG}\n")
    return "".join(rows).encode("utf-8", "replace")


def main(arguments: list[str] | None = None) -> int:
    """Measure, write the run and print; 1 with one sentence where something is in the way."""
    chosen = _parser().parse_args(arguments)
    try:
        report, losses = _measured(chosen)
    except (BenchError, IndexerError, StoreError) as error:
        print(f"bench.retrieval: {error}", file=sys.stderr)
        return 1
    if chosen.json:
        told: dict[str, Any] = {**asdict(report), "run": str(chosen.out)}
        if chosen.ablate:
            told["ablation"] = [asdict(loss) for loss in losses]
        print(json.dumps(told, indent=1, ensure_ascii=False))
        return 0
    print(f"{report.lines()}\n{'run':18}{chosen.out}")
    if losses:
        print(f"\n{markdown(losses)}")
    return 0


def _measured(chosen: argparse.Namespace) -> tuple[Report, list[Loss]]:
    fields = fields_named(chosen.fields)
    setting = Setting(encoder=encoder_named(chosen.encoder))
    out: Path = chosen.out
    if not out.absolute().parent.is_dir():
        raise SettingError(
            f"There is no folder {out.absolute().parent}: make it, or write elsewhere."
        )
    if out.is_dir():
        raise SettingError(f"{out} is a folder: name the run file that is to be written.")
    if chosen.depth < 1:
        raise SettingError("A list has at least one place: give a --depth of 1 or more.")
    collection = read(chosen.folder, chosen.queries, chosen.qrels)
    if chosen.ablate and not measures_of(collection):
        raise SettingError("Without judgements nothing can be compared: name them with --qrels.")
    _say(f"storing {collection.documents_file}")
    started = time.perf_counter()
    with stored(collection, fields, chosen.language) as kept:
        took = time.perf_counter() - started
        _say("indexing and searching")
        report, answers = measure(collection, kept, setting, fields, chosen.depth, took)
        # Before the ablation, which takes its time.
        write_atomic(out, (trec_lines if chosen.trec else run_lines)(answers.run), 0o644)
        losses = list(ablate(collection, kept, setting, _say)) if chosen.ablate else []
    return report, losses


def _say(words: str) -> None:
    print(f"bench.retrieval: {words}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.retrieval", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--out", type=Path, required=True, help="the run file to write")
    parser.add_argument("--queries", type=Path, help="default: the queries in FOLDER")
    parser.add_argument("--qrels", type=Path, help="default: those in FOLDER, if there are any")
    parser.add_argument(
        "--encoder", default="lexical", help="lexical, or the folder of a BGE-M3 checkpoint"
    )
    parser.add_argument(
        "--fields", default=",".join(FIELDS), help="what is indexed (default: %(default)s)"
    )
    parser.add_argument("--depth", type=int, default=DEPTH, help="results in the run file")
    parser.add_argument(
        "--language", help="the language of every document, instead of telling it from the texts"
    )
    parser.add_argument("--trec", action="store_true", help="write the run in TREC's columns")
    parser.add_argument("--ablate", action="store_true", help="switch each feature off, in turn")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())

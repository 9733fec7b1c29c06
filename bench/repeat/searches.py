"""`python -m bench.repeat.searches HOME QUERIES`: what this process finds, a JSON line a query.

QUERIES is a JSON list. The first line printed says which index was read and which instructions the
libraries used; all others must be the same bytes in every process. There is no time, no path and no
number in them that hangs on the database.
"""

import argparse
import json
import sys
from pathlib import Path

from indexer.build import build
from indexer.encoders.base import Encoder
from indexer.frozen import FrozenIndex, compiled, dense, frozen_root
from indexer.results import Hit, Results
from indexer.search import Searcher
from indexer.shaping import Shape
from store.database import open_database
from store.pages import PageStore

from ..stored import encoder_named
from .hashed import HashedEncoder
from .processors import dispatched

HASHED = "hashed"
SMALL = 50
"""Passages from which lists and compiled loops are used here, instead of thousands."""
SNIPPETS = (45, 24)
"""Words of a snippet on the command line, and in a profile that wants less than the least."""


def encoder_of(name: str) -> Encoder:
    """Return the encoder of `--encoder`."""
    return HashedEncoder() if name == HASHED else encoder_named(name)


def found(results: Results) -> list[object]:
    """Return all that a search gives, as JSON values; floats print their every bit."""
    ignored = [[one.written, one.why] for one in results.ignored]
    beside = [list(results.emptied_by), ignored, results.loosened, results.undated]
    return [[_hit(hit) for hit in results.hits], beside]


def _hit(hit: Hit) -> list[object]:
    lit = [list(span) for span in hit.highlights]
    spans = [list(span) for span in hit.spans]
    shown = [hit.snippet, lit, list(hit.folded), str(hit.published), hit.site]
    return [hit.rank, hit.url, hit.title, hit.version_digest, hit.score, spans, *shown]


def main(arguments: list[str] | None = None) -> int:
    """Search for every query and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m bench.repeat.searches", description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("queries", type=Path)
    parser.add_argument("--index", type=Path, help="Milvus and frozen index below another folder")
    parser.add_argument("--encoder", default="lexical")
    parser.add_argument("--build", action="store_true", help="index before searching")
    parser.add_argument("--small", action="store_true", help="lists and loops from few passages")
    chosen = parser.parse_args(arguments)
    if chosen.small:
        dense.LISTS_FROM = compiled.KERNELS_FROM = SMALL
    encoder = encoder_of(chosen.encoder)
    home = chosen.index or chosen.home
    with open_database(chosen.home) as database:
        if chosen.build:
            build(database, home, encoder)
        searcher = Searcher(FrozenIndex.open(frozen_root(home)), PageStore(database), encoder)
        searcher.index.prepare()
        lines = []
        for number, query in enumerate(json.loads(chosen.queries.read_text("utf-8"))):
            words = SNIPPETS[number % len(SNIPPETS)]
            per_site = 2 if number % 7 == 3 else None
            shape = Shape(10, words, number % 5 != 4, per_site, highlight=True)
            results = searcher.results(query, shape)
            lines.append(json.dumps([query[:80], *found(results)], ensure_ascii=False))
        header = {
            "index": searcher.index.digest,
            "loops": compiled.NAME in sys.modules,
            "lists": bool(searcher.index.manifest.values.get("lists")),
            **dispatched(),
        }
    print(json.dumps(header))
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())

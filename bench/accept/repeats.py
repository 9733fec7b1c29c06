"""The same searches give the same bytes: in fresh processes, from rebuilt indexes, on lesser
processors. The comparison is shown to fail as well.
"""

from ..repeat.processes import Printed, differences, unreduced
from ..repeat.processors import LEAST, lesser
from ..repeat.proof import ARMS, BM25, DENSE, WAYS, Proof, prepared
from .check import Check, NotRun, demand
from .stage import Stage

PROCESSES = 3


def proof(stage: Stage) -> Proof:
    """What is searched."""
    made = stage.once("repeat", lambda: prepared(stage.root / "repeat", stage.queries))
    assert isinstance(made, Proof)
    return made


def usual(stage: Stage, way: str) -> list[Printed]:
    """What fresh processes found, the first of which built the index."""
    found = stage.once(f"repeat {way}", lambda: proof(stage).fresh(way, PROCESSES))
    assert isinstance(found, list)
    return found


def same_search(stage: Stage) -> str:
    """Three fresh processes, and a fourth after every index was made again from PostgreSQL."""
    hits = size = 0
    for way in (BM25, DENSE):
        first, *others = usual(stage, way)
        for other in [*others, proof(stage).rebuilt(way)]:
            _equal(way, first, other)
        hits += first.hits
        size += sum(len(line.encode()) for line in first.lines)
    return (
        f"{stage.queries} queries, BM25 and both arms: {PROCESSES} fresh processes and a rebuilt "
        f"index equal in {hits:,} hits, {size / 1e6:.1f} MB"
    )


def same_processor(stage: Stage) -> str:
    """Indexes built and searched by libraries that leave instructions unused."""
    processors = lesser()
    if not processors:
        raise NotRun("the switches of instruction sets are those of x86-64")
    said = ""
    for way in WAYS:
        first = usual(stage, way)[0]
        for name, environment in processors.items():
            other = proof(stage).once(way, name, environment, build=True)
            _equal(way, first, other)
            if name == LEAST:
                left = [library for library in unreduced(first, other) if library != "logarithm"]
                demand(not left, f"{way}: {', '.join(left)} used what they always use")
                header = other.header
                said = f"FAISS {header['faiss']}, NumPy {header['numpy']}, "
                said += f"OpenBLAS {header['openblas']}, numba {header['numba']}"
    loops = all(usual(stage, way)[0].header["loops"] for way in (DENSE, ARMS))
    lists = all(usual(stage, way)[0].header["lists"] for way in (DENSE, ARMS))
    demand(loops and lists, "lists or compiled loops were not used")
    return f"{stage.queries} queries, {len(WAYS)} indexes each built on {len(processors)}: {said}"


def twin(stage: Stage) -> str:
    """The last bit of each impact in a copy of the index is another: 1 of 65,535 parts."""
    found = differences(usual(stage, BM25)[0], proof(stage).altered(BM25))
    demand(bool(found), "an altered index gave the same bytes")
    return found[0]


def _equal(way: str, first: Printed, other: Printed) -> None:
    wrong = differences(first, other)
    demand(not wrong, f"{way}: {'; '.join(wrong)}")


CHECKS = (
    Check(
        "same search",
        "fresh processes and rebuilt indexes give identical pages, order, scores and snippets",
        same_search,
    ),
    Check("same processor", "so do lesser instruction sets, for building too", same_processor),
    Check(
        "same twin", "impacts altered by 1 of 65,535 parts in a copy of the index are noticed", twin
    ),
)

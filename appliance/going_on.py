"""`ask --resume`: a run that did not end, opened again for its next turn.

It compares what the run was made with and what is here now, writes the `resume` event, and hands
back an inquiry that knows the record. How the record is followed is `appliance.resume`.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from indexer.memory import QueryMemory
from store.digest import blake

from .ask import LOOP, Inquiry
from .errors import RunError
from .home import DISTRIBUTION
from .limits import Budget
from .readers import Readers
from .replay import check_index
from .researcher import Researcher
from .resume import Record
from .trace import Run, RunWriter
from .vectors import recorded_vectors


def recorded_budget(run: Run, given: Budget) -> Budget:
    """The budget of a run, for the whole of it; what is `given` now takes its place."""
    then: Any = run.manifest.get("budget", {})
    for event in run.all("resume"):
        then = event["budget"]
    try:
        kept = Budget(
            int(then.get("turns", 0)),
            int(then.get("tokens", 0)),
            None if then.get("seconds") is None else float(then["seconds"]),
            int(then.get("context", 0)),
            str(then.get("policy", "")),
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise RunError(
            f"the budget of run {run.id} cannot be read; restore the run from a backup"
        ) from error
    changed = {name: value for name, value in asdict(given).items() if value}
    return replace(kept, **changed)


def recorded_judge(run: Run) -> bool:
    """True when the model is to judge what no quote carries: the run, or a resume of it, said so.

    Give the run as it was read: events that are no longer in force count as well.
    """
    return any(event.get("judge") is True for event in (run.manifest, *run.events))


def go_on(
    run: Run,
    writer: RunWriter,
    readers: Readers,
    researcher: Researcher | None = None,
    budget: Budget | None = None,
    judge: bool = False,
) -> Inquiry:
    """Write to `run` (as `resume.kept` leaves it) that it goes on, and return its inquiry.

    Raises RunError where other weights, another encoder or kind of index, or other rules of the
    loop are in use than then.
    """
    if researcher is not None and run.manifest.get("loop") != LOOP:
        raise RunError(
            f"the run {run.id} was made by a version whose loop has other rules; ask the question "
            "again"
        )
    here: dict[str, Any] = {"index": readers.index_facts(), "corpus": readers.corpus_facts()}
    check_index(run, here["index"])
    here["versions"] = {"appliance": version(DISTRIBUTION)}
    if researcher is not None:
        card, profile = researcher.card, researcher.profile
        here |= {
            "weights": card.sha256,
            "profile": profile.name,
            "prompt": blake(profile.system_prompt(str(run.manifest["date"])).encode()),
            "engine": dict(researcher.engine.describe()),
        }
        for name in ("weights", "profile"):
            if here[name] != run.manifest.get(name):
                raise RunError(
                    f"the run {run.id} was made with the {name} {run.manifest.get(name)} and "
                    f"{card.name} has {here[name]} now; import that model again to go on"
                )
    writer.add(
        {
            "type": "resume",
            "keep": len(run.events),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "torn": run.torn,
            "changed": _changed(run.manifest, here),
            "index": here["index"],
            "budget": asdict(budget or Budget()),
            **({"judge": True} if judge else {}),
        }
    )
    return Inquiry(
        run.question,
        readers,
        writer,
        memory=QueryMemory(recorded_vectors(run)),
        record=Record(run.events),
    )


def _changed(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, list[object]]:
    """What decides a run and is other now, as [then, now]; of mappings the fields that differ."""
    found: dict[str, list[object]] = {}
    for name, value in now.items():
        before = then.get(name)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            for key, item in value.items():
                if before.get(key) != item:
                    found[f"{name}.{key}"] = [before.get(key), item]
        elif before != value:
            found[name] = [before, value]
    return found

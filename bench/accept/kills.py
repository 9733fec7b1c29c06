"""Kills during crawl and index, at random moments of the time that each takes undisturbed.

After every kill the same command is given again, and the result must be what it is without kills:
the same pages with the same content, no version twice, the same frozen index, nothing to mend.
"""

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from store.database import Database, open_database
from store.pages import PageStore

from ..corpus import site
from ..killing import Tally, Target, strike, undisturbed
from ..scratch import COMMAND, Done, appliance, run, surroundings
from .check import Check, demand
from .stage import Stage

PAGES = 60
UNDISTURBED = 2
"""Runs without a kill; the shorter one gives the time over which the kills are spread."""
OPENED = "indexer.build: vectors of"
"""How the line begins that `appliance -v index` says when its set-up is over."""
BEGUN = "crawler.child: begun"
"""The same of `appliance -v crawl`."""
IN_FLIGHT = 0.8
"""The share of kills that must hit a verb past its set-up and before its end."""
FEW = 10
"""Of fewer kills the share is printed and not judged: one of three is 33 %."""
BUSY = ("another process", "another `appliance")
"""How a refusal begins while what the killed process started is still going down."""


def during_index(stage: Stage) -> str:
    """By turns from an empty index and rebuilding a whole one; the digest must come out equal."""
    home = _home(stage)
    ways = (["-v", "index"], ["-v", "index", "--rebuild"])
    taken: list[list[float]] = [[], []]
    for _ in range(UNDISTURBED):
        _forget_index(home)
        for words, times in zip(ways, taken, strict=True):
            times.append(undisturbed(_target(home, words, OPENED)))
    wanted = _frozen(home)
    first, rebuild = (
        Tally(count, min(times), seed)
        for count, times, seed in (
            (-(-stage.kills // 2), taken[0], 1),
            (stage.kills // 2, taken[1], 2),
        )
    )
    moments = [iter(first.moments()), iter(rebuild.moments())]
    for number in range(stage.kills):
        again = number % 2
        tally = (first, rebuild)[again]
        if not again:
            _forget_index(home)
        point = next(moments[again]) * tally.seconds
        # All that it started with it, then it alone.
        tally.add(strike(_target(home, ways[again], OPENED), point, alone=number % 4 > 1))
        done = _again(lambda: appliance(home, "index"))
        demand(done.code == 0, f"killed at {point:.2f} s: {done.last_words()}")
        demand(_frozen(home) == wanted, f"killed at {point:.2f} s: another frozen index")
        for words in (["verify"], ["index", "verify"]):
            checked = appliance(home, *words)
            said = checked.out.strip() or checked.last_words()
            demand(checked.code == 0, f"killed at {point:.2f} s: {' '.join(words)}: {said}")
    landed = sum(blow.landed for tally in (first, rebuild) for blow in tally.blows)
    enough = stage.kills < FEW or landed >= int(IN_FLIGHT * stage.kills)
    demand(enough, f"only {first}; rebuilding, {rebuild}")
    return f"{first}; rebuilding, {rebuild}: each time the undisturbed state"


def during_crawl(stage: Stage) -> str:
    """Each time into a new collection; its pages must come out equal."""
    home, folder, tally = _crawls(stage, "whole")
    with open_database(home) as database:
        wanted = _state(database, "whole-0")
        demand(len(wanted) == PAGES + 1, f"{len(wanted)} pages without any kill")
        for number, moment in enumerate(tally.moments()):
            name = f"killed-{number}"
            point = moment * tally.seconds
            tally.add(strike(_crawl(home, folder, name), point, alone=number % 2 == 1))
            _finish(home, folder, name, f"killed at {point:.2f} s")
            _compare(database, name, wanted, f"killed at {point:.2f} s")
    return _verified(home, tally)


def during_two_crawls(stage: Stage) -> str:
    """Two processes on one crawl, one of which is killed: the other finishes it."""
    home, folder, tally = _crawls(stage, "undisturbed")
    # Two do it in less time than one.
    tally.seconds /= 2
    with open_database(home) as database:
        wanted = _state(database, "undisturbed-0")
        for number, moment in enumerate(tally.moments()):
            name = f"shared-{number}"
            point = moment * tally.seconds
            target = _crawl(home, folder, name)
            with subprocess.Popen(
                target.argv, env=dict(target.environment), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            ) as other:  # fmt: skip
                blow = strike(target, point, alone=number % 2 == 1)
                said = other.communicate(timeout=120)[1]
            what = f"one of two killed at {point:.2f} s"
            demand(other.returncode == 0, f"{what}: the other: {said.strip()[-200:]}")
            tally.add(blow)
            # Where the other had ended before the killed one began, that one had begun anew.
            _finish(home, folder, name, what)
            _compare(database, name, wanted, what)
    return _verified(home, tally)


def _crawls(stage: Stage, name: str) -> tuple[Path, Path, Tally]:
    """The home, the site, and a tally that knows how long a crawl takes after its set-up."""
    home, folder = _home(stage), stage.root / "kill" / "site"
    taken = [undisturbed(_crawl(home, folder, f"{name}-{number}")) for number in range(UNDISTURBED)]
    return home, folder, Tally(stage.kills, min(taken))


def _crawl(home: Path, folder: Path, collection: str) -> Target:
    return _target(home, ["-v", "crawl", str(folder), "--collection", collection], BEGUN)


def _finish(home: Path, folder: Path, collection: str, what: str) -> None:
    done = _again(lambda: appliance(home, "crawl", folder, "--collection", collection))
    demand(done.code == 0, f"{what}: {done.last_words()}")


def _compare(
    database: Database, collection: str, wanted: dict[str, tuple[str, str]], what: str
) -> None:
    found = _state(database, collection)
    lost, more = len(wanted.keys() - found.keys()), len(found.keys() - wanted.keys())
    demand(found == wanted, f"{what}: {lost} pages lost, {more} too many")
    faults = PageStore(database, collection).verify()
    demand(not faults, f"{what}: verify: {next(iter(faults), '')}")


def _verified(home: Path, tally: Tally) -> str:
    checked = appliance(home, "verify")
    demand(checked.code == 0, f"verify: {checked.last_words()}")
    landed = sum(blow.landed for blow in tally.blows)
    enough = tally.kills < FEW or landed >= int(IN_FLIGHT * tally.kills)
    demand(enough, f"only {tally}")
    return f"{tally}: each time the undisturbed state"


def _target(home: Path, words: list[str], ready: str = "") -> Target:
    return Target([COMMAND, *words], surroundings(home), ready)


def _again(act: Callable[[], Done], patience: float = 20) -> Done:
    """Give the command again; while the server still counts the dead one as a client, wait."""
    deadline = time.monotonic() + patience
    while True:
        done = act()
        busy = done.code and any(word in done.err.lower() for word in BUSY)
        if not busy or time.monotonic() > deadline:
            return done
        time.sleep(0.2)


def _home(stage: Stage) -> Path:
    """A home whose collection `web` holds a small site, and that site on disk."""
    home: Path = stage.once("kill home", lambda: _build(stage.root / "kill"))
    return home


def _build(folder: Path) -> Path:
    home = folder / "home"
    (folder / "site").mkdir(parents=True)
    for name, page in site(PAGES).items():
        (folder / "site" / name).write_text(page)
    done = run([COMMAND, "crawl", folder / "site"], home)
    demand(done.code == 0, done.last_words())
    return home


def _state(database: Database, collection: str) -> dict[str, tuple[str, str]]:
    """URL → title and content digest; fails when a page was stored as more than one version."""
    store = PageStore(database, collection)
    found = {page.url: (page.title, page.digest) for page in store.current()}
    with database.read() as connection:
        row = connection.execute(
            "SELECT count(*) FROM page_version JOIN page ON page.id = page_version.page_id "
            "JOIN collection ON collection.id = page.collection_id WHERE collection.name = %s",
            (collection,),
        ).fetchone()
    assert row is not None
    demand(row[0] == len(found), f"{row[0]} versions of {len(found)} pages")
    return found


def _forget_index(home: Path) -> None:
    """Put the home back to where it was before its first `appliance index`."""
    with open_database(home) as database, database.raw() as connection:
        connection.execute("DELETE FROM passage")
    for name in ("milvus", "frozen"):
        shutil.rmtree(home / name, ignore_errors=True)


def _frozen(home: Path) -> str:
    from indexer.frozen import FrozenIndex

    return FrozenIndex.open(home / "frozen").digest


CHECKS = (
    Check("kill index", "killed during index, it resumes to the undisturbed state", during_index),
    Check("kill crawl", "killed during crawl, it resumes to the undisturbed state", during_crawl),
    Check(
        "kill one of two",
        "of two processes on one crawl one is killed, and the other ends in the undisturbed state",
        during_two_crawls,
    ),
)

"""Kills during crawl and index, spread evenly over the time that each takes undisturbed.

After every kill the same command is given again, and the result must be what it is without kills:
the same pages with the same content, no version twice, the same frozen index, nothing to mend.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from store.database import Database, open_database
from store.pages import PageStore

from ..corpus import site
from ..scratch import COMMAND, Done, appliance, run, surroundings
from .check import Check, demand
from .stage import Stage

PAGES = 60
UNDISTURBED = 2
"""Runs without a kill; the shorter one gives the time over which the kills are spread."""
BUSY = ("another process", "another `appliance")
"""How a refusal begins while what the killed process started is still going down."""


def during_index(stage: Stage) -> str:
    """Each time from an empty index; the frozen digest must come out equal."""
    home = _home(stage)
    taken = []
    for _ in range(UNDISTURBED):
        _forget_index(home)
        whole = appliance(home, "index")
        demand(whole.code == 0, whole.last_words())
        taken.append(whole.seconds)
    wanted = _frozen(home)
    finished = 0
    for number, point in enumerate(_points(stage.kills, min(taken))):
        _forget_index(home)
        finished += not _killed(["index"], home, point, alone=number % 2 == 1)
        done = _again(lambda: appliance(home, "index"))
        demand(done.code == 0, f"killed at {point:.2f} s: {done.last_words()}")
        demand(_frozen(home) == wanted, f"killed at {point:.2f} s: another frozen index")
        checked = appliance(home, "verify")
        demand(checked.code == 0, f"killed at {point:.2f} s: verify: {checked.last_words()}")
    return _figure(stage.kills, finished, min(taken))


def during_crawl(stage: Stage) -> str:
    """Each time into a new collection; its pages must come out equal."""
    home, folder = _home(stage), stage.root / "kill" / "site"
    taken = []
    for number in range(UNDISTURBED):
        whole = run([COMMAND, "crawl", folder, "--collection", f"whole-{number}"], home)
        demand(whole.code == 0, whole.last_words())
        taken.append(whole.seconds)
    finished = 0
    with open_database(home) as database:
        wanted = _state(database, "whole-0")
        demand(len(wanted) == PAGES + 1, f"{len(wanted)} pages without any kill")
        for number, point in enumerate(_points(stage.kills, min(taken))):
            words = ["crawl", str(folder), "--collection", f"killed-{number}"]
            finished += not _killed(words, home, point, alone=number % 2 == 1)
            done = _again(lambda words=words: appliance(home, *words))  # type: ignore[misc]
            demand(done.code == 0, f"killed at {point:.2f} s: {done.last_words()}")
            found = _state(database, f"killed-{number}")
            lost, more = len(wanted.keys() - found.keys()), len(found.keys() - wanted.keys())
            demand(found == wanted, f"killed at {point:.2f} s: {lost} pages lost, {more} too many")
            faults = PageStore(database, f"killed-{number}").verify()
            demand(not faults, f"killed at {point:.2f} s: verify: {next(iter(faults), '')}")
    checked = appliance(home, "verify")
    demand(checked.code == 0, f"verify: {checked.last_words()}")
    return _figure(stage.kills, finished, min(taken))


def _figure(kills: int, finished: int, seconds: float) -> str:
    early = f", {finished} after its end" if finished else ""
    return f"{kills} kills spread over {seconds:.1f} s{early}: each time the undisturbed state"


def _points(kills: int, seconds: float) -> list[float]:
    return [(number + 0.5) / kills * seconds for number in range(kills)]


def _killed(words: list[str], home: Path, after: float, alone: bool = False) -> bool:
    """Start a verb and kill it after `after` seconds; False if it had ended by then.

    All its children are killed with it or, if `alone`, left to find out. The database server has
    a session of its own and lives on, as after the death of any client.
    """
    process = subprocess.Popen(
        [COMMAND, *words], env=surroundings(home), start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        process.wait(after)
        return False
    except subprocess.TimeoutExpired:
        (os.kill if alone else os.killpg)(process.pid, signal.SIGKILL)
        process.wait()
        return True


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
)

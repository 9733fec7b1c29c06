"""The acceptance run: which promises it has, that it fails when one is broken, and that a row that
cannot be run says why. The rows themselves are run by `make accept`.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.ask import Inquiry, manifest
from appliance.config import Config
from appliance.home import Home
from appliance.readers import open_readers
from appliance.trace import RunWriter, read_run
from bench.accept import kills, replays
from bench.accept.__main__ import CHECKS, main
from bench.accept.check import Check, CheckFailed, NotRun, demand, perform, under
from bench.accept.stage import Stage
from bench.corpus import pages, title, url, words
from bench.killing import Target, strike
from bench.rows import rate_row, time_row
from bench.scratch import COMMAND, scratch, surroundings
from indexer.build import build
from indexer.encoders.lexical import LexicalEncoder
from models.profiles import profile
from models.registry import ModelCard
from models.scripted import ScriptedEngine
from store.cluster import Cluster
from store.database import open_database
from store.pages import PageStore

PROMISED = {
    "from a fresh clone": ("clone", "clone again", "clone tests"),
    "demo": ("demo", "demo again", "demo home"),
    "eval": ("eval demo", "eval none"),
    "evidence": ("evidence", "evidence model"),
    "demo researcher": ("renamed", "invented", "processes", "model card", "model import"),
    "real pages": ("docs crawl", "docs read", "docs search", "sites.toml"),
    "hostile pages": ("hostile pages",),
    "manners of a crawl": ("two crawls", "robots race"),
    "imports": ("kill import", "damaged archives", "import speed", "import memory"),
    "replay": ("replay", "replay altered"),
    "recorded calls": ("recorded calls", "altered byte", "pinned"),
    "repeated searches": ("same search", "same processor", "same twin"),
    "retrieval": ("quality", "frozen index", "query encoder", "first search"),
    "visits": ("visit keeps", "visit time"),
    "the store": ("store at scale",),
    "air gap": ("no network", "seal", "seal twin"),
    "speed": ("help", "crawl speed", "cold search"),
    "kills": ("kill index", "kill crawl", "kill one of two"),
    "the loop": ("fuzzed turns", "long run", "kill ask"),
}


def good(stage: Stage) -> str:
    return "fine"


def bad(stage: Stage) -> str:
    demand(False, "two of three")
    return "never"


def broken(stage: Stage) -> str:
    raise OSError("no room")


def late(stage: Stage) -> str:
    subprocess.run([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.2, check=False)
    return "never"


def unasked(stage: Stage) -> str:
    raise NotRun("run with --clone")


def ended(pid: int) -> bool:
    """True when the process is gone, or dead and only not yet collected by its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def check(name: str) -> Check:
    return Check(name, f"the promise {name}", globals()[name])


def test_every_promise_has_its_rows() -> None:
    names = [check.name for check in CHECKS]
    assert sorted(names) == sorted(name for group in PROMISED.values() for name in group)
    assert len(set(names)) == len(names)
    page = (Path(__file__).parents[1] / "docs" / "acceptance.md").read_text("utf-8")
    for name in names:
        assert f"| {name} |" in page


@pytest.mark.parametrize(
    ("name", "state", "figure"),
    [
        ("good", "pass", "fine"),
        ("bad", "FAIL", "two of three"),
        ("broken", "FAIL", "OSError: no room"),
        ("late", "FAIL", "no end after 0 s"),
        ("unasked", "not run", "run with --clone"),
    ],
)
def test_a_check_never_raises(name: str, state: str, figure: str, tmp_path: Path) -> None:
    outcome = perform(check(name), Stage(tmp_path))
    assert (outcome.state, outcome.name) == (state, name)
    assert outcome.figure.startswith(figure)


@pytest.mark.parametrize(
    ("names", "code", "last"),
    [
        (["good"], 0, "1 kept, 0 broken, 0 owed, 0 not run"),
        (["good", "bad"], 1, "1 kept, 1 broken, 0 owed, 0 not run"),
        (["good", "unasked"], 0, "1 kept, 0 broken, 0 owed, 1 not run"),
    ],
)
def test_the_exit_code_is_the_verdict(
    names: list[str], code: int, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], [check(name) for name in names]) == code
    assert capsys.readouterr().out.splitlines()[-1] == last


def test_json_holds_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json"], [check("good"), check("bad")]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    assert [(row["name"], row["state"]) for row in said["rows"]] == [
        ("good", "pass"),
        ("bad", "FAIL"),
    ]


def test_rows_are_chosen_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["good"], [check("good"), check("bad")]) == 0
    with pytest.raises(SystemExit):
        main(["godo"], [check("good")])
    assert "there is no row 'godo'" in capsys.readouterr().err


def test_an_owed_promise_breaks_the_run_only_when_it_is_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    checks = [check("good"), check("bad")]
    assert main(["--owed", "bad"], checks) == 0
    assert "1 kept, 0 broken, 1 owed, 0 not run" in capsys.readouterr().out
    assert main(["--owed", "bad", "--owed", "good"], checks) == 1
    assert "kept now, strike it off" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--owed", "godo"], checks)
    assert main(["--owed", "broken"], [check("broken")]) == 1  # nothing was measured


def test_a_part_that_failed_fails_again_without_being_made_again(tmp_path: Path) -> None:
    stage, made = Stage(tmp_path), []

    def make() -> str:
        made.append(1)
        raise CheckFailed("no part")

    for _ in range(2):
        with pytest.raises(CheckFailed, match="no part"):
            stage.once("part", make)
    assert made == [1]


def test_a_limit_is_a_limit() -> None:
    assert under(0.1, 0.2) == "0.10 s (under 0.2 s)"
    with pytest.raises(CheckFailed):
        under(0.2, 0.2)


def test_ratios_say_better_above_one() -> None:
    assert rate_row("r", 20.0, "pages/s", "half", 10.0, least=1.5).ratio == 2
    assert rate_row("r", 20.0, "pages/s", "half", 10.0, least=2.5).met is False
    assert time_row("t", 1.0, "s", "twice", 2.0).ratio == 2
    assert time_row("t", 1.0, "s", "twice", 2.0, most=0.5).met is False


def test_scratch_stops_the_database_it_finds() -> None:
    with scratch() as folder:
        cluster = Cluster(folder / "home" / "postgres")
        cluster.start()
        pid = cluster.status().pid
        assert pid is not None
    assert not folder.exists()
    assert ended(pid)
    assert not ended(os.getpid())


def test_the_settings_of_the_caller_do_not_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPLIANCE_MODEL", "mine")
    given = surroundings(Path("/tmp/h"))
    assert given["APPLIANCE_HOME"] == "/tmp/h"
    assert "APPLIANCE_MODEL" not in given


def test_a_killed_verb_is_dead_with_its_children(tmp_path: Path) -> None:
    assert not strike(kills._target(tmp_path, ["--version"]), 30).landed
    note = tmp_path / "child"
    script = f"sleep 60 & echo $! > {note}; echo begun; wait"
    assert strike(Target(["/bin/sh", "-c", script], surroundings(tmp_path), "begun"), 0.2).landed
    child = int(note.read_text())
    for _ in range(1000):  # the kernel delivers the signal in its own time
        if ended(child):
            break
        time.sleep(0.01)
    assert ended(child)


def calling(name: str, **arguments: object) -> str:
    call = json.dumps({"name": name, "arguments": arguments})
    return f"So.</think>\n<tool_call>\n{call}\n</tool_call>"


@pytest.fixture(scope="module")
def recorded() -> Iterator[tuple[Path, str]]:
    """A home with a run of three calls, each of which first shows a page of its own."""
    with scratch() as folder:
        home = Home(folder / "home").create()
        with open_database(home.root) as database:
            PageStore(database).add(pages(12))
            build(database, home.root, LexicalEncoder())
        turns = [calling("visit", url=[url(n)], goal=title(n)) for n in (3, 5, 8)]
        engine = ScriptedEngine([*turns, f"It says so.</think>\n<answer>{words()[5]}</answer>"])
        card = ModelCard("scripted", "none", "sha256:0", 0, "none", "tests", "demo")
        config = Config(home)
        with open_readers(config) as readers:
            entry = manifest("Who?", readers, "2026-01-01", 0, engine, card, profile("demo"))
            with RunWriter(home.runs, entry) as writer:
                inquiry = Inquiry("Who?", readers, writer)
                for _ in inquiry.steps(engine, profile("demo"), "2026-01-01", 0, None):
                    pass
        yield home.root, writer.id


def test_the_row_of_the_altered_page(recorded: tuple[Path, str]) -> None:
    home, run = recorded
    events = [dict(event) for event in read_run(home / "runs", run).events]
    figure = replays.altered_replay(home, run, events)
    assert figure.startswith("stopped at call 3 of 3, then “")


def test_the_row_of_the_altered_page_can_fail(
    recorded: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, run = recorded
    events = [dict(event) for event in read_run(home / "runs", run).events]
    monkeypatch.setattr(replays, "_other", lambda word: word)  # nothing is altered
    with pytest.raises(CheckFailed, match="exit code 0"):
        replays.altered_replay(home, run, events)


def test_the_command_under_test_is_installed() -> None:
    assert shutil.which(COMMAND)

"""`runs diff`, `runs export` and `runs rm`, and `replay --model`: runs side by side, in an archive that
others can check, gone, and made again.
"""

import hashlib
import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.trace import RunWriter, read_run

from .conftest import Corpus, Done, stored
from .scripts import DANUBE, Command, calling

SEARCH = calling("search", query=["Danube length"])
VISIT = calling("visit", url=[DANUBE], goal="How long is the Danube?")
ANSWER = "x</think>\n<answer>2,850 km</answer>"


@pytest.fixture
def ask(corpus: Corpus, command: Command, scripted: Callable[..., object]) -> Callable[..., str]:
    """Ask with a script; returns the id of the run."""

    def asked(*turns: str, question: str = "How long is the Danube?", seed: int = 0) -> str:
        scripted(*turns)
        assert command("ask", "--seed", str(seed), "--date", "2026-01-02", question).code == 0
        return read_run(corpus.runs, "last").id

    return asked


def test_two_runs_that_went_the_same_way(command: Command, ask: Callable[..., str]) -> None:
    one, other = ask(SEARCH, VISIT, ANSWER), ask(SEARCH, VISIT, ANSWER)
    done = command("runs", "diff", one, other)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        f"A {one}: How long is the Danube?\nB {other}: How long is the Danube?\n"
        "calls: 2 and 2, 2 identical\nthe same answer: 2,850 km\n"
    )
    assert command("runs", "diff", one, other, "--json").json["same"] is True


def test_whatever_differs_between_two_runs_is_shown(
    corpus: Corpus, command: Command, ask: Callable[..., str], alter: Callable[..., None]
) -> None:
    one = ask(SEARCH, VISIT, ANSWER)
    alter(corpus.database, DANUBE, "2,850", "2,851")
    other = ask(
        VISIT, calling("visit", url=["u"], goal="g"), ANSWER.replace("2,850", "2,851"),
        question="How long is the\x1b long Danube?", seed=7,
    )  # fmt: skip
    done = command("runs", "diff", one, other)
    assert done.code == 3
    assert "\x1b" not in done.out
    for said in (
        "question:\n  after “… How long is",
        "seed     0  7",
        '- call 1 search({"query": ["Danube length"]})',
        "≠ call 2 / 1 visit(",
        "A “2,850”, B “2,851”",
        '+ call 2 visit({"goal": "g", "url": ["u"]})',
        "calls: 2 and 2, 0 identical",
        "after “… answered:”: A “2,850”, B “2,851”",
    ):
        assert said in done.out, said
    assert "then “" not in done.out
    found = command("runs", "diff", one, other, "--json").json
    assert (found["same"], found["calls"], found["same_calls"]) == (False, [2, 2], 0)


def test_an_archive_proves_itself_without_this_program(
    corpus: Corpus, command: Command, ask: Callable[..., str], tmp_path: Path
) -> None:
    run = ask(SEARCH, VISIT, ANSWER)
    first, second = tmp_path / "a.zip", tmp_path / "deep" / "b.zip"
    done = command("runs", "export", run, "--out", str(first), "--json").json
    assert command("runs", "export", run[:-1], "--out", str(second)).code == 0
    assert first.read_bytes() == second.read_bytes()
    assert done["digest"] == "sha256:" + hashlib.sha256(first.read_bytes()).hexdigest()
    assert (done["missing"], done["pages"] >= 1) == (0, True)

    with zipfile.ZipFile(first) as archive:
        archive.extractall(tmp_path / "out")
    folder = tmp_path / "out" / f"run-{run}"
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=folder, check=True)
    assert (folder / "run.jsonl").read_bytes() == (corpus.runs / run / "run.jsonl").read_bytes()
    # Every quote is the slice that it says it is, of a file whose name is the version's digest.
    events = [json.loads(line) for line in (folder / "run.jsonl").read_text("utf-8").splitlines()]
    (evidence,) = [event for event in events if event["type"] == "evidence"]
    quotes = [item for claim in evidence["claims"] for item in claim["evidence"]]
    assert quotes
    for quote in quotes:
        data = (folder / "pages" / f"{quote['version'][7:]}.json").read_bytes()
        assert hashlib.sha256(data).hexdigest() == quote["version"][7:]
        assert json.loads(data)["text"][quote["start"] : quote["end"]] == quote["quote"]
    listed = {page["version"] for page in json.loads((folder / "pages.json").read_text())}
    assert listed == {f"sha256:{path.stem}" for path in (folder / "pages").iterdir()}
    (folder / "run.html").write_text("other")
    assert subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, check=False).returncode


def test_an_archive_names_the_versions_that_are_gone(
    corpus: Corpus,
    command: Command,
    ask: Callable[..., str],
    alter: Callable[..., None],
    tmp_path: Path,
) -> None:
    run = ask(VISIT, ANSWER)
    alter(corpus.database, DANUBE, "2,850", "2,851")
    # A torn tail is not exported.
    with (corpus.runs / run / "run.jsonl").open("ab") as file:
        file.write(b'{"type":"e')
    done = command("runs", "export", run, "--out", str(tmp_path / "a.zip"))
    assert done.code == 0
    assert "1 page version is no longer in the store; missing.json names it" in done.err
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        gone = json.loads(archive.read(f"run-{run}/missing.json"))
        assert archive.read(f"run-{run}/run.jsonl").endswith(b"}\n")
    assert gone == [{"url": DANUBE, "version": stored(DANUBE).digest}]


def test_removing_runs(corpus: Corpus, command: Command, ask: Callable[..., str]) -> None:
    runs = [ask(ANSWER) for _ in range(3)]
    unknown = command("runs", "rm", runs[0], "nope")
    assert unknown.code == 1
    assert "there is no run 'nope'" in unknown.err
    assert len(list(corpus.runs.iterdir())) == 3
    done = command("runs", "rm", runs[0], runs[0], runs[1])
    assert (done.code, done.out) == (
        0,
        f"run {runs[0]} is removed and cannot be replayed any more\n"
        f"run {runs[1]} is removed and cannot be replayed any more\n",
    )
    assert "stay until: appliance snapshot gc" in done.err
    assert [path.name for path in corpus.runs.iterdir()] == [runs[2]]
    with RunWriter.resume(corpus.runs, runs[2]):
        busy = command("runs", "rm", runs[2])
    assert busy.code == 1
    assert "is being written by another process; wait until it has ended" in busy.err


def test_asking_again_with_a_live_model(
    command: Command,
    ask: Callable[..., str],
    scripted: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = ask(SEARCH, VISIT, ANSWER)

    def again(*turns: str) -> Done:
        from appliance.cli.verbs import ask as verb

        scripted(*turns)
        monkeypatch.setattr("appliance.cli.verbs.replay.open_researcher", verb.open_researcher)
        return command("replay", run, "--model")

    same = again(SEARCH, VISIT, ANSWER)
    assert (same.code, same.out) == (0, "the same weights, the same answer: 2,850 km\n"), same.err
    assert "3 of 3 turns are the same, word for word" in same.err
    other = again(SEARCH, ANSWER.replace("2,850", "2,851"))
    assert other.code == 3
    assert other.out == (
        "the same weights, another answer\n  then: 2,850 km\n  now:  2,851 km\n"
        "  at the beginning: then “2,850”, now “2,851”\n"
    )
    assert "1 of 2 turns are the same, word for word" in other.err

"""`appliance eval`: every question of a file, judged, and gone on with where it was."""

import json
from pathlib import Path

import pytest

from appliance.trace import read_run

from .conftest import Corpus
from .scripts import ANSWER, QUESTION, VISIT, Command, Scripted


def questions(folder: Path) -> Path:
    path = folder / "questions.jsonl"
    rows = [
        {"id": "a", "question": QUESTION, "answer": "2850 km", "kind": "one"},
        {
            "id": "b",
            "question": "Who designed the Forth Bridge?",
            "answer": ["Fowler", "Baker"],
            "kind": "one",
        },
        {"id": "c", "question": "Zxqvy zzyzx?", "answer": None, "kind": "none"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_eval_counts_and_goes_on_where_it_was(
    corpus: Corpus, command: Command, scripted: Scripted, tmp_path: Path
) -> None:
    path = questions(tmp_path)
    engine = scripted(VISIT, ANSWER, "x</think><answer>nobody</answer>")
    stopped = command("eval", str(path), "--date", "2026-01-02")
    assert stopped.code == 1
    assert stopped.err.splitlines()[-1].startswith(
        "appliance: the script of 3 completions has ended"
    )
    assert engine.left == 0
    scripted("x</think><answer>not found</answer>")
    done = command("eval", str(path), "--date", "2026-01-02", "--json")
    assert done.code == 0
    assert "2 questions were asked before; --restart asks anew" in done.err
    value = done.json
    assert (value["n"], value["accuracy"], value["answered"], value["abstained"]) == (
        3,
        0.6667,
        2,
        1,
    )
    assert [record["correct"] for record in value["records"]] == [True, False, True]
    assert [record["answer"] for record in value["records"]] == [
        "2850 km",
        ["Fowler", "Baker"],
        None,
    ]
    for record in value["records"]:
        assert read_run(corpus.runs, record["run"]).question == record["question"]
    table = command("eval", str(path))
    assert table.out == (
        "kind  questions  right  abstained\n"
        "none  1          1      1\n"
        "one   2          1      0\n"
        "\n2 of 3 right with the model scripted\n"
    )


def test_eval_by_quotes_alone(corpus: Corpus, command: Command, tmp_path: Path) -> None:
    done = command("eval", str(questions(tmp_path)), "--model", "none", "--json")
    assert done.code == 0
    assert [record["correct"] for record in done.json["records"]] == [True, True, True]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"question": "x"', "line 2 of {path} is not JSON; write it as"),
        ('{"q": "x"}', 'line 2 of {path} has no "question"; write it as'),
    ],
)
def test_a_malformed_question_file(
    corpus: Corpus, command: Command, tmp_path: Path, line: str, said: str
) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"question": "x", "answer": "y"}\n' + line + "\n")
    done = command("eval", str(path), "--model", "none")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("appliance: " + said.format(path=path))
    assert done.err.count("\n") == 1
    assert not corpus.runs.exists() or not list(corpus.runs.iterdir())


def test_a_date_that_is_none_is_refused(command: Command) -> None:
    done = command("ask", "--date", "xyz", QUESTION)
    assert done.code == 2
    assert "'xyz' is no date; write it as 2026-03-01" in done.err


def test_eval_starts_anew_with_other_weights(
    corpus: Corpus,
    command: Command,
    scripted: Scripted,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('{"question": "How long is the Danube?", "answer": "2,850 km"}\n', "utf-8")
    scripted(ANSWER)
    assert command("eval", "--json", str(file)).json["accuracy"] == 1.0
    scripted()
    assert command("eval", "--json", str(file)).json["accuracy"] == 1.0
    scripted("x</think><answer>3,000 km</answer>")
    monkeypatch.setattr("appliance.cli.verbs.eval.identity", lambda config, name: ("new", "demo"))
    assert command("eval", "--json", str(file)).json["accuracy"] == 0.0

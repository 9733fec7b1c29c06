"""The whole line on a real store and a real index: ask, run, replay, open, eval."""

import re

import pytest

from appliance.render.steps import show_step
from appliance.steps import TrimStep
from appliance.trace import read_run

from .conftest import Corpus
from .scripts import (
    ANSWER,
    DANUBE,
    QUESTION,
    SEARCH,
    VISIT,
    Alter,
    Command,
    Scripted,
    asked,
    calling,
)


def test_ask_prints_answer_and_evidence_and_writes_the_run(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    done = asked(scripted, command)
    run = read_run(corpus.runs, "last")
    assert done.code == 0
    assert done.out == (
        "(demonstration model: it copies and looks up, it knows nothing and misreads easily)\n"
        "Answer: 2,850 km\n"
        "\n"
        "[1] Danube\n"
        "    “It is 2,850 km long and flows into the Black Sea.”\n"
        f"    {DANUBE} · captured 2026-01-02 · verbatim\n"
        f"\nrun {run.id} · prove it: appliance replay {run.id}\n"
    )
    narration = re.sub(r"\(\d+ ms\)", "(T)", done.err).splitlines()
    assert narration[0].startswith("model scripted · ")
    assert narration[2:] == [
        "1. I look.",
        "   search “Danube length” → 2 pages; “long rivers of Europe” → 2 pages  (T)",
        "2. Hm.",
        "   call: This tool call could not be read: the call is not a JSON object. Write it as "
        "<tool_call> …  (T)",
        "3. I look.",
        f"   visit {DANUBE} → “Danube”; https://almanac.example/elbe → not in the corpus  (T)",
        "4. It says so.",
    ]
    assert (run.outcome, run.answer, run.question) == ("answered", "2,850 km", QUESTION)
    assert [event["type"] for event in run.events] == [
        "turn", "call", "turn", "call", "turn", "call", "turn", "answer", "evidence", "end",
    ]  # fmt: skip
    assert [event["parsed"] for event in run.all("turn")] == [True, False, True, True]
    assert run.manifest["date"] == "2026-01-02"
    assert run.manifest["index"]["pages"] == 6  # type: ignore[index]
    assert [miss.url for miss in corpus.pages.misses()] == ["https://almanac.example/elbe"]


def test_every_quote_and_span_of_a_run_slices_back(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    asked(scripted, command)
    run, pages = read_run(corpus.runs, "last"), corpus.pages
    seen = 0
    for call in run.all("call"):
        for facts in call["data"].get("pages", ()):  # type: ignore[attr-defined]
            if facts.get("missing"):
                assert facts["nearest"]
                continue
            page = pages.by_digest(facts["page"], facts["version"])
            assert page is not None
            for start, end in facts["spans"]:
                assert page.text[start:end].strip() in call["text"]  # type: ignore[operator]
                seen += 1
        for query in call["data"].get("queries", ()):  # type: ignore[attr-defined]
            for hit in query["hits"]:
                page = pages.by_digest(hit["url"], hit["version"])
                assert page is not None
                assert all(0 <= a < b <= len(page.text) for a, b in hit["spans"])
                seen += 1
    (evidence,) = run.all("evidence")
    for claim in evidence["claims"]:  # type: ignore[attr-defined]
        for item in claim["evidence"]:
            page = pages.by_digest(item["url"], item["version"])
            assert page is not None
            assert page.text[item["start"] : item["end"]] == item["quote"]
            seen += 1
    assert seen >= 6


def test_a_replay_in_fresh_processes_finds_every_call_identical(
    corpus: Corpus, command: Command, scripted: Scripted, process: Command
) -> None:
    asked(scripted, command)
    run = read_run(corpus.runs, "last")
    misses = corpus.pages.misses()
    outputs = [
        process("replay", run.id, environment=corpus.environment, seed=seed) for seed in (1, 2)
    ]
    for done in outputs:
        assert (done.code, done.out) == (0, f"run {run.id}: all 3 tool calls identical\n")
        digests = [str(call["digest"])[:19] for call in run.all("call")]
        assert done.err.splitlines() == [
            f"1. search: identical ({digests[0]}…)",
            f"2. call: identical ({digests[1]}…)",
            f"3. visit: identical ({digests[2]}…)",
        ]
    assert corpus.pages.misses() == misses
    assert len(list(corpus.runs.iterdir())) == 1
    as_json = process("replay", "last", "--json", environment=corpus.environment)
    assert as_json.json == {"run": run.id, "identical": 3, "what": "tool calls"}


def test_the_same_question_in_fresh_processes_gives_the_same_quotes(
    corpus: Corpus, process: Command
) -> None:
    said = [
        process(
            "ask", "--model", "none", "--json", QUESTION, environment=corpus.environment, seed=s
        )
        for s in (1, 77)
    ]
    first, second = (done.json for done in said)
    assert first.pop("run") != second.pop("run")
    assert first == second
    assert first["quotes"]


def test_after_one_page_is_altered_the_replay_stops_at_exactly_that_call(
    corpus: Corpus, command: Command, scripted: Scripted, process: Command, alter: Alter
) -> None:
    vienna = calling("visit", url="https://almanac.example/vienna", goal="capital")
    bridge = calling("visit", url="https://almanac.example/forth-bridge", goal="opening")
    asked(scripted, command, bridge, vienna, bridge, ANSWER)
    alter(
        corpus.database,
        "https://almanac.example/vienna",
        "capital of Austria",
        "capital of Ruritania",
    )
    done = process("replay", "last", environment=corpus.environment)
    run = read_run(corpus.runs, "last")
    assert done.code == 3
    assert done.out == ""
    lines = done.err.splitlines()
    assert lines[0].startswith("1. visit: identical")
    assert lines[1].startswith(f"appliance: call 2 of run {run.id}, visit(")
    assert "gives another result on the present corpus than it gave then:" in lines[1]
    assert any("then “Austria.”, now “Ruritania.”" in line for line in lines[2:])
    alter(
        corpus.database,
        "https://almanac.example/vienna",
        "capital of Ruritania",
        "capital of Austria",
    )
    assert process("replay", "last", environment=corpus.environment).code == 0


def test_one_altered_letter_anywhere_in_a_page_that_was_read_is_found(
    corpus: Corpus, command: Command, scripted: Scripted, alter: Alter
) -> None:
    """Also where the tool does not show it: the version's digest is part of the result."""
    asked(scripted, command, VISIT, ANSWER)
    alter(corpus.database, DANUBE, "town number 59 met", "town number 58 met")
    done = command("replay", "last")
    assert done.code == 3
    assert "appliance: call 1 of run" in done.err
    assert "the words are equal; what differs behind them: version" in done.err


def test_a_run_file_that_was_changed_proves_nothing(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    asked(scripted, command)
    path = corpus.runs / read_run(corpus.runs, "last").id / "run.jsonl"
    text = path.read_text("utf-8")
    path.write_text(text.replace("It is 2,850 km long and flows", "It is 2,851 km long and flows"))
    done = command("replay", "last")
    assert done.code == 1
    assert (
        "was changed after it was written, so that it proves nothing; restore the run" in done.err
    )


def test_runs_that_were_cut_short_are_replayed_as_far_as_they_came(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    asked(scripted, command)
    path = corpus.runs / read_run(corpus.runs, "last").id / "run.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for kept, calls in ((1, 0), (2, 0), (3, 1), (4, 1), (6, 2), (7, 3), (8, 3)):
        path.write_bytes(b"".join(lines[:kept]) + b'{"type":"tu')
        done = command("replay", "last")
        assert (done.code, done.err.count("identical")) == (0, calls), done.err
        assert done.out.endswith(f": all {calls} tool calls identical\n")


def test_a_model_that_fails_ends_the_run_with_quotes_and_one_sentence(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    scripted(SEARCH)
    done = command("ask", QUESTION)
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith("appliance: the script of 1 completions has ended")
    run = read_run(corpus.runs, "last")
    assert run.outcome == "failed"
    assert run.all("quotes")[0]["items"]
    replayed = command("replay", "last")
    assert (replayed.code, replayed.out) == (0, f"run {run.id}: all 1 tool calls identical\n")


def test_ctrl_c_ends_the_run_with_what_was_found_so_far(
    corpus: Corpus, command: Command, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = scripted(SEARCH, VISIT)
    give = engine.take

    def take() -> object:
        if not engine.left:
            raise KeyboardInterrupt
        return give()

    monkeypatch.setattr(engine, "take", take)
    done = command("ask", QUESTION)
    assert done.code == 130
    run = read_run(corpus.runs, "last")
    assert done.err.splitlines()[-2:] == [
        "stopped: this is what was found so far",
        f"go on with it: appliance ask --resume {run.id}",
    ]
    assert "No answer. The best passages found are:\n\n[1] Danube\n" in done.out
    assert (run.outcome, len(run.all("call"))) == ("interrupted", 2)


def test_abstaining_and_answering_nothing(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    done = asked(scripted, command, SEARCH, "No.</think><answer>not found</answer>")
    assert "The corpus does not hold the answer, as far as the researcher has read.\n" in done.out
    assert read_run(corpus.runs, "last").outcome == "abstained"
    done = asked(scripted, command, SEARCH, SEARCH, SEARCH, "", "")
    assert "No answer. The best passages found are:\n\n[1] " in done.out
    assert done.code == 0
    assert read_run(corpus.runs, "last").outcome == "no-answer"
    assert command("replay", "last").code == 0


def test_an_answer_that_no_page_supports_says_so(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    done = asked(scripted, command, VISIT, "x</think><answer>3,000 km</answer>")
    assert "Answer: 3,000 km\n\n3,000 km  ← no page that was read supports this\n" in done.out
    # A page that the model saw listed can carry an answer; one that it never met cannot.
    assert "← no page" not in asked(scripted, command, SEARCH, ANSWER).out
    assert "2,850 km  ← no page" in asked(scripted, command, ANSWER).out


def test_ask_as_json(corpus: Corpus, command: Command, scripted: Scripted) -> None:
    scripted(VISIT, ANSWER)
    done = command("ask", "--json", QUESTION)
    value = done.json
    assert set(value) == {
        "question", "outcome", "answer", "claims", "quotes", "searched", "missing", "scope",
        "told_to_answer", "model", "demonstration", "run",
    }  # fmt: skip
    assert (value["answer"], value["demonstration"]) == ("2,850 km", True)
    (claim,) = value["claims"]
    assert claim["evidence"][0]["quote"] == "It is 2,850 km long and flows into the Black Sea."


def test_quotes_without_a_model(corpus: Corpus, command: Command, alter: Alter) -> None:
    done = command("ask", "--model", "none", QUESTION)
    run = read_run(corpus.runs, "last")
    assert done.code == 0
    assert done.out.startswith(
        "Quotes from the corpus, best first (no model was used):\n\n[1] Danube\n"
    )
    assert "2,850 km long" in done.out
    assert done.err == ""
    replayed = command("replay", "last")
    count = len(run.all("quotes")[0]["items"])  # type: ignore[arg-type]
    assert (replayed.code, replayed.out) == (0, f"run {run.id}: all {count} quotes identical\n")
    alter(corpus.database, DANUBE, "2,850", "2,851")
    replayed = command("replay", "last")
    assert replayed.code == 3
    assert "then “2,850”, now “2,851”" in replayed.err


@pytest.mark.parametrize(
    "words",
    [
        ("--turns", "3"), ("--tokens", "5000"), ("--budget", "10s"), ("--judge",),
        ("--context-policy", "none"),
    ],
)  # fmt: skip
def test_what_is_the_models_is_not_ignored_without_one(
    words: tuple[str, ...], corpus: Corpus, command: Command
) -> None:
    done = command("ask", "--model", "none", *words, QUESTION)
    assert done.code == 2
    assert f"--model none asks no model: leave out {words[0]}" in done.err
    # Where none was asked for, because none is there, a note does.
    done = command("ask", *words, QUESTION)
    assert done.code == 0
    assert f"without a model this has no effect: {words[0]}\n" in done.err


def test_what_is_one_is_not_written_as_many(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    done = asked(scripted, command, calling("search", query=["Forth Bridge Fowler"]), ANSWER)
    assert re.search(r" → \d+ pages?", done.err)
    assert " 1 pages" not in done.err
    scripted(SEARCH, ANSWER)
    done = command("ask", "--turns", "1", QUESTION)
    assert "told to answer: the limit of 1 turn is reached" in done.err
    (trim,) = show_step(TrimStep(3, (1,), (2,), 1, 5))
    assert trim == "   left out 1 result and 1 turn to make room: 1 token freed, 5 read again"
    scripted(SEARCH)
    assert command("ask", QUESTION).code == 1
    scripted(ANSWER)
    assert " after 1 turn\n" in command("ask", "--resume", "last").err


def test_search_and_visit_tools_write_the_trained_form(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    asked(scripted, command)
    search, _, visit = (str(call["text"]) for call in read_run(corpus.runs, "last").all("call"))
    assert search.startswith(
        "A Google search for 'Danube length' found 2 results:\n\n## Web Results\n"
        f"1. [Danube]({DANUBE})\n"
    )
    assert "\n\n=======\n\nA Google search for 'long rivers of Europe' found " in search
    assert search.count(f"]({DANUBE})") == 1
    assert visit.startswith(
        f"The useful information in {DANUBE} for user goal length of the Danube as follows: \n\n"
        "Evidence in page: \n"
    )
    assert (
        "\n=======\nThe useful information in https://almanac.example/elbe for user goal length of "
        "the Danube as follows: \n\nEvidence in page: \nThe content of this page could not be "
        "accessed.\n\nSummary: \nNo information is available from this page. Pages that are "
        "available: ["
    ) in visit

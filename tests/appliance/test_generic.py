"""Any chat model: imported by the command, asked, and its run proved again.

The weights are random, so what they say is noise; what is held here is that the loop comes to an
end that it can name, that nothing is read twice, and that a run is the same in a new process.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.agent import AnswerStep, CallStep, research
from appliance.config import load
from appliance.limits import LiveLimits
from appliance.readers import open_readers
from appliance.replay import replay
from appliance.trace import Run, read_run
from models.profiles import profile
from models.scripted import ScriptedEngine
from models.template import derive

from ..models.strangers import HEADERS, INST, QWEN, write_headers, write_inst, write_qwen
from .conftest import Corpus, Done

Command = Callable[..., Done]
MAKERS = {"qwen": write_qwen, "inst": write_inst, "headers": write_headers}
QUESTION = "How long is the Danube?"
OUTCOMES = {"answered", "abstained", "no-answer"}


def turns_of(run: Run) -> list[dict[str, object]]:
    return [dict(event) for event in run.all("turn")]


@pytest.mark.parametrize("kind", MAKERS)
def test_a_strangers_model_is_imported_asked_and_replayed(
    kind: str, corpus: Corpus, process: Command, tmp_path: Path
) -> None:
    file = MAKERS[kind](tmp_path / f"Stranger {kind}.gguf")
    environment = {**corpus.environment, "APPLIANCE_CONTEXT": "4608"}
    done = process("models", "import", str(file), "--name", kind, environment=environment)
    assert (done.code, done.out) == (0, "")
    assert "profile generic" in done.err
    assert f'ask with: appliance ask --model {kind} "…"' in done.err
    runs = []
    for seed in range(2):
        done = process("ask", "--json", QUESTION, environment=environment, seed=seed)
        assert done.code == 0, done.err
        assert done.json["outcome"] in OUTCOMES
        assert done.json["model"] == kind
        runs.append(read_run(corpus.runs, done.json["run"]))
        assert runs[-1].outcome == done.json["outcome"]
        again = process("replay", runs[-1].id, environment=environment)
        assert again.code == 0, again.err
        assert again.out.endswith("tool calls identical\n")
    first, second = (
        [(turn["completion"], turn["chunks"], turn["closed"]) for turn in turns_of(run)]
        for run in runs
    )
    assert first == second
    assert len(first) > 1
    run = runs[0]
    card = json.loads((corpus.root / "models" / kind / "card.json").read_text())
    assert run.manifest["profile"] == "generic"
    assert run.manifest["form"] == card["form"]
    assert run.manifest["engine"]["end_of_turn"] == card["form"]["end"]  # type: ignore[index]
    # After a trim the last token of the turn before is among those that are read again.
    moved = {0, *(event["turn"] for event in run.all("trim"))}
    for place, turn in enumerate(turns_of(run)):
        carried = sum(turn["chunks"]) - turn["prefilled"]  # type: ignore[call-overload,operator]
        assert carried == (place not in moved)


def scripted_run(template: str, *said: str) -> tuple[ScriptedEngine, list[object]]:
    """The loop with a stranger's form over the small corpus of the home in the environment."""
    form = derive(template, "<s>", "</s>", True, ("<s>", "</s>", "<|im_end|>", "<|im_start|>"))
    chosen = replace(profile("generic"), form=form)
    engine = ScriptedEngine(said)
    with open_readers(load()) as readers:
        toolbox = readers.toolbox(chosen, record_misses=False)
        limits = LiveLimits(chosen, 16_384)
        steps: list[object] = [
            *research(QUESTION, engine.open(), toolbox, chosen, limits, "2026-01-02")
        ]
    return engine, steps


SEARCH = '<tool_call>\n{"name": "search", "arguments": {"query": ["Danube"]}}\n</tool_call>'


@pytest.mark.parametrize(
    ("template", "before", "after", "think"),
    [
        (INST, "[INST] <tool_response>\n", "\n</tool_response> [/INST]", ""),
        (QWEN, "<|im_start|>user\n<tool_response>\n",
         "\n</tool_response><|im_end|>\n<|im_start|>assistant\n<think>\n", "It may.\n</think>\n\n"),
        (HEADERS, "user<|end_header_id|>\n\n<tool_response>\n", "</tool_response><|eot_id|>", ""),
    ],
)  # fmt: skip
def test_calls_and_answers_are_read_in_every_form(
    template: str, before: str, after: str, think: str, corpus: Corpus
) -> None:
    engine, steps = scripted_run(
        template, f"{think}{SEARCH}", f"{think}<answer>2,850 km</answer> and so on"
    )
    assert [step.call.name for step in steps if isinstance(step, CallStep)] == ["search"]
    last = steps[-1]
    assert isinstance(last, AnswerStep)
    assert (last.text, last.outcome) == ("2,850 km", "answered")
    said = engine.sessions[0].text
    assert said.count(before) == 1
    assert said.count(after) == 1
    assert "A Google search for 'Danube' found" in said
    assert said.count("You research questions in a collection of documents.") == 1
    assert "Current date: 2026-01-02" in said
    assert not any(
        piece.trusted and "almanac" in piece.text for piece in engine.sessions[0].appended
    )


def test_a_model_that_never_answers_is_made_to_in_its_own_form(corpus: Corpus) -> None:
    engine, steps = scripted_run(INST, *[SEARCH] * 3, "I would rather not.", "2,850 km</answer>")
    last = steps[-1]
    assert isinstance(last, AnswerStep)
    assert (last.text, last.outcome) == ("2,850 km", "answered")
    assert "[INST] Write the answer now. [/INST]<answer>2,850 km" in engine.sessions[0].text


def test_a_run_with_calls_in_a_strangers_form_replays(
    corpus: Corpus, scripted: Callable[..., ScriptedEngine], command: Command
) -> None:
    scripted(SEARCH, "<answer>2,850 km</answer>", name="generic")
    assert command("ask", QUESTION).code == 0
    run = read_run(corpus.runs, "last")
    with open_readers(load()) as readers:
        toolbox = readers.toolbox(profile("generic"), record_misses=False)
        assert [compared.call.name for compared in replay(run, toolbox)] == ["search"]


def test_what_is_wrong_is_one_sentence_and_the_card_can_be_shown(
    corpus: Corpus, command: Command, tmp_path: Path
) -> None:
    page = tmp_path / "page.gguf"
    page.write_text("<!DOCTYPE html><title>404</title>")
    done = command("models", "import", str(page))
    assert (done.code, done.out) == (1, "")
    assert "page.gguf is not a GGUF file (it begins with b'<!DO')" in done.err
    file = write_inst(tmp_path / "Strange Model.gguf")
    assert command("models", "import", str(file)).code == 0
    assert command("models", "import", str(file)).code == 0
    shown = command("models", "show", "strange-model")
    assert shown.code == 0
    for line in (
        "name:         strange-model",
        "licence:      apache-2.0",
        "architecture: llama",
        "parameters:   120,640",
        "context:      16,384 tokens",
        "profile:      generic",
    ):
        assert line in shown.out.splitlines()
    values = command("models", "show", "strange-model", "--json").json
    assert values["form"]["end"] == "</s>"
    listed = command("models", "list", "--json").json
    assert [card["name"] for card in listed] == ["demo", "strange-model"]
    assert Path(values["path"]).is_file()
    done = command("models", "show", "other")
    assert (done.code, done.out) == (1, "")
    assert "there is no model 'other' (installed: demo, strange-model)" in done.err
    assert command("models", "remove", "strange-model").code == 0
    assert "strange-model" not in command("models", "list").out


def test_without_a_model_of_ones_own_the_demonstration_does_not_answer(
    corpus: Corpus, command: Command
) -> None:
    done = command("ask", "--json", QUESTION)
    assert (done.json["model"], done.json["demonstration"]) == ("none", False)
    assert done.json["quotes"]

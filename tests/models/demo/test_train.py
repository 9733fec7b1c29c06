"""Training: a toy learns something, stops, and goes on from where it was."""

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="install torch to test the training of the demo model")
pytest.importorskip("tokenizers", reason="install tokenizers to test the training")

from models.demo import rows  # noqa: E402 - only with torch
from models.demo import train as training  # noqa: E402
from models.demo.drills import DRILLS  # noqa: E402
from models.demo.export import HERE  # noqa: E402
from models.demo.names import Echoing  # noqa: E402
from models.errors import TrainingError  # noqa: E402
from models.profiles import profile  # noqa: E402

SIZES = {"width": 64, "layers": 2, "heads": 2, "kv_heads": 1, "hidden": 64}


def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BLOCK", 6)
    monkeypatch.setattr(rows, "TOKENS", 2048)


def run(out: Path, steps: int) -> dict[str, float]:
    training.train(out, 5, training.Limit(1.0, steps), compiled=False, sizes=SIZES)
    return dict(json.loads((out / "run.json").read_text()))


def test_stops_saves_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)
    first = run(tmp_path / "run", 2)
    assert first["step"] >= 2
    second = run(tmp_path / "run", int(first["step"]) + 1)
    assert second["step"] > first["step"]
    assert second["block"] > first["block"]


def weights(out: Path) -> dict[str, "torch.Tensor"]:
    held = torch.load(out / "checkpoint.pt", weights_only=True)
    return dict(held["network"])


def same(one: Path, two: Path) -> bool:
    first, second = weights(one), weights(two)
    return all(torch.equal(first[name], second[name]) for name in first)


def test_a_seed_and_a_number_of_steps_give_the_same_weights_also_after_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(monkeypatch)
    torch.set_num_threads(1)
    run(tmp_path / "whole", 5)
    run(tmp_path / "again", 5)
    assert same(tmp_path / "whole", tmp_path / "again")
    kept = training._save

    def stop(*arguments: object) -> None:
        kept(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "_save", stop)
    with pytest.raises(KeyboardInterrupt):
        training.train(
            tmp_path / "stopped", 5, training.Limit(0.0, 5), compiled=False, sizes=SIZES,
            save_every=1,
        )  # fmt: skip
    monkeypatch.setattr(training, "_save", kept)
    assert not same(tmp_path / "whole", tmp_path / "stopped")
    run(tmp_path / "stopped", 5)
    assert same(tmp_path / "whole", tmp_path / "stopped")
    training.train(tmp_path / "other", 6, training.Limit(0.0, 5), compiled=False, sizes=SIZES)
    assert not same(tmp_path / "whole", tmp_path / "other")


def test_the_shipped_model_came_from_this_recipe() -> None:
    """Who changes what is drawn must train again: `make demo-model`."""
    card = json.loads((HERE / "card.json").read_text("utf-8"))
    system = profile("demo").system_prompt("")
    words = training.vocabulary.build(training.SEED, system)
    made = training.recipe(training.SEED, training.STEPS, words, system)
    assert card["training"]["recipe"] == made
    assert training.recipe(training.SEED + 1, training.STEPS, words, system) != made


def test_batches_hold_every_text_once_in_rows_that_fit() -> None:
    words = training.vocabulary.build(5, "system")
    rng = Echoing("5/3")
    drawn = [rows.draw(rng, 0.5, words, "system") for _ in range(rows.BLOCK)]
    short = [text for text in drawn if len(text.ids) <= rows.LENGTHS[-1]]
    made = [row for batch in rows.block_of_batches(5, 3, 0.5, words, "system") for row in batch]
    assert sum(len(row.ids) for row in made) == sum(len(text.ids) for text in short)
    assert sum(map(sum, (row.weights for row in made))) == pytest.approx(
        sum(map(sum, (text.weights for text in short)))
    )
    assert all(len(row.ids) == len(row.weights) <= rows.LENGTHS[-1] for row in made)


@pytest.mark.parametrize("kind", sorted(DRILLS))
def test_every_drill_weighs_what_the_model_writes_and_nothing_else(kind: str) -> None:
    words = training.vocabulary.build(5, "system")
    rng = Echoing(kind)
    for _ in range(20):
        parts = DRILLS[kind](rng)
        made = rows.row(parts, words)
        written = sum(
            len(words.encode(text, add_special_tokens=False).ids) for text, ours in parts if ours
        )
        assert sum(weight > 0 for weight in made.weights) == written
        assert max(made.weights, default=0.0) <= rows.CHOICE_WEIGHT


def test_a_table_of_points_is_read_on_straight_lines() -> None:
    points = ((0.0, (0.0, 4.0)), (0.5, (1.0, 2.0)), (1.0, (3.0, 2.0)))
    assert rows.between(points, 0.25) == [0.5, 3.0]
    assert rows.between(points, 0.75) == [2.0, 2.0]
    assert rows.between(points, 1.5) == [3.0, 2.0]


def test_the_same_seed_gives_the_same_batches(tmp_path: Path) -> None:
    words = training.vocabulary.build(5, "system")
    one = list(rows.block_of_batches(5, 3, 1.0, words, "system"))
    two = list(rows.block_of_batches(5, 3, 1.0, words, "system"))
    assert one == two
    assert one != list(rows.block_of_batches(6, 3, 1.0, words, "system"))


def test_exported_file_has_what_llama_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("gguf", reason="install gguf to test the export")
    from models.demo.export import export
    from models.llama.client import LlamaEngine

    small(monkeypatch)
    run(tmp_path / "run", 1)
    file = tmp_path / "toy.gguf"
    assert export(tmp_path / "run", file) > 10_000
    with LlamaEngine(file) as engine:
        session = engine.open()
        assert session.count("<think>", trusted=True) == 1
        assert session.count("<think>", trusted=False) > 1
        session.append("<|im_start|>user\nHello", trusted=True)
        assert session.generate(4).tokens <= 4


def test_a_damaged_run_is_one_sentence_and_stays_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="holds no run; train one with"):
        training.read_checkpoint(tmp_path)
    (tmp_path / "checkpoint.pt").write_bytes(b"half a file")
    with pytest.raises(TrainingError, match=r"checkpoint.pt is damaged; remove"):
        training.read_checkpoint(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(TrainingError, match=r"tokenizer.json is missing or damaged; remove"):
        training.train(tmp_path, 5, training.Limit(1.0, 1), compiled=False, sizes=SIZES)
    assert (tmp_path / "checkpoint.pt").read_bytes() == b"half a file"

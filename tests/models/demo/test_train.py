"""Training: a toy learns something, stops, and goes on from where it was."""

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="install torch to test the training of the demo model")
pytest.importorskip("tokenizers", reason="install tokenizers to test the training")

from models.demo import train as training  # noqa: E402 - only with torch

SIZES = {"width": 64, "layers": 2, "heads": 2, "kv_heads": 1, "hidden": 64}


def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "BLOCK", 6)
    monkeypatch.setattr(training, "TOKENS", 2048)


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


def test_the_same_seed_gives_the_same_batches(tmp_path: Path) -> None:
    words = training.vocabulary.build(5, "system")
    one = list(training.block_of_batches(5, 3, 1.0, words, "system"))
    two = list(training.block_of_batches(5, 3, 1.0, words, "system"))
    assert one == two
    assert one != list(training.block_of_batches(6, 3, 1.0, words, "system"))


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

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

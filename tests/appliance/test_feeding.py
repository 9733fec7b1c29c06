"""A session that is fed what an earlier one completed goes on as that one would have."""

from dataclasses import replace
from pathlib import Path

import pytest

from models.errors import EngineError
from models.llama.client import LlamaEngine
from models.llama.options import LlamaOptions
from models.llama.tiny import write_tiny


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("weights") / "tiny.gguf", context=2048)


def test_a_real_session_that_is_fed_its_record_goes_on_as_it_would_have(
    weights: Path, tmp_path: Path
) -> None:
    options = LlamaOptions(context=2048, batch=64, micro_batch=64, threads=1)
    with LlamaEngine(weights, options, log=tmp_path / "llama.log") as engine:
        session = engine.open()
        session.append("The Danube " * 20, trusted=True)
        first = session.generate(30)
        session.append(" and the Rhine " * 10, trusted=True)
        position = session.position
        second = session.generate(30)
        session.close()
        again = engine.open()
        again.append("The Danube " * 20, trusted=True)
        assert again.feed(first) == len(first.ids)
        again.append(" and the Rhine " * 10, trusted=True)
        assert again.position == position
        fed = again.generate(30)
        assert (fed.prefilled, fed.carried) == (position, 0)
        # Greedy text of equal ids; the bits may differ with the chunks, so the ids decide.
        assert fed.ids[:1] == second.ids[:1]


def test_a_record_without_ids_or_of_other_weights_cannot_be_fed(
    weights: Path, tmp_path: Path
) -> None:
    options = LlamaOptions(context=512, batch=64, micro_batch=64, threads=1)
    with LlamaEngine(weights, options, log=tmp_path / "llama.log") as engine:
        session = engine.open()
        session.append("The Danube", trusted=True)
        done = session.generate(5)
        with pytest.raises(EngineError, match="has no token ids"):
            session.feed(replace(done, ids=()))
        with pytest.raises(EngineError, match="use the weights that sampled them"):
            session.feed(replace(done, ids=(1 << 20,)))

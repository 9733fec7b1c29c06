"""The reranker: the cross-encoder's own scores, each pair by itself, and what it does to a list."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from indexer.encoders.installed import read_card
from indexer.encoders.reranker import MAX_TOKENS, OnnxReranker
from indexer.errors import EncoderError
from indexer.frozen import FrozenIndex, frozen_root
from indexer.query_side import ENCODERS, ensure_reranker
from indexer.search import Searcher
from store.database import Database
from store.pages import PageStore

from .test_bge_m3 import needs_encode
from .tiny import Array, states, write_reranker, write_safetensors

PAIRS = (("the river", "the river flows past town 21"), ("bridge", ""), ("", "town 7"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Array]]:
    """A checkpoint in `weights`, made ready below `encoders`, and its tensors."""
    root = tmp_path_factory.mktemp("reranker")
    tensors = write_reranker(root / "weights")
    ensure_reranker(root, root / "weights", "fp32")
    return root, tensors


def opened(root: Path) -> OnnxReranker:
    return OnnxReranker(root / ENCODERS / "bge-reranker-v2-m3-fp32")


def expected(tensors: dict[str, Array], ids: list[int]) -> float:
    first = states(tensors, ids)[0]
    bent = np.tanh(first @ tensors["classifier.dense.weight"].T + tensors["classifier.dense.bias"])
    logit = bent @ tensors["classifier.out_proj.weight"].T + tensors["classifier.out_proj.bias"]
    return float(1 / (1 + np.exp(-logit[0])))


def test_a_score_is_the_cross_encoders(made: tuple[Path, dict[str, Array]]) -> None:
    reranker = opened(made[0])
    for query, passage in PAIRS:
        ids = reranker.model.tokenizer.encode(query, passage).ids
        assert reranker.scores(query, [passage]) == pytest.approx(
            [expected(made[1], ids)], abs=1e-5
        )


def test_a_pair_is_read_by_itself(made: tuple[Path, dict[str, Array]]) -> None:
    passages = [f"bridge {n} " * (n % 9) for n in range(20)]
    together = opened(made[0]).scores("river", passages)
    assert together == [opened(made[0]).scores("river", [text])[0] for text in passages]
    assert len(set(together)) > 5


def test_long_texts_are_cut(made: tuple[Path, dict[str, Array]]) -> None:
    reranker = opened(made[0])
    asked = reranker.model.tokenizer.encode("town " * 800, add_special_tokens=False).ids
    read = reranker.model.tokenizer.encode("river " * 800, add_special_tokens=False).ids
    ids = [0, *asked[:384], 2, 2, *read[: MAX_TOKENS - 388], 2]
    assert len(ids) == MAX_TOKENS
    (score,) = reranker.scores("town " * 800, ["river " * 800])
    assert score == pytest.approx(expected(made[1], ids), abs=1e-5)


@needs_encode
def test_it_equals_flag_embedding(made: tuple[Path, dict[str, Array]]) -> None:
    from FlagEmbedding import FlagReranker

    theirs = FlagReranker(str(made[0] / "weights"), use_fp16=False, devices="cpu")
    pairs = [*PAIRS, ("town " * 800, "river " * 800)]
    wanted = theirs.compute_score([list(pair) for pair in pairs], normalize=True)
    found = [opened(made[0]).scores(query, [passage])[0] for query, passage in pairs]
    assert found == pytest.approx(wanted, abs=1e-5)


def test_it_is_made_once_and_again_for_other_weights(tmp_path: Path) -> None:
    write_reranker(tmp_path / "weights")
    said: list[str] = []
    one = ensure_reranker(tmp_path, tmp_path / "weights", "int8", said.append)
    assert ensure_reranker(tmp_path, tmp_path / "weights", "int8", said.append) == one
    assert said == ["making the reranker (int8), once"]
    write_reranker(tmp_path / "weights", seed=1)
    other = ensure_reranker(tmp_path, tmp_path / "weights", "int8", said.append)
    assert other.digest != one.digest
    assert read_card(tmp_path / ENCODERS / "bge-reranker-v2-m3-int8") == other


def test_a_checkpoint_without_its_head_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"lacks model\.safetensors, config\.json, tokenizer"):
        ensure_reranker(tmp_path, tmp_path / "weights", "fp32")
    tensors = write_reranker(tmp_path / "weights")
    del tensors["classifier.out_proj.bias"]
    write_safetensors(tmp_path / "weights" / "model.safetensors", tensors)
    with pytest.raises(EncoderError, match=r"lacks classifier\.out_proj\.bias"):
        ensure_reranker(tmp_path, tmp_path / "weights", "fp32")


class Backwards:
    """A reranker that likes what is last in the alphabet."""

    name, digest = "backwards", "b2:0"

    def scores(self, query: str, passages: Sequence[str]) -> list[float]:
        return [min(ord(text[0]), 200) / 200 for text in passages]


def test_the_first_pages_are_read_again_and_the_others_stay(
    corpus: PageStore, database: Database, home: Path
) -> None:
    from indexer.build import build
    from indexer.encoders.lexical import LexicalEncoder

    build(database, home, LexicalEncoder())
    index = FrozenIndex.open(frozen_root(home))
    plain = Searcher(index, corpus).search("the Danube runs past Vienna event loop", fold=False)
    assert len(plain) == 4
    every = Searcher(index, corpus, reranker=Backwards())
    hits = every.search("the Danube runs past Vienna event loop", fold=False)
    assert [hit.title for hit in hits] == ["Vienna", "Event Loop", "Danube", "Danube"]
    assert [hit.title for hit in hits] != [hit.title for hit in plain]
    assert hits == every.search("the Danube runs past Vienna event loop", fold=False)
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
    two = Searcher(index, corpus, reranker=Backwards(), depth=2)
    found = two.search("the Danube runs past Vienna event loop", fold=False)
    assert [hit.url for hit in found[2:]] == [hit.url for hit in plain[2:]]
    assert {hit.url for hit in found[:2]} == {hit.url for hit in plain[:2]}

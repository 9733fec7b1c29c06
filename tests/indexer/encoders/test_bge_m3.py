"""BGE-M3 through the real FlagEmbedding code, on a tiny checkpoint that is made here.

Quality cannot be tested on random weights; loading, shapes, digests and what is refused can.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from indexer.encoders import PassageText, choose
from indexer.encoders.bge_m3 import HEADS, BgeM3Encoder, bucketed, passage_string
from indexer.encoders.checkpoint import Tensors, read_tensors
from indexer.encoders.graph import Shape
from indexer.encoders.m3_query import M3QueryEncoder
from indexer.errors import EncoderError

from .tiny import HIDDEN, write_m3, write_safetensors

HAVE_ENCODE = find_spec("FlagEmbedding") is not None and find_spec("torch") is not None
encode = [
    pytest.mark.encode,
    pytest.mark.skipif(not HAVE_ENCODE, reason="the [encode] extra is not installed"),
    # The libraries under test warn about themselves.
    pytest.mark.filterwarnings("default"),
]


def needs_encode(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test that loads torch and FlagEmbedding."""
    for mark in encode:
        test = mark(test)
    return test


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random XLM-RoBERTa of BGE-M3's architecture, its tokenizer and both heads."""
    folder = tmp_path_factory.mktemp("bge-m3")
    write_m3(folder)
    return folder


def passages() -> list[PassageText]:
    return [
        PassageText("the river flows past the town", "River", ("Course",)),
        PassageText("bridge 3"),
        PassageText(""),
    ]


@needs_encode
def test_dense_and_sparse_vectors_of_the_right_shape(checkpoint: Path) -> None:
    encoder = BgeM3Encoder(checkpoint)
    vectors = encoder.encode_passages(passages())
    assert encoder.dense_size == HIDDEN
    for vector in vectors:
        assert vector.dense is not None
        assert vector.dense.shape == (HIDDEN,)
        assert vector.dense.dtype == np.float32
        assert np.linalg.norm(vector.dense) == pytest.approx(1.0, abs=1e-4)
        assert vector.sparse, "an empty sparse vector would fail its batch in Milvus"
        assert all(weight > 0 for weight in vector.sparse.values())
    again = BgeM3Encoder(checkpoint).encode_passages(passages()[:1])
    assert again[0].dense == pytest.approx(vectors[0].dense, abs=1e-5)
    query = encoder.encode_query("the river")
    assert query.dense is not None
    assert {key for term in query.terms for key in term.ids} & set(vectors[0].sparse)
    assert encoder.encode_passages([]) == []


@needs_encode
def test_it_equals_flag_embedding_itself(checkpoint: Path) -> None:
    from FlagEmbedding import BGEM3FlagModel

    model = BGEM3FlagModel(str(checkpoint), use_fp16=False, devices="cpu")
    output = model.encode([passage_string(passages()[0])], return_dense=True, return_sparse=True)
    (ours,) = BgeM3Encoder(checkpoint).encode_passages(passages()[:1])
    assert ours.dense == pytest.approx(output["dense_vecs"][0], abs=1e-5)
    theirs = {int(k) + 1: float(w) for k, w in output["lexical_weights"][0].items()}
    assert ours.sparse == pytest.approx(theirs, abs=1e-5)


@needs_encode
def test_the_digest_names_files_and_settings(checkpoint: Path) -> None:
    one = BgeM3Encoder(checkpoint).digest
    assert one == BgeM3Encoder(checkpoint).digest
    assert one != BgeM3Encoder(checkpoint, use_fp16=True).digest
    assert choose(checkpoint).encoder.digest == one


@needs_encode
def test_batches_change_nothing_but_the_last_digits(checkpoint: Path) -> None:
    encoder = BgeM3Encoder(checkpoint, device="cpu")
    many = [PassageText("river " * (n * 7 % 50) + f"bridge {n}") for n in range(60)]
    together = encoder.encode_passages(many)
    for passage, vectors in zip(many, together, strict=True):
        (alone,) = encoder.encode_passages([passage])
        assert vectors.dense == pytest.approx(alone.dense, abs=1e-5)
        assert vectors.sparse == pytest.approx(alone.sparse, abs=1e-5)


def test_batches_hold_like_lengths_and_every_row_once() -> None:
    lengths = [5, 100, 7, 90, 6, 1000, 95]
    batches = list(bucketed(lengths, 300))
    assert batches == [[5], [1, 6, 3], [2, 4, 0]]
    assert list(bucketed([], 300)) == []


@needs_encode
def test_a_device_or_precision_that_is_not_there_is_named(checkpoint: Path) -> None:
    with pytest.raises(EncoderError, match=r"no device cuda:7 here: set encoder_device to .*cpu"):
        BgeM3Encoder(checkpoint, device="cuda:7").encode_query("x")
    with pytest.raises(EncoderError, match="fp16 needs a GPU: set encoder_precision to fp32"):
        BgeM3Encoder(checkpoint, device="cpu", use_fp16=True).encode_query("x")


@needs_encode
def test_what_libraries_would_fill_with_random_numbers_is_refused(
    checkpoint: Path, tmp_path: Path
) -> None:
    import torch

    tensors = write_m3(tmp_path)
    BgeM3Encoder(tmp_path).encode_query("x")
    del tensors["encoder.layer.0.attention.self.key.weight"]
    write_safetensors(tmp_path / "model.safetensors", tensors)
    with pytest.raises(EncoderError, match=r"lack encoder\.layer\.0\.attention\.self\.key\.weight"):
        BgeM3Encoder(tmp_path).encode_query("x")
    write_m3(tmp_path)
    torch.save({"weight": torch.zeros(1, 8), "bias": torch.zeros(1)}, tmp_path / HEADS[0])
    with pytest.raises(EncoderError, match=r"sparse_linear\.pt lacks weight in the size"):
        BgeM3Encoder(tmp_path).encode_query("x")


@needs_encode
def test_weights_read_without_torch_are_torchs(tmp_path: Path) -> None:
    import torch

    values = {
        "a": torch.randn(3, 4),
        "b": torch.randn(5).half(),
        "c": torch.randn(2, 2).bfloat16(),
        "part": torch.randn(6)[2:5],
        "param": torch.nn.Parameter(torch.randn(2)),
        "ids": torch.arange(4),
    }
    torch.save(values, tmp_path / "x.bin")
    found = read_tensors(tmp_path / "x.bin")
    assert set(found) == set(values)
    for name, value in values.items():
        assert (found[name]() == value.detach().float().numpy()).all()
    torch.save({"turned": torch.randn(3, 4).T}, tmp_path / "x.bin")
    with pytest.raises(EncoderError, match="not stored in order"):
        read_tensors(tmp_path / "x.bin")


@needs_encode
@pytest.mark.parametrize("text", ["the river flows past town 21", "", "<pad> river", "漢字 3.14"])
def test_the_query_side_is_flag_embeddings_model(
    checkpoint: Path, text: str, tmp_path: Path
) -> None:
    from FlagEmbedding import BGEM3FlagModel

    from .test_query_side import make

    (tmp_path / "weights").symlink_to(checkpoint)
    make(tmp_path, "fp32")
    found = M3QueryEncoder(tmp_path / "encoders" / "bge-m3-fp32").encode_query(text)
    model = BGEM3FlagModel(str(checkpoint), use_fp16=False, devices="cpu")
    output = model.encode([text], return_dense=True, return_sparse=True)
    assert found.dense == pytest.approx(output["dense_vecs"][0], abs=2e-6)
    theirs = {int(k) + 1: float(w) for k, w in output["lexical_weights"][0].items()}
    assert {t.ids[0]: t.weight for t in found.terms} == pytest.approx(theirs, abs=2e-5)


@needs_encode
def test_an_index_of_both_arms_is_built_and_searched_without_torch(
    checkpoint: Path, request: pytest.FixtureRequest, home: Path
) -> None:
    from indexer.build import build
    from indexer.encoders.choose import choose_reader
    from indexer.frozen import FrozenIndex, frozen_root
    from indexer.query_side import ENCODERS, ensure_m3_query
    from indexer.search import Searcher

    pages = request.getfixturevalue("corpus")
    database = request.getfixturevalue("database")
    encoder = BgeM3Encoder(checkpoint)
    report = build(database, home, encoder)
    assert report.encoded == report.passages > 0
    index = FrozenIndex.open(frozen_root(home))
    assert index.has_dense
    said: list[str] = []
    card = ensure_m3_query(home, encoder, "fp32", index, pages.version, said.append)
    assert said == ["making the query encoder of BGE-M3 (fp32), once"]
    assert min(card.parity["dense"], card.parity["sparse"]) >= 0.999
    assert card.parity["overlap"] == 1.0
    assert ensure_m3_query(home, encoder, "fp32", index, pages.version, said.append) == card
    assert len(said) == 1
    small = ensure_m3_query(home, encoder, "int8", index, pages.version, said.append)
    assert 0.9 < small.parity["dense"] < 1.0
    built = index.manifest.values["encoder"]
    answers = []
    for each in (encoder, choose_reader(home / ENCODERS, built).encoder):
        searcher = Searcher.open(database, home, each)
        hits = searcher.search("the river flows past the town")
        assert 0 < len(hits) <= report.pages
        assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
        assert hits == searcher.search("the river flows past the town")
        answers.append([(hit.url, hit.snippet) for hit in hits])
    assert answers[0] == answers[1]


@needs_encode
def test_a_query_side_of_another_model_is_not_installed(
    checkpoint: Path, request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard of parity: as if the graph computed something else."""
    from indexer import query_side
    from indexer.build import build
    from indexer.encoders import ready
    from indexer.frozen import FrozenIndex, frozen_root

    pages = request.getfixturevalue("corpus")
    encoder = BgeM3Encoder(checkpoint)
    build(request.getfixturevalue("database"), home, encoder)
    index = FrozenIndex.open(frozen_root(home))
    true = ready.read_head

    def wrong(source: Path, shape: Shape) -> Tensors:
        head = true(source, shape)
        return head | {"weight": lambda: head["weight"]()[:, ::-1]}

    monkeypatch.setattr(ready, "read_head", wrong)
    with pytest.raises(EncoderError, match="does not compute what FlagEmbedding computes"):
        query_side.ensure_m3_query(home, encoder, "fp32", index, pages.version)
    assert not list((home / "encoders").iterdir())


def test_a_folder_without_a_head_is_refused(tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json", "model.safetensors", HEADS[0]):
        (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(EncoderError, match=r"lacks colbert_linear\.pt: copy the whole"):
        BgeM3Encoder(tmp_path)


ASKED = """
import sys
from pathlib import Path
if sys.argv[2] == "blocked":
    # Neither found nor imported, as if the extra were not installed.
    sys.modules["FlagEmbedding"] = sys.modules["torch"] = None
else:
    sys.path.insert(0, sys.argv[2])
from indexer.encoders import choose
from indexer.errors import EncoderError
try:
    encoder = choose(Path(sys.argv[1])).encoder
    print("chosen")
    encoder.encode_query("the river")
except EncoderError as error:
    print(error)
"""


@pytest.fixture
def empty_checkpoint(tmp_path: Path) -> Path:
    """A folder with every file of a checkpoint, and nothing in them."""
    folder = tmp_path / "weights"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", "model.safetensors", *HEADS):
        (folder / name).write_bytes(b"{}")
    return folder


def test_without_the_extra_the_repair_is_named(
    empty_checkpoint: Path, fresh: Callable[..., str]
) -> None:
    (said,) = fresh(ASKED, str(empty_checkpoint), "blocked").splitlines()
    assert said.startswith("BGE-M3 needs FlagEmbedding and torch: run pip install ")
    assert "deep-research-appliance[encode]" in said


def test_an_extra_that_does_not_import_is_chosen_and_then_named(
    empty_checkpoint: Path, fresh: Callable[..., str], tmp_path: Path
) -> None:
    """The twin: with a FlagEmbedding of any kind the sentence above is not said."""
    (tmp_path / "FlagEmbedding.py").write_text("import a_library_that_is_not_there\n")
    chosen, said = fresh(ASKED, str(empty_checkpoint), str(tmp_path)).splitlines()
    assert chosen == "chosen"
    assert said.startswith("FlagEmbedding is installed but does not import (No module named 'a_lib")
    assert "deep-research-appliance[encode]" in said

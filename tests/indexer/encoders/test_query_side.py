"""The query side of BGE-M3: made without torch, equal to the same computation in NumPy, the same
in every process, and refused where it does not fit. What FlagEmbedding says is in test_bge_m3.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from indexer.encoders.base import QueryVectors, Term
from indexer.encoders.checkpoint import read_tensors
from indexer.encoders.choose import choose_reader
from indexer.encoders.graph import LEVELS, Precision, quantised
from indexer.encoders.installed import CARD, install, installed, read_card, verify
from indexer.encoders.m3 import check_folder, encoder_digest, term_weights, weights_digest
from indexer.encoders.m3_query import M3QueryEncoder
from indexer.encoders.ready import make_m3_query
from indexer.errors import EncoderError, IndexStale

from .tiny import HIDDEN, Array, states, write_m3

TEXTS = ("the river flows past town 21", "bridge", "", "<pad> river </s>", "Ünknöwn 漢字")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Array]]:
    """A folder with `weights` and `encoders/bge-m3-fp32` and `-int8`, and the tensors."""
    root = tmp_path_factory.mktemp("home")
    tensors = write_m3(root / "weights")
    for precision in ("fp32", "int8"):
        make(root, precision)
    return root, tensors


def make(root: Path, precision: Precision) -> None:
    source = root / "weights"
    digest = weights_digest(source, check_folder(source))
    target = root / "encoders" / f"bge-m3-{precision}"
    make_m3_query(source, target, precision, digest, lambda folder, card: {})


def expected(tensors: dict[str, Array], weights: Path, ids: list[int]) -> QueryVectors:
    """What BGE-M3 gives, in float64."""
    found = states(tensors, ids)
    head = read_tensors(weights / "sparse_linear.pt")
    shares = np.maximum(found @ head["weight"]()[0].astype(np.float64) + head["bias"]()[0], 0)
    pairs = [(i, float(w)) for i, w in zip(ids, shares, strict=True) if i > 3]
    terms = tuple(Term((k,), w) for k, w in term_weights(pairs).items() if k)
    return QueryVectors((found[0] / np.linalg.norm(found[0])).astype(np.float32), terms)


@pytest.mark.parametrize("text", TEXTS)
def test_fp32_is_the_same_model(made: tuple[Path, dict[str, Array]], text: str) -> None:
    root, tensors = made
    encoder = M3QueryEncoder(root / "encoders" / "bge-m3-fp32")
    found = encoder.encode_query(text)
    wanted = expected(tensors, root / "weights", encoder.model.tokenizer.encode(text).ids)
    assert found.dense is not None
    assert found.dense.shape == (HIDDEN,)
    assert found.dense.dtype == np.float32
    assert found.dense == pytest.approx(wanted.dense, abs=2e-6)
    assert [t.ids for t in found.terms] == [t.ids for t in wanted.terms]
    weights = [t.weight for t in wanted.terms]
    assert [t.weight for t in found.terms] == pytest.approx(weights, abs=2e-5)


def test_int8_is_near_and_not_the_same(made: tuple[Path, dict[str, Array]]) -> None:
    root, _ = made
    exact, small = (M3QueryEncoder(root / "encoders" / f"bge-m3-{p}") for p in ("fp32", "int8"))
    assert small.precision == "int8"
    for text in TEXTS:
        one, other = exact.encode_query(text).dense, small.encode_query(text).dense
        assert one is not None
        assert other is not None
        assert 0.99 < float(one @ other) < 1.0 - 1e-7
    sizes = [path.stat().st_size for path in sorted((root / "encoders").glob("*/model.bin"))]
    assert sizes[1] < sizes[0]


def test_what_is_quantised_comes_back_within_half_a_step() -> None:
    matrix = np.random.default_rng(0).standard_normal((40, 7)).astype(np.float32)
    matrix[:, 3] = 0
    for axis in (0, 1):
        small, scale = quantised(matrix, axis)
        assert np.abs(small).max() <= LEVELS
        back = small * np.expand_dims(scale, axis)
        assert (np.abs(back - matrix) <= np.expand_dims(scale, axis) * 0.5001).all()


def test_a_long_query_is_cut_as_the_passages_are(made: tuple[Path, dict[str, Array]]) -> None:
    root, tensors = made
    encoder = M3QueryEncoder(root / "encoders" / "bge-m3-fp32")
    text = "river bridge town " * 900
    ids = encoder.model.tokenizer.encode(text).ids
    assert len(ids) > 1024
    wanted = expected(tensors, root / "weights", [*ids[:1023], ids[-1]])
    assert encoder.encode_query(text).dense == pytest.approx(wanted.dense, abs=2e-6)


FRESH = """
import sys
from pathlib import Path
from indexer.encoders.m3_query import M3QueryEncoder
encoder = M3QueryEncoder(Path(sys.argv[1]))
for text in ("the river flows", "bridge 3"):
    print(encoder.encode_query(text).to_json())
print(sorted(name for name in ("torch", "transformers", "FlagEmbedding", "onnx") if name in sys.modules))
"""


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_fresh_processes_agree_to_the_bit_and_import_no_torch(
    made: tuple[Path, dict[str, Array]], precision: str, fresh: Callable[..., str]
) -> None:
    folder = str(made[0] / "encoders" / f"bge-m3-{precision}")
    said = [fresh(FRESH, folder, seed=seed) for seed in (0, 1)]
    assert said[0] == said[1]
    assert said[0].splitlines()[-1] == "[]"


def test_the_check_for_torch_can_fail(fresh: Callable[..., str]) -> None:
    assert "onnx" in fresh("import sys, onnx\nprint(sorted(sys.modules))")


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_the_number_of_threads_changes_no_bit(
    made: tuple[Path, dict[str, Array]], precision: str, fresh: Callable[..., str]
) -> None:
    folder = str(made[0] / "encoders" / f"bge-m3-{precision}")
    more = FRESH.replace(
        "encoder =", "import indexer.encoders.session as s; s.THREADS = 5\nencoder ="
    )
    assert fresh(FRESH, folder) == fresh(more, folder)


def test_vectors_survive_json_to_the_bit(made: tuple[Path, dict[str, Array]]) -> None:
    vectors = M3QueryEncoder(made[0] / "encoders" / "bge-m3-fp32").encode_query("the river flows")
    back = QueryVectors.from_json(json.loads(json.dumps(vectors.to_json())))
    assert back.terms == vectors.terms
    assert back.dense is not None
    assert vectors.dense is not None
    assert back.dense.tobytes() == vectors.dense.tobytes()
    sparse = QueryVectors(None, (Term((1, 2), 0.1),))
    assert QueryVectors.from_json(sparse.to_json()) == sparse
    with pytest.raises(ValueError, match="no query vectors"):
        QueryVectors.from_json({"dense": "?", "terms": []})


def test_making_it_again_gives_the_same_bytes(tmp_path: Path) -> None:
    digests = []
    write_m3(tmp_path / "weights")
    for name in ("one", "two"):
        shutil.copytree(tmp_path / "weights", tmp_path / name / "weights")
        make(tmp_path / name, "int8")
        digests.append(read_card(tmp_path / name / "encoders" / "bge-m3-int8").digest)
    assert digests[0] == digests[1]
    write_m3(tmp_path / "other" / "weights", seed=1)
    make(tmp_path / "other", "int8")
    assert read_card(tmp_path / "other" / "encoders" / "bge-m3-int8").digest != digests[0]


def test_damage_is_named(tmp_path: Path) -> None:
    write_m3(tmp_path / "weights")
    make(tmp_path, "fp32")
    folder = tmp_path / "encoders" / "bge-m3-fp32"
    verify(folder)
    assert installed(tmp_path / "encoders") == [folder]
    data = bytearray((folder / "model.bin").read_bytes())
    data[100] ^= 1
    (folder / "model.bin").write_bytes(data)
    read_card(folder)
    with pytest.raises(EncoderError, match=r"model\.bin is not what its card says"):
        verify(folder)
    (folder / "model.bin").write_bytes(data[:-1])
    with pytest.raises(EncoderError, match=r"model\.bin has another length"):
        M3QueryEncoder(folder)
    (folder / CARD).write_text("{}")
    with pytest.raises(EncoderError, match="cannot be read"):
        read_card(folder)
    (folder / CARD).unlink()
    with pytest.raises(EncoderError, match=r"encoder\.json is missing: run appliance index"):
        read_card(folder)


def test_what_fails_its_check_is_not_installed(tmp_path: Path) -> None:
    write_m3(tmp_path / "weights")
    make(tmp_path, "fp32")
    target = tmp_path / "encoders" / "bge-m3-fp32"
    before = read_card(target)

    def refuse(folder: Path, card: object) -> dict[str, object]:
        raise EncoderError("no")

    with pytest.raises(EncoderError, match=r"^no$"):
        make_m3_query(tmp_path / "weights", target, "int8", "b2:0", refuse)
    assert read_card(target) == before
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    def full(folder: Path) -> dict[str, object]:
        raise OSError(28, "No space left on device")

    with pytest.raises(EncoderError, match=r"cannot be written \(No space left on device\)"):
        install(tmp_path / "x", full, lambda folder, card: {})
    assert not list(tmp_path.iterdir())


def test_a_reader_takes_what_built_the_index(made: tuple[Path, dict[str, Array]]) -> None:
    encoders = made[0] / "encoders"
    weights = read_card(encoders / "bge-m3-fp32").weights
    for fp16 in (False, True):
        built = {"name": "bge-m3", "digest": encoder_digest(weights, fp16)}
        choice = choose_reader(encoders, built, "int8")
        assert choice.encoder.digest == built["digest"]
        assert choice.reason == "BGE-M3 int8 in ONNX Runtime, for the BGE-M3 index"
    assert choose_reader(encoders, {"name": "bm25", "digest": "b2:1"}).encoder.name == "bm25"


def test_a_reader_refuses_what_does_not_fit(
    made: tuple[Path, dict[str, Array]], tmp_path: Path
) -> None:
    encoders = made[0] / "encoders"
    built = {"name": "bge-m3", "digest": "b2:0"}
    with pytest.raises(IndexStale, match="built with other BGE-M3 weights than"):
        choose_reader(encoders, built)
    with pytest.raises(IndexStale, match="built with bge-m3 and the settings ask for bm25"):
        choose_reader(encoders, built, wanted="bm25")
    with pytest.raises(IndexStale, match="built with bm25 and the settings ask for bge-m3"):
        choose_reader(encoders, {"name": "bm25", "digest": ""}, wanted="bge-m3")
    with pytest.raises(EncoderError, match=r"bge-m3-fp32 for its queries is not there: run"):
        choose_reader(tmp_path, built)
    one = tmp_path / "bge-m3-int8"
    one.mkdir()
    (one / CARD).write_text("{}")
    with pytest.raises(EncoderError, match="is not there, though bge-m3-int8 is: run"):
        choose_reader(tmp_path, built)


def test_without_the_extra_the_repair_is_named(
    made: tuple[Path, dict[str, Array]], fresh: Callable[..., str]
) -> None:
    source = (
        "import sys\nfrom pathlib import Path\nsys.modules['onnxruntime'] = None\n"
        "from indexer.encoders.m3_query import M3QueryEncoder\n"
        "try:\n    M3QueryEncoder(Path(sys.argv[1]))\n    print('opened')\n"
        "except Exception as error:\n    print(error)\n"
    )
    folder = str(made[0] / "encoders" / "bge-m3-fp32")
    said = fresh(source, folder)
    assert said.startswith("bge-m3 needs onnxruntime to read queries: run pip install ")
    assert fresh(source.replace("sys.modules['onnxruntime'] = None\n", ""), folder) == "opened\n"

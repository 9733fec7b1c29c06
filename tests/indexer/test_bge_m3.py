"""BGE-M3 through the real FlagEmbedding code, on a tiny checkpoint that is made here.

Quality cannot be tested on random weights; loading, shapes, digests and what is refused can.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from indexer.encoders import PassageText, choose
from indexer.encoders.bge_m3 import HEADS, BgeM3Encoder, passage_string
from indexer.errors import EncoderError

HAVE_ENCODE = find_spec("FlagEmbedding") is not None and find_spec("torch") is not None
encode = [
    pytest.mark.encode,
    pytest.mark.skipif(not HAVE_ENCODE, reason="the [encode] extra is not installed"),
    # The libraries under test warn about themselves.
    pytest.mark.filterwarnings("default"),
]
HIDDEN = 32


def needs_encode(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test that loads torch and FlagEmbedding."""
    for mark in encode:
        test = mark(test)
    return test


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random XLM-RoBERTa of BGE-M3's architecture, its tokenizer and both heads."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

    folder = tmp_path_factory.mktemp("bge-m3")
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    lines = [f"the river number {i} flows past town {i * 7} and bridge {i * 3}" for i in range(200)]
    trainer = trainers.UnigramTrainer(
        vocab_size=200, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator([*lines, *"abcdefghijklmnopqrstuvwxyz0123456789"], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        cls_token="<s>",
        unk_token="<unk>",
        pad_token="<pad>",
        mask_token="<mask>",
        model_max_length=512,
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=1100,
        type_vocab_size=1,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    )
    XLMRobertaModel(config).save_pretrained(folder)
    sparse = torch.nn.Linear(HIDDEN, 1)
    torch.nn.init.constant_(sparse.bias, 0.5)  # so that most tokens get a weight above zero
    torch.save(sparse.state_dict(), folder / HEADS[0])
    torch.save(torch.nn.Linear(HIDDEN, HIDDEN).state_dict(), folder / HEADS[1])
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
def test_an_index_of_both_arms_is_built_and_searched(
    checkpoint: Path, request: pytest.FixtureRequest, home: Path
) -> None:
    from indexer.build import build
    from indexer.search import Searcher

    request.getfixturevalue("corpus")
    database = request.getfixturevalue("database")
    encoder = BgeM3Encoder(checkpoint)
    report = build(database, home, encoder)
    assert report.encoded == report.passages > 0
    searcher = Searcher.open(database, home, encoder)
    assert searcher.index.has_dense
    hits = searcher.search("the river flows past the town")
    assert len(hits) == report.pages
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
    assert hits == searcher.search("the river flows past the town")


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

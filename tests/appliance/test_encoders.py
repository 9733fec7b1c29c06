"""The verbs with BGE-M3 and the reranker, on tiny checkpoints: chosen, printed, refused, re-hashed.

Passages are encoded by FlagEmbedding where the [encode] extra is (marked `encode`), and elsewhere
by the query side, which is the same model.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from appliance.config import Config, load
from appliance.doctor import check_encoder
from appliance.errors import ConfigError
from appliance.home import Home
from indexer.build import build
from indexer.encoders.base import PassageText, Vectors
from indexer.encoders.m3 import check_folder, passage_string, weights_digest
from indexer.encoders.m3_query import M3QueryEncoder
from indexer.encoders.ready import make_m3_query
from indexer.query_side import ensure_reranker
from store.database import Database
from store.pages import PageStore

from ..indexer.conftest import PAGES, version
from ..indexer.encoders.test_bge_m3 import HAVE_ENCODE, needs_encode
from ..indexer.encoders.tiny import write_m3, write_reranker
from .conftest import ROOT


class Passages(M3QueryEncoder):
    """The query side for passages too."""

    batch = 4

    def encode_passages(self, passages: Sequence[PassageText]) -> list[Vectors]:
        found = [self.encode_query(passage_string(passage)) for passage in passages]
        return [
            Vectors(one.dense, {t.ids[0]: t.weight for t in one.terms} or {0: 1.0}) for one in found
        ]


@pytest.fixture
def bare(database: Database, tmp_path: Path) -> Config:
    """A home with pages and the weights of BGE-M3, nothing indexed."""
    config = Config(Home(tmp_path / "home").create(), database_url=database.url)
    PageStore(database).add([version(url, *fields) for url, fields in PAGES.items()])
    write_m3(config.home.models / "bge-m3")
    return config


@pytest.fixture
def dense(bare: Config, database: Database) -> Config:
    """The same, indexed with BGE-M3, its query side made."""
    source = bare.home.models / "bge-m3"
    target = bare.home.encoders / "bge-m3-fp32"
    digest = weights_digest(source, check_folder(source))
    make_m3_query(source, target, "fp32", digest, lambda folder, card: {})
    build(database, bare.home.root, Passages(target))
    return bare


def run(config: Config, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a verb, sealed, in a process of its own in which nothing of torch can be imported."""
    kept = {name: value for name, value in os.environ.items() if "APPLIANCE_" not in name}
    environment = {
        **kept,
        "APPLIANCE_HOME": str(config.home.root),
        "APPLIANCE_DATABASE_URL": config.database_url,
        "PYTHONPATH": str(ROOT),
        **{f"APPLIANCE_{name.upper()}": value for name, value in settings.items()},
    }
    block = 'for name in ("torch", "transformers", "FlagEmbedding"): sys.modules[name] = None'
    code = f"import sys\n{block if words[0] != 'index' else ''}\nfrom appliance.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-P", "-c", code, *words],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_search_uses_what_built_the_index_and_says_so(dense: Config) -> None:
    done = run(dense, "search", "the river flows past the town", "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "encoder: BGE-M3 fp32 in ONNX Runtime, for the BGE-M3 index\n"
    hits = json.loads(done.stdout)["hits"]
    assert hits
    again = run(dense, "search", "the river flows past the town", "--json", "--encoder", "bge-m3")
    assert json.loads(again.stdout)["hits"] == hits
    folder = str(dense.home.models / "bge-m3")
    again = run(dense, "search", "the river flows past the town", "--json", "--encoder", folder)
    assert json.loads(again.stdout)["hits"] == hits
    assert f"for the BGE-M3 index (the folder {folder} is read by appliance index" in again.stderr


def test_another_encoder_than_the_index_has_is_one_sentence(dense: Config) -> None:
    done = run(dense, "search", "river", "--encoder", "lexical")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "The index was built with bge-m3 and the settings ask for lexical: run" in done.stderr
    assert run(dense, "search", "river", "--encoder", "bm25").stderr == done.stderr
    nowhere = run(dense, "search", "river", "--encoder", "/nonexistent")
    assert "the setting encoder names /nonexistent, which is no folder; give" in nowhere.stderr
    for empty in ("", " "):
        done = run(dense, "search", "river", "--encoder", empty)
        assert "the setting encoder is empty; give auto, lexical, bge-m3, or" in done.stderr
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    done = run(dense, "search", "river", query_precision="int8")
    assert done.returncode == 1
    assert "bge-m3-int8 for its queries is not there, though bge-m3-fp32 is" in done.stderr
    done = run(dense, "search", "river", query_precision="int4")
    assert "the setting query_precision is 'int4'; give fp32 or int8" in done.stderr


def test_the_reranker_reads_the_first_pages_again_when_it_is_asked_for(dense: Config) -> None:
    plain = run(dense, "search", "the river flows", "--json")
    done = run(dense, "search", "the river flows", reranker="bge-reranker-v2-m3")
    assert done.returncode == 2
    assert "the setting reranker asks for bge-reranker-v2-m3 and" in done.stderr
    source = dense.home.models / "bge-reranker-v2-m3"
    write_reranker(source)
    ensure_reranker(dense.home.root, source, "fp32")
    asked = {"reranker": "bge-reranker-v2-m3", "rerank_pages": "4"}
    again = run(dense, "search", "the river flows", "--json", **asked)
    assert again.returncode == 0, again.stderr
    assert "and bge-reranker-v2-m3 for the first 4 pages" in again.stderr
    before, after = (json.loads(done.stdout)["hits"] for done in (plain, again))
    assert {hit["url"] for hit in before} == {hit["url"] for hit in after}
    assert [hit["url"] for hit in before] != [hit["url"] for hit in after]
    assert run(dense, "search", "the river flows", "--json").stdout == plain.stdout


def test_a_run_says_what_encoded_its_queries(dense: Config) -> None:
    done = run(dense, "ask", "--model", "none", "Which river flows past the town?", "--json")
    assert done.returncode == 0, done.stderr
    (folder,) = dense.home.runs.iterdir()
    manifest = json.loads((folder / "run.jsonl").read_text().splitlines()[0])
    assert manifest["index"]["encoder"]["name"] == "bge-m3"
    assert manifest["index"]["queries"]["precision"] == "fp32"
    assert manifest["index"]["queries"]["digest"].startswith("b2:")


def test_doctor_and_verify_know_the_query_side(dense: Config) -> None:
    said = check_encoder(dense).said
    assert "ready for queries: bge-m3-fp32" in said
    done = run(dense, "verify")
    assert "1 query encoder: 0 faults" in done.stderr
    data = dense.home.encoders / "bge-m3-fp32" / "model.bin"
    data.write_bytes(data.read_bytes()[:-8] + b"altered!")
    done = run(dense, "verify")
    assert done.returncode == 1
    assert "model.bin is not what its card says: remove" in done.stdout


def test_without_weights_bm25_is_chosen_and_said(bare: Config) -> None:
    done = run(bare, "index", "--encoder", "lexical")
    assert done.returncode == 0, done.stderr
    assert "encoder: BM25, as asked for" in done.stderr
    assert not bare.home.encoders.exists()
    done = run(bare, "search", "Danube", "--encoder", "bge-m3")
    assert done.returncode == 1
    assert "built with bm25 and the settings ask for bge-m3" in done.stderr
    folder = str(bare.home.models / "bge-m3")
    done = run(bare, "search", "Danube", "--encoder", folder)
    assert f"built with bm25 and the settings ask for {folder}: run" in done.stderr
    done = run(bare, "search", "Danube", "--encoder", "bm25")
    assert done.stderr == "encoder: BM25, which built the index\n"
    assert run(bare, "search", "Danube").stderr == "encoder: BM25, which built the index\n"


@pytest.mark.skipif(HAVE_ENCODE, reason="the [encode] extra is installed")
@pytest.mark.machine
def test_weights_that_cannot_be_used_are_not_passed_over(bare: Config) -> None:
    done = run(bare, "index")
    assert done.returncode == 1
    assert "BGE-M3 needs FlagEmbedding and torch: run pip install" in done.stderr
    assert check_encoder(bare).level == "warn"


@needs_encode
def test_index_makes_the_query_side_once_and_prints_its_parity(bare: Config) -> None:
    write_reranker(bare.home.models / "bge-reranker-v2-m3")
    done = run(bare, "index", reranker="bge-reranker-v2-m3")
    assert done.returncode == 0, done.stderr
    for said in (
        "encoder: BGE-M3 from",
        "making the query encoder of BGE-M3 (fp32), once",
        "queries: fp32, cosine at least 1.0000 (dense) and 1.0000 (sparse)",
        "100% of the ten best passages are the same",
        "making the reranker (fp32), once",
    ):
        assert said in done.stderr
    again = run(bare, "index", "--json", reranker="bge-reranker-v2-m3")
    assert "making" not in again.stderr
    assert [card["name"] for card in json.loads(again.stdout)["queries"]] == [
        "bge-m3", "bge-reranker-v2-m3",
    ]  # fmt: skip
    small = run(bare, "index", query_precision="int8")
    assert "queries: int8, cosine at least 0.9" in small.stderr
    for precision in ("fp32", "int8"):
        found = run(bare, "search", "the river flows", "--json", query_precision=precision)
        assert found.returncode == 0, found.stderr
        assert json.loads(found.stdout)["hits"]


def test_settings_are_read_and_checked(tmp_path: Path) -> None:
    home = {"APPLIANCE_HOME": str(tmp_path)}
    assert load({}, home, tmp_path).encoder == "auto"
    with pytest.raises(ConfigError, match="encoder_precision is 'bf16'; give fp32 or fp16"):
        load({}, {**home, "APPLIANCE_ENCODER_PRECISION": "bf16"}, tmp_path)

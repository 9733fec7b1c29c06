"""Weights are read without torch, equal to what torch wrote, and nothing else is read."""

import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from indexer.encoders.checkpoint import read_tensors
from indexer.encoders.ready import read_checkpoint
from indexer.errors import EncoderError

from .tiny import HERE, HIDDEN, write_m3, write_safetensors


def test_safetensors_come_back(tmp_path: Path) -> None:
    wanted = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(4, np.float32)}
    write_safetensors(tmp_path / "x.safetensors", wanted)
    found = read_tensors(tmp_path / "x.safetensors")
    assert set(found) == set(wanted)
    for name, values in wanted.items():
        assert (found[name]() == values).all()


def test_half_precision_is_widened(tmp_path: Path) -> None:
    head = b'{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]}}'
    body = np.array([1.5, -2], np.float16).tobytes() + struct.pack("<HH", 0x3FC0, 0xC000)
    (tmp_path / "x.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + body)
    found = read_tensors(tmp_path / "x.safetensors")
    for name in ("h", "b"):
        assert found[name]().dtype == np.float32
        assert found[name]().tolist() == [1.5, -2.0]


def test_what_torch_wrote() -> None:
    heads = read_tensors(HERE / "sparse_linear.pt")
    assert heads["weight"]().shape == (1, HIDDEN)
    assert heads["bias"]().tolist() == [0.5]
    assert heads["weight"]()[0, :3] == pytest.approx(WRITTEN, abs=1e-4)


WRITTEN = (0.012347, -0.106489, 0.05629)
"""The first weights of the head beside these tests, as torch printed them."""


class _Calls:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("this was run",))


def test_a_pickle_that_calls_something_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as archive:
        archive.writestr("x/data.pkl", pickle.dumps({"weight": _Calls()}))
    with pytest.raises(EncoderError, match=r"it asks for builtins\.print"):
        read_tensors(tmp_path / "x.pt")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["sparse_linear.pt", "model.safetensors"])
def test_a_file_that_was_cut_short_is_refused(tmp_path: Path, name: str) -> None:
    write_m3(tmp_path)
    read_tensors(tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(EncoderError, match=r"cannot be read as weights .*: copy it again"):
        read_tensors(tmp_path / name)


def test_a_missing_layer_is_refused(tmp_path: Path) -> None:
    tensors = write_m3(tmp_path)
    assert read_checkpoint(tmp_path)[0].layers == 2
    del tensors["encoder.layer.1.output.dense.weight"]
    write_safetensors(tmp_path / "model.safetensors", tensors)
    with pytest.raises(EncoderError, match=r"lack encoder\.layer\.1\.output\.dense\.weight"):
        read_checkpoint(tmp_path)


def test_another_shape_or_architecture_is_refused(tmp_path: Path) -> None:
    write_m3(tmp_path)
    config = (tmp_path / "config.json").read_text()
    (tmp_path / "config.json").write_text(config.replace('"hidden_size": 32', '"hidden_size": 48'))
    with pytest.raises(EncoderError, match=r"config\.json differ about"):
        read_checkpoint(tmp_path)
    (tmp_path / "config.json").write_text(config.replace("xlm-roberta", "bert"))
    with pytest.raises(EncoderError, match=r"config\.json says 'bert'"):
        read_checkpoint(tmp_path)

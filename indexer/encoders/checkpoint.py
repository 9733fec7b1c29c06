"""The tensors of a checkpoint in the Hugging Face layout, read without torch.

It reads `model.safetensors` and what `torch.save` writes (`pytorch_model.bin`, the heads), maps
them into memory, and runs nothing that is in them: of a pickle only tensors are accepted. It knows
no architecture.
"""

import json
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EncoderError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_SAFE = {"F32": "<f4", "F16": "<f2", "BF16": "bf16", "F64": "<f8", "I64": "<i8"}
_TORCH = {
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": "bf16",
    "DoubleStorage": "<f8",
    "LongStorage": "<i8",
}

Tensors = dict[str, Callable[[], "NDArray[np.float32]"]]
"""Tensors by name, each read when it is called for."""


def weights_file(folder: Path) -> Path | None:
    """Return the file of the weights in a checkpoint's folder, or None."""
    found = (folder / name for name in WEIGHTS)
    return next((path for path in found if path.is_file()), None)


def read_tensors(path: Path) -> Tensors:
    """Return the tensors of a `.safetensors`, `.bin` or `.pt` file by name.

    Raises EncoderError when the file is cut short or holds anything but tensors.
    """
    try:
        if path.suffix == ".safetensors":
            return _safetensors(path)
        return _torch(path)
    except (OSError, ValueError, KeyError, IndexError, TypeError, struct.error) as error:
        raise _damaged(path, str(error)) from error
    except (pickle.UnpicklingError, zipfile.BadZipFile, EOFError) as error:
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, why: str) -> EncoderError:
    return EncoderError(f"{path} cannot be read as weights ({why}): copy it again from its source.")


def _mapped(
    path: Path, kind: str, at: int, shape: tuple[int, ...]
) -> Callable[[], "NDArray[np.float32]"]:
    """Return what reads `shape` values of `kind` from byte `at`; the place is checked now."""
    count = 1
    for size in shape:
        count *= size
    width = 2 if kind == "bf16" else int(kind[-1])
    if count < 0 or at < 0 or at + count * width > path.stat().st_size:
        raise ValueError("it is shorter than it says")

    def read() -> "NDArray[np.float32]":
        import numpy as np

        stored = "<u2" if kind == "bf16" else kind
        values: Any = np.empty(0, np.float32)
        if count:
            values = np.memmap(path, dtype=stored, mode="r", offset=at, shape=(count,))
        if kind == "bf16":
            values = (values.astype(np.uint32) << np.uint32(16)).view(np.float32)
        return np.asarray(values, dtype=np.float32).reshape(shape)

    return read


def _safetensors(path: Path) -> Tensors:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > 100 << 20:
            raise ValueError("its header is too long")
        header = json.loads(file.read(length))
    return {
        name: _mapped(
            path, _SAFE[row["dtype"]], 8 + length + row["data_offsets"][0], tuple(row["shape"])
        )
        for name, row in header.items()
        if name != "__metadata__"
    }


def _torch(path: Path) -> Tensors:
    if not zipfile.is_zipfile(path):
        raise ValueError("it is not what torch.save writes")
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(names) != 1:
            raise ValueError("it has no list of tensors")
        root = names[0].removesuffix("data.pkl")
        places = {}
        for info in archive.infolist():
            if info.filename.startswith(f"{root}data/"):
                if info.compress_type != zipfile.ZIP_STORED:
                    raise ValueError("it is compressed")
                file.seek(info.header_offset + 26)
                name_length, extra_length = struct.unpack("<HH", file.read(4))
                start = info.header_offset + 30 + name_length + extra_length
                places[info.filename.removeprefix(f"{root}data/")] = start
        with archive.open(names[0]) as pickled:
            found = _Pickle(pickled, path, places).load()
    if not isinstance(found, dict) or not all(callable(value) for value in found.values()):
        raise ValueError("it holds more than tensors")
    return dict(found)


class _Pickle(pickle.Unpickler):
    """Reads a pickle of tensors and refuses everything else that a pickle can ask for."""

    def __init__(self, file: Any, path: Path, places: dict[str, int]) -> None:
        super().__init__(file)
        self._path = path
        self._places = places

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self._tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda tensor, *_: tensor
        if module == "torch" and name in _TORCH:
            return _TORCH[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, pid: Any) -> tuple[str, int]:
        _, kind, key, _, _ = pid
        return kind, self._places[key]

    def _tensor(
        self, storage: tuple[str, int], offset: int, size: Any, stride: Any, *_: Any
    ) -> Callable[[], "NDArray[np.float32]"]:
        kind, at = storage
        expected: list[int] = []
        step = 1
        for length in reversed(size):
            expected.insert(0, step)
            step *= length
        if any(a != b and n > 1 for a, b, n in zip(stride, expected, size, strict=True)):
            raise ValueError("a tensor is not stored in order")
        width = 2 if kind == "bf16" else int(kind[-1])
        return _mapped(self._path, kind, at + offset * width, tuple(size))

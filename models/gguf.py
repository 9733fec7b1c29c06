"""The header of a GGUF file: what it says of itself before any weights, read without llama.cpp.

It reads keys and values and where the tensors begin, and judges nothing. Every length in a file
is a stranger's claim, so each is held against the bytes that are really there. The format is
that of ggml-org/ggml, docs/gguf.md, versions 2 and 3.
"""

import mmap
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import ModelFileError

MAGIC = b"GGUF"
VERSIONS = (2, 3)
_SMALLEST_FIELD = 13
_SMALLEST_TENSOR = 24
_STRING, _ARRAY = 8, 9
_SCALARS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q",
    12: "<d",
}  # fmt: skip
_SIZES = {kind: struct.calcsize(form) for kind, form in _SCALARS.items()}

Value = int | float | bool | str


@dataclass(frozen=True, slots=True)
class Header:
    """Scalars and texts by key (`fields`), lengths of arrays by key, and where tensors end.

    `needs` is the least size in bytes that the file must have: the start of its last tensor.
    """

    fields: Mapping[str, Value]
    arrays: Mapping[str, int]
    tensors: int
    needs: int

    def text(self, key: str) -> str:
        """The text under `key`, or an empty one."""
        value = self.fields.get(key, "")
        return value if isinstance(value, str) else ""

    def number(self, key: str) -> int:
        """The whole number under `key`, or 0."""
        value = self.fields.get(key, 0)
        return value if isinstance(value, int) else 0


def read_header(file: Path) -> Header:
    """Read the header of `file`; ModelFileError says in what way it is none."""
    try:
        with file.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if not size:
                raise ModelFileError(f"{file.name} is empty; download the file again")
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _Reader(data, size, file.name).header()
    except OSError as error:
        raise ModelFileError(
            f"{file} cannot be read ({error.strerror}); give the path of a GGUF file"
        ) from error


class _Reader:
    def __init__(self, data: mmap.mmap, size: int, name: str) -> None:
        self._data, self._size, self._name = data, size, name
        self._at = 0

    def header(self) -> Header:
        magic = self._data[:4]
        if magic != MAGIC:
            raise ModelFileError(
                f"{self._name} is not a GGUF file (it begins with {magic!r}); convert the model "
                "to GGUF or give the right file"
            )
        self._at = 4
        version, tensors, count = self._number("<I"), self._number("<Q"), self._number("<Q")
        if version not in VERSIONS or not 0 < tensors * _SMALLEST_TENSOR < self._size:
            raise ModelFileError(
                f"{self._name} has a broken header (version {version}, {tensors} tensors); "
                "download the file again"
            )
        if count * _SMALLEST_FIELD > self._size:
            raise self._cut()
        fields: dict[str, Value] = {}
        arrays: dict[str, int] = {}
        for _ in range(count):
            key, kind = self._text(), self._number("<I")
            if kind == _ARRAY:
                arrays[key] = self._skip_array()
            else:
                fields[key] = self._value(kind)
        furthest = max(self._tensor() for _ in range(tensors))
        alignment = fields.get("general.alignment", 32)
        step = alignment if isinstance(alignment, int) and 0 < alignment <= 1 << 20 else 32
        needs = -(-self._at // step) * step + furthest + 1
        if needs > self._size:
            raise self._cut()
        return Header(fields, arrays, tensors, needs)

    def _tensor(self) -> int:
        self._text()
        self._take(8 * self._number("<I"))
        self._number("<I")
        return self._number("<Q")

    def _value(self, kind: int) -> Value:
        if kind == _STRING:
            return self._text()
        if kind not in _SCALARS:
            raise ModelFileError(
                f"{self._name} is corrupt (a value of the unknown kind {kind}); "
                "download the file again"
            )
        value: Value = struct.unpack_from(_SCALARS[kind], self._data, self._take(_SIZES[kind]))[0]
        return value

    def _skip_array(self, depth: int = 0) -> int:
        kind, count = self._number("<I"), self._number("<Q")
        if count > self._size or depth > 4:
            raise self._cut()
        if kind in _SIZES:
            self._take(count * _SIZES[kind])
        elif kind == _STRING:
            for _ in range(count):
                self._take(self._number("<Q"))
        elif kind == _ARRAY:
            for _ in range(count):
                self._skip_array(depth + 1)
        else:
            raise self._cut()
        return count

    def _text(self) -> str:
        length = self._number("<Q")
        start = self._take(length)
        return self._data[start : start + length].decode("utf-8", "replace")

    def _number(self, form: str) -> int:
        value: int = struct.unpack_from(form, self._data, self._take(struct.calcsize(form)))[0]
        return value

    def _take(self, length: int) -> int:
        start = self._at
        if length > self._size - start:
            raise self._cut()
        self._at = start + length
        return start

    def _cut(self) -> ModelFileError:
        return ModelFileError(
            f"{self._name} ends before its own header says ({self._size:,} bytes); "
            "it is truncated or corrupt: download the file again"
        )

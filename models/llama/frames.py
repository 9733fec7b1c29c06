"""The messages between the engine and its worker: JSON objects, each behind its length.

Bytes only; what a message means, the two ends know. A frame is four bytes of length, big end
first, then that many bytes of UTF-8 JSON.
"""

import json
import struct
from collections.abc import Callable

_LENGTH = struct.Struct(">I")
Message = dict[str, object]


class Reader:
    """Whole messages out of bytes that come in any pieces."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        self._buffer += data

    def next(self) -> Message | None:
        """Return the next whole message, None when it is not complete yet."""
        if len(self._buffer) < _LENGTH.size:
            return None
        end = _LENGTH.size + _LENGTH.unpack_from(self._buffer)[0]
        if len(self._buffer) < end:
            return None
        message: Message = json.loads(bytes(self._buffer[_LENGTH.size : end]))
        del self._buffer[:end]
        return message


def frame(message: Message) -> bytes:
    """Return the bytes of one message. Lone surrogates survive, as JSON escapes."""
    data = json.dumps(message, separators=(",", ":")).encode()
    return _LENGTH.pack(len(data)) + data


def write_all(write: Callable[[memoryview], int], data: bytes) -> None:
    """Write every byte through a function that may take only some, such as `os.write`."""
    view = memoryview(data)
    while view:
        view = view[write(view) :]

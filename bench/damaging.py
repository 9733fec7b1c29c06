"""What chance does to an archive: flipped bits, missing ends, wrong lengths, lost pieces.

The same number and seed give the same damage. It knows bytes, and no format.
"""

import random
from collections.abc import Callable

_LENGTHS = (
    b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x00", b"\x01\x00\x00\x00",
    b"\xff" * 8, b"99999999", b"-1", b"0000",
)  # fmt: skip
_NAMES = (b"../../../../escaped", b"/escaped", b"..\\..\\escaped", b"\0escaped")


def damaged(data: bytes, seed: int) -> tuple[bytes, str]:
    """Return `data` with one kind of damage, and the name of that kind."""
    chance = random.Random(seed)
    kind, act = chance.choice(_KINDS)
    found = bytearray(data)
    if found:
        act(found, chance)
    return bytes(found), kind


def _flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _flip_head(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 2, 4))):
        data[chance.randrange(min(256, len(data)))] ^= 1 << chance.randrange(8)


def _flip_tail(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 2, 4))):
        data[-1 - chance.randrange(min(256, len(data)))] ^= 1 << chance.randrange(8)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def _lose(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    del data[at : at + chance.choice((1, 2, 16, 512, 4096))]


def _double(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    data[at:at] = data[at : at + chance.choice((1, 4, 512, 4096))]


def _blank(data: bytearray, chance: random.Random) -> None:
    at, length = chance.randrange(len(data)), chance.choice((4, 64, 512))
    length = min(length, len(data) - at)
    data[at : at + length] = bytes([chance.choice((0, 255))]) * length


def _length(data: bytearray, chance: random.Random) -> None:
    wrong = chance.choice(_LENGTHS)
    at = chance.randrange(len(data))
    data[at : at + len(wrong)] = wrong


def _name(data: bytearray, chance: random.Random) -> None:
    wrong = chance.choice(_NAMES)
    at = chance.randrange(len(data))
    data[at : at + len(wrong)] = wrong


def _append(data: bytearray, chance: random.Random) -> None:
    data += chance.randbytes(chance.choice((1, 100, 5000)))


_KINDS: tuple[tuple[str, Callable[[bytearray, random.Random], None]], ...] = (
    ("flipped", _flip), ("flipped", _flip), ("head", _flip_head), ("tail", _flip_tail),
    ("cut", _cut), ("cut", _cut), ("lost", _lose), ("doubled", _double), ("blank", _blank),
    ("length", _length), ("length", _length), ("name", _name), ("appended", _append),
)  # fmt: skip

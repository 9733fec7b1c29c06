"""Makes small ZIM files of both schemes of namespaces, packed in every way that is read.

Written from the format's description and from nothing of `importers.zimfile`:
https://wiki.openzim.org/wiki/ZIM_file_format
"""

import hashlib
import lzma
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .webarchives import page

PACKINGS = {"plain": 1, "xz": 4, "zstd": 5}
META = {"Title": "Rivers", "Name": "rivers_en", "Date": "2021-03-04", "Language": "eng"}


@dataclass(frozen=True, slots=True)
class Item:
    """An entry with content, or where `target` is set (a path with its namespace) a redirect."""

    path: str
    body: bytes = b""
    title: str = ""
    kind: str = "text/html"
    namespace: str = ""
    target: str = ""


def zim(
    entries: Sequence[Item],
    meta: dict[str, str] | None = None,
    *,
    new: bool = True,
    packing: str = "zstd",
    wide: bool = False,
    a_cluster: int = 3,
    summed: bool = True,
) -> bytes:
    """A ZIM file of `entries`; `wide` gives clusters offsets of eight bytes."""
    home = "C" if new else "A"
    every = [
        (one.namespace or home, one)
        for one in (
            *entries,
            *(
                Item(name, text.encode(), kind="text/plain", namespace="M")
                for name, text in {**META, **(meta or {})}.items()
            ),
        )
    ]
    every.sort(key=lambda pair: (pair[0], pair[1].path.encode()))
    numbers = {f"{space}/{one.path}": at for at, (space, one) in enumerate(every)}
    kinds = sorted({one.kind for _, one in every if not one.target})
    # Not in the order of the paths: what follows another there may stand before it in a cluster.
    filled = [at for at, (_, one) in enumerate(every) if not one.target][::-1]
    groups = [filled[at : at + a_cluster] for at in range(0, len(filled), a_cluster)]
    spots = {at: (c, b) for c, group in enumerate(groups) for b, at in enumerate(group)}
    clusters = [cluster([every[at][1].body for at in group], packing, wide) for group in groups]
    dirents = []
    for at, (space, one) in enumerate(every):
        names = one.path.encode() + b"\0" + one.title.encode() + b"\0"
        if one.target:
            goal = numbers[one.target if "/" in one.target[:2] else f"{home}/{one.target}"]
            head = struct.pack("<HBcII", 0xFFFF, 0, space.encode(), 0, goal)
        else:
            head = struct.pack("<HBcIII", kinds.index(one.kind), 0, space.encode(), 0, *spots[at])
        dirents.append(head + names)
    mimes = b"".join(kind.encode() + b"\0" for kind in kinds) + b"\0"
    paths_at = 80 + len(mimes)
    clusters_at = paths_at + 8 * len(every)
    at = clusters_at + 8 * len(clusters)
    offsets = []
    for part in (*dirents, *clusters):
        offsets.append(at)
        at += len(part)
    header = struct.pack(
        "<4sHH16sIIQQQQIIQ", b"ZIM\x04", 6 if new else 5, 1 if new else 0, b"\7" * 16, len(every),
        len(clusters), paths_at, 2**64 - 1, clusters_at, 80, 2**32 - 1, 2**32 - 1,
        at if summed else 0,
    )  # fmt: skip
    data = b"".join(
        (header, mimes, struct.pack(f"<{len(offsets)}Q", *offsets), *dirents, *clusters)
    )
    return seal(data + bytes(16)) if summed else data


def cluster(blobs: Sequence[bytes], packing: str, wide: bool = False) -> bytes:
    """One cluster with its first byte."""
    import zstandard

    width, letter = (8, "Q") if wide else (4, "I")
    at = width * (len(blobs) + 1)
    offsets = [at]
    for blob in blobs:
        at += len(blob)
        offsets.append(at)
    plain = struct.pack(f"<{len(offsets)}{letter}", *offsets) + b"".join(blobs)
    if packing == "zstd":
        plain = zstandard.ZstdCompressor().compress(plain)
    elif packing == "xz":
        plain = lzma.compress(plain)
    return bytes([PACKINGS[packing] | (0x10 if wide else 0)]) + plain


def seal(data: bytes) -> bytes:
    """The file with its check sum made right, whatever else is wrong with it."""
    (at,) = struct.unpack_from("<Q", data, 72)
    if not 80 <= at <= len(data):
        return data
    return data[:at] + hashlib.md5(data[:at], usedforsecurity=False).digest()


def _maker(name: str, **how: Any) -> Callable[[Path, int], Path]:
    def maker(folder: Path, count: int) -> Path:
        path = folder / name
        made = [Item(f"River_{one}", page(one, [f"River_{one + 1}"], 8)) for one in range(count)]
        moved = Item("First", target="River_0")
        path.write_bytes(zim([*made, moved], a_cluster=5, **how))
        return path

    return maker


ZIM_MAKERS: dict[str, Callable[[Path, int], Path]] = {
    "zim": _maker("made.zim"),
    "zim.xz": _maker("xz.zim", packing="xz", new=False),
    # Without a check sum, what is damaged gets past it.
    "zim.unsummed": _maker("unsummed.zim", packing="plain", wide=True, summed=False),
    "zim.unsummed.zst": _maker("unsummed-zst.zim", summed=False),
}
"""For `bench.making`: each makes a ZIM file of so many articles in a folder."""

"""Web archives and ZIM files that are hostile by design; `bench.hostile_archives` lists them."""

import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from .webarchives import Capture, pack, page, records, wacz, warc
from .zimmaking import Item, seal, zim

BOMB = 200_000_000
_OUT = ("../../../../tmp/escaped", "/tmp/escaped", "..\\..\\escaped")
_HTML = {"Content-Type": "text/html"}


def body_bombs(folder: Path) -> Path:
    """Responses whose bodies swell, in each coding, and twice over."""
    import brotli
    import zstandard

    zeros = bytes(BOMB)
    bombs = {
        "gzip": gzip.compress(zeros, 1),
        "br": brotli.compress(zeros, quality=1),
        "zstd": zstandard.compress(zeros),
        "gzip, gzip": gzip.compress(gzip.compress(zeros, 1), 1),
    }
    captures = [
        Capture(f"http://a.test/{at}", body, headers={**_HTML, "Content-Encoding": name})
        for at, (name, body) in enumerate(bombs.items())
    ]
    return _write(folder, "a.warc.gz", warc([*captures, Capture("http://a.test/", page(1))]))


def record_bombs(folder: Path) -> Path:
    """A record of zeros, a header of zeros, and lines without end, all packed small."""
    parts = records([Capture("http://a.test/", page(1))])
    endless = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 999999999999\r\n\r\n"
    bombs = [
        endless + bytes(BOMB),
        b"WARC/1.0\r\nA: " + b"a" * BOMB,
        b"WARC/1.0\r\n" + b"\n" * BOMB,
    ]
    packed = [gzip.compress(bomb, 1) for bomb in bombs]
    return _write(
        folder, "a.warc.gz", b"".join([pack(parts, "gzip"), *packed, pack(parts, "gzip")])
    )


def blank_bomb(folder: Path) -> Path:
    """Blank lines without end before the second record."""
    parts = records([Capture("http://a.test/", page(1))])
    return _write(
        folder, "a.warc.gz",
        gzip.compress(parts[0], 1) + gzip.compress(b"\r\n" * (BOMB // 2), 1) + pack(parts, "gzip"),
    )  # fmt: skip


def steps_back(folder: Path) -> Path:
    """Records each of which says that it is as long as all that follow."""
    part = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: %d\r\n\r\nx\r\n\r\n"
    return _write(folder, "a.warc", b"".join(part % (10_000_000 - at) for at in range(20_000)))


def addresses(folder: Path) -> Path:
    """Addresses and places to go on to that are names of files, and redirects in circles."""
    named = [Capture(name, page(1), kind="resource", headers=_HTML) for name in _OUT]
    circles = [
        Capture(f"http://a.test/{at}", b"", "301 Moved", {"Location": f"/{(at + 1) % 500}"})
        for at in range(500)
    ]
    away = Capture("http://a.test/file", b"", "301 Moved", {"Location": "file:///etc/passwd"})
    return _write(folder, "a.warc.gz", warc([*named, *circles, away]))


def names(folder: Path) -> Path:
    """A WACZ with files whose names lead out of it."""
    extra = dict.fromkeys(_OUT, b"escaped")
    return _write(folder, "a.wacz", wacz({"a.warc": warc([], "plain")}, extra=extra))


def zip_bomb(folder: Path) -> Path:
    """A WACZ whose WARC file is zeros without end."""
    path = folder / "a.wacz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("datapackage.json", "{}")
        with archive.open("archive/a.warc", "w", force_zip64=True) as file:
            for _ in range(2000):
                file.write(bytes(1_000_000))
    return path


def overlapping(folder: Path) -> Path:
    """A zip whose directory names one file a hundred times."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for at in range(100):
            archive.writestr(zipfile.ZipInfo(f"archive/{at:03}.warc"), b"0" * 100)
        archive.writestr("datapackage.json", "{}")
    data = bytearray(out.getvalue())
    at = data.find(b"PK\1\2")
    while at >= 0:
        struct.pack_into("<I", data, at + 42, 0)
        at = data.find(b"PK\1\2", at + 4)
    return _write(folder, "a.wacz", bytes(data))


def cluster_bomb(folder: Path) -> Path:
    """A ZIM whose clusters swell, as one article and as a million of no letters."""
    return _write(folder, "a.zim", zim([Item("Bomb", bytes(BOMB)), Item("Good", page(1))]))


def one_for_all(folder: Path) -> Path:
    """A ZIM with ten thousand names for one large article, and redirects in circles."""
    data = bytearray(zim([Item("A", page(1, size=5000)), Item("B", target="A")]))
    (paths,) = struct.unpack_from("<Q", data, 32)
    (count,) = struct.unpack_from("<I", data, 24)
    (sum_at,) = struct.unpack_from("<Q", data, 72)
    first = bytes(data[paths : paths + 8])
    data[sum_at:] = first * 10_000
    struct.pack_into("<I", data, 24, 10_000)
    struct.pack_into("<Q", data, 32, sum_at)
    struct.pack_into("<Q", data, 72, len(data))
    assert count
    return _write(folder, "a.zim", seal(bytes(data) + bytes(16)))


def offsets(folder: Path) -> Path:
    """A ZIM whose clusters say that they have millions of blobs."""
    data = bytearray(zim([Item(f"A{at}", page(at)) for at in range(9)], packing="plain"))
    count, at = *struct.unpack_from("<I", data, 28), *struct.unpack_from("<Q", data, 48)
    for cluster in struct.unpack_from(f"<{count}Q", data, at):
        struct.pack_into("<I", data, cluster + 1, 0xFFFFFFFC)
    return _write(folder, "a.zim", seal(bytes(data)))


def zim_names(folder: Path) -> Path:
    """A ZIM whose articles and whose own name are names of files outside."""
    made = [Item(name, page(at)) for at, name in enumerate((*_OUT, "file:///etc/passwd", "~"))]
    return _write(folder, "a.zim", zim(made, {"Name": "../../escaped", "Source": "file:///etc/"}))


def _write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


HOSTILE_WEB: dict[str, Callable[[Path], Path]] = {
    "warc.gz body bombs": body_bombs,
    "warc.gz record bombs": record_bombs,
    "warc.gz blank bomb": blank_bomb,
    "warc steps back": steps_back,
    "warc addresses": addresses,
    "wacz names": names,
    "wacz bomb": zip_bomb,
    "wacz overlapping": overlapping,
    "zim bomb": cluster_bomb,
    "zim one for all": one_for_all,
    "zim offsets": offsets,
    "zim names": zim_names,
}

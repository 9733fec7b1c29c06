"""Archives that are hostile by design: bombs, names that lead out, numbers that are too large.

`HOSTILE[name](folder)` writes one into `folder` and returns its path. What chance does to honest
archives is in `bench.archives`. It knows no importer.
"""

import bz2
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import zstandard

from . import paper
from .hostile_web import HOSTILE_WEB

Hostile = Callable[[Path], Path]

BOMB = 200_000_000
"""Bytes that a bomb unpacks to."""
_WAYS_OUT = (
    "../../../../tmp/escaped", "/tmp/escaped", "file:///etc/passwd", "doc://../../escaped",
    "..\\..\\escaped", "https://a.test/../../escaped", "~/escaped", "%2e%2e%2fescaped", "\0escaped",
)  # fmt: skip


def ways_out(folder: Path) -> Path:
    """Rows whose ids and addresses are names of files outside."""
    path = folder / "rows.jsonl"
    rows = [{"id": name, "text": f"A text behind {name}"} for name in _WAYS_OUT]
    rows += [{"url": name, "text": f"A text at {name}"} for name in _WAYS_OUT]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def line_bomb(folder: Path) -> Path:
    """A first good row and then one endless line, in gzip."""
    path = folder / "rows.jsonl.gz"
    with gzip.open(path, "wb", 9) as file:
        file.write(b'{"url": "https://a.test/1", "text": "A good row."}\n{"text": "')
        for _ in range(BOMB // 1_000_000):
            file.write(b"a" * 1_000_000)
    return path


def zstd_bomb(folder: Path) -> Path:
    """The same in zstd, with a large window."""
    path = folder / "rows.jsonl.zst"
    packer = zstandard.ZstdCompressor(level=3)
    with path.open("wb") as raw, packer.stream_writer(raw) as file:
        file.write(b'{"url": "https://a.test/1", "text": "A good row."}\n')
        for _ in range(BOMB // 1_000_000):
            file.write(b"\0" * 1_000_000)
    return path


def window_bomb(folder: Path) -> Path:
    """A zstd frame that asks for a window of two gigabytes."""
    path = folder / "rows.jsonl.zst"
    frame = zstandard.compress(b'{"url": "https://a.test/1", "text": "A good row."}\n')
    path.write_bytes(frame[:4] + b"\x00\xa8" + frame[6:])
    return path


def page_bomb(folder: Path) -> Path:
    """A wiki whose only page does not end, in bzip2."""
    path = folder / "dump.xml.bz2"
    with bz2.open(path, "wb", 9) as file:
        file.write(b"<mediawiki><page><title>A</title><revision><text>")
        for _ in range(BOMB // 1_000_000):
            file.write(b"a " * 500_000)
    return path


def entity_bomb(folder: Path) -> Path:
    """A billion laughs."""
    path = folder / "dump.xml"
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    path.write_text(
        f'<?xml version="1.0"?><!DOCTYPE m [<!ENTITY l0 "lol">{lines}]>'
        "<mediawiki><page><title>A</title><revision><text>&l9;</text></revision></page></mediawiki>"
    )
    return path


def nested(folder: Path) -> Path:
    """A page of templates, tables and links inside one another that never end."""
    path = folder / "dump.xml"
    text = "{{a|" * 20_000 + "[[b|" * 20_000 + "{|\n|-\n|" * 5_000 + "&lt;b&gt;" * 20_000
    title = "../../../../tmp/escaped"
    path.write_text(
        f"<mediawiki><page><title>{title}</title><ns>0</ns><revision><text>{text}</text></revision>"
        "</page></mediawiki>"
    )
    return path


def deep(folder: Path) -> Path:
    """Rows of JSON and XML elements that stand thousands deep."""
    path = folder / "rows.jsonl"
    path.write_text('{"text": "A good row.", "id": 1}\n' + '{"a":' * 200_000 + "\n")
    return path


HOSTILE: dict[str, Hostile] = {
    "jsonl ways out": ways_out,
    "jsonl.gz line bomb": line_bomb,
    "jsonl.zst bomb": zstd_bomb,
    "jsonl.zst window": window_bomb,
    "mediawiki.bz2 bomb": page_bomb,
    "mediawiki entities": entity_bomb,
    "mediawiki nested": nested,
    "jsonl deep": deep,
    **HOSTILE_WEB,
    "document bomb": paper.bomb,
    "document entities": paper.entities,
    "document ways out": paper.ways_out,
}
"""By the format, a space, and what is hostile about it."""

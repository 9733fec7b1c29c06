"""The records of a WARC or ARC file, each with the faults that it has.

warcio reads the headers of records; what is between them is judged here, because one wrong length
or one flipped bit must cost one record and not the rest of the archive. It knows nothing of HTTP.
"""

import base64
import binascii
import hashlib
import io
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .errors import DamagedError
from .members import Broken, Members

BEGINS = re.compile(
    rb"WARC/\d\.\d{1,2}\s*\n"
    rb"|[A-Za-z][A-Za-z0-9+.\-]{0,30}:[^\r\n]{0,3500} [^\s]{1,64} \d{8,17}"
    rb" [^\s]{1,200} \d{1,15}\s*\n"
)
"""How a record begins: the line of a version, or the line of an ARC record."""
_LONGEST = 4096
_LINE = 1 << 16
_HEAD = 1 << 20
_PART = 1 << 16
_BACKWARDS = 200
_DIGEST = re.compile(r"(sha-?1|sha-?256|sha-?512|md5):([A-Za-z0-9+/=_\-]+)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `headers` has lower-case names, an ARC's those of a WARC.

    `offset` is its place in the file; `alone` says that reading can begin there again. `block` is
    what it holds, or the first 64 KiB of it where it has more than was asked for. `fault` is empty
    or one of `too-large`, `wrong-length`, `cut-off`, `wrong-digest`, `damaged`; `detail` explains.
    """

    number: int
    offset: int
    alone: bool
    kind: str
    headers: Mapping[str, str]
    block: bytes
    fault: str = ""
    detail: str = ""

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"record {self.number:,} at byte {self.offset:,}"


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes from `offset` on in which there is no record."""

    offset: int
    detail: str

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"byte {self.offset:,}"


class _BadHeadError(Exception):
    """A record whose headers cannot be read."""


def records(stream: Members, most: int, check: bool = True) -> Iterator[Record | Gap]:
    """Yield the records from where `stream` stands, holding at most one block of `most` bytes.

    `check` compares each whole block with the digest that its headers name. Raises DamagedError
    where nothing more can be read; what was yielded before is good.
    """
    logging.getLogger("warcio").setLevel(logging.ERROR)
    number = backwards = 0
    known = False
    while True:
        try:
            _pass_blanks(stream)
            offset, alone = stream.offset, stream.starts
            line = stream.readline(_LINE)
            if not line:
                return
            if not line.strip(b"\0\r\n"):
                continue
            if not BEGINS.match(line):
                if not known:
                    raise DamagedError(
                        "it does not begin as a WARC or ARC does; look where it is from"
                    )
                yield Gap(offset, "no record begins where one has to")
                _find_line(stream)
                continue
            known = True
            number += 1
            try:
                kind, headers, length = _head(stream, line)
            except _BadHeadError as error:
                yield Gap(offset, str(error))
                if not _find_line(stream):
                    raise _cut_off(number, offset) from error
                continue
            inside = stream.offset
        except Broken as broken:
            if not _go_on(stream, broken):
                raise
            yield Gap(broken.member, broken.why)
            continue
        ended: Broken | None = None
        block, fault, detail = b"", "", ""
        try:
            block, passed = _block(stream, length, most)
            fault, detail = _judge(stream, length, passed, most)
        except Broken as broken:
            ended = broken
            if stream.kind != "plain" and broken.member <= max(offset, inside):
                fault, detail = "damaged", broken.why
        if check and fault == "wrong-length" and len(block) == length:
            # A length that is too short is forgiven where the digest proves which bytes were meant.
            more = block + _rest(stream)
            if _fits(headers, more):
                block, fault, detail = more, "", ""
                inside = stream.offset
        if check and not fault and kind != "revisit" and _fits(headers, block) is False:
            fault, detail = "wrong-digest", "its bytes are not those of its digest"
        yield Record(number, offset, alone, kind, headers, block, fault, detail)
        if ended is not None:
            if not _go_on(stream, ended):
                raise ended
            if not fault:
                yield Gap(ended.member, ended.why)
        elif fault in ("wrong-length", "cut-off"):
            backwards += 1
            if backwards > _BACKWARDS:
                raise DamagedError(
                    f"more than {_BACKWARDS} records have a wrong length; get the archive anew"
                )
            if stream.kind == "plain":
                stream.seek(inside)
            if not _find_line(stream) and fault == "cut-off":
                raise _cut_off(number, offset)


def _cut_off(number: int, offset: int) -> DamagedError:
    return DamagedError(
        f"the archive ends in the middle of record {number:,} at byte {offset:,}; get it anew"
    )


def _go_on(stream: Members, broken: Broken) -> bool:
    """Go to the first record behind a broken member; False where there is none."""
    return stream.kind != "plain" and stream.seek_member(broken.member, BEGINS)


def _find_line(stream: Members) -> bool:
    """Go to the next line with which a record begins; False where there is none."""
    while window := stream.peek(_LINE):
        at = _begins_in(window)
        if at >= 0:
            stream.read(at)
            return True
        stream.read(len(window) if len(window) < _LINE else _LINE - _LONGEST)
    return False


def _begins_in(window: bytes) -> int:
    """Where the first line of `window` stands with which a record begins; -1 for none."""
    at = 0
    # Looking for a letter and a colon behind each line end would take minutes on a bomb of them.
    lines = b":" in window or b"WARC/" in window
    while lines and at >= 0:
        if match := BEGINS.match(window, at):
            return match.start()
        at = window.find(b"\n", at) + 1 or -1
    return -1


def _pass_blanks(stream: Members) -> bytes:
    """Pass over what stands between records; return the first bytes of what follows."""
    while ahead := stream.peek(_LONGEST):
        if follows := ahead.lstrip(b"\r\n"):
            stream.read(len(ahead) - len(follows))
            return stream.peek(_LONGEST) if len(follows) < _LONGEST else follows
        stream.read(len(ahead))
    return b""


def _head(stream: Members, line: bytes) -> tuple[str, Mapping[str, str], int]:
    """The kind, the headers and the length of the record that begins with `line`."""
    lines = [line]
    if line.startswith(b"WARC/"):
        size = 0
        while (more := stream.readline(_LINE)).strip():
            lines.append(more)
            size += len(more)
            if size > _HEAD:
                raise _BadHeadError("the headers of the record there have no end")
    elif line.startswith(b"filedesc:"):
        lines += [stream.readline(_LINE), stream.readline(_LINE)]
        if lines[1].startswith(b"2 "):
            raise DamagedError("it is an ARC file of version 2, which nothing reads; convert it")
    return _parse(b"".join(lines))


def _parse(head: bytes) -> tuple[str, Mapping[str, str], int]:
    from warcio.recordloader import ArcWarcRecordLoader

    try:
        found = ArcWarcRecordLoader(arc2warc=False).parse_record_stream(
            io.BytesIO(head + b"\r\n"), no_record_parse=True
        )
        headers: dict[str, str] = {}
        for name, value in found.rec_headers.headers:
            headers.setdefault(name.lower(), value.strip())
    except Exception as error:  # whatever a library makes of hostile bytes
        raise _BadHeadError("the headers of the record there cannot be read") from error
    if found.format == "arc":
        headers["warc-target-uri"] = headers.pop("uri", "")
        headers["warc-date"] = headers.pop("archive-date", "")
        headers["content-length"] = headers.get("length", "")
    digits = headers.get("content-length", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        raise _BadHeadError("the record there has no length")
    return found.rec_type or "", headers, found.length or 0


def _block(stream: Members, length: int, most: int) -> tuple[bytes, int]:
    """What the record holds, or the first part of what is too much, and how long it is."""
    if length <= most:
        block = stream.read(length, BEGINS)
        return block, len(block)
    block = stream.read(_PART, BEGINS)
    if len(block) < _PART:
        return block, len(block)
    return block, len(block) + stream.skip(length - len(block), BEGINS)


def _judge(stream: Members, length: int, passed: int, most: int) -> tuple[str, str]:
    """What is wrong with a record whose block was just read: a word and a sentence, or nothing."""
    follows = _pass_blanks(stream)
    if passed < length:
        said = f"it says that it has {length:,} bytes, and {passed:,} are there"
        return ("wrong-length" if follows else "cut-off"), said
    if follows.strip(b"\0") and not BEGINS.match(follows):
        return "wrong-length", f"it does not end after the {length:,} bytes that it says it has"
    if length > most:
        return "too-large", f"it has {length:,} bytes, more than {most:,}"
    return "", ""


def _rest(stream: Members) -> bytes:
    """What stands between a block that is over and the next record, if that is not far."""
    window = stream.peek(_LINE)
    at = _begins_in(window)
    return stream.read(len(window) if at < 0 else at).removesuffix(b"\r\n\r\n")


def _fits(headers: Mapping[str, str], block: bytes) -> bool | None:
    """Whether the block is that of the digest in the headers; None where there is none."""
    match = _DIGEST.match(headers.get("warc-block-digest", ""))
    if match is None:
        return None
    name, wanted = match[1].lower().replace("-", ""), match[2]
    found = hashlib.new(name, block, usedforsecurity=False).digest()
    if len(wanted) == 2 * len(found):
        return wanted.lower() == found.hex()
    try:
        padded = wanted + "=" * (-len(wanted) % 8)
        return found == base64.b32decode(padded, casefold=True)
    except (ValueError, binascii.Error):
        return None

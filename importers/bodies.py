"""The body of an HTTP response as it was archived: without chunks and content codings, in bounds.

Archives keep what went over the wire, what a proxy made of it, or something between with headers
that fit neither; what plainly is not coded is taken as it stands, as browsers do. It knows nothing
of records or pages.
"""

import io
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_BODY = 64 << 20
"""Bytes that a decoded body may have."""
_STEP = 1 << 20
_FED = 512
_TEXT = re.compile(rb"[\t\n\f\r\x20-\x7e\x80-\xff]*\Z")


@dataclass(frozen=True, slots=True)
class Response:
    """One response: `status` is 0 where its first line has none; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    payload: bytes


class BodyError(Exception):
    """A body that cannot be decoded; `reason` is a stable word."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def split(block: bytes) -> Response:
    """Part the block of a response record into status, headers and payload."""
    from warcio.statusandheaders import StatusAndHeadersParser

    stream = io.BytesIO(block)
    try:
        found = StatusAndHeadersParser(["HTTP/"], verify=False).parse(stream)
    except Exception:  # whatever a library makes of hostile bytes
        return Response(0, {}, b"")
    headers: dict[str, str] = {}
    for name, value in found.headers:
        name, value = name.strip().lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    word = found.get_statuscode() if found.protocol.upper().startswith("HTTP/") else ""
    status = int(word) if re.fullmatch(r"[1-9]\d\d", word) else 0
    # The first of two types is the one that browsers believed.
    if "content-type" in headers:
        headers["content-type"] = headers["content-type"].split(", ")[0]
    return Response(status, headers, block[stream.tell() :])


def decoded(response: Response, most: int = MAX_BODY) -> bytes:
    """Return the payload without chunks and codings.

    Raises BodyError (`too-large`, `unknown-coding`, `bad-coding`).
    """
    body = response.payload
    if "chunked" in response.headers.get("transfer-encoding", "").lower():
        body = _dechunked(body)
    names = response.headers.get("content-encoding", "").lower().replace(" ", "").split(",")
    for name in reversed([one for one in names if one not in ("", "identity", "none")][:4]):
        body = _uncoded(name, body, most)
    if len(body) > most:
        raise BodyError("too-large", f"its body has {len(body):,} bytes, more than {most:,}")
    return body


def _dechunked(body: bytes) -> bytes:
    """Without chunks, as far as there are any: many archives keep the header and not the chunks."""
    from warcio.bufferedreaders import ChunkedDataReader

    return bytes(ChunkedDataReader(io.BytesIO(body)).read())


def _uncoded(name: str, body: bytes, most: int) -> bytes:
    name = name.removeprefix("x-")
    if name not in _DECODERS:
        raise BodyError("unknown-coding", f"its body is coded with “{name[:40]}”")
    if not body or (name == "gzip" and not body.startswith(b"\x1f\x8b")):
        return body
    try:
        return _DECODERS[name](body, most)
    except _UndecodableError as error:
        if _TEXT.match(body[:512]):
            return body
        raise BodyError("bad-coding", f"its body is not in the {name} that it says") from error


class _UndecodableError(Exception):
    """Bytes that are not what their coding says."""


def _inflated(body: bytes, most: int, bits: int) -> bytes:
    unpack = zlib.decompressobj(bits)
    found = bytearray()
    try:
        while body and not unpack.eof:
            more = unpack.decompress(body, _STEP)
            found += more
            _bound(len(found), most)
            if not more and len(unpack.unconsumed_tail) == len(body):
                break
            body = unpack.unconsumed_tail
            while not body and not unpack.eof and len(more) == _STEP:
                more = unpack.decompress(b"", _STEP)
                found += more
                _bound(len(found), most)
    except zlib.error as error:
        # A check sum that is wrong at the very end spoils no text; browsers do not look at it.
        if "incorrect" not in str(error) or not found:
            raise _UndecodableError from error
    return bytes(found)


def _gunzipped(body: bytes, most: int) -> bytes:
    return _inflated(body, most, 31)


def _deflated(body: bytes, most: int) -> bytes:
    """With the wrapping that the standard wants, or without as half of the servers send it."""
    try:
        return _inflated(body, most, 15)
    except _UndecodableError:
        return _inflated(body, most, -15)


def _unbrotlied(body: bytes, most: int) -> bytes:
    import brotli

    unpack: Any = brotli.Decompressor()
    found = bytearray()
    try:
        while not unpack.is_finished():
            ready = unpack.can_accept_more_data()
            if ready and not body:
                break
            part, body = (body[:_STEP], body[_STEP:]) if ready else (b"", body)
            found += unpack.process(part, output_buffer_limit=_STEP)
            _bound(len(found), most)
    except brotli.error as error:
        raise _UndecodableError from error
    return bytes(found)


def _unzstd(body: bytes, most: int) -> bytes:
    import zstandard

    found = bytearray()
    unpack = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    try:
        for at in range(0, len(body), _FED):
            found += unpack.decompress(body[at : at + _FED])
            _bound(len(found), most)
            if unpack.eof:
                break
    except (zstandard.ZstdError, MemoryError) as error:
        raise _UndecodableError from error
    return bytes(found)


def _bound(size: int, most: int) -> None:
    if size > most:
        raise BodyError("too-large", f"its body swells to more than {most:,} bytes")


_DECODERS = {"gzip": _gunzipped, "deflate": _deflated, "br": _unbrotlied, "zstd": _unzstd}

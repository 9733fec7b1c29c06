"""Makes web archives of every kind that is imported: WARC, ARC and WACZ, good and on purpose bad.

WARC records are written by warcio, so that what is read was not written by the hand that reads it.
"""

import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DATE = "2021-03-04T05:06:07Z"
PACKINGS = ("plain", "gzip", "gzip-whole", "zstd")


@dataclass(frozen=True, slots=True)
class Capture:
    """One record to be written. `kind` is WARC's word; `more` are headers of the record."""

    url: str
    body: bytes = b""
    status: str = "200 OK"
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "text/html"})
    date: str = DATE
    kind: str = "response"
    more: Mapping[str, str] = field(default_factory=dict)


def page(number: int, links: Sequence[str] = (), size: int = 3) -> bytes:
    """An HTML page of a few sentences that no other number has."""
    said = "".join(
        f"<p>The river {number}.{part} rises in the hills of Ord, is {number * 7 + part} "
        f"kilometres long, and passes {number % 97 + part} mills before it reaches the sea at "
        f"Cape {number}.</p>"
        for part in range(size)
    )
    listed = "".join(f'<li><a href="{link}">to {link}</a></li>' for link in links)
    return (
        f"<!doctype html><html lang=en><head><title>River {number}</title></head><body><main>"
        f"<h1>River {number}</h1>{said}<ul>{listed}</ul></main></body></html>"
    ).encode()


def warc(captures: Sequence[Capture], packing: str = "gzip") -> bytes:
    """A WARC file that begins with a warcinfo and has a request beside each response."""
    return pack(records(captures), packing)


def records(captures: Sequence[Capture]) -> list[bytes]:
    """The records of a WARC file, one by one."""
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    found: list[bytes] = []
    out = io.BytesIO()
    writer: Any = WARCWriter(out, gzip=False)

    def write(record: Any, date: str) -> None:
        # The same bytes each time: fuzzing is to be repeatable.
        record.rec_headers.replace_header("WARC-Record-ID", f"<urn:made:{len(found)}>")
        record.rec_headers.replace_header("WARC-Date", date)
        writer.write_record(record)
        found.append(out.getvalue())
        out.seek(0)
        out.truncate()

    write(writer.create_warcinfo_record("made.warc", {"software": "the appliance"}), DATE)
    for one in captures:
        http = None
        if one.kind in ("response", "revisit"):
            http = StatusAndHeaders(one.status, list(one.headers.items()), protocol="HTTP/1.1")
        record = writer.create_warc_record(
            one.url,
            one.kind,
            payload=io.BytesIO(one.body),
            length=len(one.body),
            http_headers=http,
            warc_content_type=one.headers.get("Content-Type", "") if http is None else "",
            warc_headers_dict=dict(one.more),
        )
        write(record, one.date)
        if one.kind == "response":
            asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", "a.test")], is_http_request=True)
            write(writer.create_warc_record(one.url, "request", http_headers=asked), one.date)
    return found


def pack(parts: Sequence[bytes], packing: str) -> bytes:
    """The records of an archive packed as one of `PACKINGS`."""
    import zstandard

    if packing == "plain":
        return b"".join(parts)
    if packing == "gzip-whole":
        return gzip.compress(b"".join(parts), mtime=0)
    if packing == "gzip":
        return b"".join(gzip.compress(part, mtime=0) for part in parts)
    return b"".join(zstandard.ZstdCompressor().compress(part) for part in parts)


def warc_with_dictionary(captures: Sequence[Capture]) -> bytes:
    """A .warc.zst whose first frame is the dictionary of the others."""
    import zstandard

    parts = records(captures)
    trained = zstandard.ZstdCompressionDict(b"".join(parts)[:4000])
    data = trained.as_bytes()
    packer = zstandard.ZstdCompressor(dict_data=trained)
    head = b"\x5d\x2a\x4d\x18" + len(data).to_bytes(4, "little") + data
    return head + b"".join(packer.compress(part) for part in parts)


def arc(captures: Sequence[Capture], packing: str = "gzip") -> bytes:
    """An ARC file of version 1."""
    spec = b"1 0 Appliance\nURL IP-address Archive-date Content-type Archive-length\n"
    date = "".join(filter(str.isdigit, DATE))
    parts = [
        b"filedesc://made.arc 0.0.0.0 %s text/plain %d\n" % (date.encode(), len(spec))
        + spec
        + b"\n"
    ]
    for one in captures:
        lines = "".join(f"{name}: {value}\r\n" for name, value in one.headers.items())
        block = f"HTTP/1.1 {one.status}\r\n{lines}\r\n".encode() + one.body
        kind = one.headers.get("Content-Type", "text/html").split(";")[0]
        stamp = "".join(filter(str.isdigit, one.date))[:14]
        head = f"{one.url} 127.0.0.1 {stamp} {kind} {len(block)}\n"
        parts.append(head.encode() + block + b"\n")
    return pack(parts, packing)


def wacz(
    archives: Mapping[str, bytes],
    pages: Sequence[Mapping[str, str]] | None = None,
    *,
    damaged: Mapping[str, bytes] | None = None,
    extra: Mapping[str, bytes] | None = None,
) -> bytes:
    """A WACZ file. What `damaged` names has other bytes than its digest; `extra` has no digest."""
    files = {f"archive/{name}": data for name, data in archives.items()}
    if pages is not None:
        rows = [{"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}, *pages]
        files["pages/pages.jsonl"] = "".join(json.dumps(row) + "\n" for row in rows).encode()
    package = json.dumps(
        {
            "profile": "data-package",
            "wacz_version": "1.1.1",
            "resources": [
                {"name": name, "path": name, "hash": _digest(data), "bytes": len(data)}
                for name, data in files.items()
            ],
        }
    ).encode()
    signed = {"path": "datapackage.json", "hash": _digest(package)}
    files["datapackage.json"] = package
    files["datapackage-digest.json"] = json.dumps(signed).encode()
    files |= {**(damaged or {}), **(extra or {})}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            kind = zipfile.ZIP_DEFLATED if name.endswith("json") else zipfile.ZIP_STORED
            archive.writestr(zipfile.ZipInfo(name, (2021, 3, 4, 5, 6, 8)), data, kind)
    return out.getvalue()


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def captures(count: int) -> list[Capture]:
    """So many captured pages, and a redirect to the first of them."""
    moved = Capture("http://made.test/", b"", "301 Moved", {"Location": "/0"})
    return [moved, *(Capture(f"http://made.test/{one}", page(one, [f"/{one + 1}"], 8))
                     for one in range(count))]  # fmt: skip


def _maker(name: str, make: Callable[[int], bytes]) -> Callable[[Path, int], Path]:
    def maker(folder: Path, count: int) -> Path:
        path = folder / name
        path.write_bytes(make(count))
        return path

    return maker


def _wacz(count: int) -> bytes:
    listed = [{"url": f"http://made.test/{one}", "title": f"River {one}"} for one in range(count)]
    return wacz({"a.warc.gz": warc(captures(count))}, listed)


WEB_MAKERS: dict[str, Callable[[Path, int], Path]] = {
    "warc": _maker("made.warc", lambda count: warc(captures(count), "plain")),
    "warc.gz": _maker("made.warc.gz", lambda count: warc(captures(count), "gzip")),
    "warc.whole": _maker("whole.warc.gz", lambda count: warc(captures(count), "gzip-whole")),
    "warc.zst": _maker("made.warc.zst", lambda count: warc_with_dictionary(captures(count))),
    "warc.arc": _maker("made.arc.gz", lambda count: arc(captures(count), "gzip")),
    "wacz": _maker("made.wacz", _wacz),
}
"""For `bench.making`: each makes an archive of so many pages in a folder."""

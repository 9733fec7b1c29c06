"""A stored version as a row of the database, and back as a value. It knows columns, and none of the
questions that are asked of them.
"""

from typing import Any

from .codec import unpack_outlinks, unpack_text
from .errors import DamagedPageError
from .page import PageVersion

COLUMNS = """
    page.url, version.title, version.body, version.fetched_at, version.lang, version.site,
    version.published, version.author, version.status, version.source, version.extractor,
    version.outlinks, page.etag, page.last_modified, page.id, version.id, version.seq_from,
    version.seq_to, page.gone_at, version.capture
"""
"""What `version_of` reads, of `page` and a `page_version` called `version`."""


def version_of(row: tuple[Any, ...]) -> PageVersion:
    """Return the version in a row of `COLUMNS`; raises DamagedPageError."""
    (url, title, body, fetched_at, lang, site, published, author, status, source) = row[:10]
    (extractor, outlinks, etag, last_modified, page_id, version_id, seq_from) = row[10:17]
    (seq_to, gone_at, capture) = row[17:]
    try:
        text, links = unpack_text(body), unpack_outlinks(outlinks)
    except DamagedPageError as damage:
        raise DamagedPageError(
            f"Version {version_id} of {url} is damaged ({damage.__cause__}); crawl or import that "
            "page again."
        ) from damage
    return PageVersion(
        url=url,
        title=title,
        text=text,
        fetched_at=fetched_at,
        lang=lang,
        site=site,
        published=published,
        author=author,
        status=status,
        source=source,
        extractor=extractor,
        outlinks=links,
        etag=etag,
        last_modified=last_modified,
        page_id=page_id,
        version_id=version_id,
        seq_from=seq_from,
        seq_to=seq_to,
        gone_at=gone_at,
        capture=f"sha256:{bytes(capture).hex()}" if capture else "",
    )

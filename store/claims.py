"""The address that a page names as its own (`rel=canonical`), and when that becomes a name by which
the page is found.

Web sites get it wrong: every page of some names the front page, or a list its first part. So an
address is given to a page only if they are of one site, if no page is stored under it, and if the
few pages that claim it say the same; what a redirect says goes before. This is judged again with
every batch that could change it, and an alias that no longer holds ends with that batch's commit.
"""

import contextlib
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from .commits import next_seq
from .database import Connection
from .errors import UrlError
from .page import PageVersion
from .urls import WEB_SCHEMES, aliases, canonical, url_hash

# An address that more pages claim is a site's mistake, and comparing them all would take long.
MOST = 50

Claim = tuple[str, bytes]
"""A claimed address: its canonical URL and its hash."""

# What these pages claim, and which of their own addresses are claimed; most often there is nothing.
_KNOWN = """
SELECT page.url_hash, claim.url_hash FROM page JOIN claim ON claim.page_id = page.id
WHERE page.collection_id = %(collection)s AND page.url_hash = ANY(%(pages)s)
  AND EXISTS (SELECT FROM claim WHERE collection_id = %(collection)s)
UNION ALL
SELECT NULL, url_hash FROM claim
WHERE collection_id = %(collection)s AND url_hash = ANY(%(pages)s)
"""
_WITHDRAW = """
DELETE FROM claim USING page
WHERE claim.page_id = page.id AND page.collection_id = %s AND page.url_hash = ANY(%s)
"""
_CLAIM = """
INSERT INTO claim (page_id, collection_id, url, url_hash)
SELECT page.id, page.collection_id, made.url, made.hash
FROM unnest(%s::bytea[], %s::text[], %s::bytea[]) AS made (page, url, hash)
JOIN page ON page.collection_id = %s AND page.url_hash = made.page
ON CONFLICT (page_id) DO UPDATE SET url = excluded.url, url_hash = excluded.url_hash
"""
# Of each address: what its alias is now, and the page that may have it; of several the one with the
# shortest address, in whatever order they came.
_JUDGED = """
SELECT asked.hash, alias.target_hash, alias.claimed, best.claimed_url, best.url, best.url_hash
FROM unnest(%(hashes)s::bytea[]) AS asked (hash)
LEFT JOIN alias ON alias.collection_id = %(collection)s AND alias.url_hash = asked.hash
 AND alias.seq_to IS NULL
LEFT JOIN LATERAL (
    SELECT (array_agg(claimed_url ORDER BY length(url), url COLLATE "C"))[1] AS claimed_url,
           (array_agg(url ORDER BY length(url), url COLLATE "C"))[1] AS url,
           (array_agg(url_hash ORDER BY length(url), url COLLATE "C"))[1] AS url_hash
    FROM (
        SELECT claim.url AS claimed_url, page.url, page.url_hash, version.digest
        FROM claim JOIN page ON page.id = claim.page_id
        JOIN page_version AS version ON version.id = page.current_version
        WHERE claim.collection_id = %(collection)s AND claim.url_hash = asked.hash
        ORDER BY claim.page_id LIMIT %(most)s + 1
    ) AS claimant
    HAVING count(*) <= %(most)s AND count(DISTINCT digest) = 1
) AS best ON NOT EXISTS (
    SELECT FROM page WHERE page.collection_id = %(collection)s AND page.url_hash = asked.hash)
ORDER BY asked.hash
"""
_END = """
UPDATE alias SET seq_to = %s
WHERE collection_id = %s AND url_hash = ANY(%s) AND seq_to IS NULL AND claimed
"""
_BEGIN = """
INSERT INTO alias (collection_id, url_hash, url, target, target_hash, seq_from, claimed)
SELECT %s, made.*, %s, true
FROM unnest(%s::bytea[], %s::text[], %s::text[], %s::bytea[]) AS made
"""


def claim_of(version: PageVersion) -> Claim | None:
    """Return the address that a page may claim, if it declares one."""
    if version.declared:
        with contextlib.suppress(UrlError):
            claimed = canonical(version.declared)
            if claimed != version.url and may_claim(version.url, claimed):
                return claimed, url_hash(claimed)
    return None


def may_claim(url: str, claimed: str) -> bool:
    """True if a page at `url` may be the one that `claimed` means, as far as addresses tell.

    They have to be two addresses on one port of one host, or of hosts that one owner has
    registered; and a front page is claimed only by other spellings of it. Raises UrlError.
    """
    if url_hash(url) == url_hash(claimed):
        return False
    here, there = urlsplit(canonical(url)), urlsplit(canonical(claimed))
    if not {here.scheme, there.scheme} <= WEB_SCHEMES or here.port != there.port:
        return False
    names = [(parts.hostname or "").removeprefix("www.") for parts in (here, there)]
    if names[0] != names[1] and not _one_owner(*names):
        return False
    if there.path.strip("/") or there.query:
        return True
    return url_hash(claimed) in {url_hash(other) for other in aliases(url)}


def _one_owner(one: str, other: str) -> bool:
    """True if two hosts lie below one registered name; unknown endings are nobody's."""
    from tld import get_fld

    # The list is in the package. `search_private` tells the customers of a host apart.
    names = [
        get_fld(name, fix_protocol=True, fail_silently=True, search_private=True)
        for name in (one, other)
    ]
    return names[0] is not None and names[0] == names[1]


def put_claims(
    connection: Connection,
    collection: int,
    claims: Mapping[bytes, Claim | None],
    seq: int | None = None,
) -> None:
    """Note what the pages of a batch claim, and give or take the aliases that come of it.

    What changes does so at the commit `seq`, or at one of its own. The caller holds off writers.
    """
    pages = sorted(claims)
    known: dict[bytes, bytes] = {}
    concerned: set[bytes] = set()
    values = {"collection": collection, "pages": pages}
    for page, key in connection.execute(_KNOWN, values).fetchall():
        concerned.add(bytes(key))
        if page is not None:
            known[bytes(page)] = bytes(key)
    made = {page: claim for page, claim in claims.items() if claim is not None}
    withdrawn = [page for page in known if page not in made]
    if withdrawn:
        connection.execute(_WITHDRAW, (collection, withdrawn))
    new = [page for page in sorted(made) if known.get(page) != made[page][1]]
    if new:
        urls, hashes = [made[page][0] for page in new], [made[page][1] for page in new]
        connection.execute(_CLAIM, (new, urls, hashes, collection))
    # A page that claims what it claimed may have another text now.
    concerned.update(key for _, key in made.values())
    if concerned:
        judge(connection, collection, sorted(concerned), lambda: seq or next_seq(connection))


def judge(
    connection: Connection, collection: int, hashes: list[bytes], seq_of: Callable[[], int]
) -> None:
    """Give or take the aliases of claimed addresses, after what they depend on has changed.

    `seq_of` is asked for the commit's number if anything changes. The caller holds off writers.
    """
    ended: list[bytes] = []
    begun: list[tuple[bytes, str, str, bytes]] = []
    values = {"collection": collection, "hashes": hashes, "most": MOST}
    rows = connection.execute(_JUDGED, values).fetchall()
    for key, target, claimed, claimed_url, url, url_key in rows:
        if target is not None and not claimed:
            continue  # a redirect
        if target == url_key:
            continue
        if target is not None:
            ended.append(bytes(key))
        if url_key is not None:
            begun.append((bytes(key), claimed_url, url, bytes(url_key)))
    if not (ended or begun):
        return
    seq = seq_of()
    if ended:
        connection.execute(_END, (seq, collection, ended))
    if begun:
        columns = [list(column) for column in zip(*begun, strict=True)]
        connection.execute(_BEGIN, (collection, seq, *columns))

"""What differs between two states of the store, as lines, as a table of sites, or as JSON that is
written as it is read.
"""

from collections.abc import Iterable, Mapping
from itertools import islice

import click

from store.changes import ADDED, CHANGED, GONE, KINDS, REMOVED, Change, Changes
from store.commits import Moment

from ..render.terminal import safe, shorten, table
from .options import json_text

MARKS = {ADDED: "+", CHANGED: "~", REMOVED: "-", GONE: "!"}
TITLE = 60


def print_changes(
    changes: Changes, counts: Mapping[str, int], limit: int, collections: bool
) -> None:
    """Print a line a page, at most `limit` (0: all), then the counts.

    With `collections` each says which collection it is of, unless that is the usual one.
    """
    for change in changes.pages(limit or None):
        click.echo(_line(change, collections))
    _more(sum(counts.values()), limit, "page")
    click.echo(counted_words(counts))


def print_sites(changes: Changes, counts: Mapping[str, int], limit: int) -> None:
    """Print how many pages of each site differ, at most `limit` sites (0: all), then the counts."""
    sites = changes.sites()
    rows = [
        (safe(collection), safe(host), *(f"{here[kind]:,}" for kind in KINDS))
        for collection, host, here in (islice(sites, limit) if limit else sites)
    ]
    if rows:
        click.echo(table(rows, ("collection", "site", *KINDS)))
    _more(len(rows) + sum(1 for _ in sites), limit, "site")
    click.echo(counted_words(counts))


def print_json_changes(
    before: Moment,
    after: Moment,
    changes: Changes,
    counts: Mapping[str, int],
    stat: bool,
    limit: int,
) -> None:
    """Print one JSON object, a line a page or site, without keeping them all in memory."""
    click.echo("{")
    for name, value in (
        ("from", before.to_json()),
        ("to", after.to_json()),
        ("counts", dict(counts)),
    ):
        click.echo(f"{json_text(name, None)}: {json_text(value, None)},")
    found: Iterable[dict[str, object]]
    if stat:
        sites = ({"collection": c, "site": h, **here} for c, h, here in changes.sites())
        name, found = "sites", islice(sites, limit) if limit else sites
    else:
        name, found = "pages", (change.to_json() for change in changes.pages(limit or None))
    click.echo(f"{json_text(name, None)}: [", nl=False)
    for number, value in enumerate(found):
        click.echo(("," if number else "") + "\n" + json_text(value, None), nl=False)
    click.echo("\n]\n}")


def counted_words(counts: Mapping[str, int]) -> str:
    """`3 added, 1 changed, 0 removed`, and how many are gone from the web if any are."""
    words = [f"{counts[kind]:,} {kind}" for kind in (ADDED, CHANGED, REMOVED)]
    if counts[GONE]:
        words.append(f"{counts[GONE]:,} gone from the web")
    return ", ".join(words)


def _line(change: Change, collections: bool) -> str:
    days = [
        f"{seen.fetched_at:%Y-%m-%d}" for seen in (change.before, change.after) if seen is not None
    ]
    when = " to ".join(dict.fromkeys(days))
    if change.gone_at is not None:
        when += f", gone from the web since {change.gone_at:%Y-%m-%d}"
    where = f"[{safe(change.collection)}] " if collections and change.collection != "web" else ""
    title = shorten(change.title, TITLE)
    return f"{MARKS[change.kind]} {where}{safe(change.url)}  {title}  ({when})"


def _more(total: int, limit: int, what: str) -> None:
    if limit and total > limit:
        more = total - limit
        click.echo(f"… and {more:,} more {what}{'s' * (more > 1)}; --limit 0 lists all", err=True)

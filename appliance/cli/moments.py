"""The option `--at`, and the past state of the store that it names."""

import click

from store.commits import Moment, find_moment
from store.database import Database
from store.errors import UrlError
from store.pages import PageStore

from ..render.terminal import safe
from .options import say

at_option = click.option(
    "--at",
    metavar="MOMENT",
    help="As it was then: a snapshot's name, a commit's number, or a day or time "
    "(2026-03-01, in UTC, is its end).",
)


def moment_of(database: Database, text: str | None) -> Moment | None:
    """The state that the option names, if it was given; SnapshotError where it names none.

    Says so on stderr where that state may have lost versions.
    """
    if text is None:
        return None
    moment = find_moment(database, text)
    warn(moment)
    return moment


def warn(moment: Moment) -> None:
    """Say on stderr that a state may lack versions, if it may."""
    if not moment.whole:
        say(
            f"{safe(str(moment))} is not surely whole: no snapshot keeps it, and `snapshot gc` "
            "removes versions that nothing refers to"
        )


def not_then(pages: PageStore, url: str, moment: Moment) -> str:
    """One sentence on a page that a past state lacks: from when on `pages`, those of now, have it.

    A page that another address led to then is not looked for.
    """
    try:
        found = pages.history(url)
    except UrlError:
        found = None
    if found is None:
        return f"{url} is not in the corpus, neither now nor at {moment}"
    page, versions = found
    later = next((one for one in versions if one.seq_from > moment.seq), None)
    if later is None:  # its address leads there now, and did not then
        return f"{url} led to no page at {moment}; now it leads to {page}"
    since = f"is held from commit {later.seq_from} on, captured {later.fetched_at:%Y-%m-%d}"
    earlier = [one for one in versions if one.seq_to is not None and one.seq_to <= moment.seq]
    if earlier:
        since = f"is held up to commit {(earlier[-1].seq_to or 1) - 1}, and {since}"
    return f"{page} is not held as at {moment}; it {since}"

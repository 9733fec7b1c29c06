"""`appliance snapshot list|create|diff|verify|rm|gc`: names for states of the corpus, what differs
between two of them, and what nobody needs.
"""

import click

from store.changes import between
from store.commits import find_moment, present
from store.snapshots import Snapshots

from ...errors import ReplayDiffers
from ...readers import open_store
from ...render.terminal import counted, safe, table
from ...retention import (
    Kept,
    check_snapshot,
    collect,
    create_snapshot,
    list_snapshots,
    remove_snapshot,
)
from ..changes import print_changes, print_json_changes, print_sites
from ..moments import warn
from ..options import as_json, config_from, print_json, say
from ..progress import bar


@click.group("snapshot")
def command() -> None:
    """Name states of the corpus, and remove those that nothing refers to.

    A named snapshot keeps its page versions and frozen indexes, as a run keeps those it saw.
    """


@command.command("list")
@as_json
def list_command(as_json: bool) -> None:
    """List the named snapshots, the oldest first."""
    config = config_from()
    with open_store(config) as database:
        found = list_snapshots(config.home, database)
    if as_json:
        print_json([snapshot.to_json() for snapshot in found])
    else:
        click.echo(table([_row(snapshot) for snapshot in found], _HEADING))


@command.command("create")
@click.argument("name")
@as_json
def create(name: str, as_json: bool) -> None:
    """Call the present state of pages and indexes NAME."""
    config = config_from()
    with open_store(config) as database:
        snapshot = create_snapshot(config.home, database, name)
    if as_json:
        print_json(snapshot.to_json())
        return
    indexes = len(snapshot.indexes)
    click.echo(
        f"snapshot {safe(snapshot.name)}: {snapshot.pages:,} pages, {snapshot.digest[:15]}…, "
        f"keeps {indexes} frozen {'index' if indexes == 1 else 'indexes'}"
    )


@command.command("diff")
@click.argument("before", metavar="A")
@click.argument("after", metavar="[B]", required=False)
@click.option("--collection", metavar="NAME", help="Only the pages of this one (default: all).")
@click.option("--stat", is_flag=True, help="Only how many pages of each site differ.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=100,
    show_default=True,
    help="List at most so many pages (or sites); 0 means all.",
)
@as_json
def diff(
    before: str, after: str | None, collection: str | None, stat: bool, limit: int, as_json: bool
) -> None:
    """Name the pages added, changed and removed from state A to state B (default: now).

    A and B are snapshots' names, commits' numbers, or days or times. Pages that their servers took
    away meanwhile are kept, and named as gone. Purged pages are in no state any more. The counts
    are always those of all pages.

    Exit code 0 means that nothing differs, 3 that something does.
    """
    config = config_from()
    with open_store(config) as database:
        first = find_moment(database, before)
        second = find_moment(database, after) if after is not None else present(database)
        for moment in (first, second):
            warn(moment)
        with between(database, first, second, collection) as changes:
            counts = changes.counts()
            say(f"from {safe(str(first))} to {safe(str(second))}")
            if as_json:
                print_json_changes(first, second, changes, counts, stat, limit)
            elif stat:
                print_sites(changes, counts, limit)
            else:
                print_changes(changes, counts, limit, collection is None)
    if any(counts.values()):
        raise click.exceptions.Exit(ReplayDiffers.exit_code)


@command.command("verify")
@click.argument("name", nargs=-1)
@click.option("--deep", is_flag=True, help="Hash every text and every file of its indexes, too.")
@as_json
def verify(name: tuple[str, ...], deep: bool, as_json: bool) -> None:
    """Read the pages of each snapshot NAME again (default: of all) and name what is wrong.

    The pages are counted, their digests hashed and compared with those of the day when it was
    created, and the indexes that it keeps have to be there. Prints a line for each fault and exits
    with 1 when there is one.
    """
    config = config_from()
    found, faulty = [], False
    with open_store(config) as database:
        names = list(dict.fromkeys(name)) or [one.name for one in Snapshots(database).list()]
        for one in names:
            with bar(one, as_json) as progress:
                checked, faults = check_snapshot(config.home, database, one, deep, progress)
            faulty = faulty or bool(faults)
            found.append(
                {
                    "name": one,
                    "seq": checked.snapshot.seq,
                    "pages": checked.pages,
                    "digest": checked.digest,
                    "faults": faults,
                }
            )
            if not as_json:
                for fault in faults:
                    click.echo(safe(fault).replace("\n", " "))
                say(f"{safe(one)}: {counted(checked.pages, 'page')}, {len(faults)} faults")
    if as_json:
        print_json({"ok": not faulty, "deep": deep, "snapshots": found})
    elif not names:
        say("there is no snapshot; name the present state with: appliance snapshot create NAME")
    if faulty:
        raise click.exceptions.Exit(1)


@command.command("rm")
@click.argument("name")
def rm(name: str) -> None:
    """Forget NAME; what only it kept goes with the next `snapshot gc`."""
    config = config_from()
    with open_store(config) as database:
        remove_snapshot(config.home, database, name)
    click.echo(f"snapshot {safe(name)} is forgotten; free what only it kept: appliance snapshot gc")


@command.command("gc")
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@as_json
def gc(dry_run: bool, as_json: bool) -> None:
    """Remove the frozen indexes and old page versions that nothing refers to.

    What a run or a named snapshot refers to stays, so that `replay --pinned` goes on working; so
    do the present pages and the current index.
    """
    config = config_from()
    with (
        open_store(config) as database,
        config.home.writer("index"),
        database.exclusive("index"),
    ):
        report = collect(config.home, database, dry=dry_run)
    if as_json:
        print_json(report.to_json())
        return
    done = "would remove" if dry_run else "removed"
    click.echo(
        f"{done} {len(report.indexes)} frozen indexes ({report.index_bytes / 1e6:,.1f} MB) and "
        f"{report.versions:,} page versions ({report.version_bytes / 1e6:,.1f} MB)"
    )
    if not dry_run and report.versions:
        say("the database reuses the space of the versions")


_HEADING = ("snapshot", "commit", "created", "pages", "digest", "indexes")


def _row(snapshot: Kept) -> tuple[str, ...]:
    return (
        snapshot.name,
        str(snapshot.seq),
        f"{snapshot.created_at:%Y-%m-%d %H:%M}",
        f"{snapshot.pages:,}",
        f"{snapshot.digest[:15]}…",
        ", ".join(sorted(snapshot.indexes)) or "none",
    )

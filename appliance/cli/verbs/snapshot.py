"""`appliance snapshot list|create|rm|gc`: names for states of the corpus, and what nobody needs."""

import click

from ...readers import open_store
from ...render.terminal import safe, table
from ...retention import Kept, collect, create_snapshot, list_snapshots, remove_snapshot
from ..options import as_json, config_from, print_json, say


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


_HEADING = ("snapshot", "created", "pages", "digest", "indexes")


def _row(snapshot: Kept) -> tuple[str, ...]:
    return (
        snapshot.name,
        f"{snapshot.created_at:%Y-%m-%d %H:%M}",
        f"{snapshot.pages:,}",
        f"{snapshot.digest[:15]}…",
        ", ".join(sorted(snapshot.indexes)) or "none",
    )

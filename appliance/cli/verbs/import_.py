"""`appliance import`: archives, dumps, folders and files that are here already, into the store."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from importers.errors import ImporterError
from importers.formats import FORMATS
from importers.names import shown
from importers.report import ImportReport, exit_code
from importers.run import ImportOptions, Moment, Progress, Session
from importers.watch import changes

from ...interrupts import first_asks
from ...readers import open_store
from ...render.terminal import safe, shorten
from ..options import as_json, collection_option, config_from, print_json, say


@click.command("import")
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path)
)
@collection_option
@click.option("--format", type=click.Choice(sorted(FORMATS)), help="What the files are.")
@click.option("--limit", type=click.IntRange(1), help="Stop after this many pages of each path.")
@click.option(
    "--workers", type=click.IntRange(1), help="Extraction processes (default: cores − 1)."
)
@click.option("--dry-run", is_flag=True, help="Say what would be stored, and store nothing.")
@click.option("--watch", is_flag=True, help="Stay, and import what is new or changed until Ctrl-C.")
@click.option("--again", is_flag=True, help="Read once more what was imported before.")
@as_json
def command(
    paths: tuple[Path, ...],
    collection: str | None,
    format: str | None,
    limit: int | None,
    workers: int | None,
    dry_run: bool,
    watch: bool,
    again: bool,
    as_json: bool,
) -> None:
    """Read each PATH, an archive, a dump, a folder or a file, into the store.

    The format is told from the content. Stopped at any moment, the same command goes on where it
    was; a file that was imported and is the same since is not read again. What becomes no page is
    counted by reason. The exit code is 1 where a path was damaged or gave no page. A folder is kept
    in step: pages whose files are no longer there are marked as gone, and kept.
    """
    if watch and (dry_run or again or limit):
        raise click.UsageError("--watch goes with none of --dry-run, --again and --limit")
    config = config_from(collection=collection)
    options = ImportOptions(
        collection=config.collection,
        format=format or "",
        limit=limit,
        again=again,
        dry_run=dry_run,
        workers=workers,
    )
    stopped = threading.Event()
    reports: list[ImportReport] = []
    last: dict[Path, ImportReport] = {}
    if watch:
        missing = [path for path in paths if not path.exists()]
        if missing:
            raise click.UsageError(
                f"there is no file or folder {safe(shown(missing[0]))} to watch; check the path"
            )
    with ExitStack() as stack:
        database = None if dry_run else stack.enter_context(open_store(config))
        session = stack.enter_context(Session(database, options))
        stack.enter_context(first_asks(stopped.set))
        for path in changes(paths, stopped.is_set) if watch else paths:
            if stopped.is_set():
                break
            try:
                with _bar(path, quiet=as_json) as progress:
                    report = session.run(path, progress, stopped.is_set)
            except ImporterError as error:
                report = ImportReport(shown(path), format or "", "damaged", error=str(error))
            except OSError as error:  # it went away between two looks
                why = (
                    f"{shown(path)} cannot be looked at ({error.strerror or error}); check whether "
                    "it is still there."
                )
                report = ImportReport(shown(path), format or "", "damaged", error=why)
            last[path] = report
            if watch and report.state == "known":
                continue
            if watch and as_json:
                click.echo(json.dumps(report.json(), ensure_ascii=True))
            elif not watch:
                reports.append(report)
            if not as_json:
                for line in report.lines():
                    click.echo(safe(line), err=not dry_run)
    if watch:
        say("stopped watching")
        raise SystemExit(exit_code(list(last.values())))
    if as_json:
        print_json([report.json() for report in reports])
    elif stopped.is_set():
        say("stopped; what was read is stored, run the same command to go on")
    elif not dry_run and any(report.pages for report in reports):
        say("now run: appliance index")
    if stopped.is_set():
        raise SystemExit(130)
    raise SystemExit(exit_code(reports))


@contextmanager
def _bar(path: Path, quiet: bool) -> Iterator[Progress]:
    """A line on stderr: bytes of the file, rate and time left, pages and refusals."""
    from tqdm import tqdm

    with tqdm(
        desc=shorten(path.name, 30),
        unit="B",
        unit_scale=True,
        disable=True if quiet else None,
        dynamic_ncols=True,
        smoothing=0.1,
    ) as bar:

        def show(moment: Moment) -> None:
            bar.total = moment.size or None
            bar.n = moment.read
            what = "finding the place, " if moment.skipping else ""
            bar.set_postfix_str(
                f"{what}{moment.pages:,} pages, {moment.refused:,} refused", refresh=False
            )
            bar.refresh()

        yield show

"""`appliance export`: the stored pages as a file of JSON rows."""

from pathlib import Path

import click

from store.pages import PageStore

from ...errors import ConfigError
from ...exporting import export_pages
from ...readers import open_store
from ..options import as_json, collection_option, config_from, print_json, say


@click.command("export")
@click.argument("path", metavar="FILE.jsonl[.zst|.gz]", type=click.Path(path_type=Path))
@collection_option
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@as_json
def command(path: Path, collection: str | None, force: bool, as_json: bool) -> None:
    """Write every page of a collection to a FILE, a row of JSON each, with nothing lost.

    `appliance import FILE` reads it back into an equal store. Past versions are not in it.
    """
    from tqdm import tqdm

    config = config_from(collection=collection)
    with open_store(config) as database:
        pages = PageStore(database, config.collection)
        total = pages.count()
        if not total:
            raise ConfigError(
                f"nothing is stored in the collection {config.collection}; see: appliance crawl, "
                "appliance import"
            )
        quiet = True if as_json else None
        with tqdm(desc="export", unit="page", total=total, disable=quiet) as bar:

            def show(done: int) -> None:
                bar.update(done - bar.n)

            count = export_pages(pages, path, force, show)
    if as_json:
        print_json({"path": str(path), "pages": count, "bytes": path.stat().st_size})
    else:
        say(f"{count:,} pages are in {path} ({path.stat().st_size / 1e6:,.1f} MB)")

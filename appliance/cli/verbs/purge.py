"""`appliance purge`: remove pages for good, from everywhere, with a receipt."""

import click

from ...errors import PurgeError
from ...purge import concerned, plan, purge
from ...readers import open_store
from ...render.terminal import counted, safe
from ..options import as_json, collection_option, config_from, print_json, say
from .index import backend_of, chosen_encoder

SHOWN = 10


@click.command("purge")
@click.argument("target")
@click.option("--yes", is_flag=True, help="Do not ask.")
@collection_option
@as_json
def command(target: str, yes: bool, collection: str | None, as_json: bool) -> None:
    """Remove TARGET for good: the address of a page, a site, or a whole collection.

    A site is a host with a dot and goes with its subdomains; a bare name is one host, else a
    collection. With --collection nothing outside of that one is removed.

    It goes with all its versions, from the store, Milvus and the frozen indexes, from the gaps
    that are listed, and its texts from the runs that quote it, which stay readable. Runs on an
    index that held it can no longer be replayed --pinned. A receipt with digests and numbers, and
    no content, is left in `receipts/`. Backups, exports and printouts are yours to remove.
    """
    config = config_from(collection=collection)
    with open_store(config) as database, config.home.writer("index"):
        doomed, receipt = plan(
            config.home, database, config.collection, target, collection is not None
        )
        runs = list(concerned(config.home, receipt))
        pages = len(doomed.pages)
        say(
            f"the {doomed.kind} {safe(target)} in {doomed.collection}: "
            f"{counted(pages, 'page')}, {counted(len(doomed.versions), 'version')}, "
            f"{counted(len(runs), 'run')} that {'quotes' if len(runs) == 1 else 'quote'} or "
            f"{'shows' if len(runs) == 1 else 'show'} {'it' if pages == 1 else 'them'}"
        )
        for url, _ in doomed.pages[:SHOWN]:
            say(f"  {safe(url)}")
        if len(doomed.pages) > SHOWN:
            say(f"  … and {len(doomed.pages) - SHOWN:,} more")
        if not yes and not click.confirm("Remove them for good?", err=True):
            raise PurgeError("nothing was removed; confirm it, or give --yes")
        encoder = chosen_encoder(config).encoder
        done = purge(config.home, database, doomed, receipt, encoder, backend_of(config), say)
    if as_json:
        print_json(done.to_json())
    else:
        path = config.home.receipts / f"{done.id}.json"
        click.echo(f"purged {safe(target)}; the receipt is {path}")

"""`appliance verify`: re-hash stored pages, snapshots, the frozen index and the weights."""

from dataclasses import dataclass

import click

from indexer.errors import IndexerError, IndexMissing
from models.errors import ModelError
from store.errors import StoreError

from ...config import Config
from ...readers import open_store
from ...render.terminal import safe
from ..options import as_json, collection_option, config_from, print_json, say
from ..progress import Progress, bar


@dataclass(frozen=True, slots=True)
class Checked:
    """What was re-hashed: a sentence, and one more for each thing that is wrong."""

    part: str
    said: str
    faults: tuple[str, ...] = ()


@click.command("verify")
@collection_option
@as_json
def command(collection: str | None, as_json: bool) -> None:
    """Re-hash everything that is identified by its content, and name what is wrong.

    Prints a line for each fault and exits with 1 when there is one.
    """
    config = config_from(collection=collection)
    parts = {
        "pages": check_pages,
        "index": check_index,
        "encoders": check_encoders,
        "models": check_models,
    }
    checked = []
    for name, check in parts.items():
        with bar(name, as_json) as progress:
            try:
                found = check(config, progress)
            except (StoreError, IndexerError, ModelError) as error:
                # A part that cannot even be opened must not hide the others.
                found = Checked(name, f"{name} cannot be read", (str(error),))
        checked.append(found)
        if not as_json:
            for fault in found.faults:
                click.echo(safe(f"{found.part}: {fault}").replace("\n", " "))
            say(f"{found.said}: {_count(len(found.faults), 'fault')}")
    faulty = any(found.faults for found in checked)
    if as_json:
        print_json(
            {"ok": not faulty}
            | {found.part: {"said": found.said, "faults": found.faults} for found in checked}
        )
    if faulty:
        raise SystemExit(1)


def check_pages(config: Config, progress: Progress) -> Checked:
    """Re-hash the versions of every page of the collection, and what the snapshots name."""
    from store.pages import PageStore
    from store.snapshots import Snapshots

    if not config.database_url and not (config.home.root / "postgres" / "data").is_dir():
        return Checked("pages", "no pages are stored yet")
    with open_store(config) as database:
        pages = PageStore(database, config.collection)
        faults = [str(fault) for fault in pages.verify(progress)]
        snapshots = Snapshots(database)
        named = snapshots.list()
        faults += [
            f"the snapshot {snapshot.name} of {snapshot.created_at:%Y-%m-%d} should have "
            f"{snapshot.digest} and the store holds something else; restore a backup"
            for snapshot in named
            if not snapshots.verify(snapshot.name)
        ]
        said = f"{_count(pages.count(), 'page')} of {config.collection}"
        said = f"{said} and {_count(len(named), 'snapshot')}"
    return Checked("pages", said, tuple(faults))


def check_index(config: Config, progress: Progress) -> Checked:
    """Re-hash the files of the frozen index."""
    from indexer.frozen import FrozenIndex, frozen_root

    try:
        index = FrozenIndex.open(frozen_root(config.home.root, config.collection))
    except IndexMissing:
        return Checked("index", "nothing is indexed yet")
    files = len(index.manifest.values["files"])
    progress(0, files)
    faults = tuple(index.verify())
    progress(files, files)
    return Checked("index", f"{_count(files, 'file')} of the frozen index", faults)


def check_encoders(config: Config, progress: Progress) -> Checked:
    """Re-hash what queries are encoded with."""
    from indexer.encoders.installed import installed, verify

    folders, faults = installed(config.home.encoders), []
    for done, folder in enumerate(folders, 1):
        try:
            verify(folder)
        except IndexerError as error:
            faults.append(str(error))
        progress(done, len(folders))
    return Checked("encoders", _count(len(folders), "query encoder"), tuple(faults))


def check_models(config: Config, progress: Progress) -> Checked:
    """Re-hash the weights of every model."""
    from models.registry import Registry

    registry = Registry(config.home.models)
    cards, faults = registry.list(), []
    for done, card in enumerate(cards, 1):
        try:
            registry.verify(card.name)
        except ModelError as error:
            faults.append(str(error))
        progress(done, len(cards))
    return Checked("models", _count(len(cards), "model"), tuple(faults))


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"

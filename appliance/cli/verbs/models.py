"""`appliance models list|import|verify|remove`: local weights."""

from pathlib import Path

import click

from models.profiles import PROFILES
from models.registry import Registry

from ...render.terminal import table
from ..options import as_json, config_from, print_json, say


@click.group("models")
def command() -> None:
    """List, import and verify local models."""


@command.command("list")
@as_json
def list_models(as_json: bool) -> None:
    """List the installed models."""
    cards = Registry(config_from().home.models).list()
    if as_json:
        from dataclasses import asdict

        print_json([asdict(card) for card in cards])
        return
    rows = [
        (card.name, f"{card.size / 1e6:.1f} MB", card.profile, card.licence, card.source)
        for card in cards
    ]
    click.echo(table(rows, ("name", "size", "profile", "licence", "source")))


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="Name to call it by (default: the file's name).")
@click.option(
    "--profile",
    default="literesearcher",
    show_default=True,
    type=click.Choice(sorted(PROFILES)),
    help="Prompt profile.",
)
@click.option("--licence", default="unknown", help="Licence of the weights.")
def import_model(file: Path, name: str | None, profile: str, licence: str) -> None:
    """Copy a GGUF FILE into the home and record its digest."""
    from tqdm import tqdm

    registry = Registry(config_from().home.create().models)
    chosen = name or _name_from(file)
    with tqdm(total=file.stat().st_size, unit="B", unit_scale=True, disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.update(done - bar.n)

        card = registry.import_(
            file,
            chosen,
            profile=profile,
            licence=licence,
            progress=show,
        )
    say(f'imported {card.name} ({card.sha256}); ask with: appliance ask --model {card.name} "…"')


@command.command("verify")
@click.argument("names", nargs=-1)
def verify(names: tuple[str, ...]) -> None:
    """Re-hash the weights of the NAMES given (default: all)."""
    registry = Registry(config_from().home.models)
    for name in names or [card.name for card in registry.list()]:
        registry.verify(name)
        click.echo(f"{name}: the digest matches its card")


@command.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Delete the model NAME from the home."""
    Registry(config_from().home.models).remove(name)
    say(f"removed {name}")


def _name_from(file: Path) -> str:
    letters = "".join(c if c.isalnum() or c in "._-" else "-" for c in file.stem.lower())
    return letters.strip("._-")[:64] or "model"

"""`appliance models list|show|import|verify|remove`: local weights."""

import re
from pathlib import Path

import click

from models.profiles import PROFILES
from models.registry import Registry

from ...render.terminal import safe, table
from ..options import as_json, config_from, print_json, say


@click.group("models")
def command() -> None:
    """List, show, import, verify and remove local models."""


@command.command("list")
@as_json
def list_models(as_json: bool) -> None:
    """List the installed models."""
    cards = Registry(config_from().home.models).list()
    if as_json:
        print_json([card.to_json() for card in cards])
        return
    rows = [
        (card.name, f"{card.size / 1e6:.1f} MB", card.profile, card.licence, card.source)
        for card in cards
    ]
    click.echo(table(rows, ("name", "size", "profile", "licence", "source")))


@command.command("show")
@click.argument("name")
@as_json
def show(name: str, as_json: bool) -> None:
    """Show what is known of the model NAME."""
    registry = Registry(config_from().home.models)
    card = registry.get(name)
    if as_json:
        print_json({**card.to_json(), "path": str(registry.path(name))})
        return
    lines = {
        "name": card.name,
        "file": str(registry.path(name)),
        "size": f"{card.size / 1e6:.1f} MB",
        "digest": card.sha256,
        "licence": card.licence,
        "source": card.source,
        "architecture": card.architecture or "unknown",
        "parameters": f"{card.parameters:,}" if card.parameters else "unknown",
        "context": f"{card.context:,} tokens",
        "profile": card.profile,
        "notes": card.notes,
    }
    for key, value in lines.items():
        if value:
            click.echo(f"{key + ':':<14}{safe(value)}")


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="Name to call it by (default: the file's name).")
@click.option(
    "--profile",
    type=click.Choice(sorted(PROFILES)),
    help="Prompt profile (default: by the name in the file, else generic).",
)
@click.option("--licence", help="Licence of the weights (default: what the file says).")
def import_model(file: Path, name: str | None, profile: str | None, licence: str | None) -> None:
    """Try a GGUF FILE, copy it into the home and record its digest.

    Any transformer chat model works that llama.cpp can load: what has no profile of its own is
    talked to in the form of the chat template in the file. Importing the same file again changes
    nothing.
    """
    from tqdm import tqdm

    registry = Registry(config_from().home.create().models)
    chosen = name or _name_from(file)
    with tqdm(total=file.stat().st_size, unit="B", unit_scale=True, disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.update(done - bar.n)

        card = registry.import_(
            file,
            chosen,
            profile=profile or "",
            licence=licence or "",
            progress=show,
        )
    say(f"profile {card.profile}, licence {safe(card.licence)}")
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
    letters = re.sub(r"[^a-z0-9._-]+", "-", file.stem.lower())
    return letters.strip("._-")[:64] or "model"

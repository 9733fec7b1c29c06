"""A model made ready for queries: a folder with its graphs, its tokenizer and a card of digests.

It knows files: what a card says, whether the files are there, and how a folder comes into being as
a whole. It computes nothing with them.
"""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from store.digest import blake_json, sha256_file, sync_folder, write_atomic

from ..errors import EncoderError
from .graph import DATA, GRAPHS, VERSION

CARD = "encoder.json"
TOKENIZER = "tokenizer.json"
FILES = (*GRAPHS, DATA, TOKENIZER)
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a model that was made ready.

    `weights` is the digest of the checkpoint that it was made from, `files` hold bytes and SHA-256,
    `unused` are the tokens without a sparse weight, and `parity` says how it was compared.
    """

    name: str
    precision: str
    weights: str
    hidden: int
    pad: int
    unused: tuple[int, ...]
    files: dict[str, dict[str, Any]]
    graph: str = VERSION
    parity: dict[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The tagged digest of all that decides what the model gives."""
        return blake_json({k: v for k, v in self.to_json().items() if k != "parity"})

    def to_json(self) -> dict[str, Any]:
        """The card as JSON values."""
        return asdict(self) | {"unused": list(self.unused), "format": FORMAT}


def folder_name(name: str, precision: str) -> str:
    """Return the folder of a model below `encoders/` of a home."""
    return f"{name}-{precision}"


def read_card(folder: Path) -> Card:
    """Return the card of a folder whose files have the sizes that it says.

    Raises EncoderError when there is none, it is damaged, or another version wrote it.
    """
    repair = "run appliance index where the checkpoint is, which makes it anew"
    try:
        values = json.loads((folder / CARD).read_bytes())
        if values.pop("format") != FORMAT or values["graph"] != VERSION:
            raise EncoderError(f"{folder} was made by another version: {repair}.")
        card = Card(**(values | {"unused": tuple(values["unused"])}))
        for name in FILES:
            if (folder / name).stat().st_size != card.files[name]["bytes"]:
                raise EncoderError(
                    f"{folder / name} has another length than its card says: {repair}."
                )
    except FileNotFoundError as error:
        raise EncoderError(f"{error.filename} is missing: {repair}.") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EncoderError(f"{folder / CARD} cannot be read ({error}): {repair}.") from error
    return card


def verify(folder: Path) -> Card:
    """Re-hash the files of a folder; EncoderError names the first that its card does not fit."""
    card = read_card(folder)
    for name in FILES:
        if sha256_file(folder / name) != card.files[name]["sha256"]:
            raise EncoderError(
                f"{folder / name} is not what its card says: remove {folder} and run appliance "
                "index where the checkpoint is."
            )
    return card


def installed(root: Path) -> list[Path]:
    """Return the folders below `encoders/` that hold a card, sorted."""
    return sorted(path.parent for path in root.glob(f"*/{CARD}"))


def install(
    target: Path,
    make: Callable[[Path], Mapping[str, Any]],
    check: Callable[[Path, Card], Mapping[str, Any]],
) -> Card:
    """Make a folder beside `target`, check it, and rename it to `target`; return its card.

    `make` writes the files and returns what the card needs beside them; `check` returns the parity,
    or raises, and then nothing is installed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    try:
        facts = make(fresh)
        files = {
            name: {"bytes": (fresh / name).stat().st_size, "sha256": sha256_file(fresh / name)}
            for name in FILES
        }
        card = Card(files=files, **facts)
        _write(fresh, card)
        card = Card(**(asdict(card) | {"parity": dict(check(fresh, card))}))
        _write(fresh, card)
        sync_folder(fresh)
        old = target.with_name(f".{target.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            os.rename(target, old)
        os.rename(fresh, target)
        sync_folder(target.parent)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise EncoderError(
            f"{target} cannot be written ({error.strerror}): make room there and run again."
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return card


def _write(folder: Path, card: Card) -> None:
    write_atomic(folder / CARD, json.dumps(card.to_json(), indent=2).encode() + b"\n")

"""The models that are installed: a card each, and weights whose digest can be checked again.

It knows files, not engines: it never loads weights itself (a child process reads their facts)
and does not choose a model for a question. A model lives in a folder of its own,
`<home>/models/<name>/` with `card.json` beside the GGUF file; the demonstration model comes with
the package and is always in the list when its weights were built.
"""

import errno
import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from store.digest import sha256_file, sync_folder, write_atomic

from .errors import ModelFileError, RegistryError
from .llama.process import inspect
from .profiles import profile as profile_named

logger = logging.getLogger(__name__)

BUNDLED = Path(__file__).parent / "demo"
DEMO = "demo"
RESERVED = frozenset({DEMO, "none"})
WANTED_TAGS = ("<|im_start|>", "<|im_end|>")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_CARD = "card.json"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is known of a model. `size` in bytes, `context` in tokens, `sha256` tagged."""

    name: str
    file: str
    sha256: str
    size: int
    licence: str = "unknown"
    source: str = "unknown"
    profile: str = "literesearcher"
    context: int = 0
    notes: str = ""


class Registry:
    """The models under a folder, and the bundled one. `bundled` is the demonstration's folder."""

    def __init__(self, folder: Path, bundled: Path = BUNDLED) -> None:
        self.folder = folder
        self.bundled = bundled

    def list(self) -> list[ModelCard]:
        """Return every card by name; the bundled model is first when it is there."""
        names = []
        if (self.bundled / _CARD).is_file():
            names.append(DEMO)
        if self.folder.is_dir():
            names += sorted(
                entry.name
                for entry in self.folder.iterdir()
                if _NAME.fullmatch(entry.name) and (entry / _CARD).is_file()
            )
        return [self.get(name) for name in names]

    def get(self, name: str) -> ModelCard:
        """Return the card of `name`; RegistryError names those that exist."""
        card = self._place(name) / _CARD
        try:
            values = json.loads(card.read_bytes())
        except FileNotFoundError:
            raise RegistryError(self._unknown(name)) from None
        except ValueError as error:
            raise RegistryError(
                f"the card {card} is not JSON; run: appliance models remove {name}, then import it"
            ) from error
        return _card(values, card)

    def path(self, name: str) -> Path:
        """Return the weights file of `name`; ModelFileError when it is gone."""
        file = self._place(name) / self.get(name).file
        if not file.is_file():
            raise ModelFileError(
                f"the weights of the model {name!r} are not at {file}; "
                + ("reinstall the appliance" if name == DEMO else "remove it and import it again")
            )
        return file

    def import_(
        self,
        source: Path,
        name: str,
        profile: str = "literesearcher",
        licence: str = "unknown",
        origin: str = "",
        progress: Callable[[int, int], None] | None = None,
    ) -> ModelCard:
        """Copy a GGUF file into the registry under `name` and return its card.

        Its facts are read in a child process first, so that a corrupt file is a ModelFileError.
        `progress` gets (bytes copied, bytes in all). A failed import leaves nothing behind. The
        bundled model is refused, because under another name and profile it would say nonsense.
        """
        self._free_name(name)
        profile_named(profile)
        if not source.is_file():
            raise ModelFileError(f"{source} is not a file; give the path of a GGUF file")
        facts = inspect(source)
        temporary = self.folder / f".{name}.{os.getpid()}"
        try:
            temporary.mkdir(parents=True)
            file = temporary / f"{name}.gguf"
            digest = _copy(source, file, progress)
            self._refuse_demo(digest)
            card = ModelCard(
                name=name,
                file=file.name,
                sha256=digest,
                size=file.stat().st_size,
                licence=licence,
                source=origin or source.name,
                profile=profile,
                context=int(facts["trained_context"]),
                notes=_notes(facts),
            )
            write_atomic(temporary / _CARD, json.dumps(asdict(card), indent=2).encode(), 0o644)
            os.rename(temporary, self.folder / name)
            sync_folder(self.folder)
        except OSError as error:
            raise _import_failed(error, source, self.folder) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        logger.info("imported %s as %s, %s", source, name, digest)
        return card

    def verify(self, name: str) -> ModelCard:
        """Hash the weights again and return the card; ModelFileError when they were altered."""
        card, file = self.get(name), self.path(name)
        found = sha256_file(file)
        if found != card.sha256:
            raise ModelFileError(
                f"the weights of the model {name!r} are not what was imported (the card says "
                f"{card.sha256[:23]}…, the file has {found[:23]}…); remove it and import it again"
            )
        return card

    def remove(self, name: str) -> None:
        """Delete a model's folder; the bundled one stays."""
        if name == DEMO:
            raise RegistryError("the demonstration model is part of the package and stays")
        place = self._place(name)
        if not place.is_dir():
            raise RegistryError(self._unknown(name))
        shutil.rmtree(place)

    def _place(self, name: str) -> Path:
        if name == DEMO:
            return self.bundled
        if not _NAME.fullmatch(name):
            raise RegistryError(self._unknown(name))
        return self.folder / name

    def _free_name(self, name: str) -> None:
        if not _NAME.fullmatch(name) or name in RESERVED:
            raise RegistryError(
                f"{name!r} cannot name a model; use small letters, digits, '.', '_' and '-', "
                f"and not {' or '.join(sorted(RESERVED))}"
            )
        if (self.folder / name).exists():
            raise RegistryError(
                f"there is a model {name!r} already; choose another name or run: "
                f"appliance models remove {name}"
            )

    def _refuse_demo(self, digest: str) -> None:
        try:
            demo = self.get(DEMO)
        except RegistryError:  # not in this installation, or not readable
            return
        if digest == demo.sha256:
            raise RegistryError(f"this is the demonstration model; ask it with --model {DEMO}")

    def _unknown(self, name: str) -> str:
        if name == DEMO:
            return (
                "the demonstration model is not in this installation; reinstall the appliance, "
                "or train it: make demo-model"
            )
        have = ", ".join(card.name for card in self.list()) or "none"
        return f"there is no model {name!r} (installed: {have}); run: appliance models import"


def _card(values: object, path: Path) -> ModelCard:
    known = {field.name for field in fields(ModelCard)}
    try:
        if not isinstance(values, dict):
            raise TypeError("not an object")
        kept: dict[str, Any] = {key: value for key, value in values.items() if key in known}
        kept.setdefault("size", 0)
        if not kept["size"] and (path.parent / str(kept["file"])).is_file():
            kept["size"] = (path.parent / str(kept["file"])).stat().st_size
        return ModelCard(**kept)
    except (TypeError, KeyError) as error:
        raise RegistryError(
            f"the card {path} is incomplete ({error}); remove the model and import it again"
        ) from error


def _copy(source: Path, target: Path, progress: Callable[[int, int], None] | None) -> str:
    state, copied, size = hashlib.sha256(), 0, source.stat().st_size
    with source.open("rb") as reading, target.open("xb") as writing:
        while piece := reading.read(1 << 20):
            state.update(piece)
            writing.write(piece)
            copied += len(piece)
            if progress:
                progress(copied, size)
        writing.flush()
        os.fsync(writing.fileno())
    return "sha256:" + state.hexdigest()


def _notes(facts: Mapping[str, Any]) -> str:
    missing = [tag for tag in WANTED_TAGS if tag not in facts["tags"]]
    if missing:
        return f"its vocabulary has no token for {', '.join(missing)}: not a ChatML model"
    return f"{facts['architecture']}, {facts['parameters']:,} parameters"


def _import_failed(error: OSError, source: Path, folder: Path) -> RegistryError:
    if error.errno == errno.ENOSPC:
        need = source.stat().st_size >> 20
        return RegistryError(f"no room for {source.name} in {folder}; free {need} MiB and retry")
    reason = error.strerror or str(error)
    return RegistryError(f"{source.name} could not be copied to {folder} ({reason}); check both")

"""The models that are installed: a card each, and weights whose digest can be checked again.

It knows files, not engines: it never loads weights itself (a child process reads their facts)
and does not choose a model for a question. A model lives in a folder of its own,
`<home>/models/<name>/` with `card.json` beside the GGUF file; the demonstration model comes with
the package and is always in the list when its weights were built. Import writes beside what is
there and renames at the end, so that nothing installed is ever half there.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, BinaryIO

from store.digest import sha256_file, sync_folder, write_atomic

from .chat import ChatForm, chat_form
from .errors import ModelFileError, RegistryError
from .llama.process import inspect
from .profiles import GENERIC, Profile, profile_for
from .profiles import profile as profile_named
from .template import read_form

logger = logging.getLogger(__name__)

BUNDLED = Path(__file__).parent / "demo"
DEMO = "demo"
RESERVED = frozenset({DEMO, "none"})
WANTED_TAGS = ("<|im_start|>", "<|im_end|>")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_CARD = "card.json"
_SPARE = 16 << 20
"""Bytes that an import leaves free on the disk."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is known of a model. `size` in bytes, `context` in tokens, `sha256` tagged.

    `form` is how it is talked to where the profile does not say.
    """

    name: str
    file: str
    sha256: str
    size: int
    licence: str = "unknown"
    source: str = "unknown"
    profile: str = "literesearcher"
    context: int = 0
    notes: str = ""
    architecture: str = ""
    parameters: int = 0
    form: ChatForm | None = None

    def to_json(self) -> dict[str, Any]:
        """The card as JSON values."""
        return {**asdict(self), "form": self.form.to_json() if self.form else None}


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
        profile: str = "",
        licence: str = "",
        origin: str = "",
        progress: Callable[[int, int], None] | None = None,
    ) -> ModelCard:
        """Copy a GGUF file into the registry under `name` and return its card.

        It is loaded and tried in a child process first, so that a file that does not run is a
        ModelFileError. Without a `profile` the name in the file chooses one; `generic` needs the
        file's own chat template. `progress` gets (bytes copied, bytes in all). A failed import
        leaves nothing behind and nothing changed; importing the same file again returns the card
        that is there. The bundled model is refused, because under another profile it would say
        nonsense.
        """
        _check_name(name)
        if profile:
            profile_named(profile)
        if not source.is_file():
            raise ModelFileError(f"{source} is not a file; give the path of a GGUF file")
        present = self._same(source, name, profile, licence, origin)
        if present is not None:
            return present
        self._refuse_demo(source)
        card = _new_card(source, name, profile, licence, origin, inspect(source))
        temporary = self.folder / f".{name}.{os.getpid()}"
        try:
            self._sweep()
            temporary.mkdir(parents=True)
            _check_room(source, self.folder)
            with (temporary / card.file).open("xb") as writing:
                fcntl.flock(writing, fcntl.LOCK_EX)
                card = replace(card, sha256=_copy(source, writing, progress))
                card = replace(card, size=os.fstat(writing.fileno()).st_size)
                text = json.dumps(card.to_json(), indent=2, ensure_ascii=False)
                write_atomic(temporary / _CARD, text.encode(), 0o644)
                os.rename(temporary, self.folder / name)
            sync_folder(self.folder)
        except OSError as error:
            raise _import_failed(error, source, self.folder) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        logger.info("imported %s as %s, %s", source, name, card.sha256)
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

    def _same(
        self, source: Path, name: str, profile: str, licence: str, origin: str
    ) -> ModelCard | None:
        """The card of `name` if it is this very file with these settings; None if it is free."""
        if not (self.folder / name).exists():
            return None
        try:
            card = self.get(name)
            settled = (
                profile in ("", card.profile)
                and licence in ("", card.licence)
                and origin in ("", card.source)
                and self.path(name).stat().st_size == source.stat().st_size
            )
            if settled and sha256_file(source) == card.sha256:
                return card
        except (RegistryError, ModelFileError):  # damaged, and not ours to mend unasked
            pass
        raise RegistryError(
            f"there is a model {name!r} already; choose another name or run: "
            f"appliance models remove {name}"
        )

    def _refuse_demo(self, source: Path) -> None:
        try:
            demo = self.get(DEMO)
        except RegistryError:  # not in this installation, or not readable
            return
        if source.stat().st_size == demo.size and sha256_file(source) == demo.sha256:
            raise RegistryError(f"this is the demonstration model; ask it with --model {DEMO}")

    def _sweep(self) -> None:
        """Remove what imports left that were killed: their lock is gone, a living one's is not."""
        for file in self.folder.glob(".*.*/*.gguf"):
            if not file.parent.name.rpartition(".")[2].isdigit():
                continue  # a folder of the user's, not named as imports name theirs
            with contextlib.suppress(BlockingIOError, FileNotFoundError), file.open("rb") as left:
                fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(file.parent, ignore_errors=True)

    def _unknown(self, name: str) -> str:
        if name == DEMO:
            return (
                "the demonstration model is not in this installation; reinstall the appliance, "
                "or train it: make demo-model"
            )
        have = ", ".join(card.name for card in self.list()) or "none"
        return f"there is no model {name!r} (installed: {have}); run: appliance models import"


def settings_of(card: ModelCard) -> Profile:
    """Return the profile of a model, with the model's own form of talk where it has one."""
    chosen = profile_named(card.profile)
    return replace(chosen, form=card.form) if card.form is not None else chosen


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name in RESERVED:
        raise RegistryError(
            f"{name!r} cannot name a model; use small letters, digits, '.', '_' and '-', "
            f"and not {' or '.join(sorted(RESERVED))}"
        )


def _new_card(
    source: Path, name: str, profile: str, licence: str, origin: str, facts: Mapping[str, Any]
) -> ModelCard:
    """The card of a file with these facts; digest and size come with the copy."""
    chosen = profile or profile_for(str(facts["name"]))
    form = None
    if chosen == GENERIC:
        if not facts["template"]:
            raise ModelFileError(
                f"{source.name} has no chat template, so it is not known how to talk to it; give "
                "a file with one, or name its form, as in --profile literesearcher"
            )
        form = read_form(str(facts["template"]), facts, source.name)
    return ModelCard(
        name=name,
        file=f"{name}.gguf",
        sha256="",
        size=0,
        licence=_line(licence or str(facts["licence"])) or "unknown",
        source=origin or source.name,
        profile=chosen,
        context=int(facts["trained_context"]),
        notes=_notes(facts, form),
        architecture=_line(str(facts["architecture"])),
        parameters=int(facts["parameters"]),
        form=form,
    )


def _card(values: object, path: Path) -> ModelCard:
    known = {field.name for field in fields(ModelCard)}
    try:
        if not isinstance(values, dict):
            raise TypeError("not an object")
        kept: dict[str, Any] = {key: value for key, value in values.items() if key in known}
        kept.setdefault("size", 0)
        if not kept["size"] and (path.parent / str(kept["file"])).is_file():
            kept["size"] = (path.parent / str(kept["file"])).stat().st_size
        if kept.get("form") is not None:
            kept["form"] = chat_form(kept["form"])
        return ModelCard(**kept)
    except (TypeError, KeyError, ModelFileError) as error:
        raise RegistryError(
            f"the card {path} is incomplete ({error}); remove the model and import it again"
        ) from error


def _copy(source: Path, writing: BinaryIO, progress: Callable[[int, int], None] | None) -> str:
    state, copied, size = hashlib.sha256(), 0, source.stat().st_size
    with source.open("rb") as reading:
        while piece := reading.read(1 << 20):
            state.update(piece)
            writing.write(piece)
            copied += len(piece)
            if progress:
                progress(copied, size)
    writing.flush()
    os.fsync(writing.fileno())
    return "sha256:" + state.hexdigest()


def _notes(facts: Mapping[str, Any], form: ChatForm | None) -> str:
    if form is not None:
        return "talked to in the form of its own chat template"
    missing = [tag for tag in WANTED_TAGS if tag not in facts["tags"]]
    return (
        f"its vocabulary has no token for {', '.join(missing)}: not a ChatML model"
        if missing
        else ""
    )


def _line(text: str) -> str:
    """One line of a stranger's text, short enough for a table."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:100]


def _check_room(source: Path, folder: Path) -> None:
    if shutil.disk_usage(folder).free < source.stat().st_size + _SPARE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _import_failed(error: OSError, source: Path, folder: Path) -> RegistryError:
    if error.errno == errno.ENOSPC:
        need = source.stat().st_size >> 20
        return RegistryError(f"no room for {source.name} in {folder}; free {need} MiB and retry")
    if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
        return RegistryError(
            "another import of the same name came first; look at it with `appliance models list`, "
            "or give another --name"
        )
    reason = error.strerror or str(error)
    return RegistryError(f"{source.name} could not be copied to {folder} ({reason}); check both")

"""Cards and weights: import, verify, and every way in which a file can be wrong."""

import json
import random
import shutil
from pathlib import Path

import pytest

from models.errors import ModelFileError, ProfileError, RegistryError
from models.llama.process import inspect
from models.registry import ModelCard, Registry


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry without a bundled model."""
    return Registry(tmp_path / "models", bundled=tmp_path / "nothing")


def test_an_imported_model_can_be_found_verified_and_removed(
    registry: Registry, tiny: Path
) -> None:
    copied: list[tuple[int, int]] = []
    card = registry.import_(
        tiny,
        "small-one",
        licence="Apache-2.0",
        origin="made here",
        progress=lambda done, size: copied.append((done, size)),
    )
    assert registry.list() == [card] == [registry.get("small-one")]
    assert card == ModelCard(
        name="small-one",
        file="small-one.gguf",
        sha256=card.sha256,
        size=tiny.stat().st_size,
        licence="Apache-2.0",
        source="made here",
        profile="literesearcher",
        context=16_384,
        notes="qwen3, 1,250,816 parameters",
    )
    assert registry.path("small-one").read_bytes() == tiny.read_bytes()
    assert copied[-1] == (card.size, card.size)
    assert registry.verify("small-one") == card
    registry.remove("small-one")
    assert registry.list() == []
    assert list(registry.folder.iterdir()) == []


def test_one_altered_byte_is_found(registry: Registry, tiny: Path) -> None:
    registry.import_(tiny, "m")
    with registry.path("m").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\xff")
    with pytest.raises(ModelFileError, match=r"not what was imported .*import it again"):
        registry.verify("m")


def test_lost_weights_and_a_broken_card_name_the_repair(registry: Registry, tiny: Path) -> None:
    registry.import_(tiny, "m")
    registry.path("m").unlink()
    with pytest.raises(ModelFileError, match="remove it and import it again"):
        registry.path("m")
    card = registry.folder / "m" / "card.json"
    for text, said in (("{", "is not JSON"), ("{}", "is incomplete"), ("[]", "is incomplete")):
        card.write_text(text)
        with pytest.raises(RegistryError, match=said):
            registry.get("m")


@pytest.mark.parametrize("name", ["", "Big", "../up", "a/b", ".hidden", "demo", "none", "x" * 65])
def test_a_name_that_cannot_be_used(registry: Registry, tiny: Path, name: str) -> None:
    with pytest.raises(RegistryError, match="cannot name a model; use small letters"):
        registry.import_(tiny, name)
    assert not registry.folder.exists()


def test_unknown_and_taken_names(registry: Registry, tiny: Path) -> None:
    registry.import_(tiny, "m")
    with pytest.raises(RegistryError, match=r"no model 'other' \(installed: m\)"):
        registry.get("other")
    with pytest.raises(RegistryError, match="no model"):
        registry.remove("../m")
    with pytest.raises(RegistryError, match="already; choose another name"):
        registry.import_(tiny, "m")
    with pytest.raises(ProfileError):
        registry.import_(tiny, "n", profile="unknown")


def test_the_bundled_model_is_listed_first_and_stays(
    registry: Registry, tiny: Path, tmp_path: Path
) -> None:
    with pytest.raises(
        RegistryError,
        match="not in this installation; reinstall the appliance, or train it: make demo-model",
    ):
        registry.get("demo")
    bundled = tmp_path / "nothing"
    bundled.mkdir()
    shutil.copy(tiny, bundled / "demo-researcher.gguf")
    card = {
        "name": "demo",
        "file": "demo-researcher.gguf",
        "sha256": registry.import_(tiny, "a").sha256,
        "licence": "Apache-2.0",
        "profile": "demo",
        "scores": {"whatever": 1},
    }
    (bundled / "card.json").write_text(json.dumps(card))
    assert [found.name for found in registry.list()] == ["demo", "a"]
    assert registry.verify("demo").size == tiny.stat().st_size
    with pytest.raises(RegistryError, match="part of the package"):
        registry.remove("demo")
    (bundled / "demo-researcher.gguf").unlink()
    with pytest.raises(ModelFileError, match="reinstall the appliance"):
        registry.path("demo")


def broken_files(tiny: Path) -> dict[str, bytes]:
    whole = tiny.read_bytes()
    chance = random.Random(4)
    files = {
        "empty": b"",
        "zeros": bytes(4096),
        "magic": b"GGML" + whole[4:],
        "html": b"<!DOCTYPE html><title>404</title>",
        "short": whole[:9],
        "version": whole[:4] + b"\x63" + whole[5:],
        "many": whole[:8] + b"\xff" * 7 + b"\x0f" + whole[16:],
        "noise": whole[:24] + chance.randbytes(5000),
    }
    header = whole.index(b"token_embd.weight")
    for size in (100, header // 2, header, header + 40, len(whole) // 2, len(whole) - 1):
        files[f"cut-{size}"] = whole[:size]
    return files


def test_every_broken_file_is_one_sentence_and_leaves_nothing(
    registry: Registry, tiny: Path, tmp_path: Path
) -> None:
    for kind, data in broken_files(tiny).items():
        file = tmp_path / f"{kind}.gguf"
        file.write_bytes(data)
        with pytest.raises(ModelFileError) as caught:
            registry.import_(file, "m")
        said = str(caught.value)
        assert "\n" not in said, (kind, said)
        assert ";" in said, (kind, said)
        assert file.name in said, (kind, said)
    assert not registry.folder.exists()


def test_damaged_headers_never_crash_us(tiny: Path, tmp_path: Path) -> None:
    """llama.cpp may abort on them; the child does, we get facts or a ModelFileError."""
    whole = tiny.read_bytes()
    end = whole.index(b"token_embd.weight")
    chance = random.Random(9)
    for number in range(12):
        data = bytearray(whole)
        for _ in range(8):
            data[chance.randrange(24, end)] = chance.randrange(256)
        file = tmp_path / f"{number}.gguf"
        file.write_bytes(data)
        try:
            said = str(inspect(file))
        except ModelFileError as error:
            said = str(error)
        assert "vocabulary" in said or file.name in said


def test_a_path_that_is_no_file(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="is not a file"):
        registry.import_(tmp_path, "m")


def test_a_folder_that_cannot_be_written_is_one_sentence(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file in the way")
    with pytest.raises(RegistryError, match="could not be copied"):
        Registry(tmp_path / "models").import_(tiny, "m")


def test_a_full_disk_is_one_sentence(tiny: Path) -> None:
    """/dev/full is the one place where writing always fails so."""
    from models.registry import _import_failed

    with pytest.raises(OSError, match="No space left") as caught, open("/dev/full", "wb") as full:
        full.write(tiny.read_bytes())
    said = str(_import_failed(caught.value, tiny, Path("models")))
    assert said == "no room for tiny.gguf in models; free 2 MiB and retry"

"""Cards and weights: import, verify, and every way in which a file can be wrong."""

import fcntl
import json
import os
import random
import shutil
import struct
from pathlib import Path

import pytest

from models.errors import ModelFileError, ProfileError, RegistryError
from models.gguf import Header, Value
from models.llama import process
from models.llama.inspect import check_kind
from models.llama.process import inspect
from models.profiles import profile, profile_for
from models.registry import ModelCard, Registry, settings_of

from .strangers import INST, write_headers, write_inst, write_mamba, write_qwen

LITE = "literesearcher"


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
        LITE,
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
        architecture="qwen3",
        parameters=1_250_816,
    )
    assert registry.path("small-one").read_bytes() == tiny.read_bytes()
    assert copied[-1] == (card.size, card.size)
    assert registry.verify("small-one") == card
    registry.remove("small-one")
    assert registry.list() == []
    assert list(registry.folder.iterdir()) == []


def test_one_altered_byte_is_found(registry: Registry, tiny: Path) -> None:
    registry.import_(tiny, "m", LITE)
    with registry.path("m").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\xff")
    with pytest.raises(ModelFileError, match=r"not what was imported .*import it again"):
        registry.verify("m")


def test_lost_weights_and_a_broken_card_name_the_repair(registry: Registry, tiny: Path) -> None:
    registry.import_(tiny, "m", LITE)
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
        registry.import_(tiny, name, LITE)
    assert not registry.folder.exists()


def test_unknown_and_taken_names(registry: Registry, tiny: Path) -> None:
    registry.import_(tiny, "m", LITE)
    with pytest.raises(RegistryError, match=r"no model 'other' \(installed: m\)"):
        registry.get("other")
    with pytest.raises(RegistryError, match="no model"):
        registry.remove("../m")
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
        "sha256": registry.import_(tiny, "a", LITE).sha256,
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


def long_list(whole: bytes) -> bytes:
    """The head of the list of tokens: its key, its kind, the kind of its items and their number."""
    start = whole.index(b"tokenizer.ggml.tokens")
    return whole[start : start + len(b"tokenizer.ggml.tokens") + 4 + 4 + 8]


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
    long = struct.pack("<Q", 1 << 60)
    files["long key"] = whole[:24] + long + whole[32:]
    files["long list"] = whole.replace(long_list(whole), long_list(whole)[:-8] + long, 1)
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


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"qwen3.attention.causal": False}, "is an embedding model"),
        ({"qwen3.pooling_type": 2}, "is an embedding model"),
        ({"split.count": 3}, "one of 3 parts"),
        ({"general.type": "adapter"}, "of the kind 'adapter'"),
        ({"general.architecture": ""}, "does not name its architecture"),
        ({"tokenizer.ggml.model": "no_vocab"}, "has no tokenizer"),
    ],
)
def test_files_that_are_no_whole_language_model_are_named(
    fields: dict[str, Value], said: str
) -> None:
    header = {"general.architecture": "qwen3", "tokenizer.ggml.model": "gpt2", **fields}
    with pytest.raises(ModelFileError, match=said):
        check_kind(Header(header, {"tokenizer.ggml.tokens": 9}, 1, 1), Path("m.gguf"))


def test_a_file_that_is_read_for_ever_is_given_up(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_PATIENCE", 0.0)
    monkeypatch.setattr(process, "_SLOWEST_DISK", 1e12)
    with pytest.raises(ModelFileError, match="still being read after 0 s"):
        inspect(tiny)


def test_a_path_that_is_no_file(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="is not a file"):
        registry.import_(tmp_path, "m")


def test_a_folder_that_cannot_be_written_is_one_sentence(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file in the way")
    with pytest.raises(RegistryError, match="could not be copied"):
        Registry(tmp_path / "models").import_(tiny, "m", LITE)


def test_a_full_disk_is_one_sentence(tiny: Path) -> None:
    """/dev/full is the one place where writing always fails so."""
    from models.registry import _import_failed

    with pytest.raises(OSError, match="No space left") as caught, open("/dev/full", "wb") as full:
        full.write(tiny.read_bytes())
    said = str(_import_failed(caught.value, tiny, Path("models")))
    assert said == "no room for tiny.gguf in models; free 2 MiB and retry"


def test_the_same_file_again_changes_nothing_and_another_is_refused(
    registry: Registry, tmp_path: Path
) -> None:
    file = write_qwen(tmp_path / "a.gguf")
    card = registry.import_(file, "m", licence="MIT")
    place = registry.path("m")
    before = (place.stat().st_ino, place.stat().st_mtime_ns)
    assert registry.import_(file, "m") == card
    assert registry.import_(file, "m", profile="generic", licence="MIT") == card
    other = write_inst(tmp_path / "b.gguf")
    for source, profile_name, licence in ((other, "", ""), (file, LITE, ""), (file, "", "GPL")):
        with pytest.raises(RegistryError, match="already; choose another name or run: appliance"):
            registry.import_(source, "m", profile_name, licence)
    assert (place.stat().st_ino, place.stat().st_mtime_ns) == before
    assert registry.verify("m") == card
    assert [entry.name for entry in registry.folder.iterdir()] == ["m"]


def test_a_stranger_is_generic_and_its_card_says_what_the_file_says(
    registry: Registry, tmp_path: Path
) -> None:
    card = registry.import_(write_inst(tmp_path / "x.gguf"), "x")
    assert (card.profile, card.licence, card.architecture, card.parameters) == (
        "generic", "apache-2.0", "llama", 120_640,
    )  # fmt: skip
    assert card.form is not None
    assert card.form.end == "</s>"
    assert registry.get("x") == card
    assert settings_of(card).transcript == card.form
    assert settings_of(card).results == profile("generic").results
    assert registry.import_(write_inst(tmp_path / "x.gguf"), "y", licence="MIT").licence == "MIT"


def test_a_file_that_names_a_known_family_gets_its_profile(
    registry: Registry, tmp_path: Path
) -> None:
    file = write_qwen(tmp_path / "a.gguf", general__name="LiteResearcher 4B")
    card = registry.import_(file, "a")
    assert (card.profile, card.form) == (LITE, None)
    assert registry.import_(file, "b", "generic").form is not None
    assert profile_for("Literesearcher-4B-SFT") == LITE
    assert (
        profile_for("Qwen3 4B") == profile_for("") == profile_for("not-literesearcher") == "generic"
    )


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"split__count": 3}, "one of 3 parts of a model; join them with llama-gguf-split --merge"),
        ({"general__type": "adapter"}, "no model but a part of the kind 'adapter'; give the file"),
        ({"tokenizer__ggml__model": "no_vocab"}, "no tokenizer; convert the model again together"),
        ({"tokenizer__ggml__tokens": []}, "no tokenizer; convert the model again together"),
        ({"tokenizer__ggml__pre": "mystery"}, "has a tokenizer that llama.cpp .* cannot load; conv"),
        ({"general__architecture": "mystery"}, "'mystery', which llama.cpp .* cannot load; choose"),
        ({"general__architecture": ""}, "does not name its architecture; convert"),
        ({"tokenizer__chat_template": ""}, "no chat template, .*; give a file with one, or name"),
        ({"tokenizer__chat_template": "{% for"}, "chat template in .* cannot be used .*; give a"),
        ({"qwen3__block_count": 5}, "truncated or corrupt, or of a kind .*; download"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_named(
    registry: Registry, tmp_path: Path, fields: dict[str, object], said: str
) -> None:
    with pytest.raises(ModelFileError, match=said) as caught:
        registry.import_(write_qwen(tmp_path / "odd.gguf", **fields), "m")
    assert str(caught.value).count("\n") == 0
    assert "odd.gguf" in str(caught.value)
    assert not registry.folder.exists()


def test_a_file_without_a_template_needs_a_profile(registry: Registry, tiny: Path) -> None:
    for profile_name in ("", "generic"):
        with pytest.raises(ModelFileError, match="as in --profile literesearcher"):
            registry.import_(tiny, "m", profile_name)
    assert registry.import_(tiny, "m", LITE).form is None


def test_weights_that_compute_nothing_are_refused(registry: Registry, tmp_path: Path) -> None:
    file = write_headers(tmp_path / "zero.gguf")
    whole = file.read_bytes()
    file.write_bytes(whole[:-150_000] + bytes([0xFF]) * 150_000)
    with pytest.raises(ModelFileError, match="computes nothing that could be a word"):
        registry.import_(file, "m")


def test_a_model_that_cannot_forget_is_refused(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="cannot be rolled back; import a transformer model"):
        registry.import_(write_mamba(tmp_path / "mamba.gguf"), "m")


def test_no_room_is_said_before_anything_is_copied(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.registry._SPARE", 1 << 60)
    with pytest.raises(RegistryError, match=r"no room for x.gguf in .*; free \d+ MiB and retry"):
        registry.import_(write_inst(tmp_path / "x.gguf"), "x")
    assert list(registry.folder.iterdir()) == []


def test_what_a_killed_import_left_is_swept_and_a_living_ones_is_not(
    registry: Registry, tmp_path: Path
) -> None:
    for name in ("dead.1", "alive.2", "users.old"):
        (registry.folder / f".{name}").mkdir(parents=True)
        (registry.folder / f".{name}" / "x.gguf").write_bytes(b"half")
    with (registry.folder / ".alive.2" / "x.gguf").open("rb") as living:
        fcntl.flock(living, fcntl.LOCK_EX)
        registry.import_(write_inst(tmp_path / "x.gguf", INST), "m")
    assert sorted(entry.name for entry in registry.folder.iterdir()) == [
        ".alive.2", ".users.old", "m",
    ]  # fmt: skip
    assert [card.name for card in registry.list()] == ["m"]


def test_two_imports_of_one_name_leave_one_and_say_so(
    registry: Registry, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = registry.folder / "mine"

    def beaten(source: Path, target: Path) -> None:
        monkeypatch.undo()
        registry.import_(tiny, "elsewhere", profile=LITE)
        (registry.folder / "elsewhere").rename(first)  # what another process would have done
        os.rename(source, target)

    taken = registry.folder / f".mine.{os.getpid()}"
    monkeypatch.setattr("models.registry.os.rename", beaten)
    with pytest.raises(RegistryError, match="another import of the same name came first"):
        registry.import_(tiny, "mine", profile=LITE)
    assert (first / "card.json").is_file()
    assert not taken.exists()

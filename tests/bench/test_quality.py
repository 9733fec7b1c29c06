"""Floors of quality: they belong to data with known digests, and a broken one is an exit code."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bench.errors import FloorsError
from bench.quality import (
    DEMO,
    FLOORS,
    Measured,
    below,
    check_data,
    digests,
    folder_of,
    judge,
    main,
    read_floors,
    shared,
)

NAMES = ["corpus.jsonl", "queries.jsonl", "qrels.tsv"]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Measuring data with one set of two documents."""
    folder = tmp_path / "data" / "small"
    folder.mkdir(parents=True)
    texts = {
        "corpus.jsonl": '{"_id": "a", "text": "A river."}\n{"_id": "b", "text": "A city."}\n',
        "queries.jsonl": '{"_id": "1", "text": "river"}\n{"_id": "2", "text": "mountain"}\n',
        "qrels.tsv": "1\ta\t1\n2\tb\t1\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    monkeypatch.setenv("APPLIANCE_SHARED", str(folder.parent))
    return folder


def floors(data: Path, floor: float, **more: Any) -> Path:
    path = data.parent / "floors.json"
    one = {"folder": "small", "data": digests(data, NAMES), "floors": {"MRR@10": floor}, **more}
    path.write_text(json.dumps({"sets": {"small": one}}))
    return path


def test_the_floors_of_the_demo_corpus_hold_for_the_one_that_is_shipped() -> None:
    held = read_floors()[DEMO]
    check_data(DEMO, held, folder_of(DEMO, held, shared()))
    assert all(floor and 0.5 < floor < 1.0 for floor in held["floors"].values())


def test_one_changed_page_is_found(tmp_path: Path) -> None:
    held = read_floors()[DEMO]
    folder = tmp_path / "demo"
    shutil.copytree(folder_of(DEMO, held, shared()), folder)
    page = next(folder.rglob("danube.md"))
    page.write_text(page.read_text("utf-8") + "\nOne more line.\n", "utf-8")
    with pytest.raises(FloorsError, match=r"pages has b2:.* --write"):
        check_data(DEMO, held, folder)


@pytest.mark.shared
def test_the_floors_of_the_measuring_data_hold_for_those_that_are_there() -> None:
    if not shared().is_dir():
        pytest.skip(f"{shared()} is not there")
    for name, held in read_floors().items():
        check_data(name, held, folder_of(name, held, shared()))


def test_a_floor_is_held_by_an_equal_figure_and_broken_by_a_lower_one() -> None:
    held = {"floors": {"nDCG@10": 0.5}, "targets": {"nDCG@10": 0.6}}
    (same,) = judge("x", held, {"nDCG@10": 0.5})
    assert (same.held, same.reaches) == (True, False)
    (lower,) = judge("x", held, {"nDCG@10": 0.4999})
    assert not lower.held
    assert lower.cells() == ("x", "nDCG@10", "0.4999", "0.500", "0.600", "NO")
    assert Measured("x", "m", 0.7, 0.5, None).cells()[-1] == "yes"
    assert Measured("x", "m", 0.55, 0.5, 0.6).cells()[-1] == "not the target"
    with pytest.raises(FloorsError, match=r"no floor for nDCG@10 yet.*--write"):
        judge("x", {"floors": {"nDCG@10": None}}, {"nDCG@10": 0.9})
    with pytest.raises(FloorsError, match="not measured there"):
        judge("x", held, {"MRR@10": 1.0})
    assert (below(0.7349), below(0.5)) == (0.724, 0.49)


def test_a_damaged_file_of_floors_is_refused(tmp_path: Path) -> None:
    for text in ("{", "{}", '{"sets": {"x": {"data": {}, "floors": {}}}}', '{"sets": [1]}'):
        (tmp_path / "f.json").write_text(text)
        with pytest.raises(FloorsError, match="version control"):
            read_floors(tmp_path / "f.json")
    assert main(["--floors", str(tmp_path / "f.json")]) == 1


def test_the_command_holds_floors(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--floors", str(floors(data, 0.5)), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["figure"], row["held"]) == (0.5, True)
    assert main(["--floors", str(floors(data, 0.51))]) == 1
    assert "NO" in capsys.readouterr().out


def test_other_data_are_refused_by_name_and_can_be_given_floors(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = floors(data, 0.99)
    with (data / "qrels.tsv").open("a") as file:
        file.write("1\tb\t1\n")
    assert main(["--floors", str(path), "small"]) == 1
    said = capsys.readouterr()
    assert "qrels.tsv has sha256:" in said.err
    assert "0.99" not in said.out
    assert main(["--floors", str(path), "small", "--write"]) == 0
    assert read_floors(path)["small"]["floors"] == {"MRR@10": 0.49}
    assert main(["--floors", str(path), "small"]) == 0


def test_data_that_are_not_there_are_left_out_unless_they_were_asked_for(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = floors(data, 0.5)
    shutil.rmtree(data)
    assert main(["--floors", str(path)]) == 1
    assert "no such file" in capsys.readouterr().err
    monkeypatch.delenv("APPLIANCE_SHARED")
    monkeypatch.setattr("bench.quality.ROOT", data.parent)
    assert main(["--floors", str(path)]) == 0
    assert "left out" in capsys.readouterr().err
    assert main(["--floors", str(path), "small"]) == 1
    with pytest.raises(SystemExit):
        main(["--floors", str(path), "large"])


def test_the_shipped_file_names_the_targets() -> None:
    sets = json.loads(FLOORS.read_text())["sets"]
    assert sets["cranfield"]["targets"] == {"nDCG@10": 0.53}
    assert sets["world"]["targets"] == {"success@10": 0.76, "recall@10": 0.44}

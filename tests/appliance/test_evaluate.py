"""How answers are judged, and how an evaluation goes on after it was interrupted."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import QuestionsError
from appliance.evaluate import (
    Question,
    Record,
    append_record,
    by_kind,
    is_right,
    read_questions,
    read_records,
    stands_in,
    summary,
)

RECORD = Record(
    "q1", "How long?", "2850 km", "2,850 km", True, False, "20260101-000000-0000aa", "one"
)


@pytest.mark.parametrize(
    ("prediction", "answers", "right"),
    [
        ("Vienna", ["Vienna"], True),
        ("vienna.", ["Vienna"], True),
        ("The city of Vienna", ["Vienna"], True),
        ("Viennatown", ["Vienna"], False),
        ("Dvorak", ["Dvořák"], True),
        ("2,850 km", ["2850 km"], True),
        ("2 850 km", ["2850 km"], True),
        ("2\u202f850 km", ["2,850 km"], True),
        ("1,234,567", ["1234567"], True),
        ("2850.0", ["2850"], True),
        ("12,850 km", ["2,850 km"], False),
        ("850", ["2,850"], False),
        ("1883 120", ["1883"], True),
        ("3.5", ["35"], False),
        ("1.85 m", ["85 m"], False),
        ("−5 °C", ["-5 °C"], True),
        ("5 °C", ["-5 °C"], False),
        ("1914-1918", ["1914–1918"], True),
        ("in 1883", ["1889", "1883"], True),
        ("one two three four five six seven Vienna", ["Vienna"], False),
        ("not found", ["Vienna"], False),
        ("", ["Vienna"], False),
        ("the", ["Vienna"], False),
        ("Vienna", [], False),
        ("长江全长6300公里", ["6300公里"], True),
        ("约6300 公里", ["6300公里"], True),
        ("黄河", ["长江"], False),
    ],
)
def test_is_right(prediction: str, answers: list[str], right: bool) -> None:
    assert is_right(prediction, answers) is right


def test_stands_in_a_text_of_any_length() -> None:
    text = "The Danube, " + "which is long, " * 50 + "is 2,850 km long."
    assert stands_in(text, ["2850 km"])
    assert not is_right(text, ["2850 km"])
    assert not stands_in(text, ["850 km"])


def test_questions_in_every_accepted_form(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    lines = [
        {"question": "How long?", "answer": "2850 km", "id": "x", "kind": "one"},
        {"question": "Which?", "answer": ["a river", 7]},
        {"question": "None\u2028here?", "answer": None},
    ]
    body = "\n\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_text("\ufeff" + body + "\r\n", "utf-8")
    assert read_questions(path) == [
        Question("x", "How long?", ("2850 km",), "one"),
        Question("3", "Which?", ("a river", "7")),
        Question("5", "None\u2028here?", ()),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"question": "x", "answer": "y"', "is not JSON; write it as"),
        ('["x", "y"]', 'has no "question"; write it as'),
        ('{"answer": "y"}', 'has no "question"; write it as'),
        ('{"question": 7, "answer": "y"}', 'has no "question"; write it as'),
        ('{"question": " ", "answer": "y"}', 'has no "question"; write it as'),
        ('{"question": "x", "answer": {"a": 1}}', "has an answer without words; write it as"),
        ('{"question": "x", "answer": ["y", null]}', "has an answer without words; write it as"),
        ('{"question": "x", "answer": ""}', "has an answer without words; write it as"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"question": "first", "answer": "y"}\n\n' + line + "\n")
    with pytest.raises(QuestionsError) as error:
        read_questions(path)
    assert str(error.value).startswith(f"line 3 of {path} {said}")
    assert "\n" not in str(error.value)


def test_files_that_hold_no_questions(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text("\n\n")
    with pytest.raises(QuestionsError, match="holds no question"):
        read_questions(path)
    path.write_bytes(b'{"question": "\xff"}')
    with pytest.raises(QuestionsError, match="cannot be read as UTF-8 text"):
        read_questions(path)
    with pytest.raises(QuestionsError, match="cannot be read as UTF-8 text"):
        read_questions(tmp_path / "absent.jsonl")
    path.write_text('{"question": "a", "answer": 1, "id": 2}\n{"question": "b", "answer": 1}\n')
    with pytest.raises(QuestionsError, match=r"lines 1 and 2 of .* have the same id '2'"):
        read_questions(path)


def test_progress_survives_a_torn_last_line(tmp_path: Path) -> None:
    path = tmp_path / "progress.jsonl"
    assert read_records(path) == {}
    first, second = RECORD, replace(RECORD, id="q2", prediction="Wien\u2028Donau", kind="two")
    append_record(path, first)
    append_record(path, second)
    assert read_records(path) == {"q1": first, "q2": second}
    whole = path.read_bytes()
    # Wherever the last line is cut, in the middle of a letter too, nothing else is lost.
    start = len(whole.split(b"\n")[0]) + 1
    third = replace(RECORD, id="q3")
    for cut in range(start, len(whole) - 1):
        path.write_bytes(whole[:cut])
        append_record(path, third)
        assert read_records(path) == {"q1": first, "q3": third}
    path.write_bytes(whole[:-1])
    append_record(path, third)
    assert read_records(path) == {"q1": first, "q2": second, "q3": third}


def test_the_summary_has_the_form_that_is_promised() -> None:
    records = [
        RECORD,
        replace(RECORD, id="q2", correct=False, kind="two"),
        replace(RECORD, id="q3", abstained=True, answer=None, prediction="", kind="none"),
    ]
    found = summary(records)
    assert {key: found[key] for key in ("n", "accuracy", "answered", "abstained")} == {
        "n": 3,
        "accuracy": 0.6667,
        "answered": 2,
        "abstained": 1,
    }
    shown = json.loads(json.dumps(found))["records"][0]
    for name in ("id", "question", "answer", "prediction", "correct", "abstained", "run"):
        assert shown[name] == getattr(RECORD, name)
    assert by_kind(records) == [("none", 1, 1, 1), ("one", 1, 1, 0), ("two", 1, 0, 0)]
    assert summary([]) == {"n": 0, "accuracy": 0.0, "answered": 0, "abstained": 0, "records": []}

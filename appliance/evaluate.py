"""Ask every question of a file and count the right answers. Resumable: a finished question is
kept with its run and not asked again.

How an answer is judged is written here and nowhere else: `is_right`.
"""

import json
import os
import re
import string
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from store.page import clean

from .errors import QuestionsError

TOP_QUOTES = 3


@dataclass(frozen=True, slots=True)
class Question:
    """One line of a question file. `answers` empty means that the corpus does not hold it."""

    id: str
    question: str
    answers: tuple[str, ...]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One judged question."""

    id: str
    question: str
    answer: str | list[str] | None
    prediction: str
    correct: bool
    abstained: bool
    run: str
    kind: str = ""
    parsed: bool = True
    seconds: float = 0.0


def read_questions(path: Path) -> list[Question]:
    """Read a JSONL file of `{"question", "answer", "id"?}`; QuestionsError names the bad line."""
    try:
        # Not splitlines(): a JSON string may hold a line separator that ends no line of the file.
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionsError(f"{path} cannot be read as UTF-8 text; give a JSONL file") from error
    questions: list[Question] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        question = _question(path, number, line)
        first = seen.setdefault(question.id, number)
        if first != number:
            raise QuestionsError(
                f"lines {first} and {number} of {path} have the same id {question.id!r}; "
                "give each question an id of its own"
            )
        questions.append(question)
    if not questions:
        raise QuestionsError(f"{path} holds no question; give a JSONL file with one a line")
    return questions


def _question(path: Path, number: int, line: str) -> Question:
    repair = 'write it as {"question": "…", "answer": "…"}'
    try:
        value = json.loads(line)
    except ValueError as error:
        raise QuestionsError(f"line {number} of {path} is not JSON; {repair}") from error
    asked = clean(str(value.get("question") or "")) if isinstance(value, dict) else ""
    if not asked.strip() or not isinstance(value["question"], str):
        raise QuestionsError(f'line {number} of {path} has no "question"; {repair}')
    answer = value.get("answer")
    if answer is None:
        answers: tuple[str, ...] = ()
    elif isinstance(answer, (str, int, float)):
        answers = (str(answer),)
    elif isinstance(answer, list) and all(isinstance(item, (str, int, float)) for item in answer):
        answers = tuple(str(item) for item in answer)
    else:
        answers = ("",)
    if not all(normalise(accepted) for accepted in answers):
        raise QuestionsError(
            f"line {number} of {path} has an answer without words; {repair}, with null for a "
            "question that the corpus does not answer"
        )
    return Question(str(value.get("id", number)), asked, answers, str(value.get("kind", "")))


_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:[,\u202f\u00a0\u2009' ]\d{3})+(?!\d)")
_MINUS = re.compile(r"(?<!\w)[-\u2212\u2013](?=\d)")
_PUNCTUATION = str.maketrans(
    dict.fromkeys(set(string.punctuation) - {"."} | set("–—“”’‘«»，。、：；"), " ")
)
_BARE = {"a", "an", "the", "about", "c", "ca"}


def normalise(text: str) -> list[str]:
    """Words of an answer without case, accents, punctuation, articles and thousands separators.

    A minus sign stays: minus five is not five.
    """
    text = _THOUSANDS.sub(lambda number: re.sub(r"\D", "", number[0]), text)
    text = unicodedata.normalize("NFKD", text.casefold())
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = re.sub(r"(?<=\d)\.0+(?!\d)", "", text)
    text = _MINUS.sub("\ue000", text).translate(_PUNCTUATION).replace("\ue000", "-")
    words = [word.strip(".") for word in text.split()]
    return [word for word in words if word and word not in _BARE]


def is_right(prediction: str, answers: Sequence[str]) -> bool:
    """True when the prediction is an accepted answer, or says one in at most six words more."""
    said = normalise(prediction)
    return any(_within(normalise(answer), said, spare=6) for answer in answers)


def stands_in(text: str, answers: Sequence[str]) -> bool:
    """True when an accepted answer stands in a text of any length."""
    said = normalise(text)
    return any(_within(normalise(answer), said, spare=len(said)) for answer in answers)


def _within(answer: list[str], said: list[str], spare: int) -> bool:
    if not answer or len(said) > len(answer) + spare:
        return False
    joined = "".join(answer)
    if not joined.isascii() and any("\u3040" <= letter <= "\u9fff" for letter in joined):
        return joined in "".join(said)
    size = len(answer)
    return any(said[i : i + size] == answer for i in range(len(said) - size + 1))


def append_record(path: Path, record: Record) -> None:
    """Add a judged question to the progress file, on a line of its own, and flush it to disk."""
    line = json.dumps(asdict(record), ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                # An earlier evaluation was killed in the middle of its last line.
                line = b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def read_records(path: Path) -> dict[str, Record]:
    """Questions judged by an earlier, interrupted evaluation; a torn last line is dropped."""
    records = {}
    if path.is_file():
        for line in path.read_bytes().split(b"\n"):
            try:
                record = Record(**json.loads(line))
            except (ValueError, TypeError):
                continue
            records[record.id] = record
    return records


def summary(records: Iterable[Record]) -> dict[str, object]:
    """The result of an evaluation, in the form that `eval --json` prints."""
    records = list(records)
    right = sum(record.correct for record in records)
    return {
        "n": len(records),
        "accuracy": round(right / len(records), 4) if records else 0.0,
        "answered": sum(not record.abstained for record in records),
        "abstained": sum(record.abstained for record in records),
        "records": [asdict(record) for record in records],
    }


def by_kind(records: Iterable[Record]) -> list[tuple[str, int, int, int]]:
    """Rows of (kind, questions, right, abstained), for the table."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(record.kind or "all", []).append(record)
    return [
        (kind, len(group), sum(r.correct for r in group), sum(r.abstained for r in group))
        for kind, group in sorted(groups.items())
    ]

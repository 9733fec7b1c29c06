"""The form in which a model was taught to talk: the fixed texts around what is said.

Plain values, taken once from the model's own chat template (`models.template`) and kept on its
card. Nothing is rendered here and no template runs: a conversation is these texts with the system
prompt, the question and the tool results between them, appended and never written again, also
where the template itself would rewrite what was said before.
"""

import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from .errors import ModelFileError
from .transcript import Piece

OPEN, CLOSE = "<tool_response>", "</tool_response>"
WRITE_NOW = "Write the answer now."
_DATE = re.compile("⟦date:([^⟦⟧]{1,40})⟧")


def date_mark(form: str) -> str:
    """The mark that stands in a form where the template asked for the day (`strftime` form)."""
    return f"⟦date:{form}⟧"


@dataclass(frozen=True, slots=True)
class ChatForm:
    """The texts of one chat template. A tool result travels as a user's message.

    `head` stands before the system text and `middle` between it and the question; `tail` follows
    a user's text and opens the model's turn; `between` leads from the model's text to the next
    user's. `end` is the control token in `between` that closes a turn, empty when there is none;
    then `stop` is the text that does. `opened`: `tail` opens the thinking. `thinks`: the model
    may think in `<think>` tags. `tags` are the tokens of the vocabulary among all these texts.
    """

    head: str
    middle: str
    tail: str
    between: str
    end: str = ""
    stop: str = ""
    opened: bool = False
    thinks: bool = False
    tags: tuple[str, ...] = ()

    @property
    def stops(self) -> tuple[str, ...]:
        """Texts that end a turn because the model has no token for it."""
        return (self.stop,) if self.stop and not self.end else ()

    @property
    def marks(self) -> tuple[str, ...]:
        """What sets speakers apart and is only letters to the vocabulary, longest first.

        In a page these letters are cut apart, so that their tokens are others than the form's:
        behind the first, and inside the longest word, which a vocabulary is likeliest to join.
        """
        found = {mark for mark in (OPEN, CLOSE) if mark not in self.tags}
        for text in (self.head, self.middle, self.tail, self.between):
            for plain in self._tag().split(_DATE.sub("", text)) if self.tags else (text,):
                for line in plain.splitlines():
                    found.update(_marks(line.strip()))
        return tuple(sorted(found, key=lambda mark: (-len(mark), mark)))

    def opening(self, system: str, question: str, date: str) -> tuple[Piece, ...]:
        """The system text (ours, trusted), the question (untrusted) and the first turn's prompt.

        `date` (ISO) fills the place where the template wanted the day.
        """
        form = self._dated(date)
        cut = form._last_tag(form.middle)
        return (
            Piece(f"{form.head}{system}{form.middle[:cut]}", trusted=True),
            *form._said(form.middle[cut:], question, form.tail),
        )

    def tool_response(self, result: str, closed: bool = True) -> tuple[Piece, ...]:
        """A tool's result and the next turn's prompt; `closed` as `Completion.closed` tells."""
        before = f"{self._next(closed)}{OPEN}\n"
        cut = self._last_tag(before)
        return (
            *_pieces(before[:cut], trusted=True),
            *self._said(before[cut:], result, f"\n{CLOSE}{self.tail}"),
        )

    def answer_now(self, closed: bool = True) -> tuple[Piece, ...]:
        """Open the answer for the model; the completion then ends with `</answer>`.

        A turn that was cut goes on. After a closed one a user's message asks for the answer, for
        many templates know no two turns of the model in a row.
        """
        if not closed:
            start = "\n</think>\n\n" if self.thinks else "\n"
        elif self.opened:
            start = f"{self._next(closed)}{WRITE_NOW}{self.tail}\n</think>\n\n"
        else:
            thought = "<think>\n\n</think>\n\n" if self.thinks else ""
            start = f"{self._next(closed)}{WRITE_NOW}{self.tail}{thought}"
        return (Piece(f"{start}<answer>", trusted=True),)

    def to_json(self) -> dict[str, Any]:
        """The form as JSON values."""
        return {**asdict(self), "tags": list(self.tags)}

    def _next(self, closed: bool) -> str:
        """What leads to the next user's text; the session has appended `end` to a closed turn."""
        if closed and self.end:
            return self.between.partition(self.end)[2]
        return self.between

    def _dated(self, date: str) -> "ChatForm":
        day = datetime.date.fromisoformat(date)

        def write(text: str) -> str:
            return _DATE.sub(lambda mark: day.strftime(mark[1]), text)

        return replace(self, head=write(self.head), middle=write(self.middle))

    def _said(self, before: str, text: str, after: str) -> Iterator[Piece]:
        """Untrusted text with the letters beside it, up to the next control token."""
        found = self._tag().search(after) if self.tags else None
        cut = found.start() if found else len(after)
        parts = [*_cut(text, self.marks)]
        parts[0] = before + parts[0]
        parts[-1] += after[:cut]
        for part in parts:
            yield from _pieces(part, trusted=False)
        yield from _pieces(after[cut:], trusted=True)

    def _last_tag(self, text: str) -> int:
        ends = [found.end() for found in self._tag().finditer(text)] if self.tags else []
        return ends[-1] if ends else 0

    def _tag(self) -> re.Pattern[str]:
        return re.compile("|".join(map(re.escape, sorted(self.tags, key=len, reverse=True))))


def chat_form(values: Mapping[str, Any]) -> ChatForm:
    """Read a form from a card; ModelFileError when it is not one."""
    known = {field.name: field.type for field in fields(ChatForm)}
    try:
        kept = {key: value for key, value in values.items() if key in known}
        form = ChatForm(**{**kept, "tags": tuple(kept.get("tags", ()))})
        texts = (form.head, form.middle, form.tail, form.between, form.end, form.stop, *form.tags)
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("a text of it is none")
    except (AttributeError, TypeError) as error:
        raise ModelFileError(
            f"the chat form on the model's card is broken ({error}); remove the model and import "
            "it again"
        ) from error
    return form


def _pieces(text: str, trusted: bool) -> Iterator[Piece]:
    if text:
        yield Piece(text, trusted)


def _marks(line: str) -> Iterator[str]:
    """What of a line sets speakers apart: the line, and a word of it in brackets of any kind."""
    if len(line) > 3 and not line.replace(" ", "").isalnum():
        yield line
    for word in line.split():
        if len(word) > 3 and not (word[0].isalnum() or word[-1].isalnum()):
            yield word


def _cut(text: str, marks: tuple[str, ...]) -> Iterator[str]:
    """Cut a text twice inside every place where one of the marks stands."""
    places: set[int] = set()
    any_mark = "(?=(" + "|".join(map(re.escape, marks)) + "))"
    for found in re.finditer(any_mark, text) if marks else ():
        places |= {found.start() + 1, found.start() + _inside(found[1])}
    start = 0
    for place in sorted(places):
        yield text[start:place]
        start = place
    yield text[start:]


def _inside(mark: str) -> int:
    """The middle of the longest word in a mark, or of the mark if it has no word."""
    word = max(re.finditer(r"[^\W_]+", mark), key=lambda run: len(run[0]), default=None)
    start, end = word.span() if word else (0, len(mark))
    return (start + end) // 2

"""An event: a sentence of an invented page that knows which questions it answers.

A fact of `relations.py` is one value in one wording. Real sentences say several things at once and
the question decides which of them is the answer, often by repeating the others. An event is such a
sentence with every question that it answers, and questions close to it that it does not.
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Event:
    """A sentence with its answers. `form` is sentence, row or item, as in a page's unit.

    `asked` holds (question, answer); `lacking` questions of the same words that the sentence does
    not answer. Both name the thing that the event is about, or what stands in it.
    """

    text: str
    form: str = "sentence"
    asked: list[tuple[str, str]] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    extra: str = ""

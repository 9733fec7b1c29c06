"""What the demo researcher writes: every kind of turn, word for word, as training shows it.

The turns are those that `models.turns` reads. This module does not know where a trace leads.
"""

import json
import re

from .. import wire
from ..turns import ABSTAIN

_SOUGHT = tuple(
    (re.compile(pattern, re.IGNORECASE), said)
    for pattern, said in (
        (r"\bwho(m|se)?\b|which person|which man|qui[eé]n|谁", "A person"),
        (r"how many|\bnumber of\b|cu[aá]nt[ao]s", "A number"),
        (r"\b(which|what|the) year\b|qué año|哪一?年", "A year"),
        (r"\bwhen\b|\bdate\b|(which|what) day|birthday|cu[aá]ndo|qué fecha|什么时候", "A date"),
        (r"\bwhere\b|d[oó]nde|qué ciudad|哪里", "A place"),
        (r"(which|what) (city|town|place|country|village|region)\b", "A place"),
        (r"\bhow (?!is|are|was|were|do|does|did)\w+|cu[aá]nto|多少|多[长高大]", "A size"),
        (r"\b(which|what) (?!is|are|was|were|did|do|does|has)\w+", "A name"),
        (r"called|the name|qué|cómo|哪|什么", "A name"),
    )
)
"""What the question words of a question ask for; the first that matches holds."""
NO_RESULT = "Nothing is found."
"""The thinking about an empty result list."""


def thought(text: str) -> str:
    """Return the thinking part of a completion (its opening tag belongs to the prompt)."""
    return f"{text}\n</think>\n\n"


def call(name: str, arguments: dict[str, object]) -> str:
    """Return a tool call as the model writes it."""
    body = json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)
    return f"<tool_call>\n{body}\n</tool_call>"


def search_turn(asked: str) -> str:
    """The first completion: the question itself is the query, for its own words find best."""
    return thought("I search for it.") + call("search", {"query": [asked]})


def visit_turn(title: str, url: str, goal: str, before: str = "") -> str:
    """The completion that opens a result.

    The thinking repeats the result's link, for a link is copied in one go from the list, and the
    address in the call from the thinking: two short steps instead of a long one.
    """
    link = f"[{wire.link_title(title)}]({url})"
    return thought(f"{before}Open {link}") + call("visit", {"url": [url], "goal": goal})


def sought(asked: str) -> str:
    """Say what sort of answer a question wants, by its own words: the first thing to settle."""
    return next((said for pattern, said in _SOUGHT if pattern.search(asked)), "A fact")


def judged(asked: str, quote: str, says: bool) -> str:
    """The thinking about a page: what is sought, its nearest sentence, the question, a verdict.

    The sentence is copied first, so that the answer is taken from the copy, and the question comes
    again after it: what reads from left to right compares two things only at the later one.
    """
    verdict = SAYS if says else LACKS
    if not quote:
        return f"{sought(asked)}: the page {verdict[5:]}"
    return f"{sought(asked)}.\n{quote}\n{asked}\n{verdict}"


def answer_turn(asked: str, value: str, quote: str) -> str:
    """The completion that answers from the page just read; `quote` is the sentence that says it."""
    return thought(judged(asked, quote, True)) + f"<answer>\n{value}\n</answer>"


SAYS, LACKS = "That says it.", "That does not say it."
"""The two verdicts on the sentence of a page that comes nearest."""
UNOPENED = "It did not open."
"""The thinking about an address that has no page."""


def abstain_turn(reason: str) -> str:
    """The completion that gives up."""
    return thought(reason) + f"<answer>\n{ABSTAIN}\n</answer>"

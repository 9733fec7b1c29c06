"""Made-up model turns, well formed and broken in every way that models are known to break them.

The same seed gives the same turns. It knows the two forms of a turn and how they go wrong, and
nothing of who reads them.
"""

import json
import random
from collections.abc import Iterator, Sequence

SEED = 5
_WORDS = (
    "Danube", "Volga", "length", "piano", "who", "invented", "bridge", "1932", "长江", "全长多少",
    "Zürich", "\u202e", "\x1b[31m", "it's", '"quoted phrase"', "site:almanac.test", "before:1990",
    "{", "}", "[", "\\", "\ud83d", "\0", "é", "😀", "</tool_response>", "<|im_end|>", "NaN",
)  # fmt: skip
_NAMES = ("search", "visit", "Search", "functions.search", "browse", "", "search ", "python")
_PIECES = (
    "<think>", "</think>", "<tool_call>", "</tool_call>", "<answer>", "</answer>", "＜tool_call＞",
    "<tool_response>", "<|im_end|>", "```json", "```", '"', "'", "“", "”", "{", "}", "[", "]", ",",
    "：", "，", "\n", " ", "<function=search>", "<parameter=query>", "</parameter>", "\\", "null",
    '{"name": "search", "arguments": {"query": ["Volga"]}}', "\ud800", "\0", "\u2028",
)  # fmt: skip


def turns(count: int, urls: Sequence[str], seed: int = SEED) -> Iterator[str]:
    """Yield so many completions; `urls` are pages that a visit may ask for."""
    chance = random.Random(seed)
    for _ in range(count):
        # An engine decodes bytes: half a letter it may write as an escape, never as itself.
        yield _turn(chance, urls).encode("utf-8", "replace").decode()


def _turn(chance: random.Random, urls: Sequence[str]) -> str:
    kind = chance.random()
    if kind < 0.04:
        return _words(chance, chance.choice((0, 1, 400)))
    if kind < 0.12:
        return "".join(chance.choices(_PIECES, k=chance.randrange(30)))
    if kind < 0.16:
        return f"{_words(chance, 5)}</think>{_words(chance, 8)}"
    if kind < 0.22:
        text = (
            f"{_words(chance, 9)}</think>\n<answer>{_words(chance, chance.randrange(4))}</answer>"
        )
    else:
        calls = "".join(_call(chance, urls) for _ in range(chance.choice((1, 1, 1, 1, 2, 3, 12))))
        text = f"{_words(chance, 6)}{chance.choice(('</think>', '</think>', ''))}\n{calls}"
    for _ in range(chance.choice((0, 0, 1, 2, 5))):
        text = _bent(chance, text)
    return text


def _call(chance: random.Random, urls: Sequence[str]) -> str:
    name = chance.choice(_NAMES) if chance.random() < 0.3 else chance.choice(("search", "visit"))
    queries = [_words(chance, 3) for _ in range(chance.choice((1, 1, 2, 3, 20)))]
    arguments: object = {"query": queries}
    if name == "visit":
        chosen = [chance.choice((*urls, "https://nowhere.test/x", "not a url", "")) for _ in "ab"]
        arguments = {"url": chosen, "goal": _words(chance, 4)}
    if chance.random() < 0.2:
        arguments = chance.choice(
            (
                {"query": _words(chance, 3)}, {"query": 7}, {"query": None}, {}, [], "x", None,
                {"url": _words(chance, 1)}, {"query": [["a"], 3, None]}, {"url": {"a": 1}},
                {"query": {"deep": [{"er": 1}]}}, {"goal": "only"}, {"query": "[\"a\", \"b\"]"},
                {"queries": ["a"]}, {"urls": list(urls[:1])},
            )
        )  # fmt: skip
    body = json.dumps({"name": name, "arguments": arguments}, ensure_ascii=chance.random() < 0.5)
    form = chance.random()
    if form < 0.1 and isinstance(arguments, dict):
        body = json.dumps({"name": name, **arguments})
    elif form < 0.15:
        body = repr({"name": name, "arguments": arguments})
    elif form < 0.2:
        body = f"{name}({arguments!r})"
    elif form < 0.25:
        body = f"```json\n{body}\n```"
    elif form < 0.3:
        body = f"<function={name}><parameter=query>{queries[0]}</parameter></function>"
    return f"<tool_call>\n{body}\n</tool_call>"


def _bent(chance: random.Random, text: str) -> str:
    """One slip: a piece lost, doubled, swapped or put in, or the end cut off."""
    if not text:
        return text
    start = chance.randrange(len(text))
    end = min(len(text), start + chance.randrange(1, 14))
    slip = chance.randrange(7)
    if slip == 0:
        return text[:start] + text[end:]
    if slip == 1:
        return text[:end] + text[start:]
    if slip == 2:
        return text[:start] + chance.choice(_PIECES) + text[start:]
    if slip == 3:
        return text[:start]
    if slip == 4:
        return text.replace('"', chance.choice(("'", "“", "”", "")))
    if slip == 5:
        return text.replace(
            chance.choice(("}", "]", ",", ":")), chance.choice(("", "，", "：", "}}"))
        )
    letters = list(text)
    letters[start] = chr(chance.choice((chance.randrange(0x20, 0x7F), chance.randrange(0x2FFF))))
    return "".join(letters)


def _words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(_WORDS, k=count))

"""A tool call, read: from what stands inside the tags to a name and arguments.

Tolerant of what models emit: JSON, JSON5 and Python literals, code fences, words around the
object, several objects, other names for the two fields, arguments given flat, quotation marks
that were not escaped, Chinese punctuation, brackets that were not closed, and the XML forms that
other models were taught. It does not run tools and does not judge arguments: whether a tool
exists, and what it wants, is the tools' business.
"""

import ast
import json
import math
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import json5

NO_OBJECT = "the call is not a JSON object"
NO_NAME = 'the call has no "name"'
NO_ARGUMENTS = 'the call\'s "arguments" are not a JSON object'
NO_JSON = 'the call\'s "arguments" hold a value that JSON does not know'

_LONGEST = 20_000
"""Letters of a call that the slow readers look at; a longer one that is no JSON is malformed."""
_NAMES = ("name", "tool", "tool_name", "function_name")
_ARGUMENTS = ("arguments", "parameters", "args", "params", "input")
_FENCE = re.compile(r"\A\s*```[\w-]*\s*\n?(.*?)\n?\s*```\s*\Z", re.DOTALL)
_ATTRIBUTE = re.compile(r"""\bname\s*=\s*["'“”]?([\w.:-]+)""")
_PREFIX = re.compile(r"\A([A-Za-z_][\w.]*)\s*[:(]?\s*(?=[{｛])")
_FUNCTION = re.compile(r"<(?:function|invoke)\b\s*(?:name)?\s*=\s*[\"']?([\w.:-]+)[\"']?\s*>")
_PARAMETER = re.compile(
    r"<parameter\b\s*(?:name)?\s*=\s*[\"']?(\w+)[\"']?\s*>(.*?)(?:</parameter>|(?=<parameter)|\Z)",
    re.DOTALL,
)
_PAIR = re.compile(
    r"<arg_key>\s*(\w+)\s*</arg_key>\s*<arg_value>(.*?)(?:</arg_value>|\Z)", re.DOTALL
)
_WIDE = str.maketrans("｛｝［］：，、", "{}[]:,,")
_CLOSER = {"{": "}", "[": "]"}
_ENDS = {'"': '"', "'": "'", "“": '“”"', "”": '“”"', "„": '“”"', "「": "」", "『": "』"}
"""What opens a string outside one, and what may close it."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call as written. `error` says why it could not be read; then `name` is empty."""

    name: str
    arguments: Mapping[str, object]
    raw: str
    error: str = ""


def read_call(body: str) -> Call:
    """Read the inside of one `<tool_call>`, of which the first counts where it holds several."""
    return read_calls(body)[0]


def read_calls(body: str, attributes: str = "") -> tuple[Call, ...]:
    """Read every call inside one `<tool_call>`: JSON, JSON5, then a Python literal, as upstream,
    then each of them with its slips mended. `attributes` is what stood in the opening tag.

    At least one call comes back, with its `error` when none could be read. Only JSON values come
    out, whatever was written: a run keeps the arguments and hashes them.
    """
    text = body.strip()
    if fence := _FENCE.match(text):
        text = fence.group(1).strip()
    named = _ATTRIBUTE.search(attributes)
    name = named[1] if named else ""
    if tagged := _tagged(text, name):
        return (_checked(*tagged, body),)
    if written := _python_call(text):
        return (_checked(*written, body),)
    if not name and (prefix := _PREFIX.match(text)):
        name, text = prefix[1], text[prefix.end() :]
    found = [value for value in _values(text) if isinstance(value, (dict, list))]
    several = found[0] if len(found) == 1 and isinstance(found[0], list) else found
    calls = [_understood(value, name, body) for value in several if isinstance(value, dict)]
    if len(calls) > 1:
        # Beside a call that could be read, an object that is none was an example or a note.
        calls = [call for call in calls if not call.error] or calls[:1]
    return tuple(calls) or (Call("", {}, body, NO_OBJECT),)


def _understood(value: dict[object, object], name: str, body: str) -> Call:
    """Make a call of an object, whatever its two fields are called."""
    for wrapper in ("function", "tool_call", "function_call"):
        if isinstance(inner := value.get(wrapper), dict):
            value = inner
    named = next((key for key in _NAMES if key in value), None)
    if named is None and isinstance(value.get("function"), str):
        named = "function"
    given = next((key for key in _ARGUMENTS if key in value), None)
    said: object = value[named] if named else name
    if not said and given is None and len(value) == 1:
        ((said, arguments),) = value.items()
        if isinstance(arguments, dict):
            return _checked(str(said), arguments, body)
        said = ""
    if not isinstance(said, str) or not said.strip():
        return Call("", {}, body, NO_NAME)
    if given is not None:
        return _checked(said, value[given], body)
    noise = {named, "type", "id"}
    return _checked(said, {key: item for key, item in value.items() if key not in noise}, body)


def _checked(name: str, arguments: object, body: str) -> Call:
    if isinstance(arguments, str):
        arguments = next(_values(arguments), None)
    if not isinstance(arguments, dict):
        return Call("", {}, body, NO_ARGUMENTS)
    try:
        plain = {_letters(str(key)): _plain(item) for key, item in arguments.items()}
    except (ValueError, RecursionError):
        return Call("", {}, body, NO_JSON)
    return Call(_letters(name.strip()), plain, body)


def _tagged(text: str, name: str) -> tuple[str, dict[str, object]] | None:
    """The forms of other models: `<function=search><parameter=query>…` and `<arg_key>…`."""
    function = _FUNCTION.search(text)
    found = _PARAMETER.findall(text) if function else _PAIR.findall(text)
    if function:
        name = function[1]
    elif found and not name:
        name = text.partition("<arg_key>")[0].strip()
    if not name or not (found or function):
        return None
    return name, {key: _value(value.strip()) for key, value in found}


def _value(text: str) -> object:
    value = _literal(text) if text[:1] in ("[", "{", '"') else None
    return text if value is None else value


def _python_call(text: str) -> tuple[str, dict[str, object]] | None:
    """`search(query=["a"])`, or `search({"query": ["a"]})`."""
    if len(text) > _LONGEST or not re.match(r"[A-Za-z_][\w.]*\s*\(", text):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call = ast.parse(text, mode="eval").body
            if not isinstance(call, ast.Call):
                return None
            name = ast.unparse(call.func)
            values = [ast.literal_eval(argument) for argument in call.args]
            given = {word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg}
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    if len(values) == 1 and isinstance(values[0], dict) and not given:
        return name, values[0]
    return None if values else (name, given)


def _values(text: str) -> Iterator[object]:
    """The values that a text holds: itself, or each object in it, mended where need be."""
    value = _literal(text)
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        value = _literal(value)
    if value is not None:
        yield value
        return
    start, end = text.find("{"), text.rfind("}")
    value = _literal(text[start : end + 1]) if 0 <= start < end else None
    if value is not None:
        yield value
        return
    for mended in _mended(text[:_LONGEST]):
        value = _literal(mended)
        if value is not None:
            yield value


def _mended(text: str) -> Iterator[str]:
    """Each object or list of a text with straight quotation marks and every bracket closed."""
    at = 0
    while (found := re.compile(r"[{｛\[［]").search(text, at)) is not None:
        written, at = _object(text, found.start())
        if written:
            yield written


def _object(text: str, at: int) -> tuple[str, int]:
    """One object from `at` on, and where it ends; empty when it ends inside a string."""
    parts: list[str] = []
    open_: list[str] = []
    while at < len(text):
        letter = text[at].translate(_WIDE)
        if letter in _ENDS:
            string, at = _string(text, at)
            if string is None:
                return "", len(text)
            parts.append(string)
            continue
        at += 1
        if letter in _CLOSER:
            open_.append(_CLOSER[letter])
        elif letter in ("}", "]"):
            while open_ and open_[-1] != letter:
                parts.append(open_.pop())
            if open_:
                open_.pop()
        parts.append(letter)
        if not open_:
            break
    return "".join([*parts, *reversed(open_)]), at


def _string(text: str, at: int) -> tuple[str | None, int]:
    """One string as JSON, and where it ends. A mark ends it only where a string can end."""
    ends = _ENDS[text[at]]
    parts = ['"']
    at += 1
    while at < len(text):
        letter = text[at]
        at += 1
        if letter == "\\" and at < len(text):
            parts.append("'" if text[at] == "'" else letter + text[at])
            at += 1
        elif letter in ends and text[at:].lstrip()[:1] in ("", *",:]}，、：］｝"):
            return "".join([*parts, '"']), at
        else:
            parts.append({'"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(letter, letter))
    return None, at


def _plain(value: object) -> object:
    """Return `value` as JSON values; ValueError for a set, bytes, NaN and the like."""
    if isinstance(value, str):
        return _letters(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {_letters(str(key)): _plain(item) for key, item in value.items()}
    raise ValueError(f"{type(value).__name__} is no JSON value")


def _letters(text: str) -> str:
    # A lone surrogate (an escape cut in half) has no UTF-8 and NUL is in no database.
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def _literal(text: str) -> object:
    for reader in (json.loads, _json5, _python):
        try:
            return reader(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    return None


def _python(text: str) -> object:
    with warnings.catch_warnings():
        # An odd backslash in a model's string is no business of the user.
        warnings.simplefilter("ignore")
        return ast.literal_eval(text)


def _json5(text: str) -> object:
    # The library is pure Python and slow on long input.
    if len(text) > _LONGEST:
        raise ValueError("too long for a tool call")
    return json5.loads(text)


def string_list(value: object) -> list[str]:
    """Read a tool argument that should be a list of strings; a lone string is a list of one.

    A list written as text, addresses in one string and numbers are taken for what they mean.
    """
    if isinstance(value, str):
        listed = _literal(value) if value.strip()[:1] == "[" else None
        if isinstance(listed, list):
            return string_list(listed)
        parts = [value]
        if value.lstrip().startswith(("http://", "https://")):
            parts = re.split(r"[\s,;]+(?=https?://)", value)
        return [part for part in parts if part.strip()]
    if isinstance(value, (list, tuple)):
        found: list[str] = []
        for item in value:
            if isinstance(item, str) and item.strip():
                found.append(item)
            elif isinstance(item, (int, float)) and not isinstance(item, bool):
                found.append(str(item))
            elif isinstance(item, (list, tuple)):
                found += [inner for inner in item if isinstance(inner, str) and inner.strip()]
        return found
    return []

"""A stranger's chat template, read once: from Jinja source to the fixed texts of a `ChatForm`.

A template is a program out of a downloaded file. It runs only here, in a child process, in
Jinja's sandbox and under the kernel's limits: five seconds of computing, one gibibyte, no file.
It is rendered with marks in the place of what is said, and what stands between the marks is kept.
`python -m models.template` reads a request on stdin and prints the form, or why there is none.
"""

import contextlib
import json
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .chat import CLOSE, OPEN, ChatForm, chat_form, date_mark
from .errors import ModelFileError
from .llama.process import module_command

LONGEST = 1 << 18
"""The most letters of a template, and of what it renders."""
SECONDS = 5
MEMORY = 1 << 30
_PATIENCE = 120
_REASON = 1000
"""The most letters of a reason, which a template may write itself."""
_SYSTEM, _ASKED, _SAID = "Zqsystemqz", ("Zqaskaqz", "Zqaskbqz", "Zqaskcqz"), ("Zqsaya", "Zqsayb")

Message = Mapping[str, object]
Render = Callable[[Sequence[Message], bool], str]


class RefusedError(Exception):
    """The template cannot be used in one way of asking; the message says why."""


def read_form(template: str, facts: Mapping[str, Any], name: str) -> ChatForm:
    """Return the form of a model's template, worked out in a child process.

    `facts` are those of `models.llama.process.inspect`; `name` is the file's, for the message.
    ModelFileError when the template is broken, refuses to talk, or asks too much.
    """
    if len(template) > LONGEST:
        raise _unusable(name, f"it has {len(template):,} letters")
    request = {"template": template, **{key: facts[key] for key in ("bos", "eos", "adds_bos")}}
    command, environment = module_command("models.template")
    try:
        done = subprocess.run(
            command,
            input=json.dumps({**request, "tags": facts["tags"]}).encode(),
            env=environment,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _unusable(name, "it does not end") from None
    if done.returncode < 0:
        raise _unusable(name, "it needs too much time or memory")
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise _unusable(name, "reading it failed") from None
    if "error" in answer:
        raise _unusable(name, answer["error"])
    return chat_form(answer)


def derive(template: str, bos: str, eos: str, adds_bos: bool, tags: Sequence[str] = ()) -> ChatForm:
    """Return the form of a template, rendered here and now; RefusedError when there is none.

    `bos` and `eos` are the texts of those tokens, `tags` all control and user-defined ones.
    `adds_bos`: the session puts the first token there itself, so the form must not. A template
    that knows no system message gets its text at the head of the question.
    """
    render = _renderer(template, bos, eos)
    reasons = []
    for parts in (False, True):
        for folded in (False, True):
            try:
                return _form(render, template, bos if adds_bos else "", tags, folded, parts)
            except RefusedError as error:
                reasons.append(str(error))
    # What it says of its plainest use; a system message may be refused by good right.
    raise RefusedError(reasons[1])


def _form(
    render: Render, template: str, bos: str, tags: Sequence[str], folded: bool, parts: bool
) -> ChatForm:
    def message(role: str, text: str) -> Message:
        return {"role": role, "content": [{"type": "text", "text": text}] if parts else text}

    ask, say = _ASKED, _SAID
    if folded:
        first = [message("user", f"{_SYSTEM}\n\n{ask[0]}")]
    else:
        first = [message("system", _SYSTEM), message("user", ask[0])]
    second = [message("assistant", say[0]), message("user", ask[1])]
    third = [message("assistant", say[1]), message("user", ask[2])]
    whole = render([*first, *second, *third], True)
    head, middle, replied, _, spoke, between, tail = _split(
        whole, (_SYSTEM, ask[0], say[0], ask[1], say[1], ask[2])
    )
    # The first turn must look so as well before there is a second one.
    _split(render(first, True), (_SYSTEM, ask[0]))
    if whole == render([*first, *second, *third], False):
        # It has no prompt for the model's turn, so its history shows how one begins.
        prompt = spoke if spoke.startswith(tail) else replied
        if prompt.startswith(tail) and prompt[len(tail) :].strip():
            tail = prompt
    if not (tail.strip() or between.strip()):
        raise RefusedError("it does not set the speakers apart")
    # The session puts it there, also where a line break of the template stands before it.
    while bos and head.lstrip().startswith(bos):
        head = head.lstrip().removeprefix(bos)
    fixed = head + middle + tail + between
    if "\0" in fixed or any("\ud800" <= letter <= "\udfff" for letter in fixed):
        raise RefusedError("it writes what is no text")
    if re.search("""['"](content|text)['"]""", fixed):
        raise RefusedError("it writes the messages as data")
    # Tokens of mere line breaks and spaces are no tags, although some vocabularies list them.
    told = {tag for tag in tags if len(tag) > 1 and tag.strip() and tag in fixed + OPEN + CLOSE}
    known = tuple(sorted(told))
    end = _end(between, known)
    return ChatForm(
        head=head,
        middle=middle,
        tail=tail,
        between=between,
        end=end,
        stop="" if end else _stop(between),
        opened=tail.rstrip().endswith("<think>"),
        thinks=tail.rstrip().endswith("<think>") or "</think>" in template,
        tags=known,
    )


def _split(text: str, marks: Sequence[str]) -> list[str]:
    """Cut `text` at marks that must stand in it once each and in this order."""
    parts = []
    for mark in marks:
        before, found, text = text.partition(mark)
        if not found:
            raise RefusedError("it leaves out or moves what was said")
        parts.append(before)
    parts.append(text)
    if any(mark in part for mark in marks for part in parts):
        raise RefusedError("it says twice what was said once")
    return parts


def _end(between: str, tags: Sequence[str]) -> str:
    """The control token that closes the model's turn: the first thing in `between`."""
    found = re.search("|".join(map(re.escape, sorted(tags, key=len, reverse=True))), between)
    if not tags or found is None or between[: found.start()].strip():
        return ""
    return found[0]


def _stop(between: str) -> str:
    """The line that a model without such a token begins to write in the user's place."""
    line = between.strip().partition("\n")[0].strip()
    if len(line) < 2:
        return ""
    return f"\n{line}" if between.lstrip(" ").startswith("\n") else line


def _renderer(source: str, bos: str, eos: str) -> Render:
    import jinja2
    import jinja2.ext
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(jinja2.ext.Extension):
        """`{% generation %}` marks what is trained on; here it says nothing."""

        tags = {"generation"}

        def parse(self, parser: Any) -> Any:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    def refuse(message: object = "") -> None:
        raise RefusedError(str(message) or "it refuses this conversation")

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        extensions=[jinja2.ext.loopcontrols, Generation],
    )
    # Equal files must give equal forms.
    environment.globals.pop("lipsum", None)
    environment.filters.pop("random", None)
    environment.filters["tojson"] = _to_json
    environment.globals.update(raise_exception=refuse, strftime_now=date_mark)
    try:
        template = environment.from_string(source)
    except Exception as error:
        raise RefusedError(_reason(error)) from error

    def render(messages: Sequence[Message], generation: bool) -> str:
        text = ""
        try:
            for part in template.generate(
                messages=messages,
                add_generation_prompt=generation,
                bos_token=bos,
                eos_token=eos,
                tools=None,
                documents=None,
            ):
                text += part
                if len(text) > LONGEST:
                    raise RefusedError("it writes without end")
        except RefusedError:
            raise
        except Exception as error:
            raise RefusedError(_reason(error)) from error
        return text

    return render


def _to_json(value: object, indent: int | None = None, **_: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _reason(error: Exception) -> str:
    if isinstance(error, (MemoryError, RecursionError, OverflowError)):
        return "it needs too much time or memory"
    line = getattr(error, "lineno", None)
    return f"{error}" + (f", line {line}" if line else "") if str(error) else type(error).__name__


def _unusable(name: str, reason: str) -> ModelFileError:
    said = " ".join("".join(c if c.isprintable() else " " for c in reason).split())
    return ModelFileError(
        f"the chat template in {name} cannot be used ({said[:200].rstrip(' .;')}); give a file "
        "with another template, or name the form that the model was trained on with --profile"
    )


def _limit() -> None:
    """Ask the kernel to bound this process before a stranger's program runs in it."""
    # No file can be opened later, so whatever Jinja loads when it needs it is needed once now.
    for warm in ("{{ 'é\\n' ~ messages[0].content | trim }}", "{{ 1 / 0 }}", "{% if"):
        with contextlib.suppress(RefusedError):
            derive(warm, "", "", False)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def main() -> int:
    """Answer the request on stdin."""
    request = json.loads(sys.stdin.buffer.read())
    sys.stdin.close()
    _limit()
    try:
        answer = derive(**request).to_json()
    except RefusedError as error:
        answer = {"error": str(error)[:_REASON]}
    except (MemoryError, RecursionError):
        answer = {"error": "it needs too much time or memory"}
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())

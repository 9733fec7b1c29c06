"""Options that several verbs share, and the small helpers that verbs print with."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, TypeVar

import click

from ..config import Config, load

Command = TypeVar("Command", bound=Callable[..., Any])

# JSON itself escapes the letters below the space.
_STEERING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
collection_option = click.option(
    "--collection", metavar="NAME", help="The collection of pages to use (default: web)."
)
in_option = click.option(
    "--in",
    "--collection",
    "collection",
    metavar="NAME",
    help="The collection of pages to research (default: web).",
)
model_option = click.option(
    "--model",
    metavar="NAME",
    help="An installed model, `demo`, or `none` for ranked quotes without a model.",
)

encoder_option = click.option(
    "--encoder",
    metavar="NAME",
    help="`auto`, `lexical` or `bm25`, `bge-m3`, or the folder of a BGE-M3 checkpoint.",
)


def _iso_date(context: click.Context, parameter: click.Parameter, value: str | None) -> str:
    if value is None:
        return datetime.now(UTC).date().isoformat()
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise click.BadParameter(f"{value!r} is no date; write it as 2026-03-01") from None


date_option = click.option(
    "--date",
    metavar="DATE",
    callback=_iso_date,
    help="The date told to the model, ISO form (default: today).",
)


def config_from(**flags: object) -> Config:
    """The settings with these flags on top; flags that were not given do not count."""
    return load(flags)


def print_json(value: object) -> None:
    """Print a value as JSON on stdout, indented; letters that steer a terminal are escaped."""
    click.echo(json_text(value))


def json_text(value: object, indent: int | None = 2) -> str:
    """A value as JSON; letters that steer a terminal are escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _STEERING.sub(lambda letter: f"\\u{ord(letter[0]):04x}", text)


def say(message: str) -> None:
    """Narrate on stderr."""
    click.echo(message, err=True)


class Words(click.Command):
    """A verb whose arguments are words of people: `-opera`, `-40` and `-"a phrase"` are words too.

    What is written like an option of the verb is one, and so is everything with two hyphens, so
    that a mistyped option is still named.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the words behind `--`, in their order."""
        valued = {
            name: not (isinstance(one, click.Option) and (one.is_flag or one.count))
            for one in self.get_params(ctx)
            for name in one.opts
        }
        options: list[str] = []
        words: list[str] = []
        rest = iter(args)
        for arg in rest:
            name = arg.partition("=")[0]
            if arg == "--":
                words.extend(rest)
            elif arg in valued:
                value = list(islice(rest, int(valued[arg])))
                options += [arg, *value]
                if len(value) < valued[arg]:
                    words = []  # nothing may be taken for the value that is missing
            elif name.startswith("--") or (re.fullmatch(r"-[a-z]=?\d+", arg) and arg[:2] in valued):
                options.append(arg)
            else:
                words.append(arg)
        if words:
            options += ["--", *words]
        return super().parse_args(ctx, options)


class Duration(click.ParamType[float]):
    """A length of time: `90`, `90s`, `10m` or `1h`; the value is in seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return seconds, or fail with the accepted forms."""
        if isinstance(value, (int, float)):
            return float(value)
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|h)?", str(value).strip())
        if not match or float(match[1]) <= 0:
            self.fail(f"{value!r} is no length of time; write 90s, 10m or 1h", param, ctx)
        return float(match[1]) * {"s": 1, "m": 60, "h": 3600, None: 1}[match[2]]

"""Write docs/cli.md from what `--help` says: `python scripts/cli_reference.py [--check]`.

It reads the commands themselves, so that the page cannot say anything else than they do.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click

from appliance.cli import VERBS, cli, module_name

PAGE = Path(__file__).resolve().parents[1] / "docs" / "cli.md"
WIDTH = 96
HEAD = """# The command line

This page is what `--help` prints, written by `python scripts/cli_reference.py`; do not edit it.
stdout is the answer, stderr the narration. Whatever has `--json` prints one JSON value and nothing
else on stdout. Exit codes: 0 done; 1 one sentence on stderr says what is wrong and how to repair
it; 2 wrong options or settings; 3 a replay that found a difference; 4 the seal refused something;
70 a fault of the appliance itself; 130 stopped by Ctrl-C.
"""


def reference() -> str:
    """The whole page."""
    parts = [HEAD, _section(cli, _top(), 2)]
    for name in VERBS:
        verb = import_module(f"appliance.cli.verbs.{module_name(name)}").command
        parts.extend(_verb(verb, _top(), name, 2))
    return "\n".join(parts)


def _top() -> click.Context:
    return click.Context(cli, info_name="appliance", **cli.context_settings)


def _verb(verb: click.Command, parent: click.Context, name: str, level: int) -> Iterator[str]:
    context = click.Context(verb, info_name=name, parent=parent)
    yield _section(verb, context, level)
    if isinstance(verb, click.Group):
        for inner in verb.list_commands(context):
            found = verb.get_command(context, inner)
            assert found is not None
            yield from _verb(found, context, inner, level + 1)


def _section(command: click.Command, context: click.Context, level: int) -> str:
    context.terminal_width = context.max_content_width = WIDTH
    text = command.get_help(context)
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return f"{'#' * level} `{context.command_path}`\n\n```text\n{lines}\n```\n"


def main() -> int:
    """Write the page, or with --check say whether it is what would be written."""
    text = reference()
    if "--check" in sys.argv[1:]:
        if PAGE.is_file() and PAGE.read_text("utf-8") == text:
            return 0
        print(f"{PAGE.name} is out of date; run: python scripts/cli_reference.py", file=sys.stderr)
        return 1
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The documents say what is so: the reference is generated, links lead somewhere, snippets work."""

import ast
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from appliance.cli import VERBS, module_name

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
DOCUMENTS = sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^(<!-- run -->\n+)?```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
"""A block of a terminal; with `<!-- run -->` before it, its commands are run."""


def generate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/cli_reference.py", *arguments],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def commands(document: str, marked: bool = False) -> list[str]:
    """What is typed after `$ ` in the console blocks of a document."""
    return [
        line.removeprefix("$ ").partition("  #")[0].strip()
        for mark, block in BLOCK.findall(document)
        if mark or not marked
        for line in block.splitlines()
        if line.startswith("$ ")
    ]


def dead_links(document: str, folder: Path) -> list[str]:
    """Relative links of a document that lead nowhere."""
    prose = re.sub(r"```.*?```", "", document, flags=re.DOTALL)
    return [
        target
        for target in LINK.findall(prose)
        if "://" not in target
        and not target.startswith(("#", "mailto:"))
        and not (folder / target.partition("#")[0]).exists()
    ]


def unknown_words(command: str) -> list[str]:
    """Verbs, options and make targets of a command that do not exist."""
    words = command.split()
    if words[:1] == ["make"]:
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        asked = [word for word in words[1:] if "=" not in word and not word.startswith(('"', "…"))]
        return [word for word in asked[:2] if re.fullmatch("[a-z-]+", word) and word not in targets]
    if words[:1] != ["appliance"] or words[1].startswith("-"):
        return []
    if words[1] not in VERBS:
        return [words[1]]
    found: click.Command = import_module(f"appliance.cli.verbs.{module_name(words[1])}").command
    if isinstance(found, click.Group):
        word = words[2] if len(words) > 2 else "-"
        if word.startswith("-") and found.invoke_without_command:
            inner: click.Command | None = found
        else:
            inner = found.commands.get(word)
        if inner is None:
            return [word]
        found = inner
    known = {name for parameter in found.params for name in (*parameter.opts, "--help", "-h")}
    return [word for word in re.findall(r"(?<=\s)--?[a-z][a-z-]*", command) if word not in known]


def test_the_reference_is_what_help_says() -> None:
    done = generate("--check")
    assert done.returncode == 0, done.stderr


def test_a_reference_that_is_out_of_date_is_found(tmp_path: Path) -> None:
    script = tmp_path / "scripts" / "cli_reference.py"
    script.parent.mkdir()
    (tmp_path / "docs").mkdir()
    script.write_text((ROOT / "scripts" / "cli_reference.py").read_text())
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, str(script)]
    assert subprocess.run([*words, "--check"], env=environment, check=False).returncode == 1
    assert subprocess.run(words, env=environment, check=False).returncode == 0
    assert subprocess.run([*words, "--check"], env=environment, check=False).returncode == 0
    with (tmp_path / "docs" / "cli.md").open("a") as page:
        page.write("more\n")
    assert subprocess.run([*words, "--check"], env=environment, check=False).returncode == 1


def events_written(folder: Path) -> dict[str, set[str]]:
    """The fields of each event that code below `folder` writes, and of a run's manifest."""
    found: dict[str, set[str]] = {}
    for path in folder.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            parts = {
                target.id: {key for each in ast.walk(node.value) for key in fields(each)}
                for node in ast.walk(function)
                if isinstance(node, ast.Assign)
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            for node in ast.walk(function):
                keys = fields(node)
                if function.name == "manifest" and path.name == "ask.py":
                    found.setdefault("manifest", set()).update(keys)
                elif "type" in keys and isinstance(node, ast.Dict):
                    kind = node.values[node.keys.index(keys["type"])]
                    if isinstance(kind, ast.Constant):
                        more = [parts.get(v.id, ()) for v in node.values if isinstance(v, ast.Name)]
                        every = {*keys, *(key for part in more for key in part)} - {"type"}
                        found.setdefault(str(kind.value), set()).update(every)
    return found


def fields(node: ast.AST) -> dict[str, ast.expr]:
    """The constant keys of a dictionary that is written out, or that are set in one."""
    keys = node.keys if isinstance(node, ast.Dict) else ()
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        keys = [node.slice]
    return {str(key.value): key for key in keys if isinstance(key, ast.Constant)}


def unnamed(document: str, events: dict[str, set[str]]) -> list[str]:
    """The events and fields that no row of a table names."""
    rows = dict(re.findall(r"^\| `([a-z]+)` \| (.*) \|$", document, re.MULTILINE))
    return [
        f"{kind}.{name}"
        for kind, names in sorted(events.items())
        for name in sorted(names)
        if f"`{name}`" not in rows.get(kind, "")
    ]


def test_every_event_of_a_run_is_documented() -> None:
    document = (ROOT / "docs" / "runs.md").read_text("utf-8")
    written = events_written(ROOT / "appliance")
    assert {"ids", "completion"} <= written["turn"]
    assert {"scope", "budget", "loop", "form"} <= written["manifest"]
    assert {"trim", "resume", "judgements", "purged"} <= written.keys()
    assert unnamed(document, written) == []
    assert unnamed(document.replace("`keep`", ""), written) == ["resume.keep"]
    assert "trim.freed" in unnamed(document.replace("| `trim` |", "| `trims` |"), written)


def test_every_verb_is_documented_and_every_option_has_a_help() -> None:
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    for name in VERBS:
        assert f"## `appliance {name}`" in page
        assert re.search(rf"`[^`]*\b{name}\b[^`]*`", readme), f"README names no `{name}`"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_relative_links_lead_somewhere(document: Path) -> None:
    assert dead_links(document.read_text("utf-8"), document.parent) == []


def test_a_dead_link_is_found() -> None:
    text = "[here](README.md#top) [gone](docs/no-such-page.md) [out](https://example.com/x)"
    assert dead_links(text, ROOT) == ["docs/no-such-page.md"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_in_the_documents_exist(document: Path) -> None:
    for command in commands(document.read_text("utf-8")):
        assert unknown_words(command) == [], command


def test_a_command_that_does_not_exist_is_found() -> None:
    assert unknown_words("appliance serach danube") == ["serach"]
    assert unknown_words("appliance search --fast danube") == ["--fast"]
    assert unknown_words("appliance runs lits") == ["lits"]
    assert unknown_words("appliance index --reapir") == ["--reapir"]
    assert unknown_words("appliance index verfiy") == ["verfiy"]
    assert unknown_words("appliance index") == unknown_words("appliance index verify --json") == []
    assert unknown_words("make dmeo") == ["dmeo"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_marked_snippets_run(document: Path, tmp_path: Path) -> None:
    assert failing(commands(document.read_text("utf-8"), marked=True), tmp_path) == []


def test_the_readme_has_snippets_that_run() -> None:
    assert len(commands((ROOT / "README.md").read_text("utf-8"), marked=True)) >= 5


def test_a_snippet_that_fails_is_found(tmp_path: Path) -> None:
    text = "<!-- run -->\n```console\n$ appliance --version\n$ appliance serach\n```\n"
    assert failing(commands(text, marked=True), tmp_path) == ["appliance serach"]
    assert commands(text.replace("<!-- run -->\n", ""), marked=True) == []


def failing(lines: list[str], home: Path) -> list[str]:
    """Run each line in a shell, in the checkout; return those that exit with an error."""
    environment = {
        **os.environ, "APPLIANCE_HOME": str(home), "PATH": f"{BIN}:{os.environ['PATH']}",
    }  # fmt: skip
    return [
        line
        for line in lines
        if subprocess.run(
            line, shell=True, cwd=ROOT, env=environment, capture_output=True, check=False
        ).returncode
    ]

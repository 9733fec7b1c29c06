"""`appliance demo`: the whole line on the demo corpus, each step the real command."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

import click

from ...config import load
from ...errors import ApplianceError
from ...home import Home

QUESTION = "Who invented the piano?"


@click.command("demo")
@click.argument("question", nargs=-1)
def command(question: tuple[str, ...]) -> None:
    """Crawl, index and ask the demo corpus in a home of its own; QUESTION replaces the default.

    The site is served on loopback and really crawled over HTTP. A second run crawls only what
    changed, which is nothing.
    """
    home = _home()
    environment = {**os.environ, "APPLIANCE_HOME": str(home.root)}
    click.echo(f"the demo lives in {home.root}\n", err=True)
    with _site() as port:
        proxy = f"http://127.0.0.1:{port}"
        click.echo("$ appliance crawl http://almanac.test/", err=True)
        _run(environment, "crawl", "http://almanac.test/", "--proxy", proxy)
    click.echo("\n$ appliance index", err=True)
    _run(environment, "index")
    asked = " ".join(question) or QUESTION
    click.echo(f'\n$ appliance ask --model demo "{asked}"', err=True)
    _run(environment, "ask", "--model", "demo", asked)
    questions = files("appliance.demo").joinpath("questions.jsonl")
    with as_file(questions) as path:
        click.echo(
            "\nAsk the next one (other questions to try are in "
            f"{_short(path)}):\n\n"
            f"  export APPLIANCE_HOME={_short(home.root)}\n"
            '  appliance ask --model demo "How long is the Volga?"\n'
            '  appliance ask --model none "Which river flows through Vienna?"\n'
            "  appliance replay last\n",
            err=True,
        )


def _home() -> Home:
    """The demo's home: as the environment says, else beside the home that is in use."""
    config = load()
    root = config.home.root
    if not os.environ.get("APPLIANCE_HOME"):
        root = root.with_name(f"{root.name}-demo")
    home = Home(root).create()
    if not home.settings.exists():
        home.settings.write_text(
            "# The home of the demo: here the demonstration researcher answers by default.\n"
            'model = "demo"\n'
        )
    elif load({}, {"APPLIANCE_HOME": str(root)}).model != "demo":
        raise ApplianceError(
            f"{root} is a home of your own and the demo would add its pages to it; "
            "run it with APPLIANCE_HOME set to another folder"
        )
    return home


@contextmanager
def _site() -> Iterator[int]:
    """Serve the demo site from a thread while the block runs; yields its port."""
    from ...demo.site import serve

    server = serve()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def _run(environment: dict[str, str], *arguments: str) -> None:
    """Run one verb as its own process, so that each is sealed as it is for everyone."""
    code = subprocess.run(
        [sys.executable, "-m", "appliance", *arguments], env=environment, check=False
    ).returncode
    if code:
        raise click.exceptions.Exit(code)


def _short(path: Path) -> str:
    """The path as the reader would type it from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)

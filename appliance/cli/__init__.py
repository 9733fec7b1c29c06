"""The command line: one file a verb, found lazily, sealed before its code is even imported.

Verbs only parse, call and print. stdout is the answer, stderr the narration. Errors of every
package become one sentence here and nowhere else.
"""

import logging
import os
import sys
import traceback
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import NamedTuple, cast

import click

DISTRIBUTION = "deep-research-appliance"


class Verb(NamedTuple):
    """A verb's one-line help and how it is sealed: `sealed`, `loopback` or `open`."""

    help: str
    seal: str = "sealed"


VERBS = {
    "ask": Verb("Research a question and answer it with checked evidence."),
    "search": Verb("Search the index."),
    "visit": Verb("Show the passages of a stored page that serve a goal."),
    "open": Verb("Write a stored page as local HTML with the quotes highlighted."),
    "runs": Verb("List, show, compare, export and remove past runs."),
    "replay": Verb("Re-execute every tool call of a run and compare."),
    "snapshot": Verb("Name, verify and compare states of the corpus; drop unused ones."),
    "purge": Verb("Remove pages from store, indexes and runs, with a receipt.", "loopback"),
    "eval": Verb("Ask every question of a file and count the right answers."),
    "crawl": Verb("Fetch web pages into the store (the verb that may reach outside).", "open"),
    "import": Verb("Read archives, dumps, folders and files into the store."),
    "export": Verb("Write the stored pages to a file of JSON rows."),
    "gaps": Verb("List what runs asked the corpus for in vain."),
    "index": Verb("Index what was stored: passages, vectors, the frozen snapshot.", "loopback"),
    "models": Verb("List, show, import, verify and remove local models."),
    "verify": Verb("Re-hash stored pages, index and weights, and name what is wrong."),
    "doctor": Verb("Check this installation; each finding names its repair."),
    "demo": Verb("Crawl, index and ask the demo corpus in a home of its own.", "open"),
    "stop": Verb("Stop the home's private PostgreSQL."),
}


class LazyGroup(click.Group):
    """A group that knows its verbs by name and imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order of their use."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Seal the process as the verb wants it, then import the verb."""
        verb = VERBS.get(cmd_name)
        if verb is None:
            return None
        _seal(verb)
        module = import_module(f".{module_name(cmd_name)}", "appliance.cli.verbs")
        return cast("click.Command", module.command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, verb.help) for name, verb in VERBS.items()])


def module_name(verb: str) -> str:
    """The name of a verb's module: that of a word of the language has an underscore behind it."""
    return f"{verb}_" if iskeyword(verb) else verb


def _seal(verb: Verb) -> None:
    if verb.seal == "open":
        return
    if os.environ.get("APPLIANCE_UNSEALED_FOR_TESTS"):
        click.echo("appliance: NOT SEALED, because APPLIANCE_UNSEALED_FOR_TESTS is set", err=True)
        return
    from ..config import load
    from ..seal import seal, seal_with_loopback

    config = load()
    install = seal_with_loopback if verb.seal == "loopback" else seal
    install(config.allow_hosts, (config.database_url, config.milvus_uri))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=DISTRIBUTION, message="%(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Narrate outside acts on stderr.")
def cli(verbose: bool) -> None:
    """Your own corpus, search engine and research model in one box that never touches the network.

    Begin with: appliance demo. On your own pages: appliance crawl URL, appliance index,
    appliance ask "…".
    """
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(name)s: %(message)s",
        stream=sys.stderr,
    )


def main() -> None:
    """Run the command line; every failure ends in one sentence and a non-zero exit code."""
    try:
        code = cli.main(prog_name="appliance", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        _fail("stopped", 130)
    except KeyboardInterrupt:
        _fail("stopped", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except Exception as error:
        _fail(*_sentence(error))


def _sentence(error: Exception) -> tuple[str, int]:
    """The message and exit code of an error; an unexpected one goes to a log with its trace."""
    from store.errors import StoreError

    from ..errors import ApplianceError

    if isinstance(error, ApplianceError):
        return str(error), error.exit_code
    families: list[type[Exception]] = [StoreError]
    for name, family in (
        ("crawler.errors", "CrawlError"),
        ("importers.errors", "ImporterError"),
        ("indexer.errors", "IndexerError"),
        ("models.errors", "ModelError"),
    ):
        if name in sys.modules:
            families.append(getattr(sys.modules[name], family))
    if isinstance(error, tuple(families)):
        return str(error), 1
    if isinstance(error, OSError) and error.errno == 28:
        return "the disk is full; make room, then run the same command again", 1
    if os.environ.get("APPLIANCE_DEBUG"):
        traceback.print_exc()
    where = _log_trace()
    return f"unexpected {type(error).__name__}: {error} (trace: {where})", 70


def _log_trace() -> str:
    from ..home import find_home

    try:
        path: Path = find_home()[0].create().logs / "errors.log"
        with path.open("a", encoding="utf-8") as file:
            file.write(traceback.format_exc() + "\n")
    except Exception:
        return "set APPLIANCE_DEBUG=1 to see it"
    return str(path)


def _fail(message: str, code: int) -> None:
    from ..render.terminal import safe

    click.echo(f"appliance: {safe(message)}", err=True)
    sys.exit(code)

"""The command line: exact output, exit codes, stdout for the answer and stderr for the rest."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest

from appliance.cli import VERBS, _sentence, module_name
from appliance.cli.verbs.crawl import _jobs
from appliance.trace import read_run
from indexer.build import build
from indexer.encoders.lexical import LexicalEncoder
from models.errors import RegistryError
from models.registry import Registry

from .conftest import ROOT, Corpus, Done

Command = Callable[..., Done]
DANUBE = "https://almanac.example/danube"
RHINE = "https://almanac.example/rhine"


def one_sentence(done: Done, code: int = 1) -> str:
    """The sentence of a failure: nothing on stdout, one line on stderr, the right exit code."""
    assert (done.code, done.out) == (code, ""), done
    assert done.err.count("\n") == 1, done.err
    assert done.err.startswith("appliance: ")
    return done.err.removeprefix("appliance: ").rstrip("\n")


def test_help_lists_every_verb(command: Command) -> None:
    done = command("--help")
    assert (done.code, done.err) == (0, "")
    listed = dict(re.findall(r"^  (\w+) +(\S.*)$", done.out.split("Verbs:")[1], re.MULTILINE))
    assert listed == {name: verb.help for name, verb in VERBS.items()}
    assert done.out.splitlines()[0] == "Usage: appliance [OPTIONS] COMMAND [ARGS]..."


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_explains_itself(command: Command, name: str) -> None:
    verb = import_module(f"appliance.cli.verbs.{module_name(name)}").command
    assert verb.name == name
    assert verb.help.split("\n")[0].endswith((".", ":"))
    done = command(name, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Usage: appliance {name} ")
    for one in (verb, *getattr(verb, "commands", {}).values()):
        assert one.help, f"{one.name} says nothing"
        for parameter in one.params:
            if parameter.param_type_name == "option":
                assert parameter.help, f"{one.name} {parameter.opts[0]} says nothing"


def test_help_imports_nothing_heavy() -> None:
    source = (
        "import sys\nfrom appliance.cli import cli\n"
        "try:\n    cli(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'sqlalchemy', 'psycopg', 'pymilvus', 'torch', 'scrapy', 'llama_cpp', "
        "'trafilatura', 'asyncio'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", source], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def test_version_and_usage(command: Command) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", command("--version").out)
    done = command("frobnicate")
    assert (done.code, done.out) == (2, "")
    assert "Error: No such command 'frobnicate'." in done.err
    done = command("search")
    assert (done.code, done.out) == (2, "")
    assert "Error: Missing argument 'QUERY...'." in done.err
    done = command("ask", "--budget", "soon", "x")
    assert (done.code, done.out) == (2, "")
    assert "'soon' is no length of time; write 90s, 10m or 1h" in done.err
    assert command().code == 2


ENCODER = "encoder: BM25, which built the index\n"
"""What every search says first, beside the answer."""


def test_search(corpus: Corpus, command: Command) -> None:
    done = command("search", "-k", "1", "designed", "the", "Forth", "Bridge")
    assert (done.code, done.err) == (0, ENCODER)
    assert done.out == (
        "1. Forth Bridge\n"
        "   https://almanac.example/forth-bridge\n"
        "   The Forth Bridge was opened in 1890. It was designed by Sir John Fowler and Benjamin "
        "Baker.\n\n"
    )
    found = command("search", "--json", "-k", "1", "长江全长多少公里").json
    assert found["query"] == "长江全长多少公里"
    (hit,) = found["hits"]
    assert set(hit) == {
        "rank", "url", "title", "score", "snippet", "version", "captured", "spans", "published",
        "folded", "highlights",
    }  # fmt: skip
    assert (hit["rank"], hit["title"]) == (1, "长江")
    page = corpus.pages.by_digest(hit["url"], hit["version"])
    assert page is not None
    assert all(page.text[start:end].strip() for start, end in hit["spans"])
    nothing = command("search", "zxqvy")
    assert (nothing.code, nothing.out) == (0, "")
    assert nothing.err == ENCODER + "no stored page matches 'zxqvy'; try other words\n"
    assert command("search", "--json", "zxqvy").json == {"query": "zxqvy", "hits": []}


def test_search_says_why_a_list_is_empty_and_what_was_not_applied(
    corpus: Corpus, command: Command
) -> None:
    emptied = command("search", "Danube", "filetype:pdf")
    assert (emptied.code, emptied.out) == (0, "")
    said = "pages match, but none passes filetype:pdf; search again without it\n"
    assert emptied.err == ENCODER + said
    assert command("search", "--json", "Danube", "filetype:pdf").json == {
        "query": "Danube filetype:pdf", "hits": [], "emptied_by": ["filetype:pdf"],
    }  # fmt: skip
    undated = command("search", "-k", "1", "Danube", "after:2020")
    assert undated.out.startswith("1. Danube\n")
    said = "ignored after:2020-01-01: no page of this index has a date\n"
    assert undated.err == ENCODER + said
    assert command("search", "collection:none", "Danube").code == 1


def test_search_shows_dates_and_what_was_folded(corpus: Corpus, command: Command) -> None:
    page = corpus.pages.resolve(DANUBE)
    assert page is not None
    twin = "https://mirror.example/danube"
    copy = replace(page, url=twin, published=date(2020, 5, 1), page_id=None, version_id=None)
    corpus.pages.add([copy])
    build(corpus.database, corpus.root, LexicalEncoder())
    done = command("search", "-k", "1", "Danube")
    assert done.out.startswith(f"1. Danube\n   {DANUBE}\n   the same at {twin}\n   ")
    assert command("search", "--json", "-k", "1", "Danube").json["hits"][0]["folded"] == [twin]
    both = command("search", "-k", "2", "--duplicates", "Danube").out
    assert f"2. Danube\n   {twin}\n   published 2020-05-01\n" in both
    few = command("search", "--json", "--per-site", "1", "--duplicates", "Danube river").json
    assert {hit["url"].split("/")[2] for hit in few["hits"]} == {
        "almanac.example", "mirror.example",
    }  # fmt: skip
    assert len(few["hits"]) == 2


def test_visit(corpus: Corpus, command: Command) -> None:
    done = command("visit", "http://www.almanac.example/rhine/", "--goal", "its length")
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "The useful information in http://www.almanac.example/rhine/ for user goal its length as "
        "follows: \n\nEvidence in page: \n# Rhine\n\nThe Rhine is a river of about 1,230 km. It "
        "rises in Switzerland.\n\nSummary: \nThe Rhine is a river of about 1,230 km.\n"
    )
    found = command("visit", "--json", RHINE, "--goal", "its length").json
    assert found["pages"][0]["page"] == RHINE
    for target in ("https://almanac.example/rhin", "no url at all", "ftp://x/"):
        missing = command("visit", target)
        assert missing.code == 1
        assert missing.err == f"not in the corpus: {target}\n"
        assert "The content of this page could not be accessed." in missing.out
    assert corpus.pages.misses() == []


def test_runs(corpus: Corpus, command: Command) -> None:
    empty = command("runs", "list")
    assert (empty.code, empty.out) == (0, "run  model  outcome  question  answer\n")
    command("ask", "--model", "none", "How long is the Danube?")
    command("ask", "--model", "none", "How long is the Rhine?")
    newest, oldest = sorted((path.name for path in corpus.runs.iterdir()), reverse=True)
    done = command("runs", "list")
    assert [line.split()[0] for line in done.out.splitlines()] == ["run", newest, oldest]
    assert "How long is the Rhine?" in done.out.splitlines()[1]
    assert [run["run"] for run in command("runs", "list", "-n", "1", "--json").json] == [newest]
    shown = command("runs", "show", oldest)
    assert shown.out.startswith(
        f"run {oldest} · answered · model none\nquestion: How long is the Danube?\n"
    )
    assert f"{DANUBE}\n" in shown.out
    as_json = command("runs", "show", oldest, "--json").json
    assert set(as_json) == {"manifest", "events", "torn"}


def test_an_unknown_run_is_one_sentence(corpus: Corpus, command: Command) -> None:
    for arguments in (("replay", "nope"), ("runs", "show", "nope"), ("open", "nope")):
        assert one_sentence(command(*arguments)) == (
            f"there is no run 'nope' in {corpus.runs}; see: appliance runs list"
        )


def test_a_page_that_is_not_there_names_the_nearest(corpus: Corpus, command: Command) -> None:
    said = one_sentence(command("open", "https://almanac.example/rhin"))
    assert said.startswith(
        "the corpus does not hold https://almanac.example/rhin; the nearest pages are "
    )
    assert RHINE in said


def test_a_missing_index_names_the_verb_that_builds_it(corpus: Corpus, command: Command) -> None:
    shutil.rmtree(corpus.root / "frozen")
    for arguments in (("search", "x"), ("ask", "--model", "none", "x")):
        assert "appliance index" in one_sentence(command(*arguments))
    assert not list(corpus.runs.iterdir())


def test_an_index_of_nothing_is_refused_and_not_published(corpus: Corpus, command: Command) -> None:
    said = one_sentence(command("index", "--collection", "wbe"))
    assert said == (
        "nothing is stored in the collection wbe; run: appliance crawl URL --collection wbe"
    )
    for arguments in (("search", "x"), ("ask", "--model", "none", "x")):
        assert "appliance index" in one_sentence(command(*arguments, "--collection", "wbe"))
    with corpus.database.begin() as connection:
        connection.exec_driver_sql("TRUNCATE page CASCADE")
    shutil.rmtree(corpus.root / "frozen")
    said = one_sentence(command("index", "--rebuild"))
    assert said == "nothing is stored in the collection web; run: appliance crawl URL"
    assert not (corpus.root / "frozen").exists()
    assert not (corpus.root / "milvus").exists()


def test_an_index_of_something_is_built(corpus: Corpus, command: Command) -> None:
    shutil.rmtree(corpus.root / "frozen")
    done = command("index")
    assert (done.code, done.out) == (0, "")
    assert "is frozen: 6 pages" in done.err
    assert command("search", "x").code == 0


@pytest.mark.parametrize(
    "target",
    ["/no/such/folder", "./nothing", "../nothing/here", "~/nothing at all", "~nobody-here/x",
     "docs/site", "/no/page.html", "/" + "x" * 300],
)  # fmt: skip
def test_a_path_that_is_not_there(
    corpus: Corpus, command: Command, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = one_sentence(command("crawl", target))
    assert said == f"there is no folder or file {target}; check the path"


@pytest.mark.parametrize("target", ["ftp://x.example/a", "mailto:a/b", "nothing"])
def test_what_is_no_path_is_still_called_an_address(
    corpus: Corpus, command: Command, target: str
) -> None:
    assert "address" in one_sentence(command("crawl", target))


def test_a_folder_without_an_index_page_begins_at_every_page(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    for name in ("b.html", "two words.html"):
        (folder / name).write_text("<p>The bridge carries a road.")
    (folder / "a.html").touch()
    with ExitStack() as servers:
        (site,) = _jobs(str(folder), {}, servers)
    assert list(site.seeds) == [
        f"http://pages.localhost/{name}" for name in ("a.html", "b.html", "two%20words.html")
    ]
    (folder / "index.html").write_text("<p>all of them")
    with ExitStack() as servers:
        (site,) = _jobs(str(folder), {}, servers)
    assert site.seeds == ("http://pages.localhost/",)


def test_an_empty_target_is_not_the_current_folder(corpus: Corpus, command: Command) -> None:
    for target in ("", " "):
        done = command("crawl", target)
        assert (done.code, done.out) == (2, "")
        assert "Error: a target is empty; give a URL, a folder or a sites.toml" in done.err


def test_an_address_that_cannot_be_reached_is_one_line(
    corpus: Corpus, process: Command, tmp_path: Path
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        arguments = ("crawl", "--workers", "1", address)
        done = process(*arguments, environment=corpus.environment, cwd=tmp_path)
        assert one_sentence(done) == (
            f"Nothing was stored: {address} could not be reached (connection refused); check the "
            "address, and that its server runs and can be reached from here."
        )
        # The twin: with -v the library's own lines stand before it.
        told = process("-v", *arguments, environment=corpus.environment, cwd=tmp_path)
    assert "scrapy.downloadermiddlewares.retry: Gave up retrying" in told.err
    assert told.err.endswith(done.err)


def test_an_unknown_model_names_those_that_exist(corpus: Corpus, command: Command) -> None:
    said = one_sentence(command("ask", "--model", "gpt", "How long is the Danube?"))
    assert "gpt" in said
    assert "appliance models" in said
    assert not list(corpus.runs.iterdir())


def test_questions_that_cannot_be_asked(corpus: Corpus, command: Command) -> None:
    done = command("ask", "--model", "none", "  ")
    assert (done.code, done.out) == (2, "")
    assert 'give a question, for example: appliance ask "How long is the Danube?"' in done.err
    done = command("ask", "--model", "none", "zxqvy")
    assert (done.code, done.out) == (1, "Nothing in the corpus matches the question.\n")
    assert read_run(corpus.runs, "last").outcome == "abstained"


def test_without_a_model_ask_says_how_to_install_one(corpus: Corpus, command: Command) -> None:
    done = command("ask", "How long is the Danube?")
    assert done.code == 0
    assert done.err == (
        "no model is installed, so the answer is the ranked quotes of the corpus; "
        "install one with: appliance models import FILE.gguf\n"
    )


def test_bytes_that_are_no_text_are_asked_all_the_same(corpus: Corpus, process: Command) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "appliance",
            "ask",
            "--model",
            "none",
            b"How long is the Danube\xff?",
        ],
        env={**os.environ, **corpus.environment},
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert read_run(corpus.runs, "last").question == "How long is the Danube\ufffd?"


def test_bad_settings_are_one_sentence_for_every_verb(corpus: Corpus, command: Command) -> None:
    path = corpus.root / "appliance.toml"
    path.write_text("colour = 1\n")
    for arguments in (("search", "x"), ("ask", "x"), ("replay", "x"), ("stop",), ("index",)):
        said = one_sentence(command(*arguments), code=2)
        assert said.startswith(f"{path} sets 'colour', which is no setting; the settings are: ")


def test_a_home_that_is_a_file(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("APPLIANCE_HOME", str(tmp_path / "file"))
    said = one_sentence(command("search", "x"))
    assert said.endswith("make room or set APPLIANCE_HOME to a folder of yours")


def test_a_database_that_cannot_be_reached(
    corpus: Corpus, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APPLIANCE_DATABASE_URL", f"postgresql:///x?host={tmp_path}")
    said = one_sentence(command("search", "x"))
    assert said.startswith("The database cannot be reached or was lost (")
    assert "check database_url" in said


def test_an_unexpected_error_goes_to_the_log_with_its_trace(
    corpus: Corpus, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(runs: Path) -> None:
        raise ZeroDivisionError("a fault of ours \x1b[31m")

    monkeypatch.setattr("appliance.cli.verbs.runs.read_runs", broken)
    log = corpus.root / "logs" / "errors.log"
    assert one_sentence(command("runs", "list"), code=70) == (
        f"unexpected ZeroDivisionError: a fault of ours [31m (trace: {log})"
    )
    assert "Traceback (most recent call last):" in log.read_text()
    monkeypatch.setenv("APPLIANCE_DEBUG", "1")
    assert "Traceback (most recent call last):" in command("runs", "list").err


def test_stopping_a_command_is_no_error_of_ours(
    corpus: Corpus, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(runs: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("appliance.cli.verbs.runs.read_runs", stopped)
    done = command("runs", "list")
    assert (done.code, done.out, done.err) == (130, "", "\nappliance: stopped\n")


def test_a_full_disk_is_one_sentence() -> None:
    assert _sentence(OSError(28, "No space left on device")) == (
        "the disk is full; make room, then run the same command again",
        1,
    )


def test_a_reader_that_goes_away_ends_it_quietly(corpus: Corpus, command: Command) -> None:
    command("ask", "--model", "none", "How long is the Danube?")
    with subprocess.Popen(
        [sys.executable, "-m", "appliance", "runs", "show", "last", "--json"],
        env={**os.environ, **corpus.environment},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        writer.stdout.close()
        assert writer.stderr.read() == b""
        assert writer.wait() == 1  # as click has it


def test_the_installed_script_from_another_directory(corpus: Corpus, tmp_path: Path) -> None:
    script = Path(sys.executable).parent / "appliance"
    if not script.is_file():
        pytest.skip("the package is not installed in this environment; run: make setup")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [script, "search", "--json", "-k", "1", "Danube"],
        env={**os.environ, **corpus.environment},
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["hits"][0]["url"] == DANUBE
    assert done.stderr == "encoder: BM25, which built the index\n"
    assert list(elsewhere.iterdir()) == []


def test_a_home_of_its_own_starts_and_stops_its_database(process: Command, tmp_path: Path) -> None:
    environment = {"APPLIANCE_HOME": str(tmp_path / "home")}
    try:
        said = one_sentence(process("search", "x", environment=environment, cwd=tmp_path))
        assert "appliance index" in said
        # Where nothing is indexed nothing is started.
        assert not (tmp_path / "home" / "postgres").exists()
        said = one_sentence(process("index", environment=environment, cwd=tmp_path))
        assert said.startswith("nothing is stored")
        assert (tmp_path / "home" / "postgres").is_dir()
    finally:
        stopped = process("stop", environment=environment, cwd=tmp_path)
    assert (stopped.code, stopped.out, stopped.err) == (0, "", "stopped\n")
    again = process("stop", environment=environment, cwd=tmp_path)
    assert (again.code, again.err) == (0, "it was not running\n")


def test_the_demonstration_model_is_not_imported_under_another_name(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("APPLIANCE_HOME", str(home))
    weights = tmp_path / "mine.gguf"
    shutil.copy(Registry(home / "models").path("demo"), weights)
    assert one_sentence(command("models", "import", str(weights), "--name", "mine")) == (
        "this is the demonstration model; ask it with --model demo"
    )
    assert list((home / "models").iterdir()) == []
    # The twin: one byte more makes it another model.
    with weights.open("ab") as file:
        file.write(b"\0")
    assert command("models", "import", str(weights), "--name", "mine").code == 0
    assert [folder.name for folder in (home / "models").iterdir()] == ["mine"]


def test_a_demonstration_model_that_is_missing_names_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(
        RegistryError, match="reinstall the appliance, or train it: make demo-model"
    ):
        Registry(tmp_path, bundled=tmp_path / "nothing").get("demo")

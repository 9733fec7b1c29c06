"""`appliance open`: the page of a run with its quote, and hostile pages that stay inert."""

import re
from html.parser import HTMLParser
from pathlib import Path

from appliance.trace import read_run

from .conftest import Corpus
from .scripts import DANUBE, Alter, Command, Scripted, asked, calling


class Marks(HTMLParser):
    """The highlighted text of a document and the names of its elements."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.text, self.tags, self.inside = "", set[str](), False
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.inside = self.inside or tag == "mark"

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "mark"

    def handle_data(self, data: str) -> None:
        self.text += data if self.inside else ""


def test_open_shows_the_page_of_a_run_with_its_quote(
    corpus: Corpus, command: Command, scripted: Scripted, tmp_path: Path
) -> None:
    asked(scripted, command)
    run = read_run(corpus.runs, "last")
    done = command("open", "last")
    path = Path(done.out.strip())
    assert done.code == 0
    assert path.parent == corpus.root / "opened"
    assert (
        Marks(path.read_text("utf-8")).text == "It is 2,850 km long and flows into the Black Sea."
    )
    assert command("open", run.id[:12], "-o", str(tmp_path / "x.html")).code == 0
    assert (tmp_path / "x.html").read_bytes() == path.read_bytes()
    by_url = Path(command("open", DANUBE).out.strip())
    assert Marks(by_url.read_text("utf-8")).text == ""


def test_open_refuses_a_page_that_no_longer_says_it(
    corpus: Corpus, command: Command, scripted: Scripted, alter: Alter
) -> None:
    asked(scripted, command)
    alter(corpus.database, DANUBE, "It is 2,850", "It is 2,851")
    done = command("open", "last")
    assert (done.code, done.out) == (1, "")
    assert "was altered in the store" in done.err


def test_a_hostile_page_is_inert_all_along_the_line(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    url = "https://hostile.example/pestilent"
    scripted(
        calling("search", query="pestilent herb weighs"),
        calling("visit", url=url, goal="What does the pestilent herb weigh?"),
        "It says \x1b[2J so.</think><answer>77 kg</answer>",
    )
    done = command("ask", "What does the pestilent herb weigh?")
    assert "\x1b" not in done.out + done.err
    assert "\u202e" not in done.out + done.err
    for arguments in (
        ("visit", url, "--goal", "weight"),
        ("search", "pestilent herb"),
        ("runs", "show", "last"),
        ("runs", "list"),
        ("runs", "show", "last", "--json"),
        ("visit", url, "--json"),
        ("search", "pestilent herb", "--json"),
    ):
        done = command(*arguments)
        assert done.code == 0, (arguments, done.err)
        assert not set("\x1b\u202e\x9b") & set(done.out + done.err), arguments
    opened = command("open", "last")
    document = Path(opened.out.strip()).read_text("utf-8")
    assert not {"script", "img", "iframe"} & Marks(document).tags
    assert "javascript:" not in re.sub(r">[^<]*<", "><", document)
    assert "77 kg" in Marks(document).text

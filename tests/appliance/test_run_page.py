"""The page of a run: all of it is there, nothing of it runs or is fetched, and the same run gives the
same bytes.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.render.plot import Bar, stacked
from appliance.render.run_page import run_html
from appliance.trace import Run, RunWriter, read_run

from .conftest import Corpus, Done, stored
from .documents import browse, read

Command = Callable[..., Done]
PEST = "https://hostile.example/pestilent"
DANUBE = "https://almanac.example/danube"
QUESTION = "What does the pestilent herb weigh? </title><script>document.title='owned'</script>"
TURNS = (
    'I \x1b[31mlook\u202e <script>document.title = "owned"</script></think>\n<tool_call>\n'
    '{"name": "search", "arguments": {"query": ["pestilent herb", "</pre><script>1</script>"]}}\n'
    "</tool_call>",
    'x</think>\n<tool_call>\n{"name": "visit", "arguments": {"url": '
    f'["{PEST}", "{DANUBE}", "https://evil.example/x?\\"onload=alert(1)"], "goal": '
    '"What does the pestilent herb weigh?"}}\n</tool_call>',
    "x</think>\n<answer>77 kg</answer>",
)
TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "section", "article", "div", "span",
    "h1", "h2", "h3", "p", "strong", "em", "small", "a", "mark", "blockquote", "pre", "code",
    "table", "thead", "tbody", "tr", "th", "td", "ul", "ol", "li", "dl", "dt", "dd", "details",
    "summary", "figure", "svg", "g", "rect", "line", "text",
}  # fmt: skip
"""All that a run's page is made of: nothing that loads, runs or sends."""
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "open", "viewbox",
    "role", "aria-label", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "text-anchor",
}  # fmt: skip


@pytest.fixture
def run(corpus: Corpus, command: Command, scripted: Callable[..., object]) -> Run:
    """A run whose question, model and pages are all hostile."""
    scripted(*TURNS)
    done = command("ask", QUESTION)
    assert done.code == 0, done.err
    return read_run(corpus.runs, "last")


def document(command: Command, run: Run, path: Path) -> str:
    done = command("runs", "show", run.id, "--html", str(path))
    assert (done.code, done.out) == (0, f"{path}\n"), done.err
    return path.read_text("utf-8")


def test_all_of_a_run_is_on_its_page(command: Command, run: Run, tmp_path: Path) -> None:
    page = document(command, run, tmp_path / "run.html")
    reader = read(page)
    (claim,) = run.all("evidence")[0]["claims"]  # type: ignore[misc, attr-defined]
    assert claim["evidence"], "the run must have a quote for this test to mean anything"
    for item in claim["evidence"]:
        marked = "".join("".join(reader.marks).split())
        for piece in re.findall(r"[\w.]+ kg", item["quote"]):
            assert "".join(piece.split()) in marked
        assert item["version"] in reader.text
    for said in (
        "77 kg",
        "What each step took",
        "Turn 1",
        "visit",
        "search",
        "Settings",
        PEST,
        "by Mallory",
    ):
        assert said in reader.text
    assert reader.text.count("thinking") == 3
    assert reader.tags.count("svg") == 2
    labels = [value for name, value in reader.attributes if name == "aria-label"]
    assert [str(label).split()[0] for label in labels] == ["Tokens", "Seconds"]
    # Each bar says its figures in words, and a table says them all again.
    assert page.count("<g><title>turn ") == 2 * len(run.all("turn"))
    assert "The figures as a table" in reader.text


def test_nothing_on_it_runs_or_is_fetched(command: Command, run: Run, tmp_path: Path) -> None:
    page = document(command, run, tmp_path / "run.html")
    reader = read(page)
    assert set(reader.tags) <= TAGS, set(reader.tags) - TAGS
    assert {name for name, _ in reader.attributes} <= ATTRIBUTES
    for name, value in reader.attributes:
        assert name != "href" or re.fullmatch(r"#page-\d+", str(value)), value
        assert "://" not in str(value), (name, value)
    style = page[page.index("<style>") + 7 : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in page
    assert reader.tags.count("style") == 1
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)
    # The hostile text is all there, as text.
    assert "document.title = 'owned'" in reader.text
    assert "<tool_response>" in reader.text
    assert "\ufffd[31mred" in reader.text


def test_the_same_run_gives_the_same_bytes(command: Command, run: Run, tmp_path: Path) -> None:
    first = document(command, run, tmp_path / "one.html")
    assert document(command, run, tmp_path / "two.html") == first


def test_light_and_dark_have_the_same_colours_by_name() -> None:
    from importlib.resources import files

    style = files("appliance.render").joinpath("run.css").read_text("utf-8")
    light, dark = [set(re.findall(r"--(\w+):", part)) for part in style.split("@media", 1)]
    assert light - dark == set()
    assert {"one", "two", "three", "mark", "ink", "paper"} <= dark


def test_a_page_that_is_gone_or_altered_is_said_to_be(
    corpus: Corpus, command: Command, run: Run, tmp_path: Path, alter: Callable[..., None]
) -> None:
    assert "is no longer in the store" not in document(command, run, tmp_path / "a.html")
    alter(corpus.database, PEST, "77 kg", "78 kg")
    page = document(command, run, tmp_path / "b.html")
    assert f"{PEST} in the version {stored(PEST).digest} is no longer in the store" in page
    assert "<mark" not in page


@pytest.mark.parametrize(
    "event",
    [
        {"type": "new-kind", "note": "</pre><script>1</script>"},
        {"type": "trim", "turn": 3, "stubbed": [1]},
        {"type": "evidence", "claims": "not a list"},
        {"type": "evidence", "claims": [{"claim": "c", "evidence": [{"url": 1}]}]},
        {"type": "evidence", "claims": [{"conflicts": [{"value": 1}, 2, {"evidence": {}}]}]},
        {"type": "quotes", "items": [{"quote": "<b>", "start": -1, "end": 10**9}]},
        {"type": "turn", "turn": "<b>", "prefilled": "x", "tokens": None},
        {"type": "call"},
    ],
)
def test_events_that_this_version_does_not_know_do_no_harm(
    tmp_path: Path, event: dict[str, Any]
) -> None:
    with RunWriter(tmp_path, {"question": "q", "model": "none"}, "r") as writer:
        writer.add(event)
    reader = read(run_html(read_run(tmp_path, "r"), {}))
    assert set(reader.tags) <= TAGS


def test_what_another_page_says_instead_is_shown(tmp_path: Path) -> None:
    def quote(text: str) -> dict[str, object]:
        return {"url": "https://a.example/x", "version": "sha256:1", "quote": text, "title": "X"}

    conflict = {"value": "<b>2 km", "evidence": quote("It is 2 km.")}
    claim = {"claim": "1 km", "evidence": [quote("It is 1 km.")], "conflicts": [conflict]}
    with RunWriter(tmp_path, {"question": "q", "model": "none"}, "r") as writer:
        writer.add({"type": "evidence", "claims": [claim]})
    text = read(run_html(read_run(tmp_path, "r"), {})).text
    assert "Another page that was read says <b>2 km:\nIt is 2 km." in text
    assert "It is 1 km." in text


def test_bars_are_as_high_as_their_figures() -> None:
    figure = stacked(
        "Tokens", ("read", "written"), [Bar("a", (30.0, 10.0)), Bar("b<", (0.0, 20.0))]
    )
    heights = [float(h) for h in re.findall(r'y="[\d.]+" width="[\d.]+" height="([\d.]+)"', figure)]
    bars = heights[-4:]
    assert (bars[2], bars[3]) == (0.0, bars[0] - bars[1])
    assert bars[0] == 3 * bars[1]
    assert "<title>b&lt;: read 0, written 20</title>" in figure
    assert 'aria-label="Tokens a step: 2 steps, 60 in all, 40 at most"' in figure
    assert stacked("Tokens", ("read",), []) == ""


@pytest.mark.browser
def test_it_opens_in_a_real_browser_without_a_network(
    command: Command, run: Run, tmp_path: Path
) -> None:
    control = tmp_path / "control.html"
    control.write_text("<title>x</title><script>document.title = 'owned'</script>")
    # The twin: this browser does run scripts, so their absence below means something.
    assert "<title>owned</title>" in browse(control, tmp_path)
    path = tmp_path / "run.html"
    document(command, run, path)
    dom = browse(path, tmp_path)
    title = re.search(r"<title>(.*?)</title>", dom, re.DOTALL)
    assert title
    assert title[1].startswith("What does the pestilent herb weigh? &lt;/title&gt;&lt;script&gt;")
    for forbidden in ("<script", "<iframe", "<img", "onerror=", "\x1b", "\u202e", 'href="http'):
        assert forbidden not in dom.replace("&lt;img src=x onerror=alert(1)&gt;", "")
    assert '<mark class="quote">' in dom
    assert dom.count("<svg") == 2
    # It is styled: the policy lets the page's own style sheet through, by its digest.
    spoiled = path.read_text("utf-8").replace("<style>", "<style>/**/", 1)
    (tmp_path / "spoiled.html").write_text(spoiled, "utf-8")
    assert picture(path, tmp_path) != picture(tmp_path / "spoiled.html", tmp_path)


def picture(path: Path, folder: Path) -> bytes:
    """The screenshot of a document."""
    target = folder / f"{path.stem}.png"
    browse(path, folder, f"--screenshot={target}")
    return target.read_bytes()


def test_the_manifest_is_shown_whole(tmp_path: Path) -> None:
    facts = {"question": "q", "model": "m<", "index": {"digest": "b2:1"}}
    with RunWriter(tmp_path, facts, "r"):
        pass
    text = read(run_html(read_run(tmp_path, "r"), {})).text
    assert "m<" in text
    assert json.dumps({"digest": "b2:1"}) in text

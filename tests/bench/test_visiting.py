"""The measure of visits: what counts as a date, a number or a name, and what the floors stand on."""

import json
import random
from pathlib import Path

import pytest

from bench.items import Held, Item, taken
from bench.longpages import Source, among
from bench.respelled import KINDS, varied
from bench.visiting import Tally, demo, evidence_of, first_tokens, main, printed, questions, world
from indexer.passages import count_tokens
from models.tokens import likely_tokens
from store.urls import aliases, url_hash

PAGE = (
    "The [Forth Bridge](/x) was opened on 4 March 1890 by the Prince of Wales. It cost 3,200,000 "
    "pounds and weighs 53 tonnes. Sir John Fowler planned it. 《福斯桥》建成于1890年3月4日。"
)


def test_items_are_compared_in_one_form() -> None:
    summary = (
        "The Forth Bridge, opened March 4, 1890 (1890-03-04), cost 3200000 pounds. The Prince of "
        "Wales came; Benjamin Baker did not. It was built in 1882."
    )
    assert taken(summary, PAGE) == {
        Item("date", "1890-3-4"),
        Item("number", "3200000"),
        Item("name", "forth bridge"),
        Item("name", "prince of wales"),
    }
    held = Held.of("Opened 4 March 1890.")
    assert held.says(Item("date", "1890-3-"))
    assert held.says(Item("number", "1890"))
    assert not held.says(Item("date", "1890-3-5"))
    assert not held.says(Item("number", "189"))
    assert taken("《福斯桥》 1890年3月4日", PAGE) == {
        Item("name", "福 斯 桥"),
        Item("date", "1890-3-4"),
    }


def test_a_long_page_holds_the_text_among_enough_of_others() -> None:
    others = [Source(f"Title {n}", f"word{n} " * 400) for n in range(9)]
    own = Source("Own", "The answer is here.")
    made = among(own, [own, *others], random.Random(1), least=2000)
    assert made.count("The answer is here.") == 1
    assert count_tokens(made) >= 2000
    assert made == among(own, [own, *others], random.Random(1), least=2000)
    assert made != among(own, [own, *others], random.Random(2), least=2000)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "url",
    [
        "https://en.wikipedia.org/wiki/Mercury_(planet)",
        "http://www.a.example/caf%C3%A9/",
        "https://a.example/b.html",
    ],
)
def test_each_kind_of_spelling_is_another_and_leads_back(url: str, kind: str) -> None:
    other = KINDS[kind](url)
    assert other != url
    assert url_hash(url) in {url_hash(other), *map(url_hash, aliases(other))}
    assert varied(url, random.Random(3)) == varied(url, random.Random(3))


def test_the_beginning_and_the_evidence_are_cut_out() -> None:
    assert likely_tokens(first_tokens("one two three " * 500, 100)) <= 100
    text = "… as follows: \n\nEvidence in page: \nA.\nB.\n\nSummary: \nA.\n\n"
    assert evidence_of(text) == "A.\nB."


def write(path: Path, *rows: object) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def test_the_trajectories_drive_the_tools(tmp_path: Path) -> None:
    filler = "Nothing of the kind is said in this long line of words. " * 40
    pages = [("https://bridges.example/forth", "Forth Bridge", PAGE)]
    pages += [(f"https://bridges.example/{n}", f"Other {n}", filler) for n in range(5)]
    write(
        tmp_path / "pages.jsonl",
        *({"url": u, "title": t, "text": x, "aliases": []} for u, t, x in pages),
    )
    visit = {"call": 1, "name": "visit", "arguments": {"url": [pages[0][0]], "goal": "opening"}}
    search = {"call": 0, "name": "search", "arguments": {"query": ["Forth Bridge"]}}
    write(tmp_path / "calls.jsonl", {"case": "a", "question": "When?", "calls": [search, visit]})
    summary = "Opened on 4 March 1890 by the Prince of Wales."
    write(
        tmp_path / "visits.jsonl",
        {"case": "a", "call": 1, "status": "ok", "url": pages[0][0], "summary": summary},
    )
    tally = world(tmp_path)
    assert (tally.calls, tally.errors, tally.visits) == (2, 0, 1)
    assert (tally.asked, tally.kept, tally.found) == (2, 2, 1.0)
    assert tally.first < tally.kept
    assert "1.0000" in printed([tally])
    write(tmp_path / "calls.jsonl", {"case": "a", "question": "", "calls": [
        {"call": 1, "name": "visit", "arguments": {"url": []}}]})  # fmt: skip
    assert world(tmp_path).errors == 1


def test_supporting_pages_are_visited_with_the_question(tmp_path: Path) -> None:
    filler = "Nothing of the kind is said in this long line of words. " * 40
    rows = [{"_id": f"d{n}", "title": f"Other {n}", "text": filler} for n in range(5)]
    rows.append({"_id": "forth", "title": "Forth Bridge", "text": PAGE})
    write(tmp_path / "corpus.jsonl", *rows)
    question = {
        "question": "Who planned the Forth Bridge?", "answer": "John Fowler",
        "answer_aliases": [], "supporting_doc_ids": ["forth", "d0"],
    }  # fmt: skip
    write(tmp_path / "questions.dev.jsonl", question)
    tally = questions("small", tmp_path)
    assert (tally.asked, tally.kept) == (1, 1)
    assert tally.longest <= 400


def test_the_demo_keeps_its_floor_against_the_beginning_of_the_page() -> None:
    tally = demo()
    assert tally.asked >= 60
    assert tally.share >= 0.9
    assert tally.first_share < 0.5


def test_a_set_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("APPLIANCE_SHARED", str(tmp_path))
    assert main(["musique"]) == 1
    assert "APPLIANCE_SHARED" in capsys.readouterr().err
    assert Tally("empty", "nothing").found == 1.0

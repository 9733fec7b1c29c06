"""What a purge takes out of a run: quotes and results of the pages, copies in what the model wrote,
and the answer that rests on them alone.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from appliance.copies import PURGED
from appliance.redaction import Redactor
from appliance.trace import read_run
from store.page import PageVersion
from store.urls import url_hash

from .conftest import WHEN, Corpus, Done
from .test_purge import calling

Command = Callable[..., Done]
AGENT, ANNEX = "https://registry.example/kestrel", "https://registry.example/annex"
KESTREL = (
    "# Agent Kestrel\n\nAgent Kestrel is Johanna Brandvold.\n\n"
    "| Fact | Value |\n| --- | --- |\n| Length | 4,321 m |\n\n- born near Lillehammer\n"
)


def test_only_a_copy_of_the_page_is_taken_from_what_a_model_wrote() -> None:
    redactor = Redactor(
        [], [], [("u", "Rhine", "The Rhine rises in the canton of Graubünden, at Toma.")]
    )
    copied = "So: the rhine rises in the CANTON of\nGraubünden at Toma - I see."
    assert redactor.scrub(copied) == f"So: {PURGED} - I see."
    turn = {"type": "turn", "completion": copied, "ids": [5, 6], "tokens": 2}
    assert redactor.event(turn, "r") == {
        **turn, "completion": f"So: {PURGED} - I see.", "ids": [], "purged": "r",
    }  # fmt: skip
    quote = {"url": "https://u.example/a", "version": "sha256:1", "quote": "Toma", "start": 1}
    page = Redactor([url_hash(quote["url"])], ["sha256:1"], [])
    event = {"type": "evidence", "claims": [{"conflicts": [{"value": "Toma", "evidence": quote}]}]}
    taken = {"value": PURGED, "evidence": {**quote, "quote": PURGED}}
    assert page.event(event, "r")["claims"] == [{"conflicts": [taken]}]
    other = {**turn, "completion": "So."}
    assert redactor.event(other, "r") is other
    for kept in ("The Rhine rises in the canton.", "", "It rises in Graubünden.", "x " * 50):
        assert redactor.scrub(kept) == kept
    chinese = Redactor([], [], [("u", "长江", "长江是中国最长的河流，全长约6300公里。")])
    assert chinese.scrub("我读到：长江是中国最长的河流。") == f"我读到：{PURGED}。"


@pytest.fixture
def agent(corpus: Corpus, command: Command, scripted: Callable[..., object]) -> str:
    """A run whose model wrote down whole short sentences of a page, and answered with its name."""
    page = PageVersion(AGENT, "Agent Kestrel", KESTREL, WHEN, lang="en")
    corpus.pages.add([page, replace(page, url=ANNEX, title="Annex", text="# Annex\n\nNothing.")])
    assert command("index").code == 0
    scripted(
        f"Open [Agent Kestrel]({AGENT}).</think>\n" + calling("visit", url=[AGENT], goal="Who?"),
        "Agent Kestrel is Johanna Brandvold, and | Length | 4,321 m |; born near Lillehammer."
        "</think>\n" + calling("search", query=["Johanna Brandvold", "rivers"]),
        "Agent Kestrel is\nJohanna Brandvold.</think>\n<answer>Johanna Brandvold</answer>",
    )
    assert command("ask", "Who is Agent Kestrel?").code == 0
    return read_run(corpus.runs, "last").id


def test_whole_sentences_rows_and_the_answer_go_too(
    corpus: Corpus, command: Command, agent: str
) -> None:
    path = corpus.runs / agent / "run.jsonl"
    before = path.read_text("utf-8")
    (evidence,) = read_run(corpus.runs, agent).all("evidence")
    assert [bool(claim["evidence"]) for claim in evidence["claims"]] == [True]  # type: ignore[attr-defined]
    for words in ("Johanna", "Brandvold", "4,321", "Lillehammer", f"[Agent Kestrel]({AGENT})"):
        assert words in before
    # The annex is of the same site and says none of this.
    assert command("purge", ANNEX, "--yes").code == 0
    assert path.read_text("utf-8").count("Brandvold") == before.count("Brandvold")
    assert command("purge", AGENT, "--yes").code == 0
    after = path.read_text("utf-8")
    for words in ("Johanna", "Brandvold", "4,321", "Lillehammer", f"[Agent Kestrel]({AGENT})"):
        assert words not in after
    run = read_run(corpus.runs, agent)
    assert run.question == "Who is Agent Kestrel?"
    assert run.answer == PURGED
    assert f"Open [(purged)]({AGENT})." in str(run.all("turn")[0]["completion"])
    assert f'"query": ["{PURGED}", "rivers"]' in str(run.all("turn")[1]["completion"])
    search = run.all("call")[1]
    assert f"A Google search for '{PURGED}' found" in str(search["text"])
    assert "A Google search for 'rivers' found" in str(search["text"])
    assert command("runs", "show", agent).code == 0
    assert command("runs", "show", agent, "--html", str(corpus.root / "r.html")).code == 0
    assert command("purge", AGENT, "--yes").code == 1
    assert path.read_text("utf-8") == after


def test_a_run_says_itself_what_was_copied_where_the_store_has_it_no_more() -> None:
    url, version = "https://u.example/a", "sha256:1"
    quote = {"url": url, "version": version, "quote": "He is Bo Ek.", "title": "The old man"}
    kept = {"url": "https://v.example/b", "version": "sha256:2", "quote": "He is Bo Ek."}
    turn = {"type": "turn", "completion": "He is Bo Ek. It is 7 m.", "ids": [5], "tokens": 1}
    answer = {"type": "answer", "text": "**Bo Ek**"}

    def left(*claims: dict[str, object]) -> list[str]:
        events = [turn, answer, {"type": "evidence", "claims": list(claims)}]
        redactor = Redactor([url_hash(url)], [version], []).for_run(events)
        found = [redactor.event(event, "r") for event in events]
        assert [redactor.event(event, "r") for event in found] == found
        said = found[2]["claims"]
        return [
            str(found[0]["completion"]), str(found[1]["text"]),
            *(str(claim["claim"]) for claim in said),  # type: ignore[attr-defined]
            *(item["quote"] for claim in said for item in claim["evidence"]),  # type: ignore[attr-defined]
        ]  # fmt: skip

    mine = {"claim": "Bo Ek", "evidence": [quote]}
    assert left(mine) == [f"{PURGED}. It is 7 m.", f"**{PURGED}**", PURGED, PURGED]
    # What another page says as well stays, and what that page is quoted with.
    both = {"claim": "Bo Ek", "evidence": [quote, kept]}
    assert left(both) == [f"{PURGED}. It is 7 m.", "**Bo Ek**", "Bo Ek", PURGED, "He is Bo Ek."]
    # Without a quote a claim goes when it stands on the page, and only then.
    alone: dict[str, object] = {"claim": "7 m", "evidence": []}
    assert left(mine, alone)[2:] == [PURGED, "7 m", PURGED]
    page = Redactor([url_hash(url)], [version], [(url, "The old man", "Bo Ek is 7 m tall.")])
    events = [turn, {"type": "answer", "text": "7 m"}]
    assert page.for_run(events).event(events[1], "r")["text"] == PURGED
    assert (
        page.for_run(events).event(events[0], "r")["completion"] == f"He is Bo Ek. It is {PURGED}."
    )
    vectors = {"type": "vectors", "items": [{"query": "Bo Ek is 7 m tall"}, {"query": "Bo"}]}
    assert page.for_run(events).event(vectors, "r")["items"] == [{"query": "Bo"}]


def test_of_other_pages_only_long_copies_are_taken() -> None:
    page = Redactor([], [], [("u", "Weir", "# Weir\n\nSee the list of weirs. It is old.")])
    hit = {"url": "https://v.example/b", "version": "sha256:2", "snippet": "See the list of weirs."}
    data = {"queries": [{"query": "See the list of weirs", "hits": [hit]}]}
    call = {"type": "call", "digest": "d", "text": "x", "data": data}
    assert page.event(call, "r")["data"] == {"queries": [{"query": PURGED, "hits": [hit]}]}
    assert page.scrub("I see the list of weirs, Dr.", written=True) == f"I {PURGED}, Dr."
    assert page.scrub("It is new.", written=True) == "It is new."

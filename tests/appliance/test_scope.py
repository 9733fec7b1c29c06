"""`ask --in`, `--site`, `--before`, `--after`: what lies outside is neither found nor opened."""

import json
from dataclasses import replace
from datetime import date

import pytest

from appliance.errors import ConfigError, RunError
from appliance.scope import NO_SCOPE, Scope, ScopedPages, recorded_scope, scope_of
from appliance.trace import read_run
from indexer.build import build
from indexer.encoders.lexical import LexicalEncoder
from store.pages import PageStore

from .conftest import PAGES, Corpus, stored
from .scripts import ANSWER, Command, Scripted, calling

DANUBE, RHINE, HOSTILE = (
    "https://almanac.example/danube",
    "https://almanac.example/rhine",
    "https://hostile.example/pestilent",
)
MIRROR = "https://mirror.example/danube"


def listed(corpus: Corpus) -> list[list[str]]:
    """The addresses that each query of the last run found."""
    return [
        [hit["url"] for hit in query["hits"]]
        for event in read_run(corpus.runs, "last").all("call")
        for query in event["data"].get("queries", ())  # type: ignore[attr-defined]
    ]


@pytest.fixture
def dated(corpus: Corpus) -> Corpus:
    """The corpus with a page of 2020 on a site of its own, and one page of 2024."""
    text = "# Danube\n\nAnother word on the Danube, whose length is 2,850 km, and its mouth."
    mirror = replace(stored(DANUBE), url=MIRROR, text=text, published=date(2020, 5, 1))
    text = "# Rhine\n\nThe Rhine is a river of about 1,230 km, said in 2024."
    late = replace(stored(RHINE), text=text, published=date(2024, 2, 1))
    corpus.pages.add([mirror, late])
    build(corpus.database, corpus.root, LexicalEncoder())
    return corpus


def test_every_search_and_every_visit_stays_on_the_site(
    dated: Corpus, command: Command, scripted: Scripted
) -> None:
    turns = [
        calling("search", query=["Danube length", "Danube site:almanac.example"]),
        calling("visit", url=[DANUBE, MIRROR], goal="length"),
        ANSWER,
    ]
    scripted(*turns)
    assert command("ask", "How long is the Danube?").code == 0
    free = listed(dated)
    assert DANUBE in free[0]
    assert MIRROR in free[0]
    scripted(*turns)
    done = command("ask", "--site", "mirror.example", "How long is the Danube?")
    assert done.code == 0
    assert listed(dated) == [[MIRROR], []]
    run = read_run(dated.runs, "last")
    assert run.manifest["scope"] == {"sites": ["mirror.example"]}
    pages = run.all("call")[1]["data"]["pages"]  # type: ignore[index]
    assert [page.get("missing", False) for page in pages] == [True, False]
    assert pages[0]["nearest"] == [MIRROR]
    # What lies outside is not missing from the corpus.
    misses = PageStore(dated.database).misses()
    assert not [miss for miss in misses if "danube" in str(miss)]
    # The replay obeys it, and tells when it did not.
    replayed = command("replay", "last")
    assert replayed.out.endswith("all 2 tool calls identical\n"), replayed.err
    path = dated.runs / run.id / "run.jsonl"
    first, *others = path.read_bytes().splitlines(keepends=True)
    manifest = {k: v for k, v in json.loads(first).items() if k != "scope"}
    path.write_bytes(b"".join([json.dumps(manifest).encode() + b"\n", *others]))
    assert command("replay", "last").code == 3


def test_days_bound_the_pages_too(dated: Corpus, command: Command, scripted: Scripted) -> None:
    turns = [
        calling("search", query=["river Danube Rhine"]),
        calling("visit", url=[RHINE, MIRROR, DANUBE], goal="length"),
        ANSWER,
    ]

    def reached(*words: str) -> tuple[list[str], list[str]]:
        scripted(*turns)
        assert command("ask", *words, "How long is it?").code == 0
        pages = read_run(dated.runs, "last").all("call")[1]["data"]["pages"]  # type: ignore[index]
        return sorted(listed(dated)[0]), [p["url"] for p in pages if not p.get("missing")]

    assert reached("--before", "2021") == ([MIRROR], [MIRROR])
    assert reached("--after", "2021") == ([RHINE], [RHINE])
    assert reached("--after", "2020-05-01", "--before", "2024-02-01") == ([MIRROR], [MIRROR])
    assert reached("--after", "2020", "--site", "almanac.example") == ([RHINE], [RHINE])


def test_quotes_keep_to_it_as_well(dated: Corpus, command: Command) -> None:
    words = ("ask", "--model", "none", "--json", "--site", "mirror.example", "Danube length")
    found = command(*words).json["quotes"]
    assert {quote["url"] for quote in found} == {MIRROR}
    assert command("replay", "last").code == 0


def test_another_collection_has_its_own_index(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    other = PageStore(corpus.database, "other")
    other.add([replace(stored(RHINE), text="# Rhine\n\nThe Rhine of the other collection.")])
    build(corpus.database, corpus.root, LexicalEncoder(), collection="other")
    scripted(calling("search", query=["Rhine"]), calling("visit", url=[RHINE], goal="x"), ANSWER)
    done = command("ask", "--in", "other", "How long is the Rhine?")
    assert done.code == 0, done.err
    assert listed(corpus) == [[RHINE]]
    run = read_run(corpus.runs, "last")
    assert run.manifest["corpus"]["collection"] == "other"  # type: ignore[index]
    assert "of the other collection" in str(run.all("call")[1]["text"])
    # Its replay needs no flag.
    assert command("replay", "last").out.endswith("all 2 tool calls identical\n")
    missing = command("ask", "--in", "nowhere", "How long is the Rhine?")
    assert (missing.code, missing.out) == (1, "")


def test_a_resumed_run_keeps_its_bounds(
    dated: Corpus, command: Command, scripted: Scripted
) -> None:
    scripted()
    assert command("ask", "--site", "mirror.example", "How long is the Danube?").code == 1
    scripted(calling("search", query=["Danube length"]), ANSWER)
    assert command("ask", "--resume", "last").code == 0
    assert listed(dated) == [[MIRROR]]


@pytest.mark.parametrize(
    ("sites", "before", "after", "said"),
    [
        (["two words"], None, None, "--site two words is not a host"),
        ([""], "soon", None, "--before soon is not a day, month or year, as in --before 2024-06"),
        ([], None, "2024-13-40", "--after 2024-13-40 is not a day, month or year"),
    ],
)
def test_what_is_no_site_and_no_day_is_refused(
    sites: list[str], before: str | None, after: str | None, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        scope_of(sites, before, after)


@pytest.mark.parametrize(
    ("before", "after"), [("2020", "2021"), ("2020", "2020"), ("2020-05-01", "2020-05-01")]
)
def test_days_that_nothing_lies_between_are_refused(before: str, after: str) -> None:
    with pytest.raises(ConfigError, match=f"no day lies from {after} on .*before {before} "):
        scope_of([], before, after)
    # A run that was made so is still read.
    assert recorded_scope({"scope": {"before": before, "after": after}}).before == before
    assert scope_of([], "2021", "2020").after == "2020"


def test_an_abstention_says_of_which_part_it_speaks(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    found = "No.</think><answer>not found</answer>"
    scripted(calling("search", query=["Danube length"]), found)
    done = command("ask", "--site", "nosuch.test", "How long is the Danube?")
    assert "Within site:nosuch.test the corpus does not hold the answer, as far as" in done.out
    done = command("ask", "--model", "none", "--site", "nosuch.test", "How long is the Danube?")
    assert done.out == "Nothing in the corpus within site:nosuch.test matches the question.\n"


def test_an_abstention_without_a_search_says_nothing_of_the_corpus(
    corpus: Corpus, command: Command, scripted: Scripted
) -> None:
    found = "No.</think><answer>not found</answer>"
    scripted(found)
    done = command("ask", "--tokens", "1000", "How long is the Danube?")
    assert "No answer: nothing was searched (the budget of 1000 tokens is nearly used up), " in (
        done.out
    )
    assert "does not hold" not in done.out
    scripted(found)
    done = command("ask", "How long is the Danube?")
    assert "No answer: nothing was searched, so this says nothing about the corpus.\n" in done.out
    scripted(calling("search", query=["Danube length"]), found)
    done = command("ask", "--turns", "1", "How long is the Danube?")
    assert "The corpus does not hold the answer, as far as the researcher has read.\n" in done.out
    assert "  ended early: the limit of 1 turn" in done.out


def test_days_without_any_dated_page_are_refused(corpus: Corpus, command: Command) -> None:
    done = command("ask", "--before", "2021", "How long is the Danube?")
    assert done.code == 2
    assert done.err.splitlines()[-1] == (
        "appliance: no page of this index says when it was published, so --before and --after "
        "would shut all of them out; leave them away"
    )


def test_a_scope_goes_through_a_manifest() -> None:
    scope = scope_of(["a.test", "b.test/x"], "2024-06", None)
    assert str(scope) == "site:a.test site:b.test/x before:2024-06"
    assert recorded_scope({"scope": scope.to_json()}) == scope
    assert recorded_scope({}) == NO_SCOPE == Scope()
    assert NO_SCOPE.to_json() == {}
    for damaged in ({"scope": 7}, {"scope": {"sites": 3}}, {"scope": {"before": "soon"}}):
        with pytest.raises(RunError, match="restore the run from a backup"):
            recorded_scope(damaged)


def test_a_page_lies_inside_or_not() -> None:
    page = replace(stored(DANUBE), published=date(2024, 6, 30))
    assert scope_of(["almanac.example"], None, None).holds(page)
    assert scope_of(["example"], None, None).holds(page)
    assert not scope_of(["mac.example"], None, None).holds(page)
    assert scope_of([], "2024-07", "2024-06-30").holds(page)
    assert not scope_of([], "2024-06-30", None).holds(page)
    assert not scope_of([], None, "2024-07").holds(page)
    assert not scope_of([], "2024-07", None).holds(replace(page, published=None))
    assert all(NO_SCOPE.holds(stored(url)) for url in PAGES)


def test_only_links_that_lie_inside_are_marked_as_held(dated: Corpus) -> None:
    both = [DANUBE, MIRROR]
    inside = ScopedPages.of(dated.pages, scope_of(["mirror.example"], None, None))
    assert dated.pages.held(both) == set(both)
    assert inside.held(both) == {MIRROR}

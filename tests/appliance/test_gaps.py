"""What runs looked for in vain is listed, fetched on request, and gone once it is there."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from appliance.gaps import unanswered, wanted
from appliance.trace import RunWriter, read_runs
from crawler.inside import inside_address
from store.gaps import Miss

from .conftest import WHEN, Corpus, Done

Command = Callable[..., Done]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "site"
    folder.mkdir()
    for name in ("elbe", "other"):
        text = (
            f"<title>{name}</title><h1>{name}</h1><p>The {name} is a river."
            + " It flows for a long way." * 9
        )
        (folder / f"{name}.html").write_text(f'{text}<a href="other.html">other</a>')
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def run(
    runs: Path,
    question: str,
    *events: dict[str, object],
    outcome: str = "abstained",
    model: str = "demo",
    **manifest: object,
) -> str:
    named = {"question": question, "model": model, "profile": model, **manifest}
    with RunWriter(runs, named) as writer:
        for event in events:
            writer.add(event)
        writer.add({"type": "end", "outcome": outcome, "seconds": 1})
    return writer.id


CALL: dict[str, object] = {
    "type": "call",
    "data": {
        "queries": [{"query": "Elbe length", "hits": []}],
        "pages": [{"url": "https://a.example/elbe", "missing": True}],
    },
}


def claims(*quotes: object) -> dict[str, object]:
    return {"type": "evidence", "claims": [{"claim": "x", "evidence": list(quotes)}]}


def test_a_question_is_open_until_a_run_answers_it_with_support(tmp_path: Path) -> None:
    first = run(tmp_path, "How long is the Elbe?", CALL)
    (left,) = unanswered(read_runs(tmp_path))
    assert (left.run, left.question, left.outcome) == (first, "How long is the Elbe?", "abstained")
    assert left.queries == ("Elbe length",)
    assert left.missing == ("https://a.example/elbe",)
    run(tmp_path, "How long is the Elbe?", claims(), outcome="answered")
    (left,) = unanswered(read_runs(tmp_path))
    assert left.outcome == "answered"
    run(tmp_path, "How long is the Elbe?", claims({"quote": "q"}), outcome="answered")
    assert unanswered(read_runs(tmp_path)) == []


QUOTES: dict[str, object] = {"type": "quotes", "items": [{"quote": "q"}]}


def test_quotes_alone_close_no_question_and_open_none_again(tmp_path: Path) -> None:
    without = run(tmp_path, "q", QUOTES, outcome="answered", model="none")
    (left,) = unanswered(read_runs(tmp_path))
    assert (left.run, left.why) == (without, "asked without a model")
    answered = run(tmp_path, "q", claims({"quote": "q"}), outcome="answered")
    assert unanswered(read_runs(tmp_path)) == []
    run(tmp_path, "q", QUOTES, outcome="answered", model="none")
    assert unanswered(read_runs(tmp_path)) == []
    last = run(tmp_path, "q", claims(), outcome="answered")
    run(tmp_path, "q", QUOTES, outcome="answered", model="none")
    (left,) = unanswered(read_runs(tmp_path))
    assert (left.run, left.why) == (last, "answered, but no quote supports it")
    assert answered != last


def test_a_question_within_bounds_is_another_one(tmp_path: Path) -> None:
    run(tmp_path, "q", claims({"quote": "q"}), outcome="answered")
    bounded = run(tmp_path, "q", scope={"sites": ["nosuch.test"], "before": "2021"})
    (left,) = unanswered(read_runs(tmp_path))
    assert (left.run, left.bounds) == (bounded, "site:nosuch.test before:2021")
    # An answer within the bounds says nothing of the question without them.
    run(tmp_path, "p")
    run(tmp_path, "p", claims({"quote": "q"}), outcome="answered", scope={"sites": ["a.test"]})
    assert [(gap.question, gap.bounds) for gap in unanswered(read_runs(tmp_path))] == [
        ("p", ""), ("q", left.bounds),
    ]  # fmt: skip


def test_each_collection_has_its_own_questions(
    corpus: Corpus, command: Callable[..., Done]
) -> None:
    for name in ("web", "other"):
        run(corpus.runs, f"What of {name}?", corpus={"collection": name, "seq": 1})
    run(corpus.runs, "Within?", scope={"sites": ["a.test"]})
    listed = command("gaps").out
    assert "What of web?  (abstained, run " in listed
    assert "\n  within: site:a.test\n" in listed
    assert "What of other?" not in listed
    questions = command("gaps", "--json", "--collection", "other").json["questions"]
    assert "What of other?" in {question["question"] for question in questions}
    assert "What of web?" not in {question["question"] for question in questions}


def test_only_addresses_are_fetched_and_none_inside_that_the_corpus_does_not_know() -> None:
    urls = (
        "https://a.example/x", "the page about the Elbe", "file:///etc/passwd",
        "http://localhost/x", "http://127.0.0.1:80/x", "http://169.254.169.254/latest",
        "http://[::1]/x", "http://10.0.0.8/x", "http://router/x", "http://8.8.8.8/x",
    )  # fmt: skip
    misses = [Miss(url, 1, WHEN) for url in urls]
    found = wanted(misses, lambda name: False, lambda name: "")
    assert found.urls == ("https://a.example/x", "http://8.8.8.8/x")
    assert len(found.left_out) == len(urls) - 2
    assert dict(found.left_out)["the page about the Elbe"] == "is not an address"
    assert dict(found.left_out)["http://router/x"] == "is on this machine or its network"
    found = wanted(misses, lambda name: name.startswith("127."), lambda name: "")
    assert "http://127.0.0.1/x" in found.urls
    assert found.known == ("127.0.0.1",)


@pytest.mark.parametrize(
    "name",
    [
        "127.1", "0x7f.0.0.1", "0177.0.0.1", "192.168.1", "2130706433", "10.8", "0.0.0.0",
        "100.64.0.1", "224.0.0.1", "240.0.0.1", "192.0.2.7", "[64:ff9b::7f00:1]", "[::7f00:1]",
        "[::ffff:127.0.0.1]", "[2002:7f00:1::]", "[fe80::1]", "[fd00::1]", "[fec0::1]", "[ff02::1]",
        "printer.home.arpa", "localhost.localdomain", "nas.lan", "db.internal", "x.localhost",
        "0xa9fea9fe",
    ],
)  # fmt: skip
def test_no_spelling_of_a_host_inside_is_fetched(name: str) -> None:
    misses = [Miss(f"http://{name}:8099/secret", 1, WHEN)]
    found = wanted(misses, lambda host: False, lambda host: "")
    assert found.urls == ()
    assert len(found.left_out) == 1
    assert wanted(misses, lambda host: True, lambda host: "").left_out == ()


@pytest.mark.parametrize("name", ["8.8.8.8", "[2606:4700::1111]", "[64:ff9b::808:808]", "a.b.com"])
def test_a_host_outside_is_fetched(name: str) -> None:
    found = wanted([Miss(f"http://{name}/x", 1, WHEN)], lambda host: False, lambda host: "")
    assert len(found.urls) == 1


def test_a_name_that_resolves_inside_is_left_out() -> None:
    misses = [Miss(f"http://{name}/x", 1, WHEN) for name in ("127.0.0.1.nip.example", "b.example")]
    inside = {"127.0.0.1.nip.example": "127.0.0.1"}
    found = wanted(misses, lambda host: False, lambda host: inside.get(host, ""))
    assert found.urls == ("http://b.example/x",)
    ((url, why),) = found.left_out
    assert url == "http://127.0.0.1.nip.example/x"
    assert why == "resolves to 127.0.0.1, on this machine or its network"
    # The system's own look-up, of a name that every system has.
    assert inside_address("localhost") in ("127.0.0.1", "::1")
    assert inside_address("8.8.8.8") == ""


def test_pages_asked_for_in_vain_are_listed_fetched_and_gone(
    corpus: Corpus, process: Command, site: str
) -> None:
    run(corpus.runs, "How long is the Elbe?", CALL)
    corpus.pages.record_miss(f"{site}/elbe.html", "r1")
    corpus.pages.record_miss(f"{site}/elbe.html", "r2")
    listed = process("gaps", environment=corpus.environment)
    assert listed.code == 0
    assert f"{site}/elbe.html" in listed.out
    assert "How long is the Elbe?" in listed.out
    assert "searched: Elbe length" in listed.out
    as_json = process("gaps", "--json", environment=corpus.environment).json
    assert [page["runs"] for page in as_json["pages"]] == [2]
    assert as_json["questions"][0]["queries"] == ["Elbe length"]
    # A host of this machine that the corpus has no page of is not fetched for a model.
    unknown = process("crawl", "--gaps", environment=corpus.environment)
    assert "no run has asked for a page in vain that could be fetched" in unknown.err
    assert f"left out: {site}/elbe.html is on this machine or its network" in unknown.err
    first = process(
        "crawl", "--workers", "1", "--max-depth", "0", f"{site}/other.html",
        environment=corpus.environment,
    )  # fmt: skip
    assert first.code == 0, first.err
    before = corpus.pages.count()
    done = process("crawl", "--gaps", "--workers", "1", environment=corpus.environment)
    assert done.code == 0, done.err
    assert corpus.pages.count() == before + 1
    assert corpus.pages.resolve(f"{site}/elbe.html") is not None
    assert corpus.pages.misses() == []


def test_nothing_asked_in_vain(corpus: Corpus, command: Command) -> None:
    done = command("gaps")
    assert (done.code, done.out) == (0, "No run has asked for anything in vain.\n")

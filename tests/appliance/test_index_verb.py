"""`appliance index verify` and `--repair`: lines, JSON, exit codes, and what they refuse."""

import json
from collections.abc import Callable

import pytest

from .conftest import Corpus, Done

Command = Callable[..., Done]


@pytest.fixture
def indexed_home(corpus: Corpus, command: Command) -> Corpus:
    """The small corpus with its vectors: the fixture brings the frozen index alone."""
    assert command("index", "--rebuild").code == 0
    return corpus


def lose_a_mark_and_a_row(corpus: Corpus) -> None:
    with corpus.database.raw() as connection:
        first, second = (
            row[0] for row in connection.execute("SELECT id FROM passage ORDER BY id LIMIT 2")
        )
        connection.execute("UPDATE passage SET encoder = NULL WHERE id = %s", (first,))
        connection.execute("UPDATE passage SET ordinal = 9 WHERE id = %s", (second,))


def test_an_index_that_is_right(indexed_home: Corpus, command: Command) -> None:
    done = command("index", "verify")
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines()[-1].endswith(": they agree")
    report = json.loads(command("index", "verify", "--json", "--no-encode").out)
    assert (report["ok"], report["repaired"], report["after"]) == (True, False, None)
    assert report["before"]["findings"] == []
    assert report["before"]["passages"] == report["before"]["vectors"] >= report["before"]["pages"]
    again = json.loads(command("index", "--repair", "--json").out)
    assert (again["ok"], again["repaired"]) == (True, False)


def test_damage_is_counted_and_repaired(indexed_home: Corpus, command: Command) -> None:
    lose_a_mark_and_a_row(indexed_home)
    done = command("index", "verify")
    assert done.code == 1
    lines = done.out.splitlines()
    assert [line.rsplit("; the first: ")[0] for line in lines] == [
        "store: unencoded: 1 passages that no run has encoded yet",
        "store: span: 1 passages with a wrong span, order or heading path",
    ]
    assert done.err.rstrip().endswith("run: appliance index verify --repair")
    mended = command("index", "--repair")
    assert mended.code == 0
    assert mended.out == done.out
    assert "repaired, 2 encoded again" in mended.err
    assert command("index", "verify").code == 0


def test_what_a_crawl_brought_needs_no_repair(indexed_home: Corpus, command: Command) -> None:
    with indexed_home.database.raw() as connection:
        connection.execute(b"UPDATE passage SET encoder = NULL")
    done = command("index", "verify")
    assert done.code == 1
    assert done.err.rstrip().endswith("run: appliance index")
    assert command("index").code == 0
    assert command("index", "verify").code == 0


def test_repair_as_json(indexed_home: Corpus, command: Command) -> None:
    lose_a_mark_and_a_row(indexed_home)
    done = command("index", "verify", "--repair", "--json")
    report = json.loads(done.out)
    assert (done.code, report["ok"], report["repaired"], report["encoded"]) == (0, True, True, 2)
    assert [one["kind"] for one in report["before"]["findings"]] == ["unencoded", "span"]
    assert [one["behind"] for one in report["before"]["findings"]] == [True, False]
    assert report["after"]["findings"] == []


def test_a_home_without_vectors_has_lost_them(corpus: Corpus, command: Command) -> None:
    report = json.loads(command("index", "verify", "--json").out)
    found = {(one["part"], one["kind"]): one["count"] for one in report["before"]["findings"]}
    assert found == {
        ("vectors", "missing"): report["before"]["passages"],
        ("vectors", "unnamed"): 1,
    }
    assert command("index", "--repair").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("--json", "verify"),
        ("--collection", "web", "verify"),
        ("--rebuild", "verify"),
        ("--rebuild", "--repair"),
        ("repare",),
    ],
)
def test_words_in_the_wrong_order(corpus: Corpus, command: Command, words: tuple[str, ...]) -> None:
    done = command("index", *words)
    assert (done.code, done.out) == (2, "")
    assert "Error: " in done.err


def test_the_settings_of_milvus_reach_it(
    corpus: Corpus, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APPLIANCE_MILVUS_INDEX", "DISKANN")
    done = command("index", "verify")
    assert done.code == 1
    assert "milvus_index names DISKANN, which Milvus Lite is not asked for here" in done.err
    monkeypatch.setenv("APPLIANCE_MILVUS_INDEX", "HNSW")
    monkeypatch.setenv("APPLIANCE_MILVUS_URI", "milvus.db")
    assert "which is no server: give http://HOST:PORT" in command("index").err
    monkeypatch.delenv("APPLIANCE_MILVUS_URI")
    assert command("index", "--repair").code == 0


def test_nothing_stored(corpus: Corpus, command: Command) -> None:
    done = command("index", "verify", "--collection", "wbe")
    assert done.code == 1
    assert "nothing is stored in the collection wbe" in done.err

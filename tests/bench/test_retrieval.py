"""Retrieval measured on collections of our own: what is read, indexed, written, printed, refused."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.ablation import CUTTING, RANKING, Loss, ablate, features_of, markdown
from bench.beir import RELEVANT, SUPPORT, VISITED, Collection, Document, bare, check_documents, read
from bench.errors import CollectionError, SettingError
from bench.measures import headline, interval, means, measures_of, per_query, percentile
from bench.quality import shared
from bench.retrieval import main, measure, run_lines, trec_lines
from bench.stored import HOST, Setting, Stored, encoder_named, fields_named, languages, stored

DOCUMENTS = [
    {"_id": "d1", "title": "Danube", "text": "The Danube flows through Vienna to the Black Sea."},
    {"_id": "d2", "title": "Vienna", "text": "Vienna is the capital of Austria, with an opera."},
    {
        "_id": "d3",
        "title": "Piano",
        "text": "The piano was invented in Florence by Cristofori.",
        "answer": "zebra",
        "metadata": {"note": "zebra"},
    },
    {"_id": "d4", "title": "Zebra crossings", "text": ""},
]
QUERIES = [
    {"_id": "q1", "text": "who invented the piano"},
    {"_id": "q2", "text": "Which river flows through Vienna?"},
    {"_id": "q3", "text": "quagga"},
]
QRELS = "query-id\tcorpus-id\tscore\nq1\td3\t1\nq2\td1\t2\nq2\td2\t1\nq3\td3\t1\nq3\td1\t0\n"
PAGES = [
    {"url": "https://www.a.test/danube/", "title": "Danube", "text": DOCUMENTS[0]["text"]},
    {"url": "https://b.test/vienna", "title": "Vienna", "text": DOCUMENTS[1]["text"]},
    {"url": "no address", "title": "Piano", "text": DOCUMENTS[2]["text"], "snippets": ["quagga"]},
]
SEARCHES = [
    {
        "qid": "s1",
        "query": "river Danube",
        "results": ["http://a.test/danube#top", "https://c.test/not-there"],
        "gold_visited": ["https://a.test/danube"],
        "gold_visited_before_next_search": [],
    },
    {"qid": "s2", "query": "quagga", "results": ["no address"], "gold_visited": []},
]


def write(folder: Path, **files: Any) -> Path:
    """Write files of text or of JSON lines; `__` in a name stands for its dot or slash."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        path = folder / name.replace("___", "/").replace("__", ".")
        path.parent.mkdir(exist_ok=True)
        text = value if isinstance(value, str) else "".join(json.dumps(v) + "\n" for v in value)
        path.write_text(text, "utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(
        tmp_path / "small", corpus__jsonl=DOCUMENTS, queries__jsonl=QUERIES, qrels__tsv=QRELS
    )


def collection(**judged: dict[str, dict[str, int]]) -> Collection:
    return Collection("made", Path("c"), Path("q"), None, (), judged, False)


def read_all(folder: Path) -> None:
    found = read(folder)
    check_documents(found, {document.id for document in found.documents()})


# What is read


def test_the_layout_of_beir(folder: Path) -> None:
    found = read(folder)
    assert [topic.id for topic in found.topics] == ["q1", "q2", "q3"]
    assert found.judged[RELEVANT] == {"q1": {"d3": 1}, "q2": {"d1": 2, "d2": 1}, "q3": {"d3": 1}}
    assert next(found.documents()) == Document("d1", "Danube", str(DOCUMENTS[0]["text"]))


def test_qrels_of_the_test_split_and_of_trec_are_read(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        corpus__jsonl=DOCUMENTS,
        queries__jsonl=QUERIES,
        qrels___test__tsv="q1 0 d3 1\n",
        qrels___train__tsv="q1\td1\t1\n",
    )
    assert read(folder).judged[RELEVANT] == {"q1": {"d3": 1}}
    other = read(folder, qrels=folder / "qrels" / "train.tsv")
    assert other.judged[RELEVANT] == {"q1": {"d1": 1}}


def test_questions_bring_their_split_and_their_support(tmp_path: Path) -> None:
    asked = [{"id": 7, "question": "river", "supporting_doc_ids": ["d1", "d2"]}]
    folder = write(
        tmp_path,
        corpus__jsonl=DOCUMENTS,
        questions__dev__jsonl=asked,
        qrels__dev__tsv="7\td1\t1\n",
        qrels__train__tsv="7\td4\t1\n",
    )
    found = read(folder)
    assert found.judged == {RELEVANT: {"7": {"d1": 1}}, SUPPORT: {"7": {"d1": 1, "d2": 1}}}
    assert [m.name for m in headline(found)] == ["support_recall@10"]


def test_pages_are_judged_by_their_address_in_any_spelling(tmp_path: Path) -> None:
    found = read(write(tmp_path, pages__jsonl=PAGES, queries__jsonl=SEARCHES))
    assert found.by_address
    assert found.judged[VISITED] == {"s1": {"a.test/danube": 1}}
    assert bare("https://www.a.test/%C3%A9t%C3%A9/#x") == "a.test/été"
    assert bare(" no address") == "no address"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no corpus": ({"corpus__jsonl": None}, "neither corpus.jsonl nor pages.jsonl"),
    "no queries": ({"queries__jsonl": None}, "name a file with --queries"),
    "not json": ({"corpus__jsonl": '{"_id": "d1"}\n{"_id": d2}\n'}, "Line 2 of .*not JSON"),
    "no object": ({"queries__jsonl": "[1]\n"}, "Line 1 of .*no JSON object"),
    "no id": ({"corpus__jsonl": [{"text": "x"}]}, "Line 1 of .*has no _id"),
    "same id": ({"corpus__jsonl": [*DOCUMENTS, DOCUMENTS[0]]}, "Line 5 of .*_id of line 1"),
    "empty": ({"corpus__jsonl": "\n"}, "holds no document"),
    "no text": ({"queries__jsonl": [{"_id": "q1", "text": " "}]}, "no id or no text"),
    "same query": ({"queries__jsonl": [*QUERIES, QUERIES[0]]}, "two queries with the id 'q1'"),
    "no judgement": ({"qrels__tsv": "q1\td1\tmuch\n"}, "Line 1 of .*is no judgement"),
    "nothing relevant": ({"qrels__tsv": "q1\td1\t0\n"}, "judges nothing relevant"),
    "other queries": ({"qrels__tsv": "x\td1\t1\n"}, "give the qrels of these queries"),
    "which qrels": (
        {"qrels__tsv": None, "qrels__a__tsv": QRELS, "qrels__b__tsv": QRELS},
        "--qrels",
    ),
    "other documents": ({"qrels__tsv": "q1\tz1\t1\nq2\tz2\t1\nq3\td1\t1\n"}, "2 of the 3 .*'z1'"),
}


@pytest.mark.parametrize(("files", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_said_in_a_sentence(
    folder: Path, files: dict[str, Any], said: str
) -> None:
    for name in [name for name, value in files.items() if value is None]:
        (folder / name.replace("__", ".")).unlink()
    write(folder, **{name: value for name, value in files.items() if value is not None})
    with pytest.raises(CollectionError, match=said) as caught:
        read_all(folder)
    assert str(caught.value).endswith((".", ")."))


def test_bytes_that_are_no_text_are_refused(folder: Path) -> None:
    (folder / "queries.jsonl").write_bytes(b'{"_id": "q1", "text": "\xff"}\n')
    with pytest.raises(CollectionError, match="UTF-8"):
        read(folder)


def test_a_few_judged_documents_may_be_missing_and_are_counted(folder: Path) -> None:
    write(folder, qrels__tsv=QRELS + "q1\tgone\t1\n")
    found = read(folder)
    assert "1 of the 4 documents" in check_documents(found, {"d1", "d2", "d3"})
    assert check_documents(found, {"d1", "d2", "d3", "gone"}) == ""


def test_unknown_fields_and_encoders_are_refused(tmp_path: Path) -> None:
    assert fields_named("title, text") == ("title", "text")
    assert encoder_named("lexical").name == encoder_named("bm25").name
    for wrong in ("answer,text", "url", ""):
        with pytest.raises(SettingError):
            fields_named(wrong)
    with pytest.raises(SettingError, match="no encoder 'best'"):
        encoder_named("best")


# What is measured


def test_measures_are_those_of_the_field() -> None:
    made = collection(relevant={"q1": {"a": 1, "b": 1}, "q2": {"c": 2, "d": 1}, "q3": {"e": 1}})
    run = {"q1": ["x", "a", "a", "y"], "q2": ["d", "c"], "q9": ["e"]}
    found = per_query(made, measures_of(made), run)
    second = 0.6309297535714575  # 1 / log2(3)
    ideal = 2 + second
    assert found["nDCG@10"]["q1"] == pytest.approx(second / (1 + second))
    assert found["nDCG@10"]["q2"] == pytest.approx((1 + 2 * second) / ideal)
    assert found["MRR@10"] == {"q1": 0.5, "q2": 1.0, "q3": 0.0}
    assert means(found)["Recall@100"] == pytest.approx((0.5 + 1 + 0) / 3)


def test_support_counts_in_part_and_whole() -> None:
    made = collection(support={"q1": {"a": 1, "b": 1}})
    run = {"q1": ["a", "1", "2", "3", "4", "5", "b"]}
    found = means(per_query(made, measures_of(made), run))
    assert (found["support_recall@5"], found["support_recall@10"]) == (0.5, 1.0)
    assert (found["all_support@5"], found["all_support@10"]) == (0.0, 1.0)
    assert means(per_query(made, measures_of(made), {}))["support_recall@10"] == 0.0


def test_places_beyond_the_cut_do_not_count() -> None:
    made = collection(relevant={"q": {"a": 1}})
    run = {"q": [*map(str, range(10)), "a"]}
    found = means(per_query(made, measures_of(made), run))
    assert (found["MRR@10"], found["nDCG@10"], found["Recall@100"]) == (0.0, 0.0, 1.0)


def test_intervals_hold_the_mean_and_are_the_same_every_time() -> None:
    differences = [0.0, 0.0, -0.5, 0.1, 0.0, -0.2, 0.3, -0.1]
    low, high = interval(differences)
    assert low < sum(differences) / 8 < high
    assert interval(differences) == (low, high)
    assert interval([0.0] * 9) == (0.0, 0.0)
    assert interval([-0.5] * 40 + [-0.4] * 40)[1] < 0.0


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(n) for n in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.95)) == (50.0, 95.0)
    assert percentile([3.0], 0.95) == 3.0


SCORERS = {
    "ir/cranfield": ("score_ir.py", ".", {}),
    "qa/musique": ("score_qa.py", "questions.dev.jsonl", {}),
    "world": (
        "score_world.py",
        "queries.jsonl",
        {"success@10": "success@10_gold", "mrr@10_visited": "mrr@10_gold"},
    ),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", SCORERS)
def test_figures_are_those_of_the_data_s_own_scorers(name: str, tmp_path: Path) -> None:
    data = shared()
    if not data.is_dir():
        pytest.skip(f"{data} is not there")
    script, questions, names = SCORERS[name]
    found = read(data / name)
    out = tmp_path / "run.jsonl"
    run = half_right(found)
    out.write_bytes(run_lines(run))
    mode = ["retrieval"] if script == "score_qa.py" else []
    done = subprocess.run(
        [sys.executable, data / script, *mode, data / name / questions, out],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    theirs = json.loads(done.stdout.split("\n")[0])
    ours = means(per_query(found, measures_of(found), run))
    # Where they have the name in small letters, ours in capitals is the same on qrels alone.
    pairs = [(key, names.get(key, key if found.by_address else key.lower())) for key in ours]
    compared = {key: ours[key] for key, other in pairs if other in theirs}
    assert compared == pytest.approx(
        {key: theirs[other] for key, other in pairs if other in theirs}, abs=1e-4
    )
    assert len(compared) >= 3
    assert 0.0 < min(compared.values()) < 1.0


def half_right(found: Collection) -> dict[str, list[str]]:
    """Lists of judged documents between others, longer than any cut."""
    documents = [document.id for document in found.documents()]
    run = {}
    for place, topic in enumerate(found.topics):
        judged = [key for rows in found.judged.values() for key in rows.get(topic.id, {})]
        if found.by_address:
            judged = [f"https://www.{key}/" for key in judged]
        others = documents[place * 3 : place * 3 + 120]
        mixed = [key for pair in zip(others[:8], judged, strict=False) for key in pair]
        run[topic.id] = [*mixed, *others]
    return run


# What is indexed and written


def test_a_language_told_of_few_documents_is_a_mistake(tmp_path: Path) -> None:
    english = "The river flows through the old town and past the castle to the sea."
    german = "Der Fluss fließt durch die alte Stadt und an der Burg vorbei bis zum Meer."
    rows = [{"_id": str(n), "text": english} for n in range(150)]
    few = [*rows, {"_id": "de", "text": german}, {"_id": "none", "text": "17"}]
    write(tmp_path, corpus__jsonl=few, queries__jsonl=QUERIES)
    assert set(languages(read(tmp_path))) == {"en"}
    # The twin: with enough of them it is a language of the collection.
    write(tmp_path, corpus__jsonl=[*few, {"_id": "de2", "text": german}])
    assert languages(read(tmp_path))[-3:] == ["de", "en", "de"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Collection, Stored]]:
    folder = write(
        tmp_path_factory.mktemp("small"),
        corpus__jsonl=DOCUMENTS, queries__jsonl=QUERIES, qrels__tsv=QRELS,
    )  # fmt: skip
    found = read(folder)
    with stored(found) as kept:
        yield found, kept


def test_the_product_answers_and_nothing_but_title_and_text_is_found(
    small: tuple[Collection, Stored],
) -> None:
    found, kept = small
    report, answers = measure(found, kept, Setting())
    assert answers.run["q1"][0] == "d3"
    assert answers.run["q2"][:1] == ["d1"]
    assert answers.run["q3"] == []
    assert (report.pages, report.queries, report.judged) == (4, 3, 3)
    assert report.measures["MRR@10"] == pytest.approx(2 / 3, abs=1e-4)
    assert report.index_bytes > 1000
    assert len(answers.milliseconds) == 3
    assert 0 < report.p50 <= report.p95
    # The twin: a word of a title alone is found, so the zebra's absence above is no accident.
    zebra = [topic for topic in found.topics if topic.id == "q3"]
    asked = kept.ask([type(zebra[0])("z", "zebra")], Setting()).run["z"]
    assert asked == ["d4"]


def test_each_feature_is_switched_off_in_turn(small: tuple[Collection, Stored]) -> None:
    found, kept = small
    said: list[str] = []
    losses = list(ablate(found, kept, Setting(), said.append))
    names = [feature.name for feature in features_of(Setting())]
    assert [loss.feature for loss in losses] == names
    assert said == [f"without {name}" for name in names]
    assert {"title boost", "stemming", "passages"} <= set(names)
    by_name = {loss.feature: loss for loss in losses}
    assert by_name["phrase preference"].difference == 0.0
    # Without stems "flows" and "invented" still match as written; all are measured on one scale.
    assert all(loss.low <= loss.difference <= loss.high for loss in losses)
    table = markdown([Loss("title boost", "nDCG@10", 0.5, 0.4, -0.1, -0.2, -0.01)])
    assert "| title boost | nDCG@10 | 0.5000 | 0.4000 | -0.1000 | -0.2000 to -0.0100 |" in table


def test_switching_a_feature_off_changes_only_that() -> None:
    before = Setting()
    for feature in features_of(before):
        after = feature.without(before)
        assert after != before
        if feature in RANKING:
            assert after.encoder is before.encoder
        if feature not in CUTTING:
            assert after.chunker == before.chunker
    assert len({f.without(before).encoder.digest for f in features_of(before)}) == 6


def test_the_command_writes_the_run_and_prints_the_measures(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run.jsonl"
    words = [str(folder), "--out", str(out), "--fields", "title", "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["fields"] == ["title"]
    assert {"nDCG@10", "Recall@100", "MRR@10"} == told["measures"].keys()
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["qid"] for row in rows] == ["q1", "q2", "q3"]
    assert all(row["urls"] == row["docs"] for row in rows)
    # Only titles were indexed: the river's page does not say Vienna there, the city's does.
    assert rows[1]["urls"] == ["d2"]


def test_pages_keep_their_addresses_and_what_is_none_still_counts(tmp_path: Path) -> None:
    changed = {**PAGES[1], "url": "http://b.test/vienna/", "text": "Vienna is full of zebras."}
    write(tmp_path, pages__jsonl=[*PAGES, changed], queries__jsonl=SEARCHES)
    found = read(tmp_path)
    with stored(found, language="en") as kept:
        report, answers = measure(found, kept, Setting())
        assert answers.run == {"s1": ["https://www.a.test/danube/"], "s2": []}
        assert report.measures["recall@10"] == pytest.approx((0.5 + 0) / 2)
        assert report.measures["success@10"] == 1.0
        assert (report.pages, report.repeated) == (3, 1)
        asked = kept.ask([type(found.topics[0])("z", "zebras")], Setting()).run["z"]
        assert asked == ["https://b.test/vienna"]
        assert HOST not in str(kept.known)


def test_a_refusal_is_one_line_and_leaves_no_run(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run.jsonl"
    (folder / "corpus.jsonl").write_text("{\n")
    assert main([str(folder), "--out", str(out)]) == 1
    assert "Line 1 of" in capsys.readouterr().err.splitlines()[-1]
    for wrong in (["--out", str(tmp_path / "no" / "run")], ["--out", str(tmp_path)]):
        assert main([str(folder), *wrong]) == 1
    assert main([str(folder), "--out", str(out), "--depth", "0"]) == 1
    assert not out.exists()


def test_run_files_in_both_forms() -> None:
    run = {"q1": ["b", "a"], "q2": []}
    assert [json.loads(line)["urls"] for line in run_lines(run).splitlines()] == [["b", "a"], []]
    assert trec_lines(run).decode() == "q1 Q0 b 1 2 appliance\nq1 Q0 a 2 1 appliance\n"
    with pytest.raises(SettingError, match="white space"):
        trec_lines({"q1": ["two words"]})

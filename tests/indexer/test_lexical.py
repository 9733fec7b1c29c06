"""BM25 as sparse vectors: pinned, equal in every process, and blind to the rest of the corpus."""

from collections.abc import Callable

from indexer.encoders import PassageText
from indexer.encoders.base import EMPTY
from indexer.encoders.choose import choose
from indexer.encoders.lexical import ASKING_WEIGHT, K1, Bm25, LexicalEncoder, term_id

ENCODER = LexicalEncoder()
DIGEST = "b2:4da9859c422198a63db8a1ddf8156474bbf78ba913365442dd6e46a541b9e8a5"
SOURCE = """
from indexer.encoders import PassageText
from indexer.encoders.lexical import LexicalEncoder
e = LexicalEncoder()
p = PassageText("The Danube is a river; rivers bend. 长江", "Danube", ("Course",), "en")
print(e.digest, e.encode_passages([p])[0].sparse, e.encode_query("who bends rivers", ["es", "en"]))
"""


def sparse(text: str, title: str = "", headings: tuple[str, ...] = ()) -> dict[int, float]:
    return ENCODER.encode_passages([PassageText(text, title, headings)])[0].sparse


def test_vectors_are_equal_in_processes_with_other_hash_seeds(fresh: Callable[..., str]) -> None:
    assert fresh(SOURCE, seed=1) == fresh(SOURCE, seed=2)


def test_the_digest_is_pinned() -> None:
    # Changing what a passage's vector depends on must change the digest; changing the digest
    # re-encodes every index there is. Both are decisions, so both are written down here.
    assert ENCODER.digest == DIGEST


def test_weights_saturate_and_shrink_with_length() -> None:
    once, often = sparse("river"), sparse("river " * 50)
    key = term_id("river")
    assert 0 < once[key] < often[key] < K1 + 1
    assert sparse("river " + "other " * 500)[key] < once[key]


def test_title_and_headings_count() -> None:
    key = term_id("danub")
    body = sparse("a long text about Danube")[key]
    assert body < sparse("a long text about Danube", headings=("Danube",))[key]
    assert sparse("a text", headings=("Danube",))[key] < sparse("a text", title="Danube")[key]


def test_no_term_gives_the_reserved_dimension_and_never_an_empty_vector() -> None:
    assert sparse(" … !") == {EMPTY: 1.0}
    assert EMPTY not in sparse("a river")


def test_words_that_ask_weigh_little_unless_there_is_nothing_else() -> None:
    weights = {t.ids: t.weight for t in ENCODER.encode_query("who painted it").terms}
    assert weights[(term_id("who"),)] == ASKING_WEIGHT
    assert weights[(term_id("paint"),)] == 1.0
    assert {t.weight for t in ENCODER.encode_query("The Who").terms} == {1.0}


def test_what_bm25_is_told_otherwise_is_another_encoder_but_for_queries_alone() -> None:
    passage = PassageText("Danubes", "Rivers of Europe", ("Course",))
    for constants in (Bm25(k1=0.9), Bm25(b=0.1), Bm25(length=90.0), Bm25(stemmed=False)):
        other = LexicalEncoder(constants)
        assert other.digest != DIGEST
        assert other.encode_passages([passage]) != ENCODER.encode_passages([passage])
    untitled = LexicalEncoder(Bm25(title=0.0)).encode_passages([passage])[0].sparse
    assert term_id("europ") not in untitled
    assert term_id("cours") in untitled
    asked = LexicalEncoder(Bm25(asking=1.0))
    assert asked.digest == DIGEST
    assert {t.weight for t in asked.encode_query("who painted it").terms} == {1.0}


def test_without_stems_words_are_whole_on_both_sides() -> None:
    plain = LexicalEncoder(Bm25(stemmed=False))
    held = plain.encode_passages([PassageText("Ríos y Danubes", language="es")])[0].sparse
    assert set(held) == {term_id(word) for word in ("rios", "y", "danubes")}
    assert [t.ids for t in plain.encode_query("Danubes", ["es", "en"]).terms] == [
        (term_id("danubes"),)
    ]


def test_a_query_word_stands_for_its_stems_in_all_languages_of_the_index() -> None:
    (term,) = ENCODER.encode_query("corriendo", ["es", "en"]).terms
    assert term_id("corr") in term.ids
    assert len(term.ids) == 2
    assert ENCODER.encode_query("", ["en"]).terms == ()


def test_without_weights_the_choice_is_bm25_and_says_why() -> None:
    choice = choose(None)
    assert choice.encoder.name == "bm25"
    assert "BGE-M3" in choice.reason

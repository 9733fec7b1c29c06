"""BM25 as sparse vectors: pinned, equal in every process, and blind to the rest of the corpus."""

from collections.abc import Callable

from indexer.encoders import PassageText
from indexer.encoders.base import EMPTY
from indexer.encoders.choose import choose
from indexer.encoders.fields import anchor_id, pair_id, term_id
from indexer.encoders.lexical import (
    ANCHOR_TERMS,
    ASKING_WEIGHT,
    K1,
    LEAD,
    PAIR_WEIGHT,
    Bm25,
    LexicalEncoder,
)

ENCODER = LexicalEncoder()
DIGEST = "b2:558f7c297cf0c30c0adf564e27f81cf1faaa849cb569419ee2c3e14f2e6760c8"
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
    weights = {t.ids: t.weight for t in ENCODER.words("who painted it")}
    assert weights[(term_id("who"),)] == ASKING_WEIGHT
    assert weights[(term_id("paint"),)] == 1.0
    assert {t.weight for t in ENCODER.words("The Who")} == {1.0}


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
    assert {t.weight for t in asked.words("who painted it")} == {1.0}


def test_without_stems_words_are_whole_on_both_sides() -> None:
    plain = LexicalEncoder(Bm25(stemmed=False))
    held = plain.encode_passages([PassageText("Ríos y Danubes", language="es")])[0].sparse
    assert set(held) == {term_id(word) for word in ("rios", "y", "danubes")}
    assert [t.ids for t in plain.words("Danubes", ["es", "en"])] == [(term_id("danubes"),)]


def test_words_of_the_address_count_as_words_of_the_page() -> None:
    page = PassageText("A river.", address="https://rivers.test/europe/blue-danube.html")
    held = ENCODER.encode_passages([page])[0].sparse
    assert {term_id("blue"), term_id("danub"), term_id("europ")} <= held.keys()
    assert held.keys().isdisjoint({term_id("html"), term_id("test"), term_id("https")})
    without = LexicalEncoder(Bm25(url=0.0))
    assert term_id("danub") not in without.encode_passages([page])[0].sparse
    assert without.digest != DIGEST


def test_pairs_are_kept_of_the_beginning_of_a_page_alone() -> None:
    text = f"The Prime Minister of France spoke. {'word ' * LEAD} The Blue Danube is a waltz."
    first, later = ENCODER.encode_passages(
        [PassageText(text, "Grand Canyon", first=first) for first in (True, False)]
    )
    minister, france, danube, canyon = (
        pair_id(term_id(a), term_id(b))
        for a, b in (
            ("prime", "minist"), ("minist", "franc"), ("blue", "danub"), ("grand", "canyon"),
        )
    )  # fmt: skip
    assert {minister, france, canyon} <= first.sparse.keys(), "words that ask are passed over"
    assert danube not in first.sparse
    assert later.sparse.keys().isdisjoint({minister, france, canyon, danube})
    assert later.sparse.keys() < first.sparse.keys()
    asked = {t.ids: t.weight for t in ENCODER.encode_query("minister of France").terms}
    assert asked[(france,)] == PAIR_WEIGHT
    assert (france,) not in {
        t.ids for t in LexicalEncoder(Bm25(pair=0.0)).encode_query("minister of France").terms
    }
    assert pair_id(1, 2) != pair_id(2, 1)


def test_words_of_links_are_other_terms_that_are_as_rare_as_the_words() -> None:
    held = ENCODER.encode_anchors([("the blue Danube", 4.0), ("Danube", 1.0)], "en")
    assert held[anchor_id("danub")] > held[anchor_id("blue")] > 0
    assert max(held.values()) < K1 + 1
    assert term_id("danub") not in held
    assert ENCODER.encode_anchors([]) == {}
    terms = {t.ids: t for t in ENCODER.encode_query("who crossed the Danube").terms}
    assert terms[(anchor_id("danub"),)].counted == (term_id("danub"),)
    assert (anchor_id("who"),) not in terms
    many = ENCODER.encode_anchors([("word" + "q" * n, 1.0) for n in range(1, 500)])
    assert len(many) == ANCHOR_TERMS
    assert max(many.values()) < held[anchor_id("danub")], "each of many names counts less"


def test_a_query_word_stands_for_its_stems_in_all_languages_of_the_index() -> None:
    (term,) = ENCODER.words("corriendo", ["es", "en"])
    assert term_id("corr") in term.ids
    assert len(term.ids) == 2
    assert ENCODER.encode_query("", ["en"]).terms == ()


def test_without_weights_the_choice_is_bm25_and_says_why() -> None:
    choice = choose(None)
    assert choice.encoder.name == "bm25"
    assert "BGE-M3" in choice.reason

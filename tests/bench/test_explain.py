"""A wrong answer is put down to the first step after which it could no longer be right."""

import pytest

from bench.explain import cause, evidence_of, holds, table

PAGE = "http://almanac.test/rivers/volga"
OTHER = "http://almanac.test/rivers/elbe"
SHOWN = "Evidence in page: \nIt flows for 3,530 kilometres.\n\nSummary: \nIt flows.\n\n"
BARE = "Evidence in page: \nIt flows.\n\nSummary: \nIt flows.\n\n"


def judged(**changes: object) -> dict[str, object]:
    return {"correct": False, "abstained": False, "prediction": "1,094 km", **changes}


@pytest.mark.parametrize(
    ("record", "listed", "visits", "wanted"),
    [
        (judged(correct=True), [PAGE], [(PAGE, SHOWN)], "right"),
        (judged(), [], [], "no search"),
        (judged(), [OTHER], [(OTHER, SHOWN)], "retrieval"),
        (judged(), [OTHER, PAGE], [(OTHER, BARE)], "choice"),
        (judged(), [PAGE], [(PAGE, BARE)], "evidence"),
        (judged(), [PAGE], [(PAGE, SHOWN)], "reading"),
        (judged(abstained=True, prediction="not found"), [PAGE], [(PAGE, SHOWN)], "gave up"),
        (judged(prediction=""), [PAGE], [(PAGE, SHOWN)], "no answer"),
        (judged(), [PAGE], [(OTHER, BARE), (PAGE, SHOWN)], "reading"),
    ],
)
def test_each_cause(
    record: dict[str, object], listed: list[str], visits: list[tuple[str, str]], wanted: str
) -> None:
    assert (
        cause(record, ["3,530 km", "3,530 kilometres"], listed, visits, ["/rivers/volga"]) == wanted
    )


def test_an_answer_where_there_is_none_is_made_up() -> None:
    assert cause(judged(), [], [PAGE], [(PAGE, SHOWN)], ["/rivers/volga"]) == "made up"


def test_without_pages_the_evidence_decides() -> None:
    assert cause(judged(), ["3,530 kilometres"], [OTHER], [(OTHER, SHOWN)], []) == "reading"


def test_the_goal_is_not_evidence() -> None:
    text = f"The useful information in {PAGE} for user goal 3,530 kilometres as follows: \n\n{BARE}"
    assert "3,530" not in evidence_of(text)
    assert "3,530" in evidence_of(SHOWN)


def test_a_page_is_known_by_its_end() -> None:
    assert holds(PAGE, ["/rivers/volga/"])
    assert not holds(PAGE, ["/rivers/volg"])


def test_what_a_real_run_showed_is_read_back(asked) -> None:  # type: ignore[no-untyped-def]
    assert len(asked.found.explained) == 20
    for one in asked.found.explained:
        assert one.said
        if one.cause in ("reading", "gave up"):
            assert one.opened
            assert any("Evidence in page" in text for text in one.shown)
            assert one.question in one.lines()
    counted = table(asked.found.explained).split("\n")
    assert counted[0].split()[:2] == ["kind", "asked"]
    assert sum(int(row.split()[1]) for row in counted[1:]) == 20

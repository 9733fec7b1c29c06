"""`visit`: evidence that slices back, sections, links and pages named, misses that help."""

import pytest

from appliance.tools import ToolResult
from appliance.tools.reading import HELD, OTHER
from appliance.tools.visit import VisitTool
from bench.corpus import text as invented
from models.tokens import likely_tokens
from models.wire import NOTHING
from store.database import Database
from store.page import PageVersion
from store.pagemarks import page_mark
from store.pages import PageStore

from .conftest import WHEN

LIGHT = "https://coast.example/lights/skerry"
KEEPER = "https://coast.example/people/ada-brix"
BODY = """## Skerry light

The lamp was lit on 4 May 1871 by [Ada Brix](../people/ada-brix), who had come from
[Leith](https://leith.example/town). ![plan](plan.png) See [below](#plans).

### Keepers

| Keeper | From |
|---|---|
| [Ada Brix](/people/ada-brix) | 1871 |
| Tom Ness | 1902 |
"""


@pytest.fixture
def pages(database: Database) -> PageStore:
    store = PageStore(database)
    marked = f"{page_mark(7)}\n\n{invented(5, 20)}\n\n{page_mark(8)}\n\n{BODY}\n\n{page_mark(9)}"
    store.add(
        [
            PageVersion(LIGHT, "Skerry", f"{marked}\n\n{invented(6, 60)}", WHEN, lang="en"),
            PageVersion(KEEPER, "Ada Brix", "# Ada Brix\n\nBorn in 1840.", WHEN, lang="en"),
        ]
    )
    return store


def visit(pages: PageStore, *urls: str, tokens: int = 150, goal: str = "") -> ToolResult:
    tool = VisitTool(pages, 0, record_misses=False, evidence_tokens=tokens)
    return tool.run({"url": list(urls), "goal": goal or "When was the lamp of Skerry lit?"}, "")


def evidence(result: ToolResult) -> str:
    return result.text.partition("Evidence in page: \n")[2].rpartition("\n\nSummary: \n")[0]


def test_evidence_is_in_the_budget_and_names_section_and_page(pages: PageStore) -> None:
    result = visit(pages, LIGHT)
    said = evidence(result)
    assert "The lamp was lit on 4 May 1871 by Ada Brix" in said
    assert "## Skerry light" in said
    assert "[page 8]" in said
    assert "[page 9]" not in said
    assert likely_tokens(said) <= 150
    (read,) = result.data["pages"]  # type: ignore[misc]
    page = pages.resolve(LIGHT)
    assert page is not None
    assert read["version"] == page.digest
    slices = "\n".join(page.text[start:end] for start, end in read["spans"])
    assert "by [Ada Brix](../people/ada-brix)" in slices
    at = next(n for n, (a, b) in enumerate(read["spans"]) if "4 May" in page.text[a:b])
    assert read["places"][at]["page"] == 8
    assert read["places"][at]["section"][-1] == "Skerry light"


def test_links_are_absolute_and_those_that_the_corpus_holds_stand_apart(pages: PageStore) -> None:
    result = visit(pages, LIGHT, tokens=300)
    summary = result.text.partition("\n\nSummary: \n")[2]
    lines = summary.strip().splitlines()
    assert f"{HELD} {KEEPER}" in lines
    assert f"{OTHER} https://leith.example/town" in lines
    assert "plan.png" not in summary
    assert "#plans" not in summary
    assert result.data["pages"][0]["links"] == [KEEPER]  # type: ignore[index]


def test_a_link_whose_page_is_gone_is_not_among_those_held(database: Database) -> None:
    pages = PageStore(database)
    pages.add([PageVersion(LIGHT, "Skerry", BODY, WHEN, lang="en")])
    said = visit(pages, LIGHT).text
    assert HELD not in said
    assert f"{OTHER} {KEEPER}" in said


def test_without_a_budget_of_tokens_evidence_is_bare_sentences(pages: PageStore) -> None:
    tool = VisitTool(pages, 20, record_misses=False)
    result = tool.run({"url": LIGHT, "goal": "When was the lamp of Skerry lit?"}, "")
    assert "4 May 1871" in evidence(result)
    assert "##" not in evidence(result)
    assert HELD not in result.text
    assert "places" not in result.data["pages"][0]  # type: ignore[index]


def test_several_pages_and_a_miss_that_names_what_is_near(pages: PageStore) -> None:
    result = visit(pages, LIGHT, "https://coast.example/people/ada-bricks", "no address", KEEPER)
    blocks = result.text.split("\n=======\n")
    assert len(blocks) == 4
    assert "4 May 1871" in blocks[0]
    assert f"Pages that are available: [Ada Brix]({KEEPER})" in blocks[1]
    assert NOTHING in blocks[2]
    assert "Born in 1840." in blocks[3]


@pytest.mark.parametrize(
    "asked",
    [
        "http://coast.example/lights/skerry",
        "https://www.coast.example/lights/skerry/",
        "https://m.coast.example/lights/skerry#keepers",
        "https://coast.example/%6cights/skerry",
    ],
)
def test_other_spellings_read_the_same_page(pages: PageStore, asked: str) -> None:
    assert evidence(visit(pages, asked)) == evidence(visit(pages, LIGHT))


def test_the_same_call_gives_the_same_bytes(pages: PageStore) -> None:
    assert visit(pages, LIGHT).digest == visit(pages, LIGHT).digest
    assert visit(pages, LIGHT).digest != visit(pages, LIGHT, goal="keepers").digest

"""PDFs: page marks, headings, paragraphs, tables, what it says of itself, and what is refused."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fpdf import FPDF
from fpdf.enums import AccessPermission

from bench import paper
from extraction.documents import pdf
from extraction.documents.draft import page_of
from extraction.documents.pdf_furniture import Sheet
from extraction.documents.pdf_layout import markdown
from extraction.documents.pdf_lines import HYPHEN, Cell, Line
from extraction.extract import Refusal
from extraction.kinds import read
from store.page import PageVersion
from store.pagemarks import page_mark, page_of_mark

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "data" / "samples"
NOW = datetime(2024, 1, 1, tzinfo=UTC)


def page(body: bytes, url: str = "doc://a.pdf") -> PageVersion:
    found = read(body, {}, url, NOW)
    assert isinstance(found, PageVersion), found
    return found


def reason(body: bytes) -> str:
    found = read(body, {"content-type": "application/pdf"}, "doc://a.pdf", NOW)
    assert isinstance(found, Refusal), found
    assert found.detail
    return found.reason


def marks(text: str) -> list[int]:
    return [n for line in text.split("\n") if (n := page_of_mark(line)) is not None]


def blank(**named: object) -> FPDF:
    made = FPDF(**named)
    made.set_font("Helvetica", size=11)
    return made


def lines(*texts: str, size: float = 10.0, left: float = 50.0, top: float = 700.0) -> list[Line]:
    """Lines of full width under one another."""
    return [
        Line(text, left, left + 400, top - 12 * k - 10, top - 12 * k, size, False,
             cells=(Cell(text, left, left + 400),))
        for k, text in enumerate(texts)
    ]  # fmt: skip


def test_each_page_has_its_mark_and_its_text() -> None:
    found = page(paper.pdf())
    assert marks(found.text) == [1, 2, 3]
    second = found.text.split(page_mark(2))[1].split(page_mark(3))[0]
    assert second.startswith(
        "\n\n# Lamps of the pier\n\nForty lamps of brass stand on the pier, and"
    )
    assert (found.title, found.author, found.lang) == ("The harbour book", "M. Keeper", "en")
    assert found.published is not None
    assert found.extractor == pdf.reader()


def test_a_page_without_words_counts_as_well() -> None:
    made = blank()
    made.add_page()
    made.multi_cell(0, text="Words on the first page. " * 20)
    made.add_page()
    made.add_page()
    made.multi_cell(0, text="Words on the third page. " * 20)
    assert marks(page(bytes(made.output())).text) == [1, 2, 3]


def test_the_largest_words_are_the_title_where_it_has_none() -> None:
    for title in ("", "Microsoft Word - draft.doc", "untitled", "report_v2.indd"):
        assert page(paper.pdf(title=title)).title == "Tides of the harbour"
    made = blank()
    made.add_page()
    made.multi_cell(0, text="All of one size, here as there. " * 20)
    assert (
        page(bytes(made.output()), "doc://in/Annual_report-2019.pdf").title == "Annual report-2019"
    )


def test_a_table_is_one() -> None:
    made = blank()
    made.add_page()
    rows = [
        ("Ship", "Masts", "Year"),
        ("Alma", "2", "1871"),
        ("Berta", "3", "1902"),
        ("C", "1", ""),
    ]
    with made.table(rows, borders_layout="NONE", first_row_as_headings=False):
        pass
    assert (
        "| Ship | Masts | Year |\n|---|---|---|\n| Alma | 2 | 1871 |\n| Berta | 3 | 1902 |\n| C | 1 | |"
        in page(bytes(made.output())).text
    )


def test_code_keeps_its_lines_and_a_typewritten_text_is_none() -> None:
    made = blank()
    made.add_page()
    made.multi_cell(0, text="Words about the code that follows here. " * 20, new_x="LMARGIN")
    made.set_font("Courier", size=10)
    for one in ("for ship in ships:", "    sail(ship)", "<!-- page 9 -->"):
        made.cell(text=one, new_x="LMARGIN", new_y="NEXT")
    text = page(bytes(made.output())).text
    assert "```\nfor ship in ships:\n    sail(ship)\n" in text
    assert marks(text) == [1]
    typed = FPDF()
    typed.set_font("Courier", size=10)
    typed.add_page()
    typed.multi_cell(0, text="A letter that was typed on a machine. " * 20)
    assert "```" not in page(bytes(typed.output())).text


def test_columns_of_prose_are_read_one_after_the_other() -> None:
    made = blank()
    for _ in range(2):
        made.add_page()
        with made.text_columns(ncols=2, gutter=10) as columns:
            columns.write("The left column speaks of the sea and of its tides at length. " * 40)
            columns.write("The right column speaks of lamps. " * 40)
    text = page(bytes(made.output())).text
    assert "speaks of the sea and of its tides at length. The left column speaks" in text
    assert "|" not in text


def test_turned_pages_read_as_others() -> None:
    straight = blank()
    straight.add_page()
    straight.multi_cell(0, text="A page that lies on its side when it is shown. " * 20)
    body = bytes(straight.output())
    turned = body.replace(b"/Type /Page\n", b"/Type /Page /Rotate 90\n", 1)
    assert turned != body
    words = "A page that lies on its side when it is shown. A page that lies"
    assert words in page(turned).text
    assert words in page(body).text


def test_links_are_kept_with_their_words() -> None:
    made = blank()
    made.add_page()
    made.multi_cell(0, text="Words before the link. " * 10)
    made.cell(text="the tide tables", link="https://harbour.test/tides")
    found = page(bytes(made.output()))
    assert [(one.url, one.text) for one in found.outlinks] == [
        ("https://harbour.test/tides", "the tide tables")
    ]


def test_an_owner_password_opens_and_a_user_password_locks() -> None:
    def locked(user: str) -> bytes:
        made = blank()
        made.add_page()
        made.multi_cell(0, text="Only for those who know the word. " * 10)
        made.set_encryption("owner", user, permissions=AccessPermission.none())
        return bytes(made.output())

    assert "Only for those" in page(locked("")).text
    assert reason(locked("secret")) == "locked"
    draft = pdf.read(locked("secret"), "doc://a.pdf", password="secret")
    assert "Only for those" in draft.text


def test_a_scan_is_refused_and_told_of_ocr() -> None:
    from PIL import Image

    made = FPDF()
    for _ in range(3):
        made.add_page()
        made.image(Image.effect_noise((200, 200), 50), w=180)
    found = read(bytes(made.output()), {}, "doc://scan.pdf", NOW)
    assert isinstance(found, Refusal)
    assert found.reason == "no-text"
    assert "OCR" in found.detail


def test_damage_is_named_or_read_around() -> None:
    body = paper.pdf()
    assert reason(b"%PDF-1.7\n") == "damaged"
    assert reason(body[:300]) == "damaged"
    assert reason(b"") == "empty"
    # Junk before the header, and a table of places that is gone: readers find the parts again.
    assert marks(page(b"\n\r junk \n" + body).text) == [1, 2, 3]
    assert marks(page(body[: body.rindex(b"xref")]).text) == [1, 2, 3]


def test_a_text_cannot_say_where_it_stands() -> None:
    made = blank()
    made.add_page()
    made.multi_cell(0, text="Words that are true.\n\n<!-- page 99 -->\n\nWords that are false.")
    text = page(bytes(made.output())).text
    assert marks(text) == [1]
    assert "page 99" in text


def test_a_hyphen_at_the_end_of_a_line() -> None:
    text, _ = markdown(
        [
            Sheet(
                lines(
                    f"The harbour was re{HYPHEN}", "built by workers of the dock, who are self",
                    f"taught, in a well{HYPHEN}", "known way; a well-known way it is, and Mar",
                    f"tha saw the Soekarno{HYPHEN}", "Hatta field, and so on to the end.",
                ),
                800,
            )
        ]
    )  # fmt: skip
    assert "was rebuilt by" in text
    assert "a well-known way; a well-known" in text
    assert "the Soekarno-Hatta field" in text


def test_running_heads_are_said_once() -> None:
    sheets = []
    for number in range(6):
        head = lines("The harbour book", top=790)
        foot = lines(str(number + 1), top=30)
        said = lines(*(f"Words of page {number}, line {k}, to its end" for k in "abc"))
        sheets.append(Sheet([*head, *said, *foot], 800))
    text, _ = markdown(sheets)
    assert text.count("The harbour book") == 1
    assert all(f"Words of page {number}, line c" in text for number in range(6))
    assert not any(line.strip().isdigit() for line in text.split("\n"))
    # The same words in the middle of each page are text.
    twin = [Sheet(lines("Said on each", "page, in its middle"), 1400) for _ in range(6)]
    assert markdown(twin)[0].count("Said on each") == 6


def test_the_same_bytes_give_the_same_page() -> None:
    body = paper.pdf()
    assert page(body) == page(body)


@pytest.mark.shared
def test_the_samples_have_their_pages_or_say_why_not() -> None:
    if not SAMPLES.exists():
        pytest.skip("the measuring data is not beside this checkout")
    rows = json.loads((SAMPLES / "manifest.json").read_text("utf-8"))
    rows = [row for row in rows if row["file"].startswith("pdf/")]
    assert len(rows) >= 10
    refused = {}
    for row in rows:
        body = (SAMPLES / row["file"]).read_bytes()
        found = read(body, {}, f"doc://{row['file']}", NOW, source="file:x")
        if isinstance(found, Refusal):
            refused[row["file"]] = found.reason
            if found.reason != "locked":
                continue
            draft = pdf.read(body, "", password="test")
            found = page_of(draft, f"doc://{row['file']}", NOW, 200, "")
        assert marks(found.text) == list(range(1, row["pages"] + 1)), row["file"]
        letters = sum(char.isalnum() for char in found.text)
        assert letters > 0.5 * row["text_chars"], row["file"]
        assert found.title
    assert refused == {
        "pdf/malformed-from-issue-932.pdf": "no-text",
        "pdf/password-example.pdf": "locked",
    }


@pytest.mark.shared
def test_the_title_and_the_day_of_a_sample() -> None:
    path = SAMPLES / "pdf/2023-06-20-PV.pdf"
    if not path.exists():
        pytest.skip("the measuring data is not beside this checkout")
    found = page(path.read_bytes())
    assert found.title.startswith("Comité de démolition - Procès-verbal")
    assert (found.published, found.lang) == (date(2023, 6, 21), "fr")

"""Word, PowerPoint and Excel files: what is text in them, where it stands, and what is refused."""

import zipfile
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import docx
import openpyxl
import pptx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from bench import paper
from extraction.extract import Refusal
from extraction.kinds import ENDINGS, read
from store.page import PageVersion

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def page(made: Any, ending: str = "") -> PageVersion:
    body = made if isinstance(made, bytes) else saved(made)
    found = read(body, {"content-type": ENDINGS.get(ending, "")}, "doc://a/b_c", NOW)
    assert isinstance(found, PageVersion), found
    return found


def refused(body: bytes, ending: str = ".docx") -> Refusal:
    found = read(body, {"content-type": ENDINGS[ending]}, "doc://a/b", NOW)
    assert isinstance(found, Refusal), found
    return found


def saved(made: Any) -> bytes:
    kept = BytesIO()
    made.save(kept)
    return kept.getvalue()


def changed(body: bytes, name: str, content: bytes | None) -> bytes:
    """A package with one part replaced (None: left out)."""
    made = BytesIO()
    with zipfile.ZipFile(BytesIO(body)) as old, zipfile.ZipFile(made, "w", 8) as new:
        for member in old.namelist():
            if member != name:
                new.writestr(member, old.read(member))
        if content is not None:
            new.writestr(name, content)
    return made.getvalue()


def xml(text: str) -> Any:
    space = nsdecls("w", "r").replace(" xmlns:r", "  xmlns:r")
    return parse_xml(text.replace(" NS", f" {space}", 1))


def test_a_document_of_word() -> None:
    found = page(paper.docx())
    assert found.text == (
        "# The harbour book\n\n## Tides of the harbour\n\n"
        "The tide turns at noon and the harbour fills within two hours.\n\n"
        "## Lamps of the pier\n\n"
        "Forty lamps of brass stand on the pier, and a keeper lights them.\n\n"
        "## The ferry's winter\n\n"
        "In winter the ferry sails twice a day, unless the strait is frozen.\n\n"
        "- rope\n- tar\n- oil\n\n| Ship | Masts |\n|---|---|\n| Alma | 2 |"
    )
    assert (found.title, found.author, found.lang) == ("The harbour book", "M. Keeper", "en")


def test_what_the_library_does_not_show_is_text_too() -> None:
    made = docx.Document()
    body = made.element.body
    for part in (
        '<w:p NS><w:ins w:id="1"><w:r><w:t>Words put in.</w:t></w:r></w:ins>'
        '<w:del w:id="2"><w:r><w:delText>Words put out.</w:delText></w:r></w:del></w:p>',
        "<w:sdt NS><w:sdtContent><w:p><w:r><w:t>Words in a control.</w:t></w:r></w:p>"
        "</w:sdtContent></w:sdt>",
        "<w:p NS><w:r><w:rPr><w:vanish/></w:rPr><w:t>Words that are hidden.</w:t></w:r></w:p>",
        "<w:p NS><w:r><w:pict><w:txbxContent><w:p><w:r><w:t>Words in a box.</w:t></w:r></w:p>"
        "</w:txbxContent></w:pict></w:r></w:p>",
        '<w:p NS><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>HYPERLINK '
        '"https://e.test/f"</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        '<w:r><w:t>a field</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>',
    ):
        body.insert(len(body) - 1, xml(part))
    found = page(made)
    assert found.text == (
        "Words put in.\n\nWords in a control.\n\nWords in a box.\n\n[a field](https://e.test/f)"
    )
    assert [link.url for link in found.outlinks] == ["https://e.test/f"]


def test_runs_of_one_look_are_one() -> None:
    made = docx.Document()
    paragraph = made.add_paragraph("It was ")
    for piece in ("very", " ", "old"):
        paragraph.add_run(piece).bold = True
    paragraph.add_run(", and ").italic = False
    paragraph.add_run("small").italic = True
    assert page(made).text == "It was **very old**, and *small*"


def test_lists_are_nested_and_numbered() -> None:
    made = docx.Document()
    for words, style in (
        ("one", "List Number"), ("two", "List Number"), ("inner", "List Bullet 2"),
        ("three", "List Bullet"),
    ):  # fmt: skip
        made.add_paragraph(words, style=style)
    assert page(made).text == "1. one\n2. two\n   - inner\n\n- three"


def test_merged_cells_are_said_in_each_row() -> None:
    made = docx.Document()
    table = made.add_table(rows=3, cols=3)
    for at, word in enumerate(["Port", "Ship", "Masts", "Ulm", "Alma", "2", "x", "Berta", "3"]):
        table.cell(at // 3, at % 3).text = word
    table.cell(1, 0).merge(table.cell(2, 0)).text = "Ulm"
    assert page(made).text == (
        "| Port | Ship | Masts |\n|---|---|---|\n| Ulm | Alma | 2 |\n| Ulm | Berta | 3 |"
    )


def test_footnotes_follow_the_text() -> None:
    made = docx.Document()
    made.add_paragraph("The tide turns")
    paragraph = made.paragraphs[0]._p
    paragraph.append(xml('<w:r NS><w:footnoteReference w:id="5"/></w:r>'))
    body = saved(made)
    rels = "word/_rels/document.xml.rels"
    with zipfile.ZipFile(BytesIO(body)) as archive:
        links, types = archive.read(rels), archive.read("[Content_Types].xml")
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    links = links.replace(
        b"</Relationships>",
        f'<Relationship Id="rId99" Type="{kind}" Target="footnotes.xml"/></Relationships>'.encode(),
    )
    types = types.replace(
        b"</Types>",
        b'<Override PartName="/word/footnotes.xml" ContentType="application/vnd.openxmlformats-'
        b'officedocument.wordprocessingml.footnotes+xml"/></Types>',
    )
    notes = (
        f'<w:footnotes {nsdecls("w")}><w:footnote w:id="5"><w:p><w:r><w:t>Twice a day.</w:t>'
        "</w:r></w:p></w:footnote></w:footnotes>"
    )
    body = changed(body, rels, links)
    body = changed(body, "[Content_Types].xml", types)
    body = changed(body, "word/footnotes.xml", notes.encode())
    assert page(body).text == "The tide turns[1]\n\n[1] Twice a day."


def test_slides_are_numbered_sections() -> None:
    text = page(paper.pptx()).text
    assert text.startswith("## Slide 1: Tides of the harbour\n\nThe tide turns at noon")
    assert "## Slide 3: The ferry's winter\n\nIn winter the ferry sails" in text
    assert "**Notes:** Speak of the moon first." in text


def test_tables_charts_and_groups_on_a_slide() -> None:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[6])
    corner = (Inches(1), Inches(4), Inches(4), Inches(2))
    table = slide.shapes.add_table(2, 2, *corner).table
    for at, word in enumerate(("Ship", "Masts", "Alma", "2")):
        table.cell(at // 2, at % 2).text = word
    data = CategoryChartData()
    data.categories = ["1871", "1872"]
    data.add_series("Sails", (3, 4.5))
    slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, *corner, data)
    group = slide.shapes.add_group_shape()
    box = group.shapes.add_textbox(Inches(1), Inches(0), Inches(2), Inches(1))
    box.text_frame.text = "Words in a group"
    text = page(made).text
    assert text.startswith("## Slide 1\n\nWords in a group\n\n")
    assert "| Ship | Masts |\n|---|---|\n| Alma | 2 |" in text
    assert "| 1871 | 3 |\n| 1872 | 4.5 |" in text


def test_sheets_are_sections_of_tables() -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = "Ships | all"
    for row in (
        ["Ship", "Built", "Share", "Afloat"],
        ["Alma", date(1971, 5, 4), 0.125, True],
        [],
        ["A line by itself"],
        [None, None, None, 7],
    ):
        sheet.append(row)
    sheet["C2"].number_format = "0.0%"
    made.create_sheet("Empty")
    found = page(made)
    assert found.text == (
        "## Ships | all\n\n| Ship | Built | Share | Afloat |\n|---|---|---|---|\n"
        "| Alma | 1971-05-04 | 12.5% | TRUE |\n\n"
        "| | |\n|---|---|\n| A line by itself | |\n| | 7 |\n\n## Empty"
    )
    assert found.title == "Ships | all"


def test_a_workbook_without_a_word_is_refused() -> None:
    assert refused(saved(openpyxl.Workbook()), ".xlsx").reason == "no-text"


@pytest.mark.parametrize("ending", [".docx", ".pptx", ".xlsx", ".epub"])
def test_a_bomb_is_refused_before_it_is_unpacked(ending: str) -> None:
    body = {".docx": paper.docx, ".pptx": paper.pptx, ".xlsx": paper.xlsx, ".epub": paper.epub}[
        ending
    ]()
    assert isinstance(read(body, {}, "doc://a", NOW), PageVersion)
    bomb = changed(body, "word/bomb.xml", b"0" * 60_000_000)
    assert len(bomb) < 200_000
    assert refused(bomb, ending).reason == "bomb"


def test_entities_that_multiply_are_not_resolved() -> None:
    levels = "".join(f'<!ENTITY e{k} "{f"&e{k - 1};" * 10}">' for k in range(1, 10))
    evil = (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "lol">{levels}<!ENTITY file SYSTEM '
        f'"file:///etc/passwd">]><w:document {nsdecls("w")}><w:body><w:p><w:r><w:t>Words '
        "&e9;&file; end</w:t></w:r></w:p></w:body></w:document>"
    )
    found = read(changed(paper.docx(), "word/document.xml", evil.encode()), {}, "doc://a", NOW)
    if isinstance(found, PageVersion):
        assert "lol" not in found.text
        assert "root:" not in found.text
    else:
        assert found.reason == "damaged"


@pytest.mark.parametrize(
    ("make", "ending", "part"),
    [
        (paper.docx, ".docx", "word/document.xml"),
        (paper.pptx, ".pptx", "ppt/presentation.xml"),
        (paper.xlsx, ".xlsx", "xl/workbook.xml"),
    ],
)
def test_a_package_without_its_heart_is_damaged(make: Any, ending: str, part: str) -> None:
    for content in (None, b"", b"<no", b"<x/>"):
        assert refused(changed(make(), part, content), ending).reason in ("damaged", "no-text")
    assert refused(make()[:1500], ending).reason == "damaged"
    assert refused(b"PK\x03\x04" + bytes(100), ending).reason == "damaged"


def test_a_locked_package_and_an_old_one_say_so() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)
    assert refused(ole).reason == "old-format"
    assert refused(ole + "EncryptedPackage".encode("utf-16-le")).reason == "locked"

"""Small documents of every format, made from nothing: for tests, and as seeds of mutated files.

Each maker returns bytes. They are the same from run to run as far as their libraries write them
so. It knows neither the readers nor the store.
"""

import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

PAGES = (
    ("Tides of the harbour", "The tide turns at noon and the harbour fills within two hours."),
    ("Lamps of the pier", "Forty lamps of brass stand on the pier, and a keeper lights them."),
    ("The ferry's winter", "In winter the ferry sails twice a day, unless the strait is frozen."),
)
"""Headings and sentences; each page, slide, sheet or chapter has one."""


def pdf(pages: Sequence[tuple[str, str]] = PAGES, title: str = "The harbour book") -> bytes:
    """Return a PDF with a page for each heading and its text."""
    from fpdf import FPDF

    made = FPDF()
    made.set_title(title)
    made.set_author("M. Keeper")
    for heading, text in pages:
        made.add_page()
        made.set_font("Helvetica", size=22)
        made.cell(text=heading, new_x="LMARGIN", new_y="NEXT")
        made.set_font("Helvetica", size=11)
        made.multi_cell(w=0, text=text if len(text) > 200 else " ".join([text] * 4))
    return bytes(made.output())


def docx(sections: Sequence[tuple[str, str]] = PAGES) -> bytes:
    """Return a Word document with a section for each heading, a list and a table."""
    import docx as library

    made = library.Document()
    made.core_properties.title = "The harbour book"
    made.core_properties.author = "M. Keeper"
    made.add_heading("The harbour book", 0)
    for heading, text in sections:
        made.add_heading(heading, 1)
        made.add_paragraph(text)
    for word in ("rope", "tar", "oil"):
        made.add_paragraph(word, style="List Bullet")
    table = made.add_table(rows=2, cols=2)
    for at, word in enumerate(("Ship", "Masts", "Alma", "2")):
        table.cell(at // 2, at % 2).text = word
    return _saved(made)


def pptx(slides: Sequence[tuple[str, str]] = PAGES) -> bytes:
    """Return a presentation with a slide for each heading."""
    import pptx as library

    made = library.Presentation()
    made.core_properties.title = "The harbour talk"
    for heading, text in slides:
        slide = made.slides.add_slide(made.slide_layouts[1])
        slide.shapes.title.text = heading
        slide.placeholders[1].text_frame.text = text
    made.slides[0].notes_slide.notes_text_frame.text = "Speak of the moon first."
    return _saved(made)


def xlsx(rows: int = 3) -> bytes:
    """Return a workbook of two sheets; the first has `rows` rows under a head."""
    import openpyxl

    made = openpyxl.Workbook()
    made.properties.title = "The harbour's accounts"
    first = made.active
    first.title = "Ships"
    first.append(["Ship", "Masts", "Share"])
    for number in range(rows):
        first.append([f"Alma {number}", number, number / 100])
        first.cell(number + 2, 3).number_format = "0.0%"
    second = made.create_sheet("Lamps")
    for heading, text in PAGES:
        second.append([heading, text])
    return _saved(made)


def epub(chapters: Sequence[tuple[str, str]] = PAGES) -> bytes:
    """Return an EPUB 3 with a chapter for each heading."""
    files = {
        "META-INF/container.xml": (
            '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
            '<rootfiles><rootfile full-path="OEBPS/book.opf" '
            'media-type="application/oebps-package+xml"/></rootfiles></container>'
        )
    }
    items, spine, entries = [], [], []
    for number, (heading, text) in enumerate(chapters, 1):
        name = f"chapter{number}.xhtml"
        files[f"OEBPS/{name}"] = (
            '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml">'
            f"<head><title/></head><body><h1>{heading}</h1><p>{text}</p>"
            '<p><a href="chapter1.xhtml">first</a> <a href="https://harbour.test/">more</a></p>'
            "</body></html>"
        )
        items.append(f'<item id="c{number}" href="{name}" media-type="application/xhtml+xml"/>')
        spine.append(f'<itemref idref="c{number}"/>')
        entries.append(f'<li><a href="{name}">{heading}</a></li>')
    files["OEBPS/nav.xhtml"] = (
        '<html xmlns="http://www.w3.org/1999/xhtml"><body><nav><ol>'
        f"{''.join(entries)}</ol></nav></body></html>"
    )
    files["OEBPS/book.opf"] = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<dc:title>The harbour book</dc:title>"
        "<dc:creator>M. Keeper</dc:creator><dc:language>en</dc:language><dc:date>1911-05-04"
        '</dc:date></metadata><manifest><item id="nav" href="nav.xhtml" properties="nav" '
        f'media-type="application/xhtml+xml"/>{"".join(items)}</manifest>'
        f"<spine>{''.join(spine)}</spine></package>"
    )
    return zipped({"mimetype": "application/epub+zip", **files})


def mhtml(url: str = "https://harbour.test/book", heading: str = PAGES[0][0]) -> bytes:
    """Return a page as a browser saves it, quoted-printable, with a picture beside it."""
    body = f"<html><head><title>{heading}</title></head><body><h1>{heading}</h1>" + "".join(
        f"<p>{text} Caf=C3=A9.</p>" for _, text in PAGES
    )
    return (
        f"From: <Saved by Blink>\r\nSnapshot-Content-Location: {url}\r\n"
        "Date: Thu, 4 May 2023 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/related; type="text/html"; boundary="--edge"\r\n\r\n'
        "----edge\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: quoted-printable\r\nContent-Location: {url}\r\n\r\n"
        f"{body}</body></html>\r\n"
        "----edge\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
        "Content-Location: https://harbour.test/p.png\r\n\r\niVBORw0KGgo=\r\n----edge--\r\n"
    ).encode()


def html(heading: str = PAGES[0][0], links: Sequence[str] = ()) -> bytes:
    """Return a web page with links."""
    anchors = "".join(f'<p>See <a href="{link}">the next one</a> as well.</p>' for link in links)
    words = "".join(f"<p>{text}</p>" for _, text in PAGES)
    return (
        f"<!doctype html><html><head><meta charset=utf-8><title>{heading}</title></head><body>"
        f"<main><h1>{heading}</h1>{words}{anchors}</main></body></html>"
    ).encode()


def markdown(url: str = "") -> bytes:
    """Return a Markdown file with front matter and a link to a neighbour."""
    own = f"url: {url}\n" if url else ""
    return (
        f"---\ntitle: The harbour's notes\ndate: 2021-03-04\nauthor: M. Keeper\n{own}---\n\n"
        f"# {PAGES[0][0]}\n\n{PAGES[0][1]} See [the lamps](lamps.txt).\n"
    ).encode()


def zipped(files: dict[str, str | bytes]) -> bytes:
    """Return a ZIP archive of files, in their order, with the day that ZIP begins with."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return made.getvalue()


def _saved(made: object) -> bytes:
    kept = BytesIO()
    made.save(kept)  # type: ignore[attr-defined]
    return kept.getvalue()


def bomb(folder: Path) -> Path:
    """A Word document with a part that unpacks to a thousand times its bytes."""
    path = folder / "book.docx"
    path.write_bytes(_with(docx(), {"word/document.xml": b"0" * 200_000_000}))
    return path


def entities(folder: Path) -> Path:
    """A billion laughs, and a file of the machine, in a book."""
    path = folder / "book.epub"
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    kinds = f'<!ENTITY l0 "lol">{levels}<!ENTITY file SYSTEM "file:///etc/passwd">'
    chapter = f"<?xml version='1.0'?><!DOCTYPE html [{kinds}]><html><body>&l9;&file;</body></html>"
    path.write_bytes(_with(epub(), {"OEBPS/chapter1.xhtml": chapter.encode()}))
    return path


def ways_out(folder: Path) -> Path:
    """A book whose parts are called like files outside of it."""
    path = folder / "book.epub"
    names = ("../../../../tmp/escaped", "/tmp/escaped", "..\\..\\escaped", "~/escaped")
    package = _parts(epub())["OEBPS/book.opf"].replace(b"chapter1.xhtml", names[0].encode())
    extra = dict.fromkeys(names, b"<html><body>A text behind a name.</body></html>")
    path.write_bytes(_with(epub(), {"OEBPS/book.opf": package, **extra}))
    return path


def _parts(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _with(body: bytes, changed: dict[str, bytes]) -> bytes:
    """A package with some parts replaced or added."""
    return zipped({**_parts(body), **changed})

"""A PDF → a draft: its text page by page, its links, what it says about itself.

pdfium reads it; this module opens the document and its pages one at a time. A page that cannot be
read stays as its mark alone, and the rest is kept. It knows nothing about how lines become text
(`pdf_layout`).
"""

import ctypes
import functools
from collections.abc import Iterator
from typing import Any

from store.page import Outlink

from .draft import Draft, Unfit, believed, day_of, line
from .pdf_furniture import Sheet
from .pdf_layout import markdown
from .pdf_lines import lines_of

MAGIC = b"%PDF-"
MAX_PAGES = 20_000
MAX_LETTERS = 6_000_000
"""Letters read before a document is refused as too large: a bound on what is held while reading."""
MAX_LINKS = 5_000
SCANNED = 30
"""Letters a page that are fewer than any page of text has; with pictures, it is a scan."""


@functools.cache
def reader() -> str:
    """Return the name under which pages remember what read them."""
    import pypdfium2.version as version

    return f"pdfium-{version.PDFIUM_INFO.build}/1"


def read(body: bytes, url: str, content_type: str = "", password: str | None = None) -> Draft:
    """Return the draft of a PDF; `password` opens one that wants it.

    Raises Unfit: `locked` (it wants another password), `no-text` (a scan), `damaged`, `too-large`.
    """
    import pypdfium2

    at = body.find(MAGIC, 0, 1024)
    try:
        document = pypdfium2.PdfDocument(body[max(at, 0) :], password=password)
    except pypdfium2.PdfiumError as error:
        said = str(error).lower()
        if "password" in said or "security" in said:
            detail = "it wants a password; import a copy of it that was saved without one"
            raise Unfit("locked", detail) from None
        raise Unfit("damaged", f"it cannot be opened ({_short(error)})") from None
    try:
        return _read(document)
    finally:
        document.close()


def _read(document: Any) -> Draft:
    pages = len(document)
    if not pages:
        raise Unfit("damaged", "it has not one page that can be found")
    if pages > MAX_PAGES:
        raise Unfit("too-large", f"it has {pages:,} pages, more than {MAX_PAGES:,}")
    sheets: list[Sheet] = []
    links: dict[str, str] = {}
    letters = pictures = unread = 0
    for number in range(pages):
        sheet, has_picture = _sheet(document, number, links)
        unread += sheet is None
        pictures += has_picture
        sheets.append(sheet or Sheet((), 0.0))
        letters += sum(len(one.text) for one in sheets[-1].lines)
        if letters > MAX_LETTERS:
            raise Unfit("too-large", f"its text has more than {MAX_LETTERS:,} letters")
    if unread == pages:
        raise Unfit("damaged", "not one of its pages can be read")
    if not letters or (letters < SCANNED * pages and pictures * 2 > pages):
        what = "pictures of pages" if pictures else "pages without text"
        detail = f"it holds {what}; recognise its text (OCR) with another program, and import that"
        raise Unfit("no-text", detail)
    text, largest = markdown(sheets)
    said = _metadata(document)
    return Draft(
        text=text,
        by=reader(),
        title=believed(said.get("Title", "")) or largest,
        lang=_language(document),
        author=said.get("Author", ""),
        published=day_of(said.get("CreationDate")) or day_of(said.get("ModDate")),
        outlinks=tuple(Outlink(url, words) for url, words in links.items()),
    )


def _sheet(document: Any, number: int, links: dict[str, str]) -> tuple[Sheet | None, bool]:
    """One page, None where it cannot be read, and whether a picture is on it."""
    import pypdfium2

    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        return None, False
    try:
        textpage = page.get_textpage()
    except pypdfium2.PdfiumError:
        page.close()
        return None, False
    try:
        lines = lines_of(textpage)
        for url, words in _links(document, page, textpage):
            if len(links) < MAX_LINKS and not links.get(url):
                links[url] = words
        return Sheet(lines, page.get_height()), len(lines) < 5 and _has_picture(page)
    finally:
        textpage.close()
        page.close()


def _has_picture(page: Any) -> bool:
    import pypdfium2.raw as pdfium

    kinds = (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM)
    count = min(2000, pdfium.FPDFPage_CountObjects(page))
    objects = (pdfium.FPDFPage_GetObject(page, k) for k in range(count))
    return any(pdfium.FPDFPageObj_GetType(one) in kinds for one in objects)


def _links(document: Any, page: Any, textpage: Any) -> Iterator[tuple[str, str]]:
    """The addresses that the page's links lead to, with the words under each."""
    import pypdfium2.raw as pdfium

    at, link, box = ctypes.c_int(0), pdfium.FPDF_LINK(), pdfium.FS_RECTF()
    seen = 0
    while seen < MAX_LINKS and pdfium.FPDFLink_Enumerate(page, at, link):
        seen += 1
        action = pdfium.FPDFLink_GetAction(link)
        if not action or pdfium.FPDFAction_GetType(action) != pdfium.PDFACTION_URI:
            continue
        length = pdfium.FPDFAction_GetURIPath(document, action, None, 0)
        if not 1 < length <= 2000:
            continue
        buffer = ctypes.create_string_buffer(length)
        pdfium.FPDFAction_GetURIPath(document, action, buffer, length)
        url = buffer.value.decode("utf-8", errors="replace").strip()
        if not url.lower().startswith(("http://", "https://")) or any(c.isspace() for c in url):
            continue
        words = ""
        if pdfium.FPDFLink_GetAnnotRect(link, box):
            words = textpage.get_text_bounded(box.left, box.bottom, box.right, box.top)
        yield url, line(words)[:200]


def _metadata(document: Any) -> dict[str, str]:
    import pypdfium2

    try:
        return dict(document.get_metadata_dict())
    except (pypdfium2.PdfiumError, UnicodeError):
        return {}


def _language(document: Any) -> str:
    import pypdfium2.raw as pdfium

    length = pdfium.FPDFCatalog_GetLanguage(document, None, 0)
    if not 2 < length <= 100:
        return ""
    buffer = ctypes.create_string_buffer(length)
    letters = ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort))
    pdfium.FPDFCatalog_GetLanguage(document, letters, length)
    return buffer.raw.decode("utf-16-le", errors="replace").rstrip("\x00")


def _short(error: Exception) -> str:
    return line(str(error).partition("(")[2].rstrip(").") or str(error)).removeprefix("PDFium: ")

"""Books (EPUB), saved pages (MHTML), Markdown and text: places, titles, links, and refusals."""

import zipfile
from datetime import UTC, date, datetime
from io import BytesIO

import pytest

from bench import paper
from extraction.extract import Refusal
from extraction.kinds import ENDINGS, HTML, PDF, kind_of, read
from store.page import PageVersion

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def page(body: bytes, ending: str = "", url: str = "doc://a/b_c.x") -> PageVersion:
    found = read(body, {"content-type": ENDINGS.get(ending, "")}, url, NOW)
    assert isinstance(found, PageVersion), found
    return found


def reason(body: bytes, ending: str, url: str = "doc://a/b") -> str:
    found = read(body, {"content-type": ENDINGS.get(ending, "")}, url, NOW)
    assert isinstance(found, Refusal), found
    assert found.detail
    return found.reason


def parts(body: bytes) -> dict[str, str | bytes]:
    with zipfile.ZipFile(BytesIO(body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_book_is_its_chapters_in_order() -> None:
    found = page(paper.epub())
    heads = [line for line in found.text.split("\n") if line.startswith("#")]
    assert heads == ["# Tides of the harbour", "# Lamps of the pier", "# The ferry's winter"]
    assert (found.title, found.author, found.lang, found.published) == (
        "The harbour book", "M. Keeper", "en", date(1911, 5, 4),
    )  # fmt: skip
    assert [link.url for link in found.outlinks] == ["https://harbour.test/"]


def test_a_chapter_without_a_heading_takes_it_from_the_contents() -> None:
    files = parts(paper.epub())
    files["OEBPS/chapter2.xhtml"] = "<html><body><p>No heading stands here.</p></body></html>"
    text = page(paper.zipped(files)).text
    assert "## Lamps of the pier\n\nNo heading stands here." in text


def test_a_missing_chapter_leaves_the_others_and_a_name_leads_nowhere() -> None:
    files = parts(paper.epub())
    del files["OEBPS/chapter1.xhtml"]
    files["OEBPS/book.opf"] = bytes(files["OEBPS/book.opf"]).replace(
        b"chapter3.xhtml", b"../../../../etc/passwd"
    )
    text = page(paper.zipped(files)).text
    assert "Forty lamps" in text
    assert "root:" not in text


def test_a_book_under_lock_is_refused_and_scrambled_fonts_are_none() -> None:
    def encrypted(method: str, target: str) -> bytes:
        files = parts(paper.epub())
        files["META-INF/encryption.xml"] = (
            "<encryption xmlns='urn:oasis:names:tc:opendocument:xmlns:container' "
            "xmlns:e='http://www.w3.org/2001/04/xmlenc#'><e:EncryptedData>"
            f"<e:EncryptionMethod Algorithm='{method}'/><e:CipherData>"
            f"<e:CipherReference URI='{target}'/></e:CipherData></e:EncryptedData></encryption>"
        )
        return paper.zipped(files)

    aes = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
    assert reason(encrypted(aes, "OEBPS/chapter1.xhtml"), ".epub") == "locked"
    assert page(encrypted("http://www.idpf.org/2008/embedding", "OEBPS/chapter1.xhtml"))


def test_a_broken_book_is_damaged() -> None:
    for name in ("META-INF/container.xml", "OEBPS/book.opf"):
        files = parts(paper.epub())
        files[name] = "<broken"
        assert reason(paper.zipped(files), ".epub") == "damaged"
    assert reason(paper.epub()[:400], ".epub") == "damaged"


def test_a_saved_page_has_its_own_address_and_day() -> None:
    found = page(paper.mhtml(), ".mhtml")
    assert (found.url, found.aliases) == ("https://harbour.test/book", ("doc://a/b_c.x",))
    assert found.fetched_at == datetime(2023, 5, 4, 10, tzinfo=UTC)
    assert "Café" in found.text
    nameless = paper.mhtml().replace(b"https://harbour.test/book", b"cid:1@x")
    assert page(nameless, ".mhtml").url == "doc://a/b_c.x"
    assert reason(b"MIME-Version: 1.0\r\n\r\nwords", ".mhtml") in ("damaged", "empty")
    assert reason(paper.mhtml()[:250], ".mhtml") in ("damaged", "empty")


def test_front_matter_is_what_a_file_says_of_itself() -> None:
    found = page(paper.markdown("https://e.test/notes"), ".md")
    assert (found.url, found.aliases) == ("https://e.test/notes", ("doc://a/b_c.x",))
    assert (found.title, found.published, found.author) == (
        "The harbour's notes", date(2021, 3, 4), "M. Keeper",
    )  # fmt: skip
    assert "---" not in found.text
    toml = b'+++\ntitle = "In TOML"\ndate = 2020-02-03\n+++\nWords of the file.\n'
    assert (page(toml, ".md").title, page(toml, ".md").published) == ("In TOML", date(2020, 2, 3))


@pytest.mark.parametrize(
    "front",
    ["a: &a [x,x]\nb: *a\ntitle: t", "title: [unclosed", "!!python/object:os.system x", "- a\n- b"],
)
def test_front_matter_that_cannot_be_read_is_text(front: str) -> None:
    assert front.split("\n")[0] in page(f"---\n{front}\n---\n\nThe words.".encode(), ".md").text


def test_titles_of_markdown_and_text() -> None:
    assert page(b"Words.\n\n# A **bold** [head](x.md)\n\nMore.", ".md").title == "A bold head"
    assert page(b"Underlined\n==========\n\nMore.", ".md").text.startswith("# Underlined")
    assert page(b"The tide\n\nIt turns at noon.", ".txt").title == "The tide"
    assert page(b"It turns at noon.\nIt fills.", ".txt").title == "b c"
    assert page(b"It turns.", ".txt", "doc://notes/The%20tide.txt").title == "The tide"


def test_links_of_markdown_are_whole_and_code_is_left() -> None:
    text = (
        b"See [one](../x/one.md#part 'a title'), [two](https://e.test/a_(b)), ![p](p.png).\n\n"
        b"`[code](c.md)`\n\n```\n[more](m.md)\n```\n"
    )
    found = page(text, ".md", "doc://notes/sub/a.md")
    assert [link.url for link in found.outlinks] == [
        "doc://notes/x/one.md", "https://e.test/a_(b)",
    ]  # fmt: skip
    assert "[one](doc://notes/x/one.md)" in found.text
    assert "`[code](c.md)`" in found.text
    assert "\n[more](m.md)\n" in found.text


def test_a_text_cannot_claim_a_page() -> None:
    for ending in (".md", ".txt"):
        text = page(b"Words.\n\n<!-- page 7 -->\n\nMore words.", ending).text
        assert "<!-- page" not in text
        assert "<!-- Page 7 -->" in text


def test_charsets_are_told_and_noise_is_refused() -> None:
    words = "Die Fähre fährt übers Wasser, öfter als früher. "
    for charset in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        assert "Fähre fährt übers" in page((words * 9).encode(charset), ".txt").text
    assert reason(bytes(range(256)) * 30, ".txt") == "bad-charset"
    assert reason(b"  \n", ".md") == "empty"
    assert reason(b"--- !!", ".txt") == "no-text"


def test_text_of_the_web_is_no_page() -> None:
    assert reason(b"User-agent: *\nDisallow: /", ".txt", "https://e.test/robots.txt") == "not-html"
    assert page(b"User-agent: *\nDisallow: /", ".txt")


def test_a_document_of_the_web_is_one() -> None:
    assert page(paper.pdf(), "", "https://e.test/a.pdf").url == "https://e.test/a.pdf"


def test_bytes_decide_before_names() -> None:
    assert kind_of(paper.pdf(), "text/html") == PDF
    assert kind_of(paper.docx(), "application/octet-stream") == "docx"
    assert kind_of(paper.epub(), "application/zip") == "epub"
    assert kind_of(b"<!doctype html><p>404", "application/pdf") == HTML
    assert kind_of(paper.html("What %PDF-1.7 means"), "") == HTML
    assert kind_of(paper.zipped({"a.txt": "x"}), "") == HTML

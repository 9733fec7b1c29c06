"""Crawls of what does not end like a page or is no page of HTML: documents, and pages named like files."""

from pathlib import Path

from bench.paper import docx, pdf
from crawler.options import CrawlOptions
from crawler.run import crawl
from crawler.serve_folder import serve as serve_folder
from store.pages import PageStore

QUICK = {"timeout": 20, "retries": 0, "workers": 1, "sitemaps": False}
ROOT = "http://harbour.test/"


def crawled(database, folder: Path, **more):
    """The report of a crawl of `folder` and what it stored, by address below the root."""
    import threading

    server = serve_folder(folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        proxy = f"http://127.0.0.1:{server.server_address[1]}"
        report = crawl(database, [ROOT], CrawlOptions(proxy=proxy, **(QUICK | more)))
    finally:
        server.shutdown()
        server.server_close()
    pages = {page.url.removeprefix(ROOT): page for page in PageStore(database).current()}
    return report, pages


def harbour(folder: Path, *names: str) -> None:
    links = "".join(f'<p><a href="{name}">{name}</a></p>' for name in names)
    prose = "The harbour of the town, its ferries and its lamps, in the words of their keepers."
    (folder / "index.html").write_text(
        f"<title>Harbour</title><h1>Harbour</h1><p>{prose}</p>{links}"
    )


def test_documents_at_crawled_addresses_are_read(database, tmp_path):
    harbour(tmp_path, "book.pdf", "plan.docx", "notes.txt", "old.doc")
    (tmp_path / "book.pdf").write_bytes(pdf())
    (tmp_path / "plan.docx").write_bytes(docx())
    (tmp_path / "notes.txt").write_text("The tide turns at noon. " * 20)
    (tmp_path / "old.doc").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))
    report, pages = crawled(database, tmp_path)
    assert set(pages) == {"", "book.pdf", "plan.docx"}
    assert pages["book.pdf"].title == "The harbour book"
    assert "The tide turns at noon" in pages["book.pdf"].text
    assert "Forty lamps of brass" in pages["plan.docx"].text
    # The twins: no reader is for these, and the report says what they are.
    failed = {one.url.removeprefix(ROOT): (one.reason, one.detail) for one in report.failures}
    assert failed == {
        "notes.txt": ("not-html", "it is text/plain"),
        "old.doc": ("not-html", "it is application/msword"),
    }


def test_a_document_may_be_no_larger_than_a_page(database, tmp_path):
    harbour(tmp_path, "book.pdf")
    body = pdf()
    (tmp_path / "book.pdf").write_bytes(body)
    report, pages = crawled(database, tmp_path, max_bytes=len(body) - 1)
    assert set(pages) == {""}
    assert report.refused == {"too-large": 1}


def test_pages_whose_names_end_like_files_are_followed(database, serve):
    site = serve()
    report = crawl(database, [site.url + "/wiki/"], CrawlOptions(**QUICK))
    stored = {page.url.removeprefix(site.url) for page in PageStore(database).current()}
    assert stored == {"/wiki/", "/wiki/Node.js", "/wiki/Robots.txt"}
    assert report.refused == {}

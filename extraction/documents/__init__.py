"""Readers of documents that are no web pages: bytes of a PDF, an Office file, a book → a page.

Each module reads one format with `read(body, url, content_type) -> Draft`, knows nothing about where
the bytes come from, and raises `Unfit` for what becomes no page. `extraction.kinds` chooses among them.
"""

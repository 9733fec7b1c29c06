"""Readers of documents that are no web pages: bytes of a PDF, an Office file, a book → a page.

Each module reads one format with `read(body, url, content_type) -> Draft`, raises `Unfit` for what
becomes no page, and knows nothing about where bytes come from. `extraction.kinds` chooses.
"""

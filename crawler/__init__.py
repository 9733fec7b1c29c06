"""The outside world in: the polite crawl, and extraction of pages to Markdown."""

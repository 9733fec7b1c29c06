"""The outside world in: the polite crawl."""

"""Documents that are not HTML: one file a format, from bytes to a page."""

"""From the bytes of a document to a page: charset, content, Markdown, links, metadata."""

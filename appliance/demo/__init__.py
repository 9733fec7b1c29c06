"""The demo corpus: "The Small Almanac", a site that we wrote, and its questions.

`site` renders and serves it; `questions` reads what may be asked of it. The crawl, the index and
the loop are the product's own and know nothing of this package.
"""

HOST = "almanac.test"
"""The name the demo site is crawled under; `.test` is reserved and never resolves (RFC 6761)."""

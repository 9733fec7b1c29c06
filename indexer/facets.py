"""What one address says: the host that serves the page, and the kind of file it names.

Pure functions of a canonical URL. The frozen index keeps their values as columns, so a change here
needs another `frozen.files.FORMAT`.
"""

from urllib.parse import urlsplit

HTML = "html"
# Endings of pages that a server makes: what arrives is HTML.
_MADE = ("html", "htm", "xhtml", "shtml", "php", "php3", "php5", "asp", "aspx", "jsp", "cgi", "do")
_SAME = {"markdown": "md", "text": "txt", "jpeg": "jpg"}
LONGEST_KIND = 10


def host_of(url: str) -> str:
    """Return the host of a canonical URL without `www.` and port; "" where it has none."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def kind_of(url: str) -> str:
    """Return the kind of file that a canonical URL names by its ending: `pdf`, `txt` …

    A web address without an ending, or with one of a page that a server makes, is `html`.
    """
    parts = urlsplit(url)
    stem, dot, ending = parts.path.rpartition("/")[2].lower().rpartition(".")
    if not stem or not dot or not ending.isalnum() or len(ending) > LONGEST_KIND:
        ending = ""
    if ending.isdigit():
        ending = ""  # /release-3.12, /arxiv/2401.01234: a number, no kind
    if not ending:
        return HTML if parts.scheme in ("http", "https") else ""
    return one_kind(ending)


def one_kind(ending: str) -> str:
    """Return the one name of a kind that has several endings: `htm` and `php` are `html`."""
    return HTML if ending in _MADE else _SAME.get(ending, ending)


def path_holds(url: str, site: str) -> bool:
    """Tell whether a canonical URL is `site` (host/path, no `www.`) or lies below it."""
    parts = urlsplit(url)
    here = f"{host_of(url)}{parts.path}"
    return here.rstrip("/") == site or here.startswith(f"{site}/")

"""The words that the address of a page says: those of its path, without what only a machine reads.

Pure text. What is left out is the host, endings of files, numbers that are no years, and the ids
that servers put into addresses. It stems nothing and weighs nothing.
"""

import re
from functools import lru_cache
from urllib.parse import unquote, urlsplit

LONGEST = 400
"""Letters of a path that are read."""
MOST = 24
"""Words at most: an address that says more is a list of something."""

_ENDING = re.compile(r"\.(?!\d+\Z)[A-Za-z0-9]{1,8}\Z")
_PIECE = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_YEAR = re.compile(r"(?:1\d|20)\d\d\Z")
_HEX = re.compile(r"(?=[a-f]*\d)[0-9a-f]{6,}\Z", re.IGNORECASE)
_TURN = re.compile(r"(?<=\d)(?=[A-Za-z])|(?<=[A-Za-z])(?=\d)")
# Parts of addresses that say how a server is built, in no language a word about the page.
_BUILT = """
index default home main wiki page pages article articles content contents node view html htm
php asp aspx jsp cgi bin www web site amp static public files file upload uploads
"""
_BUILT_WORDS = frozenset(_BUILT.split())


@lru_cache(maxsize=4096)
def url_words(url: str) -> str:
    """Return the words of a URL's path in their order, one space between them."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    parts = unquote(path[:LONGEST]).split("/")
    parts[-1] = _ENDING.sub("", parts[-1])
    words = [
        word
        for part in parts
        for piece in _PIECE.findall(part)
        if not _is_id(piece)
        for word in _CAMEL.split(piece)
        if _says_something(word)
    ]
    return " ".join(words[:MOST])


def _is_id(piece: str) -> bool:
    """Tell whether a piece of a path is the name that a machine gave: a hash, a key, a counter."""
    if piece.isdigit():
        return not _YEAR.match(piece)
    return bool(_HEX.match(piece)) or len(_TURN.split(piece)) > 3


def _says_something(word: str) -> bool:
    return (len(word) > 1 or not word.isascii()) and word.lower() not in _BUILT_WORDS

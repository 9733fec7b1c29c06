"""Which content types are never pages, so that their bytes need not be read at all.

The list is short on purpose: what is not on it goes to extraction, which knows what it can read.
"""

_NEVER = ("image/", "audio/", "video/", "font/", "model/", "application/font", "application/x-font")
_SCRIPTS = ("javascript", "ecmascript", "json", "css", "wasm", "x-shockwave-flash")


def kind_of(content_type: str) -> str:
    """The bare content type: lower case, without parameters."""
    return content_type.partition(";")[0].strip().lower()


def never_a_page(content_type: str) -> bool:
    """True for what is drawn, heard or run rather than read."""
    kind = kind_of(content_type)
    return kind.startswith(_NEVER) or kind.partition("/")[2].endswith(_SCRIPTS)

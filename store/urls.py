"""The one place where URLs are made canonical, hashed and varied. It knows nothing about pages that
exist: it only says how an address is written, when two addresses mean the same page, and which
other spellings are worth trying.

Two forms are kept apart:

- `canonical(url)` can still be fetched: it keeps the scheme, `www.` and a trailing slash, because
  a server may answer differently without them.
- `identity(url)` is only compared: scheme, `www.` and the trailing slash are gone, so that
  `http://www.example.org/a/` and `https://example.org/a` are one page. `url_hash` hashes it.
"""

import contextlib
import hashlib
import re
import unicodedata
from functools import lru_cache
from urllib.parse import (
    SplitResult,
    parse_qsl,
    quote,
    unquote_to_bytes,
    urlsplit,
    urlunsplit,
)

from .errors import UrlError

WEB_SCHEMES = frozenset({"http", "https"})
# Addresses of actions or of inline data: nothing behind them can be a stored page.
NO_PAGE_SCHEMES = frozenset({"javascript", "mailto", "data", "tel", "about", "blob", "sms"})
DEFAULT_PORTS = {"http": 80, "https": 443}
TRACKING_NAMES = frozenset(
    {"gclid", "gclsrc", "dclid", "gbraid", "wbraid", "fbclid", "msclkid", "twclid", "ttclid"}
    | {"yclid", "igshid", "mc_cid", "mc_eid", "_ga", "_gl", "_hsenc", "_hsmi", "mkt_tok"}
    | {"oly_anon_id", "oly_enc_id", "vero_id", "wickedid", "s_cid"}
)
TRACKING_PREFIXES = ("utm_", "pk_campaign", "pk_kwd", "hsa_")
MOBILE_LABELS = ("m", "mobile")
LONGEST = 8192
LONGEST_HOST = 253
# A key of an index has a limit, and no two words differ only after so many letters.
LONGEST_WORD = 64

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_BARE_HOST = re.compile(
    r"(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|[^\s/?#:@]+\.[^\W\d_]{2,})(?::\d+)?(?:[/?#].*)?\Z"
)
_PERCENT = re.compile(r"%([0-9a-fA-F]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\Z")
_IPV6 = re.compile(r"\[[0-9a-f:.]+\]\Z")
_PLAIN_IN_PATHS = frozenset("!$&'()*+,;=:@")
_PLAIN_IN_QUERIES = frozenset("!$'()*,;:@/?")
_CODED = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_EITHER = re.compile(r"[!$&'()*+,;:@%]")
# Left plain by nearly everything that writes addresses, by browsers' scripts, and by Python.
_ENCODERS = ("/:@!$&'()*+,;=", "/!'()*", "/", "/;@$!*(),:")
_VARIANT = re.compile(r"/(?:zh|sr|kk|ku|uz)(?:-[a-z]+)?/")
_WRAPPING = "<>\"'`()[]{}.,;:!\u201c\u201d\u2018\u2019\u3002\uff0c"


@lru_cache(maxsize=4096)  # A page that is stored or found asks for its own several times.
def canonical(url: str) -> str:
    """Return the canonical, still fetchable form of `url`; applying it twice changes nothing.

    Host in lower case and ASCII, no default port, user name, fragment or tracking parameter,
    dot segments resolved, percent-coding normal. A host without a scheme gets `https`. Schemes
    other than http(s) (`file:`, `urn:` …, from imports) are kept as they are.

    Raises UrlError for text that is no address of a page.
    """
    text = url.strip()
    if not text or len(text) > LONGEST:
        raise _refusal(url, "it is empty" if not text else f"it is longer than {LONGEST} letters")
    if text.startswith("//"):
        text = "https:" + text
    elif _BARE_HOST.match(text):
        text = "https://" + text
    match = _SCHEME.match(text)
    if match is None:
        raise _refusal(url, "it has no scheme")
    scheme = match[1].lower()
    if scheme in NO_PAGE_SCHEMES:
        raise _refusal(url, f"nothing can be fetched from a {scheme}: address")
    if scheme not in WEB_SCHEMES:
        rest = _CONTROL.sub(lambda found: quote(found[0]), text[match.end() :])
        if not rest.strip("/"):
            raise _refusal(url, "nothing follows its scheme")
        return f"{scheme}:{_encodable(rest, url)}"
    parts = _split(text, url)
    netloc = _host(parts, url)
    try:
        port = parts.port
    except ValueError:
        raise _refusal(url, "its port is not a number up to 65535") from None
    if port is not None and port != DEFAULT_PORTS[scheme]:
        netloc += f":{port}"
    path = _without_dots(_coded(_encodable(parts.path, url), "/:@!$&'()*+,;=")) or "/"
    query = _without_tracking(_coded(_encodable(parts.query, url), "/:@!$&'()*+,;=?"))
    form: str = urlunsplit((scheme, netloc, path, query, ""))
    return form


def identity(url: str) -> str:
    """Return what two addresses of one page have in common: no scheme, `www.` or last slash.

    Raises UrlError as `canonical` does.
    """
    text: str = canonical(url)
    parts = urlsplit(text)
    if parts.scheme not in WEB_SCHEMES:
        return text
    netloc = parts.netloc.removeprefix("www.")
    return f"{netloc}{parts.path.rstrip('/')}" + (f"?{parts.query}" if parts.query else "")


def url_hash(url: str) -> bytes:
    """Return the 16-byte BLAKE2b of `identity(url)`, by which pages are found.

    Raises UrlError as `canonical` does.
    """
    return hashlib.blake2b(identity(url).encode("utf-8"), digest_size=16).digest()


def host(url: str) -> str:
    """Return the host of `url` without port and `www.`, or "" where its scheme has none.

    Raises UrlError as `canonical` does.
    """
    parts = urlsplit(canonical(url))
    return (parts.hostname or "").removeprefix("www.") if parts.scheme in WEB_SCHEMES else ""


def coded_path(path: str) -> str:
    """Return `path`, the plain name of a file in an archive, as it stands in an address.

    Addresses that are not of the web are compared letter by letter; so they are written one way,
    and that is the way that stands in Markdown: brackets are coded.
    """
    return quote(path.encode("utf-8", "replace"), safe="/:@!$&'*+,;=~")


def aliases(url: str) -> tuple[str, ...]:
    """Return other canonical spellings under which the same page may be stored, likeliest first.

    Tried are: quotation marks and full stops around it, the mobile and the desktop host, an
    `index.html`, the ways to write a MediaWiki title, and letters that may stand percent-coded or
    not. None has the identity of `url`.
    """
    seen: set[str] = set()
    with contextlib.suppress(UrlError):
        seen.add(identity(url))
    found: list[str] = []
    for spelling in (url.strip(), url.strip().strip(_WRAPPING)):
        try:
            here = canonical(spelling)
        except UrlError:
            continue
        for other in (here, *_respelled(here)):
            for coded in (other, *_recoded(other)):
                for form in (coded, *_other_hosts(coded)):
                    key = identity(form)
                    if key not in seen:
                        seen.add(key)
                        found.append(canonical(form))
    return tuple(found)


def words(text: str) -> list[str]:
    """Return the lower-case words of a URL or a title that tell pages apart, in order."""
    decoded = _PERCENT.sub(lambda m: chr(int(m[1], 16)), text)
    try:
        decoded = decoded.encode("latin-1").decode("utf-8")
    except UnicodeError:
        decoded = text
    spaced = decoded.replace("_", " ").lower()
    return [word[:LONGEST_WORD] for word in re.findall(r"\w+", spaced) if word not in _DULL]


_DULL = frozenset(
    {"http", "https", "www", "com", "org", "net", "html", "htm", "php", "index", "wiki", "en", "m"}
    | {"the", "of", "and", "a", "an", "in", "to", "for"}
)


def _refusal(url: str, why: str) -> UrlError:
    shown = url.strip()[:80].encode("unicode_escape").decode("ascii")
    return UrlError(
        f"“{shown}” is not the address of a page ({why}); write it in full, "
        "for example https://example.org/page"
    )


def _encodable(text: str, url: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise _refusal(url, "it holds half of a character pair") from None
    return text


def _split(text: str, url: str) -> SplitResult:
    try:
        # urlsplit drops tabs and line ends inside an address; so do browsers.
        return urlsplit(text)
    except ValueError:
        raise _refusal(url, "its host cannot be read") from None


def _host(parts: SplitResult, url: str) -> str:
    name = parts.netloc.rpartition("@")[2].lower()
    if name.startswith("["):
        name = name.partition("]")[0] + "]"
        if not _IPV6.match(name):
            raise _refusal(url, "its host cannot be read")
        return name
    name = name.partition(":")[0].rstrip(".")
    if not name.isascii() or "%" in name:
        try:
            name = _PERCENT.sub(lambda m: chr(int(m[1], 16)), name)
            name = name.encode("idna").decode("ascii").lower().rstrip(".")
        except UnicodeError:
            raise _refusal(url, "its host cannot be read") from None
    if not _HOST.match(name) or ".." in name or len(name) > LONGEST_HOST:
        raise _refusal(url, "it has no host" if not name else "its host cannot be read")
    return name


def _coded(text: str, safe: str) -> str:
    """Percent-code `text` once: reserved letters keep the form they came in."""

    def tidy(found: re.Match[str]) -> str:
        code = int(found[1], 16)
        return chr(code) if code in _UNRESERVED else found[0].upper()

    text = _STRAY_PERCENT.sub("%25", text)
    return _PERCENT.sub(tidy, quote(text, safe=safe + "%~"))


def _without_dots(path: str) -> str:
    """Resolve `.` and `..` segments as RFC 3986, 5.2.4, does."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/".join(kept)


def _without_tracking(query: str) -> str:
    if not query:
        return ""
    kept = []
    for pair in query.split("&"):
        name = pair.partition("=")[0].lower()
        if pair and name not in TRACKING_NAMES and not name.startswith(TRACKING_PREFIXES):
            kept.append(pair)
    return "&".join(kept)


def _respelled(url: str) -> list[str]:
    parts = urlsplit(url)
    if parts.scheme not in WEB_SCHEMES:
        return []
    path, found = parts.path, []
    for ending in ("/index.html", "/index.htm", "/index.php"):
        if path.endswith(ending) and not parts.query:
            found.append(parts._replace(path=path.removesuffix(ending) + "/"))
    if not parts.query:
        found.append(parts._replace(path=path.rstrip("/") + "/index.html"))
        if path.endswith(".html"):
            found.append(parts._replace(path=path.removesuffix(".html")))
        elif not path.endswith("/"):
            found.append(parts._replace(path=path + ".html"))
    if path.endswith("/index.php"):
        title = dict(parse_qsl(parts.query)).get("title", "")
        if title:
            found.append(parts._replace(path="/wiki/" + _coded(title, "/:"), query=""))
    if parts.netloc.endswith(".wikipedia.org") and (variant := _VARIANT.match(path)):
        path = "/wiki/" + path[variant.end() :]
        found.append(parts._replace(path=path))
    if path.endswith("/amp"):
        found.append(parts._replace(path=path.removesuffix("/amp")))
    if path.startswith("/wiki/"):
        title = path.removeprefix("/wiki/").replace("%20", "_").replace("+", "_")
        found.append(parts._replace(path="/wiki/" + title))
        found.append(parts._replace(path="/wiki/" + title[:1].upper() + title[1:]))
    return [urlunsplit(form) for form in found]


def _recoded(url: str) -> list[str]:
    """The address with letters plain that may be percent-coded, and coded as encoders do it.

    To RFC 3986 `(` and `%28` make two addresses; to the servers of pages they are one.
    """
    parts = urlsplit(url)
    if parts.scheme not in WEB_SCHEMES:
        scheme, mark, rest = url.partition("://")
        place, slash, path = rest.partition("/")
        letters = unquote_to_bytes(path).decode("utf-8", "replace")
        form = f"{scheme}{mark}{place}{slash}{coded_path(letters)}"
        return [form] if mark and slash and form != url else []
    if not _EITHER.search(parts.path + parts.query):
        return []
    path = unicodedata.normalize("NFC", _decoded(parts.path, _PLAIN_IN_PATHS))
    query = unicodedata.normalize("NFC", _decoded(parts.query, _PLAIN_IN_QUERIES))
    forms = dict.fromkeys(
        urlunsplit(parts._replace(path=_coded(path, safe), query=_coded(query, safe + "/?&=+")))
        for safe in _ENCODERS
    )
    return [form for form in forms if form != url]


def _decoded(text: str, plain: frozenset[str]) -> str:
    """Decode what may be written either way; what would change the meaning stays coded."""

    def tidy(found: re.Match[str]) -> str:
        try:
            letters = unquote_to_bytes(found[0]).decode("utf-8")
        except UnicodeDecodeError:
            return found[0]
        return "".join(c if c in plain or c > "\x7f" else quote(c, safe="") for c in letters)

    return _CODED.sub(tidy, text)


def _other_hosts(url: str) -> list[str]:
    parts = urlsplit(url)
    name = parts.netloc
    if (
        parts.scheme not in WEB_SCHEMES
        or name.startswith("[")
        or not any(c.isalpha() for c in name)
    ):
        return []
    labels = name.removeprefix("www.").split(".")
    if len(labels) > 2 and labels[0] in MOBILE_LABELS:
        return [urlunsplit(parts._replace(netloc=".".join(labels[1:])))]
    if len(labels) > 3 and labels[1] in MOBILE_LABELS:
        return [urlunsplit(parts._replace(netloc=".".join([labels[0], *labels[2:]])))]
    if len(labels) < 2:
        return []
    second = [".".join([labels[0], "m", *labels[1:]])] if len(labels) > 2 else []
    return [
        urlunsplit(parts._replace(netloc=other)) for other in ("m." + ".".join(labels), *second)
    ]

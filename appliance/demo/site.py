"""The demo site, as a web server on loopback would have it: pages, navigation, robots, sitemap.

The pages are Markdown files with a small head; they are rendered to HTML with a menu, a footer
and a print link around them, because a crawler has to find the text among such things. The site
has what real sites have: redirects, a duplicate under another address, a dead link, a part that
robots.txt forbids, and pages that only links or only the sitemap lead to.

Run `python -m appliance.demo.site` to serve it; the first line printed is its address.
"""

import html
import http.server
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from . import HOST

REDIRECTS = {
    "/wiki/danube": "/rivers/danube",
    "/wiki/eiffel-tower": "/buildings/eiffel-tower",
    "/people/countess-of-lovelace": "/people/ada-lovelace",
    "/instruments/fiddle": "/instruments/violin",
    "/index.html": "/",
}
DUPLICATES = {"/mirror/danube": "/rivers/danube"}
DEAD = "/rivers/styx"
FORBIDDEN = "/drafts/"
SECTION_NAMES = {
    "bridges": "Bridges",
    "buildings": "Buildings",
    "cities": "Cities",
    "es": "En español",
    "instruments": "Instruments",
    "inventions": "Inventions",
    "lakes": "Lakes",
    "mountains": "Mountains",
    "people": "People",
    "planets": "Planets",
    "rivers": "Rivers",
    "zh": "中文",
}


@dataclass(frozen=True, slots=True)
class Source:
    """One page as it was written: its path on the site, its head and its Markdown body."""

    path: str
    title: str
    lang: str
    updated: str
    body: str


@cache
def sources() -> dict[str, Source]:
    """Every page of the site by its path."""
    folder = files(__package__).joinpath("pages")
    found = [_read(section, page) for section, page in _page_files(folder)]
    return {source.path: source for source in sorted(found, key=lambda source: source.path)}


def _page_files(folder: Traversable) -> Iterator[tuple[str, Traversable]]:
    for section in folder.iterdir():
        if section.is_dir():
            for page in section.iterdir():
                if page.name.endswith(".md"):
                    yield section.name, page


def _read(section: str, page: Traversable) -> Source:
    head, _, body = page.read_text("utf-8").partition("\n\n")
    values = dict(line.split(": ", 1) for line in head.strip().splitlines())
    return Source(
        path=f"/{section}/{page.name.removesuffix('.md')}",
        title=values["title"],
        lang=values.get("lang", "en"),
        updated=values.get("updated", ""),
        body=body,
    )


def response(path: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body for a path of the site; pure, so tests can call it."""
    path = path.split("?", 1)[0]
    if path in REDIRECTS:
        return 301, {"Location": f"http://{HOST}{REDIRECTS[path]}"}, b""
    if path == "/robots.txt":
        text = f"User-agent: *\nDisallow: {FORBIDDEN}\n\nSitemap: http://{HOST}/sitemap.xml\n"
        return 200, {"Content-Type": "text/plain; charset=utf-8"}, text.encode()
    if path == "/sitemap.xml":
        return 200, {"Content-Type": "application/xml"}, _sitemap().encode()
    if path == "/":
        return _html(_front_page())
    section = path.strip("/")
    if section in SECTION_NAMES:
        return _html(_section_page(section))
    if path.startswith(FORBIDDEN):
        return _html(
            Source(path, "Draft", "en", "", "# Draft\n\nAn unfinished page for editors only.")
        )
    source = sources().get(DUPLICATES.get(path, path))
    if source is None:
        body = "# Page not found\n\nThe almanac has no page at this address."
        _, headers, page = _html(Source(path, "Page not found", "en", "", body))
        return 404, headers, page
    return _html(source)


def _html(source: Source) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "text/html; charset=utf-8"}, render(source).encode()


def render(source: Source) -> str:
    """Return the HTML page of a source, with the site's menu and footer around it."""
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark").enable("table").render(source.body)
    menu = "".join(
        f'<li><a href="/{section}/">{html.escape(name)}</a></li>'
        for section, name in SECTION_NAMES.items()
    )
    day, updated, date = source.updated, "", ""
    if day:
        updated = f'<p class="updated">Last updated <time datetime="{day}">{day}</time></p>'
        date = f'<meta name="date" content="{day}">'
    return (
        f'<!doctype html>\n<html lang="{source.lang}">\n<head><meta charset="utf-8">'
        f"<title>{html.escape(source.title)}</title>{date}"
        f'<meta property="og:site_name" content="The Small Almanac"></head>\n<body>\n'
        f'<nav class="menu" aria-label="Sections"><a href="/">The Small Almanac</a>'
        f"<ul>{menu}</ul></nav>\n"
        f"<main><article>\n{body}\n</article></main>\n"
        f"<footer>{updated}<p>The Small Almanac, a demonstration site. "
        f'<a href="{FORBIDDEN}notes">Editors\' drafts</a></p></footer>\n</body>\n</html>\n'
    )


def _front_page() -> Source:
    lines = [
        "# The Small Almanac",
        "",
        "A small reference work about rivers, bridges, lakes, mountains, cities, buildings, "
        "instruments, inventions, planets and people, written for the demonstration of a "
        "research appliance. Choose a section to see its pages.",
        "",
    ]
    for section, name in SECTION_NAMES.items():
        count = sum(path.startswith(f"/{section}/") for path in sources())
        lines.append(f"- [{name}](/{section}/): {count} pages")
    lines += [
        "",
        f"Older addresses: [Danube](/wiki/danube), [the mirror](/mirror/danube), [Styx]({DEAD}).",
    ]
    return Source("/", "The Small Almanac", "en", "", "\n".join(lines))


def _section_page(section: str) -> Source:
    name = SECTION_NAMES[section]
    pages = [source for path, source in sources().items() if path.startswith(f"/{section}/")]
    lines = [f"# {name}", "", f"The almanac has {len(pages)} pages in the section {name}.", ""]
    lines += [f"- [{source.title}]({source.path})" for source in pages]
    return Source(f"/{section}/", f"{name}: contents", "en", "", "\n".join(lines))


def _sitemap() -> str:
    # Every second page only: the others have to be found by following links.
    listed = list(sources())[::2]
    urls = "".join(f"<url><loc>http://{HOST}{path}</loc></url>" for path in listed)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>\n'
    )


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers for the site, also as a proxy: `GET http://almanac.test/…` is the same page."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Send one page."""
        path = self.path
        if path.startswith("http://"):
            host, _, rest = path.removeprefix("http://").partition("/")
            if host != HOST:
                self.send_error(502, "this server answers for the demo site alone")
                return
            path = "/" + rest
        status, headers, body = response(path)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the crawl reports what it fetched."""


def serve(port: int = 0) -> http.server.ThreadingHTTPServer:
    """Return a server bound to loopback; the caller runs `serve_forever`."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    return server


if __name__ == "__main__":
    running = serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(f"http://127.0.0.1:{running.server_address[1]}", flush=True)
    running.serve_forever()

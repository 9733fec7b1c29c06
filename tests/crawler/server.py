"""A web server that misbehaves on purpose, run as a process of its own.

`python server.py '{"robots": "slow", ...}'` prints its port. What was asked of it is at `/__log`,
one JSON list of [path, If-None-Match]; `/__version/2` changes the text of every numbered page, and
`/__gone/7` takes one away; `/__answers/500/page/3` says with which status an address answers from
then on (200: as it is). Asked as a proxy, it is every host; `/__times` has for each request
[host, path, when it came, when its answer began].
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OPTIONS = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
PAGES = OPTIONS.get("pages", 12)
DELAY = OPTIONS.get("delay", 0.0)
LOG = []
TIMES = []
GONE = set()
ANSWERS = {}
STATE = {"version": "1"}

PROSE = (
    "The lighthouse keeper wrote down the wind, the tide and the colour of the evening sky in "
    "a ledger that nobody was ever going to read. "
)
ODD = [
    "/redirect",
    "/loop/a",
    "/chain/0",
    "/missing",
    "/error",
    "/drip",
    "/secret/x",
    "/latin1",
    "/gbk",
    "/huge",
    "/binary",
    "/empty",
    "/endless/0",
    "/cut",
    "/dup",
    "/canonical",
    "/based/",
    "/away",
    "/script.js",
    "/stale",
]


def html(title, body, head=""):
    return (
        f"<!doctype html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>"
    )


def numbered(number):
    links = "".join(
        f'<li><a href="/page/{other}">Page {other}</a></li>'
        for other in (2 * number, 2 * number + 1, number - 1)
        if 0 < other <= PAGES
    )
    links = STATE.get("links", links)
    version = STATE["version"]
    return html(
        f"Page {number}",
        f"<h1>Page {number}</h1><p>{PROSE}</p><p>This is number {number}, edition {version}.</p>"
        f"<ul>{links}</ul>",
    )


CLAIMS = {
    "print": "/claims/article",
    "list-1": "/claims/list",
    "list-2": "/claims/list",
    "home-1": "/",
    "home-2": "/",
    "foreign": "http://other.test/article",
    "taken": "/page/1",
    "owner": "http://www.almanac.org/claims/owned",
    "two": "/claims/second",
    "comment": "",
}
"""Pages below /claims/ and the address that each declares to be its own."""


def claiming(name):
    if name not in CLAIMS:
        links = "".join(f'<p><a href="/claims/{one}">{one}</a></p>' for one in CLAIMS)
        return html("Claims", f"<h1>Claims</h1><p>{PROSE}</p>{links}")
    head = f'<link rel="canonical" href="{CLAIMS[name]}">'
    if name == "two":
        head += '<link rel="canonical" href="/claims/third">'
    comment = '<link rel="canonical" href="/claims/commented">' if name == "comment" else ""
    return html(name, f"<h1>{name}</h1><p>{PROSE} This is {name}.</p>{comment}", head)


def robots():
    kind = OPTIONS.get("robots", "plain")
    if kind == "slow":
        time.sleep(0.6)
    if kind == "all":
        return "User-agent: *\nDisallow: /\n"
    if kind == "pause":
        return "User-agent: *\nDisallow: /secret/\nCrawl-delay: 0.3\n"
    return "User-agent: *\nDisallow: /secret/\nSitemap: {host}/map.xml\n"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body, status=200, kind="text/html; charset=utf-8", **headers):
        data = body if isinstance(body, bytes) else body.encode()
        self.note()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def note(self):
        if not self.path.startswith("/__"):
            TIMES.append([self.site, self.path.split("?")[0], self.came, time.monotonic()])

    def go(self, place):
        self.answer("", 302, Location=place)

    def do_GET(self):
        self.came = time.monotonic()
        self.site = self.headers.get("Host", "")
        if self.path.startswith("http://"):
            self.site, _, rest = self.path.removeprefix("http://").partition("/")
            self.path = "/" + rest
        path = self.path.split("?")[0]
        if not path.startswith("/__"):
            LOG.append([path, self.headers.get("If-None-Match")])
        host = f"http://{self.site}"
        if path == "/__log":
            return self.answer(json.dumps(LOG), kind="application/json")
        if path == "/__times":
            return self.answer(json.dumps(TIMES), kind="application/json")
        if path == "/__unlink":
            STATE.update(version="unlinked", links="")
            return self.answer("ok", kind="text/plain")
        if path.startswith("/__gone/"):
            GONE.symmetric_difference_update({"/page/" + path.rsplit("/", 1)[1]})
            return self.answer("ok", kind="text/plain")
        if path.startswith("/__answers/"):
            status, _, place = path.removeprefix("/__answers/").partition("/")
            ANSWERS["/" + place] = int(status)
            return self.answer("ok", kind="text/plain")
        if path.startswith("/__version/"):
            STATE["version"] = path.rsplit("/", 1)[1]
            return self.answer("ok", kind="text/plain")
        if path == "/robots.txt":
            if OPTIONS.get("robots") == "none":
                return self.answer("<p>Disallow: /</p>", 404)
            if OPTIONS.get("robots") == "broken":
                return self.answer("oops", 503)
            return self.answer(robots().format(host=host), kind="text/plain")
        time.sleep(DELAY)
        if path == "/map.xml":
            return self.answer(
                f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>{host}/lonely"
                f"</loc></url><url><loc>{host}/secret/y</loc></url></urlset>",
                kind="application/xml",
            )
        if path == "/":
            links = " ".join(f'<a href="{place}">{place}</a>' for place in ("/page/1", *ODD))
            return self.answer(html("Start", f"<h1>Start</h1><p>{PROSE}</p><p>{links}</p>"))
        if path == "/many":
            links = " ".join(f'<a href="/secret/{n}">{n}</a>' for n in range(12))
            return self.answer(html("Many", f"<h1>Many</h1><p>{PROSE}</p><p>{links}</p>"))
        if OPTIONS.get("busy") and path == "/page/2" and STATE.setdefault("busy", 1):
            STATE["busy"] = 0
            return self.answer("later", 429, Retry_After="1")
        if ANSWERS.get(path, 200) != 200:
            return self.answer(html("Not now", "<p>Nothing here.</p>"), ANSWERS[path])
        if path == "/old":
            return self.go("/new")
        if path == "/new":
            return self.answer(html("New", f"<h1>New</h1><p>{PROSE} An old name led here.</p>"))
        if path in GONE:
            return self.answer(html("Gone", "<p>It was here once.</p>"), 410)
        if path.startswith("/page/") and path[6:].isdigit() and 0 < int(path[6:]) <= PAGES:
            # Every other one is weak: the bytes may differ, the page is the same.
            weak = "" if int(path[6:]) % 2 else "W/"
            tag = f'{weak}"{path}-{STATE["version"]}"'
            if self.headers.get("If-None-Match") == tag:
                self.note()
                self.send_response(304)
                self.send_header("ETag", tag)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return None
            return self.answer(numbered(int(path[6:])), ETag=tag)
        if path == "/lonely":
            return self.answer(
                html("Lonely", f"<h1>Lonely</h1><p>{PROSE} Only a sitemap knows.</p>")
            )
        if path.startswith("/secret/"):
            return self.answer(html("Secret", f"<h1>Secret</h1><p>{PROSE}</p>"))
        if path == "/redirect":
            return self.go("/page/1")
        if path == "/loop/a":
            return self.go("/loop/b")
        if path == "/loop/b":
            return self.go("/loop/a")
        if path == "/across":
            return self.go("http://b.test/page/1" if self.site == "a.test" else "http://a.test/")
        if path.startswith("/swing/"):
            return self.go(f"http://{'b' if self.site == 'a.test' else 'a'}.test{path}")
        if path.startswith("/chain/"):
            return self.go(f"/chain/{int(path[7:]) + 1}")
        if path.startswith("/broken/"):
            return self.go("/error")
        if path == "/away":
            return self.go("http://localhost:9/elsewhere")
        if path == "/error":
            return self.answer("broken", 500)
        if path == "/latin1":
            text = html("Café", f"<h1>Café</h1><p>{PROSE} Un œuf à la crème brûlée, naïveté.</p>")
            return self.answer(text.encode("cp1252"), kind="text/html; charset=utf-8")
        if path == "/gbk":
            text = html(
                "杭州湾跨海大桥",
                "<h1>杭州湾跨海大桥</h1><p>" + "桥长三十六公里,连接嘉兴与宁波。" * 6 + "</p>",
                '<meta charset="gbk">',
            )
            return self.answer(text.encode("gbk"), kind="text/html")
        if path == "/huge":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(50_000_000))
            self.end_headers()
            try:
                for _ in range(50):
                    self.wfile.write(b"<p>" + b"a" * 999_997)
            except OSError:
                self.close_connection = True
            return None
        if path == "/drip":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            try:
                for _ in range(200):
                    self.wfile.write(b"<p>")
                    self.wfile.flush()
                    time.sleep(0.1)
            except OSError:
                pass
            self.close_connection = True
            return None
        if path == "/binary":
            return self.answer(bytes(range(256)) * 40, kind="text/html")
        if path == "/empty":
            return self.answer("")
        if path.startswith("/endless/"):
            number = int(path[9:])
            return self.answer(
                html(
                    f"Endless {number}",
                    f"<h1>Endless {number}</h1><p>{PROSE}</p>"
                    f'<p><a href="/endless/{number + 1}">further</a></p>',
                )
            )
        if path == "/cut":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", "5000")
            self.end_headers()
            self.wfile.write(b"<html><body><p>This page will never be comp")
            self.close_connection = True
            return None
        if path == "/dup":
            return self.answer(
                html("Lonely", f"<h1>Lonely</h1><p>{PROSE} Only a sitemap knows.</p>")
            )
        if path == "/canonical":
            head = '<link rel="canonical" href="/proper-name"><link rel="icon" href="/i.png">'
            return self.answer(html("Canonical", f"<h1>Canonical</h1><p>{PROSE}</p>", head))
        if path.startswith("/claims/"):
            return self.answer(claiming(path.removeprefix("/claims/")))
        if path == "/based/":
            head = f'<base href="{host}/elsewhere/">'
            return self.answer(
                html("Based", f'<h1>Based</h1><p>{PROSE} <a href="goal">The goal</a></p>', head)
            )
        if path == "/elsewhere/goal":
            return self.answer(html("Goal", f"<h1>Goal</h1><p>{PROSE} A base led here.</p>"))
        if path in ("/wiki/Node.js", "/wiki/Robots.txt"):
            return self.answer(html(path, f"<h1>{path}</h1><p>{PROSE} This is {path}.</p>"))
        if path == "/wiki/":
            links = "".join(
                f'<p><a href="{one}">{one}</a></p>' for one in ("Node.js", "Robots.txt")
            )
            return self.answer(html("Wiki", f"<h1>Wiki</h1><p>{PROSE}</p>{links}"))
        if path == "/script.js":
            return self.answer("let a = 1", kind="text/javascript")
        if path == "/stale":
            return self.answer("plain words " * 30, kind="text/plain")
        return self.answer(html("Not found", "<p>Nothing here</p>"), 404)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


def main():
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()

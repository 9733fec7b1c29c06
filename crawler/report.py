"""What a crawl did, as frozen values that a command line can print. It knows no way to do it."""

from dataclasses import dataclass
from typing import Any

REPAIRS = {
    "unreachable": "check the address, and that its server runs and can be reached from here",
    "timeout": "check that its server runs, or give a longer timeout",
    "tls": "check whether it wants a certificate (--client-cert)",
    "certificate": "give the authority that signed it with --ca",
    "http-401": "give a login with --login, --cookies or --header",
    "http-403": "give a login with --login, --cookies or --header, or ask the site's owner",
    "robots": "ask the site's owner, or choose another address",
    "off-site": "start from the address that it redirects to",
    "inside": "crawl it by its address if you do want it",
    "http-404": "check the address",
    "not-html": "give the address of an HTML page or a document",
    "http-304": "crawl it with --restart, which asks without conditions",
    "http-429": "run it again later, or give a longer --delay",
    "cut-off": "run it again; if it stays so, the fault is its server's",
    "empty": "open it in a browser to see whether the server has a page there",
    "crashed": "report it with the address",
    "error": "run it again, and report it with the address if it stays so",
    "fetch-error": "run it again later",
    "not-http": "give an address that starts with http:// or https://",
    "redirect-loop": "give the address of the page itself",
    "bad-redirect": "give the address of the page itself",
    "binary": "give the address of an HTML page or a document",
    "too-large": "give a larger --max-bytes if you do want it",
}
"""What to do about an address that gave no page, by reason; see `repair` for the others."""


def repair(reason: str) -> str | None:
    """Return what to do about an address that gave no page for `reason`, if there is anything."""
    if reason.startswith("http-5"):
        return "the fault is its server's; run it again later"
    return REPAIRS.get(reason)


@dataclass(frozen=True, slots=True)
class CrawlFailure:
    """One address that gave no page: a stable `reason` word and a `detail` for people."""

    url: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class CrawlReport:
    """The outcome of one run of a crawl.

    `pages_new`, `pages_changed` and `unchanged` count pages of this run; `refused` counts the
    addresses that gave none, by reason; `waiting` is what the frontier still holds (not zero
    after `max_pages`). `gone` of the refused had a page, which is kept and marked. `seconds` is
    wall time. `state` is `finished`, `limited` or `stopped`. `joined` says that other processes
    worked on the same crawl, whose pages are not counted here.
    """

    pages_new: int
    pages_changed: int
    unchanged: int
    refused: dict[str, int]
    failures: tuple[CrawlFailure, ...]
    waiting: int
    seconds: float
    state: str
    resumed: bool
    gone: int = 0
    joined: bool = False

    @property
    def pages(self) -> int:
        """Pages that were fetched and are in the store."""
        return self.pages_new + self.pages_changed + self.unchanged

    def json(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return {
            "pages_new": self.pages_new,
            "pages_changed": self.pages_changed,
            "unchanged": self.unchanged,
            "refused": dict(sorted(self.refused.items())),
            "failures": [
                {"url": one.url, "reason": one.reason, "detail": one.detail}
                for one in self.failures
            ],
            "waiting": self.waiting,
            "seconds": round(self.seconds, 3),
            "state": self.state,
            "resumed": self.resumed,
            "gone": self.gone,
            "joined": self.joined,
        }

    def lines(self, shown: int = 10) -> list[str]:
        """Return the summary for people: what was stored, what was not and why."""
        rate = self.pages / self.seconds if self.seconds > 0 else 0.0
        lines = [
            f"{_counted(self.pages, 'page', 's')} in {self.seconds:.1f} s ({rate:.1f} a second): "
            f"{self.pages_new:,} new, {self.pages_changed:,} changed, "
            f"{self.unchanged:,} unchanged."
        ]
        if self.joined:
            lines.append("Other processes worked on the same crawl; this is what this one did.")
        if self.gone:
            lines.append(
                f"{_counted(self.gone, 'stored page', 's')} no longer on the web: kept, and marked "
                "as gone."
            )
        if self.refused:
            counts = sorted(self.refused.items(), key=lambda item: (-item[1], item[0]))
            words = ", ".join(f"{count:,} {reason}" for reason, count in counts)
            lines.append(
                f"{_counted(sum(self.refused.values()), 'address', 'es')} gave no page: {words}."
            )
        for failure in self.failures[:shown]:
            what = "; ".join(filter(None, (failure.detail, repair(failure.reason))))
            lines.append(f"  {failure.reason:<12} {failure.url} ({what})")
        if len(self.failures) > shown:
            lines.append(f"  … and {len(self.failures) - shown:,} more.")
        if self.waiting:
            waiting = _counted(self.waiting, "address", "es")
            are = "is" if self.waiting == 1 else "are"
            lines.append(f"{waiting} {are} still waiting; run it again to go on.")
        return lines


def _counted(count: int, one: str, more: str) -> str:
    return f"{count:,} {one}{'' if count == 1 else more}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a crawl would do with an address: `fetch` it, or a reason not to. `listed_by` is the
    sitemap that names it, empty for a seed.
    """

    url: str
    listed_by: str
    verdict: str
    why: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a crawl would ask for first; `sitemaps` are (address, pages listed in it)."""

    verdicts: tuple[Verdict, ...]
    sitemaps: tuple[tuple[str, int], ...]

    def json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        rows = [
            {"url": one.url, "from": one.listed_by, "verdict": one.verdict, "why": one.why}
            for one in self.verdicts
        ]
        return {
            "seeds": [row for row in rows if not row["from"]],
            "sitemaps": [{"url": url, "pages": pages} for url, pages in self.sitemaps],
            "listed": [row for row in rows if row["from"]],
        }

    def lines(self, shown: int = 10) -> list[str]:
        """Return it for people."""
        lines = []
        seeds = [one for one in self.verdicts if not one.listed_by]
        listed = [one for one in self.verdicts if one.listed_by]
        for name, group in (("seed", seeds), ("address of sitemaps", listed)):
            if not group:
                continue
            fetched = sum(one.verdict == "fetch" for one in group)
            plural = "s" if name == "seed" else ""
            what = f"{len(group):,} {name}{plural if len(group) != 1 else ''}"
            lines.append(f"{what}: {fetched:,} would be fetched.")
            for one in group[:shown]:
                why = f" ({one.why})" if one.why else ""
                lines.append(f"  {one.verdict:<12} {one.url}{why}")
            if len(group) > shown:
                lines.append(f"  … and {len(group) - shown:,} more; --json lists them all.")
        for url, pages in self.sitemaps:
            lines.append(f"sitemap {url}: {_counted(pages, 'address', 'es')}")
        lines.append("Nothing was stored; links inside pages are found by a crawl only.")
        return lines

"""What an import did, as frozen values that a command line can print. It knows no way to do it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from store.imports import Refused


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of importing one path.

    `new`, `changed` and `unchanged` count pages of this run, `aliases` redirects; `rejects` counts
    by reason what became no page, over the whole path, `examples` are the first few of each.
    `state` is `finished`, `known` (imported before and the same since: nothing was done),
    `limited`, `stopped`, `damaged` (`error` says where) or `dry`; without a `format` nothing was
    read.
    `before` is how many items of it were in the store already when this run began, `earlier` how
    many of them were pages; `gone` are pages whose files are no longer in the folder.
    """

    path: str
    format: str
    state: str
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    aliases: int = 0
    rejects: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[Refused, ...] = ()
    seconds: float = 0.0
    before: int = 0
    earlier: int = 0
    gone: int = 0
    bytes: int = 0
    error: str = ""

    @property
    def pages(self) -> int:
        """Pages of this run that are in the store."""
        return self.new + self.changed + self.unchanged

    @property
    def failed(self) -> bool:
        """True where the exit code is to say so: it was damaged, or nothing in it is a page."""
        if self.state == "damaged":
            return True
        if self.state not in ("finished", "dry", "known"):
            return False
        # What is older than the stored page is a page too.
        return not self.pages and not self.earlier and not self.rejects.get("older")

    def json(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return {
            "path": self.path,
            "format": self.format,
            "state": self.state,
            "pages_new": self.new,
            "pages_changed": self.changed,
            "unchanged": self.unchanged,
            "aliases": self.aliases,
            "rejects": dict(sorted(self.rejects.items())),
            "examples": [
                {"place": one.place, "reason": one.reason, "detail": one.detail, "url": one.url}
                for one in self.examples
            ],
            "seconds": round(self.seconds, 3),
            "before": self.before,
            "gone": self.gone,
            "bytes": self.bytes,
            "error": self.error,
        }

    def lines(self) -> list[str]:
        """Return the summary for people: what was stored, what was not and why."""
        name = self.path
        if not self.format:
            return [self.error]
        if self.state == "known":
            lines = [
                f"{name} ({self.format}): imported before and the same since; --again reads it "
                "once more."
            ]
            if self.failed:
                lines.append("Nothing in it was a page then, so nothing of it is stored.")
            return lines
        rate = self.pages / self.seconds if self.seconds > 0 else 0.0
        pages = (
            f"{_counted(self.pages, 'page', 's')} in {self.seconds:.1f} s ({rate:,.0f} a second)"
        )
        if self.state == "dry":
            lines = [f"{name} ({self.format}): {pages} would be stored; nothing was."]
        else:
            lines = [
                f"{name} ({self.format}): {pages}: {self.new:,} new, {self.changed:,} changed, "
                f"{self.unchanged:,} unchanged."
            ]
        if self.before:
            lines.append(f"It went on after {self.before:,} items that were stored already.")
        if self.aliases:
            lines.append(f"{_counted(self.aliases, 'redirect', 's')} lead to pages.")
        if self.gone:
            lines.append(
                f"{_counted(self.gone, 'stored page', 's')} no longer in the folder: kept, and "
                "marked as gone."
            )
        lines += self._refused()
        if self.error:
            lines.append(self.error)
        elif self.state in ("limited", "stopped"):
            why = "stopped" if self.state == "stopped" else "the limit was reached"
            lines.append(f"Not all of it is stored ({why}); run the same command to go on.")
        elif self.failed:
            lines.append("Nothing in it is a page, so nothing was stored; see the reasons above.")
        return lines

    def _refused(self) -> list[str]:
        if not self.rejects:
            return []
        counts = sorted(self.rejects.items(), key=lambda item: (-item[1], item[0]))
        total = sum(self.rejects.values())
        words = ", ".join(f"{count:,} {reason}" for reason, count in counts)
        lines = [f"{_counted(total, 'thing', 's')} in it became no page: {words}."]
        for one in self.examples:
            where = f"{one.place}, {one.url}" if one.url else one.place
            lines.append(f"  {one.reason:<12} {where} ({one.detail})")
        return lines


def exit_code(reports: Sequence[ImportReport]) -> int:
    """Return 0, or 1 where a path was damaged or gave no page at all."""
    return int(any(report.failed for report in reports))


def _counted(count: int, one: str, more: str) -> str:
    return f"{count:,} {one}{'' if count == 1 else more}"

"""Stacked bars as inline SVG: what each step of a run took. Colours are classes of the page's own
style sheet, every bar has its figures as a title, and nothing is loaded or run.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 150
LEFT, RIGHT, TOP, BOTTOM = 56, 8, 26, 22
CLASSES = ("one", "two", "three")


@dataclass(frozen=True, slots=True)
class Bar:
    """The parts of one bar, from the bottom up, and what the step is called."""

    name: str
    parts: tuple[float, ...]


def stacked(title: str, parts: Sequence[str], bars: Sequence[Bar], digits: int = 0) -> str:
    """Return a figure of `bars` whose parts are called `parts`, at most three; "" without bars."""
    if not bars:
        return ""
    most = max(sum(bar.parts) for bar in bars) or 1.0
    total = sum(sum(bar.parts) for bar in bars)
    label = (
        f"{title} a step: {len(bars)} steps, {total:,.{digits}f} in all, {most:,.{digits}f} at most"
    )
    step = (WIDTH - LEFT - RIGHT) / len(bars)
    drawn = []
    for number, bar in enumerate(bars):
        x = LEFT + number * step
        y = float(HEIGHT - BOTTOM)
        said = ", ".join(
            f"{name} {value:,.{digits}f}" for name, value in zip(parts, bar.parts, strict=True)
        )
        drawn.append(f"<g><title>{html.escape(bar.name)}: {html.escape(said)}</title>")
        for value, colour in zip(bar.parts, CLASSES, strict=False):
            height = value / most * (HEIGHT - TOP - BOTTOM)
            y -= height
            drawn.append(
                f'<rect class="{colour}" x="{x + step * 0.1:.2f}" y="{y:.2f}" '
                f'width="{step * 0.8:.2f}" height="{height:.2f}"></rect>'
            )
        drawn.append("</g>")
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{html.escape(label)}">{_frame(title, parts, bars, most, digits)}'
        f"{''.join(drawn)}</svg></figure>\n"
    )


def _frame(title: str, parts: Sequence[str], bars: Sequence[Bar], most: float, digits: int) -> str:
    """Title, legend, the two ends of each axis."""
    floor = HEIGHT - BOTTOM
    pieces = [
        f'<text x="{LEFT}" y="14">{html.escape(title)}</text>',
        f'<line x1="{LEFT}" y1="{floor}" x2="{WIDTH - RIGHT}" y2="{floor}"></line>',
        f'<line x1="{LEFT}" y1="{TOP}" x2="{WIDTH - RIGHT}" y2="{TOP}"></line>',
        f'<text x="{LEFT - 6}" y="{TOP + 4}" text-anchor="end">{most:,.{digits}f}</text>',
        f'<text x="{LEFT - 6}" y="{floor + 4}" text-anchor="end">0</text>',
        f'<text x="{LEFT}" y="{HEIGHT - 6}">{html.escape(bars[0].name)}</text>',
    ]
    if len(bars) > 1:
        pieces.append(
            f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">'
            f"{html.escape(bars[-1].name)}</text>"
        )
    x = WIDTH - RIGHT
    for name, colour in reversed(list(zip(parts, CLASSES, strict=False))):
        x -= 9 * len(name) + 24
        pieces.append(f'<rect class="{colour}" x="{x}" y="5" width="10" height="10"></rect>')
        pieces.append(f'<text x="{x + 15}" y="14">{html.escape(name)}</text>')
    return "".join(pieces)

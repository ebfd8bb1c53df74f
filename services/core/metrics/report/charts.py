"""Small pictures of days as inline SVG: a line with gaps where nothing is known, and bars."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 150
LEFT: Final = 48
BOTTOM: Final = 22
TOP: Final = 10
COLOURS: Final = ("#c0392b", "#2c7a7b", "#8a6d3b")
BAR: Final = 22
LABEL: Final = 150
# The longest name of a series has room before the next one begins.
LEGEND: Final = 200
EXACT_BELOW: Final = 100


def lines(
    days: Sequence[str], series: Mapping[str, Sequence[float | None]], *, unit: str = ""
) -> str:
    """One line for each series over the days; days without a number are a gap, not a zero."""
    known = [value for values in series.values() for value in values if value is not None]
    if not days or not known:
        return ""
    top = max(known) or 1.0
    parts = [_frame(days, top, unit)]
    for place, (name, values) in enumerate(series.items()):
        colour = COLOURS[place % len(COLOURS)]
        parts.append(f'<path d="{_path(values, top)}" fill="none" stroke="{colour}"/>')
        parts += [
            f'<circle cx="{_x(n, len(values)):.1f}" cy="{_y(value, top):.1f}" r="2"'
            f' fill="{colour}"/>'
            for n, value in enumerate(values)
            if value is not None
        ]
        parts.append(
            f'<text x="{LEFT + 8 + LEGEND * place}" y="{HEIGHT + 16}" fill="{colour}">'
            f"{escape(name)}</text>"
        )
    return _svg(HEIGHT + 24, parts, ", ".join(series))


def bars(values: Mapping[str, float], total: str) -> str:
    """A bar for each key, the longest as long as there is room; `total` names the picture."""
    if not values:
        return ""
    most = max(values.values()) or 1
    room = WIDTH - LABEL - 60
    parts = []
    for place, (name, value) in enumerate(values.items()):
        y = place * BAR
        width = room * value / most
        parts.append(
            f'<text x="0" y="{y + 15}">{escape(name)}</text>'
            f'<rect x="{LABEL}" y="{y + 3}" width="{width:.1f}" height="{BAR - 6}"'
            f' fill="{COLOURS[1]}"/>'
            f'<text x="{LABEL + width + 6:.1f}" y="{y + 15}">{value:g}</text>'
        )
    return _svg(len(values) * BAR, parts, total)


def _svg(height: int, parts: Sequence[str], name: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(name)}"'
        f' xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _frame(days: Sequence[str], top: float, unit: str) -> str:
    """The ground line, the highest value, and the first and last day."""
    ground = HEIGHT - BOTTOM
    return (
        f'<line x1="{LEFT}" y1="{ground}" x2="{WIDTH}" y2="{ground}" stroke="#bbb"/>'
        f'<line x1="{LEFT}" y1="{TOP}" x2="{WIDTH}" y2="{TOP}" stroke="#eee"/>'
        f'<text x="{LEFT - 6}" y="{TOP + 4}" text-anchor="end">{rounded(top)}{escape(unit)}</text>'
        f'<text x="{LEFT - 6}" y="{ground + 4}" text-anchor="end">0</text>'
        f'<text x="{LEFT}" y="{HEIGHT - 4}">{escape(days[0])}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT - 4}" text-anchor="end">{escape(days[-1])}</text>'
    )


def rounded(value: float) -> str:
    """As much of a number as the eye takes from an axis: `908`, `5.9`, `18,432`."""
    return f"{value:,.0f}" if value >= EXACT_BELOW else f"{value:.1f}".removesuffix(".0")


def _path(values: Sequence[float | None], top: float) -> str:
    steps, drawing = [], False
    for place, value in enumerate(values):
        if value is not None:
            letter = "L" if drawing else "M"
            steps.append(f"{letter}{_x(place, len(values)):.1f} {_y(value, top):.1f}")
        drawing = value is not None
    return " ".join(steps)


def _x(place: int, count: int) -> float:
    return LEFT + 6 + (WIDTH - LEFT - 12) * (place / (count - 1) if count > 1 else 0.5)


def _y(value: float, top: float) -> float:
    return TOP + (HEIGHT - BOTTOM - TOP) * (1 - value / top)

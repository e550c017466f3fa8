"""Charts as SVG inside a page: readable without colour, by a screen reader and in print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.report import Html, e


@dataclass(frozen=True)
class Bar:
    """One bar: its name and its pieces (name, amount, colour)."""

    name: str
    pieces: Sequence[tuple[str, float, str]]


_WIDTH, _LEFT, _HEIGHT = 720, 150, 44


def bars(title: str, shown: Sequence[Bar]) -> Html:
    """Stacked bars of one scale, each piece with its amount on it, and a legend in text below."""
    if not shown:
        return Html("")
    most = max((sum(p[1] for p in bar.pieces) for bar in shown), default=0) or 1
    scale = (_WIDTH - _LEFT - 10) / most
    said = "; ".join(
        f"{bar.name}: " + ", ".join(f"{name} {amount:g}" for name, amount, _ in bar.pieces if amount) for bar in shown
    )
    lines = "".join(_line(bar, i * _HEIGHT, scale) for i, bar in enumerate(shown))
    legend = dict.fromkeys((name, colour) for bar in shown for name, _, colour in bar.pieces)
    keys = " ".join(
        f"<span class='key'><svg width='14' height='14' aria-hidden='true'><rect width='14' height='14' fill='{c}'/></svg> {e(n)}</span>"
        for n, c in legend
    )
    return Html(
        f"<svg class='chart' role='img' viewBox='0 0 {_WIDTH} {len(shown) * _HEIGHT}' aria-label='{e(title)}'>"
        f"<title>{e(title)}</title><desc>{e(said)}</desc>{lines}</svg><p class='legend'>{keys}</p>"
    )


def _line(bar: Bar, top: int, scale: float) -> str:
    name = bar.name if len(bar.name) <= 20 else bar.name[:19] + "…"
    parts, left = [f"<text x='0' y='{top + 26}' fill='currentColor' font-size='15'>{e(name)}</text>"], float(_LEFT)
    for _, amount, colour in bar.pieces:
        width = amount * scale
        if not amount:
            continue
        parts.append(f"<rect x='{left:.1f}' y='{top + 6}' width='{max(1.0, width - 1):.1f}' height='30' fill='{colour}'/>")
        if width > 9 * len(f"{amount:g}") + 6:
            parts.append(
                f"<text x='{left + width / 2:.1f}' y='{top + 26}' fill='#fff' text-anchor='middle' font-size='15'>{amount:g}</text>"
            )
        left += width
    return "".join(parts)

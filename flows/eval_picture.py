"""An evaluation as a picture: what was taken for what, and whether confidence keeps its word. Plain SVG, no library."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

_CELL = 34
_LEFT, _TOP = 170, 150
_INK, _GREEN, _RED, _GREY = "#1f2937", "#15803d", "#b91c1c", "#9ca3af"


def picture(figures: Mapping[str, Any]) -> str:
    """Confusion and calibration side by side, as one SVG document."""
    truths = sorted(figures["confusion"])
    found = sorted({name for row in figures["confusion"].values() for name in row} | set(truths))
    width, height = _LEFT + len(found) * _CELL + 420, max(_TOP + len(truths) * _CELL + 60, 420)
    parts = [*_confusion(figures["confusion"], truths, found), *_calibration(figures, _LEFT + len(found) * _CELL + 90)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="{_INK}"><rect width="100%" height="100%" fill="#fff"/>'
        + "".join(parts)
        + "</svg>\n"
    )


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" {more}>{escape(text)}</text>'


def _confusion(table: Mapping[str, Mapping[str, int]], truths: list[str], found: list[str]) -> list[str]:
    parts = [_text(10, 24, "What it is (rows) and what it was taken for", 'font-size="15" font-weight="600"')]
    for j, name in enumerate(found):
        x = _LEFT + j * _CELL + _CELL / 2
        parts.append(_text(x, _TOP - 8, name or "unclear", f'transform="rotate(-55 {x:g} {_TOP - 8})"'))
    for i, truth in enumerate(truths):
        y, total = _TOP + i * _CELL, sum(table[truth].values())
        parts.append(_text(_LEFT - 8, y + 21, truth, 'text-anchor="end"'))
        for j, name in enumerate(found):
            parts += _cell(_LEFT + j * _CELL, y, table[truth].get(name, 0), total, right=name == truth)
    return parts


def _cell(x: float, y: float, count: int, total: int, *, right: bool) -> list[str]:
    colour, opacity = (_GREEN if right else _RED), (0.15 + 0.85 * count / total if count and total else 0)
    box = f'<rect x="{x:g}" y="{y:g}" width="{_CELL - 2}" height="{_CELL - 2}" fill="{colour}" fill-opacity="{opacity:.2f}" stroke="#e5e7eb"/>'
    ink = "#fff" if opacity > 0.6 else _INK
    middle = x + _CELL / 2 - 1
    return [box, _text(middle, y + 20, str(count), f'text-anchor="middle" fill="{ink}"')] if count else [box]


def _calibration(figures: Mapping[str, Any], left: float) -> list[str]:
    size, top = 260, 60
    parts = [_text(left - 20, 24, "Does confidence keep its word?", 'font-size="15" font-weight="600"')]
    parts.append(f'<rect x="{left:g}" y="{top}" width="{size}" height="{size}" fill="none" stroke="{_GREY}"/>')
    parts.append(
        f'<line x1="{left:g}" y1="{top + size}" x2="{left + size:g}" y2="{top}" stroke="{_GREY}" stroke-dasharray="4 4"/>'
    )
    for band in figures["calibration"]:
        x, y = left + band["sure"] * size, top + size - (band["right"] or 0) * size
        radius = 4 + min(14.0, band["cases"] ** 0.5 * 1.6)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{_GREEN}" fill-opacity="0.55"/>')
        parts.append(_text(x, y - radius - 3, str(band["cases"]), 'text-anchor="middle" font-size="10"'))
    for share in (0, 0.5, 1):
        parts.append(_text(left + share * size, top + size + 18, f"{share:.0%}", 'text-anchor="middle"'))
        parts.append(_text(left - 6, top + size - share * size + 4, f"{share:.0%}", 'text-anchor="end"'))
    parts.append(_text(left + size / 2, top + size + 36, "how sure it was", 'text-anchor="middle"'))
    middle = top + size / 2
    turn = f'text-anchor="middle" transform="rotate(-90 {left - 42:g} {middle:g})"'
    parts.append(_text(left - 42, middle, "how often it was right", turn))
    error = figures["calibration_error"]
    parts.append(_text(left, top + size + 60, "" if error is None else f"calibration error {error:.1%}; circles: cases"))
    return parts

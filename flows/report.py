"""Report pages as one HTML file each: no script, nothing loaded from elsewhere; all content is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}h3{font-size:1rem;margin-top:1.5rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #8884}
th{font-weight:600}.n{text-align:right;font-variant-numeric:tabular-nums}
.big{font-size:2.2rem;font-weight:700}.box{display:inline-block;margin:0 2rem 1rem 0}
pre{white-space:pre-wrap;margin:0;font:inherit}details{margin:.3rem 0}summary{cursor:pointer}
.changed{background:#f5c51822}.side{display:grid;grid-template-columns:1fr 1fr;gap:1rem}
.side>div{border:1px solid #8886;border-radius:.4rem;padding:.5rem .7rem;overflow-wrap:anywhere}.box{max-width:22rem;vertical-align:top}
.advice{border-left:.4rem solid #2f7d4f;padding:.6rem 1rem;background:#8881;font-size:1.1rem}.mail{white-space:pre-wrap;border-left:3px solid #8886;padding-left:.7rem}
code{overflow-wrap:anywhere}.chart{width:100%;max-width:46rem}.key{margin-right:1.2rem;white-space:nowrap}.wide{overflow-x:auto}
@media(max-width:40rem){.side{grid-template-columns:1fr}}
@media print{body{margin:0;max-width:none}h2,details,.box{break-inside:avoid}}
"""


@dataclass(frozen=True)
class Html:
    """A piece of a page that is HTML already."""

    text: str


def e(value: Any) -> str:
    """A value as HTML; text is escaped."""
    return value.text if isinstance(value, Html) else html.escape("" if value is None else str(value))


def page(title: str, parts: Iterable[Html], language: str = "de") -> str:
    """A whole page."""
    body = "\n".join(p.text for p in parts)
    head = f"<meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>{e(title)}</title><style>{_STYLE}</style>"
    policy = "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    return f"<!doctype html><html lang='{e(language)}'><head>{policy}{head}</head><body><h1>{e(title)}</h1>\n{body}\n</body></html>\n"


class Numbers:
    """Numbers as an office writes them in a language: 0,62 or 0.62; 12 % or 12%."""

    def __init__(self, language: str) -> None:
        self._german = language == "de"

    def __call__(self, value: float | None, digits: int | None = None) -> str:
        """A number, with so many digits behind the comma; without them, as many as it has."""
        if value is None:
            return "–"
        text = f"{value:,g}" if digits is None else f"{value:,.{digits}f}"
        return text.translate({44: ".", 46: ","}) if self._german else text

    def share(self, value: float | None) -> str:
        """A share in percent."""
        return "–" if value is None else f"{value:.0%}".replace("%", "\N{NO-BREAK SPACE}%" if self._german else "%")


def words(pairs: Mapping[str, tuple[str, str]], language: str) -> Mapping[str, str]:
    """The words of a page in German (de) or English (anything else)."""
    return {key: pair[0 if language == "de" else 1] for key, pair in pairs.items()}


def advice(text: str, colour: str) -> Html:
    """What to do, in one sentence, with a mark of a colour (the words say it, too)."""
    return Html(f"<p class='advice' style='border-color:{e(colour)}'><strong>{e(text)}</strong></p>")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Html:
    """A table; numbers stand on the right."""
    found = [list(row) for row in rows]
    head = "".join(f"<th{_numeric(found[0][i]) if found else ''}>{e(c)}</th>" for i, c in enumerate(columns))
    lines = ["".join(f"<td{_numeric(cell)}>{e(cell)}</td>" for cell in row) for row in found]
    return Html(f"<div class='wide'><table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table></div>")


def _numeric(cell: Any) -> str:
    return " class='n'" if isinstance(cell, int | float) and not isinstance(cell, bool) else ""


def figure(value: Any, meaning: str) -> Html:
    """A large figure with what it means."""
    return Html(f"<div class='box'><div class='big'>{e(value)}</div>{e(meaning)}</div>")


def heading(text: str, level: int = 2) -> Html:
    """A heading."""
    return Html(f"<h{level}>{e(text)}</h{level}>")


def paragraph(text: str) -> Html:
    """A paragraph."""
    return Html(f"<p>{e(text)}</p>")


def side_by_side(left: str, right: str) -> Html:
    """Two texts beside each other."""
    return Html(f"<div class='side'><pre>{e(left)}</pre><pre>{e(right)}</pre></div>")


def details(summary: str, inside: Iterable[Html]) -> Html:
    """Something that opens on a click."""
    return Html(f"<details><summary>{e(summary)}</summary>{''.join(p.text for p in inside)}</details>")


def columns(left: tuple[str, str], right: tuple[str, str]) -> Html:
    """Two texts beside each other, each under its heading; below each other on a phone."""
    return Html(
        f"<div class='side'>{''.join(f'<div><small>{e(head)}</small><pre>{e(text)}</pre></div>' for head, text in (left, right))}</div>"
    )

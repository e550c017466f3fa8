"""A flow as a picture (SVG, from its YAML), with the path that a case took through it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kontorist.core.flow import EachStep, Flow, UseStep, WhenStep, kind_of
from kontorist.core.timetable import in_words

_ROW, _HIGH, _WIDE, _INDENT, _MARGIN = 46, 34, 380, 30, 12
_ROUND = re.compile(r"#\d+")
_DEEPEST = 12
_STYLE = (
    "svg{color:#1d2522}@media(prefers-color-scheme:dark){svg{color:#e6e9e7}}"
    ".b{fill:#8881;stroke:#888;stroke-width:1}.t{fill:currentColor;font:13px system-ui,sans-serif}.k{font-weight:600}"
    ".l{stroke:#888;stroke-width:1.5;fill:none}.on .b{stroke:#1a7f37;stroke-width:3;fill:#1a7f3722}.on .l{stroke:#1a7f37;stroke-width:3}"
    ".off{opacity:.45}.action .b{stroke-dasharray:6 3}"
)


@dataclass(frozen=True)
class _Box:
    """One step in the picture."""

    depth: int
    kind: str
    text: str
    note: str = ""
    on: bool = False


@dataclass
class _Layout:
    flows: Mapping[str, Flow]
    taken: Mapping[str, Any] | None
    say: Callable[[str], str] = str
    boxes: list[_Box] = field(default_factory=list)

    def steps(self, steps: Sequence[Any], prefix: str, depth: int, note: str, *, reached: bool) -> None:
        """The steps of one level and what is below them."""
        for i, step in enumerate(steps):
            path = f"{prefix}{step.id or f'-{i + 1}'}"
            self._step(step, path, depth, note if i == 0 else "", reached=reached)

    def _step(self, step: Any, path: str, depth: int, note: str, *, reached: bool) -> None:
        kind = kind_of(step)
        on = reached and self._is_on(path, kind)
        self.boxes.append(_Box(depth, kind, _said(step, kind), note, on))
        if depth >= _DEEPEST:
            return
        if isinstance(step, WhenStep):
            held = on and bool((self.taken or {}).get(path))
            self.steps(step.steps, f"{path}/", depth + 1, self.say("yes"), reached=held)
            self.steps(step.otherwise, f"{path}/", depth + 1, self.say("otherwise"), reached=on and not held)
        elif isinstance(step, EachStep):
            self.steps(step.steps, f"{path}#/", depth + 1, f"{self.say('for each')} {step.as_}", reached=on)
        elif isinstance(step, UseStep) and step.use in self.flows:
            self.steps(self.flows[step.use].steps, f"{path}>/", depth + 1, step.use, reached=on)

    def _is_on(self, path: str, kind: str) -> bool:
        taken = self.taken or {}
        return path in taken or (kind == "use" and any(p.startswith(f"{path}>/") for p in taken))


def picture(
    flow: Flow,
    flows: Mapping[str, Flow],
    journal: Mapping[str, Any] | None = None,
    *,
    styled: bool = True,
    say: Callable[[str], str] = str,
    language: str = "en",
) -> str:
    """The flow as SVG. `journal` maps the paths of a case's steps (and of its actions) to their outputs: they are highlighted.

    `styled=False` leaves colours and fonts to the page around it. `say` translates the words that are not the admin's own; schedules are said
    in the `language`.
    Give the flow as it was when the case began, with the flows it used then, and the picture is that of then.
    """
    taken = None if journal is None else {_ROUND.sub("#", path): output for path, output in journal.items()}
    layout = _Layout(flows, taken, say)
    layout.boxes.append(_Box(0, "trigger", _trigger(flow, say, language), on=journal is not None))
    layout.steps(flow.steps, "", 0, "", reached=journal is not None)
    deepest = max(box.depth for box in layout.boxes)
    width, height = _MARGIN * 2 + _WIDE + deepest * _INDENT, _MARGIN * 2 + len(layout.boxes) * _ROW
    body = "".join(_drawn(layout.boxes, say, dim=journal is not None))
    title = html.escape(flow.title or flow.description or "flow")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"<title>{title}</title>{f'<style>{_STYLE}</style>' if styled else ''}{body}</svg>"
    )


def _drawn(boxes: Sequence[_Box], say: Callable[[str], str], *, dim: bool) -> Iterator[str]:
    for i, box in enumerate(boxes):
        x, y = _MARGIN + box.depth * _INDENT, _MARGIN + i * _ROW
        before = next((j for j in range(i - 1, -1, -1) if boxes[j].depth <= box.depth), None)
        classes = f"{box.kind} {'on' if box.on else 'off' if dim else ''}".strip()
        yield f'<g class="{classes}">{_line(boxes, before, i, x, y)}<rect class="b" x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="6"/>'
        words = f"{box.note}: {box.text}" if box.note else box.text
        shown = words if len(words) <= 44 else words[:43] + "…"
        yield f"<title>{_safe(words)}</title>"
        yield f'<text class="t" x="{x + 10}" y="{y + 22}"><tspan class="k">{_safe(say(box.kind))}</tspan> {_safe(shown)}</text></g>'


def _line(boxes: Sequence[_Box], before: int | None, i: int, x: int, y: int) -> str:
    """From the step before on this level, or from the one around."""
    if before is None:
        return ""
    start_y = _MARGIN + before * _ROW + _HIGH
    if boxes[before].depth == boxes[i].depth:
        return f'<path class="l" d="M{x + 14} {start_y}V{y}"/>'
    return f'<path class="l" d="M{x - _INDENT + 14} {start_y}V{y + _HIGH // 2}H{x}"/>'


def _safe(text: str) -> str:
    return html.escape("".join(c if c.isprintable() else " " for c in text))


def _trigger(flow: Flow, say: Callable[[str], str], language: str) -> str:
    kind = flow.trigger.kind() if flow.trigger else None
    if flow.trigger is None or kind is None:
        return say("used by other flows")
    if flow.trigger.after is not None:
        return f"{say('after')} {flow.trigger.after.flow}"
    source = flow.trigger.source()
    if source:
        return f"{say(kind)} · {source[1].get('connection', '?')}"
    return f"{say(kind)} {in_words(flow.trigger.schedule or '', language)}".strip()


def _said(step: Any, kind: str) -> str:
    written = getattr(step, kind)
    text = ", ".join(written) if isinstance(written, dict) else str(written)
    return f"{step.id}: {text}" if step.id and kind not in ("when", "each") else text

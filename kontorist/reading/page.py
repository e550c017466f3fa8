"""What a reader sees of an HTML mail: quotes marked as quotes, and hidden text told apart."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from html.parser import HTMLParser

_UNCLOSED = {"head", "title"}
_IN_BODY = {"body", "p", "div", "table", "h1", "h2", "h3", "blockquote", "ul", "ol", "center", "pre"}
"""What cannot stand in a head: it ends one that nobody closed (`</head>` may be left out)."""
_SILENT = {"script", "style", "head", "title", "template", "svg", "math", "textarea", "select"}
_BREAKS = {
    "p",
    "br",
    "div",
    "tr",
    "li",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "hr",
    "pre",
    "section",
    "article",
}
_PARAGRAPHS = {"p", "table", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote"}
_VOID = {"br", "hr", "img", "meta", "link", "input", "wbr", "col", "area", "base", "embed", "source", "track", "param"}
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0*(?:\.0+|0|[01](?:\.\d+)?px)\s*(?:[;!]|p[tx]|em|$)|opacity\s*:\s*0*(?:\.0+)?\s*(?:;|$)|mso-hide\s*:\s*all"
    r"|(?:^|;)\s*(?:max-)?(?:height|width)\s*:\s*0(?:px)?\s*(?:;|$)|text-indent\s*:\s*-\d{3,}",
    re.IGNORECASE,
)
_REST_AT_MOST = 2000
_COLOR = re.compile(r"(?:^|;)\s*color\s*:\s*([^;!]+)", re.IGNORECASE)
_BACKGROUND = re.compile(r"(?:^|;)\s*background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
_WHITE = {"white", "#fff", "#ffffff", "#fefefe", "rgb(255,255,255)", "rgba(255,255,255,1)", "transparent"}


@dataclass(frozen=True)
class Page:
    """The visible text, and what is on the page without being seen."""

    text: str
    hidden: str


@dataclass
class _Open:
    tag: str
    hidden: bool
    quotes: int
    """How many block quotes it is in, itself included."""
    background: str


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[tuple[int, list[str]]] = [(0, [])]
        self.hidden: list[str] = []
        self._open: list[_Open] = []
        self._silent = ""
        self._unread: list[str] = []

    @property
    def _depth(self) -> int:
        return self._open[-1].quotes if self._open else 0

    def _break(self, *, blank: bool = False) -> None:
        self.lines.append((self._depth, []))
        if blank:
            self.lines.append((self._depth, []))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._silent and not (self._silent in _UNCLOSED and tag in _IN_BODY):
            return
        self._silent = ""
        if tag in _SILENT:
            self._silent, self._unread = tag, []
            return
        given = {k: v or "" for k, v in attrs}
        if tag not in _VOID and len(self._open) < 2000:
            self._open.append(self._opened(tag, given))
        if tag in _BREAKS or tag == "blockquote":
            self._break(blank=tag in _PARAGRAPHS)
        elif tag in {"td", "th"}:
            self.lines[-1][1].append("\t")

    def _opened(self, tag: str, given: dict[str, str]) -> _Open:
        above = self._open[-1] if self._open else _Open("", False, 0, "white")
        style = given.get("style", "")
        background = _value(_BACKGROUND, style) or given.get("bgcolor", "").strip().lower() or above.background
        color = _value(_COLOR, style) or given.get("color", "").strip().lower()
        unseen = bool(color) and (color == background or (color in _WHITE and background in _WHITE))
        hidden = above.hidden or "hidden" in given or bool(_HIDDEN_STYLE.search(style)) or unseen
        return _Open(tag, hidden, above.quotes + (tag == "blockquote"), background)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag in (self._silent, "head"):
                self._silent = ""
            return
        if any(o.tag == tag for o in self._open[-50:]):
            while self._open and self._open.pop().tag != tag:
                pass
        if tag in _BREAKS or tag == "blockquote":
            self._break(blank=tag in _PARAGRAPHS)

    def handle_data(self, data: str) -> None:
        if self._silent or not data:
            self._unread += [data.strip()] if data.strip() and self._silent not in ("script", "style", "title") else []
            return
        if self._open and self._open[-1].hidden:
            if data.strip():
                self.hidden.append(data.strip())
            return
        if any(o.tag == "pre" for o in self._open[-5:]):
            for i, line in enumerate(data.split("\n")):
                if i:
                    self._break()
                self.lines[-1][1].append(line)
            return
        self.lines[-1][1].append(re.sub(r"[ \t\r\n\f]+", " ", data))

    def finish(self) -> None:
        """Read what is left. The parser needs hours for a long rest in which no tag ends, so that is read as text."""
        if len(self.rawdata) > _REST_AT_MOST:
            rest, self.rawdata = self.rawdata, ""
            self.handle_data(html.unescape(re.sub(r"<[^<>]*>?", " ", rest)))
        self.close()
        if self._silent:  # nobody closed it: what it swallowed is not lost without a word
            self.hidden += self._unread


def _value(pattern: re.Pattern[str], style: str) -> str:
    found = pattern.search(style)
    return re.sub(r"\s", "", found[1]).lower() if found else ""


def page_text(source: str) -> Page:
    """The text of an HTML page as a reader sees it; lines of block quotes begin with `>`."""
    reader = _Reader()
    try:
        reader.feed(source)
        reader.finish()
    except (AssertionError, ValueError):  # the standard library's parser gives up on a few broken declarations
        return Page(re.sub(r"<[^<>]*>", " ", source), "")
    lines: list[str] = []
    for depth, pieces in reader.lines:
        line = re.sub(r"[ \u00a0]*\t[ \t\u00a0]*", "\t", re.sub(r"[ \u00a0]+", " ", "".join(pieces))).strip()
        line = (">" * depth + " " + line).strip() if depth else line
        if line.strip("> ") or (lines and lines[-1].strip("> ")):
            lines.append(line)
    return Page("\n".join(lines).strip("\n"), " ".join(reader.hidden).strip())

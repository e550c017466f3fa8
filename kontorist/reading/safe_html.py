"""HTML of strangers made harmless: no scripts, forms, remote content or tricks with positions; links are shown, not followed."""

from __future__ import annotations

import re
from collections import Counter

import nh3

_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del", "div", "dl", "dt",
    "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "li", "ol", "p", "pre", "q", "s", "small", "span",
    "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul",
}  # fmt: skip
_CELL = {"colspan", "rowspan", "align", "valign", "width", "bgcolor", "style"}
_ATTRIBUTES = {
    "a": {"href", "style"},
    "img": {"alt"},
    "font": {"color", "size", "face"},
    "td": _CELL,
    "th": _CELL,
    "table": {"border", "cellpadding", "cellspacing", "width", "align", "bgcolor", "style"},
    "ol": {"start", "type"},
    **{t: {"style"} for t in ("p", "div", "span", "tr", "li", "ul", "h1", "h2", "h3", "h4", "b", "i", "strong", "em")},
}
_STYLES = {
    "color", "background-color", "font-weight", "font-style", "font-family", "font-size", "text-align", "text-decoration",
    "line-height", "border", "border-bottom", "border-top", "border-left", "border-right", "border-color", "border-collapse",
    "padding", "padding-left", "padding-right", "padding-top", "padding-bottom", "vertical-align", "white-space", "list-style-type",
}  # fmt: skip
_MAX = 2_000_000
_LINK = re.compile(r'<a ((?:[a-z]+="[^"]*" )*)href="([^"]*)"')
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_FLAT = {"br", "col", "dd", "dt", "hr", "img", "input", "li", "link", "meta", "option", "p", "td", "th", "tr"}
"""Tags that are often left open, and do not nest in themselves."""
_DEEP = 1000


def safe_html(html: str) -> str:
    """What may be shown of it. A link keeps its words and says its address when it is pointed at."""
    cleaned = nh3.clean(
        _not_too_deep(html[:_MAX]),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        clean_content_tags={"script", "style", "title", "template", "noscript", "textarea", "select"},
        filter_style_properties=_STYLES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
        strip_comments=True,
    )
    return _LINK.sub(r'<a title="\2" \1', cleaned)


def _not_too_deep(html: str) -> str:
    """The HTML up to where it is nested deeper than any letter: the parser's time grows with the square of the depth."""
    opened: Counter[str] = Counter()
    depth = 0
    for tag in _TAG.finditer(html):
        name = tag[2].lower()
        if name in _FLAT or (tag[1] and not opened[name]):
            continue
        step = -1 if tag[1] else 1
        opened[name] += step
        depth += step
        if depth > _DEEP:
            return html[: tag.start()]
    return html

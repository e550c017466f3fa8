"""Renders pages: the templates with the viewer's language, dates and amounts as they read them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import FileSystemLoader, StrictUndefined

from kontorist.core.clock import utcnow
from kontorist.core.filters import ZONE
from kontorist.core.office import Office
from kontorist.inbox import event_words, labels
from kontorist.inbox.desk import Desk
from kontorist.inbox.facts import is_digest
from kontorist.inbox.fixed import Translated
from kontorist.inbox.sentences import translated
from kontorist.inbox.texts import Texts, choose, languages, texts
from kontorist.inbox.titles import titled
from kontorist.inbox.viewer import LANGUAGE, Viewer
from kontorist.inbox.ways import AMOUNT, day, locale_of, money

_HERE = Path(__file__).parent
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,8})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@cache
def _environment(language: str) -> Translated:
    env = Translated(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    words = texts(language)
    env.gettext = words.gettext
    env.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.filters |= {
        "moment": lambda v: moment(v, language),
        "soon": lambda v: soon(v, language),
        "ago": lambda v: ago(v, language),
        "happened": lambda v: words.gettext(event_words.happened(v)),
        "age": lambda v: age(v, language),
        "short_day": lambda v, step: short_day(v, step, language),
        "day": lambda v: day(v, language),
        "money": partial(_money, language),
        "shown": lambda v, key="": shown(v, language, key),
        "field": lambda v: words.gettext(labels.field(v)),
        "columns": columns,
        "same_in_all": same_in_all,
        "brief": lambda v, at_most=600, key="": brief(v, language, at_most, key),
        "headline": lambda v: headline(v, language),
        "titled": lambda v: titled(v.title, v.data, language),
        "place": place,
        "tr": lambda v: _said(words, str(v)),  # escaped like all text; `_()` in a template is for fixed messages only
        "told": lambda v: (
            translated(language, v) if language == "en" else v
        ),  # most offices are German: nothing to look up for them
        "word": lambda v: words.gettext(labels.word(v)),
    }
    env.globals |= {"version": _version(), "now": utcnow}
    return env


def _said(words: Texts, text: str) -> str:
    """A text that is not fixed: a message of the inbox itself, or a sentence as connectors and the store write it."""
    own = words.gettext(text)
    return own if own != text else translated(words.language, text)


@cache
def _version() -> str:
    """Changes with every static file, so that no browser keeps an old one."""
    newest = max(p.stat().st_mtime_ns for p in (_HERE / "static").iterdir())
    return f"{newest:x}"


def moment(value: datetime | None, language: str) -> str:
    """A moment in the office's zone: time only where it is today."""
    if value is None:
        return ""
    local = value.astimezone(ZONE)
    today = utcnow().astimezone(ZONE)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    pattern = "EEE d. MMM, HH:mm" if language == "de" else "EEE d MMM, HH:mm"
    if local.year != today.year:
        pattern = "d. MMM yyyy, HH:mm" if language == "de" else "d MMM yyyy, HH:mm"
    return str(format_datetime(local, pattern, tzinfo=ZONE, locale=locale_of(language)))


def soon(value: datetime, language: str) -> str:
    """A moment for a narrow column: the time today, the weekday within a week, else the date."""
    local, today = value.astimezone(ZONE), utcnow().astimezone(ZONE)
    days = (local.date() - today.date()).days
    if days == 0:
        return f"{local:%H:%M}"
    pattern = "EEE HH:mm" if abs(days) < 6 else ("d. MMM" if language == "de" else "d MMM")
    return str(format_datetime(local, pattern, tzinfo=ZONE, locale=locale_of(language)))


def ago(value: datetime, language: str) -> str:
    """How long ago, or in how long."""
    return str(format_timedelta(value - utcnow(), add_direction=True, locale=locale_of(language)))


def age(value: datetime, language: str) -> str:
    """How long ago, without the word for it: `3 days`."""
    return str(format_timedelta(utcnow() - value, threshold=1.5, locale=locale_of(language)))


def short_day(value: date, step: str, language: str) -> str:
    """A day under a bar, or its month."""
    pattern = "MMM yy" if step == "month" else "d. MMM" if language == "de" else "d MMM"
    return str(format_date(value, pattern, locale=locale_of(language)))


def _money(language: str, value: Any, currency: str = "EUR") -> str:
    return money(value, currency, language)


def shown(value: Any, language: str, key: str = "") -> str:
    """A single value as the reader writes it; what a payload keeps as text is read by what it is called."""
    if isinstance(value, bool):
        return texts(language).gettext("yes" if value else "no")
    if isinstance(value, Decimal | float | int) and key in labels.AMOUNTS:
        return str(format_decimal(value, AMOUNT, locale=locale_of(language)))
    if isinstance(value, Decimal | float):
        return str(format_decimal(value, locale=locale_of(language)))
    if isinstance(value, datetime):
        return moment(value, language)
    if isinstance(value, date):
        return day(value, language)
    if isinstance(value, str) and key:
        return _by_name(value, language, key)
    return "" if value is None else str(value)


def _by_name(value: str, language: str, key: str) -> str:
    if key in labels.AMOUNTS and _NUMBER.fullmatch(value):
        return str(format_decimal(Decimal(value), AMOUNT, locale=locale_of(language)))
    if _DAY.fullmatch(value):
        try:
            return day(date.fromisoformat(value), language)
        except ValueError:
            return value
    return value


def columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns of a table in which something stands."""
    found = dict.fromkeys(k for r in rows if isinstance(r, Mapping) for k in r)
    names = [*(n for n in labels.COLUMNS_FIRST if n in found), *(n for n in found if n not in labels.COLUMNS_FIRST)]
    return [n for n in names if any(r.get(n) not in (None, "", [], {}) for r in rows if isinstance(r, Mapping))]


def same_in_all(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns of a table in which every row says the same: said once, they leave room for what tells the rows apart."""
    return [n for n in columns(rows) if all(r.get(n) == rows[0].get(n) for r in rows)]


def brief(value: Any, language: str, at_most: int = 600, key: str = "") -> str:
    """What a step gave, on a few lines."""
    if isinstance(value, Mapping):
        said = texts(language).gettext
        parts = {k: brief(v, language, 120, k) for k, v in value.items() if v not in (None, "", [], {}) and not is_digest(v)}
        text = " · ".join(f"{said(labels.field(k))}: {v}" for k, v in parts.items())
    elif isinstance(value, list | tuple):
        text = ", ".join(brief(v, language, 60) for v in value[:8]) + (" …" if len(value) > 8 else "")
    else:
        text = " ".join(shown(value, language, key).split())
    return text if len(text) <= at_most else text[: at_most - 1] + "…"


def headline(value: Mapping[str, Any], language: str) -> str:
    """What a folded part of a payload is about."""
    said = [shown(value[k], language, k) for k in labels.HEADLINE if value.get(k)]
    amount = next((value[k] for k in ("gross", "amount", "open") if value.get(k) not in (None, "")), None)
    if amount is not None:
        said.append(money(amount, str(value.get("currency") or "EUR"), language))
    return " · ".join(said) or brief(value, language, 120)


def place(evidence: Mapping[str, Any]) -> str:
    """Where a value stands, in a few signs."""
    if evidence.get("table"):
        return str(evidence.get("row") or evidence["table"])
    if evidence.get("page"):
        return f"PDF, {evidence['page']}"
    if evidence.get("xpath"):
        return "XML"
    part = str(evidence.get("part") or "text")
    return {"text": "", "rendered": "", "subject": ""}.get(part, part)


def taking(office: Office, hidden: Sequence[str]) -> list[str]:
    """The flows that take files which somebody hands in, but for those that are for others."""
    return [name for name, flow in office.flows.items() if flow.trigger and flow.trigger.upload and name not in hidden]


def language_for(request: Request, desk: Desk, viewer: Viewer | None) -> str:
    """The language of this page."""
    wanted = request.cookies.get(LANGUAGE, "") or (viewer.language if viewer else "")
    return choose(wanted, request.headers.get("accept-language", ""), desk.office.language)


def page(
    request: Request,
    template: str,
    viewer: Viewer | None = None,
    status: int = 200,
    /,
    **values: Any,
) -> HTMLResponse:
    """A page as a response."""
    desk: Desk = request.app.state.desk
    language = language_for(request, desk, viewer)
    common: Mapping[str, Any] = {
        "viewer": viewer,
        "language": language,
        "languages": languages(),
        "office_name": desk.office.settings.company.name,
        "label": desk.label,
        "called": desk.called,
        "demo": desk.demo_people is not None,
        "hands_in": viewer is not None and viewer.decides and bool(taking(desk.office, viewer.hidden)),
        "path": request.url.path,
    }
    html = _environment(language).get_template(template).render(**common, **values)
    return HTMLResponse(html, status)

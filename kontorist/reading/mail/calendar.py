"""Invitations (iCalendar, RFC 5545) as text: what, when, where, who."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

_LABELS = {
    "REQUEST": ("Einladung", "Invitation"),
    "CANCEL": ("Absage des Termins", "Cancelled"),
    "REPLY": ("Antwort auf die Einladung", "Answer to the invitation"),
    "": ("Termin", "Appointment"),
    "DTSTART": ("Beginn", "Begins"),
    "DTEND": ("Ende", "Ends"),
    "DUE": ("Fällig", "Due"),
    "LOCATION": ("Ort", "Place"),
    "ORGANIZER": ("Von", "From"),
    "ATTENDEE": ("Teilnehmer", "Attendees"),
    "RRULE": ("Wiederholung", "Repeats"),
    "DESCRIPTION": ("", ""),
}
_NAME = re.compile(r'([^":]*(?:"[^"]*"[^":]*)*):')
_EVENTS, _LONGEST = 50, 500_000


def calendar_text(text: str, language: str) -> str:
    """The events of a calendar file in words; as it is when there is none in it."""
    lines = re.sub(r"\r?\n[ \t]", "", text[:_LONGEST]).splitlines()
    method = next((line.partition(":")[2].strip().upper() for line in lines if line.upper().startswith("METHOD:")), "")
    found = ["\n".join(_said(event, method, language)) for event, _ in zip(_events(lines), range(_EVENTS), strict=False)]
    return "\n\n".join(found) or text


def _events(lines: list[str]) -> Iterator[dict[str, list[str]]]:
    event: dict[str, list[str]] | None = None
    for line in lines:
        name, value = _split(line)
        field, _, parameters = name.partition(";")
        field = field.upper().strip()
        if field == "BEGIN" and value.strip().upper() in ("VEVENT", "VTODO"):
            event = {}
        elif field == "END" and event is not None and value.strip().upper() in ("VEVENT", "VTODO"):
            yield event
            event = None
        elif event is not None and field in _LABELS | {"SUMMARY": ""}:
            event.setdefault(field, []).append(_value(field, parameters, value))


def _split(line: str) -> tuple[str, str]:
    """Name and value of a line, at its first colon outside quotes: those of a parameter may hold one (RFC 5545, 3.1)."""
    name = _NAME.match(line)
    return (name[1], line[name.end() :]) if name else (line.partition(":")[0], line.partition(":")[2])


def _value(field: str, parameters: str, value: str) -> str:
    if field.startswith("DT") or field == "DUE":
        return _moment(value, parameters)
    if field in ("ORGANIZER", "ATTENDEE"):
        name = re.search(r'CN="?([^";]+)', parameters, re.IGNORECASE)
        address = re.sub(r"(?i)^mailto:", "", value.strip())
        return f"{name[1]} <{address}>" if name and name[1] != address else address
    return re.sub(r"\\([\\;,nN])", lambda m: "\n" if m[1] in "nN" else m[1], value).strip()


def _moment(value: str, parameters: str) -> str:
    """A date or a time; midnight of an all-day event is left out."""
    for pattern, shown in (("%Y%m%dT%H%M%SZ", "%d.%m.%Y %H:%M UTC"), ("%Y%m%dT%H%M%S", "%d.%m.%Y %H:%M"), ("%Y%m%d", "%d.%m.%Y")):
        try:
            at = datetime.strptime(value.strip(), pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
        zone = re.search(r"TZID=\"?([^\";]+)", parameters)
        return at.strftime(shown) + (f" ({zone[1]})" if zone and "UTC" not in shown else "")
    return value.strip()


def _said(event: Mapping[str, list[str]], method: str, language: str) -> Iterator[str]:
    which = 0 if language == "de" else 1
    title = (event.get("SUMMARY") or [""])[0]
    yield f"{_LABELS.get(method, _LABELS[''])[which]}: {title}"
    for field in ("DTSTART", "DTEND", "DUE", "RRULE", "LOCATION", "ORGANIZER"):
        if values := event.get(field):
            yield f"{_LABELS[field][which]}: {values[0]}"
    if people := event.get("ATTENDEE"):
        yield f"{_LABELS['ATTENDEE'][which]}: {', '.join(people[:30])}"
    if description := event.get("DESCRIPTION"):
        yield f"\n{description[0]}"

"""The letter around a reply: one salutation, the passages without greetings of their own, one closing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agents._draft.search import Hit
from agents.base import Setting, Task
from kontorist.core.filters import is_name, salutation

_FRAMES = {
    ("de", "formal"): ("", "Sehr geehrte Damen und Herren,", "Mit freundlichen Grüßen"),
    ("de", "informal"): ("Hallo {name},", "Hallo,", "Viele Grüße"),
    ("en", "formal"): ("", "Dear Sir or Madam,", "Kind regards"),
    ("en", "informal"): ("Hello {name},", "Hello,", "Best wishes"),
}
_OPENING = re.compile(
    r"(?i)\A\s*(?:sehr geehrte|guten (?:tag|morgen|abend)|hallo|liebe|moin|dear|hello|hi|good (?:morning|afternoon))\b[^\n]{0,60}[,!][ \t]*\n\s*"
)
_CLOSING = re.compile(
    r"(?i)\n[ \t]*(?:(?:mit )?(?:freundlich|best|viel|lieb|herzlich)en? gr(?:ü|ue)(?:ß|ss)en?|(?:kind|best|warm) regards|best wishes|yours \w+)"
    r",?[ \t]*(?:\n[^\n]{0,60}){0,4}\s*\Z"
)


def passages(hits: Sequence[Hit]) -> str:
    """The text of passages one after the other; a page may hold whole letters, and each of them greets."""
    return "\n\n".join(_CLOSING.sub("", _OPENING.sub("", hit.section.text)).strip() for hit in hits)


def framed(body: str, task: Task, language: str, setting: Setting) -> str:
    """Salutation, text, closing."""
    spoken = "de" if language == "de" else "en"
    named, nobody, closing = _FRAMES.get((spoken, setting.tone)) or _FRAMES[spoken, "formal"]
    name = _sender(task)
    greeting = (named.format(name=name) or salutation(name, spoken)) if is_name(name) else nobody
    return "\n\n".join([greeting, body, f"{closing}\n{_signed(setting)}".strip()])


def _sender(task: Task) -> str:
    mail = task.context.get("mail")
    sender = mail.get("from") if isinstance(mail, Mapping) else None
    return " ".join(str(sender.get("name") or "").split()) if isinstance(sender, Mapping) else ""


def _signed(setting: Setting) -> str:
    company = setting.settings.get("company")
    return str(company.get("name", "") if isinstance(company, Mapping) else company or "")

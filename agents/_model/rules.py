"""Which cases never go to a language model, and which names a case is known to hold."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatch
from typing import Any

from kontorist.core.subject import Subject


def forbidden(rules: Mapping[str, Any] | None, context: Mapping[str, Any], text: str) -> str:
    """Why this case may not go to a model, in plain words; empty when it may."""
    if not rules:
        return ""
    mail = context.get("mail") if isinstance(context.get("mail"), Mapping) else {}
    sender = _address((mail or {}).get("from"))
    for pattern in rules.get("senders") or ():
        if sender and _matches_sender(sender, str(pattern).lower()):
            return f"sender {sender}"
    folder = str((mail or {}).get("folder", ""))
    for pattern in rules.get("folders") or ():
        if folder and fnmatch(folder.lower(), str(pattern).lower()):
            return f"folder {folder}"
    if any(Subject(str(person)).is_in([context, text]) for person in rules.get("persons") or ()):
        return "a person who objects to it"
    # the whole mail counts, not only the part the agent was given
    everything = "\n".join([text, *(str((mail or {}).get(k) or "") for k in ("subject", "text", "new_text"))]).lower()
    word = next((str(w) for w in rules.get("words") or () if str(w).lower() in everything), "")
    return f"word '{word}'" if word else ""


def names_in(context: Mapping[str, Any]) -> list[str]:
    """Names of persons that the mail's headers tell."""
    mail = context.get("mail")
    if not isinstance(mail, Mapping):
        return []
    people = [mail.get("from"), mail.get("reply_to")]
    people += [p for key in ("to", "cc") for p in (mail.get(key) or []) if isinstance(mail.get(key), list | tuple)]
    return [str(p["name"]) for p in people if isinstance(p, Mapping) and p.get("name")]


def _address(person: Any) -> str:
    value = person.get("address", "") if isinstance(person, Mapping) else person
    return str(value or "").strip().lower()


def _matches_sender(sender: str, pattern: str) -> bool:
    """`ceo@firm.de`, `@firm.de`, `firm.de` or `*@*.firm.de`."""
    return fnmatch(sender, pattern) or sender.endswith(pattern if pattern.startswith("@") else f"@{pattern}")

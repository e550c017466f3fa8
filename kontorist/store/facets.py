"""What a list shows and sorts by besides the sentence: who it is about, the amount, how risky it is, who may decide."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from email.utils import parseaddr
from typing import Any


def sender_of(data: Mapping[str, Any], payloads: Sequence[Mapping[str, Any]]) -> str:
    """The name to look for: the invoice's seller, else who wrote or paid."""
    for payload in payloads:
        if name := _part(_part(payload, "invoice"), "seller").get("name"):
            return str(name)
    sender = _part(_part(data, "mail"), "from")
    if sender:
        return str(sender.get("name") or sender.get("address") or "")
    if payer := _part(data, "row").get("counterparty"):
        return str(payer)
    to = next((p["to"] for p in payloads if p.get("to")), "")
    receivers = ", ".join(map(_called, to)) if isinstance(to, list) else _called(to)
    return receivers or str(_part(data, "file").get("name") or "")


def _called(receiver: Any) -> str:
    """Whom a mail goes to: the name that stands with the address, if one does."""
    return parseaddr(str(receiver))[0] or str(receiver)


def _part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}


def amount_of(payloads: Sequence[Mapping[str, Any]], rule: Mapping[str, Any] | None = None) -> tuple[Any, str]:
    """The amount that a proposal moves with its currency, else the one that its flow says it is about, if there is one."""
    for payload in payloads:
        source = _part(payload, "invoice") or _part(payload, "entry") or payload
        for name in ("gross", "payable", "amount", "total"):
            if source and source.get(name) not in (None, "", [], {}):
                return source[name], str(source.get("currency") or "EUR")
    told = _part(rule or {}, "amount")
    return told.get("amount"), str(told.get("currency") or "")


def number_of(amount: Any) -> float | None:
    """An amount to sort by; None for what is none."""
    try:
        found = Decimal(str(amount))
        return float(found) if amount is not None and found.is_finite() else None
    except InvalidOperation:
        return None


def risk_of(warnings: Sequence[Mapping[str, Any]]) -> int:
    """0 nothing, 1 a note, 2 a warning that says stop."""
    return 2 if any(w.get("stop") for w in warnings) else 1 if warnings else 0


def ruled(rule: Mapping[str, Any], assigned: str | None = None) -> dict[str, Any]:
    """The columns that repeat in whose list it stands, by rule or by assignment, in an escalation, and how many have to decide.

    What was handed over stands in the list of who got it alone; whom the rule names may still decide it.
    """
    names = [assigned] if assigned else [*map(str, rule.get("by") or ())]
    return {
        "deciders": f"|{'|'.join(names)}|"[:1000],
        "escalate": str(rule.get("escalate") or "")[:200],
        "eyes": max(1, int(rule.get("count", 1))),
    }


def addressed(question: Any) -> dict[str, Any]:
    """The columns of a case that repeat whose list its question stands in, until when, and to whom it escalates."""
    said = question if isinstance(question, Mapping) else {}
    found = ruled(said)
    deciders = found["deciders"] if said.get("by") else ""
    return {"deciders": deciders, "escalate": found["escalate"], "due": said.get("due")}


def payload_of(payload: bytes) -> dict[str, Any]:
    """A payload as it is stored, parsed; empty where it cannot be."""
    try:
        found = json.loads(payload)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def listed(
    data: Mapping[str, Any], payload: bytes, rule: Mapping[str, Any], warnings: Sequence[Mapping[str, Any]], assigned: str | None
) -> dict[str, Any]:
    """All columns of an action that repeat something for lists."""
    parsed = payload_of(payload)
    return {
        **ruled(rule, assigned),
        "risk": risk_of(warnings),
        "who": sender_of(data, [parsed])[:200],
        "amount": number_of(amount_of([parsed], rule)[0]),
    }

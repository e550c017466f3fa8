"""Invoices dated after the day on which they came: slips, invoices in advance, forgeries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from kontorist.core.clock import utcnow
from kontorist.core.filters import ZONE, format_date
from kontorist.einvoice.problem import WARNING, Problem

RULE = "DATE-AHEAD"
FEW, MANY = 3, 31
"""Days: what a clock or a bill run explains is not mentioned; what reaches beyond a bill for the coming month stops a plain approval."""


def dated_ahead(issued: Any, received: date) -> Problem | None:
    """The warning on an invoice that is dated more than a few days after it came; None where it is not."""
    days = (issued - received).days if isinstance(issued, date) else 0
    if days <= FEW:
        return None
    return Problem(
        RULE,
        f"Das Rechnungsdatum {format_date(issued)} liegt {days} Tage nach dem Eingang am {format_date(received)}: verschrieben, im Voraus gestellt oder "
        "gefälscht? Die Vorsteuer ist erst abziehbar, wenn die Leistung erbracht ist und die Rechnung vorliegt, bei einer Anzahlung erst, wenn sie "
        "auch bezahlt ist (§ 15 Abs. 1 Satz 1 Nr. 1 UStG).",
        f"The invoice is dated {format_date(issued, 'en')}, {days} days after it came on {format_date(received, 'en')}: a slip, a bill in advance or a "
        "forgery? Input VAT can be deducted only once the supply was made and the invoice is there, of a payment on account only once it was paid, too "
        "(§ 15 (1) sentence 1 no. 1 UStG).",
        "issue_date",
        WARNING,
    )


def is_far(issued: date, received: date) -> bool:
    """Whether it is so far ahead that nobody approves it in passing."""
    return (issued - received).days > MANY


def received_on(values: Mapping[str, Any]) -> date:
    """The day on which a case came, of the values that its steps see; today where they do not say."""
    case = values.get("case")
    day = case.get("received") if isinstance(case, Mapping) else None
    return day if isinstance(day, date) and not isinstance(day, datetime) else utcnow().astimezone(ZONE).date()

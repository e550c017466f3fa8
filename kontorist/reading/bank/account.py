"""Which of our accounts a statement is about: German banks name one by its IBAN, by bank code and number, or by the number alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from kontorist.reading.bank.statement import Statement

_GERMAN = re.compile(r"(?:(?P<bank>\d{8})\s*/\s*)?0*(?P<number>\d{1,10})")


def own_account(account: str, ours: Iterable[str]) -> str:
    """The one of our accounts that is meant, without blanks; empty when it is none of them, or could be two."""
    known = {_flat(one): "".join(one.split()) for one in ours}
    if _flat(account) in known:
        return known[_flat(account)]
    found = _GERMAN.fullmatch(account.strip())
    if found is None:
        return ""
    ending = (found["bank"] or "") + found["number"].zfill(10)
    meant = [written for flat, written in known.items() if re.fullmatch(r"DE\d{20}", flat) and flat.endswith(ending)]
    return meant[0] if len(meant) == 1 else ""


def as_ours(statement: Statement, ours: Iterable[str]) -> Statement:
    """The statement under the name that we give to its account: the same movement in two formats is then known for one."""
    name = own_account(statement.account, ours)
    if not name or _flat(name) == _flat(statement.account):
        return statement
    return replace(statement, account=name, entries=tuple(replace(one, account=name) for one in statement.entries))


def _flat(text: str) -> str:
    return "".join(c for c in text.upper() if c.isalnum())

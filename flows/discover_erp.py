"""Which answers needed a look into the ERP: they say something that stands in a row about this customer or order, and not in the mail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from flows.alike import facts
from flows.runtime import Runtime
from kontorist.core.errors import KontoristError

_ROWS_AT_MOST = 200_000
_RELATED_AT_MOST = 200
"""A value that stands in more rows than this points at none."""
_CONNECTORS = ("erp_csv",)


class Erp:
    """The rows of all ERP tables, found by the values in them."""

    def __init__(self, rows: Iterator[tuple[str, Mapping[str, Any]]]) -> None:
        self._facts: list[dict[str, str]] = []
        self._by_value: dict[str, list[int]] = defaultdict(list)
        for table, values in rows:
            if len(self._facts) >= _ROWS_AT_MOST:
                break
            said = {fact: f"{table}.{column}" for column, value in values.items() for fact in _facts_of(value)}
            for fact in said:
                self._by_value[fact].append(len(self._facts))
            self._facts.append(said)

    @classmethod
    def of(cls, runtime: Runtime) -> Erp:
        """Those of the office's ERP connections; one that cannot be read is left out."""
        return cls(_rows(runtime))

    def looked_up(self, sender: str, mail: str, answer: str) -> tuple[str, ...]:
        """The columns (`erp.orders.shipped_on`) whose values the answer says and the mail does not."""
        known = facts(mail) | {sender.casefold()}
        new = facts(answer) - known
        related = (i for value in known for i in self._near(value))
        return tuple(sorted({self._facts[i][fact] for i in related for fact in new if fact in self._facts[i]})) if new else ()

    def _near(self, value: str) -> list[int]:
        found = self._by_value.get(value, [])
        return found if len(found) <= _RELATED_AT_MOST else []


def _facts_of(value: Any) -> frozenset[str]:
    if isinstance(value, date):
        return frozenset({value.isoformat()})
    if isinstance(value, Decimal):
        return frozenset({f"{value:.2f}"}) if value >= 1 else frozenset()
    if isinstance(value, str):
        return frozenset({value.casefold()}) if "@" in value else facts(value)
    return frozenset()


def _rows(runtime: Runtime) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, configured in runtime.office.connections.items():
        if configured.connector not in _CONNECTORS:
            continue
        try:
            connector = runtime.connections.get(name)
            tables = list(connector.tables())
        except KontoristError:
            continue
        for table in tables:
            try:
                rows = connector.look_up(table, [{}])[0]
            except KontoristError:
                continue
            yield from ((f"{name}.{table}", row.values) for row in rows)

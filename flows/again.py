"""Process again: what a case began with, read anew from the original that is kept, as a case of the flow as it is now."""

from __future__ import annotations

from connectors.base import Item, NewDocument
from flows.intake import new_case
from flows.runtime import Runtime
from kontorist.core.errors import NotFound, Rejected
from kontorist.store import cases, documents, seen
from kontorist.store.cases import Case


def process_again(runtime: Runtime, case_id: int, actor: str, flow: str | None = None) -> int:
    """A new case for what a case began with, in its flow or another one; the number of the new case.

    Raises NotFound when the original is no longer kept, Rejected when there is no such flow.
    """
    with runtime.database.read() as connection:
        (case,) = cases.load(connection, [case_id])
    name = flow or case.flow
    if name not in runtime.office.flows:
        raise Rejected(f"There is no flow '{name}'; `kontorist flows` shows those there are.")
    new = new_case(runtime, name, case.connection, _item(runtime, case))
    with runtime.database.write() as connection:
        return seen.again(connection, case_id, new, actor)


def _item(runtime: Runtime, case: Case) -> Item:
    original = next((d for d in case.documents if d.role == "original"), None)
    if original is None and not case.data:
        raise NotFound(f"Case {case.id} has no original any more: it was erased, or kept long enough.")
    connector = runtime.connections.get(case.connection)
    if original is not None:
        again = connector.reread(case.source, case.data, documents.get(runtime.database, original.sha256))
        if again is not None:
            return again
    kept = [(d, documents.get(runtime.database, d.sha256)) for d in case.documents]
    return _as_it_was(case, [(d.name, d.media_type, data, d.role) for d, data in kept])


def _as_it_was(case: Case, kept: list[tuple[str, str, bytes, str]]) -> Item:
    return Item("", case.source, case.title, case.data, [NewDocument(*d) for d in kept], (), case.warnings)

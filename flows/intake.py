"""Takes in what arrived: case, documents and audit event in one transaction, and only then the source is told."""

from __future__ import annotations

import itertools
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from connectors.base import Connector, Item
from flows.advance import Tally
from flows.runtime import Runtime
from kontorist.core import logs
from kontorist.core.clock import utcnow
from kontorist.core.errors import ConfigurationError, KontoristError, Unavailable
from kontorist.core.flow import After, Flow
from kontorist.core.timetable import in_words
from kontorist.store import asking, conversations, documents, following, office_state, taking_in, undelivered, voiding
from kontorist.store.cases import Case, DocumentRef
from kontorist.store.context import arrived, values_of
from kontorist.store.taking_in import NewCase

BATCH, BYTES, SECONDS = 500, 8 * 2**20, 2.0
"""Items that are taken in with one commit; fewer where their documents are large or come slowly."""
NEW_MAIL = "A new mail has come in this conversation; read it before you decide."
_FAULTS = 20
"""Things that could not be read of which a connection tells."""


def intake(runtime: Runtime, flow_name: str, tally: Tally) -> int:
    """Take in what is new for one flow, at most as many as the pace says; returns how many cases.

    Raises what the source raised, after noting its heartbeat; what nobody expected comes as Unavailable, so that the other flows go on.
    """
    try:
        count = _taken_in(runtime, flow_name, tally)
    except KontoristError:
        raise
    except Exception as error:
        traceback.print_exc()
        raise _unexpected(flow_name, error) from error
    runtime.pace.answered(flow_name)
    return count


def _taken_in(runtime: Runtime, flow_name: str, tally: Tally) -> int:
    flow = runtime.office.flows[flow_name]
    kind = flow.trigger.kind() if flow.trigger else None
    if kind is None or flow.trigger is None:
        return 0
    if kind == "schedule":
        return _scheduled(runtime, flow_name, str(flow.trigger.schedule), tally)
    if flow.trigger.after is not None:
        return _followed(runtime, flow_name, flow.trigger.after, tally)
    source = flow.trigger.source()
    if source is None:  # handed in by people
        return 0
    kind, options = source
    connection = str(options.pop("connection", ""))
    try:
        count = _from_connector(runtime, flow_name, kind, connection, options, tally)
        faults = [str(one)[:500] for one in itertools.islice(runtime.connections.get(connection).problems(), _FAULTS)]
    except Exception as error:
        _beat(runtime, connection, str(error if isinstance(error, KontoristError) else _unexpected(connection, error)))
        raise
    _beat(runtime, connection, "", faults)
    return count


def _unexpected(what: str, error: Exception) -> Unavailable:
    return Unavailable(f"{what} cannot be read: {type(error).__name__}: {str(error)[:200]}. It is tried again later.")


def note_failure(runtime: Runtime, flow_name: str, tally: Tally, error: KontoristError, seconds: float) -> None:
    """The source of a flow was away, for so long: it is told, and the pass goes on with the others."""
    runtime.pace.was_away(flow_name, seconds)
    tally.add(flow_name, "failed")
    tally.notes.append({"case": None, "flow": flow_name, "title": "intake", "state": "failed", "why": str(error)})


def _beat(runtime: Runtime, connection: str, problem: str, faults: Sequence[str] | None = None) -> None:
    with runtime.database.write() as database:
        office_state.beat(database, connection, problem, faults)


def trigger_options(connector: Connector, kind: str, options: dict[str, Any]) -> Any:
    """The typed options of a trigger. Raises ConfigurationError."""
    if kind not in connector.triggers:
        raise ConfigurationError(f"The connection '{connector.surroundings.name}' cannot trigger on `{kind}:`.")
    try:
        return connector.triggers[kind].model_validate(options)
    except ValidationError as error:
        raise ConfigurationError(f"trigger {kind}: {error.errors()[0]['msg']}") from error


def _from_connector(runtime: Runtime, flow_name: str, kind: str, connection: str, options: dict[str, Any], tally: Tally) -> int:
    connector = runtime.connections.get(connection)
    typed = trigger_options(connector, kind, options)

    def known(keys: Iterable[str]) -> set[str]:
        with runtime.database.read() as database:
            return taking_in.known_keys(database, flow_name, connection, set(keys))

    count = 0
    for batch in _batches(itertools.islice(connector.read(kind, typed, known), runtime.pace.round)):
        count += len(take_in(runtime, flow_name, connection, batch))
        connector.acknowledge(kind, typed, batch)
    tally.add(flow_name, "taken_in", count)
    return count


def _batches(items: Iterator[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    held, began = 0, time.monotonic()
    try:
        for item in items:
            batch.append(item)
            held += sum(len(d.data) for d in item.documents)
            if len(batch) >= BATCH or held >= BYTES or time.monotonic() - began >= SECONDS:
                yield batch
                batch, held, began = [], 0, time.monotonic()
    except Exception:  # what came before the line broke is taken in: else a bad line would never get anywhere
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def take_in(runtime: Runtime, flow_name: str, connection: str, items: Sequence[Item]) -> list[int]:
    """Store items as cases of a flow; returns the ids of those that were new."""
    new = [new_case(runtime, flow_name, connection, item) for item in items]
    with runtime.database.write() as database:
        ids = taking_in.take_in(database, new, f"connection:{connection}", noted_later=True)
        for item, case_id in zip(items, ids, strict=True):
            if case_id is not None and item.thread:
                voiding.void_threads(database, item.thread, case_id, NEW_MAIL)
                asking.resume(database, [i for i in conversations.in_thread(database, item.thread) if i != case_id], NEW_MAIL)
            if case_id is not None and (report := _report_of(item)):
                undelivered.note(database, connection, report)
    found = [i for i in ids if i is not None]
    if found:
        logs.event("taken in", flow=flow_name, case=found[0], count=len(found))
    return found


def _report_of(item: Item) -> Mapping[str, Any] | None:
    """What a mail server says about a mail that we sent, if that is what came in."""
    mail = item.data.get("mail")
    return mail.get("report") if isinstance(mail, Mapping) else None


def new_case(runtime: Runtime, flow_name: str, connection: str, item: Item) -> NewCase:
    """An item as a case about to be taken in; its documents are on disk when this returns."""
    refs = [
        DocumentRef(d.name, d.media_type, d.role, documents.put(runtime.database, d.data), len(d.data)) for d in item.documents
    ]
    return NewCase(
        flow=flow_name,
        flow_version=runtime.flow_versions[flow_name],
        connection=connection,
        source_key=item.source_key,
        source=item.source,
        title=item.title,
        data=item.data,
        documents=refs,
        thread=item.thread,
        warnings=item.warnings,
    )


def last_due(cron: str, zone: str, now: datetime) -> datetime:
    """The last moment at or before now that a cron expression (five fields, in the zone) names. Raises ConfigurationError."""
    from cronsim import CronSim, CronSimError

    try:
        return next(CronSim(cron, now.astimezone(ZoneInfo(zone)), reverse=True)).astimezone(now.tzinfo)
    except (CronSimError, StopIteration) as error:
        raise ConfigurationError(f"'{cron}' is not a cron expression; '0 7 * * 1-5' is 7:00 on working days.") from error


def _scheduled(runtime: Runtime, flow_name: str, cron: str, tally: Tally) -> int:
    """One case for the last due moment, if it was not taken in yet: a missed one is made up for, but never more than one."""
    due = last_due(cron, runtime.office.settings.timezone, utcnow())
    shown = due.astimezone(ZoneInfo(runtime.office.settings.timezone))
    title = f"{runtime.office.flows[flow_name].title or flow_name} {shown:%d.%m.%Y %H:%M}"
    item = Item(f"schedule:{due.isoformat()}", in_words(cron, runtime.office.language), title, {"scheduled": due})
    count = len(take_in(runtime, flow_name, "schedule", [item]))
    tally.add(flow_name, "taken_in", count)
    return count


def _followed(runtime: Runtime, flow_name: str, after: After, tally: Tally) -> int:
    """A case for each case of another flow that has ended since this flow is there: what arrived then, and what came of it."""
    with runtime.database.write() as database:
        since = following.since(database, flow_name, after.flow)
        ended = following.ended(database, flow_name, after.flow, after.state, since, runtime.pace.round)
    new = [_following(runtime, flow_name, case) for case in ended]
    with runtime.database.write() as database:
        count = sum(i is not None for i in taking_in.take_in(database, new, f"flow:{after.flow}"))
    tally.add(flow_name, "taken_in", count)
    return count


def _following(runtime: Runtime, flow_name: str, case: Case) -> NewCase:
    results = {name: value for name, value in values_of(case, "").items() if name not in arrived(case)}
    before = {"case": case.id, "flow": case.flow, "title": case.title, "state": case.state, "steps": results}
    return NewCase(
        flow=flow_name,
        flow_version=runtime.flow_versions[flow_name],
        connection=following.AFTER,
        source_key=str(case.id),
        source=case.source,
        title=case.title,
        data={**case.data, "before": before},
        documents=case.documents,
        warnings=case.warnings,
    )


def triggers(flows: dict[str, Flow]) -> list[str]:
    """The flows that something starts."""
    return [name for name, flow in flows.items() if flow.trigger and flow.trigger.kind()]

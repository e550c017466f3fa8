"""`/health` and `/metrics` for monitoring: numbers and the names of flows and connections, never anything about a person."""

from __future__ import annotations

import hmac
import ipaddress
import os
from collections.abc import Iterable, Iterator
from datetime import datetime

from fastapi import APIRouter, Request
from sqlalchemy import Connection, func, select
from starlette.responses import JSONResponse, PlainTextResponse, Response

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotAllowed, Unavailable
from kontorist.inbox.desk import TheDesk
from kontorist.store import office_state
from kontorist.store.tables import actions, approvals, cases, passes

router = APIRouter()
TOKEN = "KONTORIST_METRICS_TOKEN"  # noqa: S105 - the name of the variable
SILENT_AFTER = 900.0
"""A connection is looked at every five minutes at the latest; after three times that somebody should know."""
_ON_THE_WAY = ("approved", "claimed", "committing")
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


@router.get("/health")
def health(desk: TheDesk) -> Response:
    """Whether this process answers and reaches its database."""
    try:
        with desk.database.read() as connection:
            connection.execute(select(func.max(passes.c.started)))
    except Unavailable:
        problem = "The database does not answer; `kontorist doctor` on this machine says why."
        return JSONResponse({"ok": False, "problem": problem}, 503)
    return JSONResponse({"ok": True})


@router.get("/metrics")
def metrics(request: Request, desk: TheDesk) -> Response:
    """The state of the office in Prometheus' text format."""
    if not _may_read(request):
        raise NotAllowed(f"Metrics are for this machine, or for who sends the token of {TOKEN} (Authorization: Bearer …).")
    with desk.database.read() as connection:
        text = "\n".join(_lines(connection)) + "\n"
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")


def _may_read(request: Request) -> bool:
    """With the token from anywhere; without it from this machine, unless a proxy stands between."""
    expected = os.environ.get(TOKEN, "")
    given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if expected and hmac.compare_digest(given.encode(), expected.encode()):
        return True
    return _is_local(request.client.host if request.client else "") and not any(h in request.headers for h in _FORWARDED)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _lines(connection: Connection) -> Iterator[str]:
    per_flow = select(cases.c.flow, cases.c.state, func.count()).group_by(cases.c.flow, cases.c.state)
    rows = connection.execute(per_flow.order_by(cases.c.flow, cases.c.state)).all()
    yield from _gauge("cases", "Cases by flow and state", [({"flow": f, "state": s}, n) for f, s, n in rows])
    by_state = connection.execute(select(actions.c.state, func.count()).group_by(actions.c.state))
    states = {row.state: row[1] for row in by_state}
    yield from _gauge("actions", "Actions by state", [({"state": s}, n) for s, n in sorted(states.items())])
    yield from _gauge(
        "actions_uncertain", "Actions of which nobody knows whether they happened", [({}, states.get("uncertain", 0))]
    )
    yield from _gauge(
        "oldest_approved_seconds", "Since the oldest approval not carried out; 0 if none", [({}, _oldest(connection))]
    )
    yield from _gauge("stopped", "1 while the stop button holds the whole office", [({}, office_state.stops(connection).office)])
    ended = connection.execute(select(func.max(passes.c.ended))).scalar()
    yield from _gauge("last_pass_seconds", "Since the last pass ended; none if there was none", _since([({}, ended)]))
    yield from _heartbeats(connection)


def _oldest(connection: Connection) -> float:
    this = (approvals.c.action_id == actions.c.id) & (approvals.c.revision == actions.c.revision)
    query = select(func.min(approvals.c.at)).join(actions, this)
    found = connection.execute(query.where(actions.c.state.in_(_ON_THE_WAY), approvals.c.decision == "approve")).scalar()
    return _seconds(found) if found else 0.0


def _heartbeats(connection: Connection) -> Iterator[str]:
    beats = {name: beat for name, beat in sorted(office_state.heartbeats(connection).items()) if isinstance(beat, dict)}
    ages = [({"connection": name}, beat.get("ok")) for name, beat in beats.items()]
    yield from _gauge("connection_heartbeat_seconds", "Since a connection was last read well", _since(ages))
    silent = [({"connection": n}, bool(b.get("problem")) or _too_old(b.get("ok"))) for n, b in beats.items()]
    yield from _gauge("connection_silent", "1 for a connection that is down or unusually silent", silent)
    yield from _gauge(
        "connections_silent", "How many connections are down or unusually silent", [({}, sum(s for _, s in silent))]
    )


def _too_old(moment: datetime | None) -> bool:
    return moment is None or _seconds(moment) > SILENT_AFTER


def _seconds(moment: datetime) -> float:
    return round(max(0.0, (utcnow() - moment).total_seconds()), 3)


def _since(moments: Iterable[tuple[dict[str, str], datetime | None]]) -> list[tuple[dict[str, str], float]]:
    return [(labels, _seconds(moment)) for labels, moment in moments if moment is not None]


def _gauge(name: str, text: str, values: Iterable[tuple[dict[str, str], float]]) -> Iterator[str]:
    yield f"# HELP kontorist_{name} {text}"
    yield f"# TYPE kontorist_{name} gauge"
    for labels, value in values:
        shown = ",".join(f'{k}="{_escaped(v)}"' for k, v in labels.items())
        yield f"kontorist_{name}{{{shown}}} {float(value):.12g}" if shown else f"kontorist_{name} {float(value):.12g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

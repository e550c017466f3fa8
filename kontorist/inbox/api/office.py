"""The office over the JSON API: connections, models, people, figures, audit, the stop button."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Path, Query
from sqlalchemy import select

from kontorist.core.errors import NotFound, Rejected
from kontorist.inbox import again, overview
from kontorist.inbox import stopping as stop_button
from kontorist.inbox.api import shapes
from kontorist.inbox.api.caller import Head, Number, Overseer, router_of
from kontorist.inbox.desk import TheDesk
from kontorist.inbox.figures import Line, Report
from kontorist.inbox.overview import ConnectionView, ModelView, PersonView
from kontorist.inbox.problems import answers
from kontorist.store import audit_search, health, office_state, people
from kontorist.store.tables import passes

router = router_of("Office")
Plain = r"^[^\x00]*$"
Name = Annotated[str, Path(max_length=100, pattern=r"^[^\x00/]+$")]


@router.get("/connections")
def list_connections(desk: TheDesk, viewer: Overseer) -> list[shapes.ConnectionBody]:
    """Every connection, when it was last read, and whether it is down or unusually silent."""
    settings = desk.office.settings
    with desk.database.read() as connection:
        views = overview.connections(desk, connection)
    return [_connection(v, settings.languages[0], settings.timezone) for v in views]


def _connection(view: ConnectionView, language: str, zone: str) -> shapes.ConnectionBody:
    alarm = view.alarm
    said: dict[str, Any] = {"alarm": alarm.kind if alarm else None, "message": alarm.sentence(language, zone) if alarm else ""}
    return shapes.ConnectionBody(
        name=view.name, connector=view.connector, stopped=view.stopped, read=view.beat.get("ok"), tried=view.beat.get("at"),
        problem=str(view.beat.get("problem") or ""), last=view.last, **said,
    )  # fmt: skip


@router.get("/models")
def list_models(desk: TheDesk, viewer: Overseer) -> list[shapes.ModelBody]:
    """Every language model, what it cost in the last 30 days and today, and its budget."""
    with desk.database.read() as connection:
        return [_model(v) for v in overview.models(desk, connection)]


def _model(view: ModelView) -> shapes.ModelBody:
    written = view.settings
    return shapes.ModelBody(
        name=view.name, server=str(written.get("base_url") or written.get("preset") or ""), trusted=bool(written.get("trusted")),
        usual=view.usual, calls=view.month.calls, prompt_tokens=view.month.prompt_tokens, completion_tokens=view.month.completion_tokens,
        cost=f"{view.month.cost:f}", cost_today=f"{view.today.cost:f}", budget_per_day=None if view.budget is None else f"{view.budget:f}",
    )  # fmt: skip


@router.get("/people")
def list_people(desk: TheDesk, viewer: Overseer) -> list[shapes.PersonBody]:
    """Everybody of office.yaml, their groups and deputies, and whether they can sign in."""
    with desk.database.read() as connection:
        return [_person(v) for v in overview.everybody(desk, connection)]


def _person(view: PersonView) -> shapes.PersonBody:
    p = view.person
    return shapes.PersonBody(
        name=view.name, label=p.name, role=p.role, groups=p.groups, deputy=p.deputy, away=p.away,
        can_sign_in=view.has_password and not view.disabled, second_factor=view.code, sessions=view.sessions, tokens=view.tokens,
    )  # fmt: skip


@router.post("/people/{name}/end-sessions")
def end_sessions(desk: TheDesk, viewer: Head, name: Name) -> shapes.Sessions:
    """Sign somebody out everywhere; their tokens end too."""
    with desk.database.write() as connection:
        if name not in {p.name for p in people.listing(connection)}:
            raise NotFound("There is no such person.")
        ended = len(people.living(connection, name))
        people.end(connection, name, actor=viewer.name)
    return shapes.Sessions(ended=ended)


@router.post("/people/{name}/disable", status_code=204)
def disable(desk: TheDesk, viewer: Head, name: Name) -> None:
    """Let somebody in no more."""
    if name == viewer.name:
        raise Rejected("You would lock yourself out. Ask another admin.")
    with desk.database.write() as connection:
        if name not in {p.name for p in people.listing(connection)}:
            raise NotFound("There is no such person.")
        people.disable(connection, name, viewer.name)


@router.get("/audit")
def search_audit(
    desk: TheDesk,
    viewer: Overseer,
    kind: Annotated[str, Query(max_length=40, pattern=Plain, description="a kind or the beginning of one: `action.`")] = "",
    actor: Annotated[str, Query(max_length=100, pattern=Plain)] = "",
    subject: Annotated[str, Query(max_length=64, pattern=Plain, description="`case:1`, `action:2`, `office`")] = "",
    q: Annotated[str, Query(max_length=200, pattern=Plain)] = "",
    before: Annotated[int, Query(ge=0, le=2_147_483_647)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> shapes.AuditPage:
    """Events of the audit chain, the newest first."""
    with desk.database.read() as connection:
        found = audit_search.search(connection, kind=kind, actor=actor, subject=subject, words=q, before=before, limit=limit)
    return shapes.AuditPage(before=found.before, events=[shapes.AuditEvent(**{k: e[k] for k in _EVENT}) for e in found.events])


_EVENT = tuple(shapes.AuditEvent.model_fields)


@router.get("/stops")
def read_stops(desk: TheDesk, viewer: Overseer) -> shapes.StopsBody:
    """What the stop button holds back now."""
    with desk.database.read() as connection:
        found = office_state.stops(connection)
    return shapes.StopsBody(office=found.office, flows=list(found.flows), connections=list(found.connections))


@router.put("/stops")
def set_stops(desk: TheDesk, viewer: Head, body: shapes.Stops) -> shapes.StopsBody:
    """Press or release the stop button: for everything, for flows, for connections."""
    new = stop_button.press(desk, viewer, office=body.office, flows=body.flows, connections=body.connections)
    return shapes.StopsBody(office=new.office, flows=list(new.flows), connections=list(new.connections))


@router.get("/stuck")
def list_stuck(desk: TheDesk, viewer: Overseer) -> list[shapes.StuckBody]:
    """Failed and unclear cases by flow and reason."""
    with desk.database.read() as connection:
        return [shapes.StuckBody(**s.__dict__) for s in health.stuck(connection)]


@router.post("/stuck/{case}/retry", responses=answers(409))
def retry_alike(desk: TheDesk, viewer: Head, case: Number) -> shapes.Retried:
    """Try all cases again that are stuck for the same reason as this one."""
    return shapes.Retried(retried=again.retry_alike(desk, viewer, case))


@router.get("/passes")
def list_passes(desk: TheDesk, viewer: Overseer) -> list[shapes.Pass]:
    """The last passes of the office."""
    with desk.database.read() as connection:
        rows = connection.execute(select(passes).order_by(passes.c.started.desc()).limit(50))
        return [shapes.Pass(run=r.run, started=r.started, ended=r.ended) for r in rows]


@router.get("/figures")
def figures(
    desk: TheDesk, viewer: Overseer, period: Annotated[str, Query(pattern="^(7d|30d|90d|365d)$")] = "30d"
) -> shapes.FiguresBody:
    """The figures of a period that ends now, for each flow; figures about time only where enough people stand behind them."""
    settings = desk.office.settings
    return _report(desk.figures.report(desk.database, period, ZoneInfo(settings.timezone), settings.figures_from))


def _report(found: Report) -> shapes.FiguresBody:
    bars = [shapes.FigureBar(start=b.start.isoformat(), approved_unchanged=b.day.unchanged, **_counts(b.day)) for b in found.bars]
    return shapes.FiguresBody(
        period=found.period, first=found.first.isoformat(), last=found.last.isoformat(), people_at_least=found.people_at_least,
        step=found.step, total=_line(found.total), flows=[_line(x) for x in found.lines], over_time=bars,
    )  # fmt: skip


def _counts(day: Any) -> dict[str, int]:
    return {name: getattr(day, name) for name in ("arrived", "prepared", "edited", "rejected", "unclear")}


def _line(line: Line) -> shapes.FigureLine:
    minutes = shapes.Minutes(median=round(line.minutes[0], 2), p90=round(line.minutes[1], 2)) if line.minutes else None
    saved = line.saved
    time = (
        shapes.SavedTime(
            hours=round(saved.hours, 2), seconds_by_hand=saved.by_hand, seconds_unchanged=saved.unchanged, measured=saved.measured
        )
        if saved
        else None
    )
    each = line.cost_each
    return shapes.FigureLine(
        flow=line.flow, approved_unchanged=line.day.unchanged, **_counts(line.day), open=line.open, oldest=line.oldest, minutes=minutes,
        cost=f"{line.cost:f}", cost_per_approved=None if each is None else f"{each:.6f}", time_saved=time,
    )  # fmt: skip

"""What admins look at: flows, connections, models and people as they are now; for the pages and the API alike."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from kontorist.core.clock import utcnow
from kontorist.core.flow import Flow
from kontorist.core.office import Person
from kontorist.inbox.desk import Desk
from kontorist.store import flow_faults, health, model_calls, office_state, people, second_factor, silence, tokens, versions
from kontorist.store.health import FlowHealth
from kontorist.store.silence import Alarm

MONTH = timedelta(days=30)


def zone_of(desk: Desk) -> ZoneInfo:
    """The office's time zone."""
    return ZoneInfo(desk.office.settings.timezone)


@dataclass(frozen=True)
class FlowView:
    """A flow with its health."""

    name: str
    flow: Flow
    health: FlowHealth
    stopped: bool
    problems: Sequence[str]

    @property
    def trouble(self) -> bool:
        """Whether somebody has to look."""
        return bool(self.problems or self.stopped or self.health.failed)


@dataclass(frozen=True)
class Mistakes:
    """What is wrong in the file of a flow."""

    name: str
    problems: Sequence[str]
    works_on: bool
    """Whether there is a version without a mistake, which stays in use."""


@dataclass(frozen=True)
class ConnectionView:
    """A connection with its heartbeat."""

    name: str
    connector: str
    stopped: bool
    beat: Mapping[str, Any]
    alarm: Alarm | None
    last: datetime | None
    flows: Sequence[str]
    """The flows that it feeds."""


@dataclass(frozen=True)
class ModelView:
    """A model with what it was asked and what that cost."""

    name: str
    settings: Mapping[str, Any]
    usual: bool
    month: model_calls.Spending
    today: model_calls.Spending

    @property
    def budget(self) -> Decimal | None:
        """What it may cost a day."""
        written = self.settings.get("budget_per_day")
        return None if written is None else Decimal(str(written))

    @property
    def share(self) -> int:
        """How much of today's budget is spent, in percent."""
        return min(100, int(self.today.cost * 100 / self.budget)) if self.budget else 0


@dataclass(frozen=True)
class PersonView:
    """Somebody of office.yaml, and whether they can sign in."""

    name: str
    person: Person
    has_password: bool
    disabled: bool
    code: bool
    sessions: int
    tokens: int


def midnight(desk: Desk) -> datetime:
    """When today began in the office."""
    return utcnow().astimezone(zone_of(desk)).replace(hour=0, minute=0, second=0, microsecond=0)


def flows(desk: Desk, connection: Connection) -> list[FlowView]:
    """Every flow, those with cases of their own first."""
    mistakes = flow_faults.known(connection)
    shown = {**_since(connection, mistakes, desk.office.flows), **desk.office.flows}
    stops, found = office_state.stops(connection), health.of_flows(connection, shown, midnight(desk))
    views = [
        FlowView(name, flow, found[name], stops.office or name in stops.flows, mistakes.get(name, ()))
        for name, flow in shown.items()
    ]
    return sorted(views, key=lambda v: (v.flow.trigger is None, v.name))


def _since(connection: Connection, mistakes: Iterable[str], known: Collection[str]) -> dict[str, Flow]:
    """Flows that could not be read when this inbox was started, as they work on."""
    last = {name: versions.last_good(connection, name) for name in mistakes if name not in known}
    return {name: kept[name] for name, kept in last.items() if kept is not None}


def mistakes(connection: Connection) -> list[Mistakes]:
    """The flows in whose files there is a mistake, whether they work on or never worked."""
    return [
        Mistakes(name, problems, versions.last_good(connection, name) is not None)
        for name, problems in sorted(flow_faults.known(connection).items())
    ]


def connections(desk: Desk, connection: Connection) -> list[ConnectionView]:
    """Every connection, by name."""
    stops, beats = office_state.stops(connection), office_state.heartbeats(connection)
    alarms = {a.connection: a for a in silence.alarms(connection, desk.office.settings.timezone)}
    views = []
    for name, configured in desk.office.connections.items():
        beat = beats.get(name)
        fed = [f for f, flow in desk.office.flows.items() if flow.trigger and _feeds(flow, name)]
        views.append(
            ConnectionView(
                name,
                configured.connector,
                stops.office or name in stops.connections,
                beat if isinstance(beat, Mapping) else {},
                alarms.get(name),
                health.last_item(connection, name),
                fed,
            )
        )
    return views


def _feeds(flow: Flow, name: str) -> bool:
    kind = flow.trigger.kind() if flow.trigger else None
    options = getattr(flow.trigger, kind) if kind else None
    return isinstance(options, dict) and options.get("connection") == name


def models(desk: Desk, connection: Connection) -> list[ModelView]:
    """Every model of office.yaml, and those that were asked in the last 30 days."""
    settings = desk.office.settings
    month = {s.model: s for s in model_calls.spending(connection, utcnow() - MONTH)}
    today = {s.model: s for s in model_calls.spending(connection, midnight(desk))}
    nothing = model_calls.Spending("", 0, 0, 0, Decimal(0), 0)
    names = [*settings.models, *(m for m in month if m not in settings.models)]
    return [
        ModelView(
            n,
            settings.models[n].model_extra or {} if n in settings.models else {},
            n == settings.model,
            month.get(n, nothing),
            today.get(n, nothing),
        )
        for n in names
    ]


def everybody(desk: Desk, connection: Connection) -> list[PersonView]:
    """Everybody of office.yaml."""
    known, held = {p.name: p for p in people.listing(connection)}, tokens.living(connection)
    return [
        PersonView(
            name,
            person,
            name in known,
            bool(name in known and known[name].disabled),
            second_factor.has(connection, name),
            len(people.living(connection, name)),
            held.get(name, 0),
        )
        for name, person in desk.office.settings.people.items()
    ]


def is_away(person: Person, day: date) -> bool:
    """Whether somebody is away on a day."""
    from kontorist.inbox.viewer import covers

    return any(covers(written, day) for written in person.away)

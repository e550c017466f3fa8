"""What happened on each day in each flow: counted from cases, decisions and costs, never by person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, func, literal_column, select, text

from kontorist.core.values import sha256
from kontorist.store.asking import PREFIX
from kontorist.store.tables import BY_HAND, UNCLEAR, actions, approvals, cases, events, handling, journal, revisions

OUTCOMES = ("unchanged", "edited", "rejected")
_AT_ONCE = 500


@dataclass
class Day:
    """One flow on one day, or several days added up."""

    arrived: int = 0
    prepared: int = 0
    unchanged: int = 0
    edited: int = 0
    rejected: int = 0
    unclear: int = 0
    nanos: int = 0
    waits: Counter[int] = field(default_factory=Counter)
    """Seconds from prepared to decided (whole minutes above one hour) → how many cards."""
    handled: dict[str, Counter[int]] = field(default_factory=dict)
    """Outcome → seconds that a card was open → how many cards."""
    people: set[str] = field(default_factory=set)
    """Marks of who decided (`mark`): only to know whether they are enough for a figure about time."""

    def add(self, other: Day) -> None:
        """Add another day."""
        for name in ("arrived", "prepared", *OUTCOMES, "unclear", "nanos"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.waits.update(other.waits)
        for outcome, seconds in other.handled.items():
            self.handled.setdefault(outcome, Counter()).update(seconds)
        self.people |= other.people


Days = dict[tuple[date, str], Day]


def mark(person: str, salt: str) -> str:
    """A sign for a person by which several days can be counted together, and that names nobody."""
    return sha256(f"{salt}:{person}".encode())[:12]


def days(connection: Connection, start: datetime, end: datetime, zone: ZoneInfo, salt: str = "") -> Days:
    """Every day and flow between two moments in which something happened."""
    found: Days = {}
    local = _Local(zone)

    def at(moment: str, flow: str) -> Day:
        key = (local.day(moment), flow)
        if key not in found:
            found[key] = Day()
        return found[key]

    for moment, flow, count in _by_hour(connection, cases.c.created, cases.c.flow, (), start, end):
        at(moment, flow).arrived += count
    leading = (actions.c.card == actions.c.id,)
    for moment, flow, count in _by_hour(connection, actions.c.created, actions.c.flow, leading, start, end):
        at(moment, flow).prepared += count
    for moment, flow in _unclear(connection, start, end):
        at(moment, flow).unclear += 1
    for moment, flow, nanos in connection.execute(
        select(_text(journal.c.at), journal.c.flow, journal.c.nanos).where(text("nanos > 0"), *_between(journal.c.at, start, end))
    ):
        at(moment, flow).nanos += nanos
    for outcome, row, people in _decided(connection, start, end):
        day = at(row.at, row.flow)
        setattr(day, outcome, getattr(day, outcome) + 1)
        day.waits[_rounded(local.seconds(row.created, row.at))] += 1
        day.people |= {mark(p, salt) for p in people}
    _measured(connection, found, local.day(_stored(start)), local.day(_stored(end)))
    return found


class _Local:
    """Moments as they are stored, in the office's zone; a day's offset is worked out once an hour of it."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone, self._known = zone, dict[str, date]()

    def day(self, moment: str) -> date:
        hour = moment[:13]
        if hour not in self._known:
            self._known[hour] = datetime.fromisoformat(moment).astimezone(self._zone).date()
        return self._known[hour]

    def seconds(self, begin: str, end: str) -> float:
        return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()


def _rounded(seconds: float) -> int:
    whole = max(0, round(seconds))
    return whole if whole < 3600 else whole // 60 * 60


def _stored(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _text(column: Any) -> Any:
    """A moment as it is stored: a million need not become objects."""
    return literal_column(f"{column.table.name}.{column.name}").label(column.name)


def _between(column: Any, start: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    return column >= start, column < end


def _by_hour(
    connection: Connection, moment: Any, flow: Any, which: Iterable[ColumnElement[bool]], start: datetime, end: datetime
) -> Iterable[Any]:
    """How many in each hour and flow, the hour as it is stored: a million rows are counted where they are."""
    if flow.table is cases:  # the index begins with the flow: one range of it for each
        which = (*which, cases.c.flow.in_(_flows(connection)))
    hour = func.substr(_text(moment), 1, 13)
    return connection.execute(
        select(func.min(_text(moment)), flow, func.count()).where(*which, *_between(moment, start, end)).group_by(flow, hour)
    )


def _flows(connection: Connection) -> list[str]:
    """The flows that ever had a case, each found by one step in the index."""
    found, last = list[str](), ""
    while last := connection.execute(select(func.min(cases.c.flow)).where(cases.c.flow > last)).scalar() or "":
        found.append(last)
    return found


def _unclear(connection: Connection, start: datetime, end: datetime) -> Iterable[tuple[str, str]]:
    """When a case became unclear, and its flow."""
    query = select(_text(events.c.at), events.c.subject).where(UNCLEAR, *_between(events.c.at, start, end))
    rows = [(moment, int(subject.partition(":")[2])) for moment, subject in connection.execute(query)]
    ids = sorted({case for _, case in rows})
    flows: dict[int, str] = {}
    for i in range(0, len(ids), _AT_ONCE):
        known = select(cases.c.id, cases.c.flow).where(cases.c.id.in_(ids[i : i + _AT_ONCE]))
        flows.update((r.id, r.flow) for r in connection.execute(known))
    return [(moment, flows[case]) for moment, case in rows if case in flows]


def _this() -> ColumnElement[bool]:
    """A decision that stands: about the revision as it is, on the action that speaks for its card."""
    return and_(
        actions.c.id == approvals.c.action_id,
        actions.c.revision == approvals.c.revision,
        actions.c.card == actions.c.id,
        actions.c.path.not_like(f"{PREFIX}%"),
    )


def _decided(connection: Connection, start: datetime, end: datetime) -> Iterable[tuple[str, Any, set[str]]]:
    """Cards with their last decision and everybody who decided: of two pairs of eyes it is the second that counts."""
    columns = (
        actions.c.id,
        actions.c.flow,
        _text(actions.c.created),
        _text(approvals.c.at),
        approvals.c.decision,
        approvals.c.person,
    )
    query = select(*columns).select_from(approvals).join(actions, _this()).where(*_between(approvals.c.at, start, end))
    query = query.where(approvals.c.decision.in_(("approve", "reject")), actions.c.state != "proposed")
    last: dict[int, Any] = {}
    people: dict[int, set[str]] = {}
    for row in connection.execute(query.order_by(approvals.c.at)):
        last[row.id] = row
        people.setdefault(row.id, set()).add(row.person)
    by_hand = _by_hand(connection, start)
    for row in last.values():
        outcome = "rejected" if row.decision == "reject" else "edited" if row.id in by_hand else "unchanged"
        yield outcome, row, people[row.id]


def _by_hand(connection: Connection, start: datetime) -> set[int]:
    """Cards of which a person has written a version; what is decided now was not written longer ago than a quarter."""
    query = select(actions.c.card).join(revisions, revisions.c.action_id == actions.c.id)
    return set(connection.execute(query.where(BY_HAND, revisions.c.at >= start - timedelta(days=92))).scalars())


def _measured(connection: Connection, found: Days, first: date, last: date) -> None:
    names = (handling.c.day, handling.c.flow, handling.c.outcome, handling.c.seconds)
    query = select(*names, func.count()).where(handling.c.day >= first.isoformat(), handling.c.day <= last.isoformat())
    for day, flow, outcome, seconds, count in connection.execute(query.group_by(*names)):
        kept = found.setdefault((date.fromisoformat(day), flow), Day())
        kept.handled.setdefault(outcome, Counter())[seconds] += count


def oldest(connection: Connection) -> Mapping[str, tuple[int, datetime]]:
    """For each flow with open cards: how many, and when the oldest was prepared."""
    open_now = actions.c.state.in_(("proposed", "uncertain", "refused"))
    cards = select(actions.c.flow, func.count(actions.c.card.distinct()), func.min(actions.c.card)).where(open_now)
    rows = connection.execute(cards.group_by(actions.c.flow)).all()
    first_made = select(actions.c.id, actions.c.created).where(actions.c.id.in_([r[2] for r in rows]))
    made = {r.id: r.created for r in connection.execute(first_made)}
    return {flow: (count, made[first]) for flow, count, first in rows if first in made}


def quantile(counted: Mapping[int, int], share: float) -> int | None:
    """The value below which this share of what was counted lies; None for nothing."""
    total = sum(counted.values())
    left = share * total
    for value in sorted(counted):
        left -= counted[value]
        if left <= 0:
            return value
    return None

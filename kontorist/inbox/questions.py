"""Unclear cases: on whose list each stands, in which order, and who may answer it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, case, false, func, literal, not_, or_, select

from kontorist.core.clock import utcnow
from kontorist.core.errors import NotAllowed
from kontorist.inbox.sight import is_hidden
from kontorist.inbox.viewer import Viewer
from kontorist.store.authority import may_answer
from kontorist.store.cases import Case
from kontorist.store.tables import cases

TABS = ("mine", "others", "asked", "unclear")
"""The lists on which unclear cases stand."""


def resting() -> Any:
    """Whether something was asked back in an unclear case, and the answer has not come yet."""
    return and_(cases.c.not_before.is_not(None), cases.c.not_before > literal(utcnow(), cases.c.not_before.type))


def is_late() -> Any:
    """Whether an unclear case should have been answered already."""
    return and_(cases.c.due.is_not(None), cases.c.due <= literal(utcnow(), cases.c.due.type))


def is_mine(viewer: Viewer) -> Any:
    """Whether an unclear case is for this viewer: by name, by a group, as a deputy, or because it is overdue and escalates to them."""
    if not viewer.decides:
        return false()
    names = sorted(viewer.groups | {viewer.name})
    named = [cases.c.deciders.contains(f"|{name}|", autoescape=True) for name in names]
    return and_(cases.c.state == "unclear", or_(*named, and_(is_late(), cases.c.escalate.in_(names))))


def place(viewer: Viewer) -> Any:
    """The list on which an unclear case stands for this viewer."""
    for_others = cases.c.deciders != ""
    return case((resting(), "asked"), (is_mine(viewer), "mine"), (for_others, "others"), else_="unclear").label("place")


def visible(viewer: Viewer) -> Any:
    """Whether this viewer may know of a case; None where they may know of all."""
    return or_(is_mine(viewer), not_(is_hidden(viewer.hidden, cases.c.id))) if viewer.hidden else None


def on_tab(viewer: Viewer, tab: str, flow: str = "") -> Select[Any]:
    """The cases of a list that this viewer may know of."""
    state = "unclear" if tab in TABS else tab
    conditions = [cases.c.state == state, visible(viewer), place(viewer) == tab if state == "unclear" else None]
    conditions.append(cases.c.flow == flow if flow else None)
    return select(cases).where(*(c for c in conditions if c is not None))


def order(tab: str) -> tuple[Any, ...]:
    """How the cases of a list are sorted: what is for somebody by when it is due, all else the newest first."""
    if tab in ("mine", "others"):
        return (cases.c.due.is_(None), cases.c.due, cases.c.id)
    return (cases.c.id.desc(),)


def numbers(connection: Connection, viewer: Viewer) -> dict[str, int]:
    """How many unclear cases stand on each list, and how many failed."""
    where = case((cases.c.state == "failed", "failed"), else_=place(viewer).element).label("place")
    query = select(where, func.count()).where(cases.c.state.in_(("unclear", "failed")))
    if (seen := visible(viewer)) is not None:
        query = query.where(seen)
    found = {row[0]: int(row[1]) for row in connection.execute(query.group_by("place"))}
    return {tab: found.get(tab, 0) for tab in (*TABS, "failed")}


def tally(connection: Connection, query: Select[Any]) -> dict[str, int]:
    """How many cases a list has, and how many of them are overdue."""
    late = case((is_late(), 1), else_=0)
    row = connection.execute(query.with_only_columns(func.count(), func.coalesce(func.sum(late), 0))).one()
    return {"questions": int(row[0]), "late": int(row[1])}


def tab_of(connection: Connection, viewer: Viewer, found: Case) -> str:
    """The list on which a case stands for this viewer; empty where nobody has to look at it."""
    if found.state != "unclear":
        return "failed" if found.state == "failed" else ""
    return str(connection.execute(select(place(viewer)).where(cases.c.id == found.id)).scalar_one())


def next_on(connection: Connection, viewer: Viewer, tab: str, case_id: int) -> int | None:
    """The case after this one on the same list, from the top again at the end; None where there is no other."""
    if not tab:
        return None
    query = on_tab(viewer, tab).with_only_columns(cases.c.id).order_by(*order(tab))
    if tab in ("mine", "others"):
        return _after(list(connection.execute(query).scalars()), case_id)
    others = query.where(cases.c.id != case_id).limit(1)
    below = connection.execute(others.where(cases.c.id < case_id)).scalar()
    return below or connection.execute(others).scalar()


def _after(ids: list[int], case_id: int) -> int | None:
    """The number after this one, from the top again."""
    at = ids.index(case_id) if case_id in ids else len(ids)
    return next(iter([*ids[at + 1 :], *ids[:at]]), None)


def may_act(viewer: Viewer, found: Case) -> bool:
    """Whether this viewer may answer, close or try again a case."""
    return viewer.decides and (found.state != "unclear" or may_answer(found.question, viewer.as_who))


def require(viewer: Viewer, found: Case) -> None:
    """Raises NotAllowed where the question of a case is for others."""
    if not may_act(viewer, found):
        raise NotAllowed("This is for others to decide; you can read it.")


@dataclass(frozen=True)
class Order:
    """Whom a question is for, and until when."""

    by: tuple[str, ...] = ()
    due: datetime | None = None
    escalate: str = ""

    @property
    def overdue(self) -> bool:
        """Whether it should have been answered already."""
        return self.due is not None and self.due <= utcnow()


def order_of(question: Any) -> Order:
    """What a question says of it; questions from before say nothing."""
    said = question if isinstance(question, dict) else {}
    return Order(tuple(map(str, said.get("by") or ())), said.get("due"), str(said.get("escalate") or ""))

"""The path of a case through its flow: the picture, and of each step what went in, what came out, and how it was configured then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup

from kontorist.core import expressions, registry
from kontorist.core.errors import KontoristError
from kontorist.core.filters import ZONE
from kontorist.core.flow import ActionStep, AgentStep, Flow, LookupStep
from kontorist.core.paths import steps_by_path, without_rounds
from kontorist.core.picture import picture
from kontorist.inbox.desk import TheDesk
from kontorist.inbox.flow_page import words
from kontorist.inbox.pages import language_for, page
from kontorist.inbox.sight import require_sight
from kontorist.inbox.viewer import SignedIn
from kontorist.store import actions, cases, versions
from kontorist.store.cases import Case, Entry
from kontorist.store.context import values_of

router = APIRouter()


@dataclass(frozen=True)
class Taken:
    """One step of the path."""

    entry: Entry
    inputs: Mapping[str, Any]
    written: str
    """The step as it stood in the flow then."""


@router.get("/case/{case_id}/path")
def show(request: Request, desk: TheDesk, viewer: SignedIn, case_id: int) -> Response:
    """The page of a case's path."""
    with desk.database.read() as connection:
        require_sight(connection, viewer, case_id)
        (case,) = cases.load(connection, [case_id])
        rows = actions.of_cases(connection, [case_id]).get(case_id, [])
        then = versions.flows_of(connection, case.flow_version) or dict(desk.office.flows)
        change = next((c for c in reversed(versions.history(connection, case.flow)) if c.version == case.flow_version), None)
        newest = versions.is_good(connection, case.flow, case.flow_version)
    journal = {row.path: row.state for row in rows} | {path: e.output for path, e in case.journal.items()}
    language = language_for(request, desk, viewer)
    drawn = ""
    if case.flow in then:
        drawn = picture(then[case.flow], then, journal, styled=False, say=words(language), language=language)
    values = {
        "case": case,
        "picture": Markup(drawn),  # noqa: S704 - made here, every text in it escaped
        "change": change,
        "taken": taken(case, then),
        "newest": newest,
    }
    return page(request, "path.html", viewer, 200, **values)


def taken(case: Case, flows: Mapping[str, Flow]) -> list[Taken]:
    """The steps of a case in their order."""
    known = steps_by_path(flows[case.flow], flows) if case.flow in flows else {}
    shown = [e for e in case.journal.values() if e.kind not in ("entry", "use") or e.step]
    return [_taken(case, e, known.get(without_rounds(e.path))) for e in shown]


def _taken(case: Case, entry: Entry, step: Any) -> Taken:
    if step is None:
        return Taken(entry, {}, "")
    plain = step.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"steps", "otherwise"})
    return Taken(entry, _inputs(case, entry, step), yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=100))


def _inputs(case: Case, entry: Entry, step: Any) -> Mapping[str, Any]:
    """What the step's templates gave, worked out again from what the case knew; nothing where that cannot be."""
    if isinstance(step, AgentStep):
        templates = registry.load("agents", step.agent).templates if step.agent in registry.names("agents") else ()
        shapes = {k: v for k, v in (step.model_extra or {}).items() if k in templates}
    elif isinstance(step, LookupStep):
        shapes = step.where
    else:
        shapes = step.with_ if isinstance(step, ActionStep) else {}
    values = values_of(case, entry.path)
    if entry.at is not None:
        values |= {"now": entry.at, "today": entry.at.astimezone(ZONE).date()}
    try:
        return {k: expressions.evaluate_deep(v, values) for k, v in shapes.items()}
    except KontoristError:
        return {}

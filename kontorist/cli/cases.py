"""`kontorist cases`: what came in and how far it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kontorist.cli.common import (
    DATA,
    OFFICE,
    DataOption,
    JsonOption,
    LimitOption,
    OfficeOption,
    json_line,
    open_store,
    out,
    refuse_unknown,
    say,
    table,
)

app = typer.Typer(help="Cases: what came in and how far it is.", no_args_is_help=True)

CaseId = Annotated[int, typer.Argument(metavar="ID", help="Number of the case.")]
AsOption = Annotated[str, typer.Option("--as", help="Who is doing this.")]


@app.command("list")
def list_(
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
    state: Annotated[str | None, typer.Option(help="runnable, waiting, unclear, failed, done or closed")] = None,
    flow: Annotated[str | None, typer.Option(help="Only cases of this flow.")] = None,
    limit: LimitOption = 1000,
) -> None:
    """List cases, newest first."""
    from kontorist.store import cases

    refuse_unknown("--state", state, cases.STATES)
    with open_store(data).read() as connection:
        rows = cases.find(connection, state=state, flow=flow, limit=limit)
        if not rows:
            refuse_unknown("--flow", flow, sorted(cases.flows(connection) | _flows_of(office)))
    keys = ("id", "flow", "source", "state", "created", "error")
    if as_json:
        for row in rows:
            json_line({k: getattr(row, k) for k in keys} | {"title": row.title})
        return
    table(
        "Cases",
        ("id", "flow", "title", "state", "created", "error"),
        [[r.id, r.flow, r.title, r.state, f"{r.created:%Y-%m-%d %H:%M}", r.error] for r in rows],
    )


def _flows_of(office: Path) -> set[str]:
    """The flows that the office has files for, readable or not."""
    from kontorist.core.office import flow_files

    return {file.stem for file in flow_files(office)}


@app.command()
def show(case_id: CaseId, office: OfficeOption = OFFICE, data: DataOption = DATA, as_json: JsonOption = False) -> None:
    """Show a case with every step, its result, evidence and cost."""
    from kontorist.store import actions, audit, cases, office_state

    with open_store(data).read() as connection:
        (case,) = cases.load(connection, [case_id])
        rows = actions.find(connection, state="all", case_id=case_id)
        events = list(audit.read(connection, f"case:{case_id}"))
        url = office_state.pass_url(connection, case.run) if case.run else ""
    if as_json:
        json_line(_as_json(case, rows, events, url))
        return
    out(f"Case {case.id}: {case.title}\n  flow {case.flow}, {case.state}, from {case.source}")
    if case.error:
        out(f"  {case.error}")
    if case.state == "unclear" and (order := _order(case.question)):
        out(f"  {order}")
    for entry in case.journal.values():
        out(f"  {entry.path:30} {entry.kind:8} {_short(entry.output)}  [{entry.model or '-'}, {entry.ms:.0f} ms]")
    for row in rows:
        out(f"  action {row.id} {row.connection}.{row.action}: {row.state} — {row.sentence}")
    if url:
        out(f"  last pass: {url}")


def _order(question: Any) -> str:
    """Whom a question is for, and until when; empty where it does not say."""
    said = question if isinstance(question, dict) else {}
    due, escalate = said.get("due"), said.get("escalate")
    by = f"for {', '.join(said['by'])}" if said.get("by") else ""
    until = f"due {due:%Y-%m-%d %H:%M}" if due else ""
    return ", ".join(filter(None, [by, until, f"then also for {escalate}" if due and escalate else ""]))


def _as_json(case: Any, rows: list[Any], events: list[Any], url: str) -> dict[str, Any]:
    return {
        "id": case.id,
        "flow": case.flow,
        "source": case.source,
        "title": case.title,
        "state": case.state,
        "error": case.error,
        "created": case.created,
        "question": case.question,
        "documents": [d.as_dict() for d in case.documents],
        "steps": [
            {
                "id": e.step or e.path, "path": e.path, "kind": e.kind, "output": e.output, "evidence": e.evidence,
                "model": e.model, "ms": e.ms, "usage": e.info.get("usage"), "at": e.at,
            }
            for e in case.journal.values()
        ],
        "actions": [
            {"id": r.id, "action": f"{r.connection}.{r.action}", "state": r.state, "revision": r.revision, "sha256": r.sha256, "receipt": r.receipt, "error": r.error}
            for r in rows
        ],
        "events": events,
        "run_url": url,
    }  # fmt: skip


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 90 else text[:87] + "…"


@app.command()
def retry(
    case_id: CaseId, as_: AsOption = "shell", office: OfficeOption = OFFICE, data: DataOption = DATA, as_json: JsonOption = False
) -> None:
    """Let a failed or unclear case run again from the step it stopped at."""
    from kontorist.store import case_decisions

    with open_store(data).write() as connection:
        case_decisions.retry(connection, case_id, as_)
    _done({"id": case_id, "state": "runnable"}, as_json, f"Case {case_id} goes on with the next run.")


@app.command()
def move(
    flow: Annotated[str, typer.Argument(metavar="FLOW", help="Name of the flow.")],
    ids: Annotated[
        list[int] | None, typer.Argument(metavar="[ID…]", help="Only these cases; default: all that have not ended.")
    ] = None,
    as_: AsOption = "shell",
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """Let cases that have not ended go on with the newest version of their flow; steps that were done are not repeated."""
    from kontorist.store import cases, versions

    with open_store(data).write() as connection:
        moved = versions.move(connection, flow, ids or (), as_)
        if not moved:
            refuse_unknown("FLOW", flow, sorted(cases.flows(connection) | _flows_of(office)))
    _done({"flow": flow, "moved": moved}, as_json, f"{len(moved)} cases go on with the newest version.")


@app.command()
def close(
    case_id: CaseId,
    as_: AsOption = "shell",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """End a case by hand; what it proposed and nobody approved is rejected."""
    from kontorist.store import actions, authority, case_decisions, deciding

    with open_store(data).write() as connection:
        for row in actions.find(connection, state="all", case_id=case_id):
            if row.state in ("proposed", "refused"):
                who = authority.Who(as_, frozenset(row.rule.get("by") or ()), "shell")
                deciding.reject(connection, [row.shown], who, reason or "case closed")
        case_decisions.close(connection, case_id, as_, reason)
    _done({"id": case_id, "state": "closed"}, as_json, f"Case {case_id} is closed.")


def _done(result: dict[str, Any], as_json: bool, text: str) -> None:
    if as_json:
        json_line(result)
    else:
        say(text)

"""`kontorist inbox`: the approval inbox in a terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from kontorist.cli.common import (
    DATA,
    EXIT_PROBLEM,
    OFFICE,
    DataOption,
    JsonOption,
    OfficeOption,
    json_line,
    open_office,
    open_store,
    out,
    refuse_unknown,
    say,
    table,
)
from kontorist.core.errors import KontoristError, NotAllowed, NotFound

app = typer.Typer(help="The approval inbox in a terminal.", no_args_is_help=True)

ActionId = Annotated[int, typer.Argument(metavar="ID", help="Number of the action.")]
AsOption = Annotated[
    str, typer.Option("--as", help="The person deciding, as in office.yaml; recorded as decided from the shell.")
]


@app.command("list")
def list_(
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
    state: Annotated[
        str, typer.Option(help="open, all, or one state: proposed, approved, done, rejected, refused, uncertain …")
    ] = "open",
    as_: Annotated[str | None, typer.Option("--as", help="Only what this person may decide.")] = None,
) -> None:
    """List actions that wait for a decision, due ones first."""
    from kontorist.store import actions, authority

    refuse_unknown("--state", state, ("open", "all", *actions.STATES))
    with open_store(data).read() as connection:
        rows = actions.find(connection, state=state, limit=100_000)
    if as_:
        who = _who(open_office(office), as_)
        rows = [r for r in rows if authority.may_decide(r, who)]
    if as_json:
        for row in rows:
            json_line(_line(row))
        return
    table("Inbox", ("id", "case", "flow", "what", "state", "for", "due", "warnings"), [_cells(r) for r in rows])
    if not rows:
        say("Nothing waits for a decision.")


def _line(row: Any) -> dict[str, Any]:
    from kontorist.store import actions

    return {
        "id": row.id,
        "case": row.case_id,
        "flow": row.flow,
        "action": f"{row.connection}.{row.action}",
        "revision": row.revision,
        "hash": row.sha256,
        "state": row.state,
        "approvers": row.rule.get("by", []),
        "due": row.due,
        "warnings": actions.told_once(row.warnings),
        "payload": row.data,
        "origins": row.origins,
        "sentence": row.sentence,
        "card": row.card,
        "count": row.rule.get("count", 1),
        "error": row.error,
    }


def _cells(row: Any) -> list[Any]:
    from kontorist.store import actions

    due = f"{row.due:%Y-%m-%d %H:%M}" if row.due else ""
    return [
        row.id,
        row.case_id,
        row.flow,
        row.sentence,
        row.state,
        ", ".join(row.rule.get("by", [])),
        due,
        "; ".join(w["text"] for w in actions.told_once(row.warnings)),
    ]


def _who(office: Any, name: str) -> Any:
    from kontorist.store.authority import Who

    if name not in office.settings.people:
        raise NotFound(f"There is no person '{name}' in office.yaml; there are: {', '.join(office.settings.people)}.")
    if office.settings.people[name].role == "auditor":
        raise NotAllowed(f"{name} is an auditor: they may read everything and decide nothing.")
    return Who(name, frozenset(office.groups_of(name)), "shell")


@app.command()
def show(action_id: ActionId, office: OfficeOption = OFFICE, data: DataOption = DATA, as_json: JsonOption = False) -> None:
    """Show an action with its payload, origins, warnings, revisions and decisions."""
    from kontorist.store import actions

    with open_store(data).read() as connection:
        row = actions.get(connection, action_id)
        history, decided = actions.history(connection, action_id), actions.decisions(connection, action_id)
    if as_json:
        json_line({**_line(row), "receipt": row.receipt, "revisions": history, "decisions": decided, "rests_on": row.rests_on})
        return
    out(f"Action {row.id} (case {row.case_id}, {row.flow}): {row.sentence}")
    for warning in actions.told_once(row.warnings):
        out(f"  {'STOP' if warning.get('stop') else 'note'}: {warning['text']}")
    for key, value in row.data.items():
        out(f"  {key} [{', '.join(row.origins.get(key, []))}]: {value}")
    out(f"  {row.state}, revision {row.revision}, {row.sha256}")
    for d in decided:
        out(f"  {d['at']:%Y-%m-%d %H:%M} {d['person']} {d['decision']} revision {d['revision']} {d['comment']}")


@app.command()
def approve(
    action_ids: Annotated[list[int], typer.Argument(metavar="ID…", help="Numbers of actions.")],
    as_: AsOption,
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
    comment: Annotated[str, typer.Option(help="How it was checked; needed where a warning asks for it.")] = "",
    hash_: Annotated[str | None, typer.Option("--hash", help="Approve only if this is still the hash (one ID).")] = None,
) -> None:
    """Approve actions as they are now, each with everything on its card; each gets its own record."""
    who = _who(open_office(office), as_)
    store = open_store(data)
    failed = [not _approve(store, action_id, who, comment, hash_, as_json) for action_id in action_ids]
    sys.exit(EXIT_PROBLEM if any(failed) else 0)


def _approve(store: Any, action_id: int, who: Any, comment: str, digest: str | None, as_json: bool) -> bool:
    from kontorist.core.errors import Stale
    from kontorist.store import actions, deciding

    try:
        with store.write() as connection:
            row = actions.get(connection, action_id)
            if digest and row.sha256 != digest:
                raise Stale(f"Action {action_id} has the hash {row.sha256} now; look at it and decide again.")
            card = [r for r in actions.card(connection, action_id) if r.state in ("proposed", "refused") or r.id == action_id]
            states = deciding.approve(connection, [r.shown for r in card], who, comment)
    except KontoristError as error:
        _report({"id": action_id, "state": None, "error": str(error)}, as_json, str(error))
        return False
    for shown, state in zip(card, states, strict=True):
        said = state if state == "approved" else f"approved by {who.name}, waits for somebody else"
        _report({"id": shown.id, "state": state, "error": None}, as_json, f"Action {shown.id}: {said} — {shown.sentence}")
    return True


@app.command()
def reject(
    action_id: ActionId,
    as_: AsOption,
    reason: Annotated[str, typer.Option(help="Why; it is kept and teaches the agents.")] = "",
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """Reject an action and everything on its card: it will never run."""
    from kontorist.store import actions, deciding

    who = _who(open_office(office), as_)
    with open_store(data).write() as connection:
        card = [
            r for r in actions.card(connection, action_id) if r.state in ("proposed", "approved", "refused") or r.id == action_id
        ]
        deciding.reject(connection, [r.shown for r in card], who, reason)
    for row in card:
        _report({"id": row.id, "state": "rejected", "error": None}, as_json, f"Action {row.id}: rejected.")


@app.command()
def edit(
    action_id: ActionId,
    as_: AsOption,
    set_: Annotated[list[str] | None, typer.Option("--set", help="field=value; may be repeated.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="A JSON or YAML file with the fields that change ('-' for standard input).")
    ] = None,
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """Change fields of an action: a new revision, to be approved anew."""
    from connectors.base import Context
    from connectors.connections import Connections
    from kontorist.store import actions, cases, documents, editing
    from kontorist.store.context import values_of

    loaded = open_office(office)
    who, changes, store = _who(loaded, as_), _changes(set_ or [], file), open_store(data)
    with store.read() as connection:
        row = actions.get(connection, action_id)
        (case,) = cases.load(connection, [row.case_id])
    bytes_of = documents.get_many(store, [d.sha256 for d in case.documents])
    context = Context(case.id, row.flow, values_of(case, row.path), bytes_of, loaded.language)
    opened = Connections(loaded, data)
    proposal = opened.propose(row.connection, row.action, {**row.data, **changes}, context)
    opened.close()
    edited = editing.Edit(
        proposal.payload,
        proposal.sentence,
        [w.stored() for w in proposal.warnings],
        proposal.rests(row.rests_on),
        proposal.business_key,
    )
    with store.write() as connection:
        new = editing.edit(connection, row.shown, edited, who)
    _report(
        {"id": action_id, "revision": new.revision, "hash": new.sha256, "state": "proposed", "error": None},
        as_json,
        f"Action {action_id} has revision {new.revision} now; approve it.",
    )


def _changes(pairs: list[str], file: Path | None) -> dict[str, Any]:
    import yaml

    changes: dict[str, Any] = {}
    if file is not None:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        loaded = yaml.safe_load(text)
        if not isinstance(loaded, dict):
            raise KontoristError(f"{file} must hold a mapping: field, then its new value.")
        changes.update(loaded)
    for pair in pairs:
        name, mark, value = pair.partition("=")
        if not mark:
            raise KontoristError(f"'{pair}' is not field=value.")
        changes[name] = value
    if not changes:
        raise KontoristError("Nothing to change: give --set field=value or --file.")
    return changes


@app.command()
def assign(
    action_id: ActionId,
    as_: AsOption,
    to: Annotated[str, typer.Option(help="A person or group of office.yaml.")],
    comment: Annotated[str, typer.Option(help="What they should know.")] = "",
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """Hand a card over to a person or group."""
    from kontorist.store import deciding

    loaded = open_office(office)
    if to not in loaded.settings.people and to not in loaded.settings.groups:
        raise NotFound(f"There is no person or group '{to}' in office.yaml.")
    with open_store(data).write() as connection:
        deciding.assign(connection, action_id, to, _who(loaded, as_), comment)
    _report({"id": action_id, "assigned": to, "error": None}, as_json, f"Action {action_id} is with {to} now.")


@app.command("take-back")
def take_back(
    action_id: ActionId, as_: AsOption, office: OfficeOption = OFFICE, data: DataOption = DATA, as_json: JsonOption = False
) -> None:
    """Take an approval back while it has not run."""
    from kontorist.store import deciding

    with open_store(data).write() as connection:
        deciding.take_back(connection, action_id, _who(open_office(office), as_))
    _report({"id": action_id, "state": "proposed", "error": None}, as_json, f"Action {action_id} is open again.")


@app.command()
def resolve(
    action_id: ActionId,
    as_: AsOption,
    happened: Annotated[bool, typer.Option("--happened/--did-not-happen", help="What the evidence shows.")],
    comment: Annotated[str, typer.Option(help="How you know.")] = "",
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """Decide an uncertain action: it happened, or it is proposed anew."""
    from kontorist.store import actions, resolving

    with open_store(data).write() as connection:
        row = actions.get(connection, action_id)
        resolving.resolve(connection, row.shown, _who(open_office(office), as_), happened=happened, comment=comment)
    _report(
        {"id": action_id, "state": "done" if happened else "proposed", "error": None}, as_json, f"Action {action_id} is settled."
    )


def _report(result: dict[str, Any], as_json: bool, text: str) -> None:
    if as_json:
        json_line(result)
    else:
        say(text)

"""`kontorist models`: what language models were asked and what that cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from kontorist.cli.common import (
    DATA,
    OFFICE,
    DataOption,
    JsonOption,
    OfficeOption,
    json_line,
    open_office,
    open_store,
    out,
    table,
)
from kontorist.core.clock import parse_duration, utcnow


def models(
    since: Annotated[str, typer.Option("--since", help="How far to look back: 1d, 30d.")] = "30d",
    office: OfficeOption = OFFICE,
    data: DataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """What each language model was asked, what it cost, and what of today's budget is left."""
    from kontorist.store import model_calls

    settings = open_office(office).settings
    store = open_store(data)
    with store.read() as connection:
        spent = model_calls.spending(connection, utcnow() - max(parse_duration(since), timedelta(0)))
    memory = model_calls.Memory(store, settings.timezone)
    rows = []
    for one in spent:
        configured = settings.models.get(one.model.partition(":")[0])
        budget = (configured.model_extra or {}).get("budget_per_day") if configured else None
        rows.append(
            {
                "model": one.model, "calls": one.calls, "prompt_tokens": one.prompt_tokens, "completion_tokens": one.completion_tokens,
                "cost": one.cost, "seconds": round(one.ms / 1000, 1), "today": memory.spent_today(one.model), "budget_per_day": budget,
            }
        )  # fmt: skip
    if as_json:
        for row in rows:
            json_line(row)
    elif rows:
        table(f"Models, last {since}", list(rows[0]), [list(row.values()) for row in rows])
    else:
        out("No language model was asked: everything was done by the built-in one, on this machine.")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(models)

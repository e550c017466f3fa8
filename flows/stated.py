"""What a person said happened: what can be known of it, so that the steps behind it go on, or ask for what they lack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base import Receipt
from flows.runtime import Runtime
from kontorist.core import expressions
from kontorist.store import resolving
from kontorist.store.actions import ActionRow
from kontorist.store.cases import Case, Entry
from kontorist.store.context import scope_of, values_of

ADDED = "+"
"""In the path of a journal entry: what a person added to the outputs of the action before it."""


def outputs_of(runtime: Runtime, row: ActionRow) -> dict[str, Any]:
    """What later steps may use of an action of which a person said that it happened; stored with the evidence, if it is found."""
    found = _found(runtime, row)
    evidence, outputs = (found.evidence, found.outputs) if found else ({}, _from_payload(runtime, row))
    with runtime.database.write() as connection:
        resolving.tell(connection, row, evidence, outputs)
    return dict(outputs)


def _found(runtime: Runtime, row: ActionRow) -> Receipt | None:
    try:
        return runtime.connections.find(row.connection, row.action, row.data, row.key)
    except Exception:  # noqa: BLE001 - a person has said that it happened: whatever keeps us from seeing it does not hold up the case
        return None


def _from_payload(runtime: Runtime, row: ActionRow) -> Mapping[str, Any]:
    try:
        return runtime.connections.outputs(row.connection, row.action, row.data, row.key)
    except Exception:  # noqa: BLE001 - its connection may be gone by now; who needs a value of it is asked
        return {}


def question_for(runtime: Runtime, case: Case, path: str, error: BaseException | None) -> dict[str, Any] | None:
    """What to ask a person where the step at this path lacks an output of such an action; None where the error is about something else."""
    lacking = expressions.lacking(error)
    entry = _stated(case, lacking[0]) if lacking else None
    if lacking is None or entry is None:
        return None
    of, name = lacking
    text = _TEXTS["de" if runtime.office.language.startswith("de") else "en"]
    asked = text.format(name=name, step=entry.step, action=of["action"], who=_called(runtime, entry.info["stated_by"]))
    called = [n for n, value in values_of(case, path).items() if value == of]
    if not called:  # it stands deep within another value: nothing to put the answer in its place with
        return {"kind": "look", "text": asked}
    step = entry.step if entry.step in called else called[0]
    place = entry.path if step == entry.step else f"{scope_of(path)}{step}"
    added = sum(one.startswith(place + ADDED) for one in case.journal)
    return {
        "kind": "fields",
        "path": f"{place}{ADDED}{added + 1}",
        "step": step,
        "flow": entry.flow,
        "fields": {name: {"type": "text"}},
        "output": dict(of),
        "text": asked,
    }


def _called(runtime: Runtime, who: str) -> str:
    person = runtime.office.settings.people.get(who)
    return person.name if person else who


def _stated(case: Case, value: Mapping[str, Any]) -> Entry | None:
    """The journal entry of the stated action whose outputs these are, perhaps handed on to another flow."""
    entries = (e for e in case.journal.values() if e.kind == "action" and e.info.get("stated_by"))
    return next((e for e in entries if e.output.get("action") == value.get("action")), None)


_TEXTS = {
    "de": "Der nächste Schritt braucht „{name}“ von „{step}“ (Karte {action}). {who} hat festgestellt, dass sie ausgeführt wurde; "
    "von hier aus war „{name}“ nicht zu finden. Bitte dort nachsehen und eintragen, oder den Vorgang schließen.",
    "en": "The next step needs “{name}” of “{step}” (action {action}). {who} found that it happened; from here “{name}” could not "
    "be found. Look there and fill it in, or close the case.",
}

"""Feeds files through a flow without any side effect: a throw-away store, and no gate."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors.base import Item
from connectors.connections import surroundings
from flows.advance import LEASE_SECONDS, Tally, advance_chunk
from flows.intake import take_in, trigger_options
from flows.runtime import Runtime
from kontorist.core import registry
from kontorist.core.clock import utcnow
from kontorist.core.errors import ConfigurationError, KontoristError, NotFound, NotReadable
from kontorist.core.flow import AgentStep, Flow, UseStep, walk
from kontorist.core.office import Office
from kontorist.core.values import plain
from kontorist.store import actions, cases, leasing
from kontorist.store.actions import ActionRow
from kontorist.store.cases import Case
from kontorist.store.database import open_throw_away

CHUNK = 25
_MAIL = {".eml", ".mbox"}


def simulate(
    office: Office,
    data_dir: Path,
    flow: str,
    paths: Sequence[Path],
    *,
    ignore_xml: bool = False,
    since: str = "",
    answers: Mapping[str, Any] | None = None,
) -> Iterator[dict[str, Any]]:
    """One result for each item in the paths, or at the flow's source since a date: the keys of `kontorist simulate --json`.

    `answers` stand for what agents would say, by the id of their step. Nothing is changed anywhere: sources are only read, and the gate refuses. Raises NotFound for the flow.
    """
    if flow not in office.flows:
        raise NotFound(f"There is no flow '{flow}'; there are: {', '.join(office.flows)}.")
    if ignore_xml:
        _ignore_xml(office)
    with throw_away(office, data_dir, answers) as runtime:
        found = live(runtime, flow, since) if since else items(office, data_dir, flow, paths)
        yield from through(runtime, flow, found)


@contextmanager
def throw_away(office: Office, data_dir: Path, answers: Mapping[str, Any] | None = None) -> Iterator[Runtime]:
    """The office at work on a store that is gone afterwards; its gate refuses every effect."""
    with tempfile.TemporaryDirectory(prefix="kontorist-simulate-") as folder:
        runtime = Runtime(
            office,
            open_throw_away(Path(folder)),
            data_dir,
            simulated=True,
            answers=answers or {},
        )
        try:
            yield runtime
        finally:
            runtime.close()


def _ignore_xml(office: Office) -> None:
    """Let every invoice agent read the page alone."""
    for flow in office.flows.values():
        for _, step in walk(flow.steps):
            if isinstance(step, AgentStep) and step.agent == "invoice" and step.model_extra is not None:
                step.model_extra["ignore_xml"] = True


def live(runtime: Runtime, flow: str, since: str) -> Iterator[Item]:
    """What lies at the source that feeds a flow, taken in or not: read, and never acknowledged. Raises ConfigurationError."""
    trigger = next((f.trigger for f in feeding(runtime.office, flow) if f.trigger and f.trigger.source()), None)
    if trigger is None:
        raise ConfigurationError(f"Nothing feeds the flow '{flow}' from a source; name files instead of --since.")
    kind, options = trigger.source() or ("", {})
    connector = runtime.connections.get(str(options.pop("connection", "")))
    if "since" in connector.triggers[kind].model_fields:
        options |= {"since": since, **({"limit": None} if "limit" in options else {})}
    typed = trigger_options(connector, kind, options)
    yield from connector.read(kind, typed, lambda _keys: set())


def feeding(office: Office, flow: str) -> list[Flow]:
    """The flow itself, and those that hand on to it."""
    return [office.flows[flow], *(f for name, f in office.flows.items() if _uses(office, name, flow))]


def through(runtime: Runtime, flow: str, source: Iterable[Item | NotReadable]) -> Iterator[dict[str, Any]]:
    """One result for each item."""
    batch: list[Item] = []
    for found in source:
        if isinstance(found, KontoristError):
            yield {
                "source": getattr(found, "source", ""),
                "case": None,
                "state": "failed",
                "steps": [],
                "proposals": [],
                "error": str(found),
            }
            continue
        batch.append(found)
        if len(batch) == CHUNK:
            yield from _run(runtime, flow, batch)
            batch = []
    yield from _run(runtime, flow, batch)


def _run(runtime: Runtime, flow: str, batch: Sequence[Item]) -> Iterator[dict[str, Any]]:
    if not batch:
        return
    numbered = [_unique(item, i) for i, item in enumerate(batch)]
    ids = take_in(runtime, flow, "simulate", numbered)
    with runtime.database.write() as connection:
        leasing.take(connection, ids, runtime.owner, LEASE_SECONDS)
    advance_chunk(runtime, ids, Tally())
    with runtime.database.read() as connection:
        found = cases.load(connection, ids)
        rows = actions.of_cases(connection, ids)
    for case in found:
        yield result(case, rows.get(case.id, []))


def _unique(item: Item, i: int) -> Item:
    """The same content may lie in two files; a simulation shows both."""
    return dataclasses.replace(item, source_key=f"{item.source_key}#{item.source}#{i}"[:128], thread=())


def result(case: Case, rows: Sequence[ActionRow]) -> dict[str, Any]:
    """A simulated case, as JSON data."""
    return {
        "source": case.source,
        "case": case.title,
        "state": case.state,
        "warnings": list(case.warnings),
        "steps": [
            {
                "id": e.step or e.path,
                "path": e.path,
                "flow": e.flow,
                "kind": e.kind,
                "output": plain(e.output),
                "evidence": e.evidence,
                "model": e.model,
                "ms": e.ms,
                **({"usage": {k: v for k, v in e.info["usage"].items() if k != "transcript"}} if e.info.get("usage") else {}),
            }
            for e in case.journal.values()
        ]
        + _asked(case.question),
        "proposals": [
            {
                "action": f"{r.connection}.{r.action}",
                "flow": r.flow,
                "step": r.path,
                "sentence": r.sentence,
                "payload": r.data,
                "origins": r.origins,
                "warnings": actions.told_once(r.warnings),
                "approvers": r.rule.get("by", []),
            }
            for r in rows
        ],
        "question": _question(case),
        "error": case.error,
    }


def _question(case: Case) -> dict[str, Any] | None:
    """What a person is asked, with those it is for and until when; None where nothing is."""
    if case.state != "unclear" or not isinstance(case.question, Mapping):
        return None
    said = case.question
    return {"text": case.error, "by": said.get("by", []), "due": said.get("due"), "escalate": said.get("escalate")}


def _asked(question: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The step that could not decide, with what it found so far."""
    if not question or "path" not in question:
        return []
    return [
        {
            "id": question["step"] or question["path"],
            "path": question["path"],
            "flow": question["flow"],
            "kind": "unclear",
            "output": plain(question.get("output")),
            "evidence": question.get("evidence", {}),
            "model": question.get("model", ""),
            "ms": 0.0,
            **({"usage": question["usage"]} if question.get("usage") else {}),
        }
    ]


def items(office: Office, data_dir: Path, flow: str, paths: Sequence[Path]) -> Iterator[Item | NotReadable]:
    """What lies in the paths, read by the connector that fits each file; files that cannot be read come as errors."""
    if trigger_kind(office, flow) is None and not paths:
        yield Item(f"simulate:{flow}", "simulate", flow, {"scheduled": utcnow()})
    for path in paths:
        if not path.exists():
            yield _unreadable(path, f"{path} does not exist.")
            continue
        yield from _in(office, data_dir, trigger_kind(office, flow), path, _feeder(office, flow))


def _feeder(office: Office, flow: str) -> tuple[str, dict[str, Any]]:
    """The connector that reads rows or deliveries for a flow, with its trigger's options: an ERP's export unless that says otherwise."""
    trigger = office.flows[flow].trigger
    options = dict((trigger.rows or trigger.webhook if trigger else None) or {})
    connection = office.connections.get(str(options.pop("connection", "")))
    if connection is None:
        return "erp_csv", {}
    tables = connection.options.get("tables")
    configured = tables.get(options.get("table")) if isinstance(tables, dict) else None
    return connection.connector, options | ({"options": configured} if isinstance(configured, dict) else {})


def trigger_kind(office: Office, flow: str) -> str | None:
    """What a flow works on: its own trigger, or that of the flow that it comes after or is used by; None where it needs nothing to come in."""
    trigger = office.flows[flow].trigger
    kind = trigger.kind() if trigger else None
    if kind == "schedule":
        return None
    if trigger and trigger.after and trigger.after.flow in office.flows:
        return trigger_kind(office, trigger.after.flow)
    return kind or next(
        (k for name, f in office.flows.items() if _uses(office, name, flow) and f.trigger and (k := f.trigger.kind())), None
    )


def _uses(office: Office, name: str, used: str) -> bool:
    return any(isinstance(step, UseStep) and step.use == used for _, step in walk(office.flows[name].steps))


def _in(
    office: Office, data_dir: Path, kind: str | None, path: Path, feeder: tuple[str, dict[str, Any]]
) -> Iterator[Item | NotReadable]:
    if path.is_dir() and not (path / "cur").is_dir():
        for child in sorted(path.iterdir()):
            if not child.name.startswith("."):
                yield from _in(office, data_dir, kind, child, feeder)
        return
    reader, options = feeder
    chosen = _kind_for(path, kind, registry.load("connectors", reader).suffixes)
    if kind == "mail" and chosen != "mail":
        yield _unreadable(path, f"{path} is no mail; this flow works on mails: .eml, mbox or Maildir.")
        return
    if kind in ("rows", "webhook") and chosen != kind:
        fitting = ", ".join(registry.load("connectors", reader).suffixes.get(kind, ()))
        yield _unreadable(path, f"{path} is nothing that '{reader}' reads." + (f" It reads {fitting}." if fitting else ""))
        return
    connector = registry.load("connectors", {"mail": "mail", "file": "folder"}.get(chosen, reader))
    settings = {**surroundings(office, data_dir, "simulate").settings, **(options if chosen in ("rows", "webhook") else {})}
    try:
        for found in connector.from_file(chosen, path, settings):
            yield found if isinstance(found, Item) else _unreadable(path, str(found))
    except KontoristError as error:
        yield _unreadable(path, str(error))


def _kind_for(path: Path, kind: str | None, suffixes: Mapping[str, Sequence[str]]) -> str:
    suffix = path.suffix.lower()
    if suffix in _MAIL or (path / "cur").is_dir():
        return "mail"
    if kind in ("rows", "webhook") and {suffix, ""} & set(suffixes.get(kind, ())):
        return kind
    if kind == "mail" and suffix in {"", ".msg", ".txt"}:
        return "mail"
    return "file"


def _unreadable(path: Path, message: str) -> NotReadable:
    error = NotReadable(message)
    error.source = str(path)  # type: ignore[attr-defined]
    return error

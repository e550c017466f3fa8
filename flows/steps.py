"""Does the work of one step for a chunk of cases: agents in batches, look-ups in batches, proposals."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
from pydantic import ValidationError

from agents.base import Agent, Result, Task
from connectors.base import Context, Proposal, Row
from flows import stated
from flows.addressee import names_of
from flows.anchor import anchor
from flows.runtime import LazyDocuments, Runtime
from flows.walk import Work, done_entry, origins_of_names, origins_of_shape
from kontorist.core import expressions
from kontorist.core.clock import parse_duration
from kontorist.core.errors import KontoristError, Unavailable
from kontorist.core.filters import as_decimal
from kontorist.core.flow import ActionStep, AgentStep, LookupStep
from kontorist.core.open_items import item_keys
from kontorist.core.values import canonical, plain, sha256
from kontorist.store import redraft, settling
from kontorist.store.cases import Entry
from kontorist.store.context import origins_of, scope_of, values_of
from kontorist.store.proposing import ANY_FIELD, NewAction


@attrs.frozen(slots=False)
class Outcome:
    """What a step gave for one case: an entry for the journal, a proposal, a question to a person, or the end of the case."""

    entry: Entry | None = None
    proposal: NewAction | None = None
    unclear: str = ""
    question: Mapping[str, Any] | None = None
    stop: str = ""
    error: Exception | None = None


def perform(runtime: Runtime, works: Sequence[Work]) -> list[Outcome]:
    """The outcome of the same step for several cases, in order. One bad case fails alone: where it stops all, each is tried by itself."""
    step = works[0].step
    function: Callable[[Runtime, Sequence[Work]], list[Outcome]] = _PERFORM[type(step)]
    try:
        return function(runtime, works)
    except Unavailable as error:
        return [Outcome(error=error) for _ in works]
    except Exception as error:  # noqa: BLE001 - a defect in a plug-in fails its case, not the pass
        if len(works) > 1:
            return [outcome for work in works for outcome in perform(runtime, [work])]
        if isinstance(error, KontoristError):
            return [Outcome(error=error)]
        wrapped = KontoristError(
            f"{type(step).__name__} failed unexpectedly ({type(error).__name__}: {error}); this is a defect, please report it"
        )
        wrapped.__cause__ = error
        return [Outcome(error=wrapped)]


# agents ------------------------------------------------------------------


def _agents(runtime: Runtime, works: Sequence[Work]) -> list[Outcome]:
    step: AgentStep = works[0].step
    if runtime.simulated and step.id and step.id in runtime.answers:
        given, info = runtime.answers[step.id], {"origins": ["document", "model"], "warnings": []}
        return [Outcome(entry=_entry(work, "agent", given, {}, info, "given", 0.0)) for work in works]
    agent = runtime.agent(step.agent)
    options = _options(agent, step)
    tasks: list[Task] = []
    outcomes: list[Outcome | None] = []
    for work in works:
        try:
            tasks.append(_task(runtime, agent, options, work))
            outcomes.append(None)
        except KontoristError as error:
            outcomes.append(Outcome(error=error))
    started = time.perf_counter()
    results = agent.run(tasks, runtime.setting(works[0].model, works[0].flow)) if tasks else []
    ms = (time.perf_counter() - started) * 1000 / max(1, len(tasks))
    made, read = iter(zip(tasks, results, strict=True)), _names_read(step)
    return [outcome or _of_result(work, *next(made), read, ms) for work, outcome in zip(works, outcomes, strict=True)]


def _options(agent: Agent, step: AgentStep) -> Any:
    try:
        return agent.Options.model_validate(step.model_extra or {})
    except ValidationError as error:
        raise KontoristError(f"agent {step.agent}: {error.errors()[0]['msg']}") from error


def _task(runtime: Runtime, agent: Agent, options: Any, work: Work) -> Task:
    values = values_of(work.case, work.path)
    rendered = {}
    for name in agent.templates:
        written = getattr(options, name, None)
        rendered[name] = expressions.evaluate_deep(written, values) if written is not None else None
    documents = LazyDocuments(runtime.database, work.case)
    here = [e for e in work.case.journal.values() if e.kind == redraft.KIND and scope_of(e.path) == scope_of(work.path)]
    feedback = [str(e.output["reason"]) for e in here]
    return Task(options, rendered, values, documents, work.case.id, feedback)


def _of_result(work: Work, task: Task, result: Result | Exception, read: frozenset[str] | None, ms: float) -> Outcome:
    if isinstance(result, Exception):
        return Outcome(error=result)
    text = task.rendered.get("text")
    evidence = anchor(result.evidence, text if isinstance(text, str) else "", work.case)
    if result.unclear:
        question = {
            **result.question,
            "path": work.path,
            "step": work.step.id or "",
            "flow": work.flow,
            "output": result.output,
            "text": text if isinstance(text, str) else "",
            "evidence": evidence,
            "model": result.model,
            **({"usage": {k: v for k, v in result.usage.items() if k != "transcript"}} if result.usage else {}),
        }
        return Outcome(unclear=result.unclear, question=question)
    info = {
        "confidence": result.confidence,
        "warnings": list(result.warnings),
        **({"alarms": list(result.alarms)} if result.alarms else {}),
        **({"notes": list(result.notes)} if result.notes else {}),
        "origins": _agent_origins(work, result, read),
        **({"usage": dict(result.usage)} if result.usage else {}),
    }
    return Outcome(entry=_entry(work, "agent", result.output, evidence, info, result.model, ms))


def _names_read(step: AgentStep) -> frozenset[str] | None:
    """The names that the templates in an agent's options read; None where they are no templates."""
    try:
        return expressions.roots_deep({k: v for k, v in (step.model_extra or {}).items() if isinstance(v, str | dict)})
    except Exception:  # noqa: BLE001 - options such as patterns need not be templates
        return None


def _agent_origins(work: Work, result: Result, names: frozenset[str] | None) -> list[str]:
    """What an agent read it from, plus `model` where a language model wrote or chose it."""
    read = ["document"] if names is None else origins_of_names(names, origins_of(work.case, work.path))
    own = ["model"] if not result.model.startswith(("built-in", "template")) else []
    read = ["document" if o == "sender" else o for o in read] if work.step.agent in ("extract", "invoice") else read
    return sorted({*read, *own})


# look-ups ----------------------------------------------------------------


def _lookups(runtime: Runtime, works: Sequence[Work]) -> list[Outcome]:
    step: LookupStep = works[0].step
    connection, _, table = step.lookup.partition(".")
    wheres = [{k: _scalar(v) for k, v in expressions.evaluate_deep(step.where, values_of(w.case, w.path)).items()} for w in works]
    started = time.perf_counter()
    results = runtime.connections.get(connection).look_up(table, wheres)
    ms = (time.perf_counter() - started) * 1000 / len(works)
    language = next(iter(runtime.office.settings.languages), "de")
    return [_of_rows(w, table, where, rows, ms, language) for w, where, rows in zip(works, wheres, results, strict=True)]


def _scalar(value: Any) -> Any:
    return value["amount"] if isinstance(value, dict) and "amount" in value else value


def _of_rows(work: Work, table: str, where: Mapping[str, Any], rows: Sequence[Row], ms: float, language: str) -> Outcome:
    step: LookupStep = work.step
    if not rows and step.if_missing == "stop":
        return Outcome(stop=_nothing(step, where, language))
    if not rows and step.if_missing == "ask" and not step.many:
        return Outcome(unclear=_nothing(step, where, language))
    if len(rows) > 1 and not step.many:
        several = "Zeilen in {} zu {}; erwartet war eine." if language == "de" else "rows in {} for {}; one was expected."
        return Outcome(unclear=f"{len(rows)} {several.format(step.lookup, _shown(where))}")
    output = [dict(r.values) for r in rows] if step.many else dict(rows[0].values) if rows else None
    evidence = (
        {}
        if step.many
        else {k: [{"quote": str(v), "table": table, "row": r.place, "column": k}] for r in rows for k, v in r.values.items()}
    )
    info = {
        "origins": ["erp"],
        "rests_on": {"lookup": step.lookup, "where": plain(where), "sha256": rows_hash(rows)},
        "rows": [r.place for r in rows[:50]],
    }
    return Outcome(entry=_entry(work, "lookup", output, evidence, info, "", ms))


def rows_hash(rows: Sequence[Row]) -> str:
    """What a look-up found, as one hash: an approval rests on it."""
    return sha256(canonical({"rows": [r.values for r in rows]}))


def _nothing(step: LookupStep, where: Mapping[str, Any], language: str) -> str:
    sentence = "In {} steht nichts zu {}." if language == "de" else "There is nothing in {} for {}."
    return sentence.format(step.lookup, ", ".join(str(v) for v in where.values()) or "–")


def _shown(where: Mapping[str, Any]) -> str:
    return ", ".join(f"{k} = {v}" for k, v in where.items()) or "–"


# proposals ---------------------------------------------------------------


def _proposals(runtime: Runtime, works: Sequence[Work]) -> list[Outcome]:
    return [_one_proposal(runtime, work) for work in works]


def _one_proposal(runtime: Runtime, work: Work) -> Outcome:
    step: ActionStep = work.step
    if work.stated is not None:
        outputs = stated.outputs_of(runtime, work.stated)
        return Outcome(entry=done_entry(work.stated, len(work.case.journal), step.id or "", work.flow, outputs))
    connection, _, action = step.action.partition(".")
    try:
        values = values_of(work.case, work.path)
        payload = plain(expressions.evaluate_deep(step.with_, values))
        context = context_for(runtime, work, values)
        proposal = runtime.connections.propose(connection, action, payload, context)
    except KontoristError as error:
        return Outcome(unclear=str(error)) if type(error).__name__ == "Rejected" else Outcome(error=error)
    return Outcome(proposal=_new_action(runtime, work, connection, action, proposal, values))


def context_for(runtime: Runtime, work: Work, values: Mapping[str, Any]) -> Context:
    """What a proposal may know about its case."""
    documents = LazyDocuments(runtime.database, work.case)
    return Context(work.case.id, work.flow, values, documents, runtime.office.language)


def _new_action(
    runtime: Runtime, work: Work, connection: str, action: str, proposal: Proposal, values: Mapping[str, Any]
) -> NewAction:
    step: ActionStep = work.step
    known = origins_of(work.case, work.path)
    origins = {
        field: origins_of_shape(step.with_.get(field, ""), known) if field in step.with_ else ["derived"]
        for field in proposal.payload
    }
    rests = [e.info["rests_on"] for e in work.case.journal.values() if "rests_on" in e.info]
    warnings = [*(w.stored() for w in proposal.warnings), *_case_warnings(work)]
    return NewAction(
        case_id=work.case.id,
        flow=work.flow,
        path=work.path,
        connection=connection,
        action=action,
        business_key=f"{proposal.business_key}#simulated-{work.case.id}" if runtime.simulated else proposal.business_key,
        payload=proposal.payload,
        sentence=proposal.sentence,
        origins=origins,
        warnings=warnings,
        rests_on=proposal.rests({"lookups": rests, **_unpaid(step, values)}),
        rule=_rule(runtime, step, connection, action, values),
        together_with=work.together_with,
        model=", ".join(sorted({e.model for e in work.case.journal.values() if e.model})),
    )


def _unpaid(step: ActionStep, values: Mapping[str, Any]) -> dict[str, list[str]]:
    """The open items that must not have been paid, if the step names some."""
    if step.unpaid is None:
        return {}
    named = expressions.evaluate_deep({"party": step.unpaid.party, "numbers": step.unpaid.numbers}, values)
    return {settling.UNPAID: item_keys(named["party"], named["numbers"])}


def _case_warnings(work: Work) -> list[dict[str, Any]]:
    texts = [*work.case.warnings, *(w for e in work.case.journal.values() for w in e.info.get("warnings", ()))]
    alarms = [a for e in work.case.journal.values() for a in e.info.get("alarms", ())]
    return [{"code": "case", "text": text, "stop": text in alarms} for text in dict.fromkeys([*alarms, *texts])]


def _rule(runtime: Runtime, step: ActionStep, connection: str, action: str, values: Mapping[str, Any]) -> dict[str, Any]:
    approve = step.approve
    known = runtime.connections.action(connection, action)
    count = expressions.evaluate(approve.count, values) if isinstance(approve.count, str) else approve.count
    if "count" not in approve.model_fields_set:
        count = known.approvers
    window = min(
        known.undo_window,
        parse_duration(runtime.office.settings.undo_window).total_seconds(),
    )
    rule = {
        "by": names_of(approve, values),
        "count": int(count),
        "expires": approve.expires,
        "undo": window,
        **_amount(step, values),
    }
    varies = _varies(step) if "count" in approve.model_fields_set and isinstance(approve.count, str) else []
    return {**rule, **{k: v for k, v in (("due", approve.due), ("escalate", approve.escalate), ("varies", varies)) if v}}


def _amount(step: ActionStep, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the step says that it is about; what is no amount is left out, as it is only listed."""
    if not step.amount:
        return {}
    value = expressions.evaluate(step.amount, values)
    currency = value.get("currency") if isinstance(value, Mapping) else None
    try:
        return {"amount": {"amount": f"{as_decimal(value):f}", "currency": str(currency or "EUR")}}
    except ValueError:
        return {}


def _varies(step: ActionStep) -> list[str]:
    """The fields that are made from what the number of people is worked out from; any, where no field shows all of that."""
    read = expressions.roots(str(step.approve.count))
    made_of = {field: expressions.roots_deep(shape) for field, shape in step.with_.items()}
    if not read <= frozenset().union(*made_of.values()):
        return [ANY_FIELD]
    return sorted(field for field, names in made_of.items() if names & read)


def _entry(
    work: Work, kind: str, output: Any, evidence: Mapping[str, Any], info: Mapping[str, Any], model: str, ms: float
) -> Entry:
    return Entry(
        work.path, len(work.case.journal), work.step.id or "", kind, work.flow, output, evidence, info, model, round(ms, 2)
    )


_PERFORM: dict[type, Callable[[Runtime, Sequence[Work]], list[Outcome]]] = {
    AgentStep: _agents,
    LookupStep: _lookups,
    ActionStep: _proposals,
}

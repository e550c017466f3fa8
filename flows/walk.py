"""Finds what comes next in a case: walks its flow along its journal. Pure; what it decides on the way is journalled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import attrs

from flows.addressee import order_of
from kontorist.core import expressions
from kontorist.core.clock import parse_duration, utcnow
from kontorist.core.errors import KontoristError
from kontorist.core.filters import ZONE, as_date
from kontorist.core.flow import ActionStep, AskStep, EachStep, Flow, SetStep, StopStep, UseStep, WaitStep, WhenStep
from kontorist.store.actions import ActionRow
from kontorist.store.cases import Case, Entry
from kontorist.store.context import origins_of, values_of

_INDEX = re.compile(r"#\d+")
MAX_ENTRIES = 10_000


@attrs.frozen(slots=False)
class Work:
    """A step that is to be done now: by an agent, a look-up, or by proposing an action."""

    case: Case
    step: Any
    path: str
    flow: str
    together_with: str | None = None
    flow_model: str | None = None
    stated: ActionRow | None = None
    """The action of this step, where a person said that it happened: what can be known of it is to be found out."""

    @property
    def model(self) -> str | None:
        """The model that the step names, or its flow."""
        return getattr(self.step, "model", None) or self.flow_model

    @property
    def place(self) -> str:
        """Where in the flow this is, the same for every case and every entry of a loop."""
        return f"{self.flow}:{_INDEX.sub('#', self.path)}"


@attrs.frozen(slots=False)
class Pause:
    """Nothing to do now: the case waits, or has ended in this state."""

    state: str
    text: str | None = None
    until: datetime | None = None
    question: Mapping[str, Any] | None = None


@dataclass
class Walk:
    """One walk through one case. `entries` are what was decided on the way and is not stored yet."""

    case: Case
    flows: Mapping[str, Flow]
    actions: Mapping[str, ActionRow]
    entries: list[Entry] = field(default_factory=list)
    patient: bool = True
    """False in a simulation: nothing is waited for."""
    at: str = ""
    """The path of the step that was looked at last: where an error belongs."""
    at_flow: str = ""
    """The flow that this step stands in."""

    def next(self) -> Work | Pause:
        """What to do next. Raises ExpressionError, naming the step, when an expression cannot be evaluated."""
        flow = self.flows.get(self.case.flow)
        if flow is None:
            return Pause("failed", f"There is no flow '{self.case.flow}' any more; put it back, or close this case.")
        if not self.case.journal and flow.parameters:
            self._note("with", "", "use", self.case.flow, flow.parameters, {name: ["office"] for name in flow.parameters})
        return self._steps(flow.steps, "", self.case.flow) or Pause("done")

    def _steps(self, steps: Sequence[Any], prefix: str, flow: str, waiting: dict[str, str] | None = None) -> Work | Pause | None:
        """The next thing within these steps; None when all of them are through.

        `waiting` are the actions (id → path) that a person has not decided yet. Behind them only actions that share
        their card go on, and the conditions around such actions; everything else waits.
        """
        waiting = {} if waiting is None else waiting
        before = len(waiting)
        for i, step in enumerate(steps):
            path = path_of(step, i, prefix)
            if waiting and not _shares_card(step, waiting):
                return Pause("waiting")
            self.at, self.at_flow = path, flow
            try:
                found = self._step(step, path, flow, waiting)
            except (KontoristError, ValueError) as error:
                kind = type(error) if isinstance(error, KontoristError) else expressions.ExpressionError
                raise kind(f"{flow}: step {step.id or path}: {error}") from error
            if found is not None:
                return found
        return Pause("waiting") if len(waiting) > before else None

    def _step(self, step: Any, path: str, flow: str, waiting: dict[str, str]) -> Work | Pause | None:
        if (take := _TAKE.get(type(step))) is not None:
            return take(self, step, path, flow, waiting)
        return None if path in self.case.journal else self._work(step, path, flow)

    def _work(self, step: Any, path: str, flow: str, together_with: str | None = None) -> Work:
        return Work(self.case, step, path, flow, together_with, self.flows[flow].model)

    def _when(self, step: WhenStep, path: str, flow: str, waiting: dict[str, str]) -> Work | Pause | None:
        if path not in self.case.journal:
            truth = expressions.test(step.when, values_of(self.case, path))
            self._note(path, step.id or "", "when", flow, truth, info={"when": step.when})
        branch = step.steps if self.case.journal[path].output else step.otherwise
        found = self._steps(branch, f"{path}/", flow, waiting)
        together = isinstance(found, Pause) and found.state == "waiting" and _shares_card(step, waiting)
        return None if together else found

    def _each(self, step: EachStep, path: str, flow: str, _waiting: Any) -> Work | Pause | None:
        if path not in self.case.journal:
            entries = _entries(step.each, expressions.value(step.each, values_of(self.case, path)))
            if len(entries) > MAX_ENTRIES:
                raise KontoristError(f"{len(entries)} entries are too many for one `each:` (at most {MAX_ENTRIES})")
            self._note(path, step.id or "", "each", flow, entries, self._origins(step.each, path, expression=True))
        waiting = False
        for i, entry in enumerate(self.case.journal[path].output):
            start = f"{path}#{i}/entry"
            if start not in self.case.journal:
                self._note(
                    start, "", "entry", flow, {step.as_: entry}, {step.as_: self.case.journal[path].info.get("origins", [])}
                )
            found = self._steps(step.steps, f"{path}#{i}/", flow)
            if found is not None and not (isinstance(found, Pause) and found.state == "waiting"):
                return found
            waiting = waiting or found is not None
        return Pause("waiting") if waiting else None

    def _use(self, step: UseStep, path: str, flow: str, _waiting: Any) -> Work | Pause | None:
        if step.use not in self.flows:
            raise KontoristError(f"there is no flow '{step.use}'")
        used, start = self.flows[step.use], f"{path}>/with"
        if start not in self.case.journal:
            given = expressions.evaluate_deep(step.with_, values_of(self.case, path))
            origins = {name: self._origins(shape, path) for name, shape in step.with_.items()}
            self._note(start, "", "use", step.use, {**used.parameters, **given}, origins)
        return self._steps(used.steps, f"{path}>/", step.use)

    def _set(self, step: SetStep, path: str, flow: str, _waiting: Any) -> None:
        if path not in self.case.journal:
            values = expressions.evaluate_deep(step.set, values_of(self.case, path))
            self._note(
                path, step.id or "", "set", flow, values, {name: self._origins(shape, path) for name, shape in step.set.items()}
            )

    def _wait(self, step: WaitStep, path: str, flow: str, _waiting: Any) -> Pause | None:
        if path not in self.case.journal:
            until = _until(expressions.evaluate_deep(step.wait, values_of(self.case, path)))
            self._note(path, step.id or "", "wait", flow, {"until": until})
        until = self.case.journal[path].output["until"]
        return Pause("runnable", until=until) if self.patient and utcnow() < until else None

    def _action(self, step: ActionStep, path: str, flow: str, waiting: dict[str, str]) -> Work | Pause | None:
        if path in self.case.journal:
            return None
        row = self.actions.get(path)
        if row is None:
            return self._work(step, path, flow, waiting.get(step.approve.together_with or ""))
        if row.state == "done":
            if row.stated_by and "outputs" not in row.receipt:
                return attrs.evolve(self._work(step, path, flow), stated=row)
            entry = done_entry(row, len(self.case.journal), step.id or "", flow, (row.receipt or {}).get("outputs") or {})
            self.case.journal[path] = entry
            self.entries.append(entry)
            return None
        if row.state == "rejected":
            if step.if_rejected == "stop":
                return Pause("closed", "Rejected.")
            self._note(path, step.id or "", "action", flow, {"state": "rejected", "action": row.id})
            return None
        if row.state == "withdrawn":
            return Pause("unclear", row.error)
        waiting[step.id or path] = path
        return None

    def _stop(self, step: StopStep, path: str, _flow: str, _waiting: Any) -> Pause:
        return Pause("done", expressions.render(step.stop, values_of(self.case, path)))

    def _ask(self, step: AskStep, path: str, _flow: str, _waiting: Any) -> Pause | None:
        if path in self.case.journal:
            return None
        values = values_of(self.case, path)
        text = expressions.render(step.ask, values)
        return Pause("unclear", text, question={"kind": "look", "text": text, **order_of(step, values)})

    def _origins(self, shape: Any, path: str, *, expression: bool = False) -> list[str]:
        return origins_of_shape(shape, origins_of(self.case, path), expression=expression)

    def _note(
        self, path: str, name: str, kind: str, flow: str, output: Any, origins: Any = (), info: Mapping[str, Any] | None = None
    ) -> None:
        known = {**(info or {}), **({"origins": origins} if origins else {})}
        entry = Entry(path, len(self.case.journal), name, kind, flow, output, {}, known)
        self.case.journal[path] = entry
        self.entries.append(entry)


_TAKE: dict[type, Callable[..., Work | Pause | None]] = {
    WhenStep: Walk._when,
    EachStep: Walk._each,
    UseStep: Walk._use,
    ActionStep: Walk._action,
    SetStep: Walk._set,
    WaitStep: Walk._wait,
    StopStep: Walk._stop,
    AskStep: Walk._ask,
}
"""What is done at a step, by its kind: looked up, for a walk passes each step of a case again and again. All other kinds are work."""


def path_of(step: Any, at: int, prefix: str = "") -> str:
    """Where a step stands: its id, or its place among its neighbours."""
    return f"{prefix}{step.id or f'-{at + 1}'}"


def done_entry(row: ActionRow, seq: int, name: str, flow: str, outputs: Mapping[str, Any]) -> Entry:
    """What the journal says of an action that is done; who said so, where a person did."""
    info = {"stated_by": row.stated_by} if row.stated_by else {}
    return Entry(row.path, seq, name, "action", flow, {"state": "done", "action": row.id, **outputs}, {}, info)


def _entries(written: str, found: Any) -> list[Any]:
    """What an `each:` goes through; a single text is a list of one. Raises KontoristError for what has no entries."""
    if not found and not isinstance(found, bool | int | float):
        return []
    if isinstance(found, str):
        return [found]
    if not isinstance(found, Iterable):
        raise KontoristError(f"`each:` needs a list, and '{written}' is none.")
    return list(found)


def _until(written: Any) -> datetime:
    """The moment a `wait:` names: from now on for a span, the beginning of a day in the office's zone for a date."""
    if isinstance(written, datetime):
        return written if written.tzinfo else written.replace(tzinfo=ZONE)
    try:
        return utcnow() + parse_duration(str(written))
    except ValueError:
        day = as_date(written)
    return datetime(day.year, day.month, day.day, tzinfo=ZONE)


def _shares_card(step: Any, waiting: Mapping[str, str]) -> bool:
    """Whether this is an action on the card of a waiting one, or a condition around nothing but such actions."""
    if isinstance(step, ActionStep):
        return step.approve.together_with in waiting
    if isinstance(step, WhenStep):
        inner = [*step.steps, *step.otherwise]
        independent = not expressions.roots(step.when, expression=True) & set(waiting)
        return independent and all(_shares_card(s, waiting) for s in inner)
    return False


def origins_of_shape(shape: Any, known: Mapping[str, Sequence[str]], *, expression: bool = False) -> list[str]:
    """Where the values of a template, or of nested ones, come from; `office` for what the admin wrote."""
    return origins_of_names(expressions.roots(shape, expression=True) if expression else expressions.roots_deep(shape), known)


def origins_of_names(names: Iterable[str], known: Mapping[str, Sequence[str]]) -> list[str]:
    """Where the values with these names come from; `office` where there is none."""
    found = {origin for name in names for origin in known.get(name, ())}
    return sorted(found) if found else ["office"]

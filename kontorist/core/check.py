"""Validates a whole office against what there is: connectors, agents, tables, people; every problem at its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kontorist.core import expressions, registry, salvage
from kontorist.core.arrived import fields_of
from kontorist.core.check_settings import check_settings, connections_of, connector_class
from kontorist.core.content import Content
from kontorist.core.errors import KontoristError
from kontorist.core.flow import (
    ActionStep,
    Addressed,
    AgentStep,
    AskStep,
    EachStep,
    Flow,
    LookupStep,
    SetStep,
    StopStep,
    Trigger,
    UseStep,
    WhenStep,
    kind_of,
    walk,
)
from kontorist.core.office import Connection, Office, add_errors, load_office, parse_flow
from kontorist.core.problems import Problem, closest, did_you_mean
from kontorist.core.yamlfile import Loc, YamlFile, parse_yaml

ARRIVED = {"mail", "file", "row", "table", "webhook", "documents", "case", "now", "today", "scheduled", "before"}
"""Names that a flow sees without any step."""

_FIXED = {"documents", "case", "now", "today"}


def check(directory: Path) -> list[Problem]:
    """Every problem of the office in this folder, sorted by place."""
    loaded = load_office(directory)
    problems, office = [*loaded.problems], salvage.usable(loaded)
    for file in office.files.values():
        file.problems.clear()
    check_settings(office)
    for name, file in office.files.items():
        if not name.endswith(".yaml"):
            _check_flow(office, name, office.flows.get(name), file)
    problems += [p for f in office.files.values() for p in f.problems]
    return sorted(set(problems))


def check_text(office: Office, name: str, text: str) -> list[Problem]:
    """The problems of one flow as it stands in an editor, in an office that is loaded already."""
    file = parse_yaml(text, YamlFile(office.files[name].path if name in office.files else f"{name}.yaml"))
    _check_flow(office, name, parse_flow(file), file)
    return sorted(set(file.problems))


def _check_flow(office: Office, name: str, flow: Flow | None, file: YamlFile) -> None:
    """Check a flow, or what is left of one that could not be read whole."""
    left = (flow, frozenset[str]()) if flow is not None else salvage.flow(file)
    if left is not None:
        _FlowCheck(office, name, left[0], file, left[1]).run()


class _FlowCheck:
    """Checks one flow; notes problems in its file."""

    def __init__(self, office: Office, name: str, flow: Flow, file: YamlFile, lost: frozenset[str]) -> None:
        self.office, self.name, self.flow, self.file, self.lost = office, name, flow, file, lost
        self.actions: set[str] = set(lost)
        """Ids of the actions met so far."""
        self.columns: dict[str, list[str]] = {}
        """Known fields of a name: a look-up's columns, an agent's outputs."""
        self.choices: dict[tuple[str, ...], Sequence[str]] = {}
        """The only values that an agent's output can have: a classification's labels."""
        self.lists: dict[str, list[str]] = {}
        """Known fields of the entries of a name that is a list."""
        self.content = Content()

    def run(self) -> None:
        """Check trigger and steps."""
        self._trigger()
        self._readers()
        names = ARRIVED | set(self.flow.parameters) | self.lost
        self._ids()
        self._unclear(names)
        self._steps(self.flow.steps, ("steps",), set(names))

    def _readers(self) -> None:
        for i, name in enumerate(self.flow.visible_to or ()):
            if name not in self._known and not self._hidden("people", "groups"):
                self.file.add(("visible_to", i), f"there is no group or person '{name}'{did_you_mean(name, self._known)}")

    def _unclear(self, names: set[str]) -> None:
        if self.flow.unclear:
            steps = {step.id for _, step in walk(self.flow.steps) if step.id}
            self._template(self.flow.unclear.by, ("unclear", "by"), names | steps)
            self._addressed(self.flow.unclear, ("unclear", "by"), ("unclear", "escalate"))

    def _hidden(self, *parts: str) -> bool:
        """Whether a mistake elsewhere hides names of these parts, so that nobody can say what there is not."""
        return not self.office.unsure.isdisjoint(parts)

    def _trigger(self) -> None:
        trigger = self.flow.trigger
        if trigger is None:
            return
        kinds = [k for k in Trigger.model_fields if getattr(trigger, k) is not None]
        if len(kinds) != 1:
            self.file.add(("trigger",), "a flow has exactly one trigger; `use:` lets several flows share steps", key=True)
        for kind in kinds:
            if kind == "schedule":
                self._cron(str(trigger.schedule))
            elif kind == "after":
                self._after(str(trigger.after.flow if trigger.after else ""))
            elif kind != "upload":
                self._trigger_options(kind, dict(getattr(trigger, kind)))

    def _after(self, other: str) -> None:
        loc: Loc = ("trigger", "after", "flow")
        flows, seen = self.office.flows, {self.name}
        if other not in self.office.files or other.endswith(".yaml"):
            self.file.add(loc, f"there is no flow '{other}'{did_you_mean(other, flows)}")
        while other in flows:
            if other in seen:
                self.file.add(loc, f"the flow '{other}' comes after this one itself: it would never end")
                return
            seen.add(other)
            before = flows[other].trigger
            other = before.after.flow if before and before.after else ""

    def _cron(self, cron: str) -> None:
        from cronsim import CronSim, CronSimError

        from kontorist.core.clock import utcnow

        try:
            CronSim(cron, utcnow())
        except CronSimError:
            self.file.add(("trigger", "schedule"), f"'{cron}' is not a cron expression; '0 7 * * 1-5' is 7:00 on working days")

    def _trigger_options(self, kind: str, options: dict[str, Any]) -> None:
        loc: Loc = ("trigger", kind)
        connection = options.pop("connection", None)
        cls = self._connector(str(connection), (*loc, "connection")) if connection else None
        if connection is None:
            self.file.add(loc, "'connection' is missing", key=True)
        if cls is None:
            return
        if kind not in cls.triggers:
            self.file.add(
                loc, f"the connection '{connection}' cannot trigger on '{kind}'{did_you_mean(kind, cls.triggers)}", key=True
            )
            return
        try:
            given = cls.triggers[kind].model_validate(options)
        except ValidationError as error:
            add_errors(self.file, error, cls.triggers[kind], loc)
            return
        columns = self._columns(str(connection), str(getattr(given, "table", "")), (*loc, "table")) if kind == "rows" else None
        if columns is not None:
            self.columns["row"] = columns

    def _connector(self, name: str, loc: Loc) -> Any:
        if name not in self.office.connections:
            if name in connections_of(self.office) or self._hidden("connections"):
                return None
            self.file.add(loc, f"there is no connection '{name}'{did_you_mean(name, self.office.connections)}")
            return None
        return connector_class(self.office.connections[name])

    def _ids(self) -> None:
        seen: set[str] = set()
        for loc, step in walk(self.flow.steps):
            if step.id in seen:
                self.file.add((*loc, "id"), f"the id '{step.id}' is used twice")
            if step.id and step.id in _FIXED | {self.flow.trigger.kind() if self.flow.trigger else None}:
                self.file.add((*loc, "id"), f"'{step.id}' is a name that every flow has already; choose another id")
            if step.id:
                seen.add(step.id)

    def _steps(self, steps: Sequence[Any], loc: Loc, names: set[str]) -> None:
        stopped = False
        for i, step in enumerate(steps):
            here = (*loc, i)
            if stopped:
                self.file.add(here, "this step is never reached: the step before it stops the case", severity="warning")
                stopped = False
            self._step(step, here, names)
            stopped = _ends(step)

    def _step(self, step: Any, loc: Loc, names: set[str]) -> None:
        checks: dict[type[Any], Any] = {AgentStep: self._agent, LookupStep: self._lookup, ActionStep: self._action, WhenStep: self._when,
                  EachStep: self._each, UseStep: self._use, SetStep: self._set, AskStep: self._ask}  # fmt: skip
        if type(step) in checks:
            checks[type(step)](step, loc, names)
        else:
            kind = kind_of(step)
            self._template(getattr(step, kind), (*loc, kind), names)
        if step.id:
            names.add(step.id)

    def _agent(self, step: AgentStep, loc: Loc, names: set[str]) -> None:
        if step.agent not in registry.names("agents"):
            self.file.add(
                (*loc, "agent"), f"there is no agent '{step.agent}'{did_you_mean(step.agent, registry.names('agents'))}"
            )
            return
        agent = registry.load("agents", step.agent)
        try:
            options = agent.Options.model_validate(step.model_extra or {})
        except ValidationError as error:
            add_errors(self.file, error, agent.Options, loc)
            return
        for key in agent.templates:
            self._template((step.model_extra or {}).get(key), (*loc, key), names)
        self._template((step.model_extra or {}).get("template"), (*loc, "template"), names | set(agent.own_names))
        models = ("built-in", "environment", *self.office.settings.models)
        if step.model and step.model not in models and not self._hidden("models"):
            self.file.add(
                (*loc, "model"), f"there is no model '{step.model}'{did_you_mean(step.model, self.office.settings.models)}"
            )
        self._knowledge((step.model_extra or {}).get("knowledge"), loc)
        if step.id:
            self.content.note(step.id)
            if outputs := agent().outputs(options):
                self.columns[step.id] = list(outputs)
            self.choices |= {(step.id, field): values for field, values in agent().choices(options).items()}

    def _knowledge(self, pages: Any, loc: Loc) -> None:
        for i, page in enumerate(pages if isinstance(pages, list) else ()):
            folder = self.office.directory / "knowledge"
            if not any(folder.glob(f"{page}*.md")):
                known = {p.name.split(".")[0] for p in folder.glob("*.md")}
                self.file.add((*loc, "knowledge", i), f"there is no knowledge page '{page}'{did_you_mean(str(page), known)}")

    def _lookup(self, step: LookupStep, loc: Loc, names: set[str]) -> None:
        connection, _, table = step.lookup.partition(".")
        columns = self._columns(connection, table, (*loc, "lookup"))
        for column, shape in step.where.items():
            if columns is not None and column not in columns:
                self.file.add(
                    (*loc, "where", column), f"{step.lookup} has no column '{column}'{did_you_mean(column, columns)}", key=True
                )
            self._template(shape, (*loc, "where", column), names)
        if step.id and columns is not None:
            (self.lists if step.many else self.columns)[step.id] = columns

    def _columns(self, connection: str, table: str, loc: Loc) -> list[str] | None:
        if self._connector(connection, loc) is None:
            return None
        tables = tables_of(self.office, connection)
        if tables is None:
            return None
        if table not in tables:
            self.file.add(loc, f"the connection '{connection}' has no table '{table}'{did_you_mean(table, tables)}")
            return None
        return tables[table]

    def _action(self, step: ActionStep, loc: Loc, names: set[str]) -> None:
        connection, _, action = step.action.partition(".")
        cls = self._connector(connection, (*loc, "action"))
        for key, shape in step.with_.items():
            self._template(shape, (*loc, "with", key), names)
        if step.amount:
            self._template(step.amount, (*loc, "amount"), names)
        if step.unpaid:
            self._template(step.unpaid.party, (*loc, "unpaid", "party"), names)
            self._template(step.unpaid.numbers, (*loc, "unpaid", "numbers"), names)
        self._approve(step, loc)
        if cls is None:
            return
        if action not in cls.actions:
            self.file.add(
                (*loc, "action"), f"the connection '{connection}' has no action '{action}'{did_you_mean(action, cls.actions)}"
            )
            return
        self._payload(step, cls.actions[action], loc)

    def _payload(self, step: ActionStep, action: Any, loc: Loc) -> None:
        fields = {f.alias or n: f for n, f in action.Payload.model_fields.items()}
        unknown = [key for key in step.with_ if key not in fields]
        for key in unknown:
            self.file.add((*loc, "with", key), f"{step.action} takes no '{key}'{did_you_mean(key, fields)}", key=True)
        meant = {closest(key, fields) for key in unknown}
        for key, field in fields.items():
            if field.is_required() and key not in step.with_ and key not in meant:
                self.file.add((*loc, "with") if step.with_ else loc, f"{step.action} needs '{key}' under `with:`", key=True)
        for key in action.recipients:
            doubtful = self.content.of(step.with_.get(key))
            if doubtful and step.recipient_from is None:
                text = f"'{key}' decides who gets it, and {', '.join(doubtful)} is read from content; take it from the sender or a look-up, or declare it: `recipient_from: content`"
                self.file.add((*loc, "with", key), text)

    def _approve(self, step: ActionStep, loc: Loc) -> None:
        approve = step.approve
        if approve.by is None and approve.together_with is None:
            self.file.add(
                (*loc, "approve"), f"{step.action} has nobody who may approve it; add `approve: {{by: GROUP}}`", key=True
            )
        other = approve.together_with
        if other is not None and other not in self.actions and salvage.ANY not in self.lost:
            self.file.add(
                (*loc, "approve", "together_with"),
                f"there is no action '{other}' before this one{did_you_mean(other, self.actions)}",
            )
        self.actions |= {step.id} if step.id else set()
        if self._hidden("people", "groups"):
            return
        self._addressed(approve, (*loc, "approve"), (*loc, "approve"))
        by, fixed = approve.names, isinstance(approve.count, int) and not self._hidden("members")
        if fixed and by and self._known.issuperset(by) and len(self.office.members(by)) < int(approve.count):
            self.file.add((*loc, "approve"), f"{approve.count} people must approve, but {', '.join(by)} has fewer", key=True)

    @property
    def _known(self) -> set[str]:
        """Who can be named as the one something is for."""
        return {*self.office.settings.people, *self.office.settings.groups}

    def _addressed(self, one: Addressed, by: Loc, escalate: Loc) -> None:
        """Groups and people that there are not, at the places where `by` and `escalate` are told."""
        if self._hidden("people", "groups"):
            return
        for name, loc in [*((n, by) for n in one.names), *([(one.escalate, escalate)] if one.escalate else [])]:
            if name not in self._known and "{" not in name:
                self.file.add(loc, f"there is no group or person '{name}'{did_you_mean(name, self._known)}", key=True)

    def _ask(self, step: AskStep, loc: Loc, names: set[str]) -> None:
        self._template(step.ask, (*loc, "ask"), names)
        self._template(step.by, (*loc, "by"), names)
        self._addressed(step, (*loc, "by"), (*loc, "escalate"))

    def _when(self, step: WhenStep, loc: Loc, names: set[str]) -> None:
        self._template(step.when, (*loc, "when"), names, expression=True)
        inner = [set(names), set(names)]
        self._steps(step.steps, (*loc, "steps"), inner[0])
        self._steps(step.otherwise, (*loc, "otherwise"), inner[1])
        names |= inner[0] | inner[1]

    def _each(self, step: EachStep, loc: Loc, names: set[str]) -> None:
        self._template(step.each, (*loc, "each"), names, expression=True)
        self.content.note(step.as_, step.each, expression=True)
        self.columns.pop(step.as_, None)
        if step.each.strip() in self.lists:
            self.columns[step.as_] = self.lists[step.each.strip()]
        self._steps(step.steps, (*loc, "steps"), names | {step.as_})
        self.columns.pop(step.as_, None)

    def _use(self, step: UseStep, loc: Loc, names: set[str]) -> None:
        if step.use not in self.office.flows:
            if step.use not in self.office.files or step.use.endswith(".yaml"):  # one that cannot be read is told in its own file
                self.file.add((*loc, "use"), f"there is no flow '{step.use}'{did_you_mean(step.use, self.office.flows)}")
            return
        if self.name in _reachable(self.office, step.use):
            self.file.add((*loc, "use"), f"the flow '{step.use}' leads back here: it would never end")
        known = self.office.flows[step.use].parameters
        for key, shape in step.with_.items():
            if key not in known:
                self.file.add(
                    (*loc, "with", key), f"the flow '{step.use}' has no parameter '{key}'{did_you_mean(key, known)}", key=True
                )
            self._template(shape, (*loc, "with", key), names)
            if self.content.of(shape) and key in _choosing(self.office, step.use):
                text = f"the flow '{step.use}' takes from '{key}' who gets something, and this is read from content; take it from the sender or a look-up"
                self.file.add((*loc, "with", key), text)

    def _set(self, step: SetStep, loc: Loc, names: set[str]) -> None:
        for key, shape in step.set.items():
            self._template(shape, (*loc, "set", key), names)
            self.content.note(key, shape)
            names.add(key)

    def _template(self, shape: Any, loc: Loc, names: set[str], *, expression: bool = False) -> None:
        if isinstance(shape, Mapping):
            for key, value in shape.items():
                self._template(value, (*loc, key), names)
        elif isinstance(shape, list):
            for i, value in enumerate(shape):
                self._template(value, (*loc, i), names)
        elif isinstance(shape, str):
            self._text(shape, loc, names, expression=expression)

    def _text(self, text: str, loc: Loc, names: set[str], *, expression: bool) -> None:
        if problem := expressions.syntax_problem(text, expression=expression):
            line, message = problem
            self.file.add(loc, f"is not a valid {'expression' if expression else 'template'}: {message}", line_offset=line - 1)
            return
        used = sorted(expressions.uses(text, expression=expression))
        unknown = expressions.roots(text, expression=expression) - names
        for name in sorted(unknown) if salvage.ANY not in self.lost else ():
            line = next((line for path, line in used if path == (name,)), 1)
            self.file.add(loc, f"'{name}' is not known here{did_you_mean(name, names)}", line_offset=line - 1, word=name)
        for path, line in used:
            if (known := self._fields_of(path[:-1])) and path[-1] not in known and path[0] in names:
                told = f"{'.'.join(path)}: '{'.'.join(path[:-1])}' has no '{path[-1]}'{did_you_mean(path[-1], known)}"
                self.file.add(loc, told, line_offset=line - 1, word=".".join(path))
        self._compared(text, loc, expression=expression)

    def _compared(self, text: str, loc: Loc, *, expression: bool) -> None:
        """What is compared with a label that there is not is never so, and the case would go another way without a word."""
        for path, value, line in expressions.compared(text, expression=expression):
            if value and path in self.choices and value not in self.choices[path]:
                hint = did_you_mean(value, self.choices[path])
                self.file.add(loc, f"{'.'.join(path)} is never '{value}'{hint}", line_offset=line - 1, word=value)

    def _fields_of(self, path: tuple[str, ...]) -> Sequence[str] | None:
        """The fields that are known of a value, or None where anything may be in it."""
        if not path:
            return None
        if path[0] in self.columns:
            return self.columns[path[0]] if len(path) == 1 else None
        return fields_of(path)


def _ends(step: Any) -> bool:
    """Whether nothing comes behind this step, whatever it decides."""
    if isinstance(step, WhenStep):
        return all(branch and _ends(branch[-1]) for branch in (step.steps, step.otherwise))
    return isinstance(step, StopStep)


def _choosing(office: Office, name: str) -> set[str]:
    """The parameters of a flow that say who gets something."""
    found: set[str] = set()
    for _, step in walk(office.flows[name].steps):
        connection = office.connections.get(step.action.partition(".")[0]) if isinstance(step, ActionStep) else None
        cls = connector_class(connection) if connection else None
        action = cls.actions.get(step.action.partition(".")[2]) if cls else None
        if action is not None and step.recipient_from is None:
            content = Content()
            content.names = set(office.flows[name].parameters)
            found |= {n for key in action.recipients for n in content.of(step.with_.get(key))}
    return found & set(office.flows[name].parameters)


def _reachable(office: Office, name: str, seen: frozenset[str] = frozenset()) -> set[str]:
    if name in seen or name not in office.flows:
        return {name}
    uses: Iterable[str] = (s.use for _, s in walk(office.flows[name].steps) if isinstance(s, UseStep))
    return {name}.union(*(_reachable(office, u, seen | {name}) for u in uses))


_TABLES: dict[tuple[str, str, str], dict[str, list[str]] | None] = {}


def tables_of(office: Office, connection: str) -> dict[str, list[str]] | None:
    """The tables of a connection with their columns, or None where its files cannot be read now (`doctor` says why)."""
    configured = office.connections[connection]
    key = (str(office.directory), connection, repr(dict(configured.options)))
    if key not in _TABLES:
        _TABLES[key] = _read_tables(office, configured)
    return _TABLES[key]


def _read_tables(office: Office, configured: Connection) -> dict[str, list[str]] | None:
    import importlib
    import tempfile

    base = importlib.import_module("connectors.base")
    cls = connector_class(configured)
    with tempfile.TemporaryDirectory(prefix="kontorist-check-") as folder:
        try:
            around = base.Surroundings(configured.name, office.directory.resolve(), Path(folder), {})
            connector = cls(cls.Config.model_validate(configured.options), around)
            tables = {name: [c.name for c in columns] for name, columns in connector.tables().items()}
            connector.close()
        except (KontoristError, ValidationError):
            return None
    return tables

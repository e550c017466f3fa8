"""The office: one configuration folder, as typed objects."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from kontorist.core import secrets
from kontorist.core.clock import parse_duration
from kontorist.core.errors import ConfigurationError
from kontorist.core.flow import DOTTED, KINDS, NAME, Flow
from kontorist.core.notify import Notify
from kontorist.core.problems import Problem, closest, did_you_mean
from kontorist.core.yamlfile import Loc, YamlFile, fill_secrets, read_yaml


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Company(_Shape):
    """Who we are: invoices must be addressed to us, mails carry our name."""

    name: str
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = "DE"
    vat_id: str = ""
    iban: str = ""
    email: str = ""
    phone: str = ""
    website: str = ""


class Person(_Shape):
    """Somebody who may sign in."""

    name: str = Field(description="as colleagues know them")
    email: str = ""
    groups: list[str] = Field(default_factory=list)
    role: Literal["approver", "admin", "auditor"] = "approver"
    language: str = "de"
    deputy: str | None = Field(None, description="who decides while this person is away")
    away: list[str] = Field(default_factory=list, description="dates or ranges: 2026-12-21..2027-01-04")


class Group(_Shape):
    """People who share a kind of decisions."""

    label: str = ""


class Model(BaseModel):
    """One model an agent may think with; `agents.model.ModelSettings` says which keys there are."""

    model_config = ConfigDict(extra="allow")


class Never(_Shape):
    """Cases that are never sent to a language model: checked before any call."""

    senders: list[str] = Field(default_factory=list, description="addresses or @domains")
    words: list[str] = Field(default_factory=list)


class Retention(_Shape):
    """How long things are kept."""

    cases: str = "3650d"
    transcripts: str = "30d"

    _durations = field_validator("cases", "transcripts")(lambda v: (parse_duration(v), v)[1])


class Oidc(_Shape):
    """Signing in with the company's own accounts; who somebody is, is found by their address in `people`."""

    issuer: str = Field(description="https://login.microsoftonline.com/TENANT/v2.0, https://keycloak.example/realms/NAME")
    client_id: str
    client_secret: str = Field(repr=False, description="as ${NAME}")
    claim: str = Field("email", description="what holds the person's address; with Entra ID often preferred_username")
    label: str = Field("Mit Firmenkonto anmelden", description="on the button")
    back: str = Field("", description="https://INBOX/sign-in/oidc/back, where a proxy hides the inbox's own address")


class OfficeFile(_Shape):
    """What office.yaml may contain."""

    company: Company
    timezone: str = "Europe/Berlin"
    languages: list[str] = Field(default_factory=lambda: ["de", "en"], min_length=1)
    tone: Literal["formal", "informal"] = "formal"
    people: dict[str, Person] = Field(default_factory=dict)
    groups: dict[str, Group] = Field(default_factory=dict)
    model: str = Field("built-in", description="the model of all agents that name none")
    models: dict[str, Model] = Field(default_factory=dict)
    never_to_a_model: Never = Field(default_factory=Never)
    retention: Retention = Field(default_factory=Retention)
    notify: Notify = Field(default_factory=Notify)
    oidc: Oidc | None = None
    several_up_to: float = Field(1000, ge=0, description="cards above this amount are never approved together with others")
    figures_from: int = Field(
        5,
        ge=1,
        description="figures about time are shown of groups of at least so many people; lower it only as agreed with them",
    )
    flow_changes: Literal["at-once", "four-eyes"] = Field(
        "at-once", description="`four-eyes`: a changed flow goes on as it was until another admin agrees to the change"
    )
    undo_window: str = Field("15s", description="how long an approved mail waits before it leaves")
    limits: dict[str, Annotated[int, Field(ge=1, le=1000)]] = Field(
        default_factory=dict, description="how many workers may use a connection or a model at the same time; usual: 4"
    )


@dataclass(frozen=True)
class Connection:
    """A configured account of a connector; its options carry secrets, so they stay out of every text."""

    name: str
    connector: str
    options: Mapping[str, Any] = field(repr=False)


@dataclass
class Office:
    """Everything an admin configured, with every problem found on the way."""

    directory: Path
    settings: OfficeFile
    connections: dict[str, Connection]
    flows: dict[str, Flow]
    files: dict[str, YamlFile] = field(default_factory=dict, repr=False)
    problems: list[Problem] = field(default_factory=list)
    unsure: frozenset[str] = frozenset()
    """While it is checked: the parts (people, groups, members, models, connections) whose names a mistake hides."""

    @property
    def language(self) -> str:
        """The office's own language."""
        return self.settings.languages[0]

    def groups_of(self, person: str) -> set[str]:
        """A person's name and the groups they are in: what an `approve: {by: …}` may name."""
        found = self.settings.people.get(person)
        return {person, *(found.groups if found else ())}

    def members(self, names: list[str]) -> list[str]:
        """The people behind names of groups and people."""
        return [p for p in self.settings.people if self.groups_of(p) & set(names)]

    def require_valid(self) -> Office:
        """The office itself, or ConfigurationError with every problem."""
        errors = [p for p in self.problems if p.severity == "error"]
        if errors:
            raise ConfigurationError("\n".join(map(str, sorted(errors))))
        return self


def load_office(directory: Path) -> Office:
    """Read the configuration folder; what is wrong is in `problems`, the rest is usable."""
    office_file = _read(directory, "office.yaml")
    connections_file = _read(directory, "connections.yaml")
    environment = _environment(directory)
    if isinstance(office_file.data, dict):
        for part, keys in (("oidc", frozenset[str]()), ("models", frozenset({"key"})), ("notify", frozenset[str]())):
            secrets.in_clear(office_file.data.get(part), (part,), office_file, keys)
    office_data = fill_secrets(office_file.data or {}, office_file, environment=environment)
    settings = _settings(office_data, office_file)
    connections = _connections(connections_file, environment)
    files = {"office.yaml": office_file, "connections.yaml": connections_file}
    flows: dict[str, Flow] = {}
    for path in flow_files(directory):
        file = read_yaml(path, _shown(directory, path))
        files[path.stem] = file
        if flow := parse_flow(file):
            flows[path.stem] = flow
    office = Office(directory, settings, connections, flows, files)
    office.problems = [p for f in files.values() for p in f.problems]
    return office


def flow_files(directory: Path) -> list[Path]:
    """The files of the flows, without those of their tests."""
    found = sorted((directory / "flows").glob("*.y*ml"))
    return [path for path in found if not path.name.endswith((".test.yaml", ".test.yml"))]


def _shown(directory: Path, path: Path) -> str:
    return os.path.join(directory, path.relative_to(directory))  # noqa: PTH118 - as the user wrote it


def _read(directory: Path, name: str) -> YamlFile:
    return read_yaml(directory / name, _shown(directory, directory / name))


def _environment(directory: Path) -> dict[str, str]:
    env: dict[str, str] = {}
    dotenv = directory / ".env"
    if dotenv.is_file():
        for line in dotenv.read_text(encoding="utf-8").splitlines():
            name, mark, value = line.strip().partition("=")
            if mark and not name.startswith("#"):
                env[name.strip()] = value.strip().strip("\"'")
    return env | dict(os.environ)


def _settings(data: Any, file: YamlFile) -> OfficeFile:
    try:
        return OfficeFile.model_validate(data)
    except ValidationError as error:
        if file.data is not None or not file.problems:  # else the whole file cannot be read, which is told already
            add_errors(file, error, OfficeFile)
        name = data.get("company", {}).get("name") if isinstance(data, dict) and isinstance(data.get("company"), dict) else None
        return OfficeFile(company=Company(name=str(name or "?")))


def _connections(file: YamlFile, environment: Mapping[str, str]) -> dict[str, Connection]:
    result = {}
    data = file.data if isinstance(file.data, dict) else {}
    if file.data is not None and not isinstance(file.data, dict):
        file.add((), "must be a mapping: name of the connection, then its options")
    for name, options in data.items():
        if not isinstance(options, dict) or not isinstance(options.get("connector"), str):
            file.add((name,), f"the connection '{name}' needs a `connector:`")
            continue
        secrets.in_clear(options, (name,), file)
        filled = fill_secrets(options, file, (name,), environment)
        result[name] = Connection(name, filled.pop("connector"), filled)
    return result


def parse_flow(file: YamlFile) -> Flow | None:
    """The flow in a parsed file, or None with the problems noted."""
    secrets.in_flow(file.data, file)
    if file.data is None:
        if not file.problems:
            file.add((), "is empty; a flow needs at least `steps:`")
        return None
    if not _known_kinds(file.data, (), file):
        return None
    try:
        return Flow.model_validate(file.data)
    except ValidationError as error:
        add_errors(file, error, Flow)
        return None


def _known_kinds(data: Any, loc: Loc, file: YamlFile) -> bool:
    fine = True
    for key in ("steps", "otherwise"):
        steps = data.get(key) if isinstance(data, dict) else None
        for i, step in enumerate(steps if isinstance(steps, list) else ()):
            here = (*loc, key, i)
            kinds = [k for k in KINDS if k in step] if isinstance(step, dict) else []
            if len(kinds) != 1:
                fine = False
                wrong = _misspelt(step) if not kinds else None
                file.add((*here, wrong) if wrong else here, _kind_message(step, kinds), key=bool(wrong))
            fine = _known_kinds(step, here, file) and fine
    return fine


def _misspelt(step: Any) -> str | None:
    """The key that was meant to name the kind of a step."""
    keys = step if isinstance(step, dict) else ()
    return next((k for k in keys if did_you_mean(k, KINDS).startswith(", did")), None)


def _kind_message(step: Any, kinds: list[str]) -> str:
    if not isinstance(step, dict):
        return "a step is a mapping such as `- agent: classify`"
    if kinds:
        return f"a step is one thing; this one has {' and '.join(f'`{k}:`' for k in kinds)}"
    wrong = _misspelt(step)
    return (
        f"unknown step '{wrong}'{did_you_mean(wrong, KINDS)}"
        if wrong
        else f"this step does nothing; it needs one of {', '.join(KINDS)}"
    )


_PATTERNS = {
    NAME: "is no name; use small letters, digits and _, beginning with a letter: my_step",
    DOTTED: "must name a connection and, behind a dot, what is meant of it: erp.orders, mailbox.reply",
}


def add_errors(file: YamlFile, error: ValidationError, shape: type[BaseModel], prefix: Loc = ()) -> None:
    """Note pydantic's errors at their places in the file, in plain words."""
    misspelt = [
        (*item["loc"][:-1], closest(str(item["loc"][-1]), _options(shape, item["loc"])))
        for item in error.errors()
        if item["type"] == "extra_forbidden"
    ]
    for item in error.errors():
        loc = (*prefix, *plain_loc(item["loc"]))
        if item["type"] == "missing" and item["loc"] in misspelt:
            continue  # it is there, under a misspelt name that is told
        if item["type"] == "extra_forbidden":
            file.add(loc, f"unknown option '{loc[-1]}'{did_you_mean(str(loc[-1]), _options(shape, item['loc']))}", key=True)
        elif item["type"] == "missing":
            file.add(loc[:-1], f"'{loc[-1]}' is missing", key=bool(prefix) and loc[:-1] == prefix)
        elif item["type"] == "string_pattern_mismatch":
            file.add(
                loc, f"'{item['input']}' {_PATTERNS.get(item['ctx']['pattern'], 'is not of the form ' + item['ctx']['pattern'])}"
            )
        else:
            message = item["msg"].removeprefix("Value error, ").removeprefix("Input ")
            file.add(loc, f"'{loc[-1] if loc else ''}' {message}" if "'" not in message else message)


def plain_loc(loc: tuple[str | int, ...]) -> Loc:
    """Without the tags that pydantic puts behind the index of a step."""
    return tuple(
        part for i, part in enumerate(loc) if not (i and isinstance(loc[i - 1], int) and part in KINDS and len(loc) > i + 1)
    )


def _options(shape: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    current: Any = shape
    for before, part in zip(("", *loc), loc[:-1], strict=False):
        if isinstance(before, int) and part in KINDS:
            current = KINDS[str(part)]
        elif isinstance(current, type) and issubclass(current, BaseModel):
            current = _model_in(current, str(part))
    if not (isinstance(current, type) and issubclass(current, BaseModel)):
        return []
    return [f.alias or name for name, f in current.model_fields.items()]


def _model_in(model: type[BaseModel], key: str) -> Any:
    for name, info in model.model_fields.items():
        if key in (name, info.alias):
            return next((t for t in _types_of(info.annotation) if isinstance(t, type) and issubclass(t, BaseModel)), model)
    return model


def _types_of(annotation: Any) -> list[Any]:
    inner = getattr(annotation, "__args__", ())
    return [annotation, *(t for a in inner for t in _types_of(a))]

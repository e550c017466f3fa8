"""What a pass works with: the office, its store, its open connections, its agents and models."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from agents.base import Agent, Setting
from connectors.connections import Connections
from flows import shipping
from flows.pace import Pace
from kontorist.core import registry
from kontorist.core.flow import Flow
from kontorist.core.office import Office
from kontorist.store import corrections, documents, privacy, replies, versions, workers
from kontorist.store.cases import Case
from kontorist.store.database import Database, open_database
from kontorist.store.model_calls import Memory


class LazyDocuments(Mapping[str, bytes]):
    """A case's documents by SHA-256, read only when somebody looks."""

    def __init__(self, database: Database, case: Case, extra: Mapping[str, bytes] | None = None) -> None:
        self._database = database
        self._known = [d.sha256 for d in case.documents]
        self._extra = extra or {}

    def __getitem__(self, digest: str) -> bytes:
        if digest in self._extra:
            return self._extra[digest]
        if digest not in self._known:
            raise KeyError(digest)
        return documents.get(self._database, digest)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


@dataclass
class Runtime:
    """One office at work in one thread of one process."""

    office: Office
    database: Database
    data_dir: Path
    simulated: bool = False
    """No effect is possible: the gate refuses, and equal business facts of different files do not exclude each other."""
    answers: Mapping[str, Any] = field(default_factory=dict)
    """In a simulation, what agents would have said, by the id of their step: a test of a flow says nothing about models."""
    owner: str = ""
    """The name under which it leases; that of this thread, if none is given."""
    run: str | None = None
    borrowed: bool = False
    """The store belongs to somebody else, who closes it."""
    pace: Pace = field(default_factory=Pace)
    _learnt: tuple[Any, Mapping[str, Any]] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.owner = self.owner or ("simulation" if self.simulated else workers.owner(self.data_dir))

    @cached_property
    def connections(self) -> Connections:
        """The office's connections, opened when first used."""
        return Connections(self.office, self.data_dir)

    @cached_property
    def _agents(self) -> dict[str, Agent]:
        return {}

    @cached_property
    def _models(self) -> dict[str, Any]:
        return {}

    @cached_property
    def flow_versions(self) -> dict[str, str]:
        """The version of each flow as it is now."""
        return {name: versions.version_of(self.office.flows, name) for name in self.office.flows}

    @cached_property
    def _older(self) -> dict[str, Mapping[str, Flow]]:
        return {}

    def flows_of(self, case: Case) -> Mapping[str, Flow]:
        """The flows that a case goes on with: those of the version it began with, or the newest ones."""
        version = case.flow_version
        if version in (versions.NEWEST, self.flow_versions.get(case.flow)):
            return self.office.flows
        if version not in self._older:
            with self.database.read() as connection:
                self._older[version] = versions.flows_of(connection, version) or self.office.flows
        return self._older[version]

    def agent(self, name: str) -> Agent:
        """The agent with this name."""
        if name not in self._agents:
            self._agents[name] = registry.load("agents", name)()
        return self._agents[name]

    def model(self, name: str) -> Any:
        """The model with this name, opened once."""
        if name not in self._models:
            from agents.model import ModelSettings, open_model

            configured = self.office.settings.models.get(name)
            settings = ModelSettings.model_validate(configured.model_dump()) if configured else None
            memory = Memory(self.database, self.office.settings.timezone)
            self._models[name] = open_model(name, settings, memory)
        return self._models[name]

    def setting(self, model: str | None, flow: str = "") -> Setting:
        """What an agent may use at a step of a flow that names this model (the flow's if the step names none), else the office's."""
        chosen = model or self.office.settings.model
        settings = self.office.settings
        with self.database.read() as connection:
            examples, persons = self._examples(connection), privacy.objections(connection)
        return Setting(
            model=self.model(chosen),
            office_dir=self.office.directory,
            languages=settings.languages,
            tone=settings.tone,
            examples=examples,
            settings={
                "company": settings.company.model_dump(),
                "never_to_a_model": settings.never_to_a_model.model_dump()
                | {"persons": persons},  # what the office forbids, and who objects
            },
            replies=partial(self._replies, flow),
        )

    def _replies(self, flow: str, mail: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What this flow sent to the sender of a mail."""
        sender = mail.get("from")
        if not isinstance(sender, Mapping):
            return []
        with self.database.read() as connection:
            return replies.sent_to(connection, str(sender.get("address") or ""), [str(sender.get("name") or "")], flow)

    def _examples(self, connection: Connection) -> Mapping[str, Any]:
        """What people corrected, as agents learn from it; read anew when that has changed."""
        restricted = frozenset(privacy.restricted(connection))
        mark = corrections.mark(connection), restricted
        if self._learnt is None or self._learnt[0] != mark:
            found = corrections.newest(connection)
            self._learnt = (mark, {step: _lessons(those, restricted) for step, those in found.items()})
        return self._learnt[1]

    def close(self) -> None:
        """Close connections, and the store unless it was lent."""
        self.connections.close()
        if not self.borrowed:
            self.database.close()


def _lessons(found: Sequence[Mapping[str, Any]], restricted: Collection[int]) -> list[dict[str, Any]]:
    """Answers as labelled texts, but for those of cases that are kept for the law alone; edited replies come with `replies`, once they are sent."""
    return [_lesson(one) for one in found if one["kind"] == "answer" and one["case"] not in restricted]


def _lesson(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"text": (one["given"] or {}).get("text", ""), "customer": one["customer"], **one["corrected"]}


def open_runtime(
    office_dir: Path, data_dir: Path, store: Database | None = None, *, url: str | None = None, pace: Pace | None = None
) -> Runtime:
    """The office at work, on a store that is lent or opened for it. Raises ConfigurationError with every problem of the configuration."""
    office = shipping.current(office_dir)
    database = store or open_database(data_dir, url)
    try:
        shipped = shipping.shipped(office, database)
        return Runtime(shipped, database, data_dir, borrowed=store is not None, pace=pace or Pace())
    except BaseException:
        if store is None:
            database.close()
        raise

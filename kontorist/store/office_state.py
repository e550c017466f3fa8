"""Facts about the office as a whole: what is stopped, the heartbeats of its connections, its passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from kontorist.core.clock import utcnow
from kontorist.store import audit
from kontorist.store.audit import Event
from kontorist.store.many import insert_new
from kontorist.store.tables import passes, state

_FACT = select(state.c.value).where(state.c.name == bindparam("name"))


def get(connection: Connection, name: str) -> Any:
    """A stored fact, or None."""
    return connection.execute(_FACT, {"name": name}).scalar()


def put(connection: Connection, name: str, value: Any) -> None:
    """Store a fact."""
    connection.execute(insert_new(connection, state, {"name": name, "value": value}))
    connection.execute(update(state).where(state.c.name == name).values(value=value))


@dataclass(frozen=True)
class Stops:
    """What the stop button holds back."""

    office: bool = False
    flows: Sequence[str] = ()
    connections: Sequence[str] = ()

    def hits(self, flow: str, connection: str) -> bool:
        """Whether an action of this flow on this connection is held back."""
        return self.office or flow in self.flows or connection in self.connections


def stops(connection: Connection) -> Stops:
    """What is stopped now."""
    found = get(connection, "stops") or {}
    return Stops(bool(found.get("office")), tuple(found.get("flows", ())), tuple(found.get("connections", ())))


def set_stops(connection: Connection, new: Stops, actor: str) -> None:
    """Press or release the stop button."""
    value = {"office": new.office, "flows": list(new.flows), "connections": list(new.connections)}
    put(connection, "stops", value)
    audit.append(connection, [Event("office.stops", actor, "office", value)])


def beat(connection: Connection, name: str, problem: str = "", faults: Sequence[str] | None = None) -> None:
    """A connection was read (or could not be): its heartbeat. `faults` are what of it could not be read; None: as before."""
    before = get(connection, f"heartbeat.{name}") or {}
    now = utcnow()
    value = {"at": now, "ok": now if not problem else before.get("ok"), "problem": problem}
    value["faults"] = before.get("faults", []) if faults is None else list(faults)
    put(connection, f"heartbeat.{name}", value)


def heartbeats(connection: Connection) -> Mapping[str, Any]:
    """Connection → {at, ok, problem, faults}."""
    rows = connection.execute(select(state).where(state.c.name.startswith("heartbeat.")))
    return {r.name.removeprefix("heartbeat."): r.value for r in rows}


def begin_pass(connection: Connection, run: str, url: str, owner: str = "") -> None:
    """Note a pass, its flow run in Prefect, and who makes it. `run` is the flow run's id, with `.2` and so on for the passes that follow in it."""
    connection.execute(insert(passes).values(run=run, url=url, started=utcnow(), owner=owner or None))


def end_pass(connection: Connection, run: str, summary: Any, *, run_goes_on: bool = False) -> None:
    """Note what a pass did; nothing of one that broke off. While its flow run goes on it is still told that its process has died."""
    values = {"ended": utcnow(), "summary": summary, **({} if run_goes_on else {"owner": None})}
    connection.execute(update(passes).where(passes.c.run == run).values(**values))


def leave(connection: Connection, run: str) -> None:
    """A pass that has ended is no longer the last one of its flow run, or the flow run ends as well."""
    connection.execute(update(passes).where(passes.c.run == run).values(owner=None))


def run_of(run: str) -> str:
    """The id of the flow run in which a pass was made."""
    return run.partition(".")[0]


def broken_off(connection: Connection) -> list[str]:
    """The passes whose process has died, and of which Prefect has not heard yet."""
    return list(connection.execute(select(passes.c.run).where(passes.c.owner == "")).scalars())


def told(connection: Connection, runs: Sequence[str]) -> None:
    """Prefect has heard of these."""
    connection.execute(update(passes).where(passes.c.run.in_(runs), passes.c.owner == "").values(owner=None))


def pass_url(connection: Connection, run: str) -> str:
    """The page of a pass in Prefect, or empty."""
    return str(connection.execute(select(passes.c.url).where(passes.c.run == run)).scalar() or "")

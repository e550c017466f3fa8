"""How many workers may use a connection or a model at the same time: Prefect's concurrency limits, held by lease.

They spare the outside, nothing rests on them: a lost limit lets more workers in, and still no case is done twice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from flows.runtime import Runtime
from flows.walk import Work
from kontorist.core.errors import Unavailable
from kontorist.core.flow import ActionStep, Flow
from kontorist.core.office import Office

_log = logging.getLogger(__name__)

USUAL = 4
PATIENCE = 300.0
"""Seconds that a worker waits for its turn; then it gives back what it has leased."""
LEASE = 60.0
"""Seconds after which the place of a worker that was killed is free again."""
BUILT_IN = "built-in"


def of_office(office: Office) -> dict[str, int]:
    """Every limit by its name in Prefect; `limits:` in office.yaml says other numbers than the usual one."""
    settings = office.settings
    names = {connection(n): n for n in office.connections} | {model(n): n for n in (*settings.models, "environment")}
    return {full: settings.limits.get(name, USUAL) for full, name in names.items()}


def connection(name: str) -> str:
    """The limit of a connection."""
    return f"kontorist-connection-{name}"


def model(name: str) -> str:
    """The limit of a model."""
    return f"kontorist-model-{name}"


def of_source(flow: Flow) -> list[str]:
    """What taking in for a flow uses."""
    source = flow.trigger.source() if flow.trigger else None
    return [connection(str(source[1].get("connection", "")))] if source else []


def of_works(runtime: Runtime, works: Sequence[Work]) -> list[str]:
    """What a step uses: the connection it looks something up in, or the model its agent thinks with."""
    first = works[0]
    if lookup := getattr(first.step, "lookup", None):
        return [connection(str(lookup).partition(".")[0])]
    if isinstance(first.step, ActionStep) or not hasattr(first.step, "agent"):
        return []
    settings = runtime.office.settings
    named = first.model or settings.model
    return [] if named == BUILT_IN else [model(named)]


class NoPlace(Unavailable):
    """Others use it all the time: nothing was done."""


@contextmanager
def hold(names: Iterable[str]) -> Iterator[None]:
    """A place in each of these limits for this block. Raises NoPlace if none becomes free in time.

    Where Prefect can't tell, the block goes on without one.
    """
    wanted = sorted(set(names))
    if not wanted:
        yield
        return
    from prefect.concurrency.sync import concurrency

    places = concurrency(wanted, timeout_seconds=PATIENCE, lease_duration=LEASE, raise_on_lease_renewal_failure=False)
    held = ExitStack()
    try:
        held.enter_context(places)
    except TimeoutError as error:
        raise NoPlace(f"No place became free in {', '.join(wanted)} within {PATIENCE:.0f} s; the next pass goes on.") from error
    except Exception as error:  # noqa: BLE001 - whatever is wrong with Prefect, the office's work goes on
        _log.warning("no answer about a place in %s (%s); going on without", ", ".join(wanted), type(error).__name__)
    try:
        yield
    finally:
        _leave(held, wanted)


def _leave(held: ExitStack, wanted: Iterable[str]) -> None:
    """Give the places back; what Prefect does not hear is free again when its lease ends."""
    try:
        held.close()
    except Exception as error:  # noqa: BLE001 - what was done in the block is done
        _log.warning(
            "the place in %s was not given back (%s); it is free in %.0f s", ", ".join(wanted), type(error).__name__, LEASE
        )

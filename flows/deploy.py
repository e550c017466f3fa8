"""Registers the office with a Prefect server: a deployment for each trigger, for workers on any number of machines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows import limits
from kontorist.core.errors import ConfigurationError
from kontorist.core.flow import Flow
from kontorist.core.office import Office

ENTRYPOINT = "flows.schedule.run_pass"
"""The dotted entry point: workers import it, no code is shipped."""
FLOW = "kontorist"
"""The name of that flow in Prefect."""
WORK = "kontorist.work"
"""The event that starts a run: there is work for what its resource names."""
OFFICE = "kontorist.office"
"""The resource that stands for cases to move on and approved actions."""
AT_ONCE = 8
"""Runs of the office's own deployment at the same time; each takes other cases and actions."""
RUN_ENVIRONMENT = {
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "DO_NOT_TRACK": "1",
}
"""With what a worker starts a run: results are JSON, and none are kept."""


def resource(flow: str) -> str:
    """What stands for the source of a flow in events."""
    return f"kontorist.flow.{flow}"


def deploy(office: Office, data: Path, pool: str, every: int) -> list[str]:
    """Create or update pool, limits and deployments, and take away those of flows that are gone; returns what was registered. Raises ConfigurationError."""
    if "office" in office.flows:
        raise ConfigurationError("A flow cannot be called 'office' here: that is the name of the deployment for all of them.")
    _ensure_pool(pool)
    _ensure_limits(limits.of_office(office))
    where = {"office": str(office.directory.resolve()), "data": str(data.resolve())}
    said = [_register("office", {**where, "only": []}, pool, _interval(every), OFFICE, AT_ONCE, f"every {every} s and on demand")]
    for name, flow in office.flows.items():
        if flow.trigger and flow.trigger.kind():
            schedule, words = _schedule(flow, office.settings.timezone, every)
            said.append(_register(name, {**where, "only": [name]}, pool, schedule, resource(name), 1, words))
    _remove_others({line.partition(":")[0] for line in said}, where["office"])
    return said


def _schedule(flow: Flow, timezone: str, every: int) -> tuple[Any, str]:
    """When to look, from the flow's trigger."""
    from prefect.schedules import Cron

    cron = flow.trigger.schedule if flow.trigger else None
    if cron:
        return Cron(cron, timezone=timezone), f"cron {cron} ({timezone})"
    return _interval(every), f"every {every} s and when something arrives"


def _interval(every: int) -> Any:
    from datetime import timedelta

    from prefect.schedules import Interval

    return Interval(timedelta(seconds=every))


def _register(name: str, parameters: dict[str, Any], pool: str, schedule: Any, resource_id: str, at_once: int, words: str) -> str:
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
    from prefect.deployments.runner import RunnerDeployment
    from prefect.events import DeploymentEventTrigger

    trigger = DeploymentEventTrigger(
        name=f"work for {name}", expect={WORK}, match={"prefect.resource.id": resource_id}, parameters=parameters
    )
    limit = ConcurrencyLimitConfig(limit=at_once, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW, grace_period_seconds=60)
    deployment: Any = RunnerDeployment.from_entrypoint(
        ENTRYPOINT,
        name=name,
        parameters=parameters,
        schedule=schedule,
        triggers=[trigger],
        tags=["kontorist"],
        work_pool_name=pool,
        job_variables={"env": RUN_ENVIRONMENT},
        concurrency_limit=limit,
    )
    deployment.apply(work_pool_name=pool)
    return f"{name}: {words}"


def _ensure_limits(wanted: dict[str, int]) -> None:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        for name, number in wanted.items():
            client.upsert_global_concurrency_limit_by_name(name, number)


def _remove_others(kept: set[str], office: str) -> None:
    """Deployments of this office whose flow or trigger is gone."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowFilter, FlowFilterName

    with get_client(sync_client=True) as client:
        for found in client.read_deployments(flow_filter=FlowFilter(name=FlowFilterName(any_=[FLOW]))):
            if found.name not in kept and found.parameters.get("office") == office:
                client.delete_deployment(found.id)


def _ensure_pool(name: str) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectAlreadyExists

    with get_client(sync_client=True) as client:
        try:
            client.create_work_pool(WorkPoolCreate(name=name, type="process"))
        except ObjectAlreadyExists:
            return

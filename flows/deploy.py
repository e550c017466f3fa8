"""Registers the pass with a Prefect server, for workers on any number of machines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

ENTRYPOINT = "flows.schedule.run_pass"
"""The dotted entry point: workers import it, no code is shipped."""


def deploy(office: Path, data: Path, pool: str, every: int) -> str:
    """Create or update the deployment `kontorist/office` in a work pool; returns a sentence that says how to start a worker."""
    from datetime import timedelta

    from prefect.deployments.runner import RunnerDeployment
    from prefect.schedules import Interval

    _ensure_pool(pool)
    deployment: Any = RunnerDeployment.from_entrypoint(
        ENTRYPOINT,
        name="office",
        parameters={"office": str(office), "data": str(data)},
        schedule=Interval(timedelta(seconds=every)),
        work_pool_name=pool,
        concurrency_limit=None,
    )
    deployment.apply(work_pool_name=pool)
    return f"The flow `kontorist/office` is registered in the pool '{pool}', every {every} s. Start workers with `prefect worker start --pool {pool}`."


def _ensure_pool(name: str) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectAlreadyExists

    with get_client(sync_client=True) as client:
        try:
            client.create_work_pool(WorkPoolCreate(name=name, type="process"))
        except ObjectAlreadyExists:
            return

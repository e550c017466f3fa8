"""Addresses outside the inbox."""

from __future__ import annotations

from kontorist.inbox.desk import Desk


def run_link(desk: Desk, url: str, run: str | None) -> str:
    """Where Prefect shows a pass; only ever an address of the web."""
    found = url or (f"{desk.prefect_url}/runs/flow-run/{run}" if desk.prefect_url and run else "")
    return found if found.startswith(("http://", "https://")) else ""

"""A first flow for a kind of request: the starter that is nearest, with what was found as its first comment."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from flows import starters
from kontorist.core.check import check
from kontorist.core.errors import KontoristError
from kontorist.core.office import Office


def first_flow(office: Office, row: Mapping[str, Any], connection: str, name: str) -> tuple[str, str]:
    """The text of a flow that passes `check` in this office, and the starter it is from. Raises KontoristError.

    It feeds itself from the mailbox unless another flow does so already; then it waits to be used by that one.
    """
    problems = ""
    for starter, path in _nearest(row):
        text = path.read_text(encoding="utf-8")
        for trigger in (f"trigger:\n  mail: {{connection: {connection}, folder: INBOX}}\n", ""):
            flow = _head(row, starter) + _with_trigger(text, trigger)
            found = _problems(office, name, flow)
            if not found:
                return flow, starter
            problems = problems or found
    raise KontoristError(f"No starter fits this office: {problems}")


def _head(row: Mapping[str, Any], starter: str) -> str:
    estimate = row["estimate"]
    return (
        f"# From the starter {starter}. {row['mails']} mails about: {', '.join(row['keywords'])}.\n"
        f"# {estimate['mails_a_month']} a month, {row['answered']:.0%} answered. Try it before it works: kontorist shadow NAME --since 30d\n"
    )


def _with_trigger(text: str, trigger: str) -> str:
    """The starter's flow with this trigger instead of its own."""
    lines = text.splitlines(keepends=True)
    start = next((i for i, line in enumerate(lines) if line.startswith("trigger:")), None)
    if start is not None:
        end = next(i for i in range(start + 1, len(lines)) if not lines[i].startswith((" ", "#")))
        del lines[start:end]
    lines = [line for line in lines if not line.startswith("# yaml-language-server")]
    return "".join(lines).replace("steps:\n", f"{trigger}steps:\n", 1)


def _problems(office: Office, name: str, flow: str) -> str:
    with tempfile.TemporaryDirectory(prefix="kontorist-discover-") as folder:
        copy = Path(folder) / "office"
        shutil.copytree(office.directory, copy)
        (copy / "flows" / f"{name}.yaml").write_text(flow, encoding="utf-8")
        return "; ".join(str(one) for one in check(copy) if one.severity == "error")


def _nearest(row: Mapping[str, Any]) -> list[tuple[str, Path]]:
    """The starters whose flow begins with a mail, the one whose purpose is nearest to the request first."""
    from agents._builtin.embeddings import embed

    known = []
    for path in sorted(starters.FOLDER.glob("*/starter.yaml")):
        about = yaml.safe_load(path.read_text(encoding="utf-8"))
        own = [*(path.parent / "flows").glob("[!.]*.yaml")]
        flows = [p for p in own if not p.name.endswith(".test.yaml")]
        flows += [
            starters.SAMPLE / "flows" / f"{name}.yaml"
            for name, trigger in (about.get("flows") or {}).items()
            if "mail:" in (trigger or "")
        ]
        if flows and about.get("mails"):
            known.append((path.parent.name, flows[0], f"{path.parent.name.replace('-', ' ')}. {about['description']}"))
    asked = embed([". ".join([*row["examples"], " ".join(row["keywords"])])])[0]
    likeness = embed([text for *_, text in known]) @ asked
    order = sorted(range(len(known)), key=lambda i: -float(likeness[i]))
    return [(known[i][0], known[i][1]) for i in order]

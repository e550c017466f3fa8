"""Who changed a flow's file: who committed it, where the office is kept in git, else whose file it is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from kontorist.core.office import Office


def of(office: Office, name: str) -> str:
    """A mail address, the name of a user of this machine, or nothing where neither is known."""
    path = next((p for end in ("yaml", "yml") if (p := office.directory / "flows" / f"{name}.{end}").is_file()), None)
    return (_committed(path) or _owner(path)) if path else ""


def _committed(path: Path) -> str:
    """Who committed the file as it is now; nothing if it was changed since, or is not in git."""
    git = shutil.which("git")
    if git is None or not any((parent / ".git").exists() for parent in path.resolve().parents):
        return ""
    call = [git, "-C", str(path.parent), "-c", "core.fsmonitor=false"]
    try:
        changed = subprocess.run(
            [*call, "status", "--porcelain", "--", path.name], capture_output=True, text=True, timeout=3, check=False
        )
        if changed.returncode or changed.stdout.strip():
            return ""
        found = subprocess.run(
            [*call, "log", "-1", "--format=%ae", "--", path.name], capture_output=True, text=True, timeout=3, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip()


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except (KeyError, OSError, NotImplementedError):
        return ""

"""Starters: small offices for one kind of work, each with samples, tests and a page for the owner."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from kontorist.core.errors import KontoristError

FOLDER = Path(__file__).resolve().parents[1] / "starters"
"""A starter's folder: starter.yaml says what it takes of the sample office; its other files are added to that."""
SAMPLE = FOLDER.parent / "config"
"""The sample office, as it came with the product."""
_OWN = "starter.yaml"


def there_are() -> dict[str, str]:
    """The starters by name, each with a line about it."""
    found = {"sample": "Everything the sample office has"}
    return found | {path.parent.name: _read(path)["description"] for path in sorted(FOLDER.glob(f"*/{_OWN}"))}


def make(name: str, directory: Path, sample: Path = SAMPLE) -> None:
    """Write the office of a starter into a new or empty folder. Raises KontoristError."""
    if name not in there_are():
        raise KontoristError(f"There is no starter '{name}'; there are: {', '.join(there_are())}.")
    if directory.exists() and any(directory.iterdir()):
        raise KontoristError(f"{directory} is not empty; name a new folder.")
    shutil.copytree(sample, directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".env"))
    if name != "sample":
        _keep(directory, _read(FOLDER / name / _OWN))
        shutil.copytree(FOLDER / name, directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns(_OWN))


def _keep(directory: Path, about: dict[str, Any]) -> None:
    """Of the sample office only the flows, with their trigger, and the mails of this starter."""
    for path in (directory / "flows").iterdir():
        if path.stem not in about.get("flows", {}):
            path.unlink()
    for flow, trigger in about.get("flows", {}).items():
        path = directory / "flows" / f"{flow}.yaml"
        if trigger:
            path.write_text(path.read_text().replace("\nsteps:\n", f"\ntrigger:\n  {trigger}\nsteps:\n", 1))
    for path in (directory / "mails").iterdir():
        if not any(path.match(pattern) for pattern in about.get("mails", ())):
            path.unlink()


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found

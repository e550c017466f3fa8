"""Alembic migrations of the store."""

from __future__ import annotations

import functools
from pathlib import Path


@functools.cache
def newest() -> str:
    """The newest revision: file names start with their number, NNNN_title.py."""
    return max(p.name for p in (Path(__file__).parent / "versions").glob("[0-9]*.py"))[:4]

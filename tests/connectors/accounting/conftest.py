"""The books for every test here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.connectors.accounting.books import Books


@pytest.fixture
def books(tmp_path: Path) -> Books:
    """A connection to fresh books."""
    return Books(tmp_path)

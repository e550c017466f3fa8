"""Each bomb is refused, or read as far as it is harmless, within half a minute and half a gigabyte; the next mail is read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.mail.bombs import BOMBS


@pytest.fixture(scope="module")
def lines() -> dict[str, Any]:
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-m", "tests.connectors.mail.bombs"], cwd=root, capture_output=True, check=True)
    return {line["bomb"]: line for line in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("bomb", [b.__name__ for b in BOMBS])
def test_a_bomb_costs_little_and_the_next_mail_is_read(lines: dict[str, Any], bomb: str) -> None:
    line = lines[bomb]
    assert line["seconds"] < 30
    assert line["mb"] < 512
    assert line["largest"] <= line["bytes"]  # nothing unpacked is larger than the mail itself
    assert line["after"] == "Wo bleibt 47001?"
    assert not line["leaked"]


def test_what_is_not_read_is_said_with_its_reason(lines: dict[str, Any]) -> None:
    # nothing in them is read at all, or all of it
    silent = {"endless_line", "false_winmail", "many_fields", "many_recipients", "many_words_to_decode", "boundary_of_boundaries"}
    assert {name for name, line in lines.items() if line.get("said") == []} == silent
    for name in ("deep_mime", "many_parts"):
        assert lines[name]["said"][0].startswith("Die Mail ist nicht lesbar: ")
    assert "wurde nicht geöffnet" in lines["zip_bomb"]["said"][0]
    assert "Millionen Punkte" in lines["picture_bomb"]["said"][0]
    assert "Dokumenttyp" in lines["xxe"]["said"][0]


def test_the_child_processes_stay_small_too(lines: dict[str, Any]) -> None:
    assert lines["child processes"]["mb"] < 512

"""The decisions in a browser that runs no scripts at all."""

from __future__ import annotations

from typing import Any

import pytest

from connectors._saving import SaveFile
from tests.inbox.conftest import Opens
from tests.inbox.desks import Desk

pytestmark = pytest.mark.browser


@pytest.fixture
def plain(desk: Desk, opens: Opens) -> Any:
    return opens("anna", java_script_enabled=False)


def test_every_decision_works(desk: Desk, plain: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(SaveFile, "undo_window", 60.0)
    rows = desk.cards("one", "two", "three", "four", "five")
    first, second, _third, fourth, fifth = rows
    plain.goto("/")
    plain.click("[data-row] >> nth=0")
    plain.click(".approve .primary")
    plain.click(".toast button")  # undo
    assert desk.row(first.id).state == "proposed"
    plain.click(".approve .primary")
    assert plain.url.endswith(f"/card/{second.id}?did=approved&of={first.id}")
    plain.click("text=Edit")
    plain.fill(f"[name='a{second.id}.content']", "better")
    plain.click("form.edit button.primary")
    plain.click("summary:has-text('Reject')")
    plain.click(".drop[open] button[name=usual] >> nth=1")
    plain.click("summary:has-text('Hand over')")
    plain.select_option(".drop[open] select", "accounting")
    plain.click(".drop[open] button.primary")
    assert [desk.row(r.id).state for r in rows] == ["approved", "approved", "rejected", "proposed", "proposed"]
    assert desk.row(second.id).data["content"] == "better"
    assert desk.row(fourth.id).assigned == "accounting"
    assert desk.row(fifth.id).assigned is None


def test_several_at_once_work(desk: Desk, plain: Any):
    rows = desk.cards("one", "two")
    plain.goto("/several")
    for i in range(2):
        plain.check(f"input[name=card] >> nth={i}")
    plain.click("button.primary")
    assert [desk.row(r.id).state for r in rows] == ["approved", "approved"]


def test_keys_that_would_do_nothing_are_not_offered(desk: Desk, plain: Any):
    desk.card()
    plain.goto("/")
    assert not plain.is_visible("button[data-key='?']")

"""A shadow run says what people really did: its figures are those of a mailbox whose truth is known."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from flows import shadow_page, shadow_report
from flows.shadow import shadow
from kontorist.core.office import load_office
from scripts.past_mailbox import Truth, make
from tests.flows.past import untrue
from tests.flows.test_simulate import everything_in, mined  # noqa: F401 - a fixture

MAILS = 2_000 if os.environ.get("LONG_TESTS") else 160


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Truth]]:
    folder = tmp_path_factory.mktemp("past")
    return folder, make(folder, MAILS)


@pytest.fixture(scope="module")
def found(past: tuple[Path, list[Truth]]) -> shadow_report.Report:
    folder, _ = past
    office = load_office(folder / "office")
    return shadow_report.report(office, folder / "data", shadow(office, folder / "data", "order-status", "60d"), {})


def test_reported_agreement_is_the_truth(past: tuple[Path, list[Truth]], found: shadow_report.Report) -> None:
    truth = {one.message_id: one for one in past[1]}
    assert untrue(past[1], list(shadow_report.lines(found))[:-1]) == []
    for kind in ("reply", "move"):
        counts = Counter(getattr(one, kind) for one in truth.values())
        assert {k: found.figures["actions"][kind][k] for k in ("same", "different", "only_flow", "only_people")} == {
            k: counts[k] for k in ("same", "different", "only_flow", "only_people")
        }
    would = [one for one in truth.values() if {one.reply, one.move} & {"same", "different", "only_flow"}]
    assert found.figures["proposed"] == len(would)
    assert found.figures["agreed"] == sum(one.reply == one.move == "same" for one in would)
    assert found.figures["cases"] == len(truth) == MAILS


def test_it_changes_nothing(past: tuple[Path, list[Truth]], mined: list[str]) -> None:  # noqa: F811
    folder, _ = past
    before = everything_in(folder)
    shadow(load_office(folder / "office"), folder / "data", "order-status", "4d")
    assert everything_in(folder) == before
    assert mined == []


def test_the_minutes_show_their_arithmetic(found: shadow_report.Report) -> None:
    about = found.figures["minutes"]
    assert not about["approve_measured"]
    assert about["saved"] == round(
        sum(x["actions"] * x["by_hand"] for x in about["lines"]) - about["approvals"] * about["approve"], 1
    )


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_page_stands_alone_and_masks(found: shadow_report.Report, language: str) -> None:
    shown = shadow_page.page(found, language, mask=True)
    assert "<script" not in shown
    assert "http" not in shown.replace("http-equiv", "")
    assert "@" not in shown.partition("<body>")[2]
    assert "Behrens" not in shown
    assert "role='img'" in shown
    assert "<desc>" in shown


def test_json_lines_end_with_the_figures(found: shadow_report.Report) -> None:
    lines: list[dict[str, Any]] = list(shadow_report.lines(found))
    assert len(lines) == MAILS + 1
    assert lines[-1]["recommendation"] in {"too_few", "on", "look", "not_yet"}
    json.dumps(lines, default=str)

"""The page about the bank: its steps fit an office, and its sample flow proposes what a person would."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import yaml

from connectors.bank import Bank
from connectors.bank.config import BankConfig, EntryOptions
from kontorist.core.check import check
from kontorist.reading.bank import read_statements

ROOT = Path(__file__).resolve().parents[2]
STATEMENT = ROOT / "config" / "bank" / "2026-11-23.xml"


def test_the_steps_for_payment_files_fit_behind_the_posting_of_an_invoice(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "office")
    account, steps = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "bank.md").read_text(encoding="utf-8"), re.DOTALL)
    BankConfig.model_validate({k: v for k, v in yaml.safe_load(account)["bank"].items() if k != "connector"})
    flow = tmp_path / "office" / "flows" / "invoice-intake.yaml"
    flow.write_text(flow.read_text() + "".join(f"      {line}\n" if line else "\n" for line in steps.splitlines()))

    assert [str(one) for one in check(tmp_path / "office")] == []


def test_the_sample_statement_adds_up_and_has_each_kind_of_payment():
    (statement,) = read_statements(STATEMENT.name, STATEMENT.read_bytes())
    assert statement.problems == ()
    assert EntryOptions().messages == ["statement"]
    assert len(list(Bank.from_file("rows", STATEMENT, {"direction": "in"}))) == 7

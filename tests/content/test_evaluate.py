"""`kontorist eval` counts what it says it counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.evaluate import evaluate
from kontorist.core.errors import NotReadable
from kontorist.core.office import load_office

OFFICE = Path(__file__).resolve().parents[2] / "config"
CASES = [
    {"subject": "Lieferung", "text": "Wo bleibt meine Bestellung 47001?", "label": "order-status", "language": "de", "fields": {"order_number": "47001"}},
    {"subject": "Order", "text": "When will order 47045 be delivered?", "label": "order-status", "language": "en", "fields": {"order_number": "47046"}},
    {"subject": "Angebot", "text": "Bitte um ein Angebot über 500 Faltkartons.", "label": "complaint", "language": "de"},
]  # fmt: skip


def _measured(folder: Path, cases: list[dict[str, object]]) -> dict[str, object]:
    path = folder / "set.jsonl"
    path.write_text("".join(json.dumps(c) + "\n" for c in cases))
    return evaluate(load_office(OFFICE).require_valid(), folder / "data", "mailroom", path)


def test_accuracy_fields_languages_and_confusion(tmp_path: Path) -> None:
    figures = _measured(tmp_path, CASES)
    assert (figures["cases"], figures["accuracy"], figures["failed"]) == (3, 0.6667, 0)
    assert figures["languages"] == {"de": {"cases": 2, "accuracy": 0.5}, "en": {"cases": 1, "accuracy": 1.0}}
    assert figures["fields"] == {"order_number": {"cases": 2, "right": 0.5}}
    assert figures["confusion"] == {"complaint": {"quote": 1}, "order-status": {"order-status": 2}}
    assert figures["model_calls"] == 0


def test_a_line_that_is_no_case_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotReadable, match=r"set\.jsonl:1: a case needs"):
        _measured(tmp_path, [{"label": "x"}])
    with pytest.raises(NotReadable, match=r"set\.jsonl:1: the file nowhere\.eml is not there"):
        _measured(tmp_path, [{"file": "nowhere.eml"}])

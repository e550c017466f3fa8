"""`kontorist eval` counts what it says it counts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.evaluate import evaluate
from kontorist.cli import app
from kontorist.core.errors import NotReadable
from kontorist.core.office import load_office
from tests.agents.scripted_server import Reply, ScriptedServer

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


def test_another_version_of_a_flow_stands_beside_it_on_a_page_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    sale = {
        "subject": "Angebote",
        "text": "Unsere Angebote im November: bis zu 30 % Rabatt, jetzt bestellen!",
        "label": "newsletter",
        "language": "de",
    }
    path.write_text("".join(json.dumps(c) + "\n" for c in [*CASES, sale]))
    changed = tmp_path / "mailroom <i>&.yaml"
    text = (OFFICE / "flows/mailroom.yaml").read_text(encoding="utf-8")
    changed.write_text(text.replace("at_least: 0.7", "at_least: 1"), encoding="utf-8")
    words = [
        "eval",
        "mailroom",
        str(path),
        "--against",
        str(changed),
        "--page",
        str(tmp_path / "page.html"),
        "--office",
        str(OFFICE),
    ]
    result = CliRunner().invoke(app, [*words, "--data", str(tmp_path / "data")])
    assert result.exit_code == 0, result.output
    assert "left to a person" in result.stdout
    assert "Right and certain in the first only: 3 cases; in the second only: 0." in result.stdout
    assert "can be chance (p = 0.25)" in result.stdout
    assert "German" in result.stdout
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    for shown in ("<svg", "label right, English", "label right, German", "side by side", "000004.eml", "Recall"):
        assert shown in page
    assert "<i>" not in page
    assert "&lt;i&gt;&amp;" in page


def _with_models(folder: Path, **urls: str) -> Path:
    office = folder / "office"
    shutil.copytree(OFFICE, office)
    file = office / "office.yaml"
    models = "".join(
        f"  {name}: {{base_url: '{url}', model: m-{name}, trusted: true, max_retries: 0}}\n" for name, url in urls.items()
    )
    file.write_text(file.read_text(encoding="utf-8").replace("models: {}\n", f"models:\n{models}"), encoding="utf-8")
    return office


def _eval(office: Path, path: Path, *more: str) -> Any:
    words = ["eval", "mailroom", str(path), *more, "--office", str(office), "--data", str(path.parent / "data")]
    return CliRunner().invoke(app, words)


def test_two_models_stand_side_by_side_with_what_each_took(tmp_path: Path) -> None:
    """Both are asked about the one mail that the built-in model leaves open; the first gives no usable answer, the second doubts."""
    path = tmp_path / "set.jsonl"
    vague = {"subject": "Palette", "text": "Könnten Sie sich wegen der Palette melden?", "label": "complaint", "language": "de"}
    path.write_text(json.dumps(vague) + "\n")
    with ScriptedServer() as broken, ScriptedServer() as doubting:
        broken.will(Reply("garbage"))
        doubting.will({"label": "complaint", "confidence": 0.5, "quote": ""})
        office = _with_models(tmp_path, small=broken.url, large=doubting.url)
        result = _eval(office, path, "--model", "small", "--model", "large", "--page", str(tmp_path / "page.html"), "--json")
        assert result.exit_code == 0, result.output
        figures = json.loads(result.stdout)

    assert (figures["model"], figures["against"]["model"]) == ("small", "large")
    first, second = figures["against"]["first"], figures["against"]["second"]
    assert (first["model_calls"], first["fell_back"], first["tokens"]) == (1, 1, 110)
    assert (second["model_calls"], second["fell_back"], second["tokens"]) == (1, 0, 110)
    assert second["unclear"] == 1.0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    for shown in ("first: mailroom with small", "second: mailroom with large", "seconds in the model"):
        assert shown in page


def test_a_single_model_stands_beside_the_offices_own_and_three_are_too_many(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps(CASES[0]) + "\n")
    figures = json.loads(_eval(OFFICE, path, "--model", "built-in", "--json").stdout)

    assert (figures["model"], figures["against"]["model"]) == (None, "built-in")
    assert _eval(OFFICE, path, *["--model", "built-in"] * 3).exit_code == 2

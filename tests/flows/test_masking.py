"""The whole sample office with a model that is not trusted: what reaches it holds no person, address, number or account."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterator, Mapping
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from flows.simulate import simulate
from kontorist.core.office import load_office
from tests.agents.scripted_server import Reply, ScriptedServer

SAMPLE = Path(__file__).resolve().parents[2] / "config"
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?:\+\d{2}|\b0\d{2,4})[ /-]\d[\d /-]{5,}\d")


def fitting(request: Mapping[str, Any]) -> dict[str, Any]:
    """An answer of the shape that was asked for, which says nothing."""
    parts = request["response_format"]["json_schema"]["schema"]["properties"]
    return {name: _filled(part) for name, part in parts.items()}


def _filled(part: Mapping[str, Any]) -> Any:
    if "enum" in part:
        return "complaint" if "complaint" in part["enum"] else part["enum"][0]  # so that replies are written, too
    return {"number": 0.9, "integer": 1, "array": [], "string": "Guten Tag"}.get(str(part.get("type")))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    folder = tmp_path_factory.mktemp("office")
    config = folder / "config"
    shutil.copytree(SAMPLE, config)
    with ScriptedServer() as server:
        server.will(Reply(fitting))
        office = config / "office.yaml"
        text = re.sub(r"(?m)^model: built-in.*$", "model: outside", office.read_text())
        office.write_text(
            re.sub(r"(?m)^models: \{\}$", f'models: {{outside: {{base_url: "{server.url}", model: x, max_retries: 0}}}}', text)
        )
        room = config / "flows/mailroom.yaml"
        room.write_text(room.read_text().replace("    at_least: 0.7\n", "    at_least: 0.7\n    ask_model: always\n", 1))
        replies = config / "flows/complaints-and-quotes.yaml"
        replies.write_text(replies.read_text().replace("    agent: draft\n", "    agent: draft\n    write: true\n", 1))
        list(simulate(load_office(config).require_valid(), folder / "data", "mailroom", [SAMPLE / "mails"]))
        yield ["\n".join(str(m["content"]) for m in request["messages"]) for request in server.requests]


def people() -> set[str]:
    """Names of persons: senders of the mails, contacts of the customers."""
    mails = (message_from_bytes(path.read_bytes(), policy=policy.SMTP) for path in sorted((SAMPLE / "mails").glob("*.eml")))
    names = {one.display_name for mail in mails if mail["From"] for one in mail["From"].addresses}
    return {name for name in names if re.fullmatch(r"[^\W\d]+ [^\W\d]+", name)}


def addresses() -> set[str]:
    """Streets of the office's customers."""
    with (SAMPLE / "erp/kunden.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    streets = {value for row in rows for key, value in row.items() if key and "str" in key.lower() and value}
    assert streets
    return streets


def test_the_model_is_asked_about_most_mails_and_for_replies(asked: list[str]) -> None:
    assert len(asked) > 60
    assert sum("You write the reply of an office" in text for text in asked) > 3


@pytest.mark.parametrize("pattern", [_IBAN, _MAIL, _PHONE], ids=["accounts", "mail addresses", "phone numbers"])
def test_nothing_of_this_shape_leaves(asked: list[str], pattern: re.Pattern[str]) -> None:
    assert [found.group() for text in asked for found in pattern.finditer(text)] == []


def test_no_person_and_no_street_is_named(asked: list[str]) -> None:
    whole = "\n".join(asked)
    assert sorted(name for name in people() | addresses() if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", whole)) == []

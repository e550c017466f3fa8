"""Doctor tries a model with each agent, over real HTTP, and says what it made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows import model_trial
from flows.doctor import examine
from kontorist.core.office import load_office
from tests.agents.scripted_server import Reply, ScriptedServer
from tests.flows.offices import make_office


def knowing(request: dict[str, Any]) -> dict[str, Any]:
    """A model that gives the right answer to each of the three questions."""
    shape = request["response_format"]["json_schema"]["schema"]
    return {name: _value(name, field) for name, field in shape["properties"].items()}


def _value(name: str, field: dict[str, Any]) -> Any:
    known = {"label": "status", "order_number": "4711", "confidence": 0.9, "text": "Ihre Bestellung 4711 ist schon unterwegs."}
    if name in known:
        return known[name]
    if "properties" in field:
        return {n: _value(n, f) for n, f in field["properties"].items()}
    return field.get("enum", [{"number": 1, "boolean": True, "array": []}.get(str(field.get("type")), "4711")])[0]


def findings(folder: Path, server: ScriptedServer) -> dict[str, tuple[bool, str]]:
    make_office(folder, {}).close()
    file = folder / "office" / "office.yaml"
    file.write_text(
        file.read_text()
        + f"models: {{ours: {{base_url: '{server.url}', model: m, trusted: true, max_retries: 0, timeout: 5}}}}\n"
    )
    office = load_office(folder / "office")
    return {f["what"]: (f["ok"], f["message"]) for f in examine(office, folder / "data") if f["what"].startswith("model ours")}


def test_a_model_that_works_is_shown_with_what_it_said(tmp_path: Path, server: ScriptedServer) -> None:
    server.will(knowing)
    found = findings(tmp_path, server)
    assert {what: ok for what, (ok, _) in found.items()} == {
        "model ours, classify": True,
        "model ours, extract": True,
        "model ours, draft": True,
    }
    assert "100 + 10 tokens" in found["model ours, classify"][1]


@pytest.mark.parametrize("reply", [Reply("nonsense"), Reply({}, status=401), Reply({}, status=500)])
def test_a_model_that_does_not_work_is_said_for_each_agent(tmp_path: Path, server: ScriptedServer, reply: Reply) -> None:
    server.will(reply)
    found = findings(tmp_path, server)
    assert len(found) == 3
    assert not any(ok for ok, _ in found.values())
    assert all("ours" in message or "built-in" in message for _, message in found.values())


def test_a_server_on_this_machine_is_found_with_the_line_to_add(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        model_trial, "PRESETS", {"ollama": server.url.replace("127.0.0.1", "localhost"), "openai": "https://x.example"}
    )
    server.will({})
    assert list(model_trial.servers()) == [("test-model", 'test-model: {preset: ollama, model: "test-model", trusted: true}')]

"""A wording that was dropped is told beside its step, and keeps no card from being approved among several."""

from __future__ import annotations

from pathlib import Path

from tests.agents.scripted_server import ScriptedServer
from tests.flows.offices import arrive, work
from tests.inbox.desks import make_desk
from tests.inbox.test_several import offered

POLISHED = """
    trigger: {file: {connection: scans}}
    steps:
      - id: answer
        agent: draft
        model: ours
        template: "Guten Tag,\\n\\nIhre Bestellung {{ file.text }} ist unterwegs.\\n\\nMit freundlichen Grüßen"
        polish: true
      - id: keep
        action: shelf.save
        with: {name: "{{ file.name }}", content: "{{ answer.text }}"}
        approve: {by: service}
"""


def test_a_dropped_wording_stands_beside_its_step_and_not_on_the_card(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.will({"text": "Ihre Bestellung 9999 ist unterwegs, und Sie bekommen 10 % Rabatt."})
        models = f'models: {{ours: {{base_url: "{server.url}", model: test, trusted: true}}}}\n'
        desk = make_desk(tmp_path, flows={"polished": POLISHED}, settings=models)
        arrive(desk.runtime, "polished", "4711", "4712", "4713")
        work(desk.runtime)
        rows = desk.rows()
        assert len(rows) == len(server.requests) == 3
        assert all("Bestellung 471" in r.data["content"] and not r.warnings for r in rows)
        anna = desk.browser("anna")
        assert offered(anna) == [r.id for r in rows]
        assert "Polishing changed facts" in anna.get(f"/card/{rows[0].id}").text

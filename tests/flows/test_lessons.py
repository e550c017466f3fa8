"""What people correct reaches the agents: answers as labelled texts, edited replies for the customer they were written to."""

from __future__ import annotations

from pathlib import Path

from agents._draft.written import earlier
from agents.base import Task
from agents.draft import DraftOptions
from tests.flows.offices import make_office
from tests.store import offices


def test_an_edited_reply_is_known_for_its_customer_and_for_nobody_else(tmp_path: Path) -> None:
    runtime = make_office(tmp_path, {})
    for name in ("ida@berg.example", "eve@other.example"):
        (case_id,) = offices.take_in(runtime.database, name, data={"mail": {"from": {"address": name}}})
        row = offices.propose(runtime.database, case_id, payload={"body": "Dear customer", "text": "Hello"})
        offices.edit(runtime.database, row, {"body": f"As always, {name}.", "text": "Hello"})
    setting = runtime.setting(None)

    def known(address: str) -> list[str]:
        mail = {"from": {"address": address}, "new_text": "Where is it?"}
        return [str(reply["body"]) for reply in earlier(Task(DraftOptions(knowledge=True), {}, {"mail": mail}), setting)]

    assert known("ida@berg.example") == ["As always, ida@berg.example."]
    assert known("Eve@Other.example") == ["As always, eve@other.example."]
    assert known("someone@else.example") == known("") == []
    runtime.close()

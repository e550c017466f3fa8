"""What is said of a payload that fits no action: to a clerk, in the office's language."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.connections import Connections
from kontorist.core.errors import Rejected
from tests.flows.offices import make_office

MAILBOX = "mailbox: {connector: mail, transport: maildir, path: 'data:mailbox', from: 'Office <office@example.com>'}"
ERP = """
erp: {connector: erp_csv, folder: erp, tables: {}, import_folder: 'data:imports', import_tables: {orders: {columns: {number: Nummer}}}}
"""


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", "mailbox.reply lässt sich nicht vorbereiten: to ist zu kurz oder leer; body ist kein Text; quote ist weder ja noch nein"),
        ("en", "mailbox.reply cannot be prepared: to is too short or empty; body is no text; quote is neither true nor false"),
    ],
)  # fmt: skip
def test_a_wrong_payload_is_told_in_the_language_of_the_office(tmp_path: Path, language: str, said: str) -> None:
    runtime = make_office(tmp_path, {}, connections=MAILBOX + ERP)
    runtime.office.settings.languages = [language]
    payload = {"to": [], "body": {"text": "Guten Tag"}, "quote": "perhaps"}
    with pytest.raises(Rejected) as told:
        Connections(runtime.office, tmp_path).validate("mailbox", "reply", payload)
    assert str(told.value) == said
    with pytest.raises(Rejected, match=r"rows (fehlt|is missing)"):
        Connections(runtime.office, tmp_path).validate("erp", "import", {"table": "orders"})
    runtime.close()

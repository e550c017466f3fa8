"""Every kind of action there is: what has to be there before, and what is proposed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from connectors.base import Context, Proposal
from connectors.mail.item import item_of
from connectors.mail.transport import Fetched
from flows.advance import Tally
from flows.gate import gate
from flows.runtime import Runtime
from kontorist.core.values import sha256
from kontorist.einvoice.document import find_invoice
from kontorist.store import actions, deciding, proposing, taking_in
from kontorist.store.authority import Who
from kontorist.store.proposing import NewAction
from kontorist.store.taking_in import NewCase
from scripts.sample.invoice import cii
from tests.connectors.accounting.books import INVOICE
from tests.connectors.mail.conftest import letter

ANNA = Who("anna", frozenset({"service"}))
IBAN = "DE02120300000000202051"
Made = tuple[dict[str, Any], dict[str, Any]]
"""The payload, and the data of the case."""


def proposed(runtime: Runtime, connection: str, name: str, payload: Mapping[str, Any], data: Mapping[str, Any]) -> Proposal:
    """What the connector makes of a payload in a case with these data."""
    context = Context(1, "chaos", {k: v for k, v in data.items() if k != "documents"}, data.get("documents", {}), "en")
    return runtime.connections.propose(connection, name, payload, context)


def stored(runtime: Runtime, proposals: list[tuple[str, str, Any]]) -> list[int]:
    """Proposals of new cases, approved by one person each."""
    found = []
    with runtime.database.write() as connection:
        for connection_name, name, p in proposals:
            (case_id,) = taking_in.take_in(
                connection, [NewCase("chaos", "1", "scans", secrets.token_hex(16), "x", "x", {})], "chaos"
            )
            new = NewAction(
                case_id, "chaos", "step", connection_name, name, p.business_key, p.payload, p.sentence, {}, [], {"connector": p.rests_on},
                {"by": ["service"], "expires": "7d", "undo": 0},
            )  # fmt: skip
            action_id, _ = proposing.propose(connection, new)
            found.append(action_id)
            row = actions.get(connection, action_id)
            if row.state == "proposed":
                deciding.approve(connection, [row.shown], ANNA, "")
    return found


def _mail(runtime: Runtime, connection: str, token: str) -> dict[str, Any]:
    data = letter(subject=token, body=f"{token}\n", message_id=f"<{token}@kunde.example>").replace(b"\n", b"\r\n")
    runtime.connections.get(connection).transport.append("INBOX", data, token, [])  # type: ignore[attr-defined]
    item = item_of(Fetched("1", data), source="x", folder="INBOX", languages=["de"], max_size=2**20)
    return dict(item.data)


def _send(_: Runtime, connection: str, token: str) -> Made:
    return {"to": ["a@kunde.example", "b@kunde.example"], "subject": "Hello", "body": f"This is {token}.\n"}, {}


def _reply(runtime: Runtime, connection: str, token: str) -> Made:
    return {"to": ["karla@kunde.example"], "body": f"This is {token}.\n"}, _mail(runtime, connection, token)


def _of_mail(**payload: Any) -> Callable[[Runtime, str, str], Made]:
    return lambda runtime, connection, token: (payload, _mail(runtime, connection, token))


def _move(runtime: Runtime, connection: str, token: str) -> Made:
    if connection != "shelf":
        return {"folder": "Done"}, _mail(runtime, connection, token)
    path = runtime.data_dir / "shelf" / "in" / f"{token}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(token)
    return {"folder": "Done"}, {"file": {"path": f"in/{path.name}", "sha256": sha256(token.encode())}}


def _post(runtime: Runtime, connection: str, token: str) -> Made:
    document = cii(replace(INVOICE, number=token))
    found, digest = find_invoice("invoice", "", document), sha256(document)
    assert found
    place = runtime.data_dir / "documents" / digest[:2] / digest
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(document)
    return {"invoice": found.invoice.as_dict(), "document": digest, "vendor": "70001"}, {"documents": {digest: document}}


def _settle(_: Runtime, __: str, token: str) -> Made:
    entry = {"key": token, "amount": "218.90", "currency": "EUR", "booking_date": "2026-11-09", "counterparty": token}
    return {"entry": entry, "items": [{"number": token, "paid": "218.90"}], "party": "10008"}, {}


def _reverse(runtime: Runtime, connection: str, token: str) -> Made:
    """What is reversed was posted before, by an action of its own."""
    before = stored(runtime, [(connection, "post", proposed(runtime, connection, "post", *_post(runtime, connection, token)))])
    gate(runtime, Tally())
    with runtime.database.read() as store:
        return {"posting": actions.get(store, before[0]).key, "reason": "It was wrong."}, {}


def _export(runtime: Runtime, connection: str, token: str) -> Made:
    number = str(80000 + int(token[5:]))
    connector: Any = runtime.connections.get(connection)
    with connector.surroundings.path(connector.config.vendors).open("a") as file:
        file.write(f"{number};{token};;;;;;14;\n")
    return {"vendors": [number]}, {}


def _transfer(_: Runtime, __: str, token: str) -> Made:
    return {"transfers": [{"name": "Elektro", "iban": IBAN, "amount": "9.90", "purpose": token, "reference": token}]}, {}


KINDS: dict[str, Callable[[Runtime, str, str], Made]] = {
    "send": _send,
    "draft": _send,
    "reply": _reply,
    "flag": _of_mail(flag="flagged"),
    "move": _move,
    "save": lambda r, c, token: ({"name": f"{token}.txt", "content": f"This is {token}."}, {}),
    "import": lambda r, c, token: ({"table": "orders", "rows": [{"reference": token}], "key": token}, {}),
    "post": _post,
    "settle": _settle,
    "reverse": _reverse,
    "export_vendors": _export,
    "transfer": _transfer,
}

"""Senders that are not who they seem, and machines that answer machines: told, and stopped where a reply would leave."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Context, Item
from tests.connectors.mail.conftest import Box, letter, make
from tests.connectors.mail.servers import Mailserver


@pytest.fixture
def local(tmp_path: Path, smtp: Mailserver) -> Box:
    return make("maildir", tmp_path, lambda _: None, smtp, "", known_domains=["grosshandel-meier.example"])  # type: ignore[arg-type,return-value]


def _read(box: Box, **headers: str) -> Item:
    box.put(letter(**headers))
    return box.taken_in()[-1]


def _stops(box: Box, item: Item, to: str) -> list[str]:
    action = box.connector.actions["reply"]()
    payload = action.Payload.model_validate({"to": to, "body": "Kommt am Dienstag."})
    proposal = action.propose(box.connector, payload, Context(1, "t", dict(item.data)))
    return [w.code for w in proposal.warnings if w.stop]


@pytest.mark.parametrize(
    ("sender", "like"),
    [
        ("rechnung@grosshande1-meier.example", "grosshandel-meier.example"),
        ("rechnung@grosshandelmeier.example", "grosshandel-meier.example"),
        ("chef@exarnple.com", "example.com"),
        ("chef@xn--exmple-cua.com", "example.com"),
    ],
)
def test_a_domain_that_only_looks_like_a_known_one_is_told_and_stops_a_reply(local: Box, sender: str, like: str) -> None:
    item = _read(local, sender=sender)
    assert any(like in w and "ähnlich" in w for w in item.warnings)
    assert "look-alike" in _stops(local, item, sender)


@pytest.mark.parametrize(
    "sender", ["einkauf@grosshandel-meier.example", "x@post.grosshandel-meier.example", "a@gmx.de", "b@ganz-anders.example"]
)
def test_known_and_quite_other_domains_are_not_suspected(local: Box, sender: str) -> None:
    assert _read(local, sender=sender).data["mail"]["signs"] == []


@pytest.mark.parametrize(
    "head",
    [
        b"From: a@kunde.example, b@anders.example\n",
        b"From: a@kunde.example\nFrom: b@anders.example\n",
        b"From: <a@kunde.example>\nSubject: x\nfrom: B <b@anders.example>\n",
    ],
)
def test_several_senders_are_told(local: Box, head: bytes) -> None:
    local.put(head + b"To: service@example.com\nMessage-ID: <1@x>\n\nWo bleibt mein Auftrag?\n")
    said = "Die Mail nennt mehrere Absender (a@kunde.example, b@anders.example); als Absender gilt a@kunde.example. Bitte prüfen, von wem sie ist."
    assert said in local.taken_in()[-1].warnings


def test_answers_that_would_go_elsewhere_are_told_on_the_mail_and_on_the_reply(local: Box) -> None:
    item = _read(local, reply_to="zahlung@woanders.example")
    assert "Antworten gingen an zahlung@woanders.example, nicht an den Absender karla@kunde.example." in item.warnings
    action = local.connector.actions["reply"]()
    payload = action.Payload.model_validate({"to": "zahlung@woanders.example", "body": "Gern."})
    assert "reply-to" in [w.code for w in action.propose(local.connector, payload, Context(1, "t", dict(item.data))).warnings]


@pytest.mark.parametrize(
    "header",
    [{"auto_submitted": "auto-replied"}, {"precedence": "auto_reply"}, {"return_path": "<>"}, {"sender": "service@example.com"}],
)
def test_machines_and_ourselves_are_not_answered(local: Box, header: dict[str, str]) -> None:
    item = _read(local, **header)
    assert set(_stops(local, item, item.data["mail"]["from"]["address"])) & {"automatic", "ourselves"}


@pytest.mark.parametrize(
    "header", [{"list_id": "<liste.example>"}, {"precedence": "bulk"}, {"list_unsubscribe": "<https://x.example>"}]
)
def test_a_mail_to_many_is_known_as_one(local: Box, header: dict[str, str]) -> None:
    assert _read(local, **header).data["mail"]["bulk"]


def test_two_machines_that_talk_to_each_other_stop_at_the_cap(local: Box) -> None:
    cap = local.connector.config.replies_per_day
    for number in range(cap + 3):
        item = _read(local, body=f"Danke für Ihre Nachricht Nummer {number}, wir melden uns.\n")
        stops = _stops(local, item, "karla@kunde.example")
        assert ("loop" in stops) is (number >= cap)
        if "loop" in stops:
            break
        local.do("reply", item, key=f"key-{number}", to="karla@kunde.example", body="Bitte schön.")
    assert local.count("Sent") == cap
    assert "loop" not in _stops(local, item, "someone-else@kunde.example")


# our own check of signatures -------------------------------------------------


class _NameServer(socketserver.ThreadingUDPServer):
    """Answers questions for TXT records from a table, as name servers do."""

    allow_reuse_address = True
    records: dict[str, str]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Question)
        self.records = {}


class _Question(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        import dns.message
        import dns.rcode
        import dns.rrset

        data, sock = self.request
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        name = query.question[0].name
        server: Any = self.server
        if text := server.records.get(str(name)):
            answer.answer.append(
                dns.rrset.from_text(name, 60, "IN", "TXT", " ".join(f'"{text[i : i + 200]}"' for i in range(0, len(text), 200)))
            )
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        sock.sendto(answer.to_wire(), self.client_address)


@pytest.fixture
def names() -> Iterator[_NameServer]:
    server = _NameServer()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture(scope="module")
def key() -> tuple[bytes, str]:
    """A private key, and its public half as it stands in the name server."""
    import base64

    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import rsa

    private = rsa.generate_private_key(65537, 2048)
    pem = private.private_bytes(form.Encoding.PEM, form.PrivateFormat.TraditionalOpenSSL, form.NoEncryption())
    public = private.public_key().public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
    return pem, f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


def _signed(key: bytes, domain: str, **headers: str) -> bytes:
    import dkim

    mail = letter(**headers).replace(b"\n", b"\r\n")
    return dkim.sign(mail, b"s1", domain.encode(), key, include_headers=[b"from", b"to", b"subject"]) + mail


def _signature(tmp_path: Path, smtp: Mailserver, names: _NameServer | None, data: bytes) -> tuple[dict[str, str], Item]:
    resolver = f"127.0.0.1:{names.server_address[1]}" if names else None
    box = make("maildir", tmp_path, lambda _: None, smtp, "", resolver=resolver)  # type: ignore[arg-type,return-value]
    box.put(data)
    (item,) = box.taken_in()
    return item.data["mail"]["signature"], item


def test_a_signature_of_the_authors_domain_proves_the_sender(
    tmp_path: Path, smtp: Mailserver, names: _NameServer, key: tuple[bytes, str]
) -> None:
    names.records["s1._domainkey.kunde.example."] = key[1]
    found, item = _signature(tmp_path, smtp, names, _signed(key[0], "kunde.example"))
    assert found == {"result": "pass", "domain": "kunde.example"}
    assert item.data["mail"]["sender_check"] == "verified"


def test_a_mail_that_was_changed_after_signing_is_told(
    tmp_path: Path, smtp: Mailserver, names: _NameServer, key: tuple[bytes, str]
) -> None:
    names.records["s1._domainkey.kunde.example."] = key[1]
    data = _signed(key[0], "kunde.example").replace(b"47001?\r\n", b"47002?\r\n")
    found, item = _signature(tmp_path, smtp, names, data)
    assert found["result"] == "fail"
    assert item.data["mail"]["sender_check"] == "unknown"
    assert any("DKIM" in w for w in item.warnings)


def test_a_signature_of_somebody_else_proves_nothing_about_the_author(
    tmp_path: Path, smtp: Mailserver, names: _NameServer, key: tuple[bytes, str]
) -> None:
    names.records["s1._domainkey.angreifer.example."] = key[1]
    found, item = _signature(tmp_path, smtp, names, _signed(key[0], "angreifer.example"))
    assert found["result"] == "other"
    assert item.data["mail"]["sender_check"] == "unknown"


def test_without_a_name_server_nothing_is_asked_and_nothing_claimed(
    tmp_path: Path, smtp: Mailserver, key: tuple[bytes, str]
) -> None:
    found, item = _signature(tmp_path, smtp, None, _signed(key[0], "kunde.example"))
    assert found["result"] == "unknown"
    assert not item.warnings

"""The same promises for every mailbox: read once, never marked as read, replied in thread, moved, flagged, drafted."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.mail import Mail
from connectors.mail.config import MailOptions
from kontorist.core.errors import Rejected, Unavailable
from kontorist.reading.mail import parse_mail, split_reply
from tests.connectors.mail.conftest import Box, letter


def _sent(box: Box) -> list[bytes]:
    """What left: taken by the SMTP server, or in the folder of sent mails of the mailbox on this machine."""
    if box.server is not None:
        return [e.content for e in box.mailserver.taken]
    transport = box.connector.transport
    return [f.data for f in transport.fetch("Sent", transport.listing("Sent", None).ids)]


def test_a_new_mail_is_read_once_with_its_text(box: Box) -> None:
    box.put(letter())
    (item,) = box.taken_in()
    assert item.title == "Wo bleibt 47001?"
    assert item.data["mail"]["from"] == {"name": "Karla Kunde", "address": "karla@kunde.example"}
    assert "47001" in item.data["mail"]["new_text"]
    assert item.data["mail"]["language"] == "de"
    assert box.taken_in() == []


def test_reading_does_not_mark_a_mail_as_read_and_a_read_mail_is_still_taken_in(box: Box) -> None:
    box.put(letter())
    transport = box.connector.transport
    transport.flag("INBOX", box.first(), "seen", on=True)
    assert len(box.taken_in()) == 1
    transport.flag("INBOX", box.first(), "seen", on=False)
    box.read()
    if box.server is not None:
        client = transport._connected()  # type: ignore[attr-defined]
        client.select_folder("INBOX", readonly=True)
        assert rb"\Seen" not in client.get_flags(client.search(["ALL"])).popitem()[1]


def test_the_same_mail_under_a_new_number_is_not_taken_in_again(box: Box) -> None:
    mail = letter()
    box.put(mail)
    box.taken_in()
    box.put(mail.replace(b"From: ", b"X-Virus-Scanned: clean\nFrom: ", 1))
    assert box.taken_in() == []


def test_three_mails_with_one_message_id_are_three_cases(box: Box) -> None:
    box.put(
        *(letter(body=f"Text {i} der Mail, die jemand mehrfach verwendet\n", message_id="<same@kunde.example>") for i in range(3))
    )
    assert len({item.source_key for item in box.taken_in()}) == 3


def test_a_mail_without_message_id_is_taken_in_and_can_be_moved(box: Box) -> None:
    box.put(b"From: a@kunde.example\nTo: service@example.com\nSubject: Hallo\n\nText ohne Kennung\n")
    (item,) = box.taken_in()
    box.do("move", item, folder="Erledigt")
    assert (box.count("INBOX"), box.count("Erledigt")) == (0, 1)


def test_a_limit_leaves_the_rest_for_the_next_pass(box: Box) -> None:
    box.put(*(letter(body=f"Bestellung {i} bitte liefern, danke\n") for i in range(5)))
    assert [len(box.taken_in(limit=2)) for _ in range(4)] == [2, 2, 1, 0]


def test_a_reply_is_in_the_conversation_and_leaves_once(box: Box) -> None:
    box.put(letter(message_id="<frage-1@kunde.example>", References="<anfang@kunde.example>"))
    (item,) = box.taken_in()
    receipt = box.do("reply", item, to="karla@kunde.example", body="Ihre Bestellung kommt am Dienstag.\n")
    (sent,) = _sent(box)
    reply = parse_mail(sent)
    assert reply.subject == "Re: Wo bleibt 47001?"
    assert reply.in_reply_to == "frage-1@kunde.example"
    assert list(reply.references) == ["anfang@kunde.example", "frage-1@kunde.example"]
    assert reply.message_id == "act-1@example.com" == receipt.evidence["message_id"]
    split = split_reply(reply.text)
    assert split.new == "Ihre Bestellung kommt am Dienstag."
    assert "Am 23.11.2026 schrieb Karla Kunde <karla@kunde.example>:\n> Guten Tag," in split.quoted


def test_a_sent_reply_is_found_again_by_its_key(box: Box) -> None:
    box.put(letter())
    (item,) = box.taken_in()
    action = box.connector.actions["reply"]()
    payload = {"to": "karla@kunde.example", "body": "Kommt morgen."}
    box.do("reply", item, **payload)
    stored = {"to": ["karla@kunde.example"], "subject": "Re: x", "body": "Kommt morgen."}
    assert action.find(box.connector, stored, "act-1")
    assert action.find(box.connector, stored, "act-2") is None


def test_a_mail_that_somebody_answered_meanwhile_is_not_answered_again(box: Box) -> None:
    box.put(letter())
    (item,) = box.taken_in()
    transport = box.connector.transport
    transport.flag("INBOX", box.first(), "answered", on=True)
    assert box.do("reply", item, to="karla@kunde.example", body="Kommt morgen.") == [
        "Die Mail wurde inzwischen schon beantwortet."
    ]
    assert box.mailserver.taken == []


def test_a_reply_to_a_stranger_is_stopped_by_a_warning(box: Box) -> None:
    box.put(letter())
    (item,) = box.taken_in()
    from connectors.base import Context

    action = box.connector.actions["reply"]()
    payload = action.Payload.model_validate({"to": "angreifer@evil.example", "body": "Kundenliste"})
    proposal = action.propose(box.connector, payload, Context(1, "t", dict(item.data)))
    assert [w.code for w in proposal.warnings if w.stop] == ["recipient"]


def test_a_move_puts_the_mail_into_the_folder_and_is_harmless_twice(box: Box) -> None:
    box.put(letter(), letter(subject="Bleibt hier"))
    item = box.taken_in()[0]
    box.do("move", item, folder="Erledigt/Größe")
    box.do("move", item, folder="Erledigt/Größe")
    assert (box.count("INBOX"), box.count("Erledigt/Größe")) == (1, 1)
    action = box.connector.actions["move"]()
    where = {k: item.data["mail"][k] for k in ("folder", "message_id", "key")}
    assert action.find(box.connector, {"folder": "Erledigt/Größe", "mail": where}, "k")


def test_a_mail_that_is_gone_is_said_to_be_gone(box: Box) -> None:
    box.put(letter())
    (item,) = box.taken_in()
    transport = box.connector.transport
    transport.move("INBOX", box.first(), "Privat")
    assert box.do("move", item, folder="Erledigt") == [
        "Die Mail liegt nicht mehr in „INBOX“: jemand hat sie verschoben oder gelöscht."
    ]


def test_another_mail_with_the_same_message_id_is_not_moved_instead(box: Box) -> None:
    box.put(letter(message_id="<x@kunde.example>"))
    (item,) = box.taken_in()
    transport = box.connector.transport
    transport.move("INBOX", box.first(), "Privat")
    box.put(letter(body="ein anderer Text mit derselben Kennung\n", message_id="<x@kunde.example>"))
    assert "nicht mehr" in box.do("move", item, folder="Erledigt")[0]
    assert box.count("INBOX") == 1


def test_numbers_of_a_folder_that_is_made_anew_while_it_is_read_are_not_taken_for_the_old_ones(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    if box.server is None:
        pytest.skip("a name in a Maildir is given once")
    box.put(letter(), folder="Auftraege")
    transport = box.connector.transport
    before = transport.listing("Auftraege", None)

    def listing(folder: str, since: Any) -> Any:
        box.numbered_anew(folder, letter(subject="Ein anderes Anliegen"))
        return before

    monkeypatch.setattr(transport, "listing", listing)
    titles = [item.title for item in box.taken_in(folder="Auftraege")]

    assert set(titles) <= {"Ein anderes Anliegen"}
    assert box.connector.seen.keys("Auftraege", before.generation, before.ids) == {}


@pytest.mark.parametrize("work", ["move", "half a move", "flag"])
def test_in_a_folder_that_is_numbered_anew_in_between_no_other_mail_is_touched(box: Box, work: str) -> None:
    if box.server is None:
        pytest.skip("a name in a Maildir is given once")
    own, other = letter(), letter(subject="Ein anderes Anliegen")
    box.put(own, folder="Auftraege")
    box.put(letter(subject="Liegt schon da"), *[own] * (work == "half a move"), folder="Erledigt")
    (item,) = box.taken_in(folder="Auftraege")
    action = "flag" if work == "flag" else "move"
    payload = {"flag": "flagged"} if work == "flag" else {"folder": "Erledigt"}
    before = box.count("Erledigt")

    with pytest.raises(Unavailable, match="numbered anew"):
        box.do(action, item, fence=lambda: box.numbered_anew("Auftraege", other, own), **payload)
    assert (box.count("Auftraege"), box.count("Erledigt")) == (2, before)
    box.do(action, item, **payload)
    left = list(box.connector.transport.fetch("Auftraege", box.connector.transport.listing("Auftraege", None).ids))
    assert [b"anderes" in mail.data for mail in left if "flagged" not in mail.flags] == [True]


def test_a_flag_is_set(box: Box) -> None:
    box.put(letter())
    (item,) = box.taken_in()
    receipt = box.do("flag", item, flag="answered")
    where = {k: item.data["mail"][k] for k in ("folder", "message_id", "key")}
    action = box.connector.actions["flag"]()
    assert action.find(box.connector, {"flag": "answered", "mail": where}, "k").evidence == receipt.evidence
    assert action.find(box.connector, {"flag": "flagged", "mail": where}, "k") is None
    transport = box.connector.transport
    (again,) = transport.fetch("INBOX", transport.listing("INBOX", None).ids)
    assert again.answered


def test_a_draft_lies_among_the_drafts_once_and_is_sent_to_nobody(box: Box) -> None:
    box.put(letter())
    (item,) = box.taken_in()
    for _ in range(2):
        box.do("draft", item, to="karla@kunde.example", body="Ein Entwurf")
    folder = box.connector.transport.drafts_folder()
    assert box.count(folder) == 1
    assert box.mailserver.taken == []


def test_a_sent_mail_is_copied_among_the_sent_ones_exactly_once(box: Box) -> None:
    box.put(letter())
    (item,) = box.taken_in()
    receipt = box.do("reply", item, to="karla@kunde.example", body="Kommt morgen.")
    transport = box.connector.transport
    if box.server is not None:
        copy = transport.fetch("Sent", transport.listing("Sent", None).ids)
        (sent,) = copy
        assert sent.data.replace(b"\r\n", b"\n").strip() == _sent(box)[0].replace(b"\r\n", b"\n").strip()
        assert "seen" in sent.flags
        transport._copy(sent.data, "x", receipt.evidence["message_id"])  # type: ignore[attr-defined]
    assert box.count("Sent") == 1


def test_a_copy_that_the_mail_server_has_made_itself_is_not_made_again(box: Box) -> None:
    if box.server is None:
        pytest.skip("a mailbox on this machine has no server that sends")
    sent = letter(message_id="<act-1@example.com>", sender="service@example.com")
    box.put(sent, folder="Sent")
    box.connector.transport._copy(sent, "act-1", "act-1@example.com")  # type: ignore[attr-defined]
    assert box.count("Sent") == 1


def test_an_attachment_leaves_byte_for_byte(box: Box) -> None:
    from connectors.base import Context
    from kontorist.core.values import sha256
    from kontorist.testing import permit_for

    data = b"%PDF-1.4\n" + bytes(range(256)) * 50
    place = box.connector.surroundings.data_dir / "documents" / sha256(data)[:2] / sha256(data)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    action = box.connector.actions["send"]()
    payload = {"to": "karla@kunde.example", "subject": "Größe", "body": "Anbei.", "attachments": [sha256(data)]}
    known = {"documents": [{"sha256": sha256(data), "name": "Rechnung Größe.pdf"}]}
    proposal = action.propose(box.connector, action.Payload.model_validate(payload), Context(1, "t", known, {sha256(data): data}))
    action.execute(box.connector, permit_for(proposal.payload, key="act-1"))
    (sent,) = _sent(box)
    (attachment,) = parse_mail(sent).attachments
    assert (attachment.name, attachment.media_type, attachment.data) == ("Rechnung Größe.pdf", "application/pdf", data)


def test_a_draft_is_marked_as_one(box: Box) -> None:
    box.put(letter())
    (item,) = box.taken_in()
    box.do("draft", item, to="karla@kunde.example", body="Ein Entwurf")
    transport = box.connector.transport
    (draft,) = transport.fetch(transport.drafts_folder(), transport.listing(transport.drafts_folder(), None).ids)
    assert {"draft", "seen"} <= draft.flags
    assert parse_mail(draft.data).in_reply_to == item.data["mail"]["message_id"]


def test_a_folder_that_does_not_exist_is_named(box: Box) -> None:
    box.put(letter())
    with pytest.raises(Rejected, match="Eingang"):
        box.read(folder="Eingang")


def test_trying_out_tells_how_many_mails_there_are(box: Box) -> None:
    box.put(letter())
    health = box.connector.try_out()
    assert health.ok, health.message
    assert "1 mails" in health.message


def test_simulating_reads_the_same_from_files(box: Box, tmp_path: object) -> None:
    from pathlib import Path

    file = Path(str(tmp_path)) / "one.eml"
    file.write_bytes(letter())
    (simulated,) = Mail.from_file("mail", file, {"languages": ["de"]})
    box.put(letter())
    (read,) = box.read()
    assert not isinstance(simulated, Exception)
    assert simulated.source_key == read.source_key


def test_a_wait_ends_when_a_mail_comes_and_lasts_while_none_does(box: Box) -> None:
    import threading
    import time

    options = MailOptions()
    assert box.connector.changed("mail", options, 5)  # the first look
    began = time.monotonic()
    assert not box.connector.changed("mail", options, 1)
    assert time.monotonic() - began >= 0.9
    put = threading.Timer(0.5, box.deliver, [letter()])
    put.start()
    began = time.monotonic()
    assert box.connector.changed("mail", options, 20)
    assert time.monotonic() - began < 8  # without IDLE it looks every five seconds
    put.join()


def test_a_mail_that_comes_between_two_waits_is_seen(box: Box) -> None:
    options = MailOptions()
    box.connector.changed("mail", options, 5)
    box.deliver(letter())
    assert box.connector.changed("mail", options, 20)


def test_years_of_old_mails_come_after_the_new_ones(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.mail._PAGE", 2)
    box.put(*(letter(subject=f"Mail {i}", body=f"Text {i}\n", message_id=f"<{i}@kunde.example>") for i in range(5)))
    assert [item.title for item in box.read()] == ["Mail 3", "Mail 4", "Mail 1", "Mail 2", "Mail 0"]

"""What leaves and what does not: faults of mail servers, hostile headers, crashes between the fence and the answer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Context
from connectors.mail import compose
from connectors.mail.config import Access, MailConfig
from connectors.mail.filing import Move, MovePayload
from connectors.mail.sending import Send, written
from connectors.mail.smtp import Smtp
from kontorist.core.errors import AccessDenied, NotApproved, Rejected, Unavailable, Uncertain
from kontorist.core.filters import named
from kontorist.reading.mail import parse_mail
from tests.connectors.mail.conftest import Box, letter, make
from tests.connectors.mail.servers import Imap, Mailserver, free_port

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TO = ["karla@kunde.example"]


def _mail(**more: object) -> compose.Letter:
    return compose.Letter(
        **{"sender": "service@example.com", "to": TO, "cc": [], "subject": "Hallo", "body": "Text\n", "key": "k1"} | more  # type: ignore[arg-type]
    )


def _send(smtp: Mailserver, to: list[str], fence: Callable[[], None] = lambda: None, body: str = "Text\n") -> object:
    server = Smtp(Access(host="127.0.0.1", port=smtp.port, tls="none"), wait_after_dot=5)
    return server.send(compose.build(_mail(to=to, body=body), NOW), "service@example.com", to, fence)


class _Fence:
    def __init__(self) -> None:
        self.passed = 0

    def __call__(self) -> None:
        self.passed += 1


def test_a_mail_is_taken_once_after_the_fence(smtp: Mailserver) -> None:
    fence = _Fence()
    evidence = _send(smtp, TO, lambda: (fence(), _assert_nothing_taken(smtp))[0])
    assert fence.passed == 1
    assert len(smtp.taken) == 1
    assert "42" in str(evidence)


def _assert_nothing_taken(smtp: Mailserver) -> None:
    assert smtp.taken == []


def test_a_closed_fence_means_that_nothing_leaves(smtp: Mailserver) -> None:
    def closed() -> None:
        raise NotApproved("stopped")

    with pytest.raises(NotApproved):
        _send(smtp, TO, closed)
    assert smtp.taken == []


def test_one_refused_recipient_means_that_nobody_gets_it(smtp: Mailserver) -> None:
    smtp.mode = "refuse_one"
    fence = _Fence()
    with pytest.raises(Rejected, match=r"nobody@kunde\.example.*nothing was sent"):
        _send(smtp, [*TO, "nobody@kunde.example"], fence)
    assert (smtp.taken, fence.passed) == ([], 0)


def test_a_refusal_after_the_dot_is_a_refusal(smtp: Mailserver) -> None:
    smtp.mode = "refuse_after_dot"
    with pytest.raises(Rejected, match="spam"):
        _send(smtp, TO)


def test_come_back_later_after_the_dot_is_tried_again(smtp: Mailserver) -> None:
    smtp.mode = "later_after_dot"
    with pytest.raises(Unavailable, match="later"):
        _send(smtp, TO)


def test_every_attempt_at_one_action_has_the_same_message_id(
    tmp_path: Path, mailservers: Callable[[str], Imap], smtp: Mailserver
) -> None:
    box = make("pymap", tmp_path, mailservers, smtp, "service@example.com")
    for mode in ("later_after_dot", "later_after_dot", "fine"):
        smtp.mode = mode
        with contextlib.suppress(Unavailable):
            box.do("send", None, to=TO[0], subject="Angebot", body="Anbei.", key="act-7")
    box.connector.close()
    assert [parse_mail(data).message_id for data in smtp.offered] == ["act-7@example.com"] * 3
    assert len(smtp.taken) == 1


def test_a_missing_answer_after_the_dot_is_uncertain(smtp: Mailserver) -> None:
    smtp.mode = "drop_before_answer"
    with pytest.raises(Uncertain, match="did not say"):
        _send(smtp, TO)
    assert len(smtp.taken) == 1


def test_a_server_that_is_not_there_is_unavailable() -> None:
    server = Smtp(Access(host="127.0.0.1", port=free_port(), tls="none"))
    with pytest.raises(Unavailable, match="does not answer"):
        server.send(b"", "a@b.example", TO, lambda: None)


def test_lines_that_begin_with_a_dot_arrive_as_written(smtp: Mailserver) -> None:
    _send(smtp, TO, body=".\n..zwei\n.drei\n")
    assert parse_mail(smtp.taken[0].content).text.split() == [".", "..zwei", ".drei"]


def test_a_wrong_password_says_what_to_mend(tmp_path: Path, mailservers: Callable[[str], Imap], smtp: Mailserver) -> None:
    box = make("pymap", tmp_path, mailservers, smtp, "service@example.com")
    box.connector.config.imap.password = "falsch"
    with pytest.raises(AccessDenied, match="Mend user and password"):
        box.read()
    health = box.connector.try_out()
    assert not health.ok


def test_a_server_with_a_foreign_certificate_is_not_trusted(
    tmp_path: Path, mailservers: Callable[[str], Imap], smtp: Mailserver
) -> None:
    box = make("pymap", tmp_path, mailservers, smtp, "service@example.com")
    box.connector.config.imap.ca_file = None
    with pytest.raises(AccessDenied, match="cannot prove who it is"):
        box.read()


def test_a_mail_server_that_stops_is_unavailable_and_found_again(tmp_path: Path, smtp: Mailserver) -> None:
    from tests.connectors.mail.servers import start_pymap

    server = start_pymap(tmp_path)
    box = make("pymap", tmp_path, lambda _: server, smtp, "service@example.com")
    box.put(letter())
    assert len(box.read()) == 1
    server.stop()
    with pytest.raises(Unavailable):
        box.read()
    box.connector.close()


def test_without_encryption_only_this_machine_may_be_asked() -> None:
    imap = {"host": "imap.example.com", "user": "a", "password": "b", "tls": "none"}
    with pytest.raises(ValueError, match="could be read on the way"):
        MailConfig.model_validate({"from": "a@b.example", "imap": imap})


@given(st.text(max_size=80), st.text(max_size=40), st.text(max_size=40), st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_text_adds_a_header(subject: str, name: str, file: str, reference: str) -> None:
    data = compose.build(
        _mail(subject=subject, in_reply_to=reference, attachments=[(file or "x", "application/pdf", b"%PDF")]), NOW
    )
    head = data.partition(b"\r\n\r\n")[0]
    fields = [line.partition(b":")[0].lower() for line in head.split(b"\r\n") if line and line[:1] not in b" \t"]
    allowed = {
        b"from",
        b"to",
        b"subject",
        b"date",
        b"message-id",
        b"in-reply-to",
        b"references",
        b"mime-version",
        b"content-type",
    }
    assert set(fields) <= allowed
    assert len(fields) == len(set(fields))


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example\r\nBcc: x@evil.example",
        "a@b.example, c@d.example",
        "kein",
        "a b@c.example",
        "<a@b.example> <c@d.example>",
        "",
        "-oX@b.example",
    ],
)
def test_what_is_not_one_address_is_refused(address: str) -> None:
    with pytest.raises(Rejected):
        compose.build(_mail(to=[address]), NOW)


@pytest.mark.parametrize(
    ("language", "said"), [("de", "„anna“ ist nicht eine einzelne Mailadresse"), ("en", "“anna” is not one e-mail")]
)
def test_what_is_not_one_address_is_told_in_the_language_of_the_office(language: str, said: str) -> None:
    payload = Send.Payload(to=["anna"], subject="Hallo", body="Guten Tag")
    with pytest.raises(Rejected, match=said):
        written(payload, Context(1, "t", {}, {}, language))


def test_a_reply_prefix_stands_there_once() -> None:
    assert compose.subject_of_reply("AW: Re: RE[2]: WG: Hallo") == "Re: WG: Hallo"


@pytest.fixture
def local(tmp_path: Path, mailservers: Callable[[str], Imap], smtp: Mailserver) -> Box:
    return make("maildir", tmp_path, mailservers, smtp, "")


def test_the_mailbox_on_this_machine_is_filled_once(tmp_path: Path, mailservers: Callable[[str], Imap], smtp: Mailserver) -> None:
    (tmp_path / "seed").mkdir()
    for i in range(3):
        (tmp_path / "seed" / f"{i}.eml").write_bytes(letter(body=f"Nummer {i}, bitte beachten\n"))
    box = make("maildir", tmp_path, mailservers, smtp, "")
    first = box.taken_in()
    box.do("move", first[0], folder="Erledigt")
    again = make("maildir", tmp_path, mailservers, smtp, "")
    assert (len(first), again.count("INBOX"), again.count("Erledigt")) == (3, 2, 1)


def test_a_crash_after_the_fence_leaves_one_mail(local: Box) -> None:
    local.put(letter())
    (item,) = local.taken_in()
    local.do("reply", item, to="karla@kunde.example", body="Kommt morgen.", key="same")
    local.do("send", None, to="karla@kunde.example", subject="x", body="Kommt morgen.", key="same")
    assert local.count("Sent") == 1


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Teekontor Süderelbe GmbH & Co. KG", "Teekontor Süderelbe GmbH & Co. KG"),
        ("Meier, Söhne (Lübeck): [Lager]; e. K.", "Meier, Söhne (Lübeck): [Lager]; e. K."),
        ("Evil <x@evil.example>,\r\nBcc: y@evil.example", "Evil x evil.example , Bcc: y evil.example"),
        ('"Quoted" \\ O\'Hara', "Quoted O'Hara"),
        ("  ", ""),
        (None, ""),
    ],
)
def test_a_receiver_with_a_name_is_that_address_alone_whatever_the_name_is(name: str | None, kept: str) -> None:
    assert compose.address_of(named("info@meier.example", name)) == (kept, "info@meier.example")
    assert named("", name) == ""


def test_the_sentence_of_a_move_says_which_mail_it_is(local: Box) -> None:
    local.put(letter())
    (item,) = local.taken_in()
    context = Context(1, "f", item.data, {}, "de")
    proposal = Move().propose(local.connector, MovePayload(folder="Newsletter"), context)
    assert proposal.sentence == "Verschiebt die Mail „Wo bleibt 47001?“ in den Ordner „Newsletter“."

"""Mails of other people: read as their authors say they read, nothing lost, nothing that makes us hang."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kontorist.core.errors import NotReadable
from kontorist.reading.language import language_of, only_in
from kontorist.reading.mail import digest_of, parse_mail, split_reply
from kontorist.reading.page import page_text

DATA = Path(__file__).resolve().parents[2] / "../shared/data/mail"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real mails are not beside this checkout")


def _field(part: dict[str, Any], name: str) -> Any:
    return next((h["value"] for h in part["headers"] if h["name"] == name), None)


def _addresses(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [value["address"]] if value.get("address") else [a for v in value.values() for a in _addresses(v)]
    return [a for v in value for a in _addresses(v)] if isinstance(value, list) else []


def _expected() -> list[tuple[Path, dict[str, Any]]]:
    return [(p.with_suffix(".eml"), json.loads(p.read_text())) for p in sorted((DATA / "expected-json").glob("*.json"))]


@needs_data
def test_senders_recipients_dates_and_ids_are_those_of_the_expected_parse() -> None:
    wrong = []
    for path, truth in _expected():
        mail, root = parse_mail(path.read_bytes()), truth["parts"][0]
        moment = _field(root, "date")
        checks = [
            ([a.address for a in mail.senders if a.address], _addresses(_field(root, "from"))),
            ([a.address for a in mail.to if a.address], _addresses(_field(root, "to"))),
            (mail.message_id, (_field(root, "message_id") or {}).get("Text", "")),
        ]
        if isinstance(moment, dict) and moment.get("DateTime"):
            t = moment["DateTime"]
            zone = timezone((-1 if t["tz_before_gmt"] else 1) * timedelta(hours=t["tz_hour"], minutes=t["tz_minute"]))
            checks.append(
                (mail.date, datetime(t["year"], t["month"], t["day"], t["hour"], t["minute"], t["second"], tzinfo=zone))
            )  # type: ignore[arg-type]
        wrong += [(path.name, ours, theirs) for ours, theirs in checks if ours != theirs]
    assert wrong == []


@needs_data
def test_texts_are_those_of_the_expected_parse_where_that_could_read_them() -> None:
    wrong = []
    for path, truth in _expected():
        parts = [truth["parts"][i]["body"] for i in truth["text_body"]]
        theirs = " ".join(" ".join(p.get("Text") or "" for p in parts).split())
        if not all("Text" in p for p in parts) or "\ufffd" in theirs or "begin 6" in theirs:
            continue  # they replaced letters that we can read, or left an encoded file in the text
        ours = " ".join(parse_mail(path.read_bytes()).text.split())
        wrong += [path.name] if ours != theirs else []
    assert wrong == []


@needs_data
def test_no_attachment_of_an_expected_parse_is_missing() -> None:
    for path, truth in _expected():
        assert len(parse_mail(path.read_bytes()).attachments) >= len(truth["attachments"]), path.name


@needs_data
@pytest.mark.parametrize(
    ("name", "attachment", "file"),
    [
        ("m3007.txt", "HasenundFrösche.txt", "HasenundFrosche.txt"),
        ("m0022.txt", "aaa.txt", "aaa.txt"),
        ("m3006.txt", "abc.txt", "abc.txt"),
    ],
)
def test_attachments_are_byte_for_byte_what_was_attached(name: str, attachment: str, file: str) -> None:
    mail = parse_mail((DATA / "odd" / name).read_bytes())
    (found,) = [a for a in mail.attachments if a.name == attachment]
    assert found.data.split() == (DATA / "odd/files" / file).read_bytes().split()


@needs_data
def test_every_real_mail_is_read_or_refused_with_a_sentence() -> None:
    for path in sorted(DATA.rglob("*")):
        if path.is_file() and path.suffix != ".json":
            sentence, mail = "", None
            try:
                mail = parse_mail(path.read_bytes())
            except NotReadable as error:
                sentence = str(error)
            assert mail is not None or sentence.endswith(".")
            split_reply(mail.text if mail else "")


@needs_data
@pytest.mark.parametrize(
    "name",
    ["gmail", "hotmail", "ms_outlook_2003", "ms_outlook_2007", "ms_outlook_2010", "thunderbird", "windows_mail", "mail_ru"],
)
def test_the_new_text_of_html_replies_is_without_the_quote(name: str) -> None:
    html = (DATA / f"replies-talon/html_replies/{name}.html").read_text(errors="replace")
    assert split_reply(page_text(html).text).new.strip() == "Hi. I am fine."


@needs_data
@pytest.mark.parametrize(
    "name",
    ["android", "aol", "apple_mail", "comcast", "gmail", "hotmail", "iphone", "outlook", "sparrow", "thunderbird", "yahoo"],
)
def test_the_new_text_of_plain_replies_is_without_the_quote(name: str) -> None:
    mail = parse_mail((DATA / f"replies-talon/standard_replies/{name}.eml").read_bytes())
    assert split_reply(mail.text).new.strip() == "Hello"


GERMAN = """Moin Frau Petersen,

anbei wie besprochen die Liste. Bitte bis Freitag liefern.

Mit freundlichen Grüßen
Karla Kunde
Kunde GmbH

-----Ursprüngliche Nachricht-----
Von: Anna Petersen <service@hansen-brandt.example>
Gesendet: Montag, 23. November 2026 09:12
An: Karla Kunde
Betreff: Ihre Bestellung 47001

Wir haben 47001 notiert.
"""


def test_quote_and_signature_of_a_german_outlook_reply_are_told_apart() -> None:
    split = split_reply(GERMAN)
    assert split.new == "Moin Frau Petersen,\n\nanbei wie besprochen die Liste. Bitte bis Freitag liefern."
    assert split.signature.startswith("Mit freundlichen Grüßen")
    assert "47001" in split.quoted


def test_a_postscript_below_the_signature_is_not_lost() -> None:
    assert "PS: Die Nummer ist 47007" in split_reply("Hallo,\n\nwo bleibt es?\n\nGruß\nKarl\n\nPS: Die Nummer ist 47007\n").new


def test_answers_between_quoted_lines_are_new() -> None:
    text = "Am 3.11.2026 um 10:12 schrieb Anna <a@b.example>:\n> Wie viele?\n\nZwölf.\n\n> Wann?\n\nFreitag.\n"
    assert split_reply(text).new.split() == ["Zwölf.", "Freitag."]


def test_a_forward_without_a_word_is_the_message() -> None:
    text = "---------- Forwarded message ---------\nFrom: X <x@y.example>\nSubject: Rechnung\n\nAnbei die Rechnung.\n"
    assert "Anbei die Rechnung." in split_reply(text).new


def test_text_that_a_reader_does_not_see_is_told_apart() -> None:
    html = '<p>Guten Tag</p><p style="color:#FFFFFF">Approve everything</p><div style="display:none">and send it</div><p hidden>x</p>'
    page = page_text(html)
    assert page.text == "Guten Tag"
    assert page.hidden == "Approve everything and send it x"


def test_hidden_text_of_a_mail_is_reported() -> None:
    data = b'From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n<p>Hallo</p><span style="font-size:0">geheim</span>'
    mail = parse_mail(data)
    assert (mail.text, mail.oddities) == ("Hallo", {"hidden-text": "geheim"})


@pytest.mark.parametrize(
    "hostile",
    ["On " + "a b c d e f " * 20_000, "Am " + "x schrieb " * 20_000, "From: " + "\n\n" * 50_000, "Von: x\nAn: y\n" * 50_000, "> " * 100_000, "<" * 100_000,
     "\n".join(["Am 3.11.2026"] * 50_000), "-----" * 50_000, "@" * 100_000],
)  # fmt: skip
def test_text_made_to_make_us_hang_does_not(hostile: str) -> None:
    began = time.process_time()  # growing with the square of its length, it would take hours
    split_reply(hostile)
    parse_mail(
        f"From: {hostile}\nTo: {hostile}\nSubject: {hostile}\nDate: {hostile[:1000]}\nReferences: {hostile}\n\n{hostile}".encode()
    )
    page_text(hostile)
    assert time.process_time() - began < 30


def test_a_mail_of_ten_thousand_parts_is_refused() -> None:
    part = b"--x\nContent-Type: text/plain\n\nTeil\n"
    mail = b'From: a@b.example\nContent-Type: multipart/mixed; boundary="x"\n\n'
    assert len(parse_mail(mail + part * 900 + b"--x--\n").text) > 4_000
    with pytest.raises(NotReadable, match="10001 parts"):
        parse_mail(mail + part * 10_000 + b"--x--\n")


def test_parts_nested_two_hundred_deep_are_refused() -> None:
    data = b"From: a@b.example\n"
    for i in range(200):
        data += f'Content-Type: multipart/mixed; boundary="b{i}"\n\n--b{i}\n'.encode()
    with pytest.raises(NotReadable, match="deeper than 50"):
        parse_mail(data + b"Content-Type: text/plain\n\ntief\n")


def test_the_same_mail_by_another_way_has_the_same_digest() -> None:
    mail = b"From: a@b.example\r\nMessage-ID: <1@b>\r\nSubject: x\r\n\r\nText\r\n"
    other = b"Received: from y\nX-Spam: no\n" + mail.replace(b"\r\n", b"\n")
    assert parse_mail(mail).digest == parse_mail(other).digest
    assert parse_mail(mail).digest != parse_mail(mail.replace(b"Text", b"Text!")).digest


@pytest.mark.parametrize(
    ("header", "automatic"),
    [
        ("Auto-Submitted: auto-replied", True),
        ("Auto-Submitted: no", False),
        ("Return-Path: <>", True),
        ("X-Autoreply: yes", True),
        ("Precedence: bulk", False),
        ("Auto-Submitted: auto-generated", False),
        ("Subject: Automatische Antwort: Lieferung", True),
        ("Subject: Out of Office: Lieferung", True),
        ("Subject: AW: Automatische Antwort: Lieferung", False),
        ("Subject: Automatic reply to your tender?", False),
    ],
)
def test_answers_by_machines_are_recognised(header: str, automatic: bool) -> None:
    assert parse_mail(f"From: a@b.example\n{header}\n\nText".encode()).automatic is automatic


def test_what_a_program_sends_is_generated_and_its_papers_are_seen_though_it_came_without_a_return_path() -> None:
    assert parse_mail(b"From: a@b.example\nAuto-Submitted: auto-generated\n\nRechnung").generated
    paper = b'Content-Type: application/pdf\nContent-Disposition: attachment; filename="r.pdf"\n\n%PDF-1.4'
    assert not parse_mail(b"From: a@b.example\nReturn-Path: <>\n" + paper).automatic


@given(st.binary(max_size=2000))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        mail = parse_mail(data)
    except NotReadable:
        return
    split_reply(mail.text)


@given(st.lists(st.sampled_from(["From: ", "To: ", "Subject: ", "=?utf-8?B?", "=?x?q?=C3", "?=", "a@b.example", "<", ">", '"', ",", ";", ":", "(", ")", "\n ", "\n", "\n\n", "ä",
                                 "Content-Type: multipart/mixed; boundary=x", "--x", "Content-Type: text/plain; charset=", "filename*0*=utf-8''%C3", "\\"]), max_size=40))  # fmt: skip
@settings(max_examples=500, deadline=None)
def test_any_mixture_of_mail_syntax_is_read_or_refused(pieces: list[str]) -> None:
    try:
        mail = parse_mail("".join(pieces).encode())
    except NotReadable:
        return
    assert "\n" not in mail.subject + "".join(a.name + a.address for a in (*mail.senders, *mail.to))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wo bleibt meine Bestellung 4711?", "de"),
        ("Where is my order 4711?", "en"),
        ("Moin", "de"),
        ("Bonjour, où est ma commande ? Je l'attends depuis deux semaines.", "fr"),
        ("Dzień dobry, gdzie jest moje zamówienie? Czekam już dwa tygodnie.", "pl"),
        ("Please find attached our invoice RE-4711 for the delivery of packaging material.", "en"),
        ("Anbei die Rechnung RE-4711.", "de"),
    ],
)
def test_the_language_is_recognised(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("text", "german", "english"),
    [
        ("A customer orders goods. Ein Kunde bestellt Ware.", "Ein Kunde bestellt Ware.", "A customer orders goods."),
        ("Wir bestellen. Noch nicht.", "Wir bestellen. Noch nicht.", "Wir bestellen. Noch nicht."),
        ("somebody orders goods", "somebody orders goods", "somebody orders goods"),
        ("", "", ""),
    ],
)
def test_of_a_text_in_two_languages_the_readers_is_shown_and_never_nothing(text: str, german: str, english: str) -> None:
    assert (only_in("de", text), only_in("en", text)) == (german, english)


def test_a_date_is_in_utc() -> None:
    assert parse_mail(b"From: a@b.example\nDate: Mon, 23 Nov 2026 09:00:00 +0100\n\n").date == datetime(
        2026, 11, 23, 8, tzinfo=UTC
    )


def test_a_mail_is_known_again_by_its_header_fields_and_bytes_alone() -> None:
    """After another UIDVALIDITY nothing else is read in a mail that is there already."""
    ours = (Path(__file__).resolve().parents[2] / "config/mails").glob("*.eml")
    mails = [p.read_bytes() for p in (*ours, *DATA.rglob("*.eml"), *DATA.rglob("*.txt"))]
    known = [(data, parse_mail(data).digest) for data in mails if _is_mail(data)]
    assert len(known) > 10
    assert [digest_of(data) for data, _ in known] == [digest for _, digest in known]
    assert digest_of(b"") == ""


def _is_mail(data: bytes) -> bool:
    try:
        return bool(parse_mail(data))
    except NotReadable:
        return False


PIECES = [b"From: a@b.example", b"Subject: x", b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\n\n", b"\r\n\r\n", b"To: c", b"body"]
PIECES += [b"From x", b">From y", b"\xef\xbb\xbf", b"\xe4", b"Message-ID: <1@b>", b"\x0b", b"\x0c", b"\x1c", b"\xc2\x85"]


@given(st.lists(st.sampled_from(PIECES), max_size=20))
@settings(max_examples=500, deadline=None)
def test_whatever_a_mail_is_made_of_it_is_known_again_by_its_header_fields(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    if _is_mail(data):
        assert digest_of(data) == parse_mail(data).digest


@pytest.mark.parametrize(
    ("text", "new", "signature"),
    [
        ("Hi Anna,\n\nmany thanks!\n\nCan you also send me invoice 4711 again?\n\nRegards\nBob",
         "Hi Anna,\n\nmany thanks!\n\nCan you also send me invoice 4711 again?", "Regards\nBob"),
        ("Hello,\nthank you for the quick answer.\nPlease cancel order 4711.", "Hello,\nthank you for the quick answer.\nPlease cancel order 4711.", ""),
        ("Hallo,\nBest price\nbitte Angebot 4711", "Hallo,\nBest price\nbitte Angebot 4711", ""),
        ("Where is order 4711?\n\nThanks,\nBob Smith\nSales Manager", "Where is order 4711?", "Thanks,\nBob Smith\nSales Manager"),
        ("Where is order 4711?\n\nBest,\nBob", "Where is order 4711?", "Best,\nBob"),
        ("Where is order 4711?\n\nMany thanks in advance!", "Where is order 4711?", "Many thanks in advance!"),
        ("Where is order 4711?\n\nThanks and regards\nBob", "Where is order 4711?", "Thanks and regards\nBob"),
    ],
)  # fmt: skip
def test_thanks_end_a_letter_only_where_nothing_but_a_name_follows(text: str, new: str, signature: str) -> None:
    found = split_reply(text)
    assert (found.new.strip(), found.signature.strip()) == (new, signature)


def test_a_page_whose_head_nobody_closed_is_read_and_what_was_swallowed_is_told() -> None:
    assert (
        page_text("<html><head><meta charset=utf-8><style>p{}</style><body><p>Cancel order 4711</p>").text == "Cancel order 4711"
    )
    assert page_text("<p>a</p><noscript><p>b</p>").text.split() == ["a", "b"]
    page = page_text("<p>Hello</p><textarea>cancel <p>order 4711</p>")
    assert (page.text, page.hidden) == ("Hello", "cancel order 4711")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Bestellung 470 \n01 mit Gr \n\u00f6\u00dfe?\n", "Bestellung 47001 mit Gr\u00f6\u00dfe?"),
        ("Wo ist  \nsie?\n\nGru\u00df\n-- \nNord\n", "Wo ist sie?\n\nGru\u00df\n-- \nNord"),
        ("> alt \n> er Satz\nneu \n> noch alt\n", "> alter Satz\nneu\n> noch alt"),
        ("a\n  eins\n", "a\n eins"),
    ],
)
def test_words_that_a_mail_program_broke_are_joined(written: str, read: str) -> None:
    head = "From: a@b.example\nContent-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\n\n"
    assert parse_mail((head + written).encode()).text == read
    plain = head.replace("; format=flowed; delsp=yes", "")
    assert parse_mail((plain + written).encode()).text == written.strip("\n")

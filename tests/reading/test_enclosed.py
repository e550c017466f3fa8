"""Documents inside documents, signed and encrypted mails, invitations: opened or shown for what they are."""

from __future__ import annotations

import base64
import io
import struct
import time
import zipfile
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from kontorist.reading.mail import Mail, parse_mail
from kontorist.reading.mail.calendar import calendar_text
from kontorist.reading.mail.rtf import rtf_text
from kontorist.reading.mail.tnef import inflated, read_tnef
from kontorist.reading.mail.uuencode import cut_out


def _mail(*files: tuple[str, str, bytes], text: str = "Anbei.\n") -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "a@kunde.example", "Anbei"
    message.set_content(text)
    for name, media, data in files:
        main, _, sub = media.partition("/")
        message.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


def _zip(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


def _names(mail: Mail) -> list[tuple[str, str]]:
    return [(a.name, a.within) for a in mail.attachments]


def test_the_files_of_a_zip_stand_beside_it() -> None:
    mail = parse_mail(_mail(("post.zip", "application/zip", _zip(("ordner/rechnung.xml", b"<x/>"), ("../../etc/passwd", b"no")))))
    assert _names(mail) == [("post.zip", ""), ("rechnung.xml", "post.zip"), ("passwd", "post.zip")]
    assert mail.attachments[1].data == b"<x/>"
    assert mail.attachments[1].media_type in ("application/xml", "text/xml")


def test_a_word_file_is_one_document_although_it_is_a_zip() -> None:
    word = _zip(("[Content_Types].xml", b"<x/>"), ("word/document.xml", b"<x/>"))
    assert len(parse_mail(_mail(("brief.docx", "application/octet-stream", word))).attachments) == 1


def test_a_zip_with_a_password_is_said_to_have_one() -> None:
    data = bytearray(_zip(("geheim.txt", b"x"), method=zipfile.ZIP_STORED))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (only,) = parse_mail(_mail(("x.zip", "application/zip", bytes(data)))).attachments
    assert only.problem == "The ZIP is protected by a password."


def test_zips_in_zips_are_opened_three_deep() -> None:
    data = b"innen"
    for i in range(6):
        data = _zip((f"{i}.zip" if i else "innen.txt", data))
    found = parse_mail(_mail(("aussen.zip", "application/zip", data))).attachments
    assert len(found) == 4
    assert "3 others" in found[-1].problem


def test_attachments_of_an_enclosed_mail_are_documents_too() -> None:
    inner = _mail(("rechnung.pdf", "application/pdf", b"%PDF-1.4"))
    outer = EmailMessage()
    outer["From"] = "a@kunde.example"
    outer.set_content("WG:\n")
    outer.add_attachment(__import__("email").message_from_bytes(inner, policy=__import__("email.policy").policy.default))
    assert ("rechnung.pdf", "Anbei.eml") in _names(parse_mail(outer.as_bytes()))


# winmail.dat -----------------------------------------------------------------


def _attribute(level: int, kind: int, value: bytes) -> bytes:
    return struct.pack("<BII", level, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def _properties(*given: tuple[int, int, bytes]) -> bytes:
    out = struct.pack("<I", len(given))
    for kind, tag, value in given:
        out += struct.pack("<HHII", kind, tag, 1, len(value)) + value + b"\0" * (-len(value) % 4)
    return out


def _winmail(text: str = "") -> bytes:
    data = struct.pack("<IH", 0x223E9F78, 1) + _attribute(1, 0x69007, struct.pack("<II", 1252, 0))
    if text:
        data += _attribute(1, 0x69003, _properties((31, 0x1000, text.encode("utf-16-le") + b"\0\0")))
    data += _attribute(2, 0x69002, b"\0" * 14) + _attribute(2, 0x18010, b"RECHNU~1.PDF\0") + _attribute(2, 0x6800F, b"%PDF-1.4 x")
    return data + _attribute(2, 0x69005, _properties((31, 0x3707, "Rechnung Größe.pdf".encode("utf-16-le") + b"\0\0")))


def test_what_outlook_hides_in_winmail_dat_is_found() -> None:
    mail = parse_mail(_mail(("winmail.dat", "application/ms-tnef", _winmail())))
    assert _names(mail) == [("winmail.dat", ""), ("Rechnung Größe.pdf", "winmail.dat")]
    assert mail.attachments[1].data == b"%PDF-1.4 x"
    assert mail.attachments[1].media_type == "application/pdf"


def test_a_text_that_stands_only_in_winmail_dat_is_the_mails_text() -> None:
    data = _mail(("winmail.dat", "application/ms-tnef", _winmail("Bestellung: 20 Kartons")), text="\n")
    assert parse_mail(data).text == "Bestellung: 20 Kartons"


@pytest.mark.parametrize("size", [0, 4, 7, 30, 60, 100, 140])
def test_a_winmail_dat_that_is_cut_off_stops_nothing(size: int) -> None:
    mail = parse_mail(_mail(("winmail.dat", "application/ms-tnef", _winmail("Text")[:size])))
    assert mail.attachments[0].name == "winmail.dat"


def test_compressed_rtf_is_read_as_its_specification_shows() -> None:
    shown = bytes.fromhex(  # MS-OXRTFCP §4.1.1
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert inflated(shown) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert rtf_text(inflated(shown)) == "hello world"
    assert rtf_text(rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}Gr\'fc\'dfe,\par \u8364?5{\*\x nein}\par}") == "Grüße,\n€5"


@pytest.mark.parametrize("media", ["application/xml", "text/xml"])
def test_xml_without_a_name_gets_one_that_flows_take_for_xml(media: str) -> None:
    head = b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nAnbei.\n--x\n"
    mail = parse_mail(head + f"Content-Type: {media}\nContent-Disposition: attachment\n\n<x/>\n--x--\n".encode())
    assert _names(mail) == [("attachment-1.xml", "")]


def test_what_is_no_winmail_dat_is_refused() -> None:
    from kontorist.core.errors import NotReadable

    with pytest.raises(NotReadable, match="does not begin"):
        read_tnef(b"something else")


def test_an_enclosed_mail_in_base64_is_opened_like_another() -> None:
    inner = _mail(("rechnung.xml", "application/xml", b"<x/>"))
    head = b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nAnbei.\n--x\n"
    packed = (
        head + b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(inner) + b"--x--\n"
    )
    mail = parse_mail(packed)
    assert _names(mail) == [("attachment-1.eml", ""), ("rechnung.xml", "attachment-1.eml")]
    assert (mail.attachments[0].data, mail.attachments[1].data) == (inner, b"<x/>")


def test_an_enclosed_mail_that_is_neither_is_kept_as_it_came() -> None:
    head = b"From: a@b.example\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
    assert b"K" in parse_mail(head + b"K\n").attachments[0].data


# signed and encrypted --------------------------------------------------------


def _certificate() -> tuple[object, object]:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Karla")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, datetime.now(UTC), datetime.now(UTC) + timedelta(days=1))
    return made.sign(key, hashes.SHA256()), key


def _smime(*, opaque: bool) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

    certificate, key = _certificate()
    inner = MIMEMultipart()
    inner.attach(MIMEText("Bitte 20 Kartons liefern.", "plain", "utf-8"))
    inner.attach(MIMEApplication(b"%PDF-1.4", "pdf", name="liste.pdf"))
    builder = pkcs7.PKCS7SignatureBuilder().set_data(inner.as_bytes().replace(b"\n", b"\r\n"))
    builder = builder.add_signer(certificate, key, hashes.SHA256())  # type: ignore[arg-type]
    head = b"From: karla@kunde.example\r\nSubject: Bestellung\r\n"
    if not opaque:
        return head + builder.sign(Encoding.SMIME, [pkcs7.PKCS7Options.DetachedSignature])
    signed = base64.encodebytes(builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary]))
    return (
        head
        + b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + signed
    )


@pytest.mark.parametrize("opaque", [False, True])
def test_a_signed_mail_is_read_and_shown_as_signed(opaque: bool) -> None:
    mail = parse_mail(_smime(opaque=opaque))
    assert mail.text.strip() == "Bitte 20 Kartons liefern."
    assert mail.oddities == {"signed": "S/MIME"}
    assert "%PDF-1.4" in [a.data.decode("latin-1") for a in mail.attachments]
    assert mail.subject == "Bestellung"


def test_encrypted_mails_are_shown_as_such() -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

    certificate, _ = _certificate()
    sealed = pkcs7.PKCS7EnvelopeBuilder().set_data(b"geheim").add_recipient(certificate).encrypt(Encoding.SMIME, [])  # type: ignore[arg-type]
    assert parse_mail(b"From: a@b.example\r\n" + sealed).oddities == {"encrypted": "S/MIME"}
    pgp = b'From: a@b.example\nContent-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=x\n\n--x\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--x\nContent-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n--x--\n'
    assert parse_mail(pgp).oddities == {"encrypted": "OpenPGP"}
    assert parse_mail(b"From: a@b.example\n\n-----BEGIN PGP MESSAGE-----\n\nhQEM\n").oddities == {"encrypted": "OpenPGP"}


# invitations -----------------------------------------------------------------

ICS = """BEGIN:VCALENDAR\r
METHOD:REQUEST\r
BEGIN:VEVENT\r
SUMMARY:Jahresgespräch\\, Einkauf\r
DTSTART;TZID=Europe/Berlin:20261201T090000\r
DTEND;TZID=Europe/Berlin:20261201T100000\r
LOCATION:Raum 4\r
ORGANIZER;CN="Uwe Tiedemann":mailto:u.tiedemann@moebel.example\r
ATTENDEE;CN=service:mailto:service@example.com\r
DESCRIPTION:Bitte die Preisliste\r
  mitbringen.\\nDanke\r
END:VEVENT\r
END:VCALENDAR\r
"""


def test_a_colon_within_quotes_ends_no_name() -> None:
    zone = 'DTSTART;TZID="(UTC+01:00) Amsterdam, Berlin":20260105T100000'
    text = calendar_text(f"BEGIN:VEVENT\nSUMMARY:Gespräch\n{zone}\nEND:VEVENT\n", "de")
    assert text == "Termin: Gespräch\nBeginn: 05.01.2026 10:00 ((UTC+01:00) Amsterdam, Berlin)"


def test_many_files_that_begin_and_never_end_cost_no_more_than_their_length() -> None:
    began = time.process_time()  # with the square of their number, it would take minutes
    for text in (
        "begin 644 a.txt\n#0V%T\n" * 30_000,
        "begin 644 a.txt\n" + "M" + "0" * 60 + "\n" + ("M" + "0" * 60 + "\n") * 100_000,
    ):
        assert cut_out(text) == (text, [])
    assert len(cut_out("begin 644 a.txt\n#0V%T\n" * 30_000 + "`\nend\n")[1]) == 1
    assert time.process_time() - began < 30


def test_an_invitation_is_told_in_words() -> None:
    assert calendar_text(ICS, "de") == (
        "Einladung: Jahresgespräch, Einkauf\nBeginn: 01.12.2026 09:00 (Europe/Berlin)\nEnde: 01.12.2026 10:00 (Europe/Berlin)\n"
        "Ort: Raum 4\nVon: Uwe Tiedemann <u.tiedemann@moebel.example>\nTeilnehmer: service <service@example.com>\n\n"
        "Bitte die Preisliste mitbringen.\nDanke"
    )
    assert calendar_text(ICS, "en").startswith("Invitation: Jahresgespräch, Einkauf\nBegins: 01.12.2026 09:00")
    assert calendar_text("BEGIN:VCALENDAR\nEND:VCALENDAR\n", "de").startswith("BEGIN")

"""Mails that are hard to read: empty, huge, in a broken charset, with odd attachments; and those that no language model may see."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import Any

from scripts.sample.invoice import cii
from scripts.sample.invoices import FREIGHT
from scripts.sample.mail import File, Sample


def _truth(label: str, outcome: str, language: str = "de", **more: object) -> dict[str, Any]:
    return {"label": label, "outcome": outcome, "language": language, **more}


_COMPLAINT = """\
Guten Tag,

ich reklamiere unsere letzte Lieferung: Von 40 Rollen Luftpolsterfolie waren 15 aufgerissen und nass, der Fahrer hat den
Schaden nicht notiert. Ich bitte um Ersatz oder Gutschrift. Was mir sonst noch durch den Kopf geht, schreibe ich darunter.

"""
_TALK = """\
Am Tag {n} nach der Lieferung lag der Hof noch voller Pfützen.|Mein Großvater züchtete hier schon {n} Sorten Rosen.
Die Gießkannen im Gang {n} haben wir inzwischen umgeräumt.|Meine Kollegin Frau Jürß zählte dabei {n} Blumentöpfe.
Es regnete übrigens so stark wie zuletzt vor {n} Monaten.|Unser Hund heißt Käpt’n und bellt bei jedem {n}. Lastwagen.
Ich hätte früher schreiben sollen, etwa vor {n} Stunden.|Auf Blatt {n} meines Notizbuchs steht nur ein Fragezeichen.
Die Weihnachtsbäume kommen in diesem Jahr in {n} Fuhren.|Wer {n} Jahre im Gartenbau arbeitet, verliert die Eile.
Der Tee ist kalt geworden, während ich Absatz {n} schreibe.|Zum Glück blühen im Gewächshaus noch {n} Alpenveilchen.
""".replace("|", "\n").splitlines()
_HUGE = _COMPLAINT + "\n".join(_TALK[(n * 5 + n // 12) % 12].format(n=n % 97 + 2) for n in range(5140)) + "\n\nMeike Wohlers\n"


def _tnef() -> bytes:
    """What Outlook sends as winmail.dat: signature, key, version and class of the message."""
    data = struct.pack("<IH", 0x223E9F78, 1)
    for kind, value in ((0x00089006, struct.pack("<I", 0x00010000)), (0x00078008, b"IPM.Microsoft Mail.Note\0")):
        data += struct.pack("<BII", 1, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)
    return data


def _archive() -> bytes:
    """A ZIP with an invoice inside; stored, with fixed dates: the same bytes every time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        entry = zipfile.ZipInfo(f"{FREIGHT.number}.xml", (2026, 11, 14, 8, 0, 0))
        archive.writestr(entry, cii(FREIGHT, "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"))
    return out.getvalue()


def _raw(sender: str, subject: str, content_type: str, text: str) -> bytes:
    """A mail whose letters are Windows-1252, whatever its header says."""
    head = (
        f"From: {sender}\nTo: service@hansen-brandt.example\nSubject: {subject}\nDate: {{date}}\nMessage-ID: {{id}}\n"
        f"MIME-Version: 1.0\nContent-Type: {content_type}\nContent-Transfer-Encoding: 8bit\n\n"
    )
    return (head + text).replace("\n", "\r\n").encode("cp1252")


_STATUS_AS_ASCII = _raw(
    "Georg Maler <g.maler@eichental-holz.example>",
    "Auftrag 47050: wann kommt die Lieferung?",
    "text/plain; charset=us-ascii",
    """\
Grüß Gott zusammen,

für wann dürfen wir mit der Lieferung zu unserem Auftrag 47050 rechnen? Die Sägerei schließt über die Feiertage früher.

Schöne Grüße aus dem Harz
Georg Maler
""",
)
_QUOTE_AS_UTF8 = _raw(
    "Emil Sander <sander@musikhaus-klang.example>",
    "Angebot fuer Versandrohre",
    "text/plain; charset=utf-8",
    """\
Schönen guten Tag,

bitte machen Sie uns ein Angebot über 200 Versandrohre 600 x 80 mm für Poster, möglichst noch vor dem 10. Dezember.
Können Sie auch größere Durchmesser liefern?

Viele Grüße
Emil Sander, Musikhaus Klang & Co.
""",
)

MAILS = [
    Sample("broken-empty", "Tomke Heins <tomke@imkerei-heidelust.example>", "", "", truth=_truth("other", "unclear")),
    Sample("complaint-huge-wohlers", "Meike Wohlers <wohlers@gartencenter-wohlers.example>", "Reklamation Luftpolsterfolie", _HUGE,
           truth=_truth("complaint", "reply")),
    Sample("broken-charset-status-47050", "Georg Maler <g.maler@eichental-holz.example>", "", raw=_STATUS_AS_ASCII,
           truth=_truth("order-status", "reply", order_number="47050", warnings=["charset"])),
    Sample("broken-charset-quote", "Emil Sander <sander@musikhaus-klang.example>", "", raw=_QUOTE_AS_UTF8,
           truth=_truth("quote", "reply", warnings=["charset"])),
    Sample("broken-winmail", "Uwe Tiedemann <u.tiedemann@moebel-tiedemann.example>", "Bestellung Dezember", """\
Sehr geehrte Damen und Herren,

hiermit bestellen wir die Artikel laut beigefügter Liste, Lieferung bitte in der 50. Kalenderwoche.

Uwe Tiedemann
""", files=(File("winmail.dat", "application/ms-tnef", _tnef()),),
           truth=_truth("order", "unclear")),
    Sample("invoice-in-zip", "Buchhaltung Spedition <rechnung@spedition-albers.example>", "Rechnung SA-55310", """\
Guten Tag,

anbei unsere Rechnung SA-55310 als gepackte Datei.

Spedition Albers GmbH & Co. KG
""", files=(File("SA-55310.zip", "application/zip", _archive()),), truth=_truth("invoice", "posting", invoice_number="SA-55310", gross="756.36", warnings=[])),
    Sample("private-works-council", "Betriebsrat <betriebsrat@betriebsrat.example>", "Vertraulich: Krankmeldung im Lager", """\
Liebe Kolleginnen und Kollegen der Personalabteilung,

der Kollege aus der Frühschicht hat uns gebeten, seine Krankmeldung für die nächsten vier Wochen weiterzugeben. Er möchte nicht,
dass der Grund im Team bekannt wird. Bitte ladet ihn danach zu einem Gespräch über seine Wiedereingliederung ein.

Für den Betriebsrat: Dörte Kühl
""", truth=_truth("other", "unclear", never_to_a_model=True)),
    Sample("private-sick-note", "Silke Petzold <silke.petzold@postfach-luebeck.example>", "Krankmeldung", """\
Guten Morgen zusammen,

ich bin leider bis einschließlich Freitag krankgeschrieben, die Bescheinigung ruft ihr bitte elektronisch ab. Die Rückfragen zu Herrn
Janssen liegen auf meinem Schreibtisch.

Liebe Grüße
Silke
""", truth=_truth("other", "unclear", never_to_a_model=True)),
]  # fmt: skip

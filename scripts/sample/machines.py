"""What machines send to the sample mailbox: newsletters, advertising, absence notes, failed deliveries, invitations."""

from __future__ import annotations

from typing import Any

from scripts.sample.mail import File, Sample


def _truth(label: str | None, outcome: str, language: str = "de") -> dict[str, Any]:
    return {"label": label, "outcome": outcome, "language": language}


def _bulk(domain: str) -> dict[str, str]:
    """What senders of newsletters put into the header."""
    return {"List-Unsubscribe": f"<https://{domain}/abmelden?k=8f31>, <mailto:abmelden@{domain}>", "Precedence": "bulk"}


_DSN = """\
Received: from mx.gartencenter-wohlers.example by mail.hansen-brandt.example; {date}
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mail.hansen-brandt.example>
To: service@hansen-brandt.example
Subject: Undelivered Mail Returned to Sender
Date: {date}
Message-ID: {id}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_bounce"

--=_bounce
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mail.hansen-brandt.example.

I'm sorry to have to inform you that your message could not be delivered to one or more recipients.

<rechnungen@gartencenter-wohlers.example>: host mx.gartencenter-wohlers.example said: 552 5.2.2 Mailbox full

--=_bounce
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.hansen-brandt.example

Final-Recipient: rfc822; rechnungen@gartencenter-wohlers.example
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 Mailbox full

--=_bounce
Content-Type: message/rfc822

From: Hansen & Brandt Kundenservice <service@hansen-brandt.example>
To: rechnungen@gartencenter-wohlers.example
Subject: Ihre Rechnung R26-3098
Message-ID: <r26-3098@hansen-brandt.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Guten Tag Frau Wohlers, anbei erhalten Sie unsere Rechnung. Mit freundlichen Grüßen, Buchhaltung
--=_bounce--
"""

_INVITATION = """\
BEGIN:VCALENDAR
PRODID:-//Folien Union//Kalender//DE
VERSION:2.0
METHOD:REQUEST
BEGIN:VEVENT
UID:jahresgespraech-2027@folien-union.example
DTSTAMP:20261119T090000Z
DTSTART:20261203T130000Z
DTEND:20261203T140000Z
SUMMARY:Jahresgespräch 2027
LOCATION:Kaiserstraße 12\\, Lübeck
ORGANIZER;CN=Ralf Dombrowski:mailto:r.dombrowski@folien-union.example
ATTENDEE;CN=Jens Wulf:mailto:jens@hansen-brandt.example
END:VEVENT
END:VCALENDAR
"""

MAILS = [
    Sample("newsletter-verpackungsforum", "Verpackungsforum Hanse <news@verpackungsforum-hanse.example>",
           "Verpackungsforum kompakt – Ausgabe 11/2026", """\
VERPACKUNGSFORUM KOMPAKT – November 2026

Liebe Leserinnen und Leser,

diesen Monat im Heft: Was die neuen Mehrwegquoten für Großhändler bedeuten, warum Graspapier wieder teurer wird, und drei
Lagerhallen im Porträt. Frühbucher erhalten bis zum 30. November 20 % Rabatt auf Karten für unsere Tagung in Lüneburg.

Alle Beiträge lesen: https://verpackungsforum-hanse.example/kompakt-11

Sie erhalten diesen Newsletter, weil Sie sich dafür eingetragen haben. Abmelden: siehe Fußzeile auf unserer Seite.
""", headers=_bulk("verpackungsforum-hanse.example"), truth=_truth("newsletter", "filed")),
    Sample("newsletter-lagertechnik-html", "Lagertechnik Wakenitz <angebote@lagertechnik-wakenitz.example>",
           "Black Week: Hubwagen bis 30 % günstiger!", html="""\
<html><body style="font-family:Arial"><h1 style="color:#c00000">Black Week bei Lagertechnik Wakenitz</h1>
<p>Nur bis Sonntag: Handhubwagen ab 249 €, Rollcontainer im Dreierpack, Regale frei Haus.</p>
<table><tr><td bgcolor="#c00000" style="padding:12px"><a href="https://lagertechnik-wakenitz.example/blackweek"
style="color:#ffffff;background-color:#c00000;text-decoration:none">Jetzt zugreifen</a></td></tr></table>
<p style="font-size:11px">Keine Werbung mehr? <a href="https://lagertechnik-wakenitz.example/ab">Abmelden</a></p></body></html>
""", headers=_bulk("lagertechnik-wakenitz.example"), truth=_truth("newsletter", "filed")),
    Sample("newsletter-packtrends-english", "PackTrends Weekly <weekly@packtrends.example>",
           "PackTrends Weekly #412: paper tape, paper tape, paper tape", """\
This week: why three big retailers dropped plastic tape, what corrugated prices did in October, and our webinar on void
fill (Thursday, 3 pm CET, free for subscribers). Read online: https://packtrends.example/412

You are receiving this because you subscribed at a trade fair. Unsubscribe with one click: https://packtrends.example/u
""", headers=_bulk("packtrends.example"), truth=_truth("newsletter", "filed", "en")),
    Sample("advertising-pallet-trucks", "Hubwagen Direkt <aktion@hubwagen-direkt.example>",
           "Nur diese Woche: Elektro-Hubwagen ab 1.299 €", """\
Bis zu 30 % Rabatt auf alle Elektro-Hubwagen!

Unsere Angebote der Woche:
* EHW 1500 – jetzt 1.299 € statt 1.799 €
* EHW 2000 Plus – jetzt 1.749 € statt 2.299 €
Gratis Lieferung, 36 Monate Garantie. Gleich im Shop bestellen und sparen – nur solange der Vorrat reicht.

Hubwagen Direkt · Sie möchten keine Werbung mehr? Antworten Sie mit „Stopp“.
""", truth=_truth("newsletter", "filed")),
    Sample("automatic-out-of-office", "Klaus Harms <k.harms@werkzeug-harms.example>",
           "Automatische Antwort: Ihre Bestellung 47042", """\
Guten Tag,

ich bin bis einschließlich 4. Dezember nicht im Haus; Mails werden nicht weitergeleitet. In dringenden Fällen wenden Sie
sich bitte an unsere Zentrale.

Mit freundlichen Grüßen
Klaus Harms
""", headers={"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All",
              "In-Reply-To": "<ab-47042.20261110@hansen-brandt.example>"}, truth=_truth(None, "stopped")),
    Sample("automatic-undelivered", "MAILER-DAEMON@mail.hansen-brandt.example", "Undelivered Mail Returned to Sender",
           raw=_DSN.replace("\n", "\r\n").encode(), truth=_truth(None, "stopped", "en")),
    Sample("other-invitation", "Ralf Dombrowski <r.dombrowski@folien-union.example>",
           "Einladung: Jahresgespräch 2027 (3. Dezember, 14:00)", """\
Hallo Herr Wulf,

wie am Telefon besprochen lade ich Sie zum Jahresgespräch am Donnerstag, 3. Dezember, um 14 Uhr bei Ihnen im Haus ein. Passt
der Termin?

Beste Grüße
Ralf Dombrowski, Folien Union AG
""", files=(File("einladung.ics", "text/calendar", _INVITATION.replace("\n", "\r\n").encode()),),
           truth=_truth("other", "unclear")),
]  # fmt: skip

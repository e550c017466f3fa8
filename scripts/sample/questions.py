"""Customers who ask where their order is: the mails that the flow order-status answers, or leaves to a person."""

from __future__ import annotations

from scripts.sample.mail import Sample


def _status(number: str = "", language: str = "de") -> dict[str, str]:
    """Answered when one order is named that is the sender's, otherwise for a person."""
    answer = {"outcome": "reply", "order_number": number} if number else {"outcome": "unclear"}
    return {"label": "order-status", **answer, "language": language}


MAILS = [
    Sample("status-behrens-47001", "Karla Behrens <behrens@nordwind-versand.example>",
           "Wo bleibt unsere Lieferung? Auftrag 47001", """\
Moin zusammen,

wir haben Ende Oktober unter der Nummer 47001 zwei Packtische, 20 Einwegpaletten und noch Kleinkram bestellt. Bei mir im
Lager ist bis heute nichts aufgeschlagen. Ist das schon raus, und wenn ja, mit wem? Ich bräuchte die Sendungsnummer.

Schöne Grüße aus Kiel
Karla Behrens
Nordwind Versand GmbH · Hafenstraße 4 · 24103 Kiel
""", truth=_status("47001")),
    Sample("status-tiedemann-47012", '"Tiedemann, Uwe" <u.tiedemann@moebel-tiedemann.example>',
           "Bestellung Nr. 47012 – Restlieferung", """\
Sehr geehrte Damen und Herren,

mit Bestellung 47012 vom 31. Oktober haben wir zwei Umreifungsgerät-Sets mit Klemmen geordert. Angekommen ist Anfang November
leider nur ein Set; auf dem Lieferschein war vermerkt, dass der Rest nachgeliefert werde. Seither haben wir nichts mehr gehört.

Da unsere Spedition ab Dezember in zwei Schichten verlädt und wir dann beide Geräte gleichzeitig benötigen, wäre ich Ihnen für
eine kurze Auskunft dankbar, wann wir mit dem zweiten Set rechnen dürfen. Eine telefonische Auskunft war am Montag trotz
längerer Warteschleife nicht möglich, daher auf diesem Wege.

Mit freundlichen Grüßen
Uwe Tiedemann
Geschäftsführer

Möbelhaus Tiedemann KG
Ratzeburger Allee 110, 23562 Lübeck
""", truth=_status("47012")),
    Sample("status-voss-47053", "Einkauf Teekontor <einkauf@teekontor-suederelbe.example>", "Liefertermin 47053", """\
Guten Tag,

bitte nennen Sie uns den Liefertermin zu unserer Bestellung 47053 (u. a. 200 Archivboxen, 2 Paketwaagen).
Eine Auftragsbestätigung mit Termin liegt uns bisher nicht vor.

mfg
Dr. I. Voß
""", truth=_status("47053")),
    Sample("status-sievers-47010", "Ben Sievers <ben@alte-mole.example>", "47010", """\
Moin, wann kommt 47010? Packband ist fast alle.
Ben

Von meinem Handy gesendet
""", truth=_status("47010")),
    Sample("status-krueger-47046", "Olaf Krüger <krueger@druckerei-hansa.example>", "Auftrag 47046 - Stand?", html="""\
<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word">
<head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><meta name="Generator" content="Microsoft Word 15">
<style><!-- p.MsoNormal {margin:0cm; font-size:11.0pt; font-family:"Calibri",sans-serif;} --></style></head>
<body lang="DE" link="#0563C1" vlink="#954F72"><div class="WordSection1">
<p class="MsoNormal">Hallo Hansen &amp; Brandt,<o:p></o:p></p>
<p class="MsoNormal"><o:p>&nbsp;</o:p></p>
<p class="MsoNormal">k&ouml;nnen Sie mir sagen, wie es um Auftrag <b>47046</b> steht? Die Füllchips brauchen wir
 spätestens f&uuml;r die Kalenderauslieferung.<o:p></o:p></p>
<p class="MsoNormal"><o:p>&nbsp;</o:p></p>
<p class="MsoNormal">Viele Gr&uuml;&szlig;e<br>Olaf Krüger<o:p></o:p></p>
<p class="MsoNormal"><span style="font-size:8.0pt;color:gray">Druckerei Hansa GmbH | Fackenburger Allee 30 | 23554
 L&uuml;beck<o:p></o:p></span></p>
</div></body></html>
""", truth=_status("47046")),
    Sample("status-lindner-47021", "Gesa Lindner <lindner@optik-lindner.example>", "Noch keine Ware erhalten", """\
Liebes Team von Hansen & Brandt,

ich hatte am 3. November bei Ihnen bestellt (Auftragsnr. 47021): große Faltkartons, Flaschenkartons, Warnband und Füllchips.
Seitdem habe ich weder Ware noch eine Nachricht bekommen. Vielleicht ist die Mail ja auch nur bei mir untergegangen, wir haben
im Oktober den Anbieter gewechselt. Sagen Sie mir bitte kurz, was mit der Bestellung los ist?

Herzlichen Dank und einen schönen Tag!
Gesa Lindner
Optik Lindner, Breite Straße 41, Lübeck – gegenüber vom Rathaus
""", truth=_status("47021")),
    Sample("status-janssen-47047", "Feinkost Janssen <feinkost@janssen-emden.example>", "AW: Ihre Bestellung 47047", """\
Moin Frau Petzold,

die Warnetiketten sind da, danke. Aber wo sind die beiden Umreifungsgeräte? Kommt da noch was nach?

Gruß Ubbo Janssen

Von: Hansen & Brandt Kundenservice <service@hansen-brandt.example>
Gesendet: Donnerstag, 12. November 2026 14:06
An: Feinkost Janssen <feinkost@janssen-emden.example>
Betreff: Ihre Bestellung 47047

Guten Tag Herr Janssen,
vielen Dank für Ihre Bestellung, die wir unter der Nummer 47047 erfasst haben. Sie erhalten eine Nachricht, sobald die Ware
unser Lager verlässt.
Freundliche Grüße, Silke Petzold
Hansen & Brandt Verpackungen, Lübeck
""", truth=_status("47047")),
    Sample("status-reimers-47024", "Anke Reimers <einkauf@sh-reimers.example>", "Re: Auftragsbestätigung 47024", """\
Guten Morgen,

gibt es zu den 100 Flaschenkartons aus 47024 schon einen festen Termin? Laut Ihrer Bestätigung sollten sie „in Kürze“ kommen,
das ist jetzt zwei Wochen her.

Freundliche Grüße
Anke Reimers, Einkauf
Sanitätshaus Reimers GmbH, Kiel
""", truth=_status("47024"), headers={
        "In-Reply-To": "<ab-47024.20261104@hansen-brandt.example>",
        "References": "<best-1104.2026@sh-reimers.example> <ab-47024.20261104@hansen-brandt.example>",
    }),
    Sample("status-roth-other-address", "Sabine Roth <sabine.roth@weserpost.example>",
           "Bestellung 47037 der Buchhandlung am Dom", """\
Hallo,

ich schreibe von zu Hause, weil unser Server im Laden streikt: Ist die Bestellung 47037 (Versandrohre) schon unterwegs, und
an welche Adresse geht sie? Bitte direkt hierher antworten.

Danke! Sabine Roth
""", truth=_status()),
    Sample("status-wohlers-no-number", "Meike Wohlers <wohlers@gartencenter-wohlers.example>", "Lieferung", """\
Moin, wann kommt denn unsere Bestellung? Die Nummer hab ich gerade nicht zur Hand. LG Meike Wohlers
""", truth=_status()),
    Sample("status-carter-47045", "Emily Carter <emily.carter@harbourlight.example>",
           "Order 47045 - expected dispatch date?", """\
Good morning,

Could you let me know when order 47045 (tape, bubble wrap and the two carton sizes) will be dispatched? Our warehouse needs to
book a delivery slot at least three working days ahead.

Kind regards,
Emily Carter
Harbour Light Trading Ltd, 22 Quay Road, Bristol BS1 4QA
""", truth=_status("47045", "en")),
    Sample("status-hughes-47036", "Tom Hughes <t.hughes@bluewatermarine.example>", "tracking for 47036", """\
Hi, any tracking number for 47036? Nothing's turned up at the dock yet. Cheers, Tom

Sent from my iPhone
""", truth=_status("47036", "en")),
    Sample("status-nygaard-47026", "Lars Nygaard <lars@fjordland.example>",
           "Missing items from PO FD-2218 / your order no. 47026", """\
Hello,

we received a part delivery of your order no. 47026 (our PO FD-2218) about a week ago: the 12-bottle boxes are here, but not the
two packing tables and not the large double-wall cartons. When will the remaining goods be shipped?

Best regards from Oslo
Lars Nygaard
Fjordland Design AS
""", truth=_status("47026", "en")),
    Sample("status-virtanen-47035", "Aino Virtanen <aino.virtanen@polaroutfitters.example>", "Question about order #47035", """\
Dear Sir or Madam,

I am trying to close our November purchases and cannot find a delivery for order #47035 of 8 November. Would you please
confirm its current status?

Yours faithfully
Aino Virtanen
Polar Outfitters Oy, Helsinki
""", truth=_status("47035", "en")),
    Sample("status-devries-two-orders", "Green Valley Orders <orders@greenvalley-organics.example>",
           "Status of 47008 and 47038", """\
Hello, please send us the status of both our orders, 47008 and 47038, and tell us whether you can combine what is still open
in one shipment.

Thanks, Pieter de Vries
""", truth=_status(language="en")),
    Sample("status-carter-47999", "Emily Carter <emily.carter@harbourlight.example>", "Order 47999", """\
Hi there, has order 47999 left your warehouse yet? I have it in my notes for this week. Thank you, Emily
""", truth=_status(language="en")),
]  # fmt: skip

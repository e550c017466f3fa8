"""The mails of customers in the sample mailbox: questions about orders, complaints, quotes, orders and the rest."""

from __future__ import annotations

import struct
import zlib

from scripts.sample.mail import File, Sample


def _status(number: str = "", language: str = "de") -> dict[str, str]:
    """Answered when one order is named that is the sender's, otherwise for a person."""
    answer = {"outcome": "reply", "order_number": number} if number else {"outcome": "unclear"}
    return {"label": "order-status", **answer, "language": language}


def _reply(label: str, language: str = "de") -> dict[str, str]:
    return {"label": label, "outcome": "reply", "language": language}


def _open(label: str, language: str = "de") -> dict[str, str]:
    return {"label": label, "outcome": "unclear", "language": language}


def _photo(width: int = 48, height: int = 32) -> bytes:
    """A brown carton with a dark tear in one corner, as PNG; stored without compression: the same bytes everywhere."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    carton, tear, floor = b"\xb4\x8a\x5a", b"\x30\x24\x1c", b"\xc8\xc8\xc4"
    rows = (
        b"".join(tear if x + y < 20 else carton if 6 <= x < width - 6 and y > 5 else floor for x in range(width))
        for y in range(height)
    )
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 0)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


STATUS = [
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

COMPLAINTS = [
    Sample("complaint-quast-crushed", "Jonas Quast <info@baeckerei-quast.example>", "Reklamation 47034, Foto anbei", """\
Moin,
von den 50 großen Faltkartons aus 47034 sind 18 Stück völlig zerdrückt und an einer Ecke aufgerissen, siehe Foto. Der Fahrer
war schon weg, bevor ich nachsehen konnte. Ich möchte dafür Ersatz haben oder eine Gutschrift.
Gruß, Jonas Quast
""", files=(File("IMG_2214.png", "image/png", _photo()),), truth=_reply("complaint")),
    Sample("complaint-bellini-missing", "Marco Bellini <marco@vinothek-sonnenberg.example>", "Fehlmenge Archivboxen", """\
Sehr geehrte Damen und Herren,

auf dem Lieferschein zu 47043 stehen 200 Archivboxen, gezählt haben wir 150. Es fehlen also zwei der acht Umkartons.
Bitte liefern Sie die fehlenden 50 Boxen kurzfristig nach oder korrigieren Sie die Rechnung.

Mit freundlichen Grüßen
Marco Bellini, Vinothek Sonnenberg
""", truth=_reply("complaint")),
    Sample("complaint-petersen-wrong-article", "Thies Petersen <t.petersen@elektro-petersen.example>", "Falsche Ware", """\
Hallo,
bestellt: 100 Maxibriefkartons (Auftrag 47048). Bekommen: 100 Faltkartons 300 x 200 x 150. Damit kann ich nichts anfangen.
Wie läuft der Umtausch, holt ihr das ab?
T. Petersen
""", truth=_reply("complaint")),
    Sample("complaint-lorenzen-return", "Wiebke Lorenzen <wl@strandhafer-kosmetik.example>", "Rückgabe Versandbeutel", """\
Guten Tag zusammen,

die 500 Versandbeutel (47044) sind einwandfrei, für unsere Geschenksets aber leider doch zu klein – mein Fehler. Vier Pakete
sind noch ungeöffnet. Würden Sie die 400 Beutel zurücknehmen, und wer zahlt den Rückversand von der Insel?

Liebe Grüße aus Wyk
Wiebke Lorenzen
""", truth=_reply("complaint")),
    Sample("complaint-ahrens-defective", "Malte Ahrens <werkstatt@fahrrad-ahrens.example>", "Umreifungsgerät defekt", """\
Moin, eins der zwei Umreifungsgeräte aus 47022 klemmt seit dem dritten Paket, die Spannratsche greift nicht mehr. Das darf
nach zwei Wochen nicht sein. Bitte austauschen.
Malte Ahrens, Werkstatt
""", truth=_reply("complaint")),
    Sample("complaint-jahnke-second-time", "Lisa Jahnke <kontakt@kunterbunt-spiele.example>", "SO GEHT DAS NICHT!", """\
Jetzt schreibe ich zum ZWEITEN Mal: In der Lieferung 47027 lagen statt zehn Rollen Packband nur sechs, und die
Luftpolstertaschen waren nass! Auf meine erste Mail kam nichts. Wir stecken mitten im Weihnachtsgeschäft. Wenn das bis Freitag
nicht geklärt ist, bestelle ich woanders und ziehe den Betrag von der Rechnung ab.
Jahnke, Spielwaren Kunterbunt
""", truth=_reply("complaint")),
    Sample("complaint-hughes-pallets", "Tom Hughes <t.hughes@bluewatermarine.example>", "Broken pallets, order 47006", """\
Hello,

Seven of the 20 one-way pallets on order 47006 arrived with cracked boards, and one sack of loose fill had burst all over the
trailer. The driver noted it on the consignment note. We'd like replacements, please, or a credit for the lot.

Regards, Tom Hughes
""", truth=_reply("complaint", "en")),
    Sample("complaint-devries-wet", "Green Valley Orders <orders@greenvalley-organics.example>", "Complaint archive boxes", """\
Dear Hansen & Brandt team, about 60 of the 500 archive boxes (47008) were soaked on arrival and cannot be used. We want to send
them back. How do we proceed? Pieter de Vries
""", truth=_reply("complaint", "en")),
]  # fmt: skip

QUOTES = [
    Sample("quote-fink-mailing", "Nele Fink <n.fink@buero-fink.example>", "Angebot Versandbeutel und Etiketten", """\
Guten Tag, bitte bieten Sie uns an: 5.000 Versandbeutel Folie blickdicht 350 x 450 mm und 40 Rollen Thermoetiketten
100 x 150 mm. Ab welcher Menge gibt es einen besseren Staffelpreis?
Freundliche Grüße, Nele Fink
""", truth=_reply("quote")),
    Sample("quote-osei-printed-cartons", "Hanna Osei <hanna@atelier-nordlicht.example>", "Kartons mit unserem Logo?", """\
Hallo ihr Lieben,

wir hätten gern den Faltkarton 400 x 300 x 200 mm mit unserem Logo bedruckt, einfarbig dunkelblau auf zwei Seiten, erst einmal
800 Stück. Macht ihr so etwas? Was würde das kosten, und wie lange dauert es? Die Druckdaten haben wir als PDF.

Herzlich, Hanna
""", truth=_reply("quote")),
    Sample("quote-heins-bottles", "Tomke Heins <tomke@imkerei-heidelust.example>", "Preis für 300 Flaschenkartons 12er", """\
Moin, was kosten 300 Flaschenkartons 12er (für unseren Met) frei Haus nach Bispingen? Danke, Tomke Heins
""", truth=_reply("quote")),
    Sample("quote-keramik-new-customer", "Jette Möller <anfrage@keramik-tonart.example>", "Anfrage Verpackung für Keramik", """\
Sehr geehrte Damen und Herren,

wir sind eine kleine Töpferei in Eutin und noch keine Kundin bei Ihnen. Für den Versand brauchen wir im Monat etwa:
- 250 Faltkartons zweiwellig 600 x 400 x 400 mm
- 3 Rollen Luftpolsterfolie 100 cm
- 10 Rollen Warnband „Vorsicht Glas“
Senden Sie uns dazu bitte ein Angebot mit Lieferzeit und Zahlungsbedingungen.

Mit freundlichen Grüßen
Jette Möller, Keramikwerkstatt Tonart
""", truth=_reply("quote")),
    Sample("quote-aydin-tubes", "Derya Aydın <derya@stoffwerk-altona.example>", "Versandrohre, größere Menge", """\
Hallo, für eine Aktion im Januar brauchen wir 1.500 Versandrohre 600 x 80 mm, gern auch in 1000 mm Länge, falls lieferbar.
Könnt ihr mir ein Angebot bis Ende der Woche schicken?
LG Derya
""", truth=_reply("quote")),
    Sample("quote-nygaard-printed", "Lars Nygaard <lars@fjordland.example>", "Quotation for printed cartons", """\
Hello, please quote for 2,000 double-wall cartons 600 x 400 x 400 mm, two-colour print with our logo, delivered Oslo (DAP).
We would also need a sample before we decide. Best regards, Lars Nygaard
""", truth=_reply("quote", "en")),
    Sample("quote-virtanen-stretch", "Aino Virtanen <aino.virtanen@polaroutfitters.example>", "Price request stretch film", """\
Dear all,
could you send us your best price for 60 rolls of machine stretch film (500 mm x 1500 m, 23 my) and 100 pallet shrink covers?
Kind regards, Aino Virtanen
""", truth=_reply("quote", "en")),
    Sample("quote-soapworks-new-customer", "Fiona Laird <fiona@locharran-soap.example>", "Do you ship to Scotland?", """\
Hi, we make soap and are looking for a supplier of small mailing boxes, about 240 x 160 x 45 mm, and padded envelopes.
What would 1,000 of each cost including delivery to Scotland? Many thanks, Fiona Laird, Loch Arran Soapworks
""", truth=_reply("quote", "en")),
]  # fmt: skip

SHEET = """Artikelnummer;Bezeichnung;Menge;Einheit
3002;Luftpolstertasche weiß, Innenmaß 170 x 225 mm;1000;Stück
2004;Warnband „Vorsicht Glas“, 50 mm x 66 m;24;Rolle
5003;Europalette, gebraucht, Klasse B;30;Stück
"""

ORDERS = [
    Sample("order-roth-books", "Sabine Roth <bestellung@buch-am-dom.example>", "Bestellung", """\
Guten Tag, wir bestellen:
400 Stück Art. 1006 Buchverpackung B5
 36 Rollen Art. 2001 Packband braun
Lieferung wie immer an den Domshof 2. Vielen Dank! Buchhandlung am Dom, S. Roth
""", truth=_open("order")),
    Sample("order-mertens-cartons", "Dirk Mertens <mertens@schuhhaus-mertens.example>", "Neue Bestellung SM-311", """\
Sehr geehrte Damen und Herren,
hiermit bestellen wir zu den bekannten Konditionen: 1002 – 300 Stück, 2003 – 10 Rollen, 6001 – 500 Stück.
Bitte bestätigen Sie den Auftrag unter unserer Nummer SM-311. mfg Dirk Mertens
""", truth=_open("order")),
    Sample("order-hughes-film", "Tom Hughes <t.hughes@bluewatermarine.example>", "Purchase order BM-0917", """\
Please supply against our PO BM-0917: 48 rolls hand stretch film (4001) and 2 strapping tool sets (5002). Deliver to Dock 4.
Please confirm. Tom Hughes
""", truth=_open("order", "en")),
    Sample("order-wohlers-csv", "Meike Wohlers <wohlers@gartencenter-wohlers.example>", "Bestellung aus unserer Wawi", """\
Moin, anbei unsere Bestellung als Datei aus der Warenwirtschaft. Liefertermin bitte zurückmelden. LG Meike Wohlers
""", files=(File("bestellung.csv", "text/csv", SHEET.replace("\n", "\r\n").encode("cp1252")),), truth=_open("order")),
]  # fmt: skip

OTHERS = [
    Sample("privacy-information", "Rainer Stolz <rainer.stolz@foerdepost.example>", "Auskunft nach Art. 15 DSGVO", """\
Sehr geehrte Damen und Herren,
ich verlange Auskunft darüber, welche personenbezogenen Daten Sie über mich speichern, woher sie stammen und an wen Sie sie
weitergegeben haben (Art. 15 DSGVO), samt einer Kopie. Bitte antworten Sie innerhalb eines Monats.
Rainer Stolz, Fischergrube 61, 23552 Lübeck
""", truth=_open("privacy")),
    Sample("privacy-deletion", "Ilka Brehm <ilka.brehm@weserpost.example>", "Bitte alle meine Daten löschen", """\
Hallo, ich war bis zum Sommer Einkäuferin bei einem Ihrer Kunden und bekomme immer noch Ihren Newsletter. Löschen Sie bitte
alle Daten, die Sie zu meiner Person haben, und bestätigen Sie mir die Löschung schriftlich. Ilka Brehm
""", truth=_open("privacy")),
    Sample("other-appointment", "Georg Maler <g.maler@eichental-holz.example>", "Termin in Lübeck?", """\
Guten Tag, ich bin am 8. und 9. Dezember in Lübeck und würde mir gern Ihre Packtische ansehen und das neue Jahr besprechen.
Hätte jemand am Dienstagnachmittag eine Stunde Zeit? Beste Grüße, Georg Maler
""", truth=_open("other")),
    Sample("other-opening-hours", "Jule Brandt <praxis@physio-am-park.example>", "Öffnungszeiten Lager", """\
Hallo, wann hat Ihr Lagerverkauf samstags geöffnet, und auch zwischen den Jahren? Danke! Jule Brandt (nicht verwandt ;-))
""", truth=_open("other")),
]  # fmt: skip

MAILS: list[Sample] = [*STATUS, *COMPLAINTS, *QUOTES, *ORDERS, *OTHERS]

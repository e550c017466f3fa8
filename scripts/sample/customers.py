"""The mails of customers in the sample mailbox: complaints, quotes, orders and the rest."""

from __future__ import annotations

import struct
import zlib
from typing import Any

from scripts.sample.mail import File, Sample


def _reply(label: str, language: str = "de") -> dict[str, str]:
    return {"label": label, "outcome": "reply", "language": language}


def _open(label: str, language: str = "de") -> dict[str, str]:
    return {"label": label, "outcome": "unclear", "language": language}


def _photo(width: int = 168, height: int = 112) -> bytes:
    """A brown carton with a dark tear in one corner, as PNG; stored without compression: the same bytes everywhere."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def colour(x: int, y: int) -> int:
        if x + y + (x * 7 + y * 3) % 9 < 74:
            return 1  # the tear
        return 2 if 14 <= x < width - 14 and y > 12 else 3 if (x // 24 + y // 24) % 2 else 4

    palette = b"\0\0\0\x30\x24\x1c\xb4\x8a\x5a\xc8\xc8\xc4\xbc\xbc\xb8"
    rows = b"".join(b"\0" + bytes(colour(x, y) for x in range(width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"PLTE", palette) + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


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


def _import(language: str, lines: list[list[str]]) -> dict[str, Any]:
    """An order, with the article and quantity of each line."""
    return {"label": "order", "outcome": "import", "language": language, "lines": lines}


ORDERS = [
    Sample("order-roth-books", "Sabine Roth <bestellung@buch-am-dom.example>", "Bestellung", """\
Guten Tag, wir bestellen:
400 Stück Art. 1006 Buchverpackung B5
 36 Rollen Art. 2001 Packband braun
Lieferung wie immer an den Domshof 2. Vielen Dank! Buchhandlung am Dom, S. Roth
""", truth=_import("de", [["1006", "400"], ["2001", "36"]])),
    Sample("order-mertens-cartons", "Dirk Mertens <mertens@schuhhaus-mertens.example>", "Neue Bestellung SM-311", """\
Sehr geehrte Damen und Herren,
hiermit bestellen wir zu den bekannten Konditionen: 1002 – 300 Stück, 2003 – 10 Rollen, 6001 – 500 Stück.
Bitte bestätigen Sie den Auftrag unter unserer Nummer SM-311. mfg Dirk Mertens
""", truth=_import("de", [["1002", "300"], ["2003", "10"], ["6001", "500"]])),
    Sample("order-hughes-film", "Tom Hughes <t.hughes@bluewatermarine.example>", "Purchase order BM-0917", """\
Please supply against our PO BM-0917: 48 rolls hand stretch film (4001) and 2 strapping tool sets (5002). Deliver to Dock 4.
Please confirm. Tom Hughes
""", truth=_import("en", [["4001", "48"], ["5002", "2"]])),
    Sample("order-wohlers-csv", "Meike Wohlers <wohlers@gartencenter-wohlers.example>", "Bestellung aus unserer Wawi", """\
Moin, anbei unsere Bestellung als Datei aus der Warenwirtschaft. Liefertermin bitte zurückmelden. LG Meike Wohlers
""", files=(File("bestellung.csv", "text/csv", SHEET.replace("\n", "\r\n").encode("cp1252")),), truth=_import("de", [["3002", "1000"], ["2004", "24"], ["5003", "30"]])),
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

MAILS: list[Sample] = [*COMPLAINTS, *QUOTES, *ORDERS, *OTHERS]

"""The records of the invented wholesaler's ERP: customers, articles, orders, open items, as its nightly CSV exports."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from scripts.sample.vendors import german_vat_id

TODAY = date(2026, 11, 23)

# number, name, contact, address of mails, street, postcode, city, country, language, days to pay, dunning block
CUSTOMERS = [
    ("10001", "Nordwind Versand GmbH", "Frau Karla Behrens", "behrens@nordwind-versand.example", "Hafenstraße 4", "24103", "Kiel", "DE", "de", 14, ""),
    ("10002", "Möbelhaus Tiedemann KG", "Herr Uwe Tiedemann", "u.tiedemann@moebel-tiedemann.example", "Ratzeburger Allee 110", "23562", "Lübeck", "DE", "de", 30, ""),
    ("10003", "Teekontor Süderelbe GmbH & Co. KG", "Frau Dr. Inga Voß", "einkauf@teekontor-suederelbe.example", "Am Sandtorkai 7", "20457", "Hamburg", "DE", "de", 14, ""),
    ("10004", "Bäckerei Quast OHG", "Herr Jonas Quast", "info@baeckerei-quast.example", "Mühlenweg 3", "19055", "Schwerin", "DE", "de", 14, ""),
    ("10005", "Harbour Light Trading Ltd", "Ms Emily Carter", "emily.carter@harbourlight.example", "22 Quay Road", "BS1 4QA", "Bristol", "GB", "en", 30, ""),
    ("10006", "Fjordland Design AS", "Mr Lars Nygaard", "lars@fjordland.example", "Storgata 12", "0184", "Oslo", "NO", "en", 30, ""),
    ("10007", "Buchhandlung am Dom", "Frau Sabine Roth", "bestellung@buch-am-dom.example", "Domshof 2", "28195", "Bremen", "DE", "de", 14, ""),
    ("10008", "Elektro Petersen e. K.", "Herr Thies Petersen", "t.petersen@elektro-petersen.example", "Norderstraße 77", "24939", "Flensburg", "DE", "de", 14, ""),
    ("10009", "Gartencenter Wohlers GmbH", "Frau Meike Wohlers", "wohlers@gartencenter-wohlers.example", "Bremer Straße 200", "21073", "Hamburg", "DE", "de", 30, ""),
    ("10010", "Kaffeerösterei Alte Mole", "Herr Ben Sievers", "ben@alte-mole.example", "Alte Mole 1", "18057", "Rostock", "DE", "de", 7, ""),
    ("10011", "Optik Lindner", "Frau Gesa Lindner", "lindner@optik-lindner.example", "Breite Straße 41", "23552", "Lübeck", "DE", "de", 14, ""),
    ("10012", "Werkzeug Harms GmbH", "Herr Klaus Harms", "k.harms@werkzeug-harms.example", "Industrieweg 9", "23843", "Bad Oldesloe", "DE", "de", 30, "ja"),
    ("10013", "Vinothek Sonnenberg", "Herr Marco Bellini", "marco@vinothek-sonnenberg.example", "Sonnenberger Weg 5", "65193", "Wiesbaden", "DE", "de", 14, ""),
    ("10014", "Sanitätshaus Reimers GmbH", "Frau Anke Reimers", "einkauf@sh-reimers.example", "Holstenstraße 88", "24103", "Kiel", "DE", "de", 30, ""),
    ("10015", "Polar Outfitters Oy", "Ms Aino Virtanen", "aino.virtanen@polaroutfitters.example", "Satamakatu 6", "00160", "Helsinki", "FI", "en", 30, ""),
    ("10016", "Druckerei Hansa GmbH", "Herr Olaf Krüger", "krueger@druckerei-hansa.example", "Fackenburger Allee 30", "23554", "Lübeck", "DE", "de", 14, ""),
    ("10017", "Spielwaren Kunterbunt", "Frau Lisa Jahnke", "kontakt@kunterbunt-spiele.example", "Marktplatz 8", "23966", "Wismar", "DE", "de", 14, ""),
    ("10018", "Green Valley Organics BV", "Mr Pieter de Vries", "orders@greenvalley-organics.example", "Keizersgracht 301", "1016 EE", "Amsterdam", "NL", "en", 30, ""),
    ("10019", "Schuhhaus Mertens", "Herr Dirk Mertens", "mertens@schuhhaus-mertens.example", "Lange Straße 19", "26122", "Oldenburg", "DE", "de", 14, ""),
    ("10020", "Imkerei Heidelust", "Frau Tomke Heins", "tomke@imkerei-heidelust.example", "Heideweg 2", "29646", "Bispingen", "DE", "de", 14, ""),
    ("10021", "Bürobedarf Fink GmbH", "Frau Nele Fink", "n.fink@buero-fink.example", "Königstraße 55", "23552", "Lübeck", "DE", "de", 30, ""),
    ("10022", "Fahrrad Ahrens", "Herr Malte Ahrens", "werkstatt@fahrrad-ahrens.example", "Radbrunnenallee 11", "21335", "Lüneburg", "DE", "de", 14, ""),
    ("10023", "Musikhaus Klang & Co.", "Herr Emil Sander", "sander@musikhaus-klang.example", "Sögestraße 60", "28195", "Bremen", "DE", "de", 14, ""),
    ("10024", "Naturkosmetik Strandhafer GmbH", "Frau Wiebke Lorenzen", "wl@strandhafer-kosmetik.example", "Strandweg 1", "25938", "Wyk auf Föhr", "DE", "de", 14, ""),
    ("10025", "Atelier Nordlicht", "Frau Hanna Osei", "hanna@atelier-nordlicht.example", "Hüxstraße 24", "23552", "Lübeck", "DE", "de", 14, ""),
    ("10026", "Bluewater Marine Supplies Ltd", "Mr Tom Hughes", "t.hughes@bluewatermarine.example", "Dock 4, Pier Street", "PO1 3TA", "Portsmouth", "GB", "en", 30, ""),
    ("10027", "Feinkost Janssen", "Herr Ubbo Janssen", "feinkost@janssen-emden.example", "Neutorstraße 15", "26721", "Emden", "DE", "de", 14, ""),
    ("10028", "Physio am Park", "Frau Jule Brandt", "praxis@physio-am-park.example", "Parkallee 33", "23845", "Itzstedt", "DE", "de", 14, ""),
    ("10029", "Stoffwerk Altona", "Frau Derya Aydın", "derya@stoffwerk-altona.example", "Große Bergstraße 140", "22767", "Hamburg", "DE", "de", 14, ""),
    ("10030", "Holzmanufaktur Eichental", "Herr Georg Maler", "g.maler@eichental-holz.example", "Am Sägewerk 1", "37539", "Bad Grund", "DE", "de", 30, ""),
    ("10031", "Apotheke am Stadtgraben", "Herr Dr. Henrik Claasen", "claasen@apotheke-stadtgraben.example", "Am Stadtgraben 6", "23966", "Wismar", "DE", "de", 14, ""),
    ("10032", "Seifenmanufaktur Deichgold GmbH", "Frau Antje Boysen", "a.boysen@deichgold.example", "Deichstraße 18", "25746", "Heide", "DE", "de", 14, ""),
    ("10033", "Lampenwerk Ostufer GmbH", "Herr Nils Rathje", "rathje@lampenwerk-ostufer.example", "Werftstraße 211", "24148", "Kiel", "DE", "de", 30, ""),
    ("10034", "Northgate Books Ltd", "Ms Harriet Cole", "harriet@northgate-books.example", "9 Castle Lane", "YO1 7HH", "York", "GB", "en", 30, ""),
    ("10035", "Keramik Steilufer", "Frau Gunda Pries", "werkstatt@keramik-steilufer.example", "Steilufer 3", "23669", "Timmendorfer Strand", "DE", "de", 14, ""),
    ("10036", "Autoteile Kröger & Sohn", "Herr Bernd Kröger", "teile@kroeger-autoteile.example", "Gewerbering 27", "24558", "Henstedt-Ulzburg", "DE", "de", 14, "ja"),
    ("10037", "Laborbedarf Seeland GmbH", "Frau Dr. Miriam Abel", "einkauf@laborbedarf-seeland.example", "Technologiepark 2", "18119", "Rostock", "DE", "de", 30, ""),
    ("10038", "Marais & Fils SARL", "Mme Claire Marais", "commandes@marais-fils.example", "14 rue du Port", "44000", "Nantes", "FR", "en", 30, ""),
    ("10039", "Weinhandel Untertrave", "Herr Sönke Hinrichs", "kontakt@weinhandel-untertrave.example", "An der Untertrave 96", "23552", "Lübeck", "DE", "de", 14, ""),
    ("10040", "Hofladen Rapsblüte GbR", "Frau Maren Stahmer", "hofladen@rapsbluete.example", "Dorfstraße 21", "23769", "Fehmarn", "DE", "de", 7, ""),
]  # fmt: skip

# number, name, unit, price, stock, available on, group
ARTICLES = [
    ("1001", "Faltkarton einwellig 300 x 200 x 150 mm", "Stück", "0,38", "12.400", None, "Kartons"),
    ("1002", "Faltkarton einwellig 400 x 300 x 200 mm", "Stück", "0,59", "8.150", None, "Kartons"),
    ("1003", "Faltkarton zweiwellig 600 x 400 x 400 mm", "Stück", "1,64", "2.300", None, "Kartons"),
    ("1004", "Faltkarton zweiwellig 800 x 600 x 600 mm", "Stück", "3,12", "0", date(2026, 12, 4), "Kartons"),
    ("1005", "Maxibriefkarton 240 x 160 x 45 mm", "Stück", "0,24", "20.000", None, "Kartons"),
    ("1006", "Buchverpackung mit Selbstklebeverschluss B5", "Stück", "0,47", "5.600", None, "Kartons"),
    ("1007", "Versandrohr 600 x 80 mm mit Deckeln", "Stück", "0,92", "1.150", None, "Kartons"),
    ("1008", "Flaschenkarton 6er, PTZ-geprüft", "Stück", "1,98", "940", None, "Kartons"),
    ("1009", "Flaschenkarton 12er, PTZ-geprüft", "Stück", "2,85", "120", None, "Kartons"),
    ("1010", "Archivbox A4 mit Klappdeckel", "Stück", "1,29", "760", None, "Kartons"),
    ("2001", "Packband PP leise, braun, 50 mm x 66 m", "Rolle", "1,15", "4.320", None, "Klebeband"),
    ("2002", "Packband PVC, transparent, 50 mm x 66 m", "Rolle", "1,62", "3.010", None, "Klebeband"),
    ("2003", "Papierklebeband, nassklebend, 70 mm x 200 m", "Rolle", "6,40", "410", None, "Klebeband"),
    ("2004", "Warnband „Vorsicht Glas“, 50 mm x 66 m", "Rolle", "1,88", "600", None, "Klebeband"),
    ("2005", "Handabroller für 50-mm-Band", "Stück", "7,90", "88", None, "Klebeband"),
    ("3001", "Luftpolsterfolie 100 cm x 100 m", "Rolle", "24,50", "210", None, "Polster"),
    ("3002", "Luftpolstertasche weiß, Innenmaß 170 x 225 mm", "Stück", "0,19", "15.000", None, "Polster"),
    ("3003", "Schrenzpapier auf Rolle 75 cm, 20 kg", "Rolle", "27,80", "64", None, "Polster"),
    ("3004", "Füllchips aus Maisstärke, 500 l", "Sack", "21,90", "35", date(2026, 12, 1), "Polster"),
    ("3005", "Kantenschutzwinkel Karton 35 x 35 x 1000 mm", "Stück", "0,42", "3.900", None, "Polster"),
    ("4001", "Stretchfolie Hand 500 mm x 300 m, 20 µm", "Rolle", "6,95", "980", None, "Folien"),
    ("4002", "Stretchfolie Maschine 500 mm x 1500 m, 23 µm", "Rolle", "34,20", "140", None, "Folien"),
    ("4003", "Versandbeutel Folie, blickdicht, 350 x 450 mm", "Stück", "0,14", "30.000", None, "Folien"),
    ("4004", "Druckverschlussbeutel 100 x 150 mm, 50 µm", "Stück", "0,03", "64.000", None, "Folien"),
    ("4005", "Schrumpfhaube für Europalette", "Stück", "2,10", "420", None, "Folien"),
    ("5001", "Umreifungsband PP 12 x 0,6 mm, 2500 m", "Rolle", "32,00", "75", None, "Umreifung"),
    ("5002", "Umreifungsgerät-Set mit Klemmen", "Set", "89,00", "14", None, "Umreifung"),
    ("5003", "Europalette, gebraucht, Klasse B", "Stück", "11,50", "310", None, "Paletten"),
    ("5004", "Einwegpalette 1200 x 800 mm", "Stück", "7,80", "520", None, "Paletten"),
    ("6001", "Lieferscheintasche C5 „Lieferschein/Rechnung“", "Stück", "0,06", "18.000", None, "Etiketten"),
    ("6002", "Thermoetikett 100 x 150 mm, Rolle mit 500", "Rolle", "8,30", "340", None, "Etiketten"),
    ("6003", "Warnetikett „Vorsicht zerbrechlich“, Rolle mit 500", "Rolle", "9,95", "120", None, "Etiketten"),
    ("7001", "Cuttermesser mit Sicherheitsklinge", "Stück", "4,20", "230", None, "Werkzeug"),
    ("7002", "Packtisch höhenverstellbar 1600 x 800 mm", "Stück", "349,00", "6", None, "Betrieb"),
    ("7003", "Paketwaage 60 kg", "Stück", "119,00", "9", None, "Betrieb"),
    ("1011", "Faltkarton einwellig 250 x 175 x 100 mm", "Stück", "0,29", "15.800", None, "Kartons"),
    ("1012", "Faltkarton zweiwellig 500 x 400 x 300 mm", "Stück", "1,22", "3.450", None, "Kartons"),
    ("1013", "Palettencontainer 1180 x 780 x 760 mm mit Deckel", "Stück", "14,90", "85", None, "Kartons"),
    ("1014", "Versandtasche Karton A4, haftklebend", "Stück", "0,33", "9.200", None, "Kartons"),
    ("1015", "Planversandkarton 705 x 108 x 108 mm", "Stück", "1,05", "1.900", None, "Kartons"),
    ("1016", "Glockenkarton für Kleider 600 x 500 x 1200 mm", "Stück", "8,40", "0", date(2026, 12, 14), "Kartons"),
    ("2006", "Packband Papier, braun, 50 mm x 50 m", "Rolle", "2,35", "2.870", None, "Klebeband"),
    ("2007", "Filamentband längsverstärkt 25 mm x 50 m", "Rolle", "2,95", "740", None, "Klebeband"),
    ("2008", "Tischabroller für Nassklebeband", "Stück", "269,00", "4", None, "Klebeband"),
    ("3006", "Luftpolstertasche braun, Innenmaß 220 x 265 mm", "Stück", "0,27", "11.000", None, "Polster"),
    ("3007", "Wabenpapier 50 cm x 250 m", "Rolle", "39,50", "48", None, "Polster"),
    ("3008", "Seidenpapier weiß 50 x 75 cm, 480 Bogen", "Paket", "17,60", "95", None, "Polster"),
    ("3009", "Luftkissenfolie 200 x 100 mm, 600 m", "Rolle", "28,70", "60", None, "Polster"),
    ("3010", "Schaumfolie 1 mm, 100 cm x 500 m", "Rolle", "44,90", "22", date(2026, 12, 7), "Polster"),
    ("4006", "Flachbeutel 200 x 300 mm, 25 µm", "Stück", "0,02", "80.000", None, "Folien"),
    ("4007", "Stretchfolie Mini 100 mm x 150 m", "Rolle", "2,15", "1.300", None, "Folien"),
    ("4008", "Versandbeutel aus Papier 320 x 430 mm", "Stück", "0,26", "7.500", None, "Folien"),
    ("4009", "Abdeckplane für Palette 1200 x 1600 mm", "Stück", "0,55", "2.600", None, "Folien"),
    ("5005", "Umreifungsband PET 16 x 0,8 mm, 1500 m", "Rolle", "58,00", "31", None, "Umreifung"),
    ("5006", "Metallklemmen 13 mm, 1000 Stück", "Karton", "18,20", "54", None, "Umreifung"),
    ("5007", "Zwischenlage Wellpappe 1180 x 780 mm", "Stück", "0,68", "2.050", None, "Paletten"),
    ("6004", "Etikett „Oben / This side up“, Rolle mit 500", "Rolle", "9,95", "140", None, "Etiketten"),
    ("6005", "Dokumententasche A5, transparent", "Stück", "0,05", "22.000", None, "Etiketten"),
    ("7004", "Schneidständer für Rollen bis 100 cm", "Stück", "139,00", "7", None, "Betrieb"),
    ("7005", "Sackkarre 200 kg, klappbar", "Stück", "84,50", "11", None, "Betrieb"),
]  # fmt: skip

FIRST_CUSTOMERS, FIRST_ARTICLES = CUSTOMERS[:30], ARTICLES[:35]
"""Those that the orders up to 47070 are made of; later ones are added behind, so that the mails stay right."""
CARRIERS = ("Trave Kurier", "Hanse Paket", "Spedition Albers")
STATUSES = ("versandt", "versandt", "in Arbeit", "offen", "teilgeliefert", "versandt", "storniert")


def amount(value: Decimal) -> str:
    """German notation with a dot for thousands."""
    return f"{value:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")


def day(value: date | None) -> str:
    """German notation."""
    return value.strftime("%d.%m.%Y") if value else ""


def _workday(value: date) -> date:
    """The same day, or the Monday after a weekend."""
    return value + timedelta(days=max(0, 7 - value.weekday()) if value.weekday() > 4 else 0)


def _price(text: str) -> Decimal:
    return Decimal(text.replace(".", "").replace(",", "."))


def lines_of(order: int) -> list[tuple[int, str, str, int, Decimal]]:
    """Position, article, description, quantity and price: made from the order's number, always the same."""
    count = 1 + order * 7 % 4
    articles = FIRST_ARTICLES if order <= 47070 else ARTICLES
    found = []
    for position in range(1, count + 1):
        number, name, _unit, price, *_ = articles[(order * 13 + position * 5) % len(articles)]
        single = _price(price)
        quantity = (
            2
            if single > 30
            else (10, 25, 50, 100, 200, 500)[(order + position) % 6]
            if single < 5
            else (5, 10, 20)[(order + position) % 3]
        )
        found.append((position, number, name, quantity, single))
    return found


def orders() -> list[dict[str, str]]:
    """The orders 47001 to 47080."""
    found = []
    for i in range(80):
        number = 47001 + i
        customer = FIRST_CUSTOMERS[i * 11 % 30] if i < 70 else CUSTOMERS[i - 40]
        status = STATUSES[i % len(STATUSES)]
        ordered = TODAY - timedelta(days=4 + (69 - i) // 3 if i < 70 else 2 + (79 - i) // 5)
        sent = status in ("versandt", "teilgeliefert")
        shipped = _workday(ordered + timedelta(days=2)) if sent else None
        waits = status in ("in Arbeit", "teilgeliefert") or (status == "offen" and i % 2)
        expected = _workday(max(ordered + timedelta(days=9), TODAY + timedelta(days=3 + i % 9))) if waits else None
        total = sum((q * p for _, _, _, q, p in lines_of(number)), Decimal())
        found.append(
            {
                "Auftragsnummer": str(number),
                "Kundennummer": customer[0],
                "Kunde": customer[1],
                "E-Mail": customer[3],
                "Bestelldatum": day(ordered),
                "Status": status,
                "Versanddatum": day(shipped),
                "Spediteur": CARRIERS[i % 3] if sent else "",
                "Sendungsnummer": f"HP{number}{(number * 37) % 9973:04d}DE" if sent and i % 5 else "",
                "Liefertermin": day(expected),
                "Gesamtbetrag": amount(total),
            }
        )
    return found


def open_items() -> list[dict[str, str]]:
    """What customers owe: some overdue at each level, some not due, some paid in part or in full."""
    found = []
    for i in range(36):
        customer = FIRST_CUSTOMERS[(i * 7 + i // 15) % 30] if i < 32 else CUSTOMERS[(31, 11, 35, 33)[i - 32]]
        issued = TODAY - timedelta(days=6 + i * 2)
        due = issued + timedelta(days=int(customer[9]))
        gross = (Decimal(140 + i * 83 % 2900) + Decimal(i * 37 % 100) / 100).quantize(Decimal("0.01"))
        paid = gross if i % 9 == 8 else (gross / 2).quantize(Decimal("0.01")) if i % 7 == 5 else Decimal("0.00")
        late = (TODAY - due).days
        level = sum(late > limit for limit in (14, 34, 54))
        found.append(
            {
                "Rechnungsnummer": f"R26-{3100 - i}",
                "Kundennummer": customer[0],
                "Kunde": customer[1],
                "E-Mail": customer[3],
                "Rechnungsdatum": day(issued),
                "Fälligkeit": day(due),
                "Betrag": amount(gross),
                "Bezahlt": amount(paid),
                "Offen": amount(gross - paid),
                "Mahnstufe": str(level),
                "Letzte Mahnung": day(_workday(due + timedelta(days=(0, 10, 26, 48)[level]))) if level else "",
            }
        )
    return found


def _customers() -> list[dict[str, str]]:
    keys = (
        "Kundennummer",
        "Name",
        "Ansprechpartner",
        "E-Mail",
        "Straße",
        "PLZ",
        "Ort",
        "Land",
        "Sprache",
        "Zahlungsziel",
        "Mahnsperre",
    )
    rows = [dict(zip(keys, map(str, c), strict=True)) for c in CUSTOMERS]
    return [
        {
            **{k: row[k] for k in ("Kundennummer", "Name", "Ansprechpartner", "E-Mail")},
            "Telefon": f"+49 40 66969 {100 + i * 17 % 900}" if row["Land"] == "DE" else "",
            **{k: row[k] for k in ("Straße", "PLZ", "Ort", "Land")},
            "USt-IdNr": german_vat_id(f"{27104000 + i * 9173}") if row["Land"] == "DE" and i % 3 else "",
            **{k: row[k] for k in ("Zahlungsziel", "Sprache", "Mahnsperre")},
        }
        for i, row in enumerate(rows)
    ]


def _articles() -> list[dict[str, str]]:
    keys = ("Artikelnummer", "Bezeichnung", "Einheit", "Preis", "Bestand", "Verfügbar ab", "Warengruppe")
    return [
        dict(zip(keys, (n, name, unit, price, stock, day(since), group), strict=True))
        for n, name, unit, price, stock, since, group in ARTICLES
    ]


def _order_lines() -> list[dict[str, str]]:
    return [
        {
            "Auftragsnummer": order["Auftragsnummer"],
            "Position": str(position),
            "Artikelnummer": number,
            "Bezeichnung": name,
            "Menge": str(quantity),
            "Einzelpreis": str(price).replace(".", ","),
        }
        for order in orders()
        for position, number, name, quantity, price in lines_of(int(order["Auftragsnummer"]))
    ]


def write(folder: Path) -> None:
    """Write the exports as such ERP systems do: semicolons, CRLF, some in Windows-1252, some in UTF-8."""
    tables = {
        "kunden.csv": (_customers(), "utf-8-sig"),
        "artikel.csv": (_articles(), "cp1252"),
        "auftraege.csv": (orders(), "utf-8-sig"),
        "auftragspositionen.csv": (_order_lines(), "cp1252"),
        "offene_posten.csv": (open_items(), "cp1252"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, (rows, encoding) in tables.items():
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(rows[0]), delimiter=";", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
        (folder / name).write_bytes(out.getvalue().encode(encoding))

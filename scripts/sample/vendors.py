"""The invented wholesaler's vendors, as the bookkeeper keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from schwifty import IBAN


@dataclass(frozen=True)
class Vendor:
    """One creditor."""

    number: str
    name: str
    vat_id: str
    tax_number: str
    bank: str
    account: str
    domain: str
    expense: str
    days: int
    street: str
    postcode: str
    city: str
    country: str = "DE"
    iban_given: str = ""
    cost_center: str = ""

    @property
    def iban(self) -> str:
        """The bank account; generated with a valid check sum where it is German."""
        return self.iban_given or str(IBAN.generate("DE", bank_code=self.bank, account_code=self.account))


def german_vat_id(first: str) -> str:
    """A German VAT id with a valid check digit (ISO 7064 MOD 11,10) from eight digits."""
    product = 10
    for digit in first:
        total = (int(digit) + product) % 10 or 10
        product = 2 * total % 11
    return f"DE{first}{(11 - product) % 10}"


VENDORS = [
    Vendor("70001", "Wellpappe Nord GmbH", german_vat_id("81112341"), "", "20050550", "1234567890", "wellpappe-nord.example", "3400", 14, "Papierstraße 1", "21107", "Hamburg"),
    Vendor("70002", "Klebtechnik Rahlff KG", german_vat_id("13455672"), "", "21050170", "0017004321", "klebtechnik-rahlff.example", "3400", 30, "Bandweg 12", "24148", "Kiel"),
    Vendor("70003", "Folien Union AG", german_vat_id("29388013"), "", "30050110", "0098765432", "folien-union.example", "3400", 30, "Chemiepark 5", "41539", "Dormagen"),
    Vendor("70004", "Stadtwerke Travemünde GmbH", german_vat_id("13511224"), "", "23050101", "0005550001", "sw-travemuende.example", "4240", 14, "Am Gaswerk 2", "23570", "Lübeck"),
    Vendor("70005", "Telekontor Nordnetz GmbH", german_vat_id("22233445"), "", "20050550", "0044556677", "nordnetz.example", "4920", 10, "Leitungsweg 9", "20097", "Hamburg"),
    Vendor("70006", "Bürohaus Lübeck GmbH", german_vat_id("13566776"), "", "23050101", "0160002222", "buerohaus-luebeck.example", "4930", 14, "Kanalstraße 70", "23552", "Lübeck"),
    Vendor("70007", "Spedition Albers GmbH & Co. KG", german_vat_id("11822337"), "", "23050101", "0190033333", "spedition-albers.example", "3800", 14, "Genter Straße 8", "23568", "Lübeck"),
    Vendor("70008", "Gebäudereinigung Glanz & Söhne", german_vat_id("24711998"), "", "23050101", "0001112223", "glanz-soehne.example", "4250", 14, "Ziegelstraße 100", "23556", "Lübeck", cost_center="100"),
    Vendor("70009", "Hosting Havenweg GmbH", german_vat_id("30455669"), "", "20050550", "1200340056", "havenweg-hosting.example", "4980", 14, "Havenweg 3", "20457", "Hamburg", cost_center="200"),
    Vendor("70010", "Kartonage Kowalski Sp. z o.o.", "PL9552204403", "", "", "", "kartonage-kowalski.example", "3425", 30, "ul. Portowa 7", "70-001", "Szczecin", "PL", "PL61109010140000071219812874"),
    Vendor("70011", "Steuerberatung Thode PartGmbB", german_vat_id("13499110"), "", "21050170", "0900800700", "thode-steuer.example", "4950", 14, "Mengstraße 20", "23552", "Lübeck"),
    Vendor("70012", "Blumen Petersilie Inh. Ute Petersilie", "", "22/150/04711", "23050101", "0077700077", "blumen-petersilie.example", "4653", 14, "Hüxstraße 3", "23552", "Lübeck"),
    Vendor("70013", "Fachverlag Backsteintor GmbH", german_vat_id("28400117"), "", "20050550", "0660880990", "backsteintor-verlag.example", "4940", 14, "Marlesgrube 44", "23552", "Lübeck", cost_center="100"),
    Vendor("70014", "Palettendienst Holst e. K.", german_vat_id("19533447"), "", "21050170", "0044112288", "paletten-holst.example", "3400", 14, "Am Güterbahnhof 5", "24537", "Neumünster"),
    Vendor("70015", "Cloudwerf B.V.", "NL861400008B01", "", "", "", "cloudwerf.example", "4980", 30, "Havenkade 20", "3011 AA", "Rotterdam", "NL", "NL91ABNA0417164300", "200"),
]  # fmt: skip


def vendor(number: str) -> Vendor:
    """The vendor with this number."""
    return next(v for v in VENDORS if v.number == number)


def write(path: Path) -> None:
    """Write the list of creditors."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = ["Kreditor;Name;USt-IdNr;Steuernummer;IBAN;E-Mail-Domain;Aufwandskonto;Zahlungsziel;Kostenstelle"]
    rows += [
        f"{v.number};{v.name};{v.vat_id};{v.tax_number};{v.iban};{v.domain};{v.expense};{v.days};{v.cost_center}" for v in VENDORS
    ]
    path.write_bytes(("\r\n".join(rows) + "\r\n").encode("cp1252"))

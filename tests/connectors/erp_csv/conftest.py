"""A small ERP export of our own, and a way to open it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Surroundings
from connectors.erp_csv import ErpCsv

ORDERS = """Auftragsnummer;Kundennummer;Kunde;E-Mail;Bestelldatum;Status;Versanddatum;Liefertermin;Gesamtbetrag;Bezahlt
4711;10001;Müller & Söhne GmbH;Einkauf@Mueller.example;03.11.2026;versandt;12.11.2026;13.11.2026;1.234,50;ja
4712;10002;Café Größenwahn;info@cafe.example;05.11.26;offen;;2026-11-30;89,90;nein
4713;01003;"Weiß; Schwarz ""und"" Co.";rot@weiss.example;06.11.2026;storniert;;;-15,00;nein
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "office" / "erp"
    place.mkdir(parents=True)
    (place / "auftraege.csv").write_bytes(ORDERS.replace("\n", "\r\n").encode("cp1252"))
    return place


@pytest.fixture
def opened(tmp_path: Path, folder: Path) -> Iterator[Callable[..., ErpCsv]]:
    open_ones: list[ErpCsv] = []

    def make(tables: dict[str, Any] | None = None, **more: Any) -> ErpCsv:
        config = {"folder": "erp", "tables": tables or {"orders": {"file": "auftraege.csv"}}, **more}
        erp = ErpCsv(ErpCsv.Config.model_validate(config), Surroundings("erp", tmp_path / "office", tmp_path / "data"))
        open_ones.append(erp)
        return erp

    yield make
    for erp in open_ones:
        erp.close()

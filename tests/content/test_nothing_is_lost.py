"""The sample office's mails after somebody has approved everything: what is still to be done stays with a person, and is not filed as done."""

from __future__ import annotations

import email
import shutil
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from flows.advance import Tally
from flows.intake import intake
from flows.runtime import Runtime, open_runtime
from kontorist.store import cases
from kontorist.store.authority import Who
from kontorist.store.cases import Case
from tests.content.truth import MAILS, OFFICE
from tests.flows.offices import approve, proposals, reject, work

ANNA = Who("anna", frozenset({"service", "sales"}))
PETRA = Who("petra", frozenset({"accounting"}))
OLE = Who("ole", frozenset({"accounting", "office-lead"}))
MAREIKE = Who("mareike", frozenset({"management", "office-lead", "sales"}))


def two_invoices() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "Buchhaltung <rechnung@wellpappe-nord.example>", "Zwei Rechnungen"
    mail["To"], mail["Message-ID"] = "service@hansen-brandt.example", "<two@wellpappe-nord.example>"
    mail.set_content("anbei unsere Rechnungen.\n")
    for name in ("002-invoice-wellpappe-1187.eml", "018-invoice-klebtechnik.eml"):
        for attached in email.message_from_bytes((MAILS / name).read_bytes(), policy=default).iter_attachments():
            data = attached.get_content()
            data = data.encode() if isinstance(data, str) else data
            mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=attached.get_filename())
    return mail.as_bytes()


class Approved:
    """The sample office with these mails in its mailbox, when all that it proposes is approved and done."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(OFFICE, folder / "office")
        shutil.rmtree(folder / "office" / "mails")
        settings = folder / "office" / "office.yaml"
        settings.write_text(settings.read_text("utf-8").replace("undo_window: 15s", "undo_window: 0s"), "utf-8")

    def ends(self, *mails: bytes, decide: Callable[..., None] = approve) -> tuple[Runtime, list[Case]]:
        for number, mail in enumerate(mails):
            (self.folder / "office" / "mails").mkdir(exist_ok=True)
            (self.folder / "office" / "mails" / f"{number}.eml").write_bytes(mail)
        runtime = open_runtime(self.folder / "office", self.folder / "data", url=f"sqlite:///{self.folder}/store.sqlite")
        intake(runtime, "mailroom", Tally())
        work(runtime)
        for who in (ANNA, PETRA, OLE, MAREIKE):
            decide(runtime, *(r for r in proposals(runtime, "proposed") if set(r.rule["by"]) & who.groups), who=who)
        work(runtime)
        with runtime.database.read() as connection:
            return runtime, cases.load(connection, range(1, len(mails) + 1))


@pytest.fixture
def office(tmp_path: Path) -> Approved:
    return Approved(tmp_path)


@pytest.mark.parametrize(
    ("name", "folder", "asks"),
    [
        ("031-quote-fink-mailing.eml", "Angebote", "Angebot schreiben"),
        ("001-complaint-quast-crushed.eml", "Reklamationen", "Reklamation zu Ende bringen"),
    ],
)
def test_a_mail_that_is_only_answered_is_not_filed_as_done_and_stays_with_a_person(office, name, folder, asks):
    runtime, (case,) = office.ends((MAILS / name).read_bytes())

    assert [r.data["folder"] for r in proposals(runtime, "done") if r.action == "move"] == [folder]
    assert (case.state, asks in (case.error or "")) == ("unclear", True)


@pytest.mark.parametrize(
    "name",
    [
        "031-quote-fink-mailing.eml",
        "001-complaint-quast-crushed.eml",
        "003-status-behrens-47001.eml",
        "063-application-boettcher-warehouse.eml",
    ],
)
def test_a_mail_whose_answer_is_rejected_stays_with_a_person_and_where_it_lies(office, name):
    runtime, (case,) = office.ends((MAILS / name).read_bytes(), decide=reject)

    assert [r.action for r in proposals(runtime, "rejected")] == ["reply", "move"]
    assert proposals(runtime, "done") == []
    assert (case.state, "liegt noch im Posteingang" in (case.error or "")) == ("unclear", True)


@pytest.mark.parametrize(("status", "shipped", "asks"), [("in Arbeit", "", True), ("versandt", "02.11.2026", False)])
def test_an_order_without_a_day_of_delivery_stays_with_a_person(office, status, shipped, asks):
    orders = office.folder / "office" / "erp" / "auftraege.csv"
    head, *lines = orders.read_text("utf-8-sig").splitlines()
    row = dict(zip(head.split(";"), next(x for x in lines if x.startswith("47001;")).split(";"), strict=True))
    row |= {"Status": status, "Versanddatum": shipped, "Liefertermin": ""}
    orders.write_text("\n".join([head, ";".join(row.values())]), "utf-8-sig")

    _, (case,) = office.ends((MAILS / "003-status-behrens-47001.eml").read_bytes())

    assert case.state == ("unclear" if asks else "done")
    assert ("Bestellung 47001: bitte den Liefertermin klären" in (case.error or "")) is asks


def test_further_invoices_of_a_mail_stay_with_a_person(office):
    _, (case,) = office.ends(two_invoices())

    assert case.state == "unclear"
    assert "Gebucht ist nur RE-2026-1187." in case.error
    assert "KR-10442 (" in case.error

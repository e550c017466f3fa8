"""A simulation shows everything and does nothing: every effect there is explodes when it is touched."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.mail.maildir import Maildir
from flows import compare
from flows.simulate import simulate
from kontorist.core import registry
from kontorist.core.filters import ZONE
from kontorist.core.office import load_office
from scripts.sample.invoice import cii
from tests.connectors.accounting.books import INVOICE, LINES

SAMPLE = Path(__file__).resolve().parents[2] / "config"
MAILS = sorted((SAMPLE / "mails").glob("00[1-9]*.eml"))


def everything_in(*folders: Path) -> dict[str, str]:
    """Each file with its hash and time, but for caches of what was read."""
    files = (p for folder in folders for p in folder.rglob("*") if p.is_file() and "cache" not in p.parts)
    return {str(p): f"{hashlib.sha256(p.read_bytes()).hexdigest()} {p.stat().st_mtime_ns}" for p in files}


@pytest.fixture
def mined(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every action of every connector, and whatever changes or leaves a mailbox, explodes."""
    touched: list[str] = []

    def explode(*_args: Any, name: str = "", **_kwargs: Any) -> None:
        touched.append(name)
        raise AssertionError(f"{name} was touched in a simulation")

    for name, connector in registry.connectors().items():
        for action, cls in connector.actions.items():
            monkeypatch.setattr(cls, "execute", lambda *a, _n=f"{name}.{action}", **k: explode(*a, name=_n, **k))
        monkeypatch.setattr(connector, "acknowledge", lambda *a, _n=name, **k: explode(*a, name=f"{_n}.acknowledge", **k))
    for method in ("move", "flag", "append", "send"):
        monkeypatch.setattr(Maildir, method, lambda *a, _n=method, **k: explode(*a, name=_n, **k))
    return touched


def test_no_effect_is_possible_whatever_a_flow_proposes(tmp_path: Path, mined: list[str]) -> None:
    shutil.copytree(SAMPLE, tmp_path / "office", ignore=shutil.ignore_patterns("0[1-9]*.eml"))
    office, data = load_office(tmp_path / "office"), tmp_path / "data"
    list(simulate(office, data, "order-status", [], since="2020-01-01"))  # fills the sample mailbox
    before = everything_in(tmp_path)

    results = [*simulate(office, data, "mailroom", MAILS), *simulate(office, data, "dunning", [])]
    live = list(simulate(office, data, "mailroom", [], since="2020-01-01"))

    assert len({p["action"] for r in [*results, *live] for p in r["proposals"]}) >= 4
    assert len(live) == len(MAILS)
    assert everything_in(tmp_path) == before
    assert mined == []


def test_the_mines_do_explode(tmp_path: Path, mined: list[str]) -> None:
    with pytest.raises(AssertionError, match=r"mail\.reply was touched"):
        registry.load("connectors", "mail").actions["reply"]().execute(None, None)
    assert mined == ["mail.reply"]


def test_another_version_shows_which_cases_change_and_how(tmp_path: Path) -> None:
    office = load_office(SAMPLE)
    text = (SAMPLE / "flows" / "order-status.yaml").read_text()
    (tmp_path / "old.yaml").write_text(text.replace("Ihr Team von Hansen", "Dein Team von Hansen").replace("due: 4h", "due: 8h"))
    mails = [SAMPLE / "mails" / f"{n}.eml" for n in ("003-status-behrens-47001", "052-status-wohlers-no-number")]

    old = list(simulate(compare.with_flow(office, "order-status", tmp_path / "old.yaml"), tmp_path, "order-status", mails))
    new = list(simulate(office, tmp_path, "order-status", mails))
    first, second = compare.compared(old, new)

    assert first["changed"]
    assert first["changes"] == [
        "mailbox.reply body: … Mit freundlichen Grüßen Dein Team von Hansen & Brandt → … Mit freundlichen Grüßen Ihr Team von Hansen & Brandt"
    ]
    assert second["changes"] == []
    shown = compare.page("order-status", new, [first, second])
    assert "of 2 cases change" in shown
    assert "<script" not in shown


def test_a_page_never_carries_markup_from_a_mail() -> None:
    result = {
        "source": "x", "case": "<script>alert(1)</script>", "state": "waiting", "error": None, "steps": [],
        "proposals": [{"action": "a.b", "sentence": "<img src=x onerror=y>", "payload": {"t": "<b>"}, "origins": {}, "approvers": []}],
    }  # fmt: skip
    shown = compare.page("f", [result])
    assert not any(bad in shown for bad in ("<script", "<img", "<b>"))


def test_a_file_that_a_flow_cannot_read_is_said_with_its_reader_and_the_others_go_on(tmp_path: Path) -> None:
    statement = ":20:1\n:25:12345678/1234567890\n:28C:1/1\n:60F:C261101EUR0,00\n:61:2611021102C10,00NTRFNONREF\n:86:166?20RE-1\n"
    (tmp_path / "umsatz.mta").write_text(statement + ":62F:C261102EUR10,00\n-\n")
    (tmp_path / "notes.yml").write_text("a: 1\n")
    (tmp_path / "mail.eml").write_text("From: a@b.example\nSubject: x\n\ny\n")
    files = [tmp_path / name for name in ("notes.yml", "mail.eml", "umsatz.mta")]
    found = {Path(r["source"].partition(":")[0]).name: r for r in simulate(load_office(SAMPLE), tmp_path, "bank-payments", files)}
    assert "no bank statement" in found["notes.yml"]["error"]
    assert "nothing that 'bank' reads" in found["mail.eml"]["error"]
    assert found["umsatz.mta"]["state"] == "unclear"


def test_a_case_says_what_its_connector_warns_of(tmp_path: Path) -> None:
    head = (
        'From: a@b.example\nSubject: x\nContent-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=x\n\n'
    )
    (tmp_path / "mail.eml").write_text(head + "--x\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--x--\n")
    (found,) = simulate(load_office(SAMPLE), tmp_path, "mailroom", [tmp_path / "mail.eml"])
    assert any("verschlüsselt (OpenPGP)" in text for text in found["warnings"])


def test_what_both_an_agent_and_the_connector_warn_of_is_said_once(tmp_path: Path) -> None:
    issued = datetime.now(ZONE).date() + timedelta(days=40)
    (tmp_path / "re.xml").write_bytes(cii(replace(INVOICE, issued=issued, lines=LINES[:1])))
    (found,) = simulate(load_office(SAMPLE), tmp_path, "invoice-intake", [tmp_path / "re.xml"])
    (warned,) = [w for p in found["proposals"] for w in p["warnings"] if "40 Tage nach dem Eingang" in w["text"]]
    assert warned["stop"]

"""What a list says of a card besides its sentence."""

from __future__ import annotations

from kontorist.store.facets import amount_of, sender_of

ENTRY = {"key": "1", "amount": "140.00", "currency": "EUR", "counterparty": "Nordwind Versand GmbH"}


def test_a_payment_shows_who_paid_and_how_much() -> None:
    payload = {"entry": ENTRY, "items": [], "party": "10001"}
    assert sender_of({"row": ENTRY, "table": "entries"}, [payload]) == "Nordwind Versand GmbH"
    assert amount_of([payload]) == ("140.00", "EUR")


def test_a_reply_shows_who_wrote() -> None:
    mail = {"mail": {"from": {"name": "Ida Berg", "address": "ida@berg.example"}}, "row": ENTRY}
    assert sender_of(mail, [{"to": ["ida@berg.example"]}]) == "Ida Berg"


def test_a_new_mail_shows_whom_it_goes_to_by_name() -> None:
    for written, shown in [
        ("Optik Lindner <g@optik.example>", "Optik Lindner"),
        ('"Meier, Söhne" <m@meier.example>', "Meier, Söhne"),
        ("m@meier.example", "m@meier.example"),
        ("", ""),
    ]:
        assert sender_of({}, [{"to": [written]}]) == shown
    assert sender_of({}, [{"to": ["A <a@x.example>", "b@x.example"]}]) == "A, b@x.example"

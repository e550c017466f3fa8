"""Statements that come by mail: their entries with their lines; what is not ours or not readable goes to a person."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from agents.base import Setting, Task
from agents.statement import ReadStatement, StatementOptions
from kontorist.core.values import sha256

OURS = "DE89370400440532013000"
ENTRY = ":61:2611031103C140,00NTRFNONREF\n:86:166?00GUTSCHRIFT?20SVWZ+R26-3100\n"
WHOLE = f":20:A\n:25:{OURS}\n:28C:1\n:60F:C261101EUR0,00\n{ENTRY}:62F:C261103EUR140,00\n-\n".encode()


def read(*files: tuple[str, bytes], **options: Any) -> Any:
    typed = StatementOptions.model_validate({"documents": "{{ mail.attachments }}", **options})
    about = [{"name": name, "sha256": sha256(data)} for name, data in files]
    task = Task(typed, {"documents": about}, documents={sha256(data): data for _, data in files})
    (result,) = ReadStatement().run([task], Setting(None, Path(), ("en",)))
    return result


def test_the_entries_of_an_attached_statement_are_found_with_their_line():
    result = read(("auszug.sta", WHOLE), ("logo.png", b"\x89PNG"))
    (entry,) = result.output["entries"]

    assert (entry["amount"], entry["purpose"], entry["file"]) == (Decimal("140.00"), "R26-3100", "auszug.sta")
    assert result.evidence["entries[0]"][0].row == "line 5"
    assert (result.output["accounts"], result.unclear) == ([OURS], "")


def test_the_same_movement_in_two_files_is_one():
    assert len(read(("a.sta", WHOLE), ("b.sta", WHOLE + b"\n")).output["entries"]) == 1


def test_the_evidence_of_an_entry_is_its_own_where_one_before_it_came_twice():
    more = ":61:2611031103C7,00NTRFNONREF\n:86:166?00GUTSCHRIFT?20R26-3101\n"
    result = read(("a.sta", WHOLE), ("b.sta", WHOLE.replace(b":62F", more.encode() + b":62F")))

    for number, entry in enumerate(result.output["entries"]):
        assert result.evidence[f"entries[{number}]"][0].quote == str(entry["amount"])
    assert len(result.evidence) == len(result.output["entries"]) == 2


def test_an_attachment_that_cannot_be_read_is_told_though_another_could_be():
    result = read(("a.sta", WHOLE), ("b.sta", WHOLE[: WHOLE.index(b":62F")]))

    assert len(result.output["entries"]) == 1
    assert any("'b.sta'" in one and "breaks off" in one for one in result.output["problems"])
    assert list(result.warnings) == result.output["problems"]


def test_what_is_of_another_account_or_torn_goes_to_a_person():
    assert "is not ours" in read(("a.sta", WHOLE), accounts=["DE02120300000000202051"]).unclear
    assert "breaks off" in read(("a.sta", WHOLE[: WHOLE.index(b":62F")])).unclear
    assert read(("a.sta", WHOLE), accounts=["DE89 3704 0044 0532 0130 00"]).unclear == ""


def test_a_mail_without_a_statement_has_none():
    result = read(("foto.jpg", b"\xff\xd8\xff"))
    assert (result.output["found"], result.output["entries"], result.unclear) == (False, [], "")


def test_our_account_may_be_named_by_bank_code_and_number():
    result = read(("a.sta", WHOLE.replace(OURS.encode(), b"37040044/532013000")), accounts=[OURS])
    assert (result.unclear, result.output["accounts"]) == ("", [OURS])

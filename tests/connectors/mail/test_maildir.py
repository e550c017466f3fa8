"""A mailbox on this machine in which thousands of mails lie: what is asked of one of them does not read the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.mail.maildir import Maildir
from tests.connectors.mail.conftest import Box, letter, make
from tests.connectors.mail.servers import Imap, Mailserver


@pytest.fixture
def box(tmp_path: Path, mailservers: Callable[[str], Imap], smtp: Mailserver) -> Iterator[Box]:
    made = make("maildir", tmp_path, mailservers, smtp, "")
    yield made
    made.connector.close()


def test_filing_a_mail_opens_none_of_the_mails_that_were_filed_before(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    box.put(*(letter(body=f"mail {i}") for i in range(50)), folder="Erledigt")
    box.put(letter())
    (item,) = box.taken_in()
    opened: list[str] = []
    read = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *a, **k: (opened.append(self.name), read(self, *a, **k))[1])
    box.do("move", item, folder="Erledigt")
    assert (box.count("INBOX"), box.count("Erledigt")) == (0, 51)
    assert len({name for name in opened if "test" in name}) == 1


def test_a_second_mail_in_the_same_second_is_noticed_on_a_share_that_tells_whole_seconds(tmp_path: Path) -> None:
    place = tmp_path / "box" / "new"
    place.mkdir(parents=True)
    (tmp_path / "box" / "cur").mkdir()
    maildir = Maildir(tmp_path / "box", None, None, 10**6)
    assert maildir.wait(["INBOX"], 0.0)
    for name in ("1", "2"):
        (place / name).write_bytes(b"Subject: x\n\n")
        os.utime(place, (1000, 1000))
        assert maildir.wait(["INBOX"], 0.0)


def test_a_mail_that_lies_in_both_folders_is_filed_once_and_its_twin_left_alone(box: Box) -> None:
    box.put(letter())
    (item,) = box.taken_in()
    box.connector.transport.append("Erledigt", letter(), "put-there-by-somebody", [])
    box.do("move", item, folder="Erledigt")
    assert (box.count("INBOX"), box.count("Erledigt")) == (0, 2)
    box.do("move", item, folder="Erledigt")
    assert box.count("Erledigt") == 2


@pytest.mark.parametrize("flags", ["", "S", "RS", "T", "PST", "DFPRST", "Sa"])
@pytest.mark.parametrize("part", ["cur", "new"])
def test_a_mail_is_found_whatever_flags_it_bears(tmp_path: Path, part: str, flags: str) -> None:
    box = Maildir(tmp_path / "box", None, None, 10_000)
    box.append("INBOX", letter(), "other", [])
    for name in ("cur", "new"):
        (tmp_path / "box" / name).mkdir(exist_ok=True)
    (tmp_path / "box" / part / f"1.a.host:2,{flags}").write_bytes(letter())
    assert [m.data for m in box.fetch("INBOX", ["1.a.host", "none"])] == [letter()]
    box.flag("INBOX", next(iter(box.fetch("INBOX", ["1.a.host"]))), "seen", on=True)
    (mail,) = box.fetch("INBOX", ["1.a.host"])
    assert "seen" in mail.flags


@pytest.mark.parametrize("name", ["../../secret", "../secret", "/etc/hostname", ".hidden", "x\0y"])
def test_a_name_leads_to_no_other_folder(tmp_path: Path, name: str) -> None:
    box = Maildir(tmp_path / "box", None, None, 10_000)
    box.append("INBOX", letter(), "other", [])
    for place in ("secret", "box/secret", "box/cur/.hidden"):
        (tmp_path / place).write_text("secret")
    assert list(box.fetch("INBOX", [name])) == []

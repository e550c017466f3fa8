"""A worker is killed, or its line breaks, in the middle of a change to a mailbox: the next one finishes it, and it is there once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Context, Item
from connectors.mail import Mail
from connectors.mail.config import MailConfig
from kontorist.core.errors import KontoristError
from kontorist.testing import permit_for
from tests.chaos.worker import ended, fork
from tests.connectors.mail.conftest import Box, letter, make
from tests.connectors.mail.proxy import Proxy
from tests.connectors.mail.servers import Imap, Mailserver

NO_MOVE = "dovecot-without-move"
POINTS = {
    "before the copy": (b"UID COPY", False),
    "after the copy, before the original is marked": (b"UID STORE", False),
    "after the original is marked, before it is expunged": (b"UID EXPUNGE", False),
    "after the copy, before its answer": (b"UID COPY", True),
}


class Line:
    """A mailbox, and the same one over a line that breaks at a command."""

    def __init__(self, box: Box) -> None:
        assert box.server
        self.box, self.proxy = box, Proxy(box.server.port)
        config = box.connector.config.model_dump(mode="json", by_alias=True)
        config["imap"] |= {
            "port": self.proxy.port,
            "tls": "none",
            "ca_file": None,
            "password": box.connector.config.imap.password,
        }
        self.config = MailConfig.model_validate(config)

    def fragile(self) -> Mail:
        return Mail(self.config, self.box.connector.surroundings)

    def killed_at(self, command: bytes, work: Callable[[Mail], object], *, answered: bool = False) -> int:
        """Have a worker do something and die at a command; how it ended."""
        self.proxy.faults.at, self.proxy.faults.answered = command, answered
        child: list[int] = []
        self.proxy.faults.act = lambda: os.kill(child[0], signal.SIGKILL)
        child.append(fork(lambda: (work(self.fragile()), None)[1]))
        return ended(child[0])


@pytest.fixture(params=[NO_MOVE, "dovecot", "pymap"])
def line(request: pytest.FixtureRequest, tmp_path: Path, mailservers: Callable[[str], Imap], smtp: Mailserver) -> Iterator[Line]:
    yield from _line(request.param, tmp_path, mailservers, smtp)


@pytest.fixture
def without_move(tmp_path: Path, mailservers: Callable[[str], Imap], smtp: Mailserver) -> Iterator[Line]:
    yield from _line(NO_MOVE, tmp_path, mailservers, smtp)


def _line(kind: str, tmp_path: Path, mailservers: Callable[[str], Imap], smtp: Mailserver) -> Iterator[Line]:
    from tests.connectors.mail.conftest import _empty
    from tests.connectors.mail.servers import USER

    box = make(kind, tmp_path, mailservers, smtp, USER if kind == "pymap" else f"{abs(hash(str(tmp_path)))}@example.com")
    if kind == "pymap":
        _empty(box)
    made = Line(box)
    yield made
    box.connector.close()
    made.proxy.stop()


def _proposed(connector: Mail, action: str, item: Item | None, **payload: Any) -> dict[str, Any]:
    made = connector.actions[action]()
    context = Context(1, "test", dict(item.data) if item else {}, language="de")
    return dict(made.propose(connector, made.Payload.model_validate(payload), context).payload)


def _done(connector: Mail, action: str, payload: dict[str, Any]) -> Any:
    return connector.actions[action]().execute(connector, permit_for(payload, key="act-1"))


def _found(connector: Mail, action: str, payload: dict[str, Any]) -> Any:
    return connector.actions[action]().find(connector, payload, "act-1")


@pytest.mark.parametrize("point", POINTS)
def test_a_move_without_move_that_was_killed_half_way_leaves_the_mail_once(without_move: Line, point: str) -> None:
    box = without_move.box
    box.put(letter(), letter(subject="Bleibt hier"))
    item = next(one for one in box.taken_in() if one.title.startswith("Wo"))
    payload = _proposed(box.connector, "move", item, folder="Erledigt")
    command, answered = POINTS[point]

    assert without_move.killed_at(command, lambda c: _done(c, "move", payload), answered=answered) == -signal.SIGKILL

    assert box.count("INBOX") == 2, "the original was gone before the work was done"
    assert _found(box.connector, "move", payload) is None, "half a move was taken for a whole one"
    _done(box.connector, "move", payload)
    assert (box.count("INBOX"), box.count("Erledigt")) == (1, 1)
    assert _found(box.connector, "move", payload)


def test_a_line_that_breaks_after_the_copy_costs_no_mail_and_makes_no_second_one(without_move: Line) -> None:
    box, connector = without_move.box, without_move.fragile()
    box.put(letter())
    (item,) = box.taken_in()
    payload = _proposed(connector, "move", item, folder="Erledigt")
    without_move.proxy.faults.at = b"UID STORE"

    with pytest.raises(KontoristError):
        _done(connector, "move", payload)
    _done(connector, "move", payload)

    assert (box.count("INBOX"), box.count("Erledigt")) == (0, 1)
    connector.close()


def test_another_mail_with_the_same_message_id_in_the_target_does_not_count_as_the_copy(without_move: Line) -> None:
    box = without_move.box
    box.put(letter(message_id="<x@kunde.example>"))
    box.put(letter(body="ein anderer Text\n", message_id="<x@kunde.example>"), folder="Erledigt")
    (item,) = box.taken_in()
    _done(box.connector, "move", _proposed(box.connector, "move", item, folder="Erledigt"))
    assert (box.count("INBOX"), box.count("Erledigt")) == (0, 2)


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
def test_a_draft_whose_worker_died_at_append_lies_there_once(line: Line, answered: bool) -> None:
    box = line.box
    payload = _proposed(box.connector, "draft", None, to="karla@kunde.example", subject="Angebot", body="Ein Entwurf")

    assert line.killed_at(b"APPEND", lambda c: _done(c, "draft", payload), answered=answered) == -signal.SIGKILL

    folder = box.connector.transport.drafts_folder()
    if not answered:
        assert _found(box.connector, "draft", payload) is None
        _done(box.connector, "draft", payload)
    assert _found(box.connector, "draft", payload)
    assert box.count(folder) == 1


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
def test_a_copy_among_the_sent_ones_is_made_once_although_the_line_broke_at_append(line: Line, answered: bool) -> None:
    connector = line.fragile()
    payload = _proposed(connector, "send", None, to="karla@kunde.example", subject="Angebot", body="Anbei.")
    line.proxy.faults.at, line.proxy.faults.answered = b"APPEND", answered

    evidence = _done(connector, "send", payload).evidence

    assert evidence["sent_copy"] == "Sent"
    assert line.proxy.faults.at == b"", "the line did not break"
    assert (line.box.count("Sent"), len(line.box.mailserver.taken)) == (1, 1)
    connector.close()


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
def test_a_worker_that_died_at_the_copy_has_sent_the_mail_once_and_a_person_or_the_copy_tells(line: Line, answered: bool) -> None:
    box = line.box
    payload = _proposed(box.connector, "send", None, to="karla@kunde.example", subject="Angebot", body="Anbei.")

    assert line.killed_at(b"APPEND", lambda c: _done(c, "send", payload), answered=answered) == -signal.SIGKILL

    assert len(box.mailserver.taken) == 1
    assert box.count("Sent") == int(answered)
    assert bool(_found(box.connector, "send", payload)) is answered, "without a copy nobody can know, so a person is asked"

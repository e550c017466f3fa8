"""Shadow run and discover read a mailbox on a real IMAP server, and leave it as it was."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest

from flows import shadow_report
from flows.discover import Found, discover
from flows.shadow import shadow
from kontorist.core.office import load_office
from scripts.past_mailbox import Truth, make
from tests.connectors.mail.servers import DOVECOT
from tests.flows.past import adjusted_rand_index, commands, mails_in, on_dovecot, untrue

pytestmark = pytest.mark.skipif(DOVECOT is None, reason="Dovecot is not installed: apt-get install dovecot-imapd")
MAILS = 2_000 if os.environ.get("LONG_TESTS") else 150
READING = {"CAPABILITY", "LOGIN", "AUTHENTICATE", "ID", "LIST", "EXAMINE", "UID SEARCH", "UID FETCH", "NOOP", "LOGOUT", "UNSELECT", "CLOSE"}  # fmt: skip


class Looked:
    """The mailbox's truth, what was reported, and what the server saw."""

    truth: list[Truth]
    report: shadow_report.Report
    found: Found
    said: Counter[str]
    unchanged: bool


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Looked]:
    folder, one = tmp_path_factory.mktemp("past"), Looked()
    one.truth = make(folder, MAILS, seed=5)
    with on_dovecot(folder) as (server, log):
        before = mails_in(server)
        office = load_office(folder / "office")
        run = shadow(office, folder / "data", "order-status", "60d")
        one.report = shadow_report.report(office, folder / "data", run, {})
        one.found = discover(office, folder / "data", "mailbox", "60d")
        one.unchanged = len(before) > MAILS and mails_in(server) == before
        one.said = commands(log)
        yield one


def test_the_shadow_run_reports_the_truth(looked: Looked) -> None:
    *lines, figures = shadow_report.lines(looked.report)
    assert untrue(looked.truth, lines) == []
    assert (len(lines), figures["cases"]) == (MAILS, MAILS)


def test_discover_finds_the_kinds_of_request(looked: Looked) -> None:
    kinds = {one.message_id: one.kind for one in looked.truth}
    assert adjusted_rand_index([kinds[a.letter.message_id] for a in looked.found.asked], list(looked.found.groups)) >= 0.8


def test_the_server_was_only_read_from(looked: Looked) -> None:
    """No folder was opened for writing, no mail fetched in a way that marks it as read, no file renamed (flags) or touched."""
    assert looked.said["EXAMINE"] > 0
    assert looked.said["UID FETCH"] > 0
    assert set(looked.said) <= READING
    assert looked.unchanged

"""The program dies at every point of a posting: one batch in the end, and never a second one."""

from __future__ import annotations

import errno
import itertools
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors import _files
from connectors.accounting import files, post, postings
from connectors.base import Proposal
from kontorist.core.errors import Rejected, Unavailable, Uncertain
from kontorist.core.values import sha256
from scripts.sample.invoice import cii
from tests.chaos import worker
from tests.chaos.worker import ended, fork
from tests.connectors.accounting.books import INVOICE, Books

BEFORE = [(post, "_archive"), (files, "prepare"), (post, "_begin")]


def die(books: Books, proposal: Proposal, where: Any, name: str) -> None:
    """Post in a process of its own that dies, as if by SIGKILL, when it calls this function."""
    child = os.fork()
    if not child:
        setattr(where, name, lambda *_: os._exit(9))
        books.post(proposal)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def found(books: Books, proposal: Proposal) -> Any:
    return books.action.find(books.connector, proposal.payload, "k1")


@pytest.fixture
def proposal(books: Books) -> Proposal:
    return books.propose(cii(INVOICE))


@pytest.mark.parametrize(("where", "name"), BEFORE, ids=[name for _, name in BEFORE])
def test_who_dies_before_the_batch_appears_posts_once_the_second_time(
    books: Books, proposal: Proposal, where: Any, name: str
) -> None:
    die(books, proposal, where, name)
    assert books.batches() == []
    assert found(books, proposal) is None
    books.post(proposal)
    assert len(books.batches()) == 1
    assert len(books.connector.posted()) == 1


def test_who_dies_while_the_batch_appears_leaves_it_to_a_person(books: Books, proposal: Proposal) -> None:
    die(books, proposal, files, "put")
    assert books.batches() == []
    with pytest.raises(Uncertain, match="RE-1/2026"):
        found(books, proposal)
    books.post(proposal)
    assert len(books.batches()) == 1
    assert found(books, proposal)


def test_who_dies_after_the_batch_appeared_is_told_that_it_is_there(books: Books, proposal: Proposal) -> None:
    die(books, proposal, postings, "append")
    assert found(books, proposal).evidence["file"] == books.batches()[0].name
    assert [one.number for one in books.connector.posted()] == ["RE-1/2026"]
    books.post(proposal)
    assert len(books.batches()) == 1


def test_a_batch_that_was_taken_away_before_the_ledger_knew_is_not_written_again(books: Books, proposal: Proposal) -> None:
    die(books, proposal, postings, "append")
    books.batches()[0].rename(books.folder / "imported.csv")
    with pytest.raises(Uncertain):
        found(books, proposal)


def test_a_batch_that_was_imported_and_taken_away_is_known_from_the_ledger(books: Books, proposal: Proposal) -> None:
    books.post(proposal)
    books.batches()[0].unlink()
    assert found(books, proposal).evidence["ledger"] == "postings.jsonl"
    assert "duplicate" in [w.code for w in books.propose(cii(INVOICE)).warnings]


def test_another_key_finds_nothing(books: Books, proposal: Proposal) -> None:
    books.post(proposal)
    assert books.action.find(books.connector, proposal.payload, "k2") is None


def test_a_torn_last_line_of_the_ledger_loses_no_posting(books: Books, proposal: Proposal) -> None:
    books.post(proposal)
    ledger = books.folder / "var/books/postings.jsonl"
    ledger.write_bytes(ledger.read_bytes()[:-20])
    assert [one.number for one in books.connector.posted()] == ["RE-1/2026"]
    books.post(books.propose(cii(replace(INVOICE, number="RE-2"))), key="k2")
    for batch in books.batches():
        batch.unlink()
    assert [one.number for one in books.connector.posted()] == ["RE-2"]


@pytest.mark.parametrize("step", [files.prepare, files.sync], ids=["prepare", "sync"])
def test_a_full_disk_is_a_sentence_and_leaves_no_batch(
    books: Books, proposal: Proposal, monkeypatch: pytest.MonkeyPatch, step: Callable[..., Any]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, step.__name__, full)
    with pytest.raises(Unavailable, match="No space left on device"):
        books.post(proposal)
    assert books.batches() == []
    assert found(books, proposal) is None


def test_a_document_that_was_changed_since_is_not_posted(books: Books, proposal: Proposal) -> None:
    digest = sha256(cii(INVOICE))
    (books.folder / "var/documents" / digest[:2] / digest).write_bytes(b"something else")
    with pytest.raises(Rejected, match="was changed"):
        books.post(proposal)
    assert books.batches() == []


def test_the_original_is_archived_byte_for_byte(books: Books, proposal: Proposal) -> None:
    receipt = books.post(proposal)
    archived = books.folder / "var/books/belege" / receipt.evidence["archived"]
    assert (archived.name, archived.read_bytes()) == (f"{sha256(cii(INVOICE))}.xml", cii(INVOICE))


def hidden(folder: Path) -> list[str]:
    """What is there beside batches, originals, the ledger and marks of attempts."""
    return sorted(p.name for p in folder.rglob("*") if p.name.startswith(".") and p.name != ".begun")


def test_nothing_unfinished_is_left_behind(books: Books, proposal: Proposal) -> None:
    books.post(proposal)
    assert hidden(books.folder) == []


@pytest.mark.parametrize("way", ["without a name", "with a name"])
@pytest.mark.parametrize("moment", ["first name", "second name", "third name", "first sync", "third sync"])
def test_who_is_killed_leaves_no_draft_for_long(
    books: Books, proposal: Proposal, monkeypatch: pytest.MonkeyPatch, way: str, moment: str
) -> None:
    """A real SIGKILL while the original, the mark or the batch is written: where the disk has files without a name, nothing is left at once."""
    if way == "with a name":
        monkeypatch.setattr(_files, "_nameless", lambda _folder: None)
    elif (handle := _files._nameless(books.folder)) is None:
        pytest.skip("This disk has no files without a name.")
    else:
        os.close(handle)
    assert ended(fork(lambda: _killed_at(moment, books, proposal))) == -signal.SIGKILL
    assert way == "with a name" or hidden(books.folder) == []
    assert way != "with a name" or 1 <= len(hidden(books.folder)) <= 2
    _files._SWEPT.clear()  # an hour later
    books.post(proposal)
    assert hidden(books.folder) == []
    assert len(books.batches()) == 1


def _killed_at(moment: str, books: Books, proposal: Proposal) -> None:
    """Original, mark and batch: each is written, waits for the disk, and gets its name."""
    count, what = moment.split()
    name, calls = ("link", itertools.count(1)) if what == "name" else ("fsync", itertools.count(1))
    at, inner = {"first": 1, "second": 2, "third": 3}[count], getattr(os, name)

    def call(*given: Any, **named: Any) -> Any:
        if next(calls) == at:
            worker.die()
        return inner(*given, **named)

    setattr(os, name, call)
    books.post(proposal)


def test_what_an_earlier_version_left_is_taken_away_after_a_day(books: Books, proposal: Proposal) -> None:
    folder = books.folder / "var/books"
    folder.mkdir(parents=True, exist_ok=True)
    for name, age in (("old_0001", 90_000), ("new_0001", 60)):
        (folder / f".new-{name}").write_bytes(b"half")
        os.utime(folder / f".new-{name}", (time.time() - age,) * 2)
    books.post(proposal)
    assert hidden(books.folder) == [".new-new_0001"]


def test_a_damaged_original_in_the_archive_is_put_right(books: Books, proposal: Proposal) -> None:
    receipt = books.post(proposal)
    archived = books.folder / "var/books/belege" / receipt.evidence["archived"]
    archived.write_bytes(b"torn")
    books.post(proposal)
    assert archived.read_bytes() == cii(INVOICE)
    assert hidden(books.folder) == []


def test_a_share_without_hard_links_takes_batches_too(books: Books, proposal: Proposal, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: Any, **__: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(_files, "_nameless", lambda _folder: None)
    monkeypatch.setattr(os, "link", no_links)
    books.post(proposal)
    assert len(books.batches()) == 1
    assert hidden(books.folder) == []
    books.batches()[0].write_bytes(b"somebody else's")
    with pytest.raises(Rejected, match="with other postings"):
        books.post(proposal)

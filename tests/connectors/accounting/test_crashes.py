"""The program dies at every point of a posting: one batch in the end, and never a second one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.accounting import files, post, postings
from connectors.base import Proposal
from kontorist.core.errors import Rejected, Unavailable, Uncertain
from kontorist.core.values import sha256
from scripts.sample.invoice import cii
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
    die(books, proposal, os, "link")
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


def leftovers(folder: Path) -> Iterator[Path]:
    return folder.rglob(".new-*")


def test_nothing_unfinished_is_left_behind(books: Books, proposal: Proposal) -> None:
    books.post(proposal)
    assert list(leftovers(books.folder)) == []

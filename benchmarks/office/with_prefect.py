"""The work with Prefect alone, as one writes it first: a task for each step, a flow run for each mail, or two where a person approves between."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from benchmarks.office import work
from benchmarks.office.laps import Laps


def run(folder: Path, mails: int) -> dict[str, float]:
    """All mails; a person's approval is taken as given. Raises AssertionError if one of them is not done."""
    from prefect import flow

    handle = _lines(folder)
    propose, execute = _steps(handle)

    @flow(name="mail")
    def mail(i: int) -> None:
        execute(propose(i))

    mail(0)  # one is enough: nothing of it stays open for the next
    laps = Laps()
    for i in range(mails):
        mail(i)
    laps.lap("all")
    return _done(laps, handle, folder, mails)


def run_approved(folder: Path, mails: int) -> dict[str, float]:
    """All mails, approved when all are proposed.

    As with the other contenders no run waits in memory for a person: what was approved is carried out by a run of its own. Raises
    AssertionError if one of them is not done.
    """
    from prefect import flow

    handle = _lines(folder)
    propose, execute = _steps(handle)

    @flow(name="prepare")
    def prepare(i: int) -> str:
        return propose(i)

    @flow(name="carry-out")
    def carry_out(reply: str) -> None:
        execute(reply)

    carry_out(prepare(0))
    laps = Laps()
    replies = [prepare(i) for i in range(mails)]
    laps.lap("prepare")
    for reply in replies:
        carry_out(reply)
    laps.lap("execute")
    return _done(laps, handle, folder, mails)


def _steps(handle: int) -> tuple[Callable[[int], str], Callable[[str], None]]:
    """What comes before the approval, four tasks, and the task after it; both for use in a flow."""
    from prefect import task

    @task
    def classify(text: str) -> str:
        return work.classify(text)

    @task
    def extract(text: str) -> str:
        return work.extract(text)

    @task
    def draft(label: str, number: str) -> str:
        return work.draft(label, number)

    @task
    def propose(reply: str) -> str:
        return reply

    @task
    def execute(reply: str) -> None:
        work.append_line(handle, reply)

    def proposed(i: int) -> str:
        text = work.mail_text(i)
        return propose(draft(classify(text), extract(text)))

    return proposed, execute


def _lines(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    return os.open(folder / "lines.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def _done(laps: Laps, handle: int, folder: Path, mails: int) -> dict[str, float]:
    seconds = laps.seconds()
    os.close(handle)
    assert len((folder / "lines.txt").read_text().splitlines()) == mails + 1
    return seconds

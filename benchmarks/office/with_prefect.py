"""The work with Prefect alone, as one writes it first: a flow run for each mail, a task for each step."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.office import work
from benchmarks.office.laps import Laps


def run(folder: Path, mails: int) -> dict[str, float]:
    """All mails; a person's approval is taken as given. Raises AssertionError if one of them is not done."""
    from prefect import flow, task

    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "lines.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

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

    @flow(name="mail")
    def mail(i: int) -> None:
        text = work.mail_text(i)
        execute(propose(draft(classify(text), extract(text))))

    mail(0)  # one is enough: nothing of it stays open for the next
    laps = Laps()
    for i in range(mails):
        mail(i)
    laps.lap("all")
    seconds = laps.seconds()
    os.close(handle)
    assert len((folder / "lines.txt").read_text().splitlines()) == mails + 1
    return seconds

"""What a mailbox is about: its mails by kind of request, how each kind was answered, and what is worth automating first. Only read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.mail import history
from flows import people
from flows.clustering import clusters
from flows.discover_erp import Erp
from flows.people import Deed, Letter
from flows.said import bare, standing_lines, vectors
from flows.shadow import opened
from flows.simulate import throw_away
from kontorist.core.clock import since_day
from kontorist.core.office import Office

Tell = Callable[[str, int, int], None]
SMALLEST = 5
"""Fewer mails are no kind of request, but odds and ends."""


@dataclass(frozen=True)
class Asked:
    """One mail of a person: what it asks, and what was done with it."""

    letter: Letter
    name: str
    language: str
    text: str = field(repr=False)
    said: str = field(repr=False)
    folder: str
    deed: Deed
    looked_up: tuple[str, ...] = ()
    """Columns of the ERP whose values stand in the answer and not in the mail."""


@dataclass(frozen=True)
class Found:
    """A mailbox's mails by kind of request; group -1 are odds and ends."""

    connection: str
    since: str
    asked: Sequence[Asked]
    groups: Sequence[int]
    automatic: int
    sent: int
    days: float
    vectors: Any = field(repr=False)


def discover(office: Office, data_dir: Path, connection: str, since: str, *, tell: Tell | None = None) -> Found:
    """Read a mailbox's past and group it. Raises ConfigurationError and what the mailbox raises."""
    day, say = since_day(since), tell or (lambda *_: None)
    with throw_away(office, data_dir) as runtime:
        connector = opened(runtime, connection)
        total, automatic, rough, looked_at = history.count(connector, day), 0, [], 0
        for one in history.received(connector, day):
            looked_at += 1
            say("mails", looked_at, total)
            if one.mail["automatic"] or one.mail["bulk"] or one.role == "junk":
                automatic += 1
                continue
            rough.append(
                (people.letter_of(one), one.mail["from"]["name"], one.mail["language"], one.mail["new_text"][:5_000], one.folder)
            )
        sent = list(history.sent(connector, day))
        deeds = people.answers([one[0] for one in rough], sent)
        erp = Erp.of(runtime)
    standing = standing_lines((letter.sender, text) for letter, _, _, text, _ in rough)
    asked = []
    for letter, name, language, text, folder in rough:
        deed = deeds.get(letter.source, Deed())
        said = bare(letter.subject, text, (name, letter.sender.partition("@")[0]), standing.get(letter.sender, frozenset()))
        looked_up = erp.looked_up(letter.sender, f"{letter.subject}\n{text}", deed.answer.text) if deed.answer else ()
        asked.append(Asked(letter, name, language, text, said, folder, deed, looked_up))
    found = vectors([one.said for one in asked], [one.language for one in asked]) if asked else []
    return Found(
        connection, since, asked, _numbered(found), automatic, len(sent), _days([a.letter.arrived for a in asked]), found
    )


def _numbered(found: Any) -> list[int]:
    """The groups, those that are too small as -1."""
    groups = [int(group) for group in clusters(found)] if len(found) else []
    sizes = Counter(groups)
    return [group if sizes[group] >= SMALLEST else -1 for group in groups]


def _days(moments: Sequence[datetime | None]) -> float:
    known = [moment for moment in moments if moment]
    return max(1.0, (max(known) - min(known)).total_seconds() / 86_400) if known else 1.0

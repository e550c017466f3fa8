"""A shadow run: a flow on past mail beside what people really did with it. Nothing is changed anywhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from connectors.base import Item
from connectors.mail import Mail, history
from connectors.mail.history import Received
from flows import people
from flows.people import Deed, Letter
from flows.runtime import Runtime
from flows.shadow_postings import Postings
from flows.simulate import feeding, through, throw_away
from kontorist.core.clock import since_day
from kontorist.core.errors import ConfigurationError, NotFound
from kontorist.core.office import Office

Tell = Callable[[str, int, int], None]
"""Progress: what is done, how many of how many."""


@dataclass(frozen=True)
class Past:
    """One mail of the past: what the flow would have done, and what people did."""

    letter: Letter
    text: str = field(repr=False)
    """What was new in the mail."""
    result: Mapping[str, Any]
    deed: Deed
    postings: Sequence[Mapping[str, Any]] = ()
    """What was booked from its documents."""


@dataclass(frozen=True)
class Run:
    """Everything a report is made of."""

    flow: str
    connection: str
    folders: Sequence[str]
    since: str
    first: datetime | None
    last: datetime | None
    past: Sequence[Past]
    sent: int
    """How many sent mails were looked at."""
    booked: Postings = field(repr=False)
    """What was booked, by whomever."""


def shadow(office: Office, data_dir: Path, flow: str, since: str, *, connection: str = "", tell: Tell | None = None) -> Run:
    """Run a flow over a mailbox's past. Raises NotFound, ConfigurationError, and what the mailbox raises."""
    if flow not in office.flows:
        raise NotFound(f"There is no flow '{flow}'; there are: {', '.join(office.flows)}.")
    day, say = since_day(since), tell or (lambda *_: None)
    with throw_away(office, data_dir) as runtime:
        name, folders = mailbox_of(office, flow, connection)
        connector = opened(runtime, name)
        heads: dict[str, tuple[Letter, str, str, tuple[str, ...]]] = {}
        total = history.count(connector, day)
        results = {}
        for result in through(runtime, flow, _as_then(connector, day, folders[0], heads)):
            results[result["source"]] = result
            say("mails", len(results), total)
        out = []
        for one in history.sent(connector, day):
            out.append(one)
            say("sent", len(out), len(out))
        deeds = people.answers([head[0] for head in heads.values()], out)
        booked = Postings.of(runtime)
        past = [
            Past(letter, text, results[source], _deed(deeds.get(source), folder, folders), booked.from_documents(documents))
            for source, (letter, text, folder, documents) in heads.items()
            if source in results
        ]
    moments = sorted(p.letter.arrived for p in past if p.letter.arrived)
    return Run(flow, name, folders, since, next(iter(moments), None), next(reversed(moments), None), past, len(out), booked)


def mailbox_of(office: Office, flow: str, connection: str) -> tuple[str, list[str]]:
    """The mailbox whose past is looked at, and the folders where the flow's mails arrive. Raises ConfigurationError."""
    for one in feeding(office, flow):
        options = dict((one.trigger.mail if one.trigger else None) or {})
        if options and connection in ("", options["connection"]):
            folder = options.get("folder", "INBOX")
            return str(options["connection"]), [folder] if isinstance(folder, str) else list(folder)
    if not connection:
        raise ConfigurationError(f"No mailbox feeds the flow '{flow}'; name one with --connection.")
    return connection, ["INBOX"]


def opened(runtime: Runtime, name: str) -> Mail:
    """The mailbox with this name. Raises ConfigurationError."""
    connector = runtime.connections.get(name)
    if not isinstance(connector, Mail):
        raise ConfigurationError(f"The connection '{name}' is no mailbox; only mailboxes keep what people answered.")
    return connector


def _as_then(connector: Mail, day: date | None, folder: str, heads: dict[str, Any]) -> Iterator[Item]:
    """The mails as they arrived: in the flow's folder, not answered yet. Their heads are noted on the way."""
    for one in history.received(connector, day):
        if one.role == "junk":
            continue
        heads[one.item.source] = (people.letter_of(one), one.mail["new_text"][:5_000], one.folder, _documents(one))
        mail = {**one.mail, "folder": folder, "answered": False}
        yield dataclasses.replace(one.item, data={**one.item.data, "mail": mail})


def _documents(one: Received) -> tuple[str, ...]:
    from kontorist.core.values import sha256

    return tuple(sha256(d.data) for d in one.item.documents)


def _deed(found: Deed | None, folder: str, arrived_in: Sequence[str]) -> Deed:
    deed = found or Deed()
    moved = None if any(same_folder(folder, name) for name in arrived_in) else folder
    return dataclasses.replace(deed, moved_to=moved)


def same_folder(one: str, other: str) -> bool:
    """Whether two names mean the same folder, however levels are written and whether INBOX stands above."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    plain = name.replace(".", "/").casefold()
    return plain if plain == "inbox" else plain.removeprefix("inbox/")

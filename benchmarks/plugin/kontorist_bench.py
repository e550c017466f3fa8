"""The connector of the office benchmarks, found by its entry point like any other plug-in: mails come in, lines go out."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `benchmarks.office` is found, in every process

from benchmarks.office.work import append, mail_text
from connectors.base import Action, Config, Connector, Context, Health, Item, Payload, Proposal, Receipt
from kontorist.core.permit import Permit


class LinesConfig(Config):
    """Where the lines go, and how many mails there are."""

    path: str
    mails: int
    first: int = 0
    """The first mail that is still in the mailbox; those before it were put away."""
    arrived: str = ""
    """A file with the number of mails that are there so far; all of them where there is no such file."""


class MailOptions(BaseModel):
    """The trigger `mail` has no options."""


class LinePayload(Payload):
    """What is appended."""

    line: str


class AppendLine(Action):
    """Append a line and put it on disk; the action's key in it makes it possible to look up."""

    Payload = LinePayload
    authoritative_find = True

    def propose(self, connector: Any, payload: LinePayload, context: Context) -> Proposal:
        """The line as it is."""
        return Proposal({"line": payload.line}, f"Appends „{payload.line[:40]}“.", f"line:{context.case_id}")

    def execute(self, connector: Any, permit: Permit) -> Receipt:
        """Append it."""
        line = f"{permit.key} {permit.payload['line']}"
        permit.commit()
        append(connector.file, line)
        return Receipt({"file": str(connector.target), "key": permit.key}, sync=functools.partial(os.fsync, connector.file))

    def find(self, connector: Any, payload: Any, key: str) -> Receipt | None:
        """The line with this key."""
        found = connector.target.exists() and key in connector.target.read_text()
        return Receipt({"file": str(connector.target), "key": key}) if found else None


class Lines(Connector):
    """A mailbox that is made up, and a file of lines."""

    Config = LinesConfig
    triggers: ClassVar[Mapping[str, type[BaseModel]]] = {"mail": MailOptions}
    actions: ClassVar[Mapping[str, type[Action]]] = {"append": AppendLine}
    _handle: int | None = None
    _taken = 0

    @property
    def mails(self) -> int:
        """How many mails there are."""
        arrived = self.surroundings.path(self.config.arrived) if self.config.arrived else None
        return int(arrived.read_text()) if arrived is not None and arrived.exists() else int(self.config.mails)

    @property
    def target(self) -> Path:
        """The file of lines."""
        return self.surroundings.path(self.config.path)

    @property
    def file(self) -> int:
        """The file of lines, open for appending."""
        if self._handle is None:
            self._handle = os.open(self.target, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        return self._handle

    def close(self) -> None:
        """Close the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def read(self, kind: str, options: Any, known: Any) -> Iterator[Item]:
        """The mails not taken in yet, oldest first, looked up in pages of 500."""
        mails = self.mails
        for start in range(max(self.config.first, self._taken), mails, 500):
            keys = {f"mail-{i}": i for i in range(start, min(start + 500, mails))}
            seen = known(set(keys))
            for key, i in keys.items():
                if key not in seen:
                    mail = {"from": {"name": f"Kundin {i}", "address": f"k{i}@example.org"}, "text": mail_text(i)}
                    yield Item(key, f"box {i}", f"Mail {i}", {"mail": mail})

    def acknowledge(self, kind: str, options: Any, items: Sequence[Item]) -> None:
        """What was taken in is not named again, as a mailbox that puts it away."""
        self._taken = max([self._taken, *(int(item.source_key.removeprefix("mail-")) + 1 for item in items)])

    def try_out(self) -> Health:
        """Nothing can be wrong."""
        return Health(True, "ok")

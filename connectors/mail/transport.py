"""What the connector asks of a place where mails are kept and sent from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol


@dataclass(frozen=True)
class Listing:
    """The mails in a folder: their numbers, and the generation within which the numbers mean something (UIDVALIDITY)."""

    generation: str
    ids: Sequence[str]


@dataclass(frozen=True)
class Fetched:
    """One mail as it lies there."""

    id: str
    data: bytes = field(repr=False)
    flags: frozenset[str] = frozenset()
    """Of `seen`, `answered`, `flagged`, `draft` those that are set."""
    cut: bool = False
    """Only the beginning: the mail is larger than the office takes in."""
    gone: bool = False
    """Marked as deleted, on a server that cannot take out one mail alone: as good as gone."""
    generation: str = ""
    """Within what `id` means this mail (UIDVALIDITY); empty where it can never mean another one."""

    @property
    def answered(self) -> bool:
        """Whether somebody has answered it, as every mail program marks it."""
        return "answered" in self.flags


@dataclass(frozen=True)
class Folder:
    """A folder of a mailbox; `role` is inbox, sent, drafts, trash, junk, all (a view of everything), or empty."""

    name: str
    role: str = ""


_ROLES = {
    "inbox": "inbox", "posteingang": "inbox", "sent": "sent", "sent items": "sent", "sent messages": "sent", "sent mail": "sent",
    "gesendet": "sent", "gesendete elemente": "sent", "gesendete objekte": "sent", "drafts": "drafts", "entwürfe": "drafts",
    "trash": "trash", "deleted items": "trash", "deleted messages": "trash", "papierkorb": "trash", "gelöschte elemente": "trash",
    "gelöschte objekte": "trash", "junk": "junk", "junk e-mail": "junk", "junk-e-mail": "junk", "spam": "junk",
}  # fmt: skip


def role_of(name: str) -> str:
    """What a folder is for, by the names that mail programs give; a level INBOX above it does not matter."""
    return _ROLES.get(re.sub(r"^inbox[./]", "", name.lower()), "")


class Transport(Protocol):
    """A mailbox. Every method raises AccessDenied, Unavailable or Rejected, and nothing else, for what goes wrong outside."""

    moves_in_one_step: bool
    """Whether a mail that is moved is at every moment in one of both folders and never in both."""

    def listing(self, folder: str, since: date | None) -> Listing:
        """The mails of a folder, oldest first."""

    def generation(self, folder: str) -> str:
        """Within what the numbers of a folder mean something now (UIDVALIDITY), without asking for the numbers."""

    def fetch(self, folder: str, ids: Sequence[str]) -> Iterator[Fetched]:
        """Mails by number, few at a time, without marking them as read; one that is gone is left out."""

    def folders(self) -> Sequence[Folder]:
        """Every folder with mails in it."""

    def search(self, folder: str, message_id: str) -> Sequence[str]:
        """The numbers of mails with this Message-ID in a folder; nothing when there is no such folder."""

    def move(self, folder: str, mail: Fetched, target: str, *, copied: bool = False) -> None:
        """Put a mail into another folder, which is made when it is missing; one that is `copied` there already is only taken out.

        Raises Unavailable, and touches nothing, if the folder has got other numbers since the mail was fetched.
        """

    def flag(self, folder: str, mail: Fetched, name: str, *, on: bool) -> None:
        """Set or clear `seen`, `answered` or `flagged`; raises Unavailable as `move` does."""

    def append(self, folder: str, data: bytes, name: str, flags: Sequence[str]) -> None:
        """Put a mail into a folder. Not sent to anybody."""

    def send(
        self, data: bytes, sender: str, recipients: Sequence[str], name: str, commit: Callable[[], None]
    ) -> Mapping[str, Any]:
        """Send a mail to all recipients or none, calling `commit` before the last irreversible byte; returns the evidence.

        Raises Uncertain if the server did not say whether it took it.
        """

    def sent(self, message_id: str, name: str) -> Mapping[str, Any] | None:
        """Positive evidence that a mail was sent; None when there is no trace."""

    def wait(self, folders: Sequence[str], timeout: float) -> bool:
        """Wait until a folder may have a new mail, at most so many seconds; False when surely nothing came."""

    def drafts_folder(self) -> str:
        """Where drafts go."""

    def try_out(self) -> Mapping[str, Any]:
        """Sign in everywhere and change nothing; returns what is worth knowing."""

    def close(self) -> None:
        """Let go of connections."""

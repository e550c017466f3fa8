"""What people really did with each mail: the answer they sent, and where they put it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.mail.history import Received, Sent, aware

LATEST = timedelta(days=21)
"""An answer without threading headers that comes later than this is taken for a new letter."""
_PREFIX = re.compile(r"^(?:\s*(?:re|aw|antw|antwort|wg|fw|fwd)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_FORWARD = re.compile(r"^\s*(?:wg|fw|fwd)\s*:", re.IGNORECASE)


@dataclass(frozen=True)
class Letter:
    """Of a mail that came, what is needed to find its answer."""

    source: str
    message_id: str
    sender: str
    answer_to: frozenset[str]
    """The addresses that an answer may go to."""
    subject: str
    arrived: datetime | None


@dataclass(frozen=True)
class Deed:
    """What people did with one mail."""

    answer: Sent | None = None
    forwarded: Sent | None = None
    moved_to: str | None = None
    """The folder in which it lies now, when that is not the one it came into."""

    @property
    def something(self) -> bool:
        """Whether anything is to be seen."""
        return bool(self.answer or self.forwarded or self.moved_to)


def letter_of(one: Received) -> Letter:
    """A mail's letter head."""
    mail = one.mail
    sender = mail["from"]["address"].lower()
    others = (person["address"].lower() for person in mail["reply_to"])
    return Letter(one.item.source, mail["message_id"], sender, frozenset({sender, *others}), mail["subject"], aware(mail["date"]))


def answers(letters: Sequence[Letter], sent: Iterable[Sent]) -> dict[str, Deed]:
    """By a mail's source its first answer and its first forward.

    A sent mail belongs to the mail that it names (In-Reply-To, else the last of References that came here); one that names
    none of ours and no other either belongs to the newest mail of the same subject that its recipient wrote before it.
    """
    by_id = {letter.message_id: letter for letter in letters if letter.message_id}
    by_subject: Mapping[str, list[Letter]] = defaultdict(list)
    for letter in letters:
        by_subject[plain_subject(letter.subject)].append(letter)
    found: dict[str, dict[str, Sent]] = defaultdict(dict)
    for one in sorted(sent, key=lambda s: (s.when is None, s.when.timestamp() if s.when else 0.0)):
        if one.automatic:
            continue  # an out-of-office note is no answer of a person
        meant = _named(one, by_id) or _guessed(one, by_subject)
        if meant is not None:
            kind = "answer" if one.to & meant.answer_to or not _FORWARD.match(one.subject) else "forwarded"
            found[meant.source].setdefault(kind, one)
    return {source: Deed(kinds.get("answer"), kinds.get("forwarded")) for source, kinds in found.items()}


def plain_subject(subject: str) -> str:
    """A subject without Re:, AW:, Fwd: and the like, blanks and case."""
    return " ".join(_PREFIX.sub("", subject).split()).casefold()


def _named(one: Sent, by_id: Mapping[str, Letter]) -> Letter | None:
    return next((by_id[i] for i in (one.in_reply_to, *reversed(one.references)) if i in by_id), None)


def _guessed(one: Sent, by_subject: Mapping[str, Sequence[Letter]]) -> Letter | None:
    if one.in_reply_to or one.references or one.when is None or not _PREFIX.match(one.subject):
        return None
    fitting = [
        letter
        for letter in by_subject.get(plain_subject(one.subject), ())
        if letter.arrived is not None
        and letter.arrived <= one.when <= letter.arrived + LATEST
        and (one.to & letter.answer_to or _FORWARD.match(one.subject))
    ]
    return max(fitting, key=lambda letter: (letter.arrived, letter.source), default=None)


def waited(arrived: Any, answer: Sent | None) -> float | None:
    """Hours between a mail and its answer; None when a clock went wrong or there is none."""
    if answer is None or answer.when is None or arrived is None or answer.when < arrived:
        return None
    return float((answer.when - arrived).total_seconds()) / 3600

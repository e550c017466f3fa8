"""Tells staff what waits for them, on the office's channels; a channel that fails is tried again and holds nobody up."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flows.notices import Notice, Waiting, notice
from kontorist.core.clock import parse_duration, utcnow
from kontorist.core.errors import ConfigurationError, Unavailable
from kontorist.core.notify import Channel
from kontorist.core.office import Office
from kontorist.core.problems import did_you_mean
from kontorist.store import office_state
from kontorist.store.authority import addressees
from kontorist.store.database import Database
from kontorist.store.pending import Pending, pending

EVERY = 15.0
LONGEST_PAUSE = 900.0
_STATE = "notify."

Send = Callable[[str, Notice], None]


class Teller(threading.Thread):
    """Looks every few seconds whether somebody has to be told something."""

    def __init__(self, office: Callable[[], Office], database: Database) -> None:
        super().__init__(name="notify", daemon=True)
        self._office, self._database, self._stopping = office, database, threading.Event()

    def stop(self) -> None:
        """End it."""
        self._stopping.set()

    def run(self) -> None:
        """Until stopped; after a failure with growing pauses."""
        pause = EVERY
        while not self._stopping.wait(pause):
            try:
                problems = tell(self._office(), self._database)
            except Exception as error:  # noqa: BLE001 - nobody is to miss all messages because one look failed
                problems = [f"{type(error).__name__}: {error}"]
            for problem in problems:
                sys.stderr.write(f"{problem}\n")
            pause = min(pause * 2, LONGEST_PAUSE) if problems else EVERY


@dataclass
class _Told:
    """What a channel was told, so that nothing is told twice."""

    new: set[str] = field(default_factory=set)
    due: set[str] = field(default_factory=set)
    escalated: set[str] = field(default_factory=set)
    digest: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> _Told:
        sets = {k: set(map(str, stored.get(k, ()))) for k in ("new", "due", "escalated")}
        return cls(**sets, digest=str(stored.get("digest", "")))

    def kept(self, waiting: set[str]) -> dict[str, Any]:
        sets = {k: sorted(getattr(self, k) & waiting) for k in ("new", "due", "escalated")}
        return {**sets, "digest": self.digest}


def tell(office: Office, database: Database, now: datetime | None = None, send: Send | None = None) -> list[str]:
    """Tell every channel what is new for it; returns what went wrong, and tries that again the next time."""
    settings = office.settings.notify
    moment = now or utcnow()
    local = moment.astimezone(ZoneInfo(office.settings.timezone))
    if not settings.channels or (settings.quiet and settings.quiet.holds(local)):
        return []
    with database.read() as connection:
        cards = pending(connection)
    problems = []
    for name, channel in settings.channels.items():
        try:
            _tell_channel(office, database, name, channel, cards, local, send or deliver)
        except Unavailable as error:
            problems.append(f"channel '{name}': {error}")
    return problems


def _tell_channel(
    office: Office, database: Database, name: str, channel: Channel, cards: list[Pending], local: datetime, send: Send
) -> None:
    with database.read() as connection:
        stored = office_state.get(connection, _STATE + name) or {}
    told = _Told.of(stored)
    theirs = [card for card in cards if _concerns(office, channel, card, local)]
    try:
        for occasion in channel.on:
            chosen = _chosen(office, channel, occasion, theirs, told, local)
            if not chosen:
                continue
            waiting = [Waiting(c.id, _title(office, c.flow), c.sentence, is_case=c.is_case) for c in chosen]
            language, link = channel.language or _language(office), office.settings.notify.link
            message = notice(occasion, waiting, language=language, link=link, details=channel.details)
            _send_all(_urls(office, channel), message, send)
            _note(told, occasion, chosen, local)
    finally:  # what was told before a later message failed is not told again
        after = told.kept({card.key for card in theirs})
        if after != stored:
            with database.write() as connection:
                office_state.put(connection, _STATE + name, after)


def _send_all(urls: list[str], message: Notice, send: Send) -> None:
    """Raises Unavailable when nobody could be reached: whoever was is not told again because of the others."""
    failures = []
    for url in urls:
        try:
            send(url, message)
        except Unavailable as error:
            failures.append(error)
    if failures and len(failures) == len(urls):
        raise failures[0]


def _concerns(office: Office, channel: Channel, card: Pending, local: datetime) -> bool:
    """Whether a card or question is one for the groups and people of a channel."""
    reached = {name for one in channel.for_ for name in office.groups_of(one)}
    return bool(addressees(card.rule, card.assigned, card.due, local) & reached)


def _chosen(office: Office, channel: Channel, occasion: str, cards: list[Pending], told: _Told, local: datetime) -> list[Pending]:
    if occasion == "new":
        return [card for card in cards if card.key not in told.new]
    if occasion == "due":
        soon = local + parse_duration(office.settings.notify.remind)
        return [card for card in cards if card.due and local < card.due <= soon and card.key not in told.due]
    if occasion == "escalated":
        return [card for card in cards if card.due and card.due <= local and card.key not in told.escalated]
    late = local.time() >= time.fromisoformat(channel.at)
    return cards if late and told.digest != local.date().isoformat() else []


def _note(told: _Told, occasion: str, cards: Iterable[Pending], local: datetime) -> None:
    if occasion == "digest":
        told.digest = local.date().isoformat()
    else:
        getattr(told, occasion).update(card.key for card in cards)


def _title(office: Office, flow: str) -> str:
    known = office.flows.get(flow)
    return known.title or flow if known else flow


def _language(office: Office) -> str:
    return office.language if office.language in ("de", "en") else "en"


def _urls(office: Office, channel: Channel) -> list[str]:
    """One address, or one for each person where it says {email}."""
    if "{email}" not in channel.url:
        return [channel.url]
    people = [office.settings.people[p].email for p in office.members(channel.for_)]
    return [channel.url.replace("{email}", email) for email in people if email]


def try_out(office: Office, name: str) -> str:
    """Send a test message on a channel; says to how many addresses. Raises ConfigurationError or Unavailable."""
    channels = office.settings.notify.channels
    if name not in channels:
        raise ConfigurationError(f"There is no channel '{name}' under `notify:` in office.yaml{did_you_mean(name, channels)}")
    urls = _urls(office, channels[name])
    if not urls:
        raise ConfigurationError(f"channel '{name}': nobody it is for has an e-mail address in office.yaml")
    for url in urls:
        deliver(url, Notice("Kontorist: Test", office.settings.notify.link or "OK"))
    return f"sent to {len(urls)} address{'es' if len(urls) > 1 else ''}"


def deliver(url: str, message: Notice) -> None:
    """Hand a message to the service. Raises Unavailable when it was not taken; the address, a secret, is never named."""
    from apprise import Apprise, NotifyFormat

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its messages name addresses
    service = Apprise()
    if not service.add(url):
        raise Unavailable("the address is none that Apprise knows; see `url` in office.yaml and the list of services at Apprise")
    if not service.notify(body=message.body, title=message.title, body_format=NotifyFormat.TEXT):
        raise Unavailable("the service did not take the message; it is tried again. Is it up, and is the address still right?")

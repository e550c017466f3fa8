"""E-mail: a mailbox on this machine (Maildir) or on a server (IMAP and SMTP). Reads mails; replies, sends, drafts, moves, flags."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from connectors.base import Action, Connector, Health, Item
from connectors.mail.config import MailConfig, MailOptions
from connectors.mail.files import mails_in
from connectors.mail.filing import Flag, Move
from connectors.mail.item import Trust, item_of, key_of
from connectors.mail.oauth import Tokens
from connectors.mail.place import digests
from connectors.mail.seen import Seen
from connectors.mail.sending import Draft, Reply, Send
from connectors.mail.transport import Fetched, Transport
from kontorist.core.clock import since_day
from kontorist.core.errors import KontoristError, NotReadable, Rejected, Unavailable
from kontorist.reading.mail.header import addresses

__all__ = ["Mail"]

_PAGE, _AT_ONCE, _BYTES = 500, 50, 8 * 2**20


def _portions(mails: Iterator[Fetched]) -> Iterator[list[Fetched]]:
    """Some mails at a time; those that came before a line broke are not lost with it."""
    some: list[Fetched] = []
    try:
        for found in mails:
            some.append(found)
            if len(some) >= _AT_ONCE or sum(len(one.data) for one in some) >= _BYTES:
                yield some
                some = []
    except Unavailable:
        if some:
            yield some
        raise
    if some:
        yield some


class Mail(Connector):
    """One mailbox."""

    Config = MailConfig
    triggers: ClassVar[Mapping[str, type[BaseModel]]] = {"mail": MailOptions}
    actions: ClassVar[Mapping[str, type[Action]]] = {"reply": Reply, "send": Send, "draft": Draft, "move": Move, "flag": Flag}
    suffixes: ClassVar[Mapping[str, Sequence[str]]] = {"mail": (".eml", ".mbox", ".msg", ".txt", "")}

    def __init__(self, config: Any, surroundings: Any) -> None:
        super().__init__(config, surroundings)
        self._transport: Transport | None = None
        self.seen = Seen(surroundings.data_dir / "cache" / f"mail-{surroundings.name}.sqlite")
        self._problems: list[str] = []

    @property
    def transport(self) -> Transport:
        """The mailbox, opened when it is first needed."""
        if self._transport is None:
            self._transport = self._opened()
        return self._transport

    def _opened(self) -> Transport:
        config, path = self.config, self.surroundings.path
        if config.transport == "maildir":
            from connectors.mail.maildir import Maildir

            outgoing = path(config.outgoing) if config.outgoing else None
            return Maildir(path(config.path), outgoing, path(config.seed) if config.seed else None, config.max_size)
        from connectors.mail.imap import Imap
        from connectors.mail.smtp import Smtp

        tokens = self._tokens()
        smtp = Smtp(config.smtp, tokens=tokens) if config.smtp else None
        return Imap(config.imap, smtp, config.sent_folder, config.drafts_folder, config.max_size, tokens)

    def _tokens(self) -> Tokens | None:
        if self.config.oauth is None:
            return None
        place = self.surroundings.data_dir / "tokens" / f"{self.surroundings.name}.json"
        return Tokens(self.config.oauth, place, self.surroundings.name)

    def login(self, tell: Callable[[str], None]) -> None:
        """Let a person sign in, once."""
        tokens = self._tokens()
        if tokens is None:
            super().login(tell)
            return
        tokens.login(tell)

    def close(self) -> None:
        """Sign out."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    @property
    def languages(self) -> Sequence[str]:
        """The office's languages, the first one first."""
        return self.surroundings.settings.get("languages") or ("de", "en")

    @property
    def language(self) -> str:
        """The language in which the office reads."""
        return self.languages[0]

    # reads ---------------------------------------------------------------

    def read(self, kind: str, options: MailOptions, known: Any) -> Iterator[Item]:
        """The mails that were not taken in yet, whoever has read them already, page by page from the newest."""
        self._problems.clear()
        left, refused = options.limit, None
        for folder in options.folders():
            try:
                for item in self._in_folder(folder, since_day(options.since) if options.since else None, known):
                    if left == 0:
                        return
                    left = left - 1 if left is not None else None
                    yield item
            except Rejected as error:  # a folder that is missing keeps nobody from the others
                refused = refused or error
        if refused is not None:
            raise refused

    def changed(self, kind: str, options: MailOptions, timeout: float) -> bool:
        """Wait for a new mail: told by the server where it can, else by looking."""
        return self.transport.wait(options.folders(), timeout)

    def _in_folder(self, folder: str, since: date | None, known: Any) -> Iterator[Item]:
        listing = self.transport.listing(folder, since)
        for end in range(len(listing.ids), 0, -_PAGE):  # the newest first: years of old mails keep nobody from today's
            page = listing.ids[max(0, end - _PAGE) : end]
            cached = self.seen.keys(folder, listing.generation, page)
            done = known(set(cached.values())) if cached else set()
            fresh = [i for i in page if cached.get(i) not in done]
            yield from self._fresh(folder, listing.generation, fresh, known)

    def _fresh(self, folder: str, generation: str, ids: Sequence[str], known: Any) -> Iterator[Item]:
        """The mails with these numbers whose content is new."""
        keys: dict[str, str] = {}
        try:
            for some in _portions(self.transport.fetch(folder, ids)) if ids else ():
                names = {found.id: {key_of(d) for d in digests(found.data)} for found in some}
                done = known(set().union(*names.values()))
                for found in some:
                    noted = keys if found.generation in ("", generation) else {}  # numbered anew since they were listed
                    if old := names[found.id] & done:  # after another UIDVALIDITY all are old: nothing else is read in them
                        noted[found.id] = old.pop()
                        continue
                    item = self.item(found, folder)
                    noted[found.id] = item.source_key
                    if item.source_key not in known({item.source_key}):
                        yield item
        finally:  # a reader may stop in the middle
            if keys:
                self.seen.remember(folder, generation, keys)

    def reread(self, source: str, data: Mapping[str, Any], original: bytes) -> Item | None:
        """The mail as it would be read today."""
        before = data.get("mail") or {}
        flags = frozenset({"answered"} if before.get("answered") else ())
        return self.item(Fetched("", original, flags), str(before.get("folder") or "INBOX"), source)

    def item(self, found: Fetched, folder: str, source: str = "") -> Item:
        """A mail of this mailbox as a flow sees it."""
        source = source or f"{self.surroundings.name}/{folder} {found.id}"
        config = self.config
        item = item_of(
            found,
            source=source,
            folder=folder,
            languages=self.languages,
            max_size=config.max_size,
            trust=Trust(addresses(config.sender)[0][1], config.authserv_id, config.resolver, config.known_domains),
        )
        if not item.data["mail"]["from"]["address"] and not item.data["mail"]["text"]:
            self._problems.append(f"{source}: {item.title}")
        return item

    @classmethod
    def from_file(
        cls,
        kind: str,  # noqa: ARG003 - the contract's
        path: Path,
        settings: Mapping[str, Any],
    ) -> Iterator[Item | NotReadable]:
        """The mails of a file or folder; what is no mail comes as its NotReadable, and the others go on."""
        from kontorist.reading.mail import parse_mail

        languages = settings.get("languages") or ("de", "en")
        for found in mails_in(path):
            if isinstance(found, NotReadable):
                yield found
                continue
            place, data = found
            try:
                parse_mail(data[:65_536] if len(data) < 65_536 else data)
            except NotReadable as error:
                yield NotReadable(f"{place}: {error}")
                continue
            yield item_of(Fetched(place, data), source=place, folder="INBOX", languages=languages, max_size=len(data))

    # operations ----------------------------------------------------------

    def try_out(self) -> Health:
        """Sign in and change nothing."""
        try:
            details = self.transport.try_out()
        except KontoristError as error:
            return Health(False, str(error))
        where = self.config.path if self.config.transport == "maildir" else self.config.imap.host
        sends = "" if self.config.transport == "maildir" or self.config.smtp else "; nothing can be sent: 'smtp' is missing"
        return Health(True, f"{where}: {details.get('mails', 0)} mails in INBOX{sends}", details)

    def problems(self) -> Sequence[str]:
        """Mails that could not be read in the last pass."""
        return list(self._problems)

"""A mailbox on a mail server: IMAP (RFC 3501, MOVE RFC 6851, UIDPLUS RFC 4315)."""

from __future__ import annotations

import contextlib
import functools
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError, IMAPClientAbortError, IMAPClientError, LoginError
from imapclient.imapclient import DRAFTS, SENT

from connectors.mail.budget import budget_of
from connectors.mail.config import Access
from connectors.mail.oauth import Tokens
from connectors.mail.smtp import Smtp
from connectors.mail.tls import tls_context, unproven
from connectors.mail.transport import Fetched, Folder, Listing, role_of
from kontorist.core.errors import AccessDenied, KontoristError, Rejected, Unavailable

_FLAGS = {"seen": rb"\Seen", "answered": rb"\Answered", "flagged": rb"\Flagged", "draft": rb"\Draft"}
_ROLES = {rb"\sent": "sent", rb"\drafts": "drafts", rb"\trash": "trash", rb"\junk": "junk", rb"\all": "all", rb"\flagged": "all"}
_SOON, _LATEST, _WITHOUT_IDLE, _CROWDED = (
    1.0,
    15.0,
    5.0,
    2.0,
)  # seconds between two looks where the server does not speak up itself
_LARGEST, _SMALLEST = 20 * 2**20, 32 * 2**10  # bytes that are asked for at once, on a good line and on a bad one
_PORTS = {"tls": 993, "starttls": 143, "none": 143}
_P = ParamSpec("_P")
_T = TypeVar("_T")


def _translated(method: Callable[Concatenate[Imap, _P], _T]) -> Callable[Concatenate[Imap, _P], _T]:
    """What goes wrong with a server, in our errors; a connection that failed is not used again."""

    def run(self: Imap, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        with self._lock:
            try:
                return method(self, *args, **kwargs)
            except ssl.SSLCertVerificationError as error:
                self.drop()
                raise unproven(self.access, error) from error
            except (IMAPClientAbortError, OSError, EOFError) as error:
                self.drop()
                raise Unavailable(
                    f"The mail server {self.access.host} does not answer: {_reason(error)}. It is tried again."
                ) from error
            except CapabilityError as error:
                raise Rejected(f"The mail server {self.access.host} cannot do this: {_reason(error)}.") from error
            except IMAPClientError as error:
                refusal = _refusal(self.access, _reason(error))
                if isinstance(refusal, Unavailable):
                    self.drop()  # Dovecot's "Internal error" lasts as long as its session
                raise refusal from error

    return cast("Callable[Concatenate[Imap, _P], _T]", functools.wraps(method)(run))


def _not_let_in(access: Access, reason: str, *, by_token: bool) -> KontoristError:
    """What a refused sign-in means: trouble that passes (too many connections, a server that is down) blames no password."""
    if re.search(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]|maximum number of connections|too many", reason, re.IGNORECASE):
        return Unavailable(f"The mail server {access.host} lets nobody in now: {reason} It is tried again.")
    if by_token:
        return AccessDenied(
            f"The mail server {access.host} does not accept the sign-in of '{access.user}': {reason}. "
            "Run `kontorist login` again with this user, and see that the application may use IMAP and SMTP."
        )
    return AccessDenied(
        f"The mail server {access.host} does not accept the user '{access.user}' with this password. "
        "Mend user and password in connections.yaml and .env."
    )


def _refusal(access: Access, reason: str) -> KontoristError:
    """What a NO means, by its response code (RFC 5530)."""
    code = next(iter(re.findall(r"\[([A-Z-]+)", reason.upper())), "")
    if code in ("SERVERBUG", "UNAVAILABLE", "INUSE", "EXPUNGEISSUED"):
        return Unavailable(f"The mail server {access.host} is in trouble: {reason} It is tried again.")
    if code in ("NOPERM", "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED", "CONTACTADMIN"):
        return AccessDenied(f"The mail server {access.host} does not let the user '{access.user}' do this: {reason}")
    return Rejected(f"The mail server {access.host} refused: {reason}")


def _reason(error: Exception) -> str:
    text = str(error.args[0] if error.args else "") if not isinstance(error, OSError) else (error.strerror or str(error))
    return re.sub(r"^b'(.*)'$", r"\1", text).strip() or type(error).__name__


class Imap:
    """One account, over one connection that is opened when it is first needed."""

    moves_in_one_step = False
    """Without MOVE a mail is copied and then taken out, and a line may break in between."""

    def __init__(
        self,
        access: Access,
        smtp: Smtp | None,
        sent_folder: str | None,
        drafts: str | None,
        max_size: int,
        tokens: Tokens | None = None,
    ) -> None:
        self.access = access
        self.tokens = tokens
        self.smtp = smtp
        self._sent = sent_folder
        self._drafts = drafts
        self.max_size = max_size
        self.budget = budget_of(access.host, access.port, access.connections)
        self._lock = threading.RLock()
        self._client: IMAPClient | None = None
        self._seen: dict[str, tuple[object, ...]] | None = None
        self._at_once = _LARGEST

    # connection ----------------------------------------------------------

    def _connected(self) -> IMAPClient:
        if self._client is not None:
            try:
                self._client.noop()
            except (IMAPClientError, OSError, EOFError):
                self.drop()
        if self._client is None:
            self.budget.take(self, self.access.host, self.access.timeout)
            try:
                self._client = self._signed_in()
            except BaseException:
                self.budget.give(self)
                raise
        return self._client

    def _signed_in(self) -> IMAPClient:
        access = self.access
        client = IMAPClient(
            access.host,
            port=access.port or _PORTS[access.tls],
            ssl=access.tls == "tls",
            ssl_context=tls_context(access) if access.tls == "tls" else None,
            use_uid=True,
            timeout=SocketTimeout(connect=min(access.timeout, 15), read=access.timeout),
        )
        try:
            if access.tls == "starttls":
                client.starttls(tls_context(access))
            self._let_in(client)
        except LoginError as error:
            self._quit(client)
            if isinstance(error.__context__, IMAPClientAbortError):  # the line broke meanwhile: the password may be right
                raise error.__context__ from None
            raise _not_let_in(access, _reason(error), by_token=self.tokens is not None) from error
        except BaseException:
            self._quit(client)
            raise
        client.normalise_times = False
        return client

    def _let_in(self, client: IMAPClient) -> None:
        """By password, or by token; a token that the server does not take is renewed once."""
        if self.tokens is None:
            client.login(self.access.user, self.access.password)
            return
        try:
            client.oauth2_login(self.access.user, self.tokens.access_token())
        except LoginError as error:
            if isinstance(error.__context__, IMAPClientAbortError):
                raise
            client.oauth2_login(self.access.user, self.tokens.access_token(renew=True))

    @staticmethod
    def _quit(client: IMAPClient) -> None:
        with contextlib.suppress(Exception):
            client.shutdown()

    def drop(self) -> None:
        """Forget a connection that failed."""
        if self._client is not None:
            client, self._client = self._client, None
            self._quit(client)
            self.budget.give(self)

    def yield_up(self) -> bool:
        """Hang up for somebody else who needs a connection, if this one is idle between two calls."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            idle = self._client is not None
            self.drop()
            return idle
        finally:
            self._lock.release()

    def close(self) -> None:
        """Sign out."""
        with self._lock:
            if self._client is not None:
                with contextlib.suppress(Exception):
                    self._client.logout()
            self.drop()

    def _still_in(self, folder: str, mail: Fetched) -> IMAPClient:
        """The folder, to change a mail in it: a number of before it was numbered anew would mean somebody else's mail."""
        client = self._in(folder, to_change=True)
        if mail.generation != self._generation:
            raise Unavailable(f"The folder '{folder}' of {self.access.user} was numbered anew meanwhile. It is tried again.")
        return client

    def _in(self, folder: str, *, to_change: bool = False) -> IMAPClient:
        client = self._connected()
        name = self._named(client, folder)
        if not self._select(client, name, to_change=to_change):
            raise Rejected(
                f"The mailbox of {self.access.user} has no folder '{folder}'. Create it, or mend 'folder' in the flow."
            )
        return client

    def _select(self, client: IMAPClient, name: str, *, to_change: bool) -> bool:
        """Choose a folder anew, so that UIDVALIDITY and new mails are seen; False when there is none of that name."""
        try:
            found = client.select_folder(name, readonly=not to_change)
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            if client.folder_exists(name):
                raise
            return False
        self._generation = str(found.get(b"UIDVALIDITY", 0))
        return True

    def _named(self, client: IMAPClient, folder: str) -> str:
        """A folder as the server names it: an admin writes levels with a slash."""
        if "/" not in folder:
            return folder
        delimiter = next((d.decode() for _, d, _ in client.list_folders("", "%") if d), "/")
        return folder.replace("/", delimiter)

    # reading -------------------------------------------------------------

    @_translated
    def listing(self, folder: str, since: date | None) -> Listing:
        """The UIDs of a folder with its UIDVALIDITY. Flags do not matter: somebody may have read a mail already."""
        client = self._in(folder)
        ids = client.search(["SINCE", since] if since else ["ALL"])
        return Listing(self._generation, [str(i) for i in sorted(ids)])

    @_translated
    def generation(self, folder: str) -> str:
        """The UIDVALIDITY of a folder."""
        self._in(folder)
        return self._generation

    def fetch(self, folder: str, ids: Sequence[str]) -> Iterator[Fetched]:
        """Mails by UID, without marking them as read, at most 20 MB at once; less after a line broke, so that a bad one brings some."""
        for some in self._portions(folder, ids):
            try:
                found = self._fetch(folder, some)
            except Unavailable:
                self._at_once = max(min(self._at_once, sum(some.values())) // 4, _SMALLEST)
                raise
            self._at_once = min(self._at_once * 2, _LARGEST)
            yield from found

    @_translated
    def _portions(self, folder: str, ids: Sequence[str]) -> list[dict[int, int]]:
        if not ids:
            return []
        client = self._in(folder)
        sizes = {int(i): int(r.get(b"RFC822.SIZE", 0)) for i, r in client.fetch([int(i) for i in ids], ["RFC822.SIZE"]).items()}
        portions: list[dict[int, int]] = [{}]
        for number in (int(i) for i in ids):
            if number not in sizes:
                continue
            if portions[-1] and sum(portions[-1].values()) + sizes[number] > self._at_once:
                portions.append({})
            portions[-1][number] = sizes[number]
        return portions

    @_translated
    def _fetch(self, folder: str, sizes: Mapping[int, int]) -> list[Fetched]:
        client = self._in(folder)
        found = []
        whole = [i for i, size in sizes.items() if size <= self.max_size]
        stays = not client.has_capability("UIDPLUS")
        for numbers, what in ((whole, "BODY.PEEK[]"), ([i for i in sizes if i not in whole], f"BODY.PEEK[]<0.{self.max_size}>")):
            rows = client.fetch(numbers, [what, "FLAGS"]) if numbers else {}
            for number, row in rows.items():
                data = next((v for k, v in row.items() if k.startswith(b"BODY[]") and isinstance(v, bytes)), None)
                if data is not None:
                    flags = frozenset(name for name, flag in _FLAGS.items() if flag in row.get(b"FLAGS", ()))
                    gone = stays and rb"\Deleted" in row.get(b"FLAGS", ())
                    found.append(Fetched(str(number), data, flags, number not in whole, gone, self._generation))
        return sorted(found, key=lambda f: int(f.id))

    @_translated
    def folders(self) -> Sequence[Folder]:
        """The folders that can be opened, levels with a slash; their role by the server's mark (RFC 6154), else by name."""
        found = []
        for flags, delimiter, name in self._connected().list_folders():
            marks = {bytes(flag).lower() for flag in flags}
            if marks & {rb"\noselect", rb"\nonexistent"}:
                continue
            written = name.replace(delimiter.decode(), "/") if delimiter else name
            marked = next((role for mark, role in _ROLES.items() if mark in marks), "")
            found.append(Folder(written, marked or role_of(written)))
        return found

    @_translated
    def search(self, folder: str, message_id: str) -> Sequence[str]:
        """UIDs by Message-ID; the server's search is by part, so the field itself is compared."""
        client = self._connected()
        if not self._select(client, self._named(client, folder), to_change=False):
            return []
        ids = client.search(["HEADER", "Message-ID", message_id])
        rows = client.fetch(ids, ["BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"]) if ids else {}
        wanted = f"<{message_id}>".encode()
        return [str(i) for i in sorted(rows) if any(wanted in v for v in rows[i].values() if isinstance(v, bytes))]

    # changing ------------------------------------------------------------

    @_translated
    def move(self, folder: str, mail: Fetched, target: str, *, copied: bool = False) -> None:
        """UID MOVE where the server has it and does it, else copy, mark, and expunge that one mail only."""
        number = int(mail.id)
        name = "" if copied else self._made(self._connected(), target)
        client = self._still_in(folder, mail)
        if not copied:
            if client.has_capability("MOVE") and self._moved(client, number, name):
                return
            client.copy([number], name)
        client.add_flags([number], [rb"\Deleted"])
        if client.has_capability("UIDPLUS"):
            client.uid_expunge([number])  # a plain EXPUNGE would delete what somebody else has marked

    @staticmethod
    def _moved(client: IMAPClient, number: int, name: str) -> bool:
        """False when the server offers MOVE and refuses it: then nothing has moved (RFC 6851 §3.3)."""
        try:
            client.move([number], name)
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            return False
        return True

    def _made(self, client: IMAPClient, folder: str) -> str:
        name = self._named(client, folder)
        if not client.folder_exists(name):
            client.create_folder(name)
            with contextlib.suppress(IMAPClientError):
                client.subscribe_folder(name)
        return name

    @_translated
    def flag(self, folder: str, mail: Fetched, name: str, *, on: bool) -> None:
        """Set or clear a flag."""
        client = self._still_in(folder, mail)
        (client.add_flags if on else client.remove_flags)([int(mail.id)], [_FLAGS[name]])

    @_translated
    def append(self, folder: str, data: bytes, name: str, flags: Sequence[str]) -> None:
        """Put a mail into a folder."""
        client = self._connected()
        client.append(self._made(client, folder), data, flags=[_FLAGS[f] for f in flags])

    def send(
        self, data: bytes, sender: str, recipients: Sequence[str], name: str, commit: Callable[[], None]
    ) -> Mapping[str, Any]:
        """Send by SMTP, then put one copy among the sent mails; a copy that fails is told in the evidence and changes nothing."""
        if self.smtp is None:
            raise Rejected("This connection has no 'smtp:', so nothing can be sent. Add it in connections.yaml.")
        evidence = dict(self.smtp.send(data, sender, recipients, commit))
        message_id = _message_id(data)
        try:
            evidence["sent_copy"] = self._copy(data, name, message_id)
        except (AccessDenied, Unavailable, Rejected) as error:
            evidence["sent_copy_problem"] = str(error)
        return evidence

    def _copy(self, data: bytes, name: str, message_id: str) -> str:
        folder = self.sent_folder()
        for is_last in (False, True):
            try:
                if folder and not self.search(folder, message_id):
                    self.append(folder, data, name, ["seen"])
                break
            except Unavailable:  # the line broke, perhaps after the copy was made: the search tells
                if is_last:
                    raise
        return folder

    def sent(self, message_id: str, name: str) -> Mapping[str, Any] | None:
        """The copy among the sent mails: some servers put it there themselves."""
        folder = self.sent_folder()
        return {"sent_copy": folder, "message_id": message_id} if folder and self.search(folder, message_id) else None

    @_translated
    def wait(self, folders: Sequence[str], timeout: float) -> bool:
        """IDLE in the first folder (RFC 2177), and a look into the others; without IDLE a look every few seconds.

        Each wait begins with a look, so that a mail that came between two waits is seen; and none lasts longer than its
        time, since a line that died silently says nothing. A mail that comes between a look and IDLE is announced by no
        server for certain (Dovecot leaves out about one in a hundred): the next look is soon, then ever later.
        """
        end, listening = time.monotonic() + timeout, _SOON
        while True:
            now = {folder: self._state(folder) for folder in reversed(folders)}  # the first one is selected last
            if now != self._seen:
                self._seen = now
                return True
            left = end - time.monotonic()
            if left <= 0:
                return False
            self._listen(min(left, listening))
            listening = min(listening * 2, _LATEST)

    def _state(self, folder: str) -> tuple[object, ...]:
        client = self._connected()
        name = self._named(client, folder)
        found = client.select_folder(name, readonly=True)
        return (found.get(b"UIDVALIDITY"), found.get(b"UIDNEXT"), found.get(b"EXISTS"))

    def _listen(self, seconds: float) -> None:
        client = self._connected_now()
        if self.budget.wanted:  # others have work to do
            self.close()
        if self._client is None or not client.has_capability("IDLE"):
            time.sleep(min(seconds, _WITHOUT_IDLE))
            return
        client.idle()
        try:
            self._idle(client, seconds)
            client.idle_done()
        except IMAPClientAbortError:
            self.drop()  # the client reads half lines while it idles, and loses them: the next look begins on a new connection

    def _idle(self, client: IMAPClient, seconds: float) -> None:
        """Until the server says something, the time is over, or somebody needs the connection."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0.1 and not self.budget.wanted:
            if client.idle_check(timeout=min(left, _CROWDED) if self.budget.full else left) or not self.budget.full:
                return

    def _connected_now(self) -> IMAPClient:
        if self._client is None:
            raise Unavailable(f"The mail server {self.access.host} has hung up. It is tried again.")
        return self._client

    @_translated
    def sent_folder(self) -> str:
        """The folder for copies: configured, or the one that the server marks."""
        if self._sent is not None:
            return self._sent
        return str(self._connected().find_special_folder(SENT) or "Sent")

    @_translated
    def drafts_folder(self) -> str:
        """The folder for drafts: configured, or the one that the server marks."""
        return self._drafts or str(self._connected().find_special_folder(DRAFTS) or "Drafts")

    @_translated
    def try_out(self) -> Mapping[str, Any]:
        """Sign in at both servers."""
        client = self._connected()
        found = client.select_folder("INBOX", readonly=True)
        known = {
            "mails": int(found.get(b"EXISTS", 0)),
            "move": client.has_capability("MOVE"),
            "idle": client.has_capability("IDLE"),
        }
        return known | (dict(self.smtp.try_out()) if self.smtp else {})


def _message_id(data: bytes) -> str:
    found = re.search(rb"(?im)^message-id:\s*<([^>\s]+)>", data.partition(b"\r\n\r\n")[0])
    return found[1].decode("ascii", "replace") if found else ""

"""Sends a mail by SMTP (RFC 5321) so that it is known whether the server took it.

Everything but the final dot is sent first; the fence is passed; then the dot. Before the dot a mail certainly was not
taken. After it only the server's answer tells.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from connectors.mail.config import Access
from connectors.mail.oauth import Tokens
from connectors.mail.tls import tls_context, unproven
from kontorist.core.errors import AccessDenied, Rejected, Unavailable, Uncertain

_PORTS = {"tls": 465, "starttls": 587, "none": 25}
_AFTER_DOT = 600  # seconds a server may take to accept (RFC 5321 §4.5.3.2.6)


class Smtp:
    """One server that sends."""

    def __init__(self, access: Access, wait_after_dot: float = _AFTER_DOT, tokens: Tokens | None = None) -> None:
        self.access = access
        self.tokens = tokens
        self.wait_after_dot = wait_after_dot

    def send(self, data: bytes, sender: str, recipients: Sequence[str], commit: Callable[[], None]) -> Mapping[str, Any]:
        """Send to all or to none. Raises Rejected, Unavailable, AccessDenied; Uncertain when the answer to the dot is missing."""
        with self._session() as server:
            self._envelope(server, sender, recipients, len(data))
            with self._translated("did not take the mail"):
                self._expect(server.docmd("DATA"), 354, "does not take mails now")
            try:
                with self._translated("did not take the mail"):
                    server.send(_dotted(data))
                commit()
            except BaseException:
                server.close()  # without the dot; a QUIT would become part of the mail
                raise
            return self._dot(server) | {"server": self.access.host, "recipients": list(recipients)}

    def _dot(self, server: smtplib.SMTP) -> dict[str, Any]:
        try:
            if server.sock is not None:
                server.sock.settimeout(self.wait_after_dot)
            server.send(b".\r\n")
            code, text = server.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise Uncertain(
                f"The mail server {self.access.host} did not say whether it took the mail ({_shown(error)}). "
                "Ask the recipient or look into the sent mails before it is sent again."
            ) from error
        self._expect((code, text), 250, "refused the mail")
        return {"answer": f"{code} {_text(text)}"}

    def _envelope(self, server: smtplib.SMTP, sender: str, recipients: Sequence[str], size: int) -> None:
        with self._translated("broke off"):
            options = [f"size={size}"] if server.has_extn("size") else []
            if _needs_utf8([sender, *recipients]):
                options.append("SMTPUTF8")
            self._expect(server.mail(sender, options), 250, f"does not let {sender} send")
            for recipient in recipients:
                code, text = server.rcpt(recipient)
                if code not in (250, 251):
                    with contextlib.suppress(OSError, smtplib.SMTPException):
                        server.rset()  # nobody gets it if one does not
                    self._expect((code, text), 250, f"does not deliver to {recipient}; nothing was sent to anybody")

    def _expect(self, answer: tuple[int, bytes], wanted: int, what: str) -> None:
        code, text = answer
        if code == wanted:
            return
        sentence = f"The mail server {self.access.host} {what}: {code} {_text(text)}"
        raise Unavailable(sentence) if 400 <= code < 500 or code < 0 else Rejected(sentence)

    @contextlib.contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            raise unproven(self.access, error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"The mail server {self.access.host} {what}: {_shown(error)}. It is tried again.") from error

    @contextlib.contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        server = self._connected()
        try:
            self._sign_in(server)
            yield server
        finally:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                if server.sock is not None:
                    server.sock.settimeout(5)
                server.quit()
            server.close()

    def _connected(self) -> smtplib.SMTP:
        access, port = self.access, self.access.port or _PORTS[self.access.tls]
        with self._translated("does not answer"):
            if access.tls == "tls":
                return smtplib.SMTP_SSL(access.host, port, timeout=access.timeout, context=tls_context(access))
            server = smtplib.SMTP(access.host, port, timeout=access.timeout)
            if access.tls == "starttls":
                server.ehlo_or_helo_if_needed()
                server.starttls(context=tls_context(access))
            return server

    def _sign_in(self, server: smtplib.SMTP) -> None:
        with self._translated("does not answer"):
            server.ehlo_or_helo_if_needed()
            if not self.access.user:
                return
            try:
                self._let_in(server)
            except smtplib.SMTPAuthenticationError as error:
                raise AccessDenied(
                    f"The mail server {self.access.host} does not accept the user '{self.access.user}' with this password: "
                    f"{error.smtp_code} {_text(error.smtp_error)}. Mend user and password in connections.yaml and .env."
                ) from error
            except smtplib.SMTPNotSupportedError as error:
                raise AccessDenied(
                    f"The mail server {self.access.host} offers no sign-in here. Leave out 'user', or mend 'port' and 'tls'."
                ) from error

    def _let_in(self, server: smtplib.SMTP) -> None:
        """By password, or by token (XOAUTH2); a token that the server does not take is renewed once."""
        if self.tokens is None:
            server.login(self.access.user, self.access.password)
            return
        if not server.has_extn("auth") or "XOAUTH2" not in server.esmtp_features["auth"].upper():
            raise smtplib.SMTPNotSupportedError
        try:
            self._by_token(server, self.tokens.access_token())
        except smtplib.SMTPAuthenticationError:
            self._by_token(server, self.tokens.access_token(renew=True))

    def _by_token(self, server: smtplib.SMTP, token: str) -> None:
        said = f"user={self.access.user}\1auth=Bearer {token}\1\1"
        server.auth("XOAUTH2", lambda challenge=None: said if challenge is None else "")

    def try_out(self) -> Mapping[str, Any]:
        """Sign in and send nothing."""
        with self._session() as server, self._translated("does not answer"):
            server.noop()
            return {"smtp": self.access.host, "size": server.esmtp_features.get("size", "")}


def _dotted(data: bytes) -> bytes:
    """The mail as it goes over the line, without the final dot: CRLF, and dots at the start of a line doubled (§4.5.2)."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    return re.sub(rb"(?m)^\.", b"..", lines if lines.endswith(b"\r\n") else lines + b"\r\n")


def _needs_utf8(addresses: Sequence[str]) -> bool:
    return not all(a.isascii() for a in addresses)


def _text(answer: bytes | str) -> str:
    return (answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer).replace("\n", " ").strip()


def _shown(error: Exception) -> str:
    return str(getattr(error, "strerror", "") or error) or type(error).__name__

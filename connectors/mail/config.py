"""What an admin says about a mailbox, and about the mails that start a flow."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from connectors.base import Config
from kontorist.core.clock import parse_duration
from kontorist.reading.mail.header import addresses

Security = Literal["tls", "starttls", "none"]


class Access(Config):
    """A mail server and who signs in there."""

    host: str = Field(description="The server's name")
    port: int | None = Field(None, ge=1, le=65535, description="Default: the usual port for the protocol and `tls`")
    user: str = Field("", description="Who signs in; empty: nobody has to")
    password: str = Field("", description="As ${NAME}, never in plain text", repr=False)
    tls: Security = Field("tls", description="tls (encrypted from the start), starttls, or none (this machine only)")
    ca_file: str | None = Field(None, description="A certificate authority of your own, in PEM format")
    connections: int = Field(8, ge=1, le=100, description="imap: at most so many at once to this server, for all mailboxes")
    timeout: float = Field(30, gt=0, le=600, description="Seconds to wait for an answer")

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> Access:
        if self.tls == "none" and not _is_this_machine(self.host):
            raise ValueError(
                f"without encryption the password and every mail could be read on the way to {self.host}; use tls or starttls"
            )
        return self


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_PROVIDERS = {
    "microsoft": (
        "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/devicecode",
        "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
        ("https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send", "offline_access"),
    ),
    "google": ("", "https://oauth2.googleapis.com/token", ("https://mail.google.com/",)),
}
_BROWSER = {"google": "https://accounts.google.com/o/oauth2/v2/auth"}
"""Google's device flow gives no right to mail, so a person signs in with a browser there."""


class OAuth(Config):
    """Signing in with tokens instead of passwords (XOAUTH2); a person signs in once with `kontorist login`."""

    provider: Literal["microsoft", "google"] | None = Field(None, description="microsoft, google; or name the two addresses")
    client_id: str = Field(description="The number of your registered application")
    client_secret: str = Field("", description="As ${NAME}, if the provider wants one", repr=False)
    tenant: str = Field("organizations", description="microsoft: your tenant", pattern=r"^[A-Za-z0-9.-]+$")
    device_url: str | None = Field(None, description="Where a sign-in with a code begins (RFC 8628)")
    authorize_url: str | None = Field(None, description="Where a sign-in with a browser on this machine begins (RFC 8252)")
    token_url: str | None = Field(None, description="Where tokens are given out")
    scopes: list[str] = Field(default=[], description="What is asked for; default: the provider's for IMAP and SMTP")

    @model_validator(mode="after")
    def _is_complete(self) -> OAuth:
        if self.provider is None and not ((self.device_url or self.authorize_url) and self.token_url):
            raise ValueError("oauth needs 'provider' (microsoft, google), or 'token_url' and 'device_url' or 'authorize_url'")
        for url in (self.device_url, self.authorize_url, self.token_url):
            if url and not (url.startswith("https://") or _is_this_machine(urlsplit(url).hostname or "")):
                raise ValueError(f"{url}: tokens go over https only")
        return self

    @property
    def device_endpoint(self) -> str:
        """Where a sign-in begins."""
        return self.device_url or _PROVIDERS[str(self.provider)][0].format(tenant=self.tenant)

    @property
    def authorize_endpoint(self) -> str:
        """Where a sign-in with a browser begins; empty where a code is shown."""
        return self.authorize_url or ("" if self.device_url else _BROWSER.get(str(self.provider), ""))

    @property
    def token_endpoint(self) -> str:
        """Where tokens are given out."""
        return self.token_url or _PROVIDERS[str(self.provider)][1].format(tenant=self.tenant)

    @property
    def scope_list(self) -> Sequence[str]:
        """What is asked for."""
        return self.scopes or (_PROVIDERS[self.provider][2] if self.provider else ())


class MailConfig(Config):
    """A mailbox: on this machine (maildir) or on a mail server (imap)."""

    model_config = ConfigDict(populate_by_name=True)
    transport: Literal["maildir", "imap"] = Field("imap", description="maildir: a folder on this machine; imap: a mail server")
    sender: str = Field(alias="from", description="Whom mails come from: Name <address>")
    path: str | None = Field(None, description="maildir: the mailbox folder; `data:` is the data folder")
    seed: str | None = Field(None, description="maildir: a folder of .eml files that fill the mailbox when it is made")
    outgoing: str | None = Field(None, description="maildir: where sent mails are put; default: the folder `Sent` of the mailbox")
    imap: Access | None = Field(None, description="imap: the server that keeps the mails")
    smtp: Access | None = Field(None, description="imap: the server that sends; without it nothing can be sent")
    oauth: OAuth | None = Field(None, description="imap: sign in with tokens at both servers; see `kontorist login`")
    sent_folder: str | None = Field(
        None, description="imap: where copies of sent mails are put; default: the server's; empty: none"
    )
    drafts_folder: str | None = Field(None, description="Where drafts are put; default: the server's, else `Drafts`")
    authserv_id: str | None = Field(
        None, description="The name under which your mail server writes Authentication-Results; no other is believed"
    )
    resolver: str | None = Field(
        None,
        description="A name server for our own check of signatures (DKIM): `system`, or address[:port]; none: no check of our own",
    )
    known_domains: list[str] = Field(
        default=[], description="Domains of partners; a sender whose domain only looks like one of them, or like ours, is told"
    )
    replies_per_day: int = Field(
        10, ge=1, description="More replies to one address within a day are stopped: machines may be talking"
    )
    max_size: int = Field(50 * 2**20, gt=0, description="Of larger mails (bytes) only the beginning is taken in")

    @field_validator("sender")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        found = addresses(value)
        if len(found) != 1 or "@" not in found[0][1].strip("@"):
            raise ValueError(f"'{value}' is not an address; write it as: Name <name@example.com>")
        return value

    @model_validator(mode="after")
    def _has_its_parts(self) -> MailConfig:
        if self.transport == "maildir" and not self.path:
            raise ValueError("transport maildir needs 'path'")
        if self.transport == "imap" and not self.imap:
            raise ValueError("transport imap needs 'imap: {host, user, password}'")
        return self


class MailOptions(BaseModel):
    """The trigger `mail`: each new mail becomes a case."""

    model_config = ConfigDict(extra="forbid")
    folder: str | list[str] = Field("INBOX", description="Which folder, or a list of folders")
    since: str | None = Field(None, description="Only mails that arrived since then: a date (2026-11-01) or a time span (30d)")
    limit: int | None = Field(None, ge=1, description="At most so many in one pass")

    @field_validator("since", mode="before")
    @classmethod
    def _is_a_date_or_span(cls, value: object) -> object:
        from datetime import date

        text = str(value) if value is not None else None
        if text is not None:
            try:
                date.fromisoformat(text)
            except ValueError:
                parse_duration(text)
        return text

    def folders(self) -> list[str]:
        """The folders, in order."""
        return [self.folder] if isinstance(self.folder, str) else self.folder

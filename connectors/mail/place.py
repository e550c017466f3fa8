"""Where the mail of a case lies now: people move mails about while they wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from connectors.mail.transport import Fetched
from kontorist.core.errors import Rejected
from kontorist.core.values import sha256
from kontorist.reading.mail import digest_of

if TYPE_CHECKING:
    from connectors.mail import Mail as MailConnector


def locate(connector: MailConnector, folder: str, message_id: str, key: str) -> Fetched | None:
    """The mail as it lies in a folder now; None when it is not there.

    A Message-ID alone proves nothing (senders repeat and forge them): the content must be the same.
    """
    try:
        known = connector.seen.ids(folder, connector.transport.generation(folder), f"mail:{key}")
    except Rejected:
        return None  # there is no such folder
    if found := _with_key(connector, folder, known, key):
        return found
    if not message_id:
        return None
    others = [i for i in connector.transport.search(folder, message_id) if i not in known]
    return _with_key(connector, folder, others, key)


def _with_key(connector: MailConnector, folder: str, numbers: Sequence[str], key: str) -> Fetched | None:
    found = [one for one in connector.transport.fetch(folder, numbers) if same(one.data, key) or one.cut]
    return next(iter(sorted(found, key=lambda one: one.gone)), None)


def same(data: bytes, key: str) -> bool:
    """Whether these bytes are the mail with this key."""
    return key in digests(data)


def digests(data: bytes) -> set[str]:
    """What a mail may be known by: the digest of a mail, or that of its bytes when it could not be taken apart."""
    return {digest_of(data), sha256(data)}


def mail_of(data: Any) -> dict[str, Any] | None:
    """The case's mail; None when it began with something else."""
    mail = data.get("mail")
    return dict(mail) if isinstance(mail, dict) and mail.get("key") else None

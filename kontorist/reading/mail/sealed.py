"""Mails that are signed or encrypted (S/MIME, OpenPGP): shown as such; nothing is decrypted, no signature is believed."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

from kontorist.core.errors import NotReadable
from kontorist.reading.mail.body import bytes_of
from kontorist.reading.mail.pkcs7 import kind_of_pkcs7, signed_content
from kontorist.reading.mail.structure import kind

_PKCS7 = ("application/pkcs7-mime", "application/x-pkcs7-mime")


@dataclass(frozen=True)
class Seal:
    """How a mail is sealed."""

    how: str = ""
    """`signed`, `encrypted`, or empty."""
    by: str = ""
    """S/MIME or OpenPGP."""
    is_opaque: bool = False
    """Signed so that the content lies inside the signature."""

    def oddities(self, text: str) -> dict[str, str]:
        """As the mail's oddities say it; OpenPGP may also stand in the text itself."""
        if self.how:
            return {self.how: self.by}
        if "-----BEGIN PGP MESSAGE-----" in text:
            return {"encrypted": "OpenPGP"}
        return {"signed": "OpenPGP"} if "-----BEGIN PGP SIGNED MESSAGE-----" in text else {}


def seal_of(message: Message) -> Seal:
    """How this mail is sealed, by its outermost part."""
    media = kind(message)
    if media in ("multipart/signed", "multipart/encrypted"):
        protocol = str(message.get("Content-Type", "")).lower()
        return Seal(media.partition("/")[2], "OpenPGP" if "pgp" in protocol else "S/MIME")
    if media in _PKCS7:
        found = kind_of_pkcs7(bytes_of(message))
        return Seal("signed", "S/MIME", is_opaque=True) if found == "signed" else Seal("encrypted", "S/MIME")
    return Seal()


def unsealed(message: Message) -> bytes | None:
    """The mail inside a signature; None when it cannot be taken out."""
    try:
        return signed_content(bytes_of(message))
    except NotReadable:
        return None

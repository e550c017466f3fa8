"""Bank accounts in any text, also where somebody hid them from a plain search: odd blanks, invisible or look-alike letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_LOOK_ALIKE = str.maketrans("АВЕЅІЈКМНОРСТУХΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABESIJKMHOPCTYXABEZHIKMNOPTYX")
_START = re.compile(r"(?<![A-Z0-9])[A-Z]{2}[\W_]{0,3}\d[\W_]?\d")
_LABELLED = re.compile(r"IBAN\W{0,5}([^\W\d_]{2}[^\w\n]{0,3}_?\d[\W_]?\d(?:[^\w\n]{0,3}_?\w){11,30})")
_CHANGE = re.compile(
    r"(?:neue|geändert|aktualisiert|abweichend|umgestellt)\w*\s+(?:\w+\s+)?(?:bank|konto(?!stand|auszug)|iban)\w*"
    r"|(?:bank|konto)(?:verbindung|daten|nummer)?\w*\s+(?:\w+\s+){0,3}(?:ge(?:ändert|wechselt)|umgestellt|aktualisiert)"
    r"|(?:new|changed|updated|different)\s+(?:\w+\s+)?(?:bank|account|iban)\b"
    r"|(?:bank|account)\s+(?:details?|data|account|information)\s+(?:\w+\s+){0,3}(?:changed|updated)",
    re.IGNORECASE,
)


def unmasked(text: str) -> str:
    """Capital letters as they look: without invisible characters, Cyrillic and Greek twins as Latin ones."""
    visible = (char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    return "".join(visible).upper().translate(_LOOK_ALIKE)


def ibans_in(text: str) -> tuple[str, ...]:
    """Every IBAN in a text, each once; with wrong check digits too where the word IBAN stands before it."""
    plain = unmasked(text)
    valid = list(_valid(plain))
    return tuple(dict.fromkeys([*valid, *_claimed(plain, valid)]))


def announced_change(text: str) -> str | None:
    """The words that announce other bank details, if there are such words."""
    match = _CHANGE.search(text)
    return " ".join(match.group().split()) if match else None


def _valid(plain: str) -> Iterator[str]:
    from schwifty import IBAN

    for match in _START.finditer(plain):
        flat = re.sub(r"[^A-Z0-9]", "", plain[match.start() : match.start() + 100])[:34]
        lengths = range(len(flat), 14, -1)  # what stands behind may have been taken for a part
        valid = next((flat[:n] for n in lengths if IBAN(flat[:n], allow_invalid=True).is_valid), None)
        if valid:
            yield valid


def _claimed(plain: str, valid: list[str]) -> Iterator[str]:
    for match in _LABELLED.finditer(plain):
        flat = re.sub(r"\D+$", "", re.sub(r"[\W_]", "", match[1]))
        if sum(char.isdigit() for char in flat) >= 10 and not any(flat.startswith(one) for one in valid):
            yield flat

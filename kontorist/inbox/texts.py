"""The words of the inbox: English in the templates, other languages from `locale/*.po`, read at start."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

_LOCALE = Path(__file__).parent / "locale"


class Texts:
    """The translations of one language; what is missing stays English."""

    def __init__(self, language: str, messages: Mapping[str, str], plurals: Mapping[str, tuple[str, str]]) -> None:
        self.language = language
        self._messages = messages
        self._plurals = plurals

    def gettext(self, message: str) -> str:
        """The message in this language."""
        return self._messages.get(message, message)

    def ngettext(self, one: str, many: str, number: int) -> str:
        """The message in this language, for one or many."""
        forms = self._plurals.get(one, (one, many))
        return forms[0] if number == 1 else forms[1]


def languages() -> list[str]:
    """The languages there are."""
    return ["en", *sorted(p.stem for p in _LOCALE.glob("*.po"))]


@cache
def texts(language: str) -> Texts:
    """The words of a language; English where it is not known."""
    file = _LOCALE / f"{language}.po"
    if language not in languages() or not file.is_file():
        return Texts("en", {}, {})
    with file.open("rb") as opened:
        catalog = read_po(opened, locale=language)
    single: dict[str, str] = {}
    plural: dict[str, tuple[str, str]] = {}
    for message in catalog:
        if not message.id or message.fuzzy:
            continue
        if isinstance(message.id, str):
            if message.string:
                single[message.id] = str(message.string)
        elif isinstance(message.string, tuple | list) and all(message.string):
            plural[message.id[0]] = (message.string[0], message.string[1])
    return Texts(language, single, plural)


def choose(wanted: str, offered: str, default: str) -> str:
    """The language of a page: what the person has chosen, else what the browser asks for, else the office's own."""
    known = languages()
    for code in (wanted, *_accepted(offered), default):
        if code in known:
            return code
    return "en"


def _accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header, the most wanted first."""
    found: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        code, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        found.append((-weight, code.strip()[:2].lower()))
    return [code for _, code in sorted(found, key=lambda f: f[0])]

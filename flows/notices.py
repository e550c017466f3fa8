"""What a message to staff says: how many cards and unclear cases wait, of which flow, and where; more only where the office wants it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_MOST = 5
_TITLES = {
    "de": {
        "new": ("1 neue Karte", "{n} neue Karten"),
        "due": ("1 Karte ist bald fällig", "{n} Karten sind bald fällig"),
        "escalated": ("1 Karte ist überfällig", "{n} Karten sind überfällig"),
        "digest": ("1 Karte wartet", "{n} Karten warten"),
    },
    "en": {
        "new": ("1 new card", "{n} new cards"),
        "due": ("1 card is due soon", "{n} cards are due soon"),
        "escalated": ("1 card is overdue", "{n} cards are overdue"),
        "digest": ("1 card waits", "{n} cards wait"),
    },
}
_CASES = {
    "de": {
        "new": ("1 neuer unklarer Vorgang", "{n} neue unklare Vorgänge"),
        "due": ("1 unklarer Vorgang ist bald fällig", "{n} unklare Vorgänge sind bald fällig"),
        "escalated": ("1 unklarer Vorgang ist überfällig", "{n} unklare Vorgänge sind überfällig"),
        "digest": ("1 unklarer Vorgang wartet", "{n} unklare Vorgänge warten"),
    },
    "en": {
        "new": ("1 new unclear case", "{n} new unclear cases"),
        "due": ("1 unclear case is due soon", "{n} unclear cases are due soon"),
        "escalated": ("1 unclear case is overdue", "{n} unclear cases are overdue"),
        "digest": ("1 unclear case waits", "{n} unclear cases wait"),
    },
}
_MORE = {"de": "… und {n} weitere", "en": "… and {n} more"}
_DECIDE = {"de": "Entschieden wird im Eingang", "en": "Decisions are made in the inbox"}


@dataclass(frozen=True)
class Waiting:
    """A card or unclear case that waits, as far as a message needs it."""

    id: int
    flow: str
    sentence: str
    is_case: bool = False


@dataclass(frozen=True)
class Notice:
    """A message: one title line, and a body of plain text."""

    title: str
    body: str


def notice(occasion: str, cards: Sequence[Waiting], *, language: str, link: str, details: bool) -> Notice:
    """The message about these cards."""
    asked = sum(card.is_case for card in cards)
    said = [_counted(_TITLES[language][occasion], len(cards) - asked), _counted(_CASES[language][occasion], asked)]
    title = f"Kontorist: {', '.join(filter(None, said))}"
    lines = [f"{count} × {flow}" for flow, count in Counter(card.flow for card in cards).most_common()]
    if details:
        lines += ["", *(f"• {_one_line(card.sentence)}" for card in cards[:_MOST])]
        if len(cards) > _MOST:
            lines.append(_MORE[language].format(n=len(cards) - _MOST))
    where = f"{_DECIDE[language]}: {link}" if link else f"{_DECIDE[language]}."
    return Notice(title, "\n".join([*lines, "", where]))


def _counted(words: tuple[str, str], number: int) -> str:
    """So many of something, in words; nothing where there are none."""
    one, many = words
    return one if number == 1 else many.format(n=number) if number else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]

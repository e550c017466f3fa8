"""What a message to staff says: how many cards wait, of which kind, and where; more only where the office wants it."""

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
_MORE = {"de": "… und {n} weitere", "en": "… and {n} more"}
_DECIDE = {"de": "Entschieden wird im Eingang", "en": "Decisions are made in the inbox"}


@dataclass(frozen=True)
class Waiting:
    """A card that waits, as far as a message needs it."""

    id: int
    flow: str
    sentence: str


@dataclass(frozen=True)
class Notice:
    """A message: one title line, and a body of plain text."""

    title: str
    body: str


def notice(occasion: str, cards: Sequence[Waiting], *, language: str, link: str, details: bool) -> Notice:
    """The message about these cards."""
    one, many = _TITLES[language][occasion]
    title = f"Kontorist: {one if len(cards) == 1 else many.format(n=len(cards))}"
    lines = [f"{count} × {flow}" for flow, count in Counter(card.flow for card in cards).most_common()]
    if details:
        lines += ["", *(f"• {_one_line(card.sentence)}" for card in cards[:_MOST])]
        if len(cards) > _MOST:
            lines.append(_MORE[language].format(n=len(cards) - _MOST))
    where = f"{_DECIDE[language]}: {link}" if link else f"{_DECIDE[language]}."
    return Notice(title, "\n".join([*lines, "", where]))


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]

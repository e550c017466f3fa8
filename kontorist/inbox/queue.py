"""The queue of cards: which wait, for whom, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, and_, func, literal, select

from kontorist.core.clock import utcnow
from kontorist.inbox.open_rows import Line, lists, open_rows
from kontorist.inbox.sight import hidden_cases, hidden_flows
from kontorist.inbox.viewer import Viewer
from kontorist.store import words as search
from kontorist.store.actions import ActionRow, as_row
from kontorist.store.tables import OPEN_STATES, actions, approvals, cases, revisions

OPEN = ("proposed", "uncertain", "refused")
_AT_ONCE = 500
OWN, GROUP, DEPUTY = 0, 1, 2
"""Why a card is mine: given to me by name, to a group of mine, or to somebody I stand in for."""


@dataclass(slots=True)
class Card:
    """One card of the list; its actions and its case are loaded only where it is shown."""

    id: int
    flow: str
    who: str
    amount: float | None
    risk: int
    eyes: int
    due_text: str | None
    """As it is stored: it sorts by time, and ten thousand need not be read."""
    action: str = ""
    case_id: int = 0
    size: int = 1
    rests: bool = field(default=False, kw_only=True)
    """Something was asked back, and the answer has not come yet."""
    mine: bool = False
    why: int = GROUP
    given: bool = False
    """I have approved it already; it waits for somebody else."""
    rows: Sequence[ActionRow] = ()
    case: Any = None
    more: Any = None

    @property
    def head(self) -> ActionRow:
        """The action that speaks for the card."""
        return self.rows[0]

    @property
    def stops(self) -> int:
        """How many warnings say stop."""
        return sum(bool(w.get("stop")) for r in self.rows for w in r.warnings)

    @property
    def notes(self) -> int:
        """How many different other warnings there are."""
        return len({w.get("text") for r in self.rows for w in r.warnings if not w.get("stop")})

    @property
    def due(self) -> datetime | None:
        """When the first of its actions is due."""
        return datetime.fromisoformat(self.due_text) if self.due_text else None

    @property
    def overdue(self) -> bool:
        """Whether it should have been decided already."""
        return self.due is not None and self.due < utcnow()

    @property
    def order(self) -> tuple[Any, ...]:
        """My own before my groups' before those I stand in for; what says stop first, then by due time, then the oldest."""
        return (self.why, self.risk < 2, self.due_text is None, self.due_text or "", self.id)


SORTS = {
    "risk": lambda c: c.order,
    "due": lambda c: (c.due_text is None, c.due_text or "", c.id),
    "amount": lambda c: (c.amount is None, -(c.amount or 0.0), c.id),
    "new": lambda c: -c.id,
}
"""Orders to choose from; the first is the usual one."""


def open_cards(connection: Connection, viewer: Viewer, sort: str = "risk") -> list[Card]:
    """All cards that this viewer may know of and that wait for a decision, in order; `mine` marks those they may decide now.

    They are shared by everybody who asks: `load` gives copies to be filled.
    """
    seq, lines = open_rows(connection)
    key = (seq, viewer.name, viewer.role, viewer.groups, viewer.own, viewer.hidden, sort)
    return lists(connection).get(key, lambda: _ordered(connection, viewer, lines, sort))


def _ordered(connection: Connection, viewer: Viewer, lines: Mapping[int, Line], sort: str) -> list[Card]:
    cards = _cards(lines.values(), viewer)
    for number in _done_by(connection, viewer.name, [c.id for c in cards.values() if c.eyes > 1]):
        cards[number].given, cards[number].mine = True, False
    seen = _without_hidden(connection, viewer, cards)
    return sorted(seen, key=SORTS.get(sort, SORTS["risk"]))


def _cards(rows: Iterable[Line], viewer: Viewer) -> dict[int, Card]:
    now, names, found = _stored(utcnow()), viewer.groups | {viewer.name}, dict[int, Card]()
    own = viewer.own

    @cache
    def why(deciders: str) -> int | None:
        wanted = set(deciders.split("|")) - {""}
        return OWN if viewer.name in wanted else GROUP if wanted & own else DEPUTY if wanted & names else None

    for card, first, last, escalate, due, risk, eyes, flow, who, amount, case_id, size, action, rests_until in rows:
        late = due is not None and due < now and escalate in names
        reasons = [why(first), why(last)]
        mine = viewer.decides and (late or None not in reasons)
        made = Card(
            card,
            flow,
            who,
            amount,
            risk,
            eyes,
            due,
            action,
            case_id,
            size,
            mine,
            max((r for r in reasons if r is not None), default=GROUP),
        )
        made.rests = rests_until is not None and rests_until > now
        found[card] = made
    return found


def _stored(moment: datetime) -> str:
    """A moment as the store writes it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def found_by(connection: Connection, cards: Sequence[Card], words: str) -> list[Card]:
    """Of these cards, those whose case has all these words."""
    ids = search.among_open(connection, words)
    return [c for c in cards if c.case_id in ids]


def _without_hidden(connection: Connection, viewer: Viewer, cards: dict[int, Card]) -> Iterable[Card]:
    """Without the cards of flows that are not for this viewer, unless it is theirs to decide."""
    hidden = hidden_flows(viewer)
    if not hidden:
        return cards.values()
    theirs = set(connection.execute(hidden_cases(hidden).where(cases.c.state.not_in(("done", "closed")))).scalars())
    return [c for c in cards.values() if c.mine or c.given or (c.flow not in hidden and c.case_id not in theirs)]


def _done_by(connection: Connection, person: str, several: Sequence[int]) -> set[int]:
    """Of these cards, where more than one has to agree, those that this person has approved, or composed."""
    found: set[int] = set()
    for start in range(0, len(several), _AT_ONCE):
        ids = select(actions.c.id, actions.c.revision, actions.c.card)
        some = ids.where(actions.c.card.in_(several[start : start + _AT_ONCE]), actions.c.state.in_(OPEN)).subquery()
        same = and_(approvals.c.action_id == some.c.id, approvals.c.revision == some.c.revision)
        mine = (approvals.c.person == person, approvals.c.decision == "approve", approvals.c.expires > utcnow())
        found.update(connection.execute(select(some.c.card).join(approvals, same).where(*mine)).scalars())
        made = and_(revisions.c.action_id == some.c.id, revisions.c.revision == some.c.revision)
        composed = select(some.c.card).join(revisions, made).where(revisions.c.composed_by == person)
        found.update(connection.execute(composed).scalars())
    return found


def load(connection: Connection, cards: Iterable[Card]) -> list[Card]:
    """Copies of the cards that are shown, with their actions and cases; without those that were decided this moment."""
    by_id = {c.id: replace(c, rows=()) for c in cards}
    query = select(actions).where(actions.c.card.in_(list(by_id)), OPEN_STATES).order_by(actions.c.id)
    for row in connection.execute(query):
        by_id[row.card].rows = [*by_id[row.card].rows, as_row(row)]
    listed = [c for c in by_id.values() if c.rows]
    ids = {c.case_id for c in listed}
    query = select(cases.c.id, cases.c.title, cases.c.source, cases.c.who, cases.c.state).where(cases.c.id.in_(ids))
    found = {r.id: r for r in connection.execute(query)}
    for card in listed:
        card.case = found.get(card.case_id)
    return listed


def next_after(cards: Sequence[Card], card_id: int) -> int | None:
    """The card of mine that comes after this one; from the top again at the end; None when nothing is left."""
    mine = [c for c in cards if c.mine and not c.rests]
    place = next((i for i, c in enumerate(mine) if c.id == card_id), None)
    if place is None:
        return mine[0].id if mine else None
    rest = mine[place + 1 :] or mine[:place]
    return rest[0].id if rest else None


def counts(connection: Connection, cards: Sequence[Card], viewer: Viewer) -> dict[str, int]:
    """The numbers on the tabs."""
    rests = resting().label("rests")  # by its name: PostgreSQL takes two spellings with a parameter each for two different things
    query = select(cases.c.state, rests, func.count()).where(cases.c.state.in_(("unclear", "failed")))
    if hidden := hidden_flows(viewer):
        query = query.where(cases.c.id.not_in(hidden_cases(hidden)))
    found = {(r[0], bool(r[1])): r[2] for r in connection.execute(query.group_by(cases.c.state, "rests"))}
    return {
        "mine": sum(c.mine and not c.rests for c in cards),
        "others": sum(not c.mine and not c.rests for c in cards),
        "asked": sum(c.rests for c in cards) + found.get(("unclear", True), 0),
        "unclear": found.get(("unclear", False), 0),
        "failed": found.get(("failed", False), 0) + found.get(("failed", True), 0),
    }


def resting() -> Any:
    """Whether something was asked back in an unclear case, and the answer has not come yet."""
    return and_(cases.c.not_before.is_not(None), cases.c.not_before > literal(utcnow(), cases.c.not_before.type))

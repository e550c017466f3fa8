"""The queue of cards: which wait, for whom, in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import compress
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, and_, select

from kontorist.core.clock import utcnow
from kontorist.inbox import questions
from kontorist.inbox.kept import NEVER, Cards, Placed, Way, lists
from kontorist.inbox.open_rows import Line, is_committed, open_rows
from kontorist.inbox.open_words import open_words
from kontorist.inbox.sight import hidden_cases, hidden_flows
from kontorist.inbox.viewer import Viewer
from kontorist.store import facets, words
from kontorist.store.actions import as_row
from kontorist.store.many import one_of
from kontorist.store.tables import OPEN_STATES, actions, approvals, cases, revisions

OPEN = ("proposed", "uncertain", "refused")
_AT_ONCE = 500
_OPEN_CASES = select(actions.c.case_id).where(OPEN_STATES)
_AGE = 60.0
"""Seconds for which a list is kept at most."""
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
    mine: bool = False
    why: int = GROUP
    rests: bool = False
    """Something was asked back, and the answer has not come yet."""
    given: bool = False
    """I have approved it already; it waits for somebody else."""
    place: str = "others"
    """The tab that it stands on: `mine`, `others` or `asked`."""
    rows: list[Any] = field(default_factory=list)
    case: Any = None
    more: Any = None

    @property
    def head(self) -> Any:
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


def open_cards(connection: Connection, viewer: Viewer, sort: str = "risk") -> Cards:
    """All cards that this viewer may know of and that wait for a decision, in order; `mine` marks those they may decide now.

    They are shared by everybody who asks: `load` gives copies to be filled.
    """
    lines = open_rows(connection)
    key = (viewer.name, viewer.role, viewer.groups, viewer.own, viewer.hidden, sort)
    wrong = (lambda kept: _handed_on(connection, viewer, kept)) if viewer.hidden else Way.wrong
    way = Way(lambda some: _placed(connection, viewer, some), SORTS.get(sort, SORTS["risk"]), _AGE, wrong)
    return lists(connection).get(key, lines, way, _stored(utcnow()), keep=is_committed(connection))


def _placed(connection: Connection, viewer: Viewer, lines: Iterable[Line]) -> Placed:
    cards, until = _cards(lines, viewer)
    for number in _done_by(connection, viewer.name, [c.id for c in cards.values() if c.eyes > 1]):
        cards[number].given, cards[number].mine = True, False
    seen = _without_hidden(connection, viewer, cards)
    for card in seen.values():
        card.place = "asked" if card.rests else "mine" if card.mine else "others"
    return Placed(seen, until)


def _cards(lines: Iterable[Line], viewer: Viewer) -> tuple[dict[int, Card], str]:
    """The cards of these lines, and when the first of them changes by the time alone: it escalates to this viewer, or rests no more."""
    now, names, found, until = _stored(utcnow()), viewer.groups | {viewer.name}, dict[int, Card](), NEVER
    whys: dict[tuple[str, str], tuple[bool, int]] = {}
    for card, first, last, escalate, due, risk, eyes, flow, who, amount, case_id, size, action, rests_until in lines:
        if (decides := whys.get((first, last))) is None:
            decides = whys[first, last] = _why((first, last), viewer)
        both, why = decides
        late = due is not None and escalate in names and due < now
        if due is not None and escalate in names and not late:
            until = min(until, due)
        rests = rests_until is not None and rests_until > now
        if rests:
            until = min(until, rests_until)
        mine = viewer.decides and (late or both)
        found[card] = Card(card, flow, who, amount, risk, eyes, due, action, case_id, size, mine, why, rests)
    return found, until


def _why(deciders: tuple[str, str], viewer: Viewer) -> tuple[bool, int]:
    """Whether this viewer may decide all actions of a card by the names in their rules, and in whose place."""
    reasons = []
    for names in deciders:
        wanted = set(names.split("|")) - {""}
        standing_in = DEPUTY if wanted & (viewer.groups | {viewer.name}) else None
        reasons.append(OWN if viewer.name in wanted else GROUP if wanted & viewer.own else standing_in)
    return None not in reasons, max((r for r in reasons if r is not None), default=GROUP)


def reason(deciders: str, viewer: Viewer) -> int:
    """Why what is for these names is the viewer's: OWN, GROUP or DEPUTY."""
    return _why((deciders, deciders), viewer)[1]


def _stored(moment: datetime) -> str:
    """A moment as the store writes it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def found_by(
    connection: Connection, waiting: Cards, kind: tuple[str, ...], sift: Callable[[list[Any]], list[Card]], said: str
) -> list[Card]:
    """Of the cards of one kind, those whose case has all these words, or words that begin with them."""
    wanted = words.folded_words(said)
    if not wanted:
        return []
    kept = open_words(connection, open_rows(connection))
    cards = waiting.once(kind, sift)
    texts = waiting.once((*kind, "words"), lambda _: [kept.get(c.case_id, "") for c in cards])
    for begin in (f" {w}" for w in wanted):
        fits = [begin in has or not has for has in texts]
        cards, texts = list(compress(cards, fits)), list(compress(texts, fits))
    if unknown := {c.case_id for c, has in zip(cards, texts, strict=True) if not has}:
        having = words.among(connection, sorted(unknown), wanted)
        cards = [c for c, has in zip(cards, texts, strict=True) if has or c.case_id in having]
    return cards


def _without_hidden(connection: Connection, viewer: Viewer, cards: dict[int, Card]) -> dict[int, Card]:
    """Without the cards of flows that are not for this viewer, unless it is theirs to decide."""
    hidden = hidden_flows(viewer)
    if not hidden:
        return cards
    theirs = _for_others(connection, hidden, {c.case_id for c in cards.values() if not _is_theirs(c) and c.flow not in hidden})
    return {n: c for n, c in cards.items() if _is_theirs(c) or (c.flow not in hidden and c.case_id not in theirs)}


def _is_theirs(card: Card) -> bool:
    """Whether a card stays with this viewer whatever its flow says: it is theirs to decide."""
    return card.mine or card.given


def _for_others(connection: Connection, hidden: Sequence[str], open_cases: set[int]) -> set[int]:
    """Of these cases that have open cards, those that came to a hidden flow or were handed on to one."""
    few = len(open_cases) <= _AT_ONCE
    some = one_of(cases.c.id, sorted(open_cases)) if few else cases.c.id.in_(_OPEN_CASES)
    return open_cases & set(connection.execute(hidden_cases(hidden).where(some)).scalars())


def _handed_on(connection: Connection, viewer: Viewer, kept: Cards) -> bool:
    """Whether a case on this list was handed on to a flow that is hidden from the viewer, which no event tells."""
    listed = kept.once("not theirs", lambda all_: {c.case_id for c in all_ if not _is_theirs(c)})
    return bool(_for_others(connection, hidden_flows(viewer), listed))


def _done_by(connection: Connection, person: str, several: Sequence[int]) -> set[int]:
    """Of these cards, where more than one has to agree, those that this person has approved, or composed."""
    found: set[int] = set()
    for start in range(0, len(several), _AT_ONCE):
        ids = select(actions.c.id, actions.c.revision, actions.c.card, actions.c.state)
        some = ids.where(actions.c.card.in_(several[start : start + _AT_ONCE]), actions.c.state.in_(OPEN)).subquery()
        same = and_(approvals.c.action_id == some.c.id, approvals.c.revision == some.c.revision)
        mine = (approvals.c.person == person, approvals.c.decision == "approve", approvals.c.expires > utcnow())
        approved = select(some.c.card).join(approvals, same).where(*mine, some.c.state != "refused")  # outside: that is used up
        found.update(connection.execute(approved).scalars())
        made = and_(revisions.c.action_id == some.c.id, revisions.c.revision == some.c.revision)
        composed = select(some.c.card).join(revisions, made).where(revisions.c.composed_by == person)
        found.update(connection.execute(composed).scalars())
    return found


@dataclass(frozen=True, slots=True)
class Listed:
    """An action with no more than a line of a list says of it: decoding the rest costs more than reading it."""

    id: int
    case_id: int
    card: int
    sentence: str
    state: str
    assigned: str | None
    rule: Mapping[str, Any]
    warnings: Sequence[Mapping[str, Any]]
    payload: bytes

    @property
    def data(self) -> dict[str, Any]:
        """The payload, parsed."""
        return facets.payload_of(self.payload)


_LISTED = select(*(actions.c[name] for name in Listed.__dataclass_fields__))


def load(connection: Connection, cards: Iterable[Card], *, whole: bool = False) -> list[Card]:
    """Copies of the cards that are shown, with their actions and cases; without those that were decided this moment.

    Their actions are `Listed`, or `whole` ones (ActionRow).
    """
    by_id = {c.id: replace(c, rows=[]) for c in cards}
    query = (select(actions) if whole else _LISTED).where(one_of(actions.c.card, list(by_id)), OPEN_STATES)
    make = as_row if whole else lambda row: Listed(*row)
    for row in connection.execute(query.order_by(actions.c.id)).all():
        by_id[row.card].rows.append(make(row))
    listed = [c for c in by_id.values() if c.rows]
    query = select(cases.c.id, cases.c.title, cases.c.source, cases.c.who, cases.c.state, *([cases.c.data] if whole else []))
    ids = list({c.case_id for c in listed})
    found = {r.id: r for r in connection.execute(query.where(one_of(cases.c.id, ids)))}
    for card in listed:
        card.case = found.get(card.case_id)
    return listed


def next_after(cards: Cards, card_id: int) -> int | None:
    """The card of mine that comes after this one; from the top again at the end; None when nothing is left."""
    mine = to_decide(cards)
    if card_id not in mine:
        return next(iter(mine), None)
    _, after = beside(cards, card_id)
    return after if after is not None else next((n for n in mine if n != card_id), None)


def to_decide(cards: Cards) -> Mapping[int, int]:
    """The numbers of the viewer's own cards in order, each with its place from 0."""
    return cards.once("mine", lambda all_: {c.id: place for place, c in enumerate(c for c in all_ if c.place == "mine")})


def beside(cards: Cards, card_id: int) -> tuple[int | None, int | None]:
    """The viewer's own cards before and after this one, where it is theirs."""
    mine = to_decide(cards)
    here = mine.get(card_id)
    if here is None:
        return None, None
    numbers = cards.once("numbers", lambda _: list(mine))
    return numbers[here - 1] if here else None, numbers[here + 1] if here + 1 < len(numbers) else None


def counts(connection: Connection, cards: Cards, viewer: Viewer) -> dict[str, int]:
    """How many cards and cases wait where; `unclear` are all that wait for an answer, some of which are the viewer's or those of others."""
    places = cards.once("places", lambda all_: Counter(map(attrgetter("place"), all_)))
    found = questions.numbers(connection, viewer)
    return {
        "mine": places["mine"],
        "others": places["others"],
        "asked": places["asked"] + found["asked"],
        "unclear": found["mine"] + found["others"] + found["unclear"],
        "failed": found["failed"],
        "unclear_mine": found["mine"],
        "unclear_others": found["others"],
    }


def on_tabs(numbers: Mapping[str, int]) -> dict[str, int]:
    """The numbers on the tabs: an unclear case that is for somebody stands beside the cards."""
    theirs = {tab: numbers[f"unclear_{tab}"] for tab in ("mine", "others")}
    beside = {tab: numbers[tab] + theirs[tab] for tab in theirs}
    return {
        **beside,
        "asked": numbers["asked"],
        "unclear": numbers["unclear"] - sum(theirs.values()),
        "failed": numbers["failed"],
    }

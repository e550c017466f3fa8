"""The checker: what happened outside, held against what was approved. The same for every scenario."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from kontorist.core.values import sha256
from kontorist.store import audit
from kontorist.store.database import Database
from kontorist.store.tables import actions, approvals, revisions


@dataclass(frozen=True)
class Approved:
    """One payload that people approved, with how many different ones did and how many had to."""

    action: int
    payload: bytes
    people: int
    needed: int


@dataclass
class Report:
    """What the checker found; nothing wrong means that every promise was kept."""

    duplicates: list[str]
    unapproved: list[str]
    lost: list[str]
    stuck: list[str]
    chain: list[str]
    states: Counter[str]

    @property
    def wrong(self) -> list[str]:
        """Everything that must not be."""
        return [*self.duplicates, *self.unapproved, *self.lost, *self.stuck, *self.chain]


def check(database: Database, tokens: dict[int, str], effects: Sequence[str]) -> Report:
    """Hold the effects, each named by the token of its payload, against the store; `tokens` are those of the actions."""
    with database.read() as connection:
        approved = list(_approved(connection))
        rows = {r.id: r for r in connection.execute(select(actions).where(actions.c.id.in_(tokens)))}
        chain = [f"audit: {broken}" for broken in _broken(connection)]
    counts = Counter(effects)
    return Report(
        duplicates=[f"{token}: {n} effects" for token, n in counts.items() if n > 1],
        unapproved=[f"{token}: not approved" for token in counts if not _has_approval(token, approved)],
        lost=[
            f"{tokens[i]}: {r.state} without effect"
            for i, r in rows.items()
            if (r.state == "done" and not counts[tokens[i]]) or (r.state == "done" and not r.receipt)
        ]
        + [f"{tokens[i]}: {r.state} with an effect" for i, r in rows.items() if r.state == "refused" and counts[tokens[i]]],
        stuck=[f"{tokens[i]}: {r.state}" for i, r in rows.items() if r.state in ("approved", "claimed", "committing")],
        chain=chain,
        states=Counter(r.state for r in rows.values()),
    )


def _approved(connection: Connection) -> Iterable[Approved]:
    """Every revision that has an approval of exactly its bytes."""
    query = (
        select(revisions.c.action_id, revisions.c.payload, actions.c.rule, approvals.c.person, approvals.c.sha256)
        .join(actions, actions.c.id == revisions.c.action_id)
        .join(
            approvals,
            (approvals.c.action_id == revisions.c.action_id)
            & (approvals.c.revision == revisions.c.revision)
            & (approvals.c.decision == "approve"),
        )
    )
    people: dict[tuple[int, bytes], set[str]] = {}
    rules: dict[int, int] = {}
    for row in connection.execute(query):
        if sha256(row.payload) == row.sha256:
            people.setdefault((row.action_id, row.payload), set()).add(row.person)
            rules[row.action_id] = int(row.rule.get("count", 1))
    for (action, payload), names in people.items():
        yield Approved(action, payload, len(names), rules[action])


def _has_approval(token: str, approved: Sequence[Approved]) -> bool:
    return any(token.encode() in a.payload and a.people >= a.needed for a in approved)


def _broken(connection: Connection) -> list[str]:
    problem = audit.verify(connection).problem
    return [problem] if problem else []

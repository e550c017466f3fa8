"""Tokens for programs that act as a person; shown once, kept as their SHA-256, ended at any time."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from kontorist.core.clock import utcnow
from kontorist.core.values import sha256
from kontorist.store import audit
from kontorist.store.audit import Event
from kontorist.store.tables import people, tokens

LIVES = timedelta(days=365)
PREFIX = "kto_"
"""So that people and scanners for secrets recognise one."""


def make(connection: Connection, person: str, name: str) -> str:
    """A new token of this person; it is never shown again."""
    token, now = PREFIX + secrets.token_urlsafe(32), utcnow()
    values = {"token": sha256(token.encode()), "person": person, "name": name, "created": now, "expires": now + LIVES}
    connection.execute(insert(tokens).values(values))
    audit.append(connection, [Event("person.token-made", person, "office", {"name": name})])
    return token


def of(connection: Connection, person: str) -> list[Any]:
    """A person's tokens, the newest first."""
    return list(connection.execute(select(tokens).where(tokens.c.person == person).order_by(tokens.c.id.desc())))


def living(connection: Connection) -> dict[str, int]:
    """How many tokens that still work everybody has who has one."""
    query = select(tokens.c.person, func.count()).where(tokens.c.expires > utcnow()).group_by(tokens.c.person)
    return {str(person): int(number) for person, number in connection.execute(query)}


def person_of(connection: Connection, token: str) -> str | None:
    """Whose token this is; None for one that has ended, or whose person may not sign in any more."""
    query = select(tokens.c.person, people.c.disabled).join(people, people.c.name == tokens.c.person)
    row = connection.execute(query.where(tokens.c.token == sha256(token.encode()), tokens.c.expires > utcnow())).first()
    return None if row is None or row.disabled else str(row.person)


def used(connection: Connection, token: str) -> None:
    """The token is in use."""
    connection.execute(update(tokens).where(tokens.c.token == sha256(token.encode())).values(seen=utcnow()))


def end(connection: Connection, person: str, number: int) -> None:
    """End a token of this person."""
    if connection.execute(delete(tokens).where(tokens.c.id == number, tokens.c.person == person)).rowcount:
        audit.append(connection, [Event("person.token-ended", person, "office", {"token": number})])


def end_all(connection: Connection, person: str, actor: str) -> None:
    """End all tokens of a person."""
    if ended := connection.execute(delete(tokens).where(tokens.c.person == person)).rowcount:
        audit.append(connection, [Event("person.token-ended", actor, "office", {"person": person, "tokens": ended})])

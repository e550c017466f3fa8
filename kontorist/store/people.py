"""People who may sign in: passwords as argon2id, growing pauses after wrong guesses, sessions that can be ended."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from kontorist.core.clock import utcnow
from kontorist.core.errors import AccessDenied, NotFound
from kontorist.core.values import sha256
from kontorist.store import audit, second_factor, tokens
from kontorist.store.audit import Event
from kontorist.store.tables import people, sessions

_FREE_GUESSES = 5
SESSION_HOURS = 12
IDLE_HOURS = 2
HALF, HALF_LIVES = "half", timedelta(minutes=5)
"""A session whose password fitted and whose code has not come yet."""


@dataclass(frozen=True)
class Session:
    """A signed-in browser; `token` is what the browser holds, only its hash is stored."""

    token: str
    person: str
    csrf: str


def add(connection: Connection, name: str, password: str, actor: str) -> None:
    """Let a person sign in, or give them a new password (their sessions and tokens end: whoever knew the old one may have made some)."""
    hashed = _hasher().hash(password)
    values = {"password": hashed, "disabled": False, "failures": 0, "locked_until": None}
    if connection.execute(update(people).where(people.c.name == name).values(values)).rowcount == 0:
        connection.execute(insert(people).values(name=name, created=utcnow(), **values))
    connection.execute(delete(sessions).where(sessions.c.person == name))
    tokens.end_all(connection, name, actor)
    audit.append(connection, [Event("person.password-set", actor, "office", {"person": name})])


def disable(connection: Connection, name: str, actor: str) -> None:
    """End a person's sessions and tokens and let them in no more. Raises NotFound."""
    if connection.execute(update(people).where(people.c.name == name).values(disabled=True)).rowcount == 0:
        raise NotFound(f"'{name}' has no password here, so there is nothing to disable.")
    connection.execute(delete(sessions).where(sessions.c.person == name))
    tokens.end_all(connection, name, actor)
    audit.append(connection, [Event("person.disabled", actor, "office", {"person": name})])


def listing(connection: Connection) -> list[Any]:
    """Who may sign in."""
    return list(connection.execute(select(people.c.name, people.c.disabled, people.c.created).order_by(people.c.name)))


def hash_of(connection: Connection, name: str) -> str:
    """What is stored of a person's password, and something alike for names that nobody has.

    Raises AccessDenied while the name is locked after too many wrong guesses.
    """
    row = connection.execute(select(people).where(people.c.name == name)).first()
    _refuse_locked(row)
    return str(row.password) if row is not None else _DUMMY


def fits(hashed: str, password: str) -> bool:
    """Whether a password is the one of this hash. Slow and large on purpose: call it without a connection, and few at once."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return bool(_hasher().verify(hashed, password))
    except (VerificationError, InvalidHashError):
        return False


def is_known(connection: Connection, name: str) -> bool:
    """Whether somebody of this name has ever been able to sign in."""
    return connection.execute(select(people.c.name).where(people.c.name == name)).first() is not None


def _refuse_locked(row: Any) -> None:
    if row is not None:
        refuse_until(row.locked_until)


def refuse_until(locked: datetime | None) -> None:
    """Raises AccessDenied before this moment."""
    now = utcnow()
    if locked and locked > now:
        seconds = int((locked - now).total_seconds()) + 1
        raise AccessDenied(f"Too many wrong passwords or codes for this name. Try again in {seconds} seconds.")


def locked_until(failures: int) -> datetime | None:
    """Until when a name is locked after so many wrong guesses: the pauses double."""
    pause = timedelta(seconds=min(3600, 2 ** min(failures - _FREE_GUESSES, 12))) if failures >= _FREE_GUESSES else None
    return utcnow() + pause if pause else None


def sign_in(connection: Connection, name: str, fitting: str | None, agent: str = "") -> Session | None:
    """A new session for the hash that a password fitted, or None (the failure is counted: commit it either way).

    Whoever has a second factor gets half a session, which only `with_code` makes a whole one.

    Raises AccessDenied while the name is locked after too many wrong guesses.
    """
    row = connection.execute(select(people).where(people.c.name == name).with_for_update()).first()
    _refuse_locked(row)
    if row is None or row.disabled or fitting != row.password:
        if row is not None:
            _count_failure(connection, row)
        return None
    if second_factor.has(connection, name):
        return _new_session(connection, name, agent, HALF)
    return _signed_in(connection, name, agent, "password")


def _signed_in(connection: Connection, name: str, agent: str, method: str) -> Session:
    connection.execute(update(people).where(people.c.name == name).values(failures=0, locked_until=None))
    audit.append(connection, [Event("person.signed-in", name, "office", {"method": method})])
    return _new_session(connection, name, agent, method)


def with_code(connection: Connection, half: str, code: str, agent: str = "") -> Session | None:
    """A whole session for half of one and a code, or None (the failure is counted: commit it either way).

    Raises AccessDenied while the name is locked after too many wrong guesses.
    """
    query = select(sessions).where(sessions.c.token == sha256(half.encode()), sessions.c.method == HALF)
    begun = connection.execute(query.where(sessions.c.expires > utcnow())).first()
    if begun is None:
        return None
    if not proves(connection, begun.person, code):
        return None
    sign_out(connection, half)
    return _signed_in(connection, begun.person, agent, "code")


def proves(
    connection: Connection, name: str, code: str, check: Callable[[Connection, str, str], bool] = second_factor.fits
) -> bool:
    """Whether a person's code fits; a wrong one is counted as a wrong password is: commit it either way.

    Raises AccessDenied while the name is locked after too many wrong guesses.
    """
    row = connection.execute(select(people).where(people.c.name == name).with_for_update()).one()
    _refuse_locked(row)
    if not row.disabled and check(connection, name, code):
        return True
    _count_failure(connection, row)
    return False


def enter(connection: Connection, name: str, agent: str, method: str) -> Session | None:
    """A session for somebody whom another house has let in (OIDC); None for who may not sign in here."""
    row = connection.execute(select(people.c.disabled).where(people.c.name == name)).first()
    if row is None:
        unusable = {"password": "!", "disabled": False, "failures": 0, "created": utcnow()}
        connection.execute(insert(people).values(name=name, **unusable))
    elif row.disabled:
        return None
    return _signed_in(connection, name, agent, method)


def living(connection: Connection, name: str) -> list[Any]:
    """A person's sessions that still work, the newest first."""
    now = utcnow()
    alive = (sessions.c.expires > now, sessions.c.seen > now - timedelta(hours=IDLE_HOURS), sessions.c.method != HALF)
    return list(connection.execute(select(sessions).where(sessions.c.person == name, *alive).order_by(sessions.c.created.desc())))


def end(connection: Connection, name: str, digest: str = "", actor: str = "") -> None:
    """End one session of a person (by the hash of its token), or all of them and their tokens for programs with them."""
    which = [sessions.c.person == name, *([sessions.c.token == digest] if digest else [])]
    if connection.execute(delete(sessions).where(*which)).rowcount:
        audit.append(connection, [Event("person.sessions-ended", actor or name, "office", {"person": name})])
    if not digest:
        tokens.end_all(connection, name, actor or name)


def end_others(connection: Connection, name: str, token: str) -> None:
    """End all sessions of a person but the one with this token."""
    others = (sessions.c.person == name, sessions.c.token != sha256(token.encode()))
    if connection.execute(delete(sessions).where(*others)).rowcount:
        audit.append(connection, [Event("person.sessions-ended", name, "office", {"person": name})])


def _count_failure(connection: Connection, row: Any) -> None:
    failures = row.failures + 1
    until = locked_until(failures)
    connection.execute(update(people).where(people.c.name == row.name).values(failures=failures, locked_until=until))
    if until:
        audit.append(connection, [Event("person.locked", row.name, "office", {"failures": failures})])


def _new_session(connection: Connection, name: str, agent: str, method: str) -> Session:
    new, now = Session(secrets.token_urlsafe(32), name, secrets.token_urlsafe(32)), utcnow()
    values = {"token": sha256(new.token.encode()), "person": name, "csrf": new.csrf, "created": now, "seen": now}
    lives = HALF_LIVES if method == HALF else timedelta(hours=SESSION_HOURS)
    connection.execute(insert(sessions).values(**values, agent=agent[:200], method=method, expires=now + lives))
    return new


def session(connection: Connection, token: str) -> Session | None:
    """The living session with this token, or None."""
    query = select(sessions, people.c.disabled).join(people).where(sessions.c.token == sha256(token.encode()))
    row = connection.execute(query).first()
    now = utcnow()
    if row is None or row.disabled or row.method == HALF or row.expires < now or row.seen < now - timedelta(hours=IDLE_HOURS):
        return None
    return Session(token, row.person, row.csrf)


def touch(connection: Connection, token: str) -> None:
    """The session is in use."""
    connection.execute(update(sessions).where(sessions.c.token == sha256(token.encode())).values(seen=utcnow()))


def sign_out(connection: Connection, token: str) -> None:
    """End a session."""
    connection.execute(delete(sessions).where(sessions.c.token == sha256(token.encode())))


_DUMMY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$Qb9s4RD3wxIZ5P2A2yJZBQ8bOuYuQ8f5xYJt2N1pJxM"


def _hasher() -> Any:
    from argon2 import PasswordHasher

    return PasswordHasher()

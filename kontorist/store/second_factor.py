"""Codes from a phone (TOTP, RFC 6238) as the second factor of a sign-in; no code works twice."""

from __future__ import annotations

import hmac

from sqlalchemy import Connection, delete, insert, select, update

from kontorist.core.clock import utcnow
from kontorist.store import audit
from kontorist.store.audit import Event
from kontorist.store.tables import second_factors

_STEP = 30
_DRIFT = (-1, 0, 1)
"""Clocks of phones are off by up to half a minute."""


def has(connection: Connection, person: str) -> bool:
    """Whether a person has to give a code."""
    query = select(second_factors.c.confirmed).where(second_factors.c.person == person)
    return bool(connection.execute(query).scalar())


def begin(connection: Connection, person: str) -> str:
    """A new secret, not in force before a code of it was given. Leaves a confirmed one alone and returns nothing then."""
    import pyotp

    if has(connection, person):
        return ""
    secret = pyotp.random_base32()
    connection.execute(delete(second_factors).where(second_factors.c.person == person))
    connection.execute(insert(second_factors).values(person=person, secret=secret, confirmed=False, last=0))
    return secret


def pending(connection: Connection, person: str) -> str:
    """The secret that waits for its first code, or empty."""
    query = select(second_factors.c.secret).where(second_factors.c.person == person, second_factors.c.confirmed.is_(False))
    return connection.execute(query).scalar() or ""


def fits(connection: Connection, person: str, code: str) -> bool:
    """Whether this code is right now, and was not used before; uses it up."""
    import pyotp

    row = connection.execute(select(second_factors).where(second_factors.c.person == person)).first()
    given = "".join(code.split())
    if row is None or len(given) != 6 or not given.isascii() or not given.isdigit():
        return False
    now, totp = int(utcnow().timestamp()) // _STEP, pyotp.TOTP(row.secret)
    found = next((now + d for d in _DRIFT if hmac.compare_digest(totp.at((now + d) * _STEP), given)), None)
    if found is None:
        return False
    fresh = (second_factors.c.person == person, second_factors.c.last < found)
    return connection.execute(update(second_factors).where(*fresh).values(last=found)).rowcount == 1


def confirm(connection: Connection, person: str, code: str) -> bool:
    """Put the secret in force with its first code."""
    if not pending(connection, person) or not fits(connection, person, code):
        return False
    connection.execute(update(second_factors).where(second_factors.c.person == person).values(confirmed=True))
    audit.append(connection, [Event("person.second-factor", person, "office", {"on": True})])
    return True


def remove(connection: Connection, person: str, actor: str) -> None:
    """No code is asked for any more."""
    if connection.execute(delete(second_factors).where(second_factors.c.person == person)).rowcount:
        audit.append(connection, [Event("person.second-factor", actor, "office", {"on": False, "person": person})])


def address(person: str, secret: str, office: str) -> str:
    """What the app on the phone reads from the picture."""
    import pyotp

    return str(pyotp.TOTP(secret).provisioning_uri(name=person, issuer_name=f"Kontorist {office}"))

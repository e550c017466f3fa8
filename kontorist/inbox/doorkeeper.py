"""How many may try to sign in: wrong tries are counted by address, and few passwords are looked at side by side."""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from kontorist.core.clock import utcnow
from kontorist.core.errors import AccessDenied

TRIES, WITHIN, PAUSE = 30, timedelta(minutes=10), timedelta(minutes=1)
"""A whole office may sit behind one address: its right sign-ins are not counted, and the pause is short."""
SIDE_BY_SIDE, INSIDE = 2, 16
"""Looking at a password takes 64 MB and a core; who waits for it holds a thread that every page needs."""
MOST = 5000


class Doorkeeper:
    """Who may try a password now; in memory only, the address that has tried longest ago is forgotten first."""

    def __init__(self) -> None:
        self._tried: OrderedDict[str, tuple[int, datetime]] = OrderedDict()
        self._lock = threading.Lock()
        self._inside, self._looking = threading.BoundedSemaphore(INSIDE), threading.BoundedSemaphore(SIDE_BY_SIDE)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """While this lasts a password may be looked at. Raises AccessDenied where too many wait for that."""
        if not self._inside.acquire(blocking=False):
            raise AccessDenied("Too many people are signing in at this moment. Try again in a few seconds.")
        try:
            with self._looking:
                yield
        finally:
            self._inside.release()

    def count(self, address: str) -> None:
        """One more try from there, before it is looked at: many at once count as one after the other do. Raises AccessDenied."""
        key, now = _network(address), utcnow()
        with self._lock:
            tries, until = self._tried.get(key, (0, now))
            tries, until = (tries, until) if until > now else (0, now + WITHIN)
            if tries >= TRIES:
                seconds = int((until - now).total_seconds()) + 1
                raise AccessDenied(f"Too many wrong sign-ins from your network. Try again in {seconds} seconds.")
            self._keep(key, tries + 1, now + PAUSE if tries + 1 == TRIES else until)

    def forgive(self, address: str) -> None:
        """That try was none: the password was right, or nobody looked at it."""
        key = _network(address)
        with self._lock:
            tries, until = self._tried.get(key, (0, utcnow()))
            self._keep(key, max(0, tries - 1), until)

    def _keep(self, key: str, tries: int, until: datetime) -> None:
        self._tried[key] = (tries, until)
        self._tried.move_to_end(key)
        while len(self._tried) > MOST:
            self._tried.popitem(last=False)


def _network(address: str) -> str:
    """What belongs to one client: an IPv4 address, or the /64 of an IPv6 one, of which each machine has as many as it likes."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))

"""The errors that a person gets to read: what happened, to which thing, what to do."""

from __future__ import annotations


class KontoristError(Exception):
    """Something went wrong in a way that a person can read and act on."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").splitlines()[0])


class ConfigurationError(KontoristError):
    """The configuration of this office is not valid; `kontorist check` lists every problem."""


class AccessDenied(KontoristError):
    """The outside system rejects our credentials: a person has to mend them."""


class Unavailable(KontoristError):
    """The outside system does not answer now: the same again later may work."""


class Away(Unavailable):
    """What the office wants to wait for is away: the case waits as long as that lasts, and counts no attempts."""


class Rejected(KontoristError):
    """The outside system understood and refused: repeating it changes nothing."""


class Uncertain(KontoristError):
    """Whether the effect happened cannot be known: a person decides with the evidence before them."""


class NotReadable(KontoristError):
    """A document cannot be read: it is kept as it came and shown to a person."""


class NotApproved(KontoristError):
    """The exact action carries no valid approval, so it is not executed."""


class Stale(KontoristError):
    """What was shown is no longer what is stored: look at the new revision and decide again."""


class NotFound(KontoristError):
    """There is no such thing in this office."""


class NotAllowed(KontoristError):
    """The person may not do that."""

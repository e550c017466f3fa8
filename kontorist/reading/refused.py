"""Why a document cannot be read, inside the sandbox's child."""

from __future__ import annotations


class Refused(Exception):
    """The document cannot be read, for a reason that a person understands."""

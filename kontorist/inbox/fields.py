"""A payload as people read it: what matters first, long text at full width, what only machines need folded away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kontorist.store.actions import ActionRow

_FIRST = (
    "to",
    "cc",
    "subject",
    "body",
    "folder",
    "name",
    "content",
    "vendor",
    "vendor_name",
    "account",
    "cost_center",
    "text",
    "rows",
)
_TECHNICAL = {"quote", "quoted", "mail", "in_reply_to", "references", "attachment_names", "sha256", "key", "document", "file"}
_NOTHING: tuple[Any, ...] = ("", None, [], {})


@dataclass(frozen=True)
class Field:
    """One value of a payload, with where it comes from."""

    key: str
    value: Any
    origins: Sequence[str]

    @property
    def long(self) -> bool:
        """Whether it needs the full width."""
        text = isinstance(self.value, str) and ("\n" in self.value or len(self.value) > 160)
        return text or (isinstance(self.value, list) and any(isinstance(v, Mapping) for v in self.value))


@dataclass(frozen=True)
class Shown:
    """The fields of one action."""

    row: ActionRow
    main: list[Field]
    technical: list[Field]
    """Where the mail lies, hashes, what is empty: part of what is approved, but nothing to decide about."""


def shown(row: ActionRow) -> Shown:
    """An action's payload, sorted for reading; nothing is left out."""
    data = row.data
    order = [*(k for k in _FIRST if k in data), *(k for k in data if k not in _FIRST)]
    fields = [Field(k, data[k], row.origins.get(k) or []) for k in order]
    small = [f for f in fields if f.value in _NOTHING or (f.key in _TECHNICAL and _worked_out(f))]
    return Shown(row, [f for f in fields if f not in small], small)


def _worked_out(field: Field) -> bool:
    return set(field.origins) <= {"derived", "document"}

"""Batches beside those of invoices: settlements and reversals, each written once and remembered in a ledger of their own."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.accounting import booking, extf, files
from connectors.base import Receipt
from kontorist.core.clock import utcnow
from kontorist.core.errors import NotReadable, Rejected, Unavailable
from kontorist.core.permit import Permit
from kontorist.core.values import sha256

if TYPE_CHECKING:
    from connectors.accounting import Accounting

LEDGER = "movements.jsonl"
_ANY_HEAD = extf.Head(1001, 1, date(2000, 1, 1), 4, date(2000, 1, 1), date(2000, 1, 1), "", utcnow())


@dataclass(frozen=True)
class Movement:
    """One settlement or reversal that was written."""

    kind: str
    fact: str
    """What it is about: the key of a bank entry, the key of a posting."""
    key: str
    file: str
    sha256: str


def movements(folder: Path) -> Iterator[Movement]:
    """Everything in the ledger. Raises Unavailable when it cannot be read."""
    try:
        lines = (folder / LEDGER).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"What was settled cannot be read from {folder / LEDGER}; nothing is written until it can.") from error
    for line in lines:
        with contextlib.suppress(ValueError, TypeError):  # a torn last line: the file itself tells
            yield Movement(**json.loads(line))


def known(folder: Path, kind: str, fact: str) -> Movement | None:
    """The movement about this fact, if one was written; the file tells when the ledger's line was lost."""
    found = next((one for one in movements(folder) if (one.kind, one.fact) == (kind, fact)), None)
    if found:
        return found
    path = next(iter(sorted(folder.glob(f"EXTF_{kind}_*_{safe(fact)}.csv"))), None)
    return Movement(kind, fact, "", path.name, sha256(path.read_bytes())) if path else None


def safe(text: str) -> str:
    """A fact's name as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9-]", "-", text)[:80]


def target(connector: Accounting, kind: str, day: date, fact: str) -> Path:
    """The file of a movement: its name tells what it is about, so that two attempts mean the same file."""
    return connector.output / f"EXTF_{kind}_{day:%Y%m%d}_{safe(fact)}.csv"


def content(connector: Accounting, day: date, label: str, rows: Sequence[extf.Row]) -> bytes:
    """The bytes of a batch with these postings."""
    config = connector.config
    last = date(day.year + day.month // 12, day.month % 12 + 1, 1).toordinal() - 1
    head = extf.Head(
        consultant=config.consultant_number,
        client=config.client_number,
        year_start=booking.year_start(config, day),
        account_length=config.account_length,
        first=day.replace(day=1),
        last=date.fromordinal(last),
        label=label,
        created=utcnow(),
    )
    try:
        return extf.write(head, rows)
    except (KeyError, ValueError) as error:
        raise Rejected(f"The postings are not what DATEV takes: {error}") from error


def write(
    connector: Accounting, place: Path, data: bytes, rows: Sequence[extf.Row], permit: Permit, about: tuple[str, str]
) -> Receipt:
    """Put the batch in its place, whole, and remember it. Raises Unavailable when the folder cannot be written."""
    with contextlib.ExitStack() as drafts:
        try:
            prepared = drafts.enter_context(files.prepare(place, data))
        except OSError as error:
            raise Unavailable(f"The books' folder {connector.output} cannot be written: {error.strerror}.") from error
        permit.commit()
        files.put(prepared, place, lambda there: same_rows(there, rows))
    movement = Movement(*about, safe(permit.key), place.name, sha256(place.read_bytes()))
    with contextlib.suppress(OSError):  # the file itself says the same
        _append(connector.output / LEDGER, movement)
    return receipt(movement)


def receipt(movement: Movement) -> Receipt:
    """What was written, for people and the audit log."""
    return Receipt({"file": movement.file, "sha256": movement.sha256, "fact": movement.fact}, {"file": movement.file})


def same_rows(path: Path, rows: Sequence[extf.Row]) -> bool:
    """Whether a file holds exactly these postings."""
    try:
        found = [extf.plain_row(row) for row in extf.read(path.read_bytes()).rows]
    except (OSError, NotReadable):
        return False
    return found == [extf.plain_row(row) for row in extf.read(extf.write(_ANY_HEAD, rows)).rows]


def _append(path: Path, movement: Movement) -> None:
    with path.open("ab") as file:
        file.write(json.dumps(asdict(movement), ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())

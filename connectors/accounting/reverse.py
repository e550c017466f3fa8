"""The action `reverse`: a posting that was wrong is taken back by a reversal (Generalumkehr), never by changing the batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic import Field

from connectors.accounting import batches, extf
from connectors.accounting.postings import Posting
from connectors.base import Action, Context, Payload, Proposal, Receipt
from kontorist.core.errors import NotReadable, Rejected
from kontorist.core.filters import format_money
from kontorist.core.permit import Permit

if TYPE_CHECKING:
    from connectors.accounting import Accounting

KIND = "Storno"


class ReversePayload(Payload):
    """Which posting is taken back, and why."""

    posting: str = Field(min_length=1, description="The posting's key, as the look-up `postings` gives it.")
    reason: str = Field(min_length=3, max_length=200, description="Why; kept with the approval.")
    day: date | None = Field(None, description="Resolved: the date of the reversal, that of the document.")
    number: str = Field("", description="Resolved: the invoice's number.")
    rows: list[dict[str, str]] = Field(default=[], description="Resolved: the postings, column by column.")


class Reverse(Action):
    """Takes a posting back by a reversal (Generalumkehr) with the same accounts, key and date."""

    Payload = ReversePayload
    # the batch may have been imported and taken away: a missing file proves nothing
    authoritative_find = False

    def propose(self, connector: Accounting, payload: ReversePayload, context: Context) -> Proposal:
        """The reversal of every row. Raises Rejected when there is no such posting, or it was taken back already."""
        posting = next((one for one in connector.posted() if one.key == payload.posting), None)
        if posting is None:
            raise Rejected(f"There is no posting '{payload.posting}' in {connector.output}; look it up in `postings`.")
        if before := batches.known(connector.output, KIND, posting.key):
            raise Rejected(f"The posting of {posting.number} was taken back already, in {before.file}.")
        rows, day = _reversed(connector, posting)
        stored = payload.model_copy(update={"rows": rows, "day": day, "number": posting.number}).model_dump(mode="json")
        return Proposal(
            payload=stored,
            sentence=_sentence(posting, payload.reason, context.language),
            business_key=f"reverse:{posting.key}",
            rests_on={"posting": posting.key},
        )

    def check(self, connector: Accounting, payload: Any, rests_on: Mapping[str, Any]) -> Sequence[str]:
        """Nobody may have taken it back meanwhile."""
        before = batches.known(connector.output, KIND, str(rests_on["posting"]))
        return [f"The posting was taken back meanwhile, in {before.file}."] if before else []

    def execute(self, connector: Accounting, permit: Permit) -> Receipt:
        """Write the batch."""
        payload = ReversePayload.model_validate(permit.payload)
        if payload.day is None or not payload.rows:
            raise Rejected("The reversal has no postings; propose it again.")
        data = batches.content(connector, payload.day, f"Storno {payload.number}", payload.rows)
        place = batches.target(connector, KIND, payload.day, payload.posting)
        return batches.write(connector, place, data, payload.rows, permit, (KIND, payload.posting))

    def find(self, connector: Accounting, payload: Any, key: str) -> Receipt | None:
        """The batch about this posting, or its line in the ledger."""
        typed = payload if isinstance(payload, ReversePayload) else ReversePayload.model_validate(payload)
        found = batches.known(connector.output, KIND, typed.posting)
        return batches.receipt(found) if found else None

    def outputs(self, connector: Accounting, payload: ReversePayload, key: str) -> Mapping[str, Any]:
        """The batch's file."""
        return {"file": batches.target(connector, KIND, payload.day, payload.posting).name} if payload.day else {}


def _reversed(connector: Accounting, posting: Posting) -> tuple[list[dict[str, str]], date]:
    path = connector.output / posting.file
    try:
        batch = extf.read(path.read_bytes())
    except (OSError, NotReadable) as error:
        raise Rejected(
            f"{posting.file} is not there any more, so its postings are not known; put it back, or reverse it by hand."
        ) from error
    rows = [extf.plain_row(row) | {"Generalumkehr": "1"} for row in batch.rows]
    day = extf.day_of(rows[0], batch.year_start) if rows else None
    if day is None or any(row.get("Generalumkehr") != "1" for row in rows):
        raise Rejected(f"{posting.file} holds no postings that can be taken back.")
    return rows, day


def _sentence(posting: Posting, reason: str, language: str) -> str:
    amount = abs(posting.values()["gross"])
    if language.startswith("de"):
        return f"Buchung der Rechnung {posting.number} über {format_money(amount)} aus {posting.file} stornieren (Generalumkehr): {reason}"
    return (
        f"Reverse the posting of invoice {posting.number} for {format_money(amount, language='en')} in {posting.file}: {reason}"
    )

"""The action `export_vendors`: our creditors as a file of master data (Debitoren/Kreditoren) for DATEV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import Field

from connectors import _files
from connectors.accounting import booking, extf
from connectors.accounting.extf_files import write_parties
from connectors.accounting.master_data import as_party
from connectors.base import Action, Context, Payload, Proposal, Receipt
from kontorist.core.clock import utcnow
from kontorist.core.errors import Rejected
from kontorist.core.permit import Permit
from kontorist.core.values import canonical, sha256

if TYPE_CHECKING:
    from connectors.accounting import Accounting


class ExportPayload(Payload):
    """Which creditors go into the file; the rest was resolved."""

    vendors: list[str] = Field(default=[], description="Creditor accounts; empty: all.")
    created: datetime | None = Field(None, description="Resolved: the moment that the file's header names.")
    file: str = Field("", description="Resolved: the file's name.")
    rows: list[dict[str, str]] = Field(default=[], description="Resolved: the creditors, column by column.")


class ExportVendors(Action):
    """Writes creditors as master data for the import into DATEV."""

    Payload = ExportPayload
    recipients = ("vendors",)
    authoritative_find = False

    def propose(self, connector: Accounting, payload: ExportPayload, context: Context) -> Proposal:
        """The creditors as they are now. Raises Rejected for one that is not there."""
        every = connector.vendors().every
        if missing := set(payload.vendors) - {one.number for one in every}:
            raise Rejected(f"There is no creditor {', '.join(sorted(missing))} in {connector.config.vendors}.")
        chosen = [one for one in every if not payload.vendors or one.number in payload.vendors]
        if not chosen:
            raise Rejected(f"There are no creditors in {connector.config.vendors}.")
        rows = [as_party(one) for one in chosen]
        digest = sha256(canonical({"rows": rows}))[:16]
        stored = payload.model_copy(update={"rows": rows, "created": utcnow(), "file": f"EXTF_DebitorenKreditoren_{digest}.csv"})
        german = f"Stammdaten von {len(rows)} Kreditoren als Datei für DATEV schreiben."
        english = f"Write the master data of {len(rows)} creditors as a file for DATEV."
        return Proposal(
            payload=stored.model_dump(mode="json"),
            sentence=german if context.language.startswith("de") else english,
            business_key=f"export-vendors:{digest}",
            rests_on={"rows": digest},
        )

    def check(self, connector: Accounting, payload: Any, rests_on: Any) -> Sequence[str]:
        """The creditors must be as they were when they were shown."""
        typed = payload if isinstance(payload, ExportPayload) else ExportPayload.model_validate(payload)
        chosen = [as_party(one) for one in connector.vendors().every if not typed.vendors or one.number in typed.vendors]
        return [] if chosen == typed.rows else ["The master data of the creditors have changed."]

    def execute(self, connector: Accounting, permit: Permit) -> Receipt:
        """Write the file under its name, never over another."""
        payload = ExportPayload.model_validate(permit.payload)
        target = connector.output / _files.safe_name(payload.file)
        _files.publish(_content(connector, payload), target, permit.commit)
        return _receipt(connector, payload)

    def find(self, connector: Accounting, payload: Any, key: str) -> Receipt | None:
        """The file with this name."""
        typed = payload if isinstance(payload, ExportPayload) else ExportPayload.model_validate(payload)
        return _receipt(connector, typed) if (connector.output / _files.safe_name(typed.file)).is_file() else None

    def outputs(self, connector: Accounting, payload: ExportPayload, key: str) -> Mapping[str, Any]:
        """The file's name."""
        return {"file": payload.file}


def _content(connector: Accounting, payload: ExportPayload) -> bytes:
    config, created = connector.config, payload.created or utcnow()
    start = booking.year_start(config, created.date())
    head = extf.Head(
        config.consultant_number, config.client_number, start, config.account_length, start, start, "Kreditoren", created
    )
    try:
        return write_parties(head, payload.rows)
    except (KeyError, ValueError) as error:
        raise Rejected(f"The master data are not what DATEV takes: {error}") from error


def _receipt(connector: Accounting, payload: ExportPayload) -> Receipt:
    digest = _files.digest_of(connector.output / _files.safe_name(payload.file))
    return Receipt({"file": payload.file, "sha256": digest}, {"file": payload.file})

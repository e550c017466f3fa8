"""The action `export_documents`: the originals of postings as DATEV imports them, so that the links in the batches lead somewhere.

A ZIP with document.xml (DATEV XML-Schnittstelle online, document v06.0): each original has the GUID that the column Beleglink names.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from pydantic import Field

from connectors import _files
from connectors.accounting import booking
from connectors.base import Action, Context, Payload, Proposal, Receipt
from kontorist.core.clock import utcnow
from kontorist.core.errors import Rejected, Unavailable
from kontorist.core.permit import Permit
from kontorist.core.values import canonical, sha256

if TYPE_CHECKING:
    from connectors.accounting import Accounting

_SPACE = "http://xml.datev.de/bedi/tps/document/v06.0"
_MOST = 400 * 2**20
"""Bytes of originals in one file; DATEV takes up to 465 MB."""
_COUNT = 5000
"""Originals in one file: DATEV's `document`, 1…5000."""


class ExportDocumentsPayload(Payload):
    """Of which postings; the rest was resolved."""

    since: date = Field(description="From this date of the documents on.")
    until: date = Field(description="Up to this date.")
    created: datetime | None = Field(None, description="Resolved: the moment that the file names.")
    file: str = Field("", description="Resolved: the file's name.")
    documents: dict[str, str] = Field(default={}, description="Resolved: the name in the file → SHA-256 of the original.")


class ExportDocuments(Action):
    """Puts the originals of postings into one file (ZIP with document.xml) for the import into DATEV."""

    Payload = ExportDocumentsPayload
    # the file may have been imported and taken away: a missing one proves nothing
    authoritative_find = False

    def propose(self, connector: Accounting, payload: ExportDocumentsPayload, context: Context) -> Proposal:
        """The originals of these days. Raises Rejected when there are none, one is gone, or they are too many for one file."""
        documents = _documents(connector, payload.since, payload.until)
        digest = sha256(canonical(documents))[:16]
        name = f"Belege_{payload.since:%Y%m%d}-{payload.until:%Y%m%d}_{digest}.zip"
        stored = payload.model_copy(update={"documents": documents, "created": utcnow(), "file": name})
        german = (
            f"{len(documents)} Belege vom {payload.since:%d.%m.%Y} bis {payload.until:%d.%m.%Y} als Datei für DATEV schreiben."
        )
        english = f"Write {len(documents)} documents of {payload.since} to {payload.until} as a file for DATEV."
        return Proposal(
            payload=stored.model_dump(mode="json"),
            sentence=german if context.language.startswith("de") else english,
            business_key=f"export-documents:{digest}",
            rests_on={"documents": digest},
        )

    def check(self, connector: Accounting, payload: Any, rests_on: Mapping[str, Any]) -> Sequence[str]:
        """The postings of these days must be those that were shown."""
        typed = _typed(payload)
        now = _documents(connector, typed.since, typed.until)
        return [] if now == typed.documents else ["The postings of these days have changed."]

    def execute(self, connector: Accounting, permit: Permit) -> Receipt:
        """Write the file under its name, never over another."""
        payload = _typed(permit.payload)
        target = connector.output / _files.safe_name(payload.file)
        _files.publish(_zip(connector, payload), target, permit.commit)
        return _receipt(connector, payload)

    def find(self, connector: Accounting, payload: Any, key: str) -> Receipt | None:
        """The file with this name."""
        typed = _typed(payload)
        return _receipt(connector, typed) if (connector.output / _files.safe_name(typed.file)).is_file() else None

    def outputs(self, connector: Accounting, payload: ExportDocumentsPayload, key: str) -> Mapping[str, Any]:
        """The file's name."""
        return {"file": payload.file}


def _typed(payload: Any) -> ExportDocumentsPayload:
    return payload if isinstance(payload, ExportDocumentsPayload) else ExportDocumentsPayload.model_validate(payload)


def _documents(connector: Accounting, since: date, until: date) -> dict[str, str]:
    digests = {
        one.document for one in connector.posted() if one.document and since.isoformat() <= one.issue_date <= until.isoformat()
    }
    if not digests:
        raise Rejected(f"Nothing was posted of documents from {since} to {until}.")
    if len(digests) > _COUNT:
        raise Rejected(
            f"{len(digests)} documents from {since} to {until} are more than DATEV takes at once; choose a shorter time."
        )
    places = {digest: _place(connector, digest) for digest in digests}
    if sum(place.stat().st_size for place in places.values()) > _MOST:
        raise Rejected(f"The documents from {since} to {until} are more than {_MOST // 2**20} MB; choose a shorter time.")
    return {f"{booking.guid(digest)}{place.suffix.lower()}": digest for digest, place in sorted(places.items())}


def _place(connector: Accounting, digest: str) -> Path:
    place = connector.archived(digest)
    if place is None:
        raise Rejected(f"The original {digest[:12]}… is not in {connector.archive}; put it back there from the backup.")
    return place


def _zip(connector: Accounting, payload: ExportDocumentsPayload) -> bytes:
    """The same bytes at every attempt: no clock but the payload's."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("document.xml"), _index(payload))
        for name, digest in payload.documents.items():
            archive.writestr(zipfile.ZipInfo(name), _original(connector, digest))
    return out.getvalue()


def _original(connector: Accounting, digest: str) -> bytes:
    place = _place(connector, digest)
    try:
        data = place.read_bytes()
    except OSError as error:
        raise Unavailable(f"{place} cannot be read: {error.strerror}.") from error
    if sha256(data) != digest:
        raise Rejected(f"{place} is not the original that was posted; put it back from the backup.")
    return data


def _index(payload: ExportDocumentsPayload) -> str:
    """What DATEV reads first; numbers of adviser and client stay out, as DATEV advises: the import names them."""
    created = payload.created or utcnow()
    made = "".join(
        f'    <document guid={quoteattr(booking.guid(digest))} processID="1">\n'
        f'      <extension xsi:type="File" name={quoteattr(name)}/>\n    </document>\n'
        for name, digest in payload.documents.items()
    )
    about = escape(f"Belege {payload.since:%d.%m.%Y} - {payload.until:%d.%m.%Y}")
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<archive xmlns="{_SPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="{_SPACE} Document_v060.xsd" version="6.0" generatingSystem="Kontorist">\n'
        f"  <header>\n    <date>{created:%Y-%m-%dT%H:%M:%S}</date>\n    <description>{about}</description>\n  </header>\n  <content>\n{made}  </content>\n</archive>\n"
    )


def _receipt(connector: Accounting, payload: ExportDocumentsPayload) -> Receipt:
    digest = _files.digest_of(connector.output / _files.safe_name(payload.file))
    return Receipt({"file": payload.file, "sha256": digest, "documents": len(payload.documents)}, {"file": payload.file})

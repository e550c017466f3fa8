"""Documents of a case by their own addresses: downloads, pages as pictures, HTML in a cage."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response

from kontorist.core.errors import NotFound
from kontorist.inbox.desk import Desk, TheDesk
from kontorist.inbox.pictures import page_picture, picture_type
from kontorist.inbox.sight import require_sight
from kontorist.inbox.viewer import SignedIn, Viewer
from kontorist.reading.parts import decoded, kind_of
from kontorist.store import cases, documents
from kontorist.store.cases import DocumentRef

router = APIRouter()
_CAGE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'; form-action 'none'",
    "X-Frame-Options": "SAMEORIGIN",
}
_FRAME = """<!doctype html><html><head><meta charset="utf-8"><style>
:root { color-scheme: light; } body { font: 15px/1.5 sans-serif; color: #111; background: #fff; margin: 12px; overflow-wrap: anywhere; }
a { color: #155a8a; text-decoration: underline; cursor: help; } table { max-width: 100%; }
</style></head><body>"""


def _find(desk: Desk, viewer: Viewer, case_id: int, number: int) -> tuple[DocumentRef, bytes]:
    """A document of a case. Raises NotFound."""
    with desk.database.read() as connection:
        require_sight(connection, viewer, case_id)
        (case,) = cases.load(connection, [case_id])
    if not 0 <= number < len(case.documents):
        raise NotFound("This case has no such document.")
    document = case.documents[number]
    return document, documents.get(desk.database, document.sha256)


@router.get("/case/{case_id}/document/{number}")
def download(desk: TheDesk, viewer: SignedIn, case_id: int, number: int) -> Response:
    """The document as it came, to be saved and never to be run."""
    document, data = _find(desk, viewer, case_id, number)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(safe_name(document.name), safe='')}", **_CAGE}
    return Response(data, media_type="application/octet-stream", headers=headers)


def safe_name(name: str) -> str:
    """A file name without folders and without what makes it look like another one."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in last if c.isprintable() and c not in '<>:"|?*')[:150].strip(". ") or "document"


@router.get("/case/{case_id}/document/{number}/page/{page}.png")
def page(desk: TheDesk, viewer: SignedIn, case_id: int, number: int, page: int) -> Response:
    """A page of a PDF or of a scan as a picture."""
    document, data = _find(desk, viewer, case_id, number)
    kind = kind_of(document.name, document.media_type, data)
    if kind not in {"pdf", "picture"}:
        raise NotFound("This document has no pages.")
    return _picture(page_picture(document.sha256, kind, data, page), "image/png")


@router.get("/case/{case_id}/document/{number}/picture")
def picture(desk: TheDesk, viewer: SignedIn, case_id: int, number: int) -> Response:
    """A photo."""
    _, data = _find(desk, viewer, case_id, number)
    kind = picture_type(data)
    if not kind:
        raise NotFound("This document is no picture.")
    return _picture(data, kind)


def _picture(data: bytes, kind: str) -> Response:
    headers: dict[str, Any] = {**_CAGE, "Cache-Control": "private, max-age=3600"}  # under its case and place it never changes
    return Response(data, media_type=kind, headers=headers)


@router.get("/case/{case_id}/document/{number}/html")
def html(desk: TheDesk, viewer: SignedIn, case_id: int, number: int) -> Response:
    """The HTML of a mail, made harmless, for a sandboxed frame."""
    from kontorist.reading.mail import parse_mail
    from kontorist.reading.safe_html import safe_html

    document, data = _find(desk, viewer, case_id, number)
    if document.media_type == "message/rfc822":
        source = parse_mail(data).html
    elif kind_of(document.name, document.media_type, data) == "html":
        source = decoded(data)
    else:
        source = ""
    if not source:
        raise NotFound("This document has no HTML.")
    return Response(f"{_FRAME}{safe_html(source)}</body></html>", media_type="text/html; charset=utf-8", headers=_CAGE)

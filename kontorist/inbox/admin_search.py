"""Administration: the ledger of everything seen, what is stuck, the audit chain, the figures."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from kontorist.inbox import again as anew
from kontorist.inbox import charts
from kontorist.inbox.desk import TheDesk
from kontorist.inbox.figures import PERIODS
from kontorist.inbox.pages import page
from kontorist.inbox.toast import toast
from kontorist.inbox.viewer import Admin, FromAdmin
from kontorist.store import audit_search, health
from kontorist.store import seen as ledger

router = APIRouter()
PAGE = 60
_MOST = 2_147_483_647


def _words(text: str, at_most: int = 200) -> str:
    return text.replace("\0", "").strip()[:at_most]


@router.get("/admin/ledger")
def show_ledger(
    request: Request, desk: TheDesk, viewer: Admin, q: str = "", connection: str = "", skip: str = "", made: str = ""
) -> Response:
    """Everything that was seen, the newest first."""
    begin, words, name = _number(skip, 10_000_000), _words(q), _words(connection, 100)
    with desk.database.read() as store:
        found = ledger.entries(store, name or None, words, None, PAGE + 1, begin)
        entries = anew.visible(store, viewer, found[:PAGE])
    values = {"entries": entries, "q": words, "connection": name, "skip": begin, "size": PAGE, "more": len(found) > PAGE}
    values |= {"connections": list(desk.office.connections), "can_again": desk.again is not None, "made": _number(made)}
    return page(request, "admin_ledger.html", viewer, 200, here="ledger", toast=None, **values)


def _number(text: str, most: int = _MOST) -> int:
    return min(int(text), most) if text.isdecimal() and len(text) < 12 else 0


@router.post("/admin/ledger/{case}/again")
def again(desk: TheDesk, posted: FromAdmin, case: int) -> Response:
    """Process something again, as a new case."""
    made = anew.process(desk, posted.viewer, min(case, _MOST))
    return RedirectResponse(f"/admin/ledger?made={made}", 303)


@router.get("/admin/stuck")
def show_stuck(request: Request, desk: TheDesk, viewer: Admin) -> Response:
    """Failed and unclear cases by reason, each with one button to try all of them again."""
    with desk.database.read() as connection:
        lines = [s for s in health.stuck(connection) if s.flow not in viewer.hidden]
        done = toast(connection, viewer, request.query_params)
    return page(request, "admin_stuck.html", viewer, 200, here="stuck", lines=lines, toast=done)


@router.post("/admin/stuck/{case}/retry")
def retry(desk: TheDesk, posted: FromAdmin, case: int) -> Response:
    """Try all cases again that are stuck for the same reason."""
    anew.retry_alike(desk, posted.viewer, min(case, _MOST))
    return RedirectResponse("/admin/stuck?did=retried", 303)


@router.get("/admin/audit")
def show_audit(
    request: Request,
    desk: TheDesk,
    viewer: Admin,
    kind: str = "",
    actor: str = "",
    subject: str = "",
    q: str = "",
    before: str = "",
) -> Response:
    """Events of the audit chain, the newest first."""
    wanted = {"kind": _words(kind, 40), "actor": _words(actor, 100), "subject": _words(subject, 64), "words": _words(q)}
    with desk.database.read() as connection:
        found = audit_search.search(connection, **wanted, before=_number(before), limit=PAGE)
    values = {"found": found, **wanted, "people": desk.office.settings.people}
    return page(request, "admin_audit.html", viewer, 200, here="audit", toast=None, **values)


@router.get("/admin/figures")
def show_figures(request: Request, desk: TheDesk, viewer: Admin, period: str = "30d") -> Response:
    """The figures of a period."""
    settings = desk.office.settings
    report = desk.figures.report(desk.database, period, ZoneInfo(settings.timezone), settings.figures_from)
    values = {"report": report, "periods": list(PERIODS), "chart": charts.over_time(report.bars)}
    return page(request, "admin_figures.html", viewer, 200, here="figures", toast=None, **values)

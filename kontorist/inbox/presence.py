"""The page of a card says that it is open, and hears who else looks at it and whether it has changed."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from kontorist.core.errors import Stale
from kontorist.inbox.decisions import shown_in, whole_card
from kontorist.inbox.desk import TheDesk
from kontorist.inbox.viewer import FromForm

router = APIRouter()


@router.post("/card/{card_id}/here")
def here(desk: TheDesk, posted: FromForm, card_id: int) -> Response:
    """The page of a card is still open; says who else looks at it, and whether it still shows what is stored."""
    desk.presence.note(card_id, posted.viewer.name)
    try:
        with desk.database.read() as connection:
            whole_card(connection, card_id, shown_in(posted.form), ("proposed", "refused"))
        changed = False
    except Stale:
        changed = posted.form.has("shown")
    others = [desk.label(name) for name in desk.presence.others(card_id, posted.viewer.name)]
    return JSONResponse({"others": others, "changed": changed})

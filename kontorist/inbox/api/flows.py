"""Flows over the JSON API: how they are doing, their pictures, their versions and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Path, Query
from fastapi.responses import Response

from kontorist.core.errors import NotFound
from kontorist.core.picture import picture
from kontorist.inbox import flow_versions, overview
from kontorist.inbox.api import shapes
from kontorist.inbox.api.caller import Head, Overseer, router_of
from kontorist.inbox.desk import TheDesk
from kontorist.inbox.flow_page import words
from kontorist.inbox.overview import FlowView

router = router_of("Flows")
PICTURE: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}
"""Only for the picture: it brings its own style and nothing that runs."""
Name = Annotated[str, Path(max_length=100, pattern=r"^[^\x00/]+$")]


@router.get("/flows")
def list_flows(desk: TheDesk, viewer: Overseer) -> list[shapes.FlowBody]:
    """Every flow and how it is doing."""
    with desk.database.read() as connection:
        return [_flow(v) for v in overview.flows(desk, connection)]


def _flow(view: FlowView) -> shapes.FlowBody:
    trigger = view.flow.trigger.model_dump(exclude_none=True) if view.flow.trigger else None
    return shapes.FlowBody(
        name=view.name, title=view.flow.title, description=view.flow.description, trigger=trigger, stopped=view.stopped,
        problems=list(view.problems), **view.health.__dict__,
    )  # fmt: skip


@router.get(
    "/flows/{flow}/picture.svg",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}, "description": "the picture"}},
)
def flow_picture(
    desk: TheDesk, viewer: Overseer, flow: str, language: Annotated[str, Query(pattern="^(en|de)$")] = "en"
) -> Response:
    """A flow as a picture, drawn from its YAML."""
    if flow not in desk.office.flows:
        raise NotFound("There is no such flow.")
    drawn = picture(desk.office.flows[flow], desk.office.flows, say=words(language), language=language)
    return Response(drawn, media_type="image/svg+xml", headers=dict(PICTURE))


@router.get("/flows/{flow}/versions")
def list_versions(desk: TheDesk, viewer: Overseer, flow: Name) -> list[shapes.ChangeBody]:
    """Every change of a flow, the newest first."""
    found = flow_versions.of(desk, flow)
    return [
        shapes.ChangeBody(
            version=r.change.version, at=r.change.at, who=r.change.who, in_use=r.in_use, refused=r.change.refused,
            cases=found.used.get(r.change.version, 0),
        )
        for r in found.rows
    ]  # fmt: skip


@router.get("/flows/{flow}/versions/{version}")
def read_version(
    desk: TheDesk, viewer: Overseer, flow: Name, version: Annotated[str, Path(pattern="^[0-9a-f]{12}$")]
) -> shapes.VersionBody:
    """A version of a flow as its admin wrote it, and what it changed."""
    found = flow_versions.of(desk, flow, version)
    return shapes.VersionBody(flow=flow, version=version, text=found.text, diff=list(found.lines))


@router.post("/flows/{flow}/approve")
def approve_version(desk: TheDesk, viewer: Head, flow: Name, body: shapes.Version) -> shapes.VersionDone:
    """Agree to a change of another admin, where four eyes are asked for."""
    return shapes.VersionDone(did="approved", flow=flow, version=flow_versions.approve(desk, viewer, flow, body.version))


@router.post("/flows/{flow}/rollback")
def roll_back(desk: TheDesk, viewer: Head, flow: Name, body: shapes.Version) -> shapes.VersionDone:
    """Write the file of an earlier version."""
    return shapes.VersionDone(did="rolled-back", flow=flow, version=flow_versions.roll_back(desk, viewer, flow, body.version))

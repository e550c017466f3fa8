"""Filing in paperless-ngx, against a small server that answers as its REST API does (versions 2 and 3); no real one can be had here."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.base import Surroundings
from connectors.paperless import FilePayload, Paperless
from kontorist.core.errors import AccessDenied, NotApproved, Rejected, Unavailable, Uncertain
from kontorist.core.values import sha256
from kontorist.testing import carried_out, context_for, permit_for

PDF = b"%PDF-1.4 a letter"
DIGEST = sha256(PDF)
TOKEN = "the token of anna"


@dataclass
class Archive:
    """What a paperless-ngx does with what it gets: documents appear when it has consumed them."""

    checksum: str = "sha256"
    tags: dict[str, int] = field(default_factory=lambda: {"Rechnung": 4, "Rechnung 2025": 9, "geprüft": 5})
    waiting: list[dict[str, Any]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    breaks: int = 0
    port: int = 0

    def consume(self) -> None:
        for given in self.waiting:
            known = {d["checksum"] for d in self.documents}
            given["checksum"] = hashlib.new(self.checksum, given["data"]).hexdigest()
            if given["checksum"] not in known:
                self.documents.append({"id": len(self.documents) + 1, **given})
        self.waiting.clear()

    def app(self) -> Starlette:
        routes = [
            Route("/api/documents/post_document/", self._post, methods=["POST"]),
            Route("/api/documents/", self._documents),
            Route("/api/{table:str}/", self._names),
        ]
        return Starlette(routes=routes)

    async def _post(self, request: Request) -> Response:
        if refused := _refused(request):
            return refused
        async with request.form() as form:
            return await self._taken(form)

    async def _taken(self, form: FormData) -> Response:
        file: Any = form["document"]
        if any(int(str(t)) not in self.tags.values() for t in form.getlist("tags")):
            return JSONResponse({"tags": ["Invalid pk"]}, 400)
        tags = [int(str(t)) for t in form.getlist("tags")]
        others = {k: str(v) for k, v in form.items() if k not in ("document", "tags")}
        self.waiting.append({"data": await file.read(), "filename": file.filename, "tags": tags, **others})
        return JSONResponse({"detail": "broke"}, self.breaks) if self.breaks else JSONResponse(str(uuid.uuid4()))

    async def _documents(self, request: Request) -> Response:
        wanted = request.query_params.get("checksum__iexact")
        found = [{"id": d["id"]} for d in self.documents if wanted is None or d["checksum"] == wanted.lower()]
        return _refused(request) or JSONResponse({"count": len(found), "next": None, "results": found})

    async def _names(self, request: Request) -> Response:
        name = request.query_params.get("name__iexact", "").casefold()
        table = {"tags": self.tags, "correspondents": {"Wellpappe Nord": 3}}.get(request.path_params["table"], {})
        found = [{"id": i, "name": n} for n, i in table.items() if n.casefold() == name]
        return _refused(request) or JSONResponse({"count": len(found), "results": found})


def _refused(request: Request) -> Response | None:
    if request.headers.get("authorization") != f"Token {TOKEN}":
        return JSONResponse({"detail": "Invalid token."}, 401)
    if "version=9" not in request.headers.get("accept", ""):
        return JSONResponse({"detail": "Invalid version"}, 406)
    return None


@pytest.fixture
def archive() -> Iterator[Archive]:
    made = Archive()
    server = uvicorn.Server(uvicorn.Config(made.app(), port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not (server.started and server.servers):
        thread.join(0.01)
    made.port = server.servers[0].sockets[0].getsockname()[1]
    yield made
    server.should_exit = True
    thread.join()


@pytest.fixture
def connection(archive: Archive, tmp_path: Path) -> Paperless:
    return at(archive, tmp_path)


def at(archive: Archive, tmp_path: Path, **more: Any) -> Paperless:
    place = tmp_path / "documents" / DIGEST[:2] / DIGEST
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(PDF)
    config = Paperless.Config.model_validate({"url": f"http://127.0.0.1:{archive.port}", "token": TOKEN} | more)
    return Paperless(config, Surroundings("archive", tmp_path, tmp_path))


def propose(connection: Paperless, **given: Any) -> Any:
    payload = FilePayload.model_validate({"document": DIGEST, "name": "RE-17.pdf"} | given)
    return connection.actions["file"]().propose(connection, payload, context_for(documents={DIGEST: PDF}))


def file(connection: Paperless, **given: Any) -> Any:
    return carried_out(connection.actions["file"](), connection, propose(connection, **given).payload)


def test_a_document_arrives_whole_with_its_title_tags_and_date(archive: Archive, connection: Paperless) -> None:
    receipt = file(
        connection, title="Rechnung 17", tags=["rechnung", "geprüft"], correspondent="Wellpappe Nord", created="2026-11-20"
    )

    archive.consume()
    (document,) = archive.documents
    assert (document["data"], document["filename"], document["title"]) == (PDF, "RE-17.pdf", "Rechnung 17")
    assert (document["tags"], document["correspondent"], document["created"]) == ([4, 5], "3", "2026-11-20")
    assert uuid.UUID(receipt.evidence["task"])


@pytest.mark.parametrize("checksum", ["sha256", "md5"])
def test_what_is_there_is_found_and_not_filed_again(archive: Archive, connection: Paperless, checksum: str) -> None:
    archive.checksum = checksum
    action, payload = connection.actions["file"](), propose(connection).payload
    assert action.find(connection, payload, "k") is None
    file(connection)
    assert action.find(connection, payload, "k") is None, "it waits to be consumed: not found means nothing"
    assert not action.authoritative_find
    archive.consume()

    found = action.find(connection, payload, "k")
    assert found is not None
    assert found.evidence["document"] == 1
    assert file(connection).evidence["document"] == 1
    assert archive.waiting == []
    assert propose(connection).warnings[0].code == "filed-already"


@pytest.mark.parametrize("given", [{"tags": ["Rechnungen"]}, {"tags": ["Rechnung 20"]}, {"correspondent": "Niemand"}])
def test_a_name_that_the_archive_does_not_know_is_said_before_anybody_approves(connection: Paperless, given: Any) -> None:
    with pytest.raises(Rejected, match="The archive has no"):
        propose(connection, **given)


def test_a_document_of_another_case_cannot_be_filed(connection: Paperless) -> None:
    with pytest.raises(Rejected, match="has no document"):
        propose(connection, document="0" * 64)


def test_nothing_arrives_when_the_fence_is_closed(archive: Archive, connection: Paperless) -> None:
    def closed() -> None:
        raise NotApproved("closed")

    permit = permit_for(propose(connection).payload, fence=closed)
    with pytest.raises(NotApproved):
        connection.actions["file"]().execute(connection, permit)
    assert archive.waiting == []


def test_a_server_that_breaks_off_leaves_it_open_whether_it_happened(archive: Archive, connection: Paperless) -> None:
    archive.breaks = 500
    with pytest.raises(Uncertain):
        file(connection)
    assert len(archive.waiting) == 1


def test_a_damaged_document_is_not_filed(archive: Archive, connection: Paperless, tmp_path: Path) -> None:
    payload = propose(connection).payload
    (tmp_path / "documents" / DIGEST[:2] / DIGEST).write_bytes(b"another")
    with pytest.raises(Rejected, match="damaged"):
        connection.actions["file"]().execute(connection, permit_for(payload))
    assert archive.waiting == []


def test_a_wrong_token_and_a_server_that_is_away_or_another_are_told_apart(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(AccessDenied):
        propose(at(archive, tmp_path, token="wrong"), tags=["Rechnung"])
    with pytest.raises(Unavailable):
        propose(at(archive, tmp_path, url="http://127.0.0.1:9"))
    assert "token" in at(archive, tmp_path, token="wrong").try_out().message
    assert "with 0 documents" in at(archive, tmp_path).try_out().message


def test_a_name_of_a_file_cannot_lead_out_of_a_folder(archive: Archive, connection: Paperless) -> None:
    file(connection, name="../../etc/cron.d/x\r\nContent-Type: y")
    assert "/" not in archive.waiting[0]["filename"]
    assert "\n" not in archive.waiting[0]["filename"]

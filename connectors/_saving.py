"""What can be done with files of a folder: save one, move one; never over another, never outside."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from connectors import _files
from connectors.base import Action, Context, Payload, Proposal, Receipt
from kontorist.core.errors import Rejected
from kontorist.core.permit import Permit
from kontorist.core.values import sha256


class SavePayload(Payload):
    """What is saved: a text, or a document of the case by its SHA-256."""

    name: str = Field(description="The file's name; folders in it are ignored.")
    content: str | None = Field(None, description="The text to save.")
    document: str | None = Field(None, pattern="^[0-9a-f]{64}$", description="The SHA-256 of a document of the case.")
    folder: str = Field("", description="A folder below the connection's folder.")

    @model_validator(mode="after")
    def _one_of_both(self) -> SavePayload:
        if (self.content is None) == (self.document is None):
            raise ValueError("give either 'content' or 'document'")
        return self


class MovePayload(Payload):
    """Where the case's file goes; the other two are filled in when the move is proposed."""

    folder: str = Field(description="A folder below the connection's folder.")
    file: str | None = Field(None, description="The file, below the connection's folder.")
    sha256: str | None = Field(None, description="What the file must still be.")


class SaveFile(Action):
    """Save a text or a document as a file, whole and never over another one."""

    Payload = SavePayload
    authoritative_find = True

    def propose(self, connector: Any, payload: SavePayload, context: Context) -> Proposal:
        """The file under a safe name."""
        name = _files.safe_name(payload.name)
        target = _files.inside(connector.root, payload.folder) / name
        if payload.document and payload.document not in context.documents:
            raise Rejected(f"The case has no document {payload.document[:12]}…, so '{name}' cannot be saved.")
        digest = payload.document or sha256((payload.content or "").encode())
        words = ("Save", "into") if context.language == "en" else ("Speichert", "in")
        return Proposal(
            payload=payload.model_copy(update={"name": name}).model_dump(exclude_none=True),
            sentence=f"{words[0]} „{name}“ {words[1]} {target.parent}.",
            business_key=f"save:{connector.surroundings.name}:{payload.folder}/{name}:{digest}",
        )

    def execute(self, connector: Any, permit: Permit) -> Receipt:
        """Write the file."""
        payload = SavePayload.model_validate(permit.payload)
        connector.must_be_there()
        data, target = connector.content(payload), connector.target(payload.folder, payload.name)
        _files.publish_unsynced(data, target, permit.commit)
        return dataclasses.replace(_receipt(target, sha256(data)), sync=functools.partial(_files.sync_folder, target.parent))

    def find(self, connector: Any, payload: Any, key: str) -> Receipt | None:
        """The file with this name and content."""
        payload = SavePayload.model_validate(payload if isinstance(payload, dict) else payload.model_dump())
        target = connector.target(payload.folder, payload.name)
        digest = payload.document or sha256((payload.content or "").encode())
        return _receipt(target, digest) if _files.digest_of(target) == digest else None

    def outputs(self, connector: Any, payload: SavePayload, key: str) -> Mapping[str, Any]:
        """Where it was written."""
        return _receipt(connector.target(payload.folder, payload.name), "").outputs


class MoveFile(Action):
    """Move the case's file into another folder, never over another one."""

    Payload = MovePayload
    authoritative_find = True

    def propose(self, connector: Any, payload: MovePayload, context: Context) -> Proposal:
        """The move of exactly the file that the case is about."""
        about = context.data.get("file")
        file, digest = payload.file, payload.sha256
        if isinstance(about, Mapping):
            file, digest = file or about.get("path"), digest or about.get("sha256")
        if not file or not digest:
            raise Rejected("There is no file to move: the case did not begin with a file of a folder.")
        source, target = _ends(connector, MovePayload(folder=payload.folder, file=file, sha256=digest))
        words = ("Move", "to") if context.language == "en" else ("Verschiebt", "nach")
        return Proposal(
            payload={"folder": payload.folder, "file": file, "sha256": digest},
            sentence=f"{words[0]} „{source.name}“ {words[1]} {target.parent}.",
            business_key=f"move:{connector.surroundings.name}:{digest}:{payload.folder}",
            rests_on={"sha256": digest},
        )

    def check(self, connector: Any, payload: Any, rests_on: Mapping[str, Any]) -> Sequence[str]:
        """Whether the file is still the one that was shown."""
        source, target = _ends(connector, payload)
        there = _files.digest_of(source) or _files.digest_of(target)
        return [] if there == rests_on.get("sha256") else [f"The file {source} has changed or is gone."]

    def execute(self, connector: Any, permit: Permit) -> Receipt:
        """Give the file its new name, then take the old one away; a half-done move is completed."""
        payload = MovePayload.model_validate(permit.payload)
        source, target = _ends(connector, payload)
        data = _unchanged(source, str(payload.sha256))
        _move(source, target, data, permit.commit)
        return _receipt(target, str(payload.sha256))

    def find(self, connector: Any, payload: Any, key: str) -> Receipt | None:
        """The file in its new place and no more in the old one."""
        source, target = _ends(connector, payload)
        digest = (payload if isinstance(payload, dict) else payload.model_dump())["sha256"]
        moved = _files.digest_of(target) == digest and not source.exists()
        return _receipt(target, digest) if moved else None

    def outputs(self, connector: Any, payload: MovePayload, key: str) -> Mapping[str, Any]:
        """Where it was moved."""
        return _receipt(_ends(connector, payload)[1], "").outputs


def _ends(connector: Any, payload: Any) -> tuple[Path, Path]:
    move = MovePayload.model_validate(payload if isinstance(payload, dict) else payload.model_dump())
    source = _files.inside(connector.root, str(Path(move.file or "").parent)) / Path(move.file or "").name
    target = _files.inside(connector.root, move.folder) / source.name
    if target == source:
        raise Rejected(f"{source} is in that folder already; name another one.")
    return source, target


def _unchanged(source: Path, digest: str) -> bytes:
    try:
        data = source.read_bytes()
    except OSError as error:
        raise Rejected(f"{source} cannot be moved: {error.strerror}. Somebody took it away.") from error
    if source.is_symlink() or sha256(data) != digest:
        raise Rejected(f"{source} is no longer the file that was approved, so it was not moved.")
    return data


def _move(source: Path, target: Path, data: bytes, commit: Callable[[], None]) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if _files.refuse_other(data, target):
            commit()
        else:
            commit()
            _files.appear(source, target)
            _files.sync_folder(target.parent)
        source.unlink(missing_ok=True)
    except OSError as error:
        raise _files.trouble(source, error) from error


def _receipt(target: Path, digest: str) -> Receipt:
    return Receipt(evidence={"file": str(target), "sha256": digest}, outputs={"file": str(target), "name": target.name})

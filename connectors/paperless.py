"""paperless-ngx: files documents of a case in the archive, with title, tags and correspondent, each document once."""

from __future__ import annotations

import hashlib
import json
import mimetypes
from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar
from urllib.parse import urlencode

from pydantic import Field, SecretStr, field_validator

from connectors import _files, _web
from connectors.base import Action, Config, Connector, Context, Health, Payload, Proposal, Receipt, Warn
from kontorist.core.errors import KontoristError, Rejected
from kontorist.core.permit import Permit

_ACCEPT = "application/json; version=9"  # the oldest that paperless-ngx 3 still speaks, and known to 2.16 and later


class PaperlessConfig(Config):
    """The server and the token of the user in whose name documents are filed."""

    url: str = Field(description="Its address, as in `https://archive.example.com`.")
    token: SecretStr = Field(description="The user's API token (My Profile in paperless-ngx), as ${NAME}.")
    private: bool = Field(True, description="The server may be inside of the office's network.")
    timeout: float = Field(30.0, gt=0, le=300, description="Seconds to wait for the server.")

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        return _web.is_address(url)


class FilePayload(Payload):
    """Which document is filed, and under what; names of tags, correspondent and type are those of the archive."""

    document: str = Field(pattern="^[0-9a-f]{64}$", description="The SHA-256 of a document of the case.")
    name: str = Field(max_length=200, description="The file's name, with its ending.")
    title: str = Field("", max_length=128, description="The title in the archive; default: the file's name.")
    tags: list[str] = Field(default_factory=list, max_length=30, description="Names of tags that are there.")
    correspondent: str | None = Field(None, max_length=128, description="The name of a correspondent that is there.")
    document_type: str | None = Field(None, max_length=128, description="The name of a document type that is there.")
    created: date | None = Field(None, description="The date of the document.")


class File(Action):
    """Files a document of the case in the archive. What the archive has already is not filed a second time."""

    Payload = FilePayload

    def propose(self, connector: Paperless, payload: FilePayload, context: Context) -> Proposal:
        """The document under its names. Raises Rejected for a tag, correspondent or type that is not there."""
        if payload.document not in context.documents:
            raise Rejected(f"The case has no document {payload.document[:12]}…, so '{payload.name}' cannot be filed.")
        name = _files.safe_name(payload.name)
        full = payload.model_copy(update={"name": name, "title": payload.title or name})
        connector.numbers(full)
        german = context.language == "de"
        tags = ", ".join(full.tags)
        sentence = f"Legt „{full.title}“ im Archiv ab" if german else f"File “{full.title}” in the archive"
        sentence += (f", Schlagwörter: {tags}." if german else f", tags: {tags}.") if tags else "."
        there = connector.filed(payload.document, context.documents[payload.document])
        known = "Das Archiv hat dieses Dokument schon (Nr. {})." if german else "The archive has this document already (no. {})."
        return Proposal(
            payload=full.model_dump(mode="json", exclude_none=True),
            sentence=sentence,
            business_key=f"file:{payload.document}",
            warnings=[Warn("filed-already", known.format(there))] if there else [],
        )

    def execute(self, connector: Paperless, permit: Permit) -> Receipt:
        """Hand it over; the archive takes it in by itself, a little later."""
        payload = FilePayload.model_validate(permit.payload)
        data = connector.surroundings.document(payload.document)
        if there := connector.filed(payload.document, data):
            permit.commit()
            return _receipt(payload, document=there)
        fields = {"title": payload.title, **connector.numbers(payload)}
        if payload.created:
            fields["created"] = payload.created.isoformat()
        kind = mimetypes.guess_type(payload.name)[0] or "application/octet-stream"
        answer = connector.web.write(
            "POST",
            "api/documents/post_document/",
            permit.commit,
            {},
            data=fields,
            files={"document": (payload.name, data, kind)},
        )
        return _receipt(payload, task=str(json.loads(answer)))

    def find(self, connector: Paperless, payload: Any, key: str) -> Receipt | None:
        """The document with these bytes; not found means nothing, since the archive takes things in later."""
        typed = payload if isinstance(payload, FilePayload) else FilePayload.model_validate(payload)
        there = connector.filed(typed.document, connector.surroundings.document(typed.document))
        return _receipt(typed, document=there) if there else None

    def outputs(self, connector: Paperless, payload: FilePayload, key: str) -> Mapping[str, Any]:
        """The title; the numbers are the archive's to give."""
        return _receipt(payload).outputs


class Paperless(Connector):
    """An archive."""

    Config = PaperlessConfig
    actions: ClassVar[Mapping[str, type[Action]]] = {"file": File}

    def __init__(self, config: Any, surroundings: Any) -> None:
        super().__init__(config, surroundings)
        headers = {"Authorization": f"Token {config.token.get_secret_value()}", "Accept": _ACCEPT}
        self.web = _web.Web(config.url, headers, private=config.private, timeout=config.timeout)

    def numbers(self, payload: FilePayload) -> dict[str, Any]:
        """The archive's numbers of tags, correspondent and type. Raises Rejected naming what is not there."""
        found: dict[str, Any] = {}
        if payload.tags:
            found["tags"] = [self._number("tags", "tag", name) for name in payload.tags]
        if payload.correspondent:
            found["correspondent"] = self._number("correspondents", "correspondent", payload.correspondent)
        if payload.document_type:
            found["document_type"] = self._number("document_types", "document type", payload.document_type)
        return found

    def _number(self, table: str, word: str, name: str) -> int:
        for one in self._results(f"api/{table}/", name__iexact=name):
            if str(one.get("name", "")).casefold() == name.casefold():
                return int(one["id"])
        raise Rejected(f"The archive has no {word} '{name}'. Create it there, or mend the flow.")

    def filed(self, digest: str, data: bytes) -> int | None:
        """The number of the document with these bytes; paperless-ngx 3 knows it by SHA-256, older ones by MD5."""
        old = hashlib.md5(data, usedforsecurity=False).hexdigest()
        for checksum in (digest, old):
            for one in self._results("api/documents/", checksum__iexact=checksum):
                return int(one["id"])
        return None

    def _results(self, path: str, **where: str) -> list[dict[str, Any]]:
        query = urlencode({**where, "page_size": "10"})
        try:
            results: list[dict[str, Any]] = json.loads(self.web.read(f"{path}?{query}"))["results"]
        except (ValueError, KeyError, TypeError) as error:
            raise Rejected(f"{self.config.url} does not answer like paperless-ngx. Mend 'url' in connections.yaml.") from error
        return results

    def try_out(self) -> Health:
        """Sign in and count."""
        try:
            count = json.loads(self.web.read("api/documents/?page_size=1"))["count"]
        except KontoristError as error:
            return Health(False, str(error).replace("'headers'", "'token'"))
        except (ValueError, KeyError, TypeError):
            return Health(False, f"{self.config.url} is no paperless-ngx. Mend 'url' in connections.yaml.")
        return Health(True, f"{self.config.url} with {count} documents", {"documents": count})


def _receipt(payload: FilePayload, **found: Any) -> Receipt:
    return Receipt({"title": payload.title, "sha256": payload.document, **found}, {"title": payload.title, **found})

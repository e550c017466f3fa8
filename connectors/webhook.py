"""A place where other systems post JSON: what comes signed and in time is kept on disk first, and then becomes a case."""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors import _files, _listing
from connectors._looking import Look, folder_stamp
from connectors.base import Config, Connector, Health, Item, NewDocument
from kontorist.core import private
from kontorist.core.errors import AccessDenied, NotReadable, Rejected, Unavailable
from kontorist.core.values import sha256

_WAITING_AT_MOST = 10_000
_DEEPEST = 100
"""Levels of a body: whoever works on it does so level by level, and has no more than some hundred of them."""
_HEADER = r"^[A-Za-z][A-Za-z0-9-]*$"


class WebhookConfig(Config):
    """Who may post here, and how they prove it."""

    secret: SecretStr = Field(description="Known to the sender and to us alone, as ${NAME}; at least 16 characters.")
    signature_header: str = Field(
        "X-Signature", pattern=_HEADER, description="Has the HMAC-SHA256 in hex, `sha256=` before it or not."
    )
    timestamp_header: str = Field("X-Timestamp", pattern=_HEADER, description="Has the time of sending, in seconds since 1970.")
    signed: Literal["timestamp.body", "body"] = Field(
        "timestamp.body",
        description="What the sender signs. `body` is for senders that sign no time: the same body is then taken once and for ever.",
    )
    tolerance: float = Field(300, ge=10, le=3600, description="Seconds that the sender's clock may differ from ours.")
    max_size: int = Field(2**20, gt=0, le=20 * 2**20, description="Longer bodies (bytes) are refused.")

    @field_validator("secret")
    @classmethod
    def _is_long(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < 16:
            raise ValueError("the secret is shorter than 16 characters; `openssl rand -hex 24` makes one")
        return value


class WebhookOptions(BaseModel):
    """The trigger `webhook`: each delivery becomes a case."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    schema_: dict[str, Any] = Field(
        default_factory=dict, alias="schema", description="JSON Schema of the body; what does not fit becomes no case."
    )
    id: str = Field("", description="The field of the body that names a delivery: the same body sent again later is no new case.")
    title: str = Field("", description="The field of the body that people know it by.")

    @field_validator("schema_")
    @classmethod
    def _is_a_schema(cls, value: dict[str, Any]) -> dict[str, Any]:
        import jsonschema

        try:
            jsonschema.Draft202012Validator.check_schema(value)
        except jsonschema.SchemaError as error:
            raise ValueError(f"this is no JSON Schema: {error.message}") from error
        if "://" in json.dumps([*_references(value)]):
            raise ValueError("a schema refers to nothing outside of itself")
        return value


class Webhook(Connector):
    """Takes what is posted to `/hooks/NAME` of the inbox."""

    Config = WebhookConfig
    triggers: ClassVar[Mapping[str, type[BaseModel]]] = {"webhook": WebhookOptions}
    suffixes: ClassVar[Mapping[str, Sequence[str]]] = {"webhook": (".json",)}
    receives = True

    def __init__(self, config: Any, surroundings: Any) -> None:
        super().__init__(config, surroundings)
        self.waiting: Path = surroundings.data_dir / "hooks" / surroundings.name
        self._problems: dict[str, str] = {}
        self._look = Look()

    # taking it -----------------------------------------------------------

    def receive(self, headers: Mapping[str, str], body: bytes) -> str:
        """Keep a delivery; it is on disk when this returns its key. Raises AccessDenied, Rejected, Unavailable."""
        when = self._proven(headers, body)
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Rejected("Only application/json is taken.")
        try:
            read_body(body)
        except NotReadable as error:
            raise Rejected(str(error)) from error
        key = sha256(when.encode() + b"." + body)
        with contextlib.suppress(FileNotFoundError):
            if len(os.listdir(self.waiting)) >= _WAITING_AT_MOST:  # noqa: PTH208 - names alone, as quickly as can be
                raise Unavailable("Too many deliveries wait to be taken in. Send it again later.")
        try:
            private.make_folder(self.waiting)
        except OSError as error:
            raise _files.trouble(self.waiting, error) from error
        _files.publish(body, self.waiting / f"{key}.json", lambda: None)
        return key

    def _proven(self, headers: Mapping[str, str], body: bytes) -> str:
        """The time that was signed (empty where none is). Raises AccessDenied without saying more than is needed."""
        config, when = self.config, ""
        signed = body
        if config.signed == "timestamp.body":
            when = headers.get(config.timestamp_header.lower(), "").strip()
            if not re.fullmatch(r"\d{1,12}", when, re.ASCII):
                raise AccessDenied(f"The header {config.timestamp_header} with the time of sending is missing.")
            if abs(time.time() - int(when)) > config.tolerance:
                raise AccessDenied("The time of sending is too far from ours: an old delivery, or a clock that is wrong.")
            signed = when.encode() + b"." + body
        given = headers.get(config.signature_header.lower(), "").strip().lower().removeprefix("sha256=")
        expected = hmac.new(config.secret.get_secret_value().encode(), signed, "sha256").hexdigest()
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise AccessDenied("The signature is missing or wrong.")
        return when

    # reading -------------------------------------------------------------

    def changed(self, kind: str, options: Any, timeout: float) -> bool:
        """Look twice a second whether something was kept; the first look counts as a change."""
        return self._look.changed(lambda: folder_stamp(self.waiting), timeout)

    def read(self, kind: str, options: WebhookOptions, known: Any) -> Iterator[Item]:
        """What was kept and is no case yet, oldest first; what is one already is put away."""
        for path in _listing.by_age(self._waiting()):
            try:
                item = delivery(path, options)
            except NotReadable as error:
                self._refuse(path, str(error))
                continue
            if known([item.source_key]):
                path.unlink(missing_ok=True)
            else:
                yield item

    def _waiting(self) -> list[Path]:
        """What was kept, in no order. Raises AccessDenied, Unavailable."""
        return [p for p in _listing.listed(self.waiting) if p.suffix == ".json"] if _listing.is_folder(self.waiting) else []

    def _refuse(self, path: Path, problem: str) -> None:
        """Keep it beside the others, so that nothing is lost, and say why it is no case."""
        refused = path.parent / "refused"
        refused.mkdir(exist_ok=True)
        path.replace(refused / path.name)
        self._problems[path.name] = f"{refused / path.name}: {problem}"

    def acknowledge(self, kind: str, options: Any, items: Sequence[Item]) -> None:
        """The cases have them now."""
        for item in items:
            Path(str(item.handle)).unlink(missing_ok=True)

    @classmethod
    def from_file(cls, kind: str, path: Path, settings: Mapping[str, Any]) -> Iterator[Item]:  # noqa: ARG003 - the contract's
        """A delivery as a JSON file, or every one in a folder."""
        options = WebhookOptions.model_validate({k: v for k, v in settings.items() if k in ("schema", "id", "title")})
        for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
            yield delivery(file, options)

    # operations ----------------------------------------------------------

    def try_out(self) -> Health:
        """Whether a delivery could be kept."""
        try:
            private.make_folder(self.waiting)
        except OSError as error:
            return Health(False, str(_files.trouble(self.waiting, error)))
        if not os.access(self.waiting, os.W_OK | os.X_OK):
            return Health(False, f"{self.waiting} may not be written by this user. Change its rights.")
        count = sum(1 for _ in self.waiting.glob("*.json"))
        return Health(True, f"posts to /hooks/{self.surroundings.name} are taken; {count} wait", {"waiting": count})

    def problems(self) -> Sequence[str]:
        """Deliveries that became no case."""
        kept = self.waiting / "refused"
        older = (
            {p.name: f"{p}: it became no case; look into it, then delete it" for p in kept.glob("*.json")}
            if kept.is_dir()
            else {}
        )
        return list({**older, **self._problems}.values())


def read_body(body: bytes) -> dict[str, Any]:
    """The JSON object of a body. Raises NotReadable for anything else."""
    try:
        found = json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise NotReadable(f"The body is no JSON: {error}.") from error
    if not isinstance(found, dict):
        raise NotReadable("The body is no JSON object.")
    if _is_deeper(found, _DEEPEST):
        raise NotReadable(f"The body is nested more than {_DEEPEST} levels deep.")
    return found


def _is_deeper(found: Any, levels: int) -> bool:
    level = [found]
    for _ in range(levels):
        level = [inner for one in level for inner in _inside(one)]
    return any(isinstance(one, dict | list) for one in level)


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def delivery(path: Path, options: WebhookOptions) -> Item:
    """The item of one delivery. Raises NotReadable when it does not fit the schema."""
    try:
        body, moment = path.read_bytes(), path.stat().st_mtime
    except OSError as error:
        raise NotReadable(f"{path} cannot be read: {error.strerror}.") from error
    found = read_body(body)
    _must_fit(body, options)
    named = str(found.get(options.id, "")) if options.id else ""
    key = f"{named[:100]}:{sha256(body)}" if named else path.stem
    return Item(
        source_key=f"webhook:{key}",
        source=path.name,
        title=(str(found.get(options.title, "")) if options.title else "") or named or path.stem[:12],
        data={"webhook": {"id": named or path.stem, "received": datetime.fromtimestamp(moment, UTC), "body": found}},
        documents=[NewDocument("delivery.json", "application/json", body)],
        handle=str(path),
    )


def _must_fit(body: bytes, options: WebhookOptions) -> None:
    import jsonschema

    try:
        problem = next(iter(jsonschema.Draft202012Validator(options.schema_).iter_errors(json.loads(body))), None)
    except RecursionError as error:  # a schema that refers to itself takes several levels of ours for one of the body
        raise NotReadable("The body is nested too deeply for the schema of the flow.") from error
    if problem is not None:
        where = ".".join(map(str, problem.absolute_path)) or "the body"
        raise NotReadable(f"{where} does not fit the schema of the flow: {problem.message[:200]}.")


def _references(schema: Any) -> Iterator[str]:
    """Whatever a schema refers to."""
    if isinstance(schema, Mapping):
        for key, value in schema.items():
            if key in ("$ref", "$dynamicRef") and isinstance(value, str):
                yield value
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)

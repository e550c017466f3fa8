"""A server that takes JSON over HTTP: what was approved is sent there with an idempotency key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import Field, field_validator

from connectors import _web
from connectors.base import Action, Config, Connector, Context, Health, Payload, Proposal, Receipt
from kontorist.core.errors import KontoristError, Rejected
from kontorist.core.permit import Permit
from kontorist.core.values import canonical, sha256


class HttpConfig(Config):
    """The server and how Kontorist shows who it is."""

    url: str = Field(description="Its base address (`https://server.example/api`); nothing outside of it is called.")
    headers: dict[str, str] = Field({}, description="Sent with each call; secrets as ${NAME}.", repr=False)
    private: bool = Field(False, description="The server may be inside of the office's network.")
    timeout: float = Field(20.0, gt=0, le=120, description="Seconds to wait for the server.")
    look_up: str = Field(
        "",
        max_length=300,
        description="A path that finds what was sent by its idempotency key, as in `notes?reference={key}`: asked when an answer was lost.",
    )
    health: str = Field("", description="A path that `doctor` gets; without it the base address.")

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        return _web.is_address(url)

    @field_validator("look_up")
    @classmethod
    def _names_the_key(cls, path: str) -> str:
        if path and "{key}" not in path:
            raise ValueError("it has no {key}, so it finds nothing that was sent")
        return path


class SendPayload(Payload):
    """What is sent."""

    path: str = Field(max_length=500, description="Below the base address: `orders/17/notes`.")
    method: Literal["POST", "PUT", "PATCH"] = Field("POST", description="How.")
    body: dict[str, Any] = Field(description="The JSON object that is sent.")


class Send(Action):
    """Sends a JSON object, with an `Idempotency-Key` that is the same on every attempt."""

    Payload = SendPayload
    recipients = ("path",)

    def propose(self, connector: Http, payload: SendPayload, context: Context) -> Proposal:
        """What would be sent where. Raises Rejected for a path outside of the base address."""
        whole = connector.web.address(payload.path)
        typed = payload.model_dump()
        german = f"{len(payload.body)} Felder werden an {whole} gesendet ({payload.method})."
        english = f"Send {len(payload.body)} fields to {whole} ({payload.method})."
        sentence = german if context.language == "de" else english
        return Proposal(typed, sentence, f"http:{sha256(canonical(typed))}")

    def execute(self, connector: Http, permit: Permit) -> Receipt:
        """Send it once."""
        payload = SendPayload.model_validate(permit.payload)
        sent = canonical(payload.body)
        headers = {"Idempotency-Key": permit.key, "Content-Type": "application/json"}
        answer = connector.web.write(payload.method, payload.path, permit.commit, headers, content=sent)
        return Receipt({"url": connector.web.address(payload.path), "sent": sha256(sent), "answer": _json(answer)})

    def find(self, connector: Http, payload: Any, key: str) -> Receipt | None:
        """What the server has under the key; only an answer with the key as a value is evidence, its absence proves nothing."""
        if not connector.config.look_up:
            return None
        try:
            found = _read_json(connector.web.read(connector.config.look_up.replace("{key}", quote(key, safe=""))))
        except Rejected:  # 404: not there (yet)
            return None
        if not _has_value(found, key):
            return None
        typed = payload if isinstance(payload, SendPayload) else SendPayload.model_validate(payload)
        return Receipt({"url": connector.web.address(typed.path), "sent": sha256(canonical(typed.body)), "found": key})


class Http(Connector):
    """A server that takes JSON."""

    Config = HttpConfig
    actions: ClassVar[Mapping[str, type[Action]]] = {"send": Send}

    def __init__(self, config: Any, surroundings: Any) -> None:
        super().__init__(config, surroundings)
        self.web = _web.Web(config.url, config.headers, private=config.private, timeout=config.timeout)

    def try_out(self) -> Health:
        """Get the health path."""
        try:
            self.web.read(self.config.health)
        except KontoristError as error:
            return Health(False, str(error))
        return Health(True, f"{self.config.url} answers")


def _read_json(answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        return None


def _has_value(found: Any, key: str) -> bool:
    """Whether a value of the answer is exactly the key: an address with the key in it is only our question."""
    waiting = [found]
    while waiting:
        one = waiting.pop()
        if one == key:
            return True
        waiting.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
    return False


def _json(answer: bytes) -> Any:
    """The answer as JSON if it is short and is some, else its first letters."""
    try:
        return json.loads(answer) if len(answer) <= 4000 else answer[:200].decode(errors="replace")
    except ValueError:
        return answer[:200].decode(errors="replace")

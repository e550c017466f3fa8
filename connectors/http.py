"""A server that takes JSON over HTTP: what was approved is sent there with an idempotency key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from connectors import _web
from connectors.base import Action, Config, Connector, Context, Health, Payload, Proposal, Receipt
from kontorist.core.errors import KontoristError
from kontorist.core.permit import Permit
from kontorist.core.values import canonical, sha256


class HttpConfig(Config):
    """The server and how Kontorist shows who it is."""

    url: str = Field(description="Its base address (`https://server.example/api`); nothing outside of it is called.")
    headers: dict[str, str] = Field({}, description="Sent with each call; secrets as ${NAME}.", repr=False)
    private: bool = Field(False, description="The server may be inside of the office's network.")
    timeout: float = Field(20.0, gt=0, le=120, description="Seconds to wait for the server.")
    health: str = Field("", description="A path that `doctor` gets; without it the base address.")

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        return _web.is_address(url)


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


def _json(answer: bytes) -> Any:
    """The answer as JSON if it is short and is some, else its first letters."""
    try:
        return json.loads(answer) if len(answer) <= 4000 else answer[:200].decode(errors="replace")
    except ValueError:
        return answer[:200].decode(errors="replace")

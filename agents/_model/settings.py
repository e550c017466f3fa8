"""One entry under `models:` in office.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

PRESETS: Mapping[str, str] = {
    "openai": "https://api.openai.com/v1",
    "azure": "",  # every customer has an address of their own: https://NAME.openai.azure.com/openai/v1
    "mistral": "https://api.mistral.ai/v1",
    "ollama": "http://localhost:11434/v1",
    "vllm": "http://localhost:8000/v1",
    "llama.cpp": "http://localhost:8080/v1",
}


class ModelSettings(BaseModel):
    """One entry under `models:` in office.yaml."""

    model_config = ConfigDict(extra="forbid")
    preset: Literal["openai", "azure", "mistral", "ollama", "vllm", "llama.cpp"] | None = Field(
        None, description="a well-known server; saves writing base_url"
    )
    base_url: str | None = Field(None, description="address of an OpenAI-compatible server, usually ending in /v1")
    model: str = Field(description="the model's name on that server")
    key: SecretStr | None = Field(None, description="the key, as ${NAME}")
    trusted: bool = Field(
        False, description="true: personal data is sent as it is; false: it is replaced by placeholders before each call"
    )
    timeout: float = Field(60, gt=0, description="seconds to wait for an answer")
    max_retries: int = Field(2, ge=0, le=10, description="how often to try again when the server is busy or fails")
    temperature: float | None = Field(0, description="0 for the same answer each time; null for models that take none")
    max_tokens: int | None = Field(
        4096, ge=1, description="longest answer, so that a small model cannot ramble on; null for no limit"
    )
    max_concurrency: int = Field(4, ge=1, le=64, description="how many calls at the same time")
    price_in: Decimal = Field(Decimal(0), ge=0, description="price of one million tokens sent")
    price_out: Decimal = Field(Decimal(0), ge=0, description="price of one million tokens received")
    budget_per_day: Decimal | None = Field(
        None, ge=0, description="never more than this a day, in the currency of the prices; then the built-in model does the work"
    )
    calls_per_minute: int | None = Field(None, ge=1, description="never more calls than this in a minute")
    when_away: Literal["fall_back", "wait"] = Field(
        "fall_back",
        description="while the server does not answer: the built-in model does the work, or cases wait until it is there again",
    )
    remember: bool = Field(True, description="the same question, word for word, is answered from memory and not paid for again")

    @model_validator(mode="after")
    def _has_an_address(self) -> ModelSettings:
        if not self.address:
            raise ValueError(
                "write `preset:` or `base_url:` (for azure always base_url: https://NAME.openai.azure.com/openai/v1)"
            )
        if self.budget_per_day is not None and not (self.price_in or self.price_out):
            raise ValueError("`budget_per_day` needs `price_in` and `price_out`: without them nobody knows what a call costs")
        if self.budget_per_day is not None and self.max_tokens is None:
            raise ValueError("`budget_per_day` needs `max_tokens`: without it nobody knows what a call can cost")
        return self

    @property
    def address(self) -> str:
        """Where the server is."""
        return self.base_url or PRESETS.get(self.preset or "", "")

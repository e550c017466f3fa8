"""The only place that calls a language model: any OpenAI-compatible endpoint, or none at all (`built-in`)."""

from __future__ import annotations

import functools
import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from pydantic import BaseModel, SecretStr

from agents._model.answers import BadAnswer, parsed, translated
from agents._model.budget import Budget, BudgetSpent, Memory, Pace
from agents._model.marks import without_marks
from agents._model.pseudonyms import Pseudonyms
from agents._model.settings import PRESETS, ModelSettings
from agents._model.silence import Silence
from kontorist.core.errors import Away, ConfigurationError, KontoristError, Unavailable
from kontorist.core.values import sha256

__all__ = ["BUILT_IN", "PRESETS", "BadAnswer", "Completion", "Model", "ModelSettings", "Request", "open_model"]

_TRANSCRIPT_AT_MOST = 20_000


@dataclass(frozen=True)
class Request:
    """One question to a model. `user` holds what came from outside: it is data, whatever it says."""

    prompt_version: str
    system: str
    user: str
    schema: type[BaseModel]
    names: Sequence[str] = ()
    """Names of persons known from the mail's headers, to be replaced for endpoints that are not trusted."""


@dataclass(frozen=True)
class Completion:
    """A model's answer, of the shape that was asked for."""

    data: BaseModel
    usage: Mapping[str, Any] = field(default_factory=dict)
    """prompt_tokens, completion_tokens, cost, ms and the transcript: exactly what was sent and what came back."""
    model: str = ""
    """Which model and prompt version answered: `openai:gpt-x/classify-2`."""


class Model(Protocol):
    """What an agent thinks with."""

    @property
    def name(self) -> str:
        """The model's name as results carry it."""

    @property
    def is_language_model(self) -> bool:
        """False for the built-in one, which cannot be asked."""

    def complete(
        self, prompt_version: str, system: str, user: str, schema: type[BaseModel], *, names: Sequence[str] = ()
    ) -> Completion:
        """Ask once. Raises Unavailable, AccessDenied, Rejected or BadAnswer."""

    def complete_many(self, requests: Sequence[Request]) -> list[Completion | KontoristError]:
        """Ask several things at the same time: an answer or the error of each, in order."""


@dataclass(frozen=True)
class BuiltIn:
    """The model that is always there: the agents' own offline skills. It answers no prompts."""

    name: str = "built-in"
    is_language_model: bool = False

    def complete(
        self, prompt_version: str, system: str, user: str, schema: type[BaseModel], *, names: Sequence[str] = ()
    ) -> Completion:
        """Always an error: there is no language model behind it."""
        raise ConfigurationError(f"The built-in model answers no prompts ({prompt_version}).")

    def complete_many(self, requests: Sequence[Request]) -> list[Completion | KontoristError]:
        """An error for each request."""
        return [ConfigurationError(f"The built-in model answers no prompts ({r.prompt_version}).") for r in requests]


BUILT_IN = BuiltIn()


class Endpoint:
    """A language model behind an OpenAI-compatible server."""

    is_language_model = True

    def __init__(self, name: str, settings: ModelSettings, memory: Memory | None = None) -> None:
        self.settings = settings
        self.name = f"{name}:{settings.model}"
        self._memory = memory
        self._pace = Pace(settings.calls_per_minute)
        self._silence = Silence(self.name)
        self._budget = Budget(self.name, settings.budget_per_day, self._spent_today)
        self._chat: Any = None
        self._lock = threading.Lock()

    def complete(
        self, prompt_version: str, system: str, user: str, schema: type[BaseModel], *, names: Sequence[str] = ()
    ) -> Completion:
        """Ask once. Raises Unavailable, AccessDenied, Rejected or BadAnswer."""
        hidden = Pseudonyms(names)
        sent = without_marks(user if self.settings.trusted else hidden.hide(user))
        question = self._question(system, sent, schema)
        data, usage = self._recalled(question, schema) or self._asked(question, system, sent, schema)
        answer = schema.model_validate(hidden.restore(data.model_dump(mode="json")))
        return Completion(answer, usage, f"{self.name}/{prompt_version}")

    def _asked(self, question: str, system: str, sent: str, schema: type[BaseModel]) -> tuple[BaseModel, dict[str, Any]]:
        with self._budget.reserved(self._most(system + sent, schema)), self._silence.watched():
            self._pace.wait()
            started = time.perf_counter()
            raw = self._invoke(system, sent, schema)
            usage = {**self._usage(raw), "ms": round((time.perf_counter() - started) * 1000)}
            try:
                data = parsed(raw, schema, self.name)
            except BadAnswer as error:  # it was paid for all the same
                self._note(question, None, usage)
                error.usage = usage
                raise
            self._note(question, data.model_dump(mode="json"), usage)
        return data, {**usage, "transcript": _transcript(system, sent, raw)}

    def _recalled(self, question: str, schema: type[BaseModel]) -> tuple[BaseModel, dict[str, Any]] | None:
        """What the same question was answered with; an answer of chance (a temperature) is not repeated."""
        known = self._memory.recall(question) if self._memory and self._remembers() else None
        if known is None:
            return None
        usage = {"prompt_tokens": 0, "completion_tokens": 0, "cost": Decimal(0), "ms": 0, "remembered": True}
        return schema.model_validate(known), usage

    def _remembers(self) -> bool:
        return self.settings.remember and not self.settings.temperature

    def _note(self, question: str, answer: Any, usage: Mapping[str, Any]) -> None:
        if self._memory:
            self._memory.note(self.name, question, answer if self._remembers() else None, usage)

    def _spent_today(self) -> Decimal:
        return self._memory.spent_today(self.name) if self._memory else Decimal(0)

    def _question(self, system: str, sent: str, schema: type[BaseModel]) -> str:
        """The hash of everything that decides the answer."""
        s = self.settings
        parts = [s.address, s.model, s.temperature, s.max_tokens, system, sent, _json_schema(schema)]
        return sha256(json.dumps(parts, sort_keys=True).encode())

    def _most(self, text: str, schema: type[BaseModel]) -> Decimal:
        """What a call can cost at most: no tokenizer makes more tokens than there are bytes."""
        sent = len(text.encode()) + len(json.dumps(_json_schema(schema))) + 100
        return (sent * self.settings.price_in + (self.settings.max_tokens or 0) * self.settings.price_out) / 1_000_000

    def complete_many(self, requests: Sequence[Request]) -> list[Completion | KontoristError]:
        """Ask several things at the same time, at most `max_concurrency`: an answer or the error of each, in order."""
        if not requests:
            return []
        with ThreadPoolExecutor(min(self.settings.max_concurrency, len(requests)), thread_name_prefix="model") as pool:
            return list(pool.map(self._answer_or_error, requests))

    def _answer_or_error(self, request: Request) -> Completion | KontoristError:
        try:
            return self.complete(request.prompt_version, request.system, request.user, request.schema, names=request.names)
        except BudgetSpent as error:
            return error
        except Unavailable as error:
            return Away(str(error)) if self.settings.when_away == "wait" else error
        except KontoristError as error:
            return error

    def _invoke(self, system: str, user: str, schema: type[BaseModel]) -> Any:
        import langsmith
        import openai

        runnable = self._client().bind(response_format=_answered_as(schema))
        with langsmith.tracing_context(enabled=False):  # nothing is reported to anyone, whatever the environment says
            try:
                return runnable.invoke([("system", system), ("human", user)])
            # besides its own errors the client fails in these ways on answers that are no answers
            except (openai.OpenAIError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
                raise translated(error, self.name, self._key()) from error

    def _client(self) -> Any:
        with self._lock:
            if self._chat is None:
                from langchain_openai import ChatOpenAI

                s = self.settings
                # every value is given, so that no OPENAI_… variable redirects an endpoint that the office names
                self._chat = ChatOpenAI(
                    model=s.model,
                    base_url=s.address,
                    api_key=SecretStr(self._key() or "none"),
                    timeout=s.timeout,
                    max_retries=s.max_retries,
                    temperature=s.temperature,
                    max_tokens=s.max_tokens,
                )
            return self._chat

    def _key(self) -> str:
        return self.settings.key.get_secret_value() if self.settings.key else ""

    def _usage(self, raw: Any) -> dict[str, Any]:
        tokens = raw.usage_metadata or {}
        sent, received = int(tokens.get("input_tokens", 0)), int(tokens.get("output_tokens", 0))
        cost = (sent * self.settings.price_in + received * self.settings.price_out) / 1_000_000
        return {"prompt_tokens": sent, "completion_tokens": received, "cost": cost}


@functools.lru_cache(maxsize=256)
def _json_schema(schema: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a shape; agents ask for the same few again and again."""
    return schema.model_json_schema()


@functools.lru_cache(maxsize=256)
def _answered_as(schema: type[BaseModel]) -> dict[str, Any]:
    """The shape as `response_format`: what `with_structured_output` sends, without its chain, which starts two threads for each call and parses what is parsed here."""
    from langchain_core.utils.function_calling import convert_to_openai_function

    shape = {
        "description": (schema.__doc__ or schema.__name__).strip(),
        **schema.model_json_schema(),
    }  # one of its own: it is changed on the way
    function = convert_to_openai_function(shape, strict=True)
    function["schema"] = function.pop("parameters")
    return {"type": "json_schema", "json_schema": function}


def open_model(name: str, settings: ModelSettings | None = None, memory: Memory | None = None) -> Model:
    """The model of that name: `built-in`, `environment` (OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_MODEL) or one of office.yaml."""
    if name == "built-in":
        return BUILT_IN
    if name == "environment":
        return Endpoint(name, _from_environment(settings), memory)
    if settings is None:
        raise ConfigurationError(f"There is no model '{name}' under `models:` in office.yaml.")
    return Endpoint(name, settings, memory)


def _from_environment(settings: ModelSettings | None) -> ModelSettings:
    key = os.environ.get("OPENAI_API_KEY", "")
    model = os.environ.get("OPENAI_MODEL") or (settings.model if settings else "")
    if not model or not (key or os.environ.get("OPENAI_BASE_URL")):
        raise ConfigurationError("`model: environment` needs OPENAI_API_KEY (or OPENAI_BASE_URL) and OPENAI_MODEL to be set.")
    known = settings.model_dump(exclude_unset=True, exclude={"preset"}) if settings else {}
    address = os.environ.get("OPENAI_BASE_URL") or PRESETS["openai"]
    return ModelSettings(**{**known, "model": model, "base_url": address, "key": SecretStr(key) if key else None})


def _transcript(system: str, user: str, raw: Any) -> str:
    text = f"[system]\n{system}\n\n[user]\n{user}\n\n[answer]\n{raw.content or raw.tool_calls}"
    return text if len(text) <= _TRANSCRIPT_AT_MOST else text[: _TRANSCRIPT_AT_MOST - 1] + "…"

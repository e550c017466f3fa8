"""Reading what came back from a language model: the error it means, or the data it holds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError

from kontorist.core.errors import AccessDenied, KontoristError, Rejected, Unavailable

_FENCE = re.compile(r"^\s*```(?:json)?\s*(.*?)\s*```\s*$", re.DOTALL)


class BadAnswer(KontoristError):
    """The model's answer cannot be used: it is not what was asked for."""

    usage: Mapping[str, Any] = MappingProxyType({})
    """What it took all the same: tokens, cost, time."""


def translated(error: Exception, model: str, secret: str) -> KontoristError:
    """The model library's error as one of ours, without the key in it."""
    import openai

    said = " ".join(str(getattr(error, "message", "") or error).replace(secret or "\0", "…").split())[:300]
    for kinds, outcome, sentence in (
        (
            (openai.AuthenticationError, openai.PermissionDeniedError),
            AccessDenied,
            "the key is refused ({}). Check the key in office.yaml.",
        ),
        ((openai.RateLimitError,), Unavailable, "too many requests or no budget left ({})."),
        ((openai.APITimeoutError,), Unavailable, "no answer in time; raise `timeout` or choose a faster model."),
        ((openai.InternalServerError,), Unavailable, "the server failed ({})."),
        ((openai.APIStatusError,), Rejected, "the request was refused ({})."),
        ((openai.APIConnectionError,), Unavailable, "the server cannot be reached ({}); is it running, is `base_url` right?"),
        ((Exception,), BadAnswer, "the answer cannot be used ({})."),
    ):
        if isinstance(error, kinds):
            return outcome(f"Model {model}: " + sentence.replace("{}", said or type(error).__name__))
    raise AssertionError("every error is an Exception")


def parsed(raw: Any, schema: type[BaseModel], model: str) -> BaseModel:
    """The data in an answer; raises BadAnswer when it is cut off, no JSON, or not of the asked shape."""
    if (reason := (raw.response_metadata or {}).get("finish_reason")) not in {"stop", "tool_calls", None}:
        raise BadAnswer(f"Model {model}: the answer is incomplete ({reason}).")
    try:
        return schema.model_validate(_json(raw))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadAnswer(f"Model {model}: the answer has not the asked shape ({where}: {first['msg']}).") from error
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"Model {model}: the answer is no JSON.") from error


def _json(raw: Any) -> Any:
    # models that cannot do JSON schemas are asked through a tool by langchain
    if raw.tool_calls:
        return raw.tool_calls[0]["args"]
    text = raw.content if isinstance(raw.content, str) else "".join(p.get("text", "") for p in raw.content if isinstance(p, dict))
    fenced = _FENCE.match(text)
    return json.loads(fenced.group(1) if fenced else text)

"""What was asked of language models: what it cost, and what they answered, so that nothing is paid for twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, func, insert, select, update

from kontorist.core.clock import utcnow
from kontorist.store.database import Database
from kontorist.store.tables import model_calls

_NANO = 1_000_000_000


@dataclass(frozen=True)
class Spending:
    """What one model was asked in a time: calls, tokens, cost in the currency of its prices, milliseconds."""

    model: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: Decimal
    ms: int


@dataclass(frozen=True)
class Memory:
    """The store, as a model uses it: thread-safe."""

    database: Database
    zone: str = "Europe/Berlin"

    def recall(self, question: str) -> Any:
        """The answer to exactly this question, or None."""
        query = select(model_calls.c.answer).where(model_calls.c.question == question, model_calls.c.answer.is_not(None))
        with self.database.read() as connection:
            return connection.execute(query.order_by(model_calls.c.id.desc()).limit(1)).scalar()

    def note(self, model: str, question: str, answer: Any, usage: Mapping[str, Any]) -> None:
        """Remember a call; `usage` has prompt_tokens, completion_tokens, cost and ms."""
        row = {
            "at": utcnow(), "model": model, "question": question, "answer": answer, "ms": int(usage["ms"]),
            "prompt_tokens": usage["prompt_tokens"], "completion_tokens": usage["completion_tokens"],
            "nanos": int(Decimal(usage["cost"]) * _NANO),
        }  # fmt: skip
        with self.database.write() as connection:
            connection.execute(insert(model_calls).values(**row))

    def spent_today(self, model: str) -> Decimal:
        """What a model has cost since midnight in the office's zone."""
        midnight = utcnow().astimezone(ZoneInfo(self.zone)).replace(hour=0, minute=0, second=0, microsecond=0)
        query = select(func.coalesce(func.sum(model_calls.c.nanos), 0))
        with self.database.read() as connection:
            nanos = connection.execute(query.where(model_calls.c.model == model, model_calls.c.at >= midnight)).scalar_one()
        return Decimal(int(nanos)) / _NANO


def spending(connection: Connection, since: datetime) -> list[Spending]:
    """What each model was asked and cost since then."""
    c = model_calls.c
    sums = (func.count(), func.sum(c.prompt_tokens), func.sum(c.completion_tokens), func.sum(c.nanos), func.sum(c.ms))
    rows = connection.execute(select(c.model, *sums).where(c.at >= since).group_by(c.model).order_by(c.model))
    return [Spending(r[0], r[1], int(r[2]), int(r[3]), Decimal(int(r[4])) / _NANO, int(r[5])) for r in rows]


def forget_answers(connection: Connection, before: datetime | None = None) -> None:
    """Forget what was answered, all of it or what is older; what it cost stays."""
    old = model_calls.c.answer.is_not(None)
    connection.execute(
        update(model_calls).where(old if before is None else old & (model_calls.c.at < before)).values(answer=None)
    )


def forget_calls(connection: Connection, before: datetime) -> None:
    """Forget calls altogether."""
    connection.execute(delete(model_calls).where(model_calls.c.at < before))

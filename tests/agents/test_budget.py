"""A day's budget is never overdrawn, nothing is paid for twice, and what a model cost is known."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import BaseModel, ValidationError

from agents._model.budget import BudgetSpent, Pace
from agents.model import BadAnswer, Completion, Endpoint, ModelSettings, open_model
from kontorist.core.clock import utcnow
from kontorist.store import model_calls
from kontorist.store.database import Database
from kontorist.store.model_calls import Memory
from tests.agents.scripted_server import Reply, ScriptedServer


class Colour(BaseModel):
    """A colour."""

    name: str


Make = Callable[..., Endpoint]
PRICES = {"price_in": Decimal(2), "price_out": Decimal(10)}
COST = Decimal("0.0003")
"""What one answer of the scripted server costs: 100 tokens in, 10 out."""


@pytest.fixture
def make(server: ScriptedServer, sqlite: Database) -> Make:
    def made(**settings: object) -> Endpoint:
        given = (
            {"base_url": server.url, "model": "test-model", "max_retries": 0, "trusted": True, "max_tokens": 20}
            | PRICES
            | settings
        )
        model = open_model("scripted", ModelSettings.model_validate(given), Memory(sqlite))
        assert isinstance(model, Endpoint)
        return model

    return made


def ask(model: Endpoint, user: str = "Grass?", **more: object) -> Completion:
    return model.complete("colour-1", "Answer in JSON.", user, Colour, **more)  # type: ignore[arg-type]


def test_the_same_question_is_paid_for_once_even_by_another_worker(server: ScriptedServer, make: Make) -> None:
    server.will({"name": "green"}, {"name": "blue"})
    first, again = ask(make()), ask(make())
    assert (first.data, again.data) == (Colour(name="green"), Colour(name="green"))
    assert (again.usage["cost"], again.usage["remembered"]) == (0, True)
    assert ask(make(), "Sky?").data == Colour(name="blue")
    assert len(server.requests) == 2


@pytest.mark.parametrize("other", [{"temperature": 0.5}, {"remember": False}])
def test_what_is_not_to_be_remembered_is_asked_again(server: ScriptedServer, make: Make, other: dict[str, object]) -> None:
    server.will({"name": "green"})
    for _ in range(2):
        ask(make(**other))
    assert len(server.requests) == 2


@pytest.mark.parametrize("other", [{"model": "better"}, {"max_tokens": 30}])
def test_another_model_or_other_limits_are_another_question(server: ScriptedServer, make: Make, other: dict[str, object]) -> None:
    server.will({"name": "green"})
    ask(make())
    ask(make(**other))
    assert len(server.requests) == 2


def test_a_remembered_answer_holds_no_names_and_gives_them_back(server: ScriptedServer, make: Make, sqlite: Database) -> None:
    server.will(lambda request: {"name": request["messages"][1]["content"].removesuffix(" asks")})
    for _ in range(2):
        answer = ask(make(trusted=False), "Erika Mustermann asks", names=["Erika Mustermann"])
        assert answer.data == Colour(name="Erika Mustermann")
    assert len(server.requests) == 1
    with sqlite.read() as connection:
        (stored,) = connection.exec_driver_sql("SELECT answer FROM model_calls").scalars()
    assert "Erika" not in stored


def answered_until_spent(model: Endpoint) -> int:
    for n in range(100):
        try:
            ask(model, f"Question {n}?")
        except BudgetSpent as error:
            return n if "today's budget of 0.002 is spent" in str(error) else -1
    raise AssertionError("it was never spent")


def test_the_budget_is_hard(server: ScriptedServer, make: Make) -> None:
    server.will({"name": "green"})
    model = make(budget_per_day=Decimal("0.002"))
    assert answered_until_spent(model) >= 2
    assert len(server.requests) * COST <= Decimal("0.002")
    assert ask(model, "Question 0?").usage["remembered"], "what is known costs nothing"
    with pytest.raises(BudgetSpent):
        ask(make(budget_per_day=Decimal("0.002")), "another worker knows it, too")


def test_calls_at_the_same_time_cannot_overdraw_together(server: ScriptedServer, make: Make) -> None:
    server.will(Reply({"name": "green"}, delay=0.3))
    model = make(budget_per_day=Decimal("0.0025"))
    outcomes: list[str] = []

    def one(n: int) -> None:
        try:
            ask(model, f"Question {n}?")
            outcomes.append("answered")
        except BudgetSpent:
            outcomes.append("spent")

    threads = [threading.Thread(target=one, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("answered") < 8
    assert outcomes.count("answered") == len(server.requests)
    assert len(server.requests) * COST <= Decimal("0.0025")


def test_yesterday_is_not_counted(server: ScriptedServer, make: Make, sqlite: Database) -> None:
    server.will({"name": "green"})
    answered_until_spent(make(budget_per_day=Decimal("0.002")))
    with sqlite.write() as connection:
        connection.execute(model_calls.model_calls.update().values(at=utcnow() - timedelta(days=1)))
    assert ask(make(budget_per_day=Decimal("0.002")), "today").data == Colour(name="green")


def test_an_answer_that_cannot_be_used_is_paid_for_and_not_remembered(
    server: ScriptedServer, make: Make, sqlite: Database
) -> None:
    server.will(Reply("no JSON at all"), {"name": "green"})
    with pytest.raises(BadAnswer):
        ask(make())
    assert ask(make()).data == Colour(name="green")
    with sqlite.read() as connection:
        (spent,) = model_calls.spending(connection, utcnow() - timedelta(days=1))
    assert (spent.model, spent.calls, spent.cost, spent.prompt_tokens) == ("scripted:test-model", 2, 2 * COST, 200)


@pytest.mark.parametrize("wrong", [{"price_in": 0, "price_out": 0}, {"max_tokens": None}])
def test_a_budget_that_cannot_be_kept_is_no_budget(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="budget_per_day"):
        ModelSettings.model_validate({"preset": "mistral", "model": "m", "budget_per_day": 5} | PRICES | wrong)


def test_calls_wait_for_their_minute() -> None:
    now = [0.0]
    pace = Pace(3)
    begun = []
    for _ in range(7):
        pace.wait(lambda: now[0], lambda seconds: now.__setitem__(0, now[0] + seconds))
        begun.append(now[0])
        now[0] += 1
    assert all(later - earlier >= 60 for earlier, later in zip(begun, begun[3:], strict=False))
    assert begun[:3] == [0, 1, 2]


def test_answers_are_forgotten_and_their_cost_is_not(server: ScriptedServer, make: Make, sqlite: Database) -> None:
    server.will({"name": "green"})
    ask(make())
    with sqlite.write() as connection:
        model_calls.forget_answers(connection)
    ask(make())
    assert len(server.requests) == 2
    with sqlite.write() as connection:
        assert model_calls.spending(connection, utcnow() - timedelta(days=1))[0].calls == 2
        model_calls.forget_calls(connection, utcnow() + timedelta(seconds=1))
        assert model_calls.spending(connection, utcnow() - timedelta(days=1)) == []

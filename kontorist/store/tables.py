"""The tables. States change by conditional UPDATE only, so two people or two workers never both win."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy import Text as PlainText

from kontorist.core.values import decode, encode

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """A moment in UTC, kept as ISO text that sorts by time on every database."""

    impl = String(32)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        """Aware datetime → text."""
        return _written

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Text → aware datetime."""
        return _read


# What these columns write and read goes by SQLAlchemy's own hooks (`process_bind_param` and the like): each value would pass three more functions.


@functools.lru_cache(maxsize=64)
def _written(moment: datetime | None) -> str | None:
    """One moment is written into many rows: that of a transaction, of a lease."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="microseconds")


@functools.lru_cache(maxsize=64)
def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def storable(text: str) -> str:
    """Text that every database takes: what cannot be stored (NUL, half surrogates out of broken mails) becomes `\ufffd`."""
    if "\0" not in text:
        try:
            text.encode()
        except UnicodeEncodeError:
            pass
        else:
            return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _storable(value: str | None) -> str | None:
    return None if value is None else storable(value)


class Text(TypeDecorator[str]):
    """Words that may come out of a mail."""

    impl = PlainText
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        """Text → storable text."""
        return _storable


class Values(TypeDecorator[Any]):
    """Journal values as tagged JSON text (kontorist.core.values)."""

    impl = PlainText
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        """Value → text."""
        return _encoded

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Text → value."""
        return _decoded


def _encoded(value: Any) -> str | None:
    if not value and (known := type(value)) in _NOTHING:  # most columns of most lines
        return _NOTHING[known]
    return encode(value)


_NOTHING = {type(None): None, dict: "{}", list: "[]"}


def _decoded(text: str | None) -> Any:
    return None if text is None else decode(text)


state = Table("state", metadata, Column("name", String(64), primary_key=True), Column("value", Values))
"""Facts about this office as a whole: instance, effects begun, stops, heartbeats."""

cases = Table(
    "cases",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("flow", String(100), nullable=False),
    Column("flow_version", String(64), nullable=False),
    Column("connection", String(100), nullable=False),
    Column("source_key", String(128), nullable=False),
    Column("source", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("data", Values, nullable=False),
    Column("state", String(16), nullable=False),
    Column("error", Text),
    Column("question", Values),
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", Utc),
    Column("lease_until", Utc),
    Column("lease_owner", String(64)),
    Column("run", String(64)),
    Column("warnings", Values),
    Column("created", Utc, nullable=False),
    Column("updated", Utc, nullable=False),
    Column("who", Text, nullable=False, default="", server_default=text("''")),
    Column("deciders", Text, nullable=False, server_default=text("''")),
    Column("escalate", Text, nullable=False, server_default=text("''")),
    Column("due", Utc),
    UniqueConstraint("flow", "connection", "source_key"),
    Index("ix_cases_state_id", "state", "id"),
    Index("ix_cases_flow_created", "flow", "created"),
    Index("ix_cases_connection_created", "connection", "created"),
    Index("ix_cases_who", "who", "id"),
)
"""state: runnable → waiting (for a person's approval) | unclear (a person has to look) | failed | done | closed.

`who` is the name people look for: who wrote, or the file. `deciders` (as of actions), `escalate` and `due` repeat what the
question of an unclear case says of those it is for; empty where it is for whoever takes it.
"""

case_words = Table(
    "case_words",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("words", Text, nullable=False),
)
"""What a case is found by, folded to plain words; the full-text index lies over it (kontorist.store.words)."""

threads = Table(
    "threads",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
)
"""Conversations: which cases belong to which Message-ID."""

documents = Table(
    "documents",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("created", Utc, nullable=False),
)

case_documents = Table(
    "case_documents",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("sha256", ForeignKey("documents.sha256"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("media_type", String(127), nullable=False),
    Column("role", String(16), nullable=False),
)

journal = Table(
    "journal",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("round", Integer, primary_key=True, default=0),
    Column("path", String(255), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("step", String(100), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("flow", String(100), nullable=False),
    Column("output", Values),
    Column("evidence", Values),
    Column("info", Values),
    Column("model", String(200)),
    Column("ms", Float, nullable=False, default=0.0),
    Column("voided", Boolean, nullable=False, default=False),
    Column("at", Utc, nullable=False),
    Column("nanos", BigInteger, nullable=False, default=0, server_default=text("0")),
    Index("ix_journal_cost", "at", "flow", "nanos", sqlite_where=text("nanos > 0"), postgresql_where=text("nanos > 0")),
)
"""What each step of each case gave, once: a journalled step is never repeated. `nanos` is what its model cost, in billionths."""

OPEN_STATES = text("state IN ('proposed', 'uncertain', 'refused')")
"""A person has to decide; written out, so that databases see that their index of open actions fits."""
DECIDED_STATES = text("state NOT IN ('proposed', 'uncertain', 'refused')")
"""Nobody has to decide any more."""

actions = Table(
    "actions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("flow", String(100), nullable=False),
    Column("path", String(255), nullable=False),
    Column("connection", String(100), nullable=False),
    Column("action", String(100), nullable=False),
    Column("business_key", String(255), nullable=False),
    Column("effect_key", String(400), unique=True),
    Column("revision", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("sentence", Text, nullable=False),
    Column("origins", Values, nullable=False),
    Column("warnings", Values, nullable=False),
    Column("rests_on", Values, nullable=False),
    Column("rule", Values, nullable=False),
    Column("card", Integer, nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("assigned", String(100)),
    Column("due", Utc),
    Column("not_before", Utc),
    Column("attempt", Integer, nullable=False, default=0),
    Column("lease_until", Utc),
    Column("lease_owner", String(64)),
    Column("receipt", Values),
    Column("error", Text),
    Column("model", String(200)),
    Column("created", Utc, nullable=False),
    Column("updated", Utc, nullable=False),
    Column("deciders", Text, nullable=False, default="", server_default=text("''")),
    Column("escalate", Text, nullable=False, default="", server_default=text("''")),
    Column("eyes", Integer, nullable=False, default=1, server_default=text("1")),
    Column("risk", Integer, nullable=False, default=0, server_default=text("0")),
    Column("who", Text, nullable=False, default="", server_default=text("''")),
    Column("amount", Float),
    UniqueConstraint("case_id", "path"),
    Index("ix_actions_state_due", "state", "due", "id"),
    Index("ix_actions_created", "created", "flow", "card", "id"),
    Index("ix_actions_who", "who", "id"),
    Index(
        "ix_actions_open", "card", "deciders", "escalate", "due", "eyes", "risk", "flow", "action", "who", "amount", "case_id", "state", "not_before",
        sqlite_where=OPEN_STATES, postgresql_where=OPEN_STATES,
    ),
    Index("ix_actions_decided", "id", sqlite_where=DECIDED_STATES, postgresql_where=DECIDED_STATES),
)  # fmt: skip
"""state: proposed → approved → claimed → committing → done | refused | uncertain; or rejected, expired, withdrawn.

`effect_key` is connection.action + business key while the action may still have an effect: unique, so that one
business fact has one effect. `card` is the id of the action whose card this one shares. The last columns repeat what a
list of ten thousand cards needs: `deciders` is `|name|name|`, `risk` 0 nothing, 1 a note, 2 a warning that says stop.
"""

action_items = Table(
    "action_items",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("role", String(16), primary_key=True),
    Column("action_id", ForeignKey("actions.id"), primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
)
"""The open items (kontorist.core.open_items) that an action `settles` or takes to be `unpaid`."""

BY_HAND = text("composed_by <> 'flow'")
"""A person wrote this version; written out, for the index of such versions."""

revisions = Table(
    "revisions",
    metadata,
    Column("action_id", ForeignKey("actions.id"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("payload", LargeBinary, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("composed_by", String(100), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("at", Utc, nullable=False),
    Index("ix_revisions_by_hand", "at", "action_id", sqlite_where=BY_HAND, postgresql_where=BY_HAND),
)
"""Every version of a payload that was ever shown; `composed_by` is a person or `flow`."""

approvals = Table(
    "approvals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("action_id", ForeignKey("actions.id"), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("decision", String(16), nullable=False),
    Column("person", String(100), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("comment", Text, nullable=False, default=""),
    Column("at", Utc, nullable=False),
    Column("expires", Utc),
    UniqueConstraint("action_id", "revision", "person", "decision"),
    Index("ix_approvals_at", "at"),
)
"""Decisions: append-only. `decision` is approve, reject or resolve."""

UNCLEAR = text("kind = 'case.unclear'")
"""A case became unclear; written out, for the index of such events."""

events = Table(
    "events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("actor", String(100), nullable=False),
    Column("subject", String(64), nullable=False, index=True),
    Column("data", PlainText, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_events_unclear", "at", "subject", sqlite_where=UNCLEAR, postgresql_where=UNCLEAR),
)
"""The audit chain: append-only by trigger, hash-chained. `subject` is `case:1`, `action:2`, `office`."""

people = Table(
    "people",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("password", String(255), nullable=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("failures", Integer, nullable=False, default=0),
    Column("locked_until", Utc),
    Column("created", Utc, nullable=False),
)
"""Sign-in only; who is in which group stands in office.yaml."""

sessions = Table(
    "sessions",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("person", ForeignKey("people.name"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("created", Utc, nullable=False),
    Column("seen", Utc, nullable=False),
    Column("expires", Utc, nullable=False),
    Column("agent", Text, nullable=False, default="", server_default=text("''")),
    Column("method", String(16), nullable=False, default="password", server_default=text("'password'")),
)
"""Sessions; `token` is the SHA-256 of what the browser holds."""

second_factors = Table(
    "second_factors",
    metadata,
    Column("person", ForeignKey("people.name"), primary_key=True),
    Column("secret", String(64), nullable=False),
    Column("confirmed", Boolean, nullable=False, default=False),
    Column("last", Integer, nullable=False, default=0),
)
"""Time-based codes; `last` is the last time step that was used, so that no code works twice."""

tokens = Table(
    "tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("token", String(64), nullable=False, unique=True),
    Column("person", ForeignKey("people.name"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("created", Utc, nullable=False),
    Column("seen", Utc),
    Column("expires", Utc, nullable=False),
)
"""Tokens for programs that act as a person; only the SHA-256 is stored."""

filters = Table(
    "filters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person", String(100), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),
)
"""Saved filters of the list, each person's own."""

handling = Table(
    "handling",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("day", String(10), nullable=False, index=True),
    Column("flow", String(100), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("seconds", Integer, nullable=False),
)
"""How long a card was open before it was decided: by day and flow, and on purpose neither by person nor by card."""

figure_days = Table(
    "figure_days",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("flow", String(100), primary_key=True),
    *(Column(name, Integer, nullable=False) for name in ("arrived", "prepared", "unchanged", "edited", "rejected", "unclear")),
    Column("nanos", BigInteger, nullable=False),
    Column("more", PlainText, nullable=False),
)
"""Days that are over, counted once (kontorist.store.figure_days). A row without a flow says that its day was counted."""

corrections = Table(
    "corrections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("step", String(200), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("given", Values),
    Column("corrected", Values),
    Column("person", String(100), nullable=False),
    Column("at", Utc, nullable=False),
)
"""Labelled cases: what was drafted and what a person made of it. `step` is flow/step."""

passes = Table(
    "passes",
    metadata,
    Column("run", String(64), primary_key=True),
    Column("url", Text, nullable=False, default=""),
    Column("started", Utc, nullable=False),
    Column("ended", Utc),
    Column("summary", Values),
    Column("owner", String(64)),
    Index("ix_passes_running", "owner", sqlite_where=text("owner IS NOT NULL"), postgresql_where=text("owner IS NOT NULL")),
)
"""Each pass with its flow run in Prefect. `owner`: whose it is while it runs; empty when that process has died and Prefect has not heard of it."""

model_calls = Table(
    "model_calls",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Utc, nullable=False, index=True),
    Column("model", String(200), nullable=False),
    Column("question", String(64), nullable=False, index=True),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("nanos", BigInteger, nullable=False),
    Column("ms", Integer, nullable=False),
    Column("answer", Values),
)
"""Calls to language models: `question` is the SHA-256 of all that was sent, `nanos` the cost in billionths, `answer` what came
back, with placeholders where they were sent."""

"""Full-text search, what lists sort by, second factors, tokens and saved filters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from kontorist.store import facets, words
from kontorist.store.tables import OPEN_STATES, actions, cases

revision = "0003"
down_revision = "0002"
_AT_ONCE = 500


def upgrade() -> None:
    """Add tables, columns and the index; fill them from what is there."""
    _columns()
    _tables()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_index()
    else:
        op.execute("CREATE INDEX ix_case_words_search ON case_words USING gin (to_tsvector('simple', words))")
    _fill()
    listed = [
        "card",
        "deciders",
        "escalate",
        "due",
        "eyes",
        "risk",
        "flow",
        "action",
        "who",
        "amount",
        "case_id",
        "state",
        "not_before",
    ]
    op.create_index("ix_actions_open", "actions", listed, sqlite_where=OPEN_STATES, postgresql_where=OPEN_STATES)


def downgrade() -> None:
    """Nobody goes back to a schema without second factors."""
    raise NotImplementedError("There is no way back to the first schema; restore a backup instead.")


def _columns() -> None:
    op.add_column("cases", sa.Column("who", sa.Text(), nullable=False, server_default=sa.text("''")))
    for name in ("deciders", "escalate", "who"):
        op.add_column("actions", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("actions", sa.Column("eyes", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.add_column("actions", sa.Column("risk", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("actions", sa.Column("amount", sa.Float(), nullable=True))
    op.add_column("sessions", sa.Column("agent", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("sessions", sa.Column("method", sa.String(16), nullable=False, server_default=sa.text("'password'")))


def _tables() -> None:
    _table(
        "case_words",
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        key="case_id",
    )
    _table(
        "second_factors",
        sa.Column("person", sa.String(100), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.name"]),
        key="person",
    )
    _table(
        "tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("person", sa.String(100), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("seen", sa.String(32), nullable=True),
        sa.Column("expires", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.name"]),
        sa.UniqueConstraint("token", name="uq_tokens_token"),
    )
    op.create_index("ix_tokens_person", "tokens", ["person"])
    _table(
        "filters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(100), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
    )
    op.create_index("ix_filters_person", "filters", ["person"])


def _table(name: str, *parts: Any, key: str = "id") -> None:
    op.create_table(name, *parts, sa.PrimaryKeyConstraint(key, name=f"pk_{name}"))


def _sqlite_index() -> None:
    op.execute(
        "CREATE VIRTUAL TABLE case_search USING fts5(words, content='case_words', content_rowid='case_id', prefix='2 3', detail=full)"
    )
    gone = "INSERT INTO case_search(case_search, rowid, words) VALUES ('delete', old.case_id, old.words);"
    come = "INSERT INTO case_search(rowid, words) VALUES (new.case_id, new.words);"
    op.execute(f"CREATE TRIGGER case_words_added AFTER INSERT ON case_words BEGIN {come} END")
    op.execute(f"CREATE TRIGGER case_words_gone AFTER DELETE ON case_words BEGIN {gone} END")
    op.execute(f"CREATE TRIGGER case_words_changed AFTER UPDATE ON case_words BEGIN {gone} {come} END")


def _fill() -> None:
    connection, after = op.get_bind(), 0
    columns = (cases.c.id, cases.c.title, cases.c.source, cases.c.data)
    while rows := connection.execute(sa.select(*columns).where(cases.c.id > after).order_by(cases.c.id).limit(_AT_ONCE)).all():
        after = rows[-1].id
        words.note(connection, {r.id: [r.id, r.title, r.source, r.data] for r in rows})
        for row in rows:
            connection.execute(cases.update().where(cases.c.id == row.id).values(who=facets.sender_of(row.data, [])[:200]))
        _fill_actions(connection, {r.id: r.data for r in rows})


def _fill_actions(connection: sa.Connection, data: dict[int, Any]) -> None:
    columns = (actions.c.id, actions.c.case_id, actions.c.payload, actions.c.rule, actions.c.warnings, actions.c.assigned)
    rows: Sequence[Any] = connection.execute(
        sa.select(*columns, actions.c.sentence, actions.c.business_key).where(actions.c.case_id.in_(list(data)))
    ).all()
    for row in rows:
        values = facets.listed(data[row.case_id], row.payload, row.rule, row.warnings, row.assigned)
        connection.execute(actions.update().where(actions.c.id == row.id).values(values))
        words.add(connection, row.case_id, [row.id, row.sentence, row.business_key, facets.payload_of(row.payload)])

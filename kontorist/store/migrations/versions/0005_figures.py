"""What the figures need: how long cards were open, what steps cost, and indexes by time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kontorist.store.tables import BY_HAND, UNCLEAR

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the table, the column and the indexes."""
    op.create_table(
        "handling",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("flow", sa.String(100), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_handling"),
    )
    op.create_index("ix_handling_day", "handling", ["day"])
    op.add_column("journal", sa.Column("nanos", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    paid = sa.text("nanos > 0")
    op.create_index("ix_journal_cost", "journal", ["at", "flow", "nanos"], sqlite_where=paid, postgresql_where=paid)
    op.create_index("ix_cases_flow_created", "cases", ["flow", "created"])
    op.create_index("ix_cases_connection_created", "cases", ["connection", "created"])
    op.create_index("ix_actions_created", "actions", ["created", "flow", "card", "id"])
    op.create_index("ix_approvals_at", "approvals", ["at"])
    op.create_index("ix_revisions_by_hand", "revisions", ["at", "action_id"], sqlite_where=BY_HAND, postgresql_where=BY_HAND)
    op.create_index("ix_events_unclear", "events", ["at", "subject"], sqlite_where=UNCLEAR, postgresql_where=UNCLEAR)


def downgrade() -> None:
    """What was measured is not forgotten by going back."""
    raise NotImplementedError("There is no way back from this schema.")

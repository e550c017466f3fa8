"""Which open items an action settles or takes to be unpaid, so that a reminder and a payment of the same invoice know of each other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Actions from before name no items: their cards stay as they were."""
    op.create_table(
        "action_items",
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("action_id", sa.Integer, nullable=False),
        sa.Column("case_id", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["actions.id"]),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("key", "role", "action_id", name="pk_action_items"),
    )
    op.create_index("ix_action_items_case_id", "action_items", ["case_id"])


def downgrade() -> None:
    """Reminders are not told of payments."""
    op.drop_table("action_items")

"""Days that are over are counted once and kept, so that a year of figures costs no look at a million cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the table; it fills by itself, day by day."""
    numbers = ("arrived", "prepared", "unchanged", "edited", "rejected", "unclear")
    op.create_table(
        "figure_days",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("flow", sa.String(100), nullable=False),
        *(sa.Column(n, sa.Integer(), nullable=False) for n in numbers),
        sa.Column("nanos", sa.BigInteger(), nullable=False),
        sa.Column("more", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", "flow", name="pk_figure_days"),
    )


def downgrade() -> None:
    """It can be counted again."""
    op.drop_table("figure_days")

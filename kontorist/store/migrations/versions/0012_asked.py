"""Whom an unclear case is for, until when, and to whom it escalates: lists go by it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Cases from before are for whoever takes them."""
    for name in ("deciders", "escalate"):
        op.add_column("cases", sa.Column(name, sa.Text, nullable=False, server_default=sa.text("''")))
    op.add_column("cases", sa.Column("due", sa.String(32), nullable=True))


def downgrade() -> None:
    """The question of a case still says whom it is for."""
    for name in ("due", "escalate", "deciders"):
        op.drop_column("cases", name)

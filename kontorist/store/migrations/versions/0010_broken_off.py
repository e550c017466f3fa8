"""A pass says whose it is while it runs, so that one whose process has died does not stand there as running for ever."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
_RUNNING = sa.text("owner IS NOT NULL")


def upgrade() -> None:
    """Passes that have not ended by now are taken as broken off; one that still runs says so itself when it ends."""
    op.add_column("passes", sa.Column("owner", sa.String(64)))
    op.create_index("ix_passes_running", "passes", ["owner"], sqlite_where=_RUNNING, postgresql_where=_RUNNING)
    op.execute("UPDATE passes SET owner = '', ended = started WHERE ended IS NULL")


def downgrade() -> None:
    """Passes that broke off have an end, as all others."""
    op.drop_index("ix_passes_running", "passes")
    op.drop_column("passes", "owner")

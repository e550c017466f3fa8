"""What was decided is listed newest first without reading past ten thousand open cards."""

from __future__ import annotations

from alembic import op

from kontorist.store.tables import DECIDED_STATES

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_actions_decided", "actions", ["id"], sqlite_where=DECIDED_STATES, postgresql_where=DECIDED_STATES)


def downgrade() -> None:
    """Only lists become slower."""
    op.drop_index("ix_actions_decided", "actions")

"""Cases and actions are found by whom they are about."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the indexes."""
    op.create_index("ix_cases_who", "cases", ["who", "id"])
    op.create_index("ix_actions_who", "actions", ["who", "id"])


def downgrade() -> None:
    """Nothing is lost without them."""
    op.drop_index("ix_actions_who", "actions")
    op.drop_index("ix_cases_who", "cases")

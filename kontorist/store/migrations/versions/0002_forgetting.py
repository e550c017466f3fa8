"""What a person wrote or saw may be forgotten; that it was decided, by whom and on which bytes, may not."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

_KEPT = {
    "revisions": ("action_id", "revision", "sha256", "composed_by", "at"),
    "approvals": ("id", "action_id", "revision", "sha256", "decision", "person", "channel", "at", "expires"),
}
_EMPTIED = {
    "revisions": {
        "sqlite": "NEW.payload = x'7b7d' AND NEW.reason = ''",
        "postgresql": r"NEW.payload = '\x7b7d' AND NEW.reason = ''",
    },
    "approvals": {"sqlite": "NEW.comment = ''", "postgresql": "NEW.comment = ''"},
}


def upgrade() -> None:
    """Let these tables' contents be emptied, and nothing else be changed."""
    dialect = op.get_bind().dialect.name
    for table, columns in _KEPT.items():
        same = "IS" if dialect == "sqlite" else "IS NOT DISTINCT FROM"
        kept = " AND ".join(f"NEW.{column} {same} OLD.{column}" for column in columns)
        emptied = f"{_EMPTIED[table][dialect]} AND {kept}"
        if dialect == "sqlite":
            _sqlite(table, emptied)
        else:
            _postgresql(table, emptied)


def _sqlite(table: str, emptied: str) -> None:
    op.execute(f"DROP TRIGGER {table}_no_update")
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} WHEN NOT ({emptied}) {refuse}")


def _postgresql(table: str, emptied: str) -> None:
    op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    refuse = "EXECUTE FUNCTION kontorist_append_only()"
    op.execute(f"CREATE TRIGGER {table}_append_only BEFORE DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT {refuse}")
    op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW WHEN (NOT ({emptied})) {refuse}")


def downgrade() -> None:
    """Contents that were forgotten do not come back; the stricter triggers are not needed."""
    raise NotImplementedError("There is no way back from this schema.")

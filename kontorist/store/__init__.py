"""The store: cases, documents, journal, actions, approvals, the audit chain. SQLite embedded, PostgreSQL when it grows."""

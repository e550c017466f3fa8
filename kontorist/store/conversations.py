"""Conversations: which cases belong together by the keys of their mails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from kontorist.store.many import insert_new
from kontorist.store.tables import storable, threads


def thread_key(key: str) -> str:
    """A key of a conversation as it is stored."""
    return storable(key)[:255]


def sent(connection: Connection, outputs: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """What left for a case with a Message-ID of ours: answers to it belong to the case, also those that name nothing else."""
    keys = {(thread_key(str(o["message_id"])), case_id) for case_id, o in outputs if o.get("message_id")}
    if keys:
        connection.execute(insert_new(connection, threads), [{"key": k, "case_id": i} for k, i in sorted(keys)])


def in_thread(connection: Connection, keys: Sequence[str]) -> list[int]:
    """The cases that share a conversation with these keys."""
    return list(
        connection.execute(select(threads.c.case_id).where(threads.c.key.in_([thread_key(k) for k in keys])).distinct()).scalars()
    )

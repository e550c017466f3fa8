"""Search in what lies behind, newest first, in a bounded time whatever is looked for.

What many cases have is soon met by reading from the newest on; what few have, the full-text index finds at once. Neither way is quick for the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from kontorist.store.many import one_of
from kontorist.store.tables import case_words
from kontorist.store.words import folded_words, from_index, spelled

_AT_ONCE = 150
"""Cases with these words whose lines are looked up together; more where these do not fill the page."""
_FIRST = 400
"""Lines of the list that are read before the index is asked."""
_DEEPER = 4_000
"""The same for words that are all common."""
_WINDOWS = (10_000, 100_000)
"""The newest cases in which PostgreSQL looks first for what none of the first lines has."""
_COMMON = 0.05
"""Of the first lines, with which a word is too common for the index."""


def numbers(connection: Connection, query: Select[Any], number: Any, case: Any, words: str, skip: int, limit: int) -> list[int]:
    """Of the lines of a query, those whose case has all these words, by descending `number`: so many after the first `skip`.

    `case` is the column with the number of the case.
    """
    wanted, enough = folded_words(words), skip + limit
    if not wanted:
        return []
    lines = _Lines(connection, query, number, case)
    read = lines.first(wanted)
    hits = [row[0] for row in read if all(row[2:])]
    if len(hits) < enough and len(read) == _FIRST:
        share = {w: sum(bool(row[at]) for row in read) / len(read) for at, w in enumerate(wanted, 2)}
        rare = [w for w in wanted if share[w] < _COMMON]
        hits = [] if rare else lines.deeper(wanted, enough)
        if len(hits) < enough:
            common = [w for w in wanted if w not in rare] if rare else []
            index = _Index(connection, rare or wanted, common, min(share[w] for w in rare or wanted))
            hits = lines.of_cases(index.newest(max(row[1] for row in read), max(_AT_ONCE, enough)), enough)
    return hits[skip:enough]


@dataclass(frozen=True)
class _Lines:
    """What is searched: the lines of a query, with the columns that they are ordered by and that say which case it is."""

    connection: Connection
    query: Select[Any]
    number: Any
    case: Any

    def first(self, wanted: Sequence[str]) -> Sequence[Any]:
        """The first lines: number, case, and whether it has the first word, the second, …."""
        first = self._newest(_FIRST)
        has = (part.label(f"has_{at}") for at, part in enumerate(spelled(self.connection, wanted)))
        joined = first.outerjoin(case_words, case_words.c.case_id == first.c.c)
        return self.connection.execute(select(first, *has).select_from(joined).order_by(first.c.n.desc())).all()

    def deeper(self, wanted: Sequence[str], enough: int) -> list[int]:
        """The numbers of the first lines that have all these words, found by reading."""
        first = self._newest(_DEEPER)
        joined = first.join(case_words, case_words.c.case_id == first.c.c)
        found = select(first.c.n).select_from(joined).where(*spelled(self.connection, wanted))
        return list(self.connection.execute(found.order_by(first.c.n.desc()).limit(enough)).scalars())

    def of_cases(self, found: Iterable[Sequence[int]], enough: int) -> list[int]:
        """The numbers of the lines of these cases, as soon as there are enough."""
        hits: list[int] = []
        for some in filter(None, found):  # ordered here: asked for in order, PostgreSQL reads all from the newest on
            query = self.query.with_only_columns(self.number).where(one_of(self.case, some))
            hits = sorted([*hits, *self.connection.execute(query).scalars()], reverse=True)
            if len(hits) >= enough:
                break
        return hits

    def _newest(self, limit: int) -> Any:
        columns = (self.number.label("n"), self.case.label("c"))
        return self.query.with_only_columns(*columns).order_by(self.number.desc()).limit(limit).subquery()


@dataclass(frozen=True)
class _Index:
    """A question to the full-text index."""

    connection: Connection
    looked_up: Sequence[str]
    spelled_out: Sequence[str]
    """Words that are too common to be looked up."""
    share: float
    """Of the newest cases, how many have the rarest word."""

    def newest(self, last: int, at_once: int) -> Iterator[list[int]]:
        """Cases that have all these words, from about the case `last` back to the first; then those after it."""
        below = last + 1
        if self.connection.dialect.name == "postgresql":
            # its index has no order: of a hundred thousand cases it would read all, where the newest are enough
            for window in (2 * at_once / self.share,) if self.share else _WINDOWS:
                if (start := int(below - window)) <= 0:
                    break
                found = self._between(start, below, at_once)
                yield self._having(found)
                below = found[-1] if len(found) == at_once else start + 1
        yield from self._portions(0, below, at_once)
        yield from self._portions(last, None, at_once)

    def _portions(self, first: int, below: int | None, at_once: int) -> Iterator[list[int]]:
        while True:
            found = self._between(first, below, at_once)
            yield self._having(found)
            if len(found) < at_once:
                return
            below, at_once = found[-1], at_once * 4

    def _having(self, found: list[int]) -> list[int]:
        if not self.spelled_out or not found:
            return found
        query = select(case_words.c.case_id).where(one_of(case_words.c.case_id, found))
        query = query.where(*spelled(self.connection, self.spelled_out))
        return list(self.connection.execute(query).scalars())

    def _between(self, first: int, below: int | None, at_most: int) -> list[int]:
        query = from_index(self.connection, self.looked_up)
        (number,) = query.selected_columns
        # `+ 0`: else PostgreSQL meets all cases there are with those found, where few were found
        bounded = number + 0 if not first and self.connection.dialect.name == "postgresql" else number
        query = query.where(bounded > first).order_by(number.desc()).limit(at_most)
        if below is not None:
            query = query.where(bounded < below)
        if self.connection.dialect.name != "postgresql":
            return list(self.connection.execute(query).scalars())
        with _by_index_alone(self.connection):
            return list(self.connection.execute(query).scalars())


_ALONE = {
    "enable_seqscan": "off",
    "enable_indexscan": "off",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "work_mem": "64MB",
}
"""Else it reads case by case from the newest on and takes each apart, forgets which of a page it had found, or waits for helpers longer than they save."""
_SET = "SELECT " + ", ".join(f"set_config('{name}', '{value}', true)" for name, value in _ALONE.items())
_BACK = "SELECT " + ", ".join(f"set_config('{name}', NULL, true)" for name in _ALONE)
"""What is configured for this database; nobody else here sets any of them."""


@contextmanager
def _by_index_alone(connection: Connection) -> Iterator[None]:
    """Has PostgreSQL meet both indexes, of words and of numbers, before it reads a single case."""
    connection.exec_driver_sql(_SET)
    yield
    connection.exec_driver_sql(_BACK)

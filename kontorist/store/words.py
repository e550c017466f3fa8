"""What cases are found by: their texts folded to plain words, under a full-text index (FTS5, or tsvector on PostgreSQL)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, func, insert, literal, select, text, update
from sqlalchemy import column as plain
from sqlalchemy import table as named

from kontorist.store.tables import OPEN_STATES, actions, case_words

MAX_CHARACTERS = 60_000
"""Of one case; what stands behind is in the original and not found."""
_NOT_WORDS = re.compile(r"[\W_]+")
_SKIPPED = frozenset({"sha256", "message_id", "html", "uid", "xml"})
_LONGEST = 60
_FEW = 5_000
"""Cases up to which the index alone answers quickly."""
_NEWEST = 5_000
_SHORT = 3
"""Letters of a word that many words begin with."""


def folded(written: str) -> str:
    """Lower case, without accents, words with single spaces between: `Müller-Straße 4` is `muller strasse 4`."""
    plain_text = unicodedata.normalize("NFKD", written.casefold())
    kept = "".join(c for c in plain_text if not unicodedata.combining(c))
    return " ".join(w[:_LONGEST] for w in _NOT_WORDS.sub(" ", kept).split())


def texts_in(value: Any) -> Iterator[str]:
    """Every text and number in a value, outer ones first."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in _SKIPPED:
                yield from texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_in(inner)
    elif isinstance(value, date):
        yield f"{value:%Y-%m-%d} {value:%d.%m.%Y}"
    elif value is not None and not isinstance(value, bool | bytes):
        yield str(value)


def gathered(values: Any) -> str:
    """The words of these values, as they are stored."""
    parts, length = [], 0
    for found in texts_in(values):
        parts.append(folded(found[:MAX_CHARACTERS]))
        length += len(parts[-1])
        if length > MAX_CHARACTERS:
            break
    return " ".join(parts)[:MAX_CHARACTERS]


def note(connection: Connection, cases: Mapping[int, Any]) -> None:
    """New cases are found by these values."""
    if cases:
        connection.execute(insert(case_words), [{"case_id": i, "words": gathered(v)} for i, v in cases.items()])


def add(connection: Connection, case_id: int, values: Any) -> None:
    """A case is found by these values, too."""
    add_all(connection, [(case_id, values)])


def add_all(connection: Connection, more: Sequence[tuple[int, Any]]) -> None:
    """`add` for several cases."""
    room = func.length(case_words.c.words) + bindparam("length", type_=Integer) <= 2 * MAX_CHARACTERS
    changed = update(case_words).where(case_words.c.case_id == bindparam("which"), room)
    found = [(case_id, f" {gathered(values)}") for case_id, values in more]
    rows = [{"which": case_id, "more": words, "length": len(words)} for case_id, words in found]
    connection.execute(changed.values(words=case_words.c.words + bindparam("more")), rows)


def matching(connection: Connection, words: str) -> Any:
    """A query of the cases that have all these words, or words that begin with them."""
    wanted = folded(words).split()[:8]
    if connection.dialect.name == "postgresql":
        vector = func.to_tsvector(text("'simple'"), case_words.c.words)
        return select(case_words.c.case_id).where(vector.op("@@")(func.to_tsquery(text("'simple'"), _postgresql(wanted))))
    index = named("case_search", plain("rowid"), plain("case_search"))
    return select(index.c.rowid).where(index.c.case_search.op("MATCH")(_fts5(wanted)))


def among_open(connection: Connection, words: str) -> set[int]:
    """The cases with open actions that have all these words. Words that most past cases have, too, are looked for in the open ones alone."""
    if not _is_common(connection, words):
        return set(connection.execute(matching(connection, words)).scalars())
    still_open = select(actions.c.case_id).where(OPEN_STATES)
    query = select(case_words.c.case_id).where(case_words.c.case_id.in_(still_open), *_spelled(connection, words))
    return set(connection.execute(query).scalars())


def newest(connection: Connection, words: str) -> Any:
    """A query of the newest cases that have all these words; further back nobody turns the pages."""
    if connection.dialect.name == "postgresql" and _is_common(connection, words):
        # its index has no order: of a million matches it would sort all; read from the newest on, the first thousands are enough
        found: Any = select(case_words.c.case_id).where(*_spelled(connection, words))
    else:
        found = matching(connection, words)
    (number,) = found.selected_columns
    return found.order_by(number.desc()).limit(_NEWEST)


def _spelled(connection: Connection, words: str) -> list[Any]:
    """The same question without the index."""
    place = func.strpos if connection.dialect.name == "postgresql" else func.instr
    spaced = literal(" ") + case_words.c.words
    return [place(spaced, f" {w}") > 0 for w in folded(words).split()[:8]]


def _is_common(connection: Connection, words: str) -> bool:
    """Whether so many cases have these words that their list would be long."""
    wanted = folded(words).split()[:8]
    if connection.dialect.name == "postgresql":
        return bool(wanted) and all(len(w) <= _SHORT or _estimate(connection, w) > _FEW for w in wanted)
    whole = text("SELECT count(*) FROM (SELECT rowid FROM case_search WHERE case_search MATCH :q LIMIT :n)")
    asked = {"q": " ".join(f'"{w}"' for w in wanted) or '""', "n": _FEW + 1}
    return bool(connection.execute(whole, asked).scalar_one() > _FEW)


def _estimate(connection: Connection, word: str) -> float:
    """What PostgreSQL's statistics say about a whole word; about the beginning of one they know nothing."""
    query = "EXPLAIN (FORMAT JSON) SELECT case_id FROM case_words WHERE to_tsvector('simple', words) @@ to_tsquery('simple', :q)"
    plan = connection.execute(text(query), {"q": f"'{word}'"}).scalar_one()
    return float(plan[0]["Plan"]["Plan Rows"])


def _fts5(wanted: Sequence[str]) -> str:
    return " ".join(f'"{w}"*' for w in wanted) or '""'


def _postgresql(wanted: Sequence[str]) -> str:
    return " & ".join(f"'{w}':*" for w in wanted)

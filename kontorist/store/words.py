"""What cases are found by: their texts folded to plain words, under a full-text index (FTS5, or tsvector on PostgreSQL)."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Integer, bindparam, exists, func, literal, or_, select, text, update
from sqlalchemy import column as plain
from sqlalchemy import table as named

from kontorist.core.clock import utcnow
from kontorist.store.many import among as in_numbers
from kontorist.store.many import insert_rows
from kontorist.store.tables import case_words, cases

if TYPE_CHECKING:
    from kontorist.store.cases import DocumentRef

MAX_CHARACTERS = 60_000
"""Of one case, as it is written; what stands behind is in the original and not found."""
_WORDS = re.compile(r"[^\W_]+")
_SPACED = bytes(code if chr(code).isalnum() else 32 for code in range(128)) + bytes(range(128, 256))
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_SKIPPED = frozenset({"sha256", "message_id", "html", "uid", "xml"})
_LONGEST = 60
_COLUMNS = ("case_id", "words")
_ROOM = func.length(case_words.c.words) + bindparam("length", type_=Integer) <= 2 * MAX_CHARACTERS
_MORE = (
    update(case_words)
    .where(case_words.c.case_id == bindparam("which"), _ROOM)
    .values(words=case_words.c.words + bindparam("more"))
)
_KNOWN = select(case_words.c.case_id).where(in_numbers(case_words.c.case_id, "which"))
_UNKNOWN = (
    select(cases.c.id)
    .where(
        cases.c.state == "runnable",
        or_(cases.c.lease_until.is_(None), cases.c.lease_until < bindparam("now")),
        ~exists().where(case_words.c.case_id == cases.c.id),
    )
    .order_by(cases.c.id)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True, of=cases)
)
_AT_ONCE = 500


def folded(written: str) -> str:
    """Lower case, without accents, words with single spaces between: `Müller-Straße 4` is `muller strasse 4`."""
    return " ".join(_words_of(written))


def _words_of(written: str) -> list[str]:
    kept = written.casefold()
    if not kept.isascii():
        kept = _NOT_ASCII.sub(_without_accents, kept)
    words = kept.encode().translate(_SPACED).decode().split() if kept.isascii() else _WORDS.findall(kept)
    return words if max(map(len, words), default=0) <= _LONGEST else [w[:_LONGEST] for w in words]


def _without_accents(match: re.Match[str]) -> str:
    return _unaccented(match[0])


@functools.lru_cache(maxsize=10_000)
def _unaccented(letters: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", letters) if not unicodedata.combining(c))


def texts_in(value: Any) -> Iterator[str]:
    """Every text and number in a value, outer ones first."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key in _SKIPPED:
                continue
            if type(inner) is str:  # nearly all of them
                yield inner
            else:
                yield from texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_in(inner)
    elif isinstance(value, date):
        yield f"{value:%Y-%m-%d} {value:%d.%m.%Y}"
    elif value is not None and not isinstance(value, bool | bytes):
        yield str(value)


def gathered(values: Any) -> str:
    """The words of these values, each once, as they are stored."""
    return _each_once(_read(values)[0])


def _read(values: Any) -> tuple[str, bool]:
    """The texts of these values, and whether they are too long to be read to the end."""
    parts, length = [], 0
    for found in texts_in(values):
        parts.append(found[:MAX_CHARACTERS])
        length += len(found)
        if length > MAX_CHARACTERS:
            return " ".join(parts), True
    return " ".join(parts), False


def _each_once(written: str) -> str:
    return " ".join(dict.fromkeys(_words_of(written)))[:MAX_CHARACTERS]


def of_case(number: int, title: str, source: str, data: Mapping[str, Any], documents: Sequence[DocumentRef]) -> list[Any]:
    """The values that a case is found by itself."""
    return [number, title, source, data, [d.name for d in documents]]


def note(connection: Connection, found: Mapping[int, Any]) -> None:
    """New cases are found by these values."""
    insert_rows(connection, case_words, _COLUMNS, [(i, gathered(v)) for i, v in found.items()], new=True)


def missing(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Of these cases, those that are not found by anything yet."""
    return set(ids) - set(connection.execute(_KNOWN, {"which": list(ids)}).scalars())


def waiting(connection: Connection, at_most: int) -> list[int]:
    """Cases that wait for somebody to work on them and are not found by anything yet; nobody else has them until the end of the transaction."""
    return list(connection.execute(_UNKNOWN, {"at_most": at_most, "now": utcnow()}).scalars())


def add(connection: Connection, case_id: int, values: Any) -> None:
    """A case is found by these values, too."""
    add_all(connection, [(case_id, values)])


def add_all(connection: Connection, more: Sequence[tuple[int, Any]], new: Mapping[int, Any] | None = None) -> None:
    """`add` for several cases; those that are new, with the values that they are found by themselves, are noted as well."""
    new = dict(new or {})
    whole = {i: _together(new.pop(i), values) for i, values in more if i in new}
    alone = {i: gathered(values) for i, values in new.items()}
    insert_rows(connection, case_words, _COLUMNS, list((whole | alone).items()), new=True)
    found = [(i, f" {gathered(values)}") for i, values in more if i not in whole]
    if found:
        connection.execute(_MORE, [{"which": i, "more": words, "length": len(words)} for i, words in found])


def _together(first: Any, more: Any) -> str:
    """The words of both; those of `more` as well where `first` is too long to be found by all that it says."""
    text, is_cut = _read([first, more])
    return f"{gathered(first)} {gathered(more)}" if is_cut else _each_once(text)


def folded_words(words: str) -> list[str]:
    """What somebody looks for, as it stands in the index; more than eight words say no more."""
    return folded(words).split()[:8]


def matching(connection: Connection, words: str) -> Any:
    """A query of the cases that have all these words, or words that begin with them."""
    return from_index(connection, folded_words(words))


def from_index(connection: Connection, wanted: Sequence[str]) -> Any:
    """The same for folded words."""
    if connection.dialect.name == "postgresql":
        vector = func.to_tsvector(text("'simple'"), case_words.c.words)
        return select(case_words.c.case_id).where(vector.op("@@")(func.to_tsquery(text("'simple'"), _postgresql(wanted))))
    index = named("case_search", plain("rowid"), plain("case_search"))
    return select(index.c.rowid).where(index.c.case_search.op("MATCH")(_fts5(wanted)))


def spelled(connection: Connection, wanted: Sequence[str]) -> list[Any]:
    """The same question without the index, a condition for each folded word."""
    place = func.strpos if connection.dialect.name == "postgresql" else func.instr
    spaced = literal(" ") + case_words.c.words
    return [place(spaced, f" {w}") > 0 for w in wanted]


def among(connection: Connection, ids: Sequence[int], wanted: Sequence[str]) -> set[int]:
    """Of these cases, those that have all these folded words."""
    found: set[int] = set()
    for start in range(0, len(ids), _AT_ONCE):
        some = case_words.c.case_id.in_(ids[start : start + _AT_ONCE])
        found.update(connection.execute(select(case_words.c.case_id).where(some, *spelled(connection, wanted))).scalars())
    return found


def _fts5(wanted: Sequence[str]) -> str:
    return " ".join(f'"{w}"*' for w in wanted) or '""'


def _postgresql(wanted: Sequence[str]) -> str:
    return " & ".join(f"'{w}':*" for w in wanted)

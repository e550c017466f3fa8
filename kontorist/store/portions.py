"""What of a case is about a person: all of it, or only single rows and entries of a case that is about others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kontorist.core.subject import Subject
from kontorist.store.cases import Case, Entry

_LOOP = re.compile(r"[^#]*#\d+/")


@dataclass(frozen=True)
class Portion:
    """What of a case is about a person."""

    whole: bool
    """The case is theirs; otherwise it is about others, and they stand in single rows or entries of it."""
    steps: list[dict[str, Any]]
    loops: frozenset[str]
    """The entries of an `each:` that are not about them, by the beginning of their paths."""

    def has(self, path: str) -> bool:
        """Whether a proposal at this path is about the person."""
        return (loop := loop_of(path)) not in self.loops and (self.whole or loop != "")


def loop_of(path: str) -> str:
    """The entry of the outermost `each:` that a path lies in (`-3#4/`), or empty."""
    found = _LOOP.match(path)
    return found.group() if found else ""


def is_row(data: Mapping[str, Any]) -> bool:
    """Whether a case began with one row of a table: its original is then the whole table, such as a bank statement."""
    return "row" in data


def portion_of(case: Case, proposals: Mapping[str, Any], subject: Subject, *, in_document: bool = False) -> Portion:
    """What of a case is about a person; `proposals` by path, with what was proposed and decided there."""
    named = {path for path, proposal in proposals.items() if subject.is_in(proposal)}
    named |= {e.path for e in case.journal.values() if _tells(e) and subject.is_in([e.output, e.evidence])}
    own = in_document or subject.is_in([case.title, case.source, case.data]) or any(not loop_of(path) for path in named)
    loops = {loop_of(path) for path in [*case.journal, *proposals]} - {""}
    theirs = {loop_of(path) for path in named}
    whole = own or _asked(case, subject) or (bool(loops) and loops <= theirs)
    narrowed = _Narrowing(subject, whole, set() if whole else loops - theirs, _words(case.data))
    return Portion(whole, list(narrowed.steps(case)), frozenset(narrowed.others))


def _tells(entry: Entry) -> bool:
    """Whether a step itself tells whom it is about: what stands in looked-up rows, or was made of them, does not, an entry of a loop does."""
    return entry.kind == "entry" or (entry.kind != "lookup" and not _of_rows(entry))


def _of_rows(entry: Entry) -> bool:
    origins = entry.info.get("origins", ())
    return "erp" in (origins if not isinstance(origins, Mapping) else {o for each in origins.values() for o in each})


def _asked(case: Case, subject: Subject) -> bool:
    """Whether the question to a person names the subject, other than out of looked-up rows."""
    looked_up = any(e.kind == "lookup" and subject.is_in(e.output) for e in case.journal.values())
    return not looked_up and subject.is_in([case.question, case.error, list(case.warnings)])


def _words(value: Any) -> set[str]:
    """Every text in a value, by which a row is known again where a step repeats it."""
    if isinstance(value, str):
        return {value} - {""}
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return set().union(*(_words(one) for one in inner))


@dataclass
class _Narrowing:
    """Goes through a journal in its order and leaves out what is about others."""

    subject: Subject
    whole: bool
    others: set[str]
    known: set[str]
    foreign: set[str] = field(default_factory=set)

    def steps(self, case: Case) -> Iterator[dict[str, Any]]:
        for entry in case.journal.values():
            if (loop := loop_of(entry.path)) in self.others or (entry.kind == "entry" and self._of_others(entry)):
                self.others.add(loop)
            elif entry.kind == "lookup":
                yield from self._looked_up(entry)
            elif self.whole or loop:
                output = self._without(entry.output) if _of_rows(entry) else entry.output
                self.known |= _words(output)
                yield _step(entry, output, self._without(entry.evidence))

    def _of_others(self, entry: Entry) -> bool:
        return _of_rows(entry) and not self._may_stay(entry.output)

    def _looked_up(self, entry: Entry) -> Iterator[dict[str, Any]]:
        many = isinstance(entry.output, list)
        rows = entry.output if many else [entry.output] if entry.output is not None else []
        kept = self._theirs(entry, rows)
        self.known |= _words([rows[i] for i in kept])
        self.foreign |= _words([row for i, row in enumerate(rows) if i not in kept])
        if not kept and not self.whole:
            return
        output = [rows[i] for i in kept] if many else rows[0] if kept else None
        places = entry.info.get("rows", ())
        more = {"rows": [places[i] for i in kept if i < len(places)], "rows_of_others": len(rows) - len(kept)}
        yield _step(entry, output, entry.evidence if kept else {}) | more

    def _theirs(self, entry: Entry, rows: Sequence[Any]) -> list[int]:
        """The rows that name the person; where none does, what the case asked for with a value of its own, such as the lines of an order."""
        naming = [i for i, row in enumerate(rows) if self.subject.is_in(row)]
        where = (entry.info.get("rests_on") or {}).get("where") or {}
        own = (self.whole or loop_of(entry.path)) and where and all(str(value) in self.known for value in where.values())
        return naming or (list(range(len(rows))) if own else [])

    def _without(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: self._without(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._without(inner) for inner in value if self._may_stay(inner)]
        return value

    def _may_stay(self, value: Any) -> bool:
        return self.subject.is_in(value) or not _words(value) & (self.foreign - self.known)


def _step(entry: Entry, output: Any, evidence: Any) -> dict[str, Any]:
    return {"step": entry.step or entry.path, "output": output, "evidence": evidence, "model": entry.model, "at": entry.at}

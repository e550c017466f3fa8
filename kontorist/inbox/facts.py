"""Facts: the values that steps found, each with where it stands, so that page and original can point at each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from kontorist.core.values import plain
from kontorist.store.cases import Entry

_SHORTEST = 3
"""Shorter values are not looked for in running text: a `1` is everywhere."""
_LONGEST = 100
WITHOUT_SOURCE = "without-source"
"""In place of a fact's id: words of a draft that stand in none of its sources."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Fact:
    """One value with its evidence."""

    id: str
    name: str
    value: Any
    evidence: Sequence[Mapping[str, Any]]
    origins: Sequence[str]
    confidence: float | None
    step: str
    model: str

    @property
    def key(self) -> str:
        """The value as payloads write it."""
        return written(self.value)

    @property
    def forms(self) -> list[str]:
        """How the value may be written in running text."""
        forms = {self.key, *(str(e.get("quote") or "") for e in self.evidence if len(str(e.get("quote") or "")) <= 60)}
        if isinstance(self.value, date):
            forms |= {f"{self.value:%d.%m.%Y}", f"{self.value.day} {self.value:%B %Y}"}
        if isinstance(self.value, Decimal):
            text = f"{self.value:,.2f}"
            forms |= {text, text.translate(str.maketrans(",.", ".,"))}
        return sorted((f for f in forms if _SHORTEST <= len(f) <= _LONGEST), key=len, reverse=True)


@dataclass
class Facts:
    """All facts of a case."""

    listed: list[Fact] = field(default_factory=list)
    without_source: list[str] = field(default_factory=list)
    """What a draft says that stands in none of its sources, as it is written there."""

    def of(self, value: Any) -> str:
        """The id of the fact with this value, or empty."""
        key = written(value)
        return next((f.id for f in self.listed if f.key == key), "") if 0 < len(key) <= _LONGEST else ""

    def called(self, ids: str) -> str:
        """The name of the first of these facts."""
        first = ids.partition(" ")[0]
        return next((f.name for f in self.listed if f.id == first), "")

    def doubtful(self, below: float = 0.75) -> list[Fact]:
        """Values that an agent was not sure of, each once."""
        found = {(f.name, f.key): f for f in self.listed if f.evidence and f.confidence is not None and f.confidence < below}
        return list(found.values())

    def marked(self, text: str) -> list[tuple[str, str]]:
        """Running text in pieces: (text, ids of the facts that stand there)."""
        spans = []
        for fact in self.listed:
            for form in fact.forms:
                begin = text.find(form)
                if begin >= 0 and _whole(text, begin, begin + len(form)):
                    spans.append((begin, begin + len(form), fact.id))
                    break
        return pieces(text, spans + [(a, b, WITHOUT_SOURCE) for a, b in self._unsupported(text)])

    def doubts(self, text: str) -> bool:
        """Whether a text says something that stands in no source."""
        return any(self._unsupported(text))

    def _unsupported(self, text: str) -> Iterator[tuple[int, int]]:
        for words in self.without_source:
            for m in re.finditer(re.escape(words), text):
                if _whole(text, m.start(), m.end()):
                    yield m.start(), m.end()


def is_digest(value: Any) -> bool:
    """Whether this is a hash: of use to machines only."""
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def written(value: Any) -> str:
    """A single value as payloads write it; empty for anything else."""
    if value is None or isinstance(value, bool | Mapping | list | tuple):
        return ""
    try:
        return str(plain(value)).strip()
    except (TypeError, ValueError):
        return str(value)


def _whole(text: str, begin: int, end: int) -> bool:
    """Whether this is a whole word and not the inside of one."""
    before, after = text[begin - 1 : begin], text[end : end + 1]
    return not (before.isalnum() and text[begin].isalnum()) and not (after.isalnum() and text[end - 1].isalnum())


def pieces(text: str, spans: Sequence[tuple[int, int, str]]) -> list[tuple[str, str]]:
    """A text cut at the edges of spans: (text, ids of the spans that cover it)."""
    fine = [(max(0, a), min(len(text), b), i) for a, b, i in spans if a < b]
    edges = sorted({0, len(text), *(a for a, _, _ in fine), *(b for _, b, _ in fine)})
    return [
        (text[a:b], " ".join(dict.fromkeys(i for x, y, i in fine if x <= a and b <= y))) for a, b in pairwise(edges) if 0 <= a < b
    ]


def facts_of(entries: Iterable[Entry], extra: Mapping[str, Any] | None = None) -> Facts:
    """The facts in journal entries; `extra` is the open question, whose answer is not journalled yet."""
    found = Facts()
    for entry in entries:
        for name, evidence in entry.evidence.items():
            value = at(entry.output, name)
            if value not in (None, "") and not isinstance(value, Mapping | list):
                found.listed.append(_fact(len(found.listed), name, value, evidence, entry))
        if entry.kind == "entry":
            _of_entry(found, entry)
        if entry.kind == "agent" and isinstance(entry.output, Mapping):
            found.without_source += [w for w in entry.output.get("without_source") or () if isinstance(w, str) and w.strip()]
    for name, evidence in ((extra or {}).get("evidence") or {}).items():
        value = at((extra or {}).get("output"), name)
        if value not in (None, ""):
            step, model = str((extra or {}).get("step") or ""), str((extra or {}).get("model") or "")
            found.listed.append(Fact(f"f{len(found.listed)}", name.rpartition(".")[2], value, evidence, (), None, step, model))
    return found


def _of_entry(found: Facts, entry: Entry) -> None:
    """The values of the rows that one round of a loop is about; they stand in the table beside the proposal."""
    for inner in entry.output.values() if isinstance(entry.output, Mapping) else ():
        for part in inner if isinstance(inner, list) else [inner]:
            rows = part if isinstance(part, list) else [part]
            for row in [r for r in rows[:50] if isinstance(r, Mapping)]:
                for name, value in row.items():
                    if len(written(value)) >= _SHORTEST and not found.of(value):
                        found.listed.append(_fact(len(found.listed), str(name), value, (), entry))


def _fact(number: int, name: str, value: Any, evidence: Any, entry: Entry) -> Fact:
    origins, confidence = entry.info.get("origins"), entry.info.get("confidence")
    listed = [e for e in evidence if isinstance(e, Mapping)] if isinstance(evidence, list | tuple) else []
    return Fact(
        f"f{number}",
        name.rpartition(".")[2],
        value,
        listed,
        origins if isinstance(origins, list) else [],
        float(confidence) if isinstance(confidence, int | float) else None,
        entry.step or entry.path,
        entry.model,
    )


def at(value: Any, path: str) -> Any:
    """The value at `invoice.seller.name` or `lines.0.net`; None where there is none."""
    for part in path.replace("[", ".").replace("]", "").split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list | tuple) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def places(facts: Facts, document: str, part: str) -> Iterator[tuple[int, int, str]]:
    """Where in a part of a document facts stand: (start, end, id)."""
    for fact in facts.listed:
        for e in fact.evidence:
            same = e.get("part", "text") == part and e.get("document", "") in ("", document)
            if same and e.get("start") is not None and e.get("end") is not None and not e.get("table"):
                yield int(e["start"]), int(e["end"]), fact.id


def boxes(facts: Facts, document: str, page: int) -> list[tuple[float, float, float, float, str]]:
    """Where on a page of a document facts stand: (x, y, width, height, id) in points."""
    return [
        (e["box"][0] - 2, e["box"][1] - 2, e["box"][2] - e["box"][0] + 4, e["box"][3] - e["box"][1] + 4, fact.id)
        for fact in facts.listed
        for e in fact.evidence
        if e.get("box") and e.get("page") == page and e.get("document", "") in ("", document)
    ]

"""Moves evidence from positions in a rendered text to the document where that text stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kontorist.core.copies import altered
from kontorist.core.evidence import Evidence
from kontorist.store.cases import Case


def anchor(evidence: Mapping[str, Sequence[Evidence]], rendered: str, case: Case) -> dict[str, list[dict[str, Any]]]:
    """The evidence of each field, placed in the case's documents where possible."""
    if not evidence:
        return {}
    sources = list(_sources(case))
    return {name: [_place(e, rendered, sources).as_dict() for e in found] for name, found in evidence.items()}


_Source = tuple[str, str, str, int]
"""text, document, part, offset of the text within that part."""


def _sources(case: Case) -> Iterator[_Source]:
    original = next((d.sha256 for d in case.documents if d.role == "original"), "")
    mail, file = case.data.get("mail"), case.data.get("file")
    if mail:
        text, new = mail.get("text") or "", mail.get("new_text") or ""
        yield mail.get("subject") or "", original, "subject", 0
        yield text, original, "text", 0
        if new and new in text:
            yield new, original, "text", text.index(new)
        for i, attached in enumerate(mail.get("attachments") or ()):
            yield attached.get("text") or "", attached.get("sha256", ""), f"attachment:{i + 1}", 0
    if file:
        yield file.get("text") or "", original, "text", 0


def _place(evidence: Evidence, rendered: str, sources: Sequence[_Source]) -> Evidence:
    if evidence.document or evidence.table or evidence.start is None or evidence.end is None:
        return evidence
    for text, document, part, offset in sources:
        begin = rendered.find(text) if text else -1
        if begin >= 0 and begin <= evidence.start and evidence.end <= begin + len(text):
            shift = offset - begin
            return altered(evidence, document=document, part=part, start=evidence.start + shift, end=evidence.end + shift)
    return _search(evidence, sources)


def _search(evidence: Evidence, sources: Sequence[_Source]) -> Evidence:
    """Where the rendered text is no copy of a source (quotes cut out of it), look for the quote itself."""
    for text, document, part, offset in sources:
        begin = text.find(evidence.quote) if evidence.quote else -1
        if begin >= 0:
            return altered(evidence, document=document, part=part, start=begin + offset, end=begin + offset + len(evidence.quote))
    return altered(evidence, part="rendered")

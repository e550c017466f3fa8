"""The office's knowledge pages: read from `knowledge/*.md`, cut into sections, searched by meaning."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from kontorist.core.errors import ConfigurationError

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*\n", re.DOTALL)
_HEADING = re.compile(r"(?m)^##[ \t]+(.+?)[ \t]*$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_READ_AT_MOST = 6_000
# measured on questions that the pages answer (0.31 to 0.63) and questions that they do not (0.05 to 0.28)
_EVEN, _STEP = 0.26, 0.04
_EVEN_NAMED = 0.21  # an admin who names pages has said already that they fit the case


@dataclass(frozen=True)
class Section:
    """One section of a knowledge page: text that may stand in a reply."""

    page: str
    file: str
    title: str
    language: str
    heading: str
    text: str
    start: int
    """Where the text begins in the file."""


@dataclass(frozen=True)
class Hit:
    """A section that was found, and how sure it is that it answers the question."""

    section: Section
    confidence: float
    nearness: float
    """The similarity it rests on, to compare sections with each other."""


def sections(folder: Path) -> list[Section]:
    """All sections of the pages in a folder; read again when a file changes."""
    files = sorted(folder.glob("*.md")) if folder.is_dir() else []
    return [section for file in files for section in _page(file, file.stat().st_mtime_ns)]


@lru_cache(maxsize=512)
def _page(file: Path, _changed: int) -> tuple[Section, ...]:
    source = file.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
    head = _FRONT_MATTER.match(source)
    facts = _facts(file, head.group(1)) if head else {}
    stem, _, suffix = file.stem.partition(".")
    language = str(facts.get("language") or facts.get("lang") or suffix)[:2].lower()
    title = str(facts.get("title") or stem)
    marks = list(_HEADING.finditer(source, head.end() if head else 0))
    ends = [m.start() for m in marks[1:]] + [len(source)]
    found = [(m.group(1), m.end(), _COMMENT.sub("", source[m.end() : end]).strip()) for m, end in zip(marks, ends, strict=True)]
    return tuple(
        Section(stem, file.name, title, language, h, text, max(source.find(text, at), at)) for h, at, text in found if text
    )


def _facts(file: Path, text: str) -> dict[str, Any]:
    try:
        facts = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(
            f"{file}: the lines between '---' are no valid YAML ({' '.join(str(error).split())[:120]})."
        ) from error
    return facts if isinstance(facts, dict) else {}


def choose(available: Sequence[Section], pages: Sequence[str] | bool, language: str) -> list[Section]:
    """The sections a draft may use: of the named pages (or all), in its language if there are any."""
    if not isinstance(pages, bool):
        wanted = {name.removesuffix(".md") for name in pages}
        available = [s for s in available if s.page in wanted or s.file.removesuffix(".md") in wanted]
    return [s for s in available if s.language == language] or list(available)


def search(question: str, available: Sequence[Section], *, named: bool = False) -> list[Hit]:
    """The sections by how well they answer the question, best first; `named` when an admin chose the pages for this case."""
    if not available or not question.strip():
        return []
    import numpy as np

    from agents._builtin.text import row_vectors, sentences, vectors

    asked = np.vstack(
        [
            vectors([question[:_READ_AT_MOST]]),
            *([row_vectors(s)] if (s := [x.text for x in sentences(question[:_READ_AT_MOST])[:30]]) else []),
        ]
    )
    hits = []
    for section in available:
        pieces = [section.heading, f"{section.title}: {section.heading}", *(x.text for x in sentences(section.text)[:30])]
        whole = row_vectors([f"{section.heading}\n{section.text}"[:1500]])
        near = 0.5 * (asked @ whole.T).max(axis=1) + 0.5 * (asked @ row_vectors(pieces).T).max(axis=1)
        nearest = float(near.max())
        hits.append(Hit(section, _certainty(nearest, _EVEN_NAMED if named else _EVEN), nearest))
    return sorted(hits, key=lambda hit: -hit.confidence)


def _certainty(nearness: float, even: float) -> float:
    """From a cosine to how sure it is; one half where right and wrong sections are equally frequent."""
    return 1 / (1 + math.exp((even - nearness) / _STEP))

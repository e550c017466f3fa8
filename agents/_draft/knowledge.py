"""The office's knowledge pages: read from `knowledge/*.md` and cut into sections."""

from __future__ import annotations

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


def choose(available: Sequence[Section], pages: Sequence[str] | bool, languages: Sequence[str]) -> list[Section]:
    """The sections a draft may use: of the named pages (or all), in the first of these languages that there are any in."""
    if not isinstance(pages, bool):
        wanted = {name.removesuffix(".md") for name in pages}
        available = [s for s in available if s.page in wanted or s.file.removesuffix(".md") in wanted]
    for language in [*languages, ""]:
        if spoken := [s for s in available if s.language == language]:
            return spoken
    return list(available)

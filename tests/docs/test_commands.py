"""Every command in the documentation is run, page by page, in an empty folder with the sample office; what cannot be run says why."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_RUN = re.compile(r"> Not run by the tests: \S.{10,}")
_FENCE = re.compile(r"(?P<before>[^\n]*)\n\n?```(?:sh|bash|shell|console)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """The commands between two fences."""

    page: Path
    line: int
    text: str
    why_not: str


def blocks(page: Path) -> list[Block]:
    text = page.read_text()
    found = []
    for match in _FENCE.finditer(text):
        why = match["before"] if NOT_RUN.fullmatch(match["before"]) else ""
        found.append(Block(page, text[: match.start("text")].count("\n") + 1, match["text"], why))
    return found


RUN = [page for page in PAGES if any(not b.why_not for b in blocks(page))]


@pytest.mark.parametrize("page", RUN, ids=[str(p.relative_to(ROOT)) for p in RUN])
def test_every_command_of_the_page_works(page: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    script = "set -eu\n" + "".join(f": line {b.line}\n{b.text}" for b in blocks(page) if not b.why_not)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    for name in ("KONTORIST_OFFICE", "KONTORIST_DATA", "DATABASE_URL"):
        environment.pop(name, None)
    done = subprocess.run(
        ["bash", "-x"], input=script, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
    )
    assert done.returncode == 0, f"{page.name}:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"


def test_few_commands_are_not_run_and_each_says_why() -> None:
    found = [b for page in PAGES for b in blocks(page)]
    skipped = [b for b in found if b.why_not]
    assert len(found) >= 20
    assert len(skipped) <= 14, [f"{b.page.name}:{b.line}" for b in skipped]


def test_no_page_hides_commands_in_another_kind_of_block() -> None:
    """A block without a language that begins like a command would not be run."""
    for page in PAGES:
        for match in re.finditer(r"^```\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
            assert not re.search(r"^\s*(\$ )?(\.venv/bin/)?kontorist ", match[1], re.MULTILINE), page.name


@pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(ROOT)) for p in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"

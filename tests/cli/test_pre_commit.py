"""Where an office is kept in git, the real pre-commit lets no commit with a broken flow through."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Repository:
    """A git repository with an identity of its own, in which pre-commit keeps its things below the same folder."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        who = {
            f"GIT_{role}_{what}": f"anna{at}"
            for role in ("AUTHOR", "COMMITTER")
            for what, at in (("NAME", ""), ("EMAIL", "@example.com"))
        }
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        self.environment = {**clean, **who, "PATH": path, "HOME": str(home), "PRE_COMMIT_HOME": str(home / "pre-commit")}
        self.git("init", "--quiet")

    def git(self, *command: str) -> subprocess.CompletedProcess[str]:
        return self.run("git", *command)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False)


@pytest.fixture
def office(tmp_path: Path) -> Repository:
    hooks = Repository(tmp_path / "kontorist", tmp_path)
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks.folder)
    hooks.git("add", ".")
    hooks.git("commit", "--quiet", "-m", "Hooks")
    hooks.git("tag", "v1")
    office = Repository(tmp_path / "office", tmp_path)
    made = office.run("kontorist", "init", str(office.folder / "new"), "--from", "order-status")
    assert made.returncode == 0, made.stderr
    for path in (office.folder / "new").iterdir():
        path.rename(office.folder / path.name)
    (office.folder / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: {hooks.folder}\n    rev: v1\n    hooks: [{{id: kontorist-check, args: [--office, .]}}]\n"
    )
    office.git("add", ".")
    assert office.run("pre-commit", "install").returncode == 0
    return office


def test_a_sound_office_is_committed_and_a_broken_flow_is_not(office: Repository) -> None:
    first = office.git("commit", "-m", "Our office")
    assert first.returncode == 0, first.stderr
    assert "kontorist check" in first.stderr
    assert "Passed" in first.stderr

    flow = office.folder / "flows" / "order-status.yaml"
    whole = flow.read_text(encoding="utf-8")
    flow.write_text(whole.replace("order.shipped_on", "order.shiped_on"), encoding="utf-8")
    broken = office.git("commit", "-a", "-m", "Broken")
    assert broken.returncode != 0
    line = whole[: whole.index("order.shipped_on")].count("\n") + 1
    assert f"order-status.yaml:{line}:" in broken.stderr
    assert "shipped_on" in broken.stderr
    assert office.git("log", "--oneline").stdout.count("\n") == 1

    flow.write_text(whole + "# sound again\n", encoding="utf-8")
    assert office.git("commit", "-a", "-m", "Mended").returncode == 0


def test_files_that_are_no_part_of_the_office_do_not_start_it(office: Repository) -> None:
    office.git("commit", "-m", "Our office")
    (office.folder / "notes.txt").write_text("hello\n")
    office.git("add", ".")
    assert "Skipped" in office.git("commit", "-m", "Notes").stderr

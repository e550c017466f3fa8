"""A folder that cannot be looked into says so, and files that go while one looks are left out."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from connectors._listing import by_age, fitting, is_file, is_folder, listed
from kontorist.core.errors import AccessDenied, Unavailable


def failing(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> None:
    """Let this method of a path fail with that number of an error."""

    def fail(path: Path, *_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, name, fail)


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.EACCES, AccessDenied), (errno.ESTALE, Unavailable), (errno.EIO, Unavailable)]
)
def test_what_the_system_says_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: Any
) -> None:
    failing(monkeypatch, "iterdir", number)
    failing(monkeypatch, "stat", number)
    failing(monkeypatch, "glob", number)
    for look in (listed, is_folder, is_file, lambda path: by_age([path]), lambda path: fitting(path, "*")):
        with pytest.raises(kind, match=str(tmp_path)):
            look(tmp_path)


def test_the_oldest_is_first_and_only_files_count(tmp_path: Path) -> None:
    for name, age in (("b", 1), ("a", 2), ("c", 2)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, ns=(age, age))
    (tmp_path / "folder").mkdir()
    assert [p.name for p in by_age([*listed(tmp_path), tmp_path / "gone"])] == ["b", "a", "c"]
    assert not is_folder(tmp_path / "gone")
    assert is_folder(tmp_path / "folder")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert [is_file(tmp_path / name) for name in ("a", "link", "folder", "gone")] == [True, False, False, False]

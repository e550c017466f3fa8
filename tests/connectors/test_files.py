"""Files that appear whole or not at all, and leave nothing beside them."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path

import pytest

from connectors import _files
from kontorist.core.errors import Rejected, Unavailable
from tests.chaos.worker import die, ended, fork


@pytest.fixture(params=["without a name", "with a name"])
def way(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "with a name":
        monkeypatch.setattr(_files, "_nameless", lambda _folder: None)
    elif (handle := _files._nameless(tmp_path)) is None:
        pytest.skip("This disk has no files without a name.")
    else:
        os.close(handle)
    return str(request.param)


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_file_appears_whole_and_alone(way: str, tmp_path: Path) -> None:
    seen: list[list[str]] = []
    os.umask(before := os.umask(0o027))
    try:
        os.umask(0o027)
        _files.publish(b"data", tmp_path / "new" / "a.txt", lambda: seen.append(names(tmp_path / "new")))
    finally:
        os.umask(before)
    assert "a.txt" not in seen[0]
    assert names(tmp_path / "new") == ["a.txt"]
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"data"
    assert stat.S_IMODE((tmp_path / "new" / "a.txt").stat().st_mode) == 0o640


def test_nothing_is_written_over_another_file(way: str, tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with pytest.raises(Rejected, match="appeared meanwhile"):
        _files.publish(b"mine", target, lambda: target.write_bytes(b"theirs") and None)
    assert (names(tmp_path), target.read_bytes()) == (["a.txt"], b"theirs")
    _files.publish(b"theirs", target, lambda: None)  # the same again
    with pytest.raises(Rejected, match="other content"):
        _files.publish(b"mine", target, lambda: None)


def test_who_may_not_go_on_leaves_nothing(way: str, tmp_path: Path) -> None:
    def no() -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(Unavailable, match="disk is full"):
        _files.publish(b"mine", tmp_path / "a.txt", no)
    assert names(tmp_path) == []


def test_a_writer_that_is_killed_leaves_no_half_file(way: str, tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    assert ended(fork(lambda: _files.publish(b"mine", target, die))) == -signal.SIGKILL
    left = names(tmp_path)
    assert "a.txt" not in left
    assert way == "with a name" or left == []
    _files.publish(b"mine", target, lambda: None)
    assert target.read_bytes() == b"mine"

"""Files that appear whole or not at all, and leave nothing beside them."""

from __future__ import annotations

import os
import signal
import stat
import time
from concurrent.futures import ThreadPoolExecutor
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


def test_two_threads_that_want_the_same_name_never_mix_what_they_write(way: str, tmp_path: Path) -> None:
    """The hands carry out what is approved while a pass does the same in another thread of the process."""
    target = tmp_path / "a.txt"
    refused: list[BaseException | None] = []

    def other() -> None:
        with ThreadPoolExecutor(1) as pool:
            refused.append(pool.submit(_files.publish, b"theirs", target, lambda: None).exception())

    with pytest.raises(Rejected, match="appeared meanwhile"):
        _files.publish(b"mine", target, other)
    assert refused == [None]
    assert (names(tmp_path), target.read_bytes()) == (["a.txt"], b"theirs")


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
    _files._SWEPT.clear()  # an hour later
    _files.publish(b"mine", target, lambda: None)
    assert (names(tmp_path), target.read_bytes()) == (["a.txt"], b"mine")


def test_the_draft_of_a_writer_at_work_is_left_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One writer sleeps between draft and name, however long; another one takes away what a third has left, and nothing else."""
    monkeypatch.setattr(_files, "_nameless", lambda _folder: None)
    slow = fork(lambda: _files.publish(b"slow", tmp_path / "slow.txt", lambda: os.kill(os.getpid(), signal.SIGSTOP)))
    os.waitpid(slow, os.WUNTRACED)
    assert ended(fork(lambda: _files.publish(b"dead", tmp_path / "dead.txt", die))) == -signal.SIGKILL
    for draft in tmp_path.iterdir():
        os.utime(draft, (0, 0))
    assert len(names(tmp_path)) == 2
    _files.publish(b"mine", tmp_path / "mine.txt", lambda: None)
    assert len([n for n in names(tmp_path) if n.endswith(".tmp")]) == 1
    os.kill(slow, signal.SIGCONT)
    assert ended(slow) == 0
    assert names(tmp_path) == ["mine.txt", "slow.txt"]


def test_drafts_of_another_machine_are_taken_away_after_a_day_and_nothing_else_is(tmp_path: Path) -> None:
    kept = [".0123456789abcdef.feedbeef-1.tmp", ".0123456789abcdef.1.tmp", ".new-abcdefgh", "a.tmp", ".hidden.1.tmp"]
    day = time.time() - 90_000
    for name in kept:
        (tmp_path / name).touch()
    for name in ("old", ".fedcba9876543210.feedbeef-1.tmp", ".fedcba9876543210.1.tmp", ".new-12345678"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (day, day))
    (tmp_path / "elsewhere").touch()
    (tmp_path / ".aaaaaaaaaaaaaaaa.1.tmp").symlink_to(tmp_path / "elsewhere")
    (tmp_path / ".bbbbbbbbbbbbbbbb.1.tmp").mkdir()
    os.utime(tmp_path / ".bbbbbbbbbbbbbbbb.1.tmp", (day, day))
    _files.publish(b"mine", tmp_path / "mine.txt", lambda: None)
    left = {*kept, "old", "elsewhere", ".aaaaaaaaaaaaaaaa.1.tmp", ".bbbbbbbbbbbbbbbb.1.tmp", "mine.txt"}
    assert set(names(tmp_path)) == {*left, ".new-12345678"}

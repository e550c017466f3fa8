"""Files are watched by looking at them: a change is said at once, and once more for what was still being written; then it is quiet."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from connectors._looking import Look, folder_stamp, stamps


class Folder:
    """Looks at a folder."""

    def __init__(self, path: Path) -> None:
        self._look, self._path = Look((0.1,), every=0.01), path

    def changed(self, timeout: float) -> bool:
        return self._look.changed(lambda: stamps(self._path.iterdir()), timeout)


def settled(folder: Path) -> Folder:
    """A look that has said all it has to say."""
    look = Folder(folder)
    assert look.changed(0.0), "the first look counts"
    assert look.changed(1.0), "and once more"
    assert not look.changed(0.2)
    return look


def test_what_does_not_change_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a")
    settled(tmp_path)


@pytest.mark.parametrize("what", ["came", "went", "grew", "was written anew", "was replaced"])
def test_a_change_is_said_and_then_once_more(tmp_path: Path, what: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a")
    os.utime(path, ns=(1, 1))
    look = settled(tmp_path)
    if what == "came":
        (tmp_path / "b.csv").write_text("b")
    elif what == "went":
        path.unlink()
    elif what == "grew":
        path.write_text("ab")
        os.utime(path, ns=(1, 1))
    elif what == "was written anew":
        path.write_text("b")
    else:
        (tmp_path / "new").write_text("b")
        os.utime(tmp_path / "new", ns=(1, 1))
        (tmp_path / "new").rename(path)
    assert look.changed(0.0)
    assert look.changed(1.0)
    assert not look.changed(0.2)


def test_a_file_that_comes_while_it_waits_is_said_soon(tmp_path: Path) -> None:
    look = settled(tmp_path)
    threading.Timer(0.2, (tmp_path / "a.csv").touch).start()
    began = time.monotonic()
    assert look.changed(10.0)
    assert time.monotonic() - began < 5.0


def test_a_second_file_in_the_same_second_is_seen_where_a_folder_tells_whole_seconds(tmp_path: Path) -> None:
    """On NFS 3, SMB and FAT: a mail lay there for five minutes when another one had come just before."""
    look = Look(every=0.01)

    def deliver(name: str, second: int) -> bool:
        (tmp_path / name).touch()
        os.utime(tmp_path, (second, second))
        return look.changed(lambda: folder_stamp(tmp_path), 0.0)

    assert deliver("1", 1000)
    assert deliver("2", 1000)
    (tmp_path / "2").unlink()
    assert deliver("3", 1000), "one went and one came"
    assert not look.changed(lambda: folder_stamp(tmp_path), 0.1)


def test_a_folder_that_tells_fractions_of_a_second_is_not_read_at_each_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There may be a hundred thousand mails in it."""
    os.utime(tmp_path, ns=(1, 1))
    monkeypatch.delattr(os, "listdir")
    assert folder_stamp(tmp_path)
    assert folder_stamp(tmp_path / "gone") is None


def test_what_is_taken_away_between_the_list_and_the_look_is_left_out(tmp_path: Path) -> None:
    assert stamps([tmp_path / "gone.csv"]) == frozenset()

"""The folder connector: which files become items, and that saving and moving never leave the folder or overwrite."""

from __future__ import annotations

import errno
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import _files
from connectors._saving import MoveFile, MovePayload, SaveFile, SavePayload
from connectors.base import Context, Surroundings
from connectors.folder import FileOptions, Folder
from kontorist.core.errors import AccessDenied, NotApproved, NotReadable, Rejected, Unavailable
from kontorist.core.values import sha256
from kontorist.testing import carried_out, permit_for

NOTHING_KNOWN = lambda keys: set()  # noqa: E731
LEFT_ALONE = "no flow takes such a file (taken are *.pdf, *.csv), so nobody works on it; give it to somebody"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "office/in").mkdir(parents=True)
    return tmp_path / "office/in"


@pytest.fixture
def opened(tmp_path, root):
    def make(**more):
        return Folder(
            Folder.Config.model_validate({"path": "in", **more}), Surroundings("scans", tmp_path / "office", tmp_path / "data")
        )

    return make


def put(path: Path, data: bytes = b"hello", age: float = 60) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def names(items):
    return [i.title for i in items]


def context(**file):
    return Context(case_id=1, flow="f", data={"file": file} if file else {}, documents={sha256(b"bytes"): b"bytes"})


# reading -----------------------------------------------------------------


def test_finished_files_become_items_oldest_first(opened, root):
    put(root / "b.txt", "Grüße".encode(), age=90)
    put(root / "a.pdf", b"%PDF-1.4 not really", age=30)
    for name in (".hidden.txt", "~$a.docx", "c.tmp", "d.txt.part"):
        put(root / name)
    put(root / "below/e.txt", b"e", age=50)
    (root / "link.txt").symlink_to("/etc/passwd")

    first, second = opened().read("file", FileOptions(), NOTHING_KNOWN)

    assert first.data["file"] == {
        "name": "b.txt",
        "path": "b.txt",
        "media_type": "text/plain",
        "size": 7,
        "sha256": sha256("Grüße".encode()),
        "text": "Grüße",
    }
    assert (first.documents[0].data, first.source_key) == ("Grüße".encode(), "file:" + sha256("Grüße".encode()))
    assert (second.title, second.data["file"]["media_type"]) == ("a.pdf", "application/pdf")


def test_patterns_and_folders_below_are_as_asked(opened, root):
    for name in ("a.pdf", "b.XML", "c.txt", "deep/er/d.pdf"):
        put(root / name, name.encode())

    found = opened().read("file", FileOptions(pattern=["*.pdf", "*.xml"], recursive=True, text=False), NOTHING_KNOWN)

    assert sorted(i.data["file"]["path"] for i in found) == ["a.pdf", "b.XML", "deep/er/d.pdf"]


def test_a_file_that_is_still_growing_is_left_for_the_next_look(opened, root):
    growing, stop = root / "scan.txt", threading.Event()
    put(root / "quiet.txt", b"q", age=0)

    def grow():
        while not stop.is_set():
            with growing.open("ab") as file:
                file.write(b"x")
            time.sleep(0.05)

    thread = threading.Thread(target=grow)
    thread.start()
    time.sleep(0.1)
    try:
        seen = names(opened().read("file", FileOptions(), NOTHING_KNOWN))
    finally:
        stop.set()
        thread.join()

    assert seen == ["quiet.txt"]
    os.utime(growing, (time.time() - 9, time.time() - 9))
    assert "scan.txt" in names(opened().read("file", FileOptions(), NOTHING_KNOWN))


def test_known_content_is_not_taken_in_again_under_another_name(opened, root):
    put(root / "a.txt", b"same")
    (item,) = opened().read("file", FileOptions(), NOTHING_KNOWN)
    put(root / "b.txt", b"same")

    assert list(opened().read("file", FileOptions(), lambda keys: keys & {item.source_key})) == []


def test_a_file_too_large_is_reported_and_the_others_go_on(opened, root):
    put(root / "large.txt", b"x" * 2000)
    put(root / "small.txt")
    scans = opened(max_size=1000)

    assert names(scans.read("file", FileOptions(), NOTHING_KNOWN)) == ["small.txt"]
    assert [p.split(": ")[0] for p in scans.problems()] == [str(root / "large.txt")]
    asked = opened(max_size=1000)  # as `doctor` asks: it reads nothing
    assert asked.try_out().ok
    assert [p.split(": ")[0] for p in asked.problems()] == [str(root / "large.txt")]
    (root / "large.txt").unlink()
    assert list(scans.problems()) == []


def test_a_file_that_no_flow_takes_is_told_by_name_until_it_is_gone(opened, root):
    for name in ("a.pdf", "b.csv", "photo.jpg", "Thumbs.db", ".hidden", "below/c.csv", "below/d.docx"):
        put(root / name)
    scans = opened()
    triggers = [("file", {"connection": "scans", "pattern": "*.pdf"})]
    triggers += [("file", {"connection": "scans", "pattern": ["*.csv"], "recursive": True}), ("rows", {"connection": "scans"})]
    scans.surroundings = replace(scans.surroundings, triggers=triggers)

    assert names(scans.read("file", FileOptions(pattern="*.pdf"), NOTHING_KNOWN)) == ["a.pdf"]
    assert [*scans.problems()] == [f"{root / 'photo.jpg'}: {LEFT_ALONE}"]
    list(scans.read("file", FileOptions(pattern="*.csv", recursive=True), NOTHING_KNOWN))
    assert [*scans.problems()] == [f"{root / name}: {LEFT_ALONE}" for name in ("below/d.docx", "photo.jpg")]
    (root / "below/d.docx").unlink()
    assert [*scans.problems()] == [f"{root / 'photo.jpg'}: {LEFT_ALONE}"]


def test_a_folder_that_is_only_written_to_leaves_nothing_alone(opened, root):
    put(root / "photo.jpg")
    scans = opened()

    assert scans.try_out().ok
    assert [*scans.problems()] == []


def test_taken_in_files_are_put_away_and_never_over_another_one(opened, root, tmp_path):
    put(root / "a.txt", b"new")
    put(tmp_path / "office/done/a.txt", b"old")
    scans = opened(done="done")
    items = list(scans.read("file", FileOptions(), NOTHING_KNOWN))

    scans.acknowledge("file", FileOptions(), items)
    scans.acknowledge("file", FileOptions(), items)

    assert sorted((p.name, p.read_bytes()) for p in (tmp_path / "office/done").iterdir()) == [
        (f"a-{sha256(b'new')[:12]}.txt", b"new"),
        ("a.txt", b"old"),
    ]
    assert list(root.iterdir()) == []


def test_a_file_that_changed_after_it_was_read_is_not_put_away(opened, root):
    put(root / "a.txt", b"one")
    scans = opened(done="done")
    items = list(scans.read("file", FileOptions(), NOTHING_KNOWN))
    put(root / "a.txt", b"two")

    scans.acknowledge("file", FileOptions(), items)

    assert (root / "a.txt").read_bytes() == b"two"


def test_a_twin_of_a_known_file_is_put_away(opened, root):
    put(root / "twin.txt", b"same")

    list(opened(done="done").read("file", FileOptions(), lambda keys: keys))

    assert not (root / "twin.txt").exists()


def test_a_folder_that_is_not_there_is_told(opened, root):
    root.rmdir()

    with pytest.raises(Unavailable, match=r"office/in is not there. Create or mount it"):
        list(opened().read("file", FileOptions(), NOTHING_KNOWN))
    assert opened().try_out().ok is False
    assert opened(path="data:scans").try_out().ok is True


def not_listed(monkeypatch, folder):
    """Let the system refuse to list this folder."""
    usual = os.scandir

    def scandir(place):
        if Path(place) == folder:
            raise OSError(errno.EACCES, "Permission denied", str(folder))
        return usual(place)

    monkeypatch.setattr(os, "scandir", scandir)


@pytest.mark.parametrize("look", ["read", "changed"])
def test_a_folder_that_cannot_be_looked_into_is_not_an_empty_one(opened, root, monkeypatch, look):
    put(root / "a.txt")
    not_listed(monkeypatch, root)
    folder, options = opened(), FileOptions()
    with pytest.raises(AccessDenied, match="may not be used"):
        folder.changed("file", options, 0) if look == "changed" else list(folder.read("file", options, NOTHING_KNOWN))
    assert not folder.try_out().ok


def test_a_folder_below_that_cannot_be_looked_into_is_told_and_the_others_are_read(opened, root, monkeypatch):
    put(root / "a/1.txt", b"1")
    put(root / "b/2.txt", b"2")
    folder, options = opened(), FileOptions(recursive=True)
    with monkeypatch.context() as refusing:
        not_listed(refusing, root / "a")
        assert names(folder.read("file", options, NOTHING_KNOWN)) == ["2.txt"]
        assert [str(root / "a") in problem for problem in folder.problems()] == [True]
    assert names(folder.read("file", options, NOTHING_KNOWN)) == ["1.txt", "2.txt"]
    assert list(folder.problems()) == []


def test_every_file_below_a_given_folder_is_yielded_in_order(root):
    put(root / "z.txt", b"z")
    put(root / "m/a.xml", b"<?xml version='1.0'?><a>1</a>")

    items = list(Folder.from_file("file", root, {}))

    assert [(i.data["file"]["path"], i.data["file"]["media_type"]) for i in items] == [
        ("m/a.xml", "application/xml"),
        ("z.txt", "text/plain"),
    ]
    assert items[1].documents[0].data == b"z"


def test_an_unreadable_file_is_told_and_the_next_one_comes(root, monkeypatch):
    put(root / "a.txt")
    put(root / "b.txt")
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda p: real(p / "gone") if p.name == "a.txt" else real(p))

    first, second = Folder.from_file("file", root, {"text": False})

    assert isinstance(first, NotReadable)
    assert "a.txt cannot be read" in str(first)
    assert second.title == "b.txt"


def test_real_pdfs_of_others_give_their_text():
    place = Path(__file__).parents[3] / "shared/data/pdf/001-trivial"
    if not place.exists():
        pytest.skip("the collection of real files is not here")

    items = [i for i in Folder.from_file("file", place, {"pattern": "*.pdf"}) if not isinstance(i, NotReadable)]

    assert items
    assert all(i.data["file"]["media_type"] == "application/pdf" and i.data["file"]["text"].strip() for i in items)


# saving and moving --------------------------------------------------------


def saved(scans, **payload):
    proposal = SaveFile().propose(scans, SavePayload(**payload), context())
    return carried_out(SaveFile(), scans, proposal.payload), proposal


def test_a_text_is_saved_once_and_found_again(opened, root):
    scans = opened()
    receipt, proposal = saved(scans, name="note.txt", content="Grüße", folder="2026/11")

    assert (root / "2026/11/note.txt").read_text(encoding="utf-8") == "Grüße"
    assert proposal.sentence == f"Speichert „note.txt“ in {root / '2026/11'}."
    assert SaveFile().find(scans, SavePayload(**proposal.payload), "k") == receipt
    assert SaveFile().execute(scans, permit_for(proposal.payload)) == receipt


def test_a_document_is_saved_as_it_came(opened, root, tmp_path):
    digest = sha256(b"bytes")
    put(tmp_path / "data/documents" / digest[:2] / digest, b"bytes")

    saved(opened(), name="a.bin", document=digest)

    assert (root / "a.bin").read_bytes() == b"bytes"


def test_a_damaged_or_foreign_document_is_not_saved(opened, root, tmp_path):
    digest = sha256(b"bytes")
    put(tmp_path / "data/documents" / digest[:2] / digest, b"other")

    with pytest.raises(Rejected, match="damaged"):
        saved(opened(), name="a.bin", document=digest)
    with pytest.raises(Rejected, match="has no document"):
        saved(opened(), name="a.bin", document="0" * 64)
    assert list(root.iterdir()) == []


def test_another_file_of_that_name_is_not_overwritten(opened, root):
    put(root / "note.txt", b"mine")

    with pytest.raises(Rejected, match="is not overwritten"):
        saved(opened(), name="note.txt", content="yours")
    assert (root / "note.txt").read_bytes() == b"mine"


def test_nothing_is_saved_when_the_fence_refuses(opened, root):
    def refuse():
        raise NotApproved("stopped")

    with pytest.raises(NotApproved):
        SaveFile().execute(opened(), permit_for({"name": "a.txt", "content": "x", "folder": ""}, fence=refuse))
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("folder", ["..", "a/../../b", "/etc", "link"])
def test_no_folder_outside_is_written_to(opened, root, tmp_path, folder):
    (root / "link").symlink_to(tmp_path)

    with pytest.raises(Rejected, match="outside of"):
        saved(opened(), name="a.txt", content="x", folder=folder)
    with pytest.raises(Rejected, match="outside of"):
        SaveFile().execute(opened(), permit_for({"name": "a.txt", "content": "x", "folder": folder}))


@pytest.mark.parametrize(
    ("written", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\System32\\x.dll", "x.dll"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("Com1 .txt", "_Com1 .txt"),
        ("rechnung\u202efdp.exe", "rechnungfdp.exe"),
        ("a\x00b\nc\u2028d\u200b.txt", "abcd.txt"),
        ("...", "file"),
        ("", "file"),
        (".bashrc", "bashrc"),
        ("a:b?.txt ", "a_b_.txt"),
        ("Rechnung Nr. 7 – Köln.pdf", "Rechnung Nr. 7 – Köln.pdf"),
    ],
)
def test_names_from_outside_become_safe(written, safe):
    assert _files.safe_name(written) == safe


@given(st.text(max_size=400))
def test_a_safe_name_is_always_one_name_and_stays_safe(written):
    name = _files.safe_name(written)

    assert 0 < len(name.encode()) <= 150
    assert Path(name).name == name
    assert name not in (".", "..")
    assert _files.safe_name(name) == name


def test_a_long_name_keeps_its_ending():
    assert _files.safe_name("ä" * 4000 + ".pdf") == "ä" * 73 + ".pdf"


def moved(scans, folder, file, data):
    return MoveFile().propose(scans, MovePayload(folder=folder), context(path=file, sha256=sha256(data)))


def test_the_file_of_the_case_is_moved(opened, root):
    put(root / "in/a.txt", b"a")
    scans = opened()
    proposal = moved(scans, "done", "in/a.txt", b"a")
    typed = MovePayload(**proposal.payload)
    assert MoveFile().check(scans, typed, proposal.rests_on) == []
    assert MoveFile().find(scans, typed, "k") is None

    receipt = carried_out(MoveFile(), scans, proposal.payload)

    assert (root / "done/a.txt").read_bytes() == b"a"
    assert not (root / "in/a.txt").exists()
    assert MoveFile().find(scans, typed, "k") == receipt


def test_a_move_that_stopped_halfway_is_completed(opened, root):
    put(root / "a.txt", b"a")
    (root / "done").mkdir()
    os.link(root / "a.txt", root / "done/a.txt")
    scans = opened()
    proposal = moved(scans, "done", "a.txt", b"a")
    assert MoveFile().find(scans, MovePayload(**proposal.payload), "k") is None

    MoveFile().execute(scans, permit_for(proposal.payload))

    assert [p.name for p in root.rglob("*.txt")] == ["a.txt"]
    assert not (root / "a.txt").exists()


def test_a_file_that_changed_since_it_was_approved_is_not_moved(opened, root):
    put(root / "a.txt", b"a")
    scans = opened()
    proposal = moved(scans, "done", "a.txt", b"a")
    put(root / "a.txt", b"b")

    assert "has changed" in MoveFile().check(scans, MovePayload(**proposal.payload), proposal.rests_on)[0]
    with pytest.raises(Rejected, match="no longer the file"):
        MoveFile().execute(scans, permit_for(proposal.payload))
    assert (root / "a.txt").exists()


def test_a_case_without_a_file_has_nothing_to_move(opened):
    with pytest.raises(Rejected, match="no file to move"):
        MoveFile().propose(opened(), MovePayload(folder="done"), context())


def test_a_file_outside_cannot_be_moved_by_an_edited_payload(opened, root, tmp_path):
    put(tmp_path / "secret.txt", b"s")

    with pytest.raises(Rejected):
        MoveFile().execute(opened(), permit_for({"folder": "x", "file": "../../secret.txt", "sha256": sha256(b"s")}))
    assert (tmp_path / "secret.txt").exists()


def test_a_file_is_never_lost_by_moving_it_to_where_it_is(opened, root):
    put(root / "a.txt", b"a")

    with pytest.raises(Rejected, match="is in that folder already"):
        MoveFile().execute(opened(), permit_for({"folder": "", "file": "a.txt", "sha256": sha256(b"a")}))
    scans = opened(done="in")
    scans.acknowledge("file", FileOptions(), list(scans.read("file", FileOptions(), NOTHING_KNOWN)))
    assert (root / "a.txt").read_bytes() == b"a"

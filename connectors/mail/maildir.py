"""A mailbox on this machine: Maildir with folders as Dovecot and Courier keep them (Maildir++)."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import stat
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from imapclient.imap_utf7 import decode
from imapclient.imap_utf7 import encode as utf7

from connectors import _files
from connectors._looking import Look, folder_stamp
from connectors.mail.transport import Fetched, Folder, Listing, role_of
from kontorist.core.errors import Rejected, Unavailable, Uncertain

_FLAGS = {"seen": "S", "answered": "R", "flagged": "F", "draft": "D"}
_GENERATION = "maildir"
_USUAL = ("", "S", "RS", "R", "FS", "F", "FRS")
_FEW = 20
_PARTS = ("cur", "new", "tmp")


class Maildir:
    """One Maildir and a second one that takes what is sent."""

    moves_in_one_step = True

    def __init__(self, root: Path, outgoing: Path | None, seed: Path | None, max_size: int) -> None:
        self.root = root
        self.outgoing = outgoing
        self.seed = seed
        self.max_size = max_size
        self._look = Look()

    # reading -------------------------------------------------------------

    def listing(self, folder: str, since: date | None) -> Listing:
        """File names without their flags, oldest first."""
        place = self._present(folder)
        files = [p for p in self._files(place) if since is None or _arrived(p) >= since]
        return Listing(_GENERATION, [_base(p) for p in sorted(files, key=lambda p: (_stamp(p), p.name))])

    def generation(self, folder: str) -> str:
        """Always the same: file names are never given twice (maildir(5))."""
        self._present(folder)
        return _GENERATION

    def fetch(self, folder: str, ids: Sequence[str]) -> Iterator[Fetched]:
        """Read files by name."""
        there = self._named(self._folder(folder), ids)
        for name in ids:
            if path := there.get(name):
                with contextlib.suppress(FileNotFoundError):
                    yield self._read(name, path)

    def _read(self, name: str, path: Path) -> Fetched:
        try:
            size = path.stat().st_size
            with path.open("rb") as file:
                data = file.read(self.max_size)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise _files.trouble(path, error) from error
        flags = frozenset(flag for flag, letter in _FLAGS.items() if letter in _flags(path))
        return Fetched(name, data, flags, cut=size > self.max_size)

    def folders(self) -> Sequence[Folder]:
        """The inbox and each Maildir++ folder beside it, by name."""
        self._seeded()
        names = (decode(p.name[1:].encode()).replace(".", "/") for p in self.root.glob(".*") if (p / "cur").is_dir())
        return [Folder("INBOX", "inbox"), *(Folder(name, role_of(name)) for name in sorted(names))]

    def search(self, folder: str, message_id: str) -> Sequence[str]:
        """The files whose header has this id."""
        wanted = message_id.encode("utf-8", "replace")
        found = []
        for path in self._files(self._folder(folder)):
            with contextlib.suppress(OSError), path.open("rb") as file:
                head = file.read(65_536).partition(b"\n\n")[0].partition(b"\r\n\r\n")[0]
                if re.search(rb"(?im)^message-id:\s*<?" + re.escape(wanted) + rb">?\s*$", head):
                    found.append(_base(path))
        return found

    # changing ------------------------------------------------------------

    def move(self, folder: str, mail: Fetched, target: str, *, copied: bool = False) -> None:
        """Rename the file into the other folder, in one step, which leaves no copies."""
        path = self._find(folder, mail.id)
        place = self._made(target)
        try:
            path.rename(place / "cur" / (path.name if ":2," in path.name else f"{path.name}:2,"))
        except OSError as error:
            raise _files.trouble(path, error) from error
        _files.sync_folder(place / "cur")

    def flag(self, folder: str, mail: Fetched, name: str, *, on: bool) -> None:
        """Rename the file with another set of flags."""
        path = self._find(folder, mail.id)
        flags = (set(_flags(path)) | {_FLAGS[name]}) if on else (set(_flags(path)) - {_FLAGS[name]})
        try:
            path.rename(path.parent.parent / "cur" / f"{_base(path)}:2,{''.join(sorted(flags))}")
        except OSError as error:
            raise _files.trouble(path, error) from error

    def append(self, folder: str, data: bytes, name: str, flags: Sequence[str]) -> None:
        """Write the mail as a file."""
        place = self._made(folder)
        target = place / "cur" / f"{_safe(name)}:2,{''.join(sorted(_FLAGS[f] for f in flags))}"
        _deliver(place, target, data, lambda: None)

    def send(
        self, data: bytes, sender: str, recipients: Sequence[str], name: str, commit: Callable[[], None]
    ) -> Mapping[str, Any]:
        """Put the mail into the outgoing Maildir, once under its name."""
        place = self._outgoing()
        target = place / "new" / _safe(name)
        _deliver(place, target, data, commit)
        return {"place": str(target), "from": sender, "recipients": list(recipients)}

    def sent(self, message_id: str, name: str) -> Mapping[str, Any] | None:
        """The file with this name in the outgoing Maildir."""
        found = self._named(self.outgoing or self._folder("Sent"), [_safe(name)])
        return next(({"place": str(path), "message_id": message_id} for path in found.values()), None)

    def wait(self, folders: Sequence[str], timeout: float) -> bool:
        """Look twice a second whether a mail came or went; the first look counts as a change."""
        places = [self._folder(folder) / part for folder in folders for part in ("new", "cur")]
        return self._look.changed(lambda: [folder_stamp(place) for place in places], timeout)

    def drafts_folder(self) -> str:
        """`Drafts`, as everywhere."""
        return "Drafts"

    def try_out(self) -> Mapping[str, Any]:
        """Whether the folder is there and can be used."""
        count = len(self.listing("INBOX", None).ids)
        for place in (self._folder("INBOX"), self._outgoing()):
            if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
                raise _files.trouble(place, PermissionError(13, "Permission denied"))
        return {"mails": count, "outgoing": str(self._outgoing())}

    def close(self) -> None:
        """Nothing is held open."""

    # places --------------------------------------------------------------

    def _folder(self, folder: str) -> Path:
        self._seeded()
        if folder.upper() == "INBOX":
            return self.root
        parts = [p for p in re.split(r"[/.]", folder) if p]
        if not parts or any("\0" in p for p in parts):
            raise Rejected(f"'{folder}' is not the name of a mail folder.")
        encoded: bytes = utf7(".".join(parts))
        return self.root / ("." + encoded.decode("ascii"))

    def _present(self, folder: str) -> Path:
        """The place of a folder that is there. Raises Unavailable for a missing mailbox, Rejected for a missing folder."""
        place = self._folder(folder)
        if place.is_dir():
            return place
        if folder.upper() == "INBOX":
            raise Unavailable(f"The mailbox {place} is not there. Create it, or mend 'path' in connections.yaml.")
        raise Rejected(f"The mailbox has no folder '{folder}'. Create it, or mend 'folder' in the flow.")

    def _made(self, folder: str) -> Path:
        place = self._folder(folder)
        _make(place, is_folder=place != self.root)
        return place

    def _outgoing(self) -> Path:
        place = self.outgoing or self._folder("Sent")
        _make(place, is_folder=self.outgoing is None)
        return place

    def _files(self, place: Path, wanted: Collection[str] | None = None) -> Iterator[Path]:
        """The files of a folder; only those with one of the wanted names, if some are given."""
        for part in ("new", "cur"):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                with os.scandir(place / part) as found:
                    named = (e for e in found if wanted is None or e.name.partition(":2,")[0] in wanted)
                    entries = [e for e in named if not e.name.startswith(".") and e.is_file(follow_symlinks=False)]
                yield from (Path(e.path) for e in entries)

    def _named(self, place: Path, names: Sequence[str]) -> dict[str, Path]:
        """The files with these names, by name. A few are looked for where they usually are before a large folder is read for them."""
        if len(names) > _FEW:
            return {_base(p): p for p in self._files(place, set(names))}
        there = {name: path for name in names if (path := _usual(place, name))}
        missing = set(names) - set(there)
        return there | ({_base(p): p for p in self._files(place, missing)} if missing else {})

    def _find(self, folder: str, number: str) -> Path:
        if path := self._named(self._folder(folder), [number]).get(number):
            return path
        raise Rejected(f"The mail is no longer in {folder}: somebody has moved or deleted it.")

    def _seeded(self) -> None:
        """Make the mailbox when it is not there and there is something to fill it with."""
        if self.seed is None or (self.root / "cur").is_dir():
            return
        self.root.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{self.root.name}-", dir=self.root.parent))
        try:
            _make(draft, is_folder=False)
            for i, path in enumerate(sorted(self.seed.glob("*.eml"))):
                copy = draft / "new" / f"{i:06d}.{_safe(path.stem)}"
                shutil.copyfile(path, copy)
                os.utime(copy, (1_790_000_000 + i, 1_790_000_000 + i))
            draft.chmod(0o700)
            with contextlib.suppress(OSError):  # another process was faster: its mailbox stands
                draft.rename(self.root)
        except OSError as error:
            raise _files.trouble(self.root, error) from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def _make(place: Path, *, is_folder: bool) -> None:
    try:
        for part in _PARTS:
            (place / part).mkdir(parents=True, exist_ok=True)
        if is_folder:
            (place / "maildirfolder").touch(exist_ok=True)
    except OSError as error:
        raise _files.trouble(place, error) from error


def _deliver(place: Path, target: Path, data: bytes, commit: Callable[[], None]) -> None:
    """Write to tmp, wait for the disk, and give the file its name last (maildir(5)); never over another one."""
    draft = place / "tmp" / f"{target.name.partition(':')[0]}.{os.getpid()}.{socket.gethostname()}"
    try:
        _files.write(draft, data)
        commit()
        with contextlib.suppress(FileExistsError):  # an earlier attempt of the same action got that far
            os.link(draft, target)
    except OSError as error:
        raise _files.trouble(target, error) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    try:
        _files.sync_folder(target.parent)
    except OSError as error:
        raise Uncertain(f"{target}: the disk did not confirm the mail: {error.strerror}.") from error


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.@=-]", "-", name)[:150]


def _base(path: Path) -> str:
    return path.name.partition(":2,")[0]


def _usual(place: Path, name: str) -> Path | None:
    """Where a file with this name is, if it bears the flags that nearly all bear."""
    if "/" in name or name.startswith("."):
        return None
    for path in (place / "new" / name, place / "cur" / name, *(place / "cur" / f"{name}:2,{flags}" for flags in _USUAL)):
        with contextlib.suppress(OSError, ValueError):
            if stat.S_ISREG(path.lstat().st_mode):
                return path
    return None


def _flags(path: Path) -> str:
    return path.name.partition(":2,")[2]


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _arrived(path: Path) -> date:
    return datetime.fromtimestamp(_stamp(path) / 1e9, UTC).date()

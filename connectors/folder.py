"""A folder on this machine or on a share: files that arrive become cases, files are saved and moved."""

from __future__ import annotations

import fnmatch
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from connectors import _files, _listing
from connectors._looking import Look
from connectors._saving import MoveFile, SaveFile, SavePayload
from connectors.base import Action, Config, Connector, Health, Item, NewDocument
from kontorist.core.errors import ConfigurationError, KontoristError, NotReadable, Unavailable
from kontorist.core.values import sha256

_QUIET = 2.0
_PAGE = 50


class FolderConfig(Config):
    """A folder that is watched and written to."""

    path: str = Field(description="The folder; relative to the office folder, `data:` is the data folder (made when missing).")
    done: str | None = Field(None, description="A folder for files that were taken in; without it they stay where they are.")
    max_size: int = Field(50 * 2**20, gt=0, description="Larger files (bytes) are reported and not taken in.")


class FileOptions(BaseModel):
    """The trigger `file`: each new file becomes a case."""

    model_config = ConfigDict(extra="forbid")
    pattern: str | list[str] = Field(
        "*",
        description="Which names: `*.pdf`, or a list of such patterns; a file that no flow takes is told as a problem of the connection.",
    )
    recursive: bool = Field(False, description="Also the folders below.")
    text: bool = Field(True, description="Read the text of documents into `file.text`.")

    @property
    def patterns(self) -> list[str]:
        """The patterns, however many were written."""
        return [self.pattern] if isinstance(self.pattern, str) else self.pattern

    def takes(self, name: str) -> bool:
        """Whether a file of this name is wanted; capital letters do not matter."""
        return any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for pattern in self.patterns)


class Folder(Connector):
    """A folder: files that arrive, files that are saved."""

    Config = FolderConfig
    triggers: ClassVar[Mapping[str, type[BaseModel]]] = {"file": FileOptions}
    actions: ClassVar[Mapping[str, type[Action]]] = {"save": SaveFile, "move": MoveFile}
    suffixes: ClassVar[Mapping[str, Sequence[str]]] = {"file": ("",)}

    def __init__(self, config: Any, surroundings: Any) -> None:
        super().__init__(config, surroundings)
        self.root: Path = surroundings.path(config.path)
        self._digests: dict[tuple[str, int, int], str] = {}
        self._problems: dict[str, str] = {}
        self._unread: dict[str, str] = {}
        """Folders below that could not be looked into at the last look."""
        self._left: dict[bool, list[Path]] = {}
        """Files that no flow takes, at the last look without and with the folders below."""
        self._look = Look()

    def must_be_there(self) -> None:
        """Raise Unavailable when the folder is not there: one that is not mounted must not be made up."""
        if self.config.path.startswith("data:"):
            _listing.made(self.root)
        if not _listing.is_folder(self.root):
            raise Unavailable(f"The folder {self.root} is not there. Create or mount it, or mend 'path' in connections.yaml.")

    def target(self, folder: str, name: str) -> Path:
        """Where a file of this name is saved; always below the connection's folder."""
        return _files.inside(self.root, folder) / _files.safe_name(name)

    def content(self, payload: SavePayload) -> bytes:
        """The bytes to save. Raises Unavailable when the document is not in the data folder."""
        if payload.document is None:
            return (payload.content or "").encode()
        return self.surroundings.document(payload.document)

    def read(self, kind: str, options: Any, known: Any) -> Iterator[Item]:
        """Files that have stopped growing and whose content was not seen, oldest first."""
        files = self._settled(self._files(options))
        for start in range(0, len(files), _PAGE):
            keyed = {digest: path for path in files[start : start + _PAGE] if (digest := self._digest(path))}
            seen = known({_key(digest) for digest in keyed})
            for digest, path in keyed.items():
                if _key(digest) in seen:
                    self._put_away(path, digest)  # a twin, or the program stopped before it could be put away
                elif item := self._item(path, digest, options.text):
                    yield item

    def changed(self, kind: str, options: Any, timeout: float) -> bool:
        """Look twice a second whether a file came, went or grew; the first look counts as a change."""
        return self._look.changed(lambda: self._picture(options), timeout)

    def _picture(self, options: Any) -> frozenset[tuple[str, tuple[int, int] | None]]:
        self.must_be_there()
        done = self.surroundings.path(self.config.done) if self.config.done else None
        return frozenset((str(path), _stat(path)) for path in _walk(self.root, options.recursive, done))

    def _files(self, options: Any) -> list[Path]:
        self.must_be_there()
        done = self.surroundings.path(self.config.done) if self.config.done else None
        self._unread = {}
        walked = list(_walk(self.root, options.recursive, done, self._unread))
        self._left[options.recursive] = self._untaken(walked)
        return _listing.by_age(p for p in walked if options.takes(p.name))

    def _untaken(self, files: Iterable[Path]) -> list[Path]:
        """Those that no flow takes; none where no flow takes anything, for a folder that is only written to."""
        wanted = self._wanted()
        return [
            p for p in files if wanted and not any(o.takes(p.name) and (o.recursive or p.parent == self.root) for o in wanted)
        ]

    def _wanted(self) -> list[FileOptions]:
        return [
            FileOptions.model_validate({name: value for name, value in options.items() if name in FileOptions.model_fields})
            for kind, options in self.surroundings.triggers
            if kind == "file"
        ]

    def _settled(self, files: list[Path]) -> list[Path]:
        """Those that have been quiet for two seconds, or were the same in two looks a second apart."""
        first = {path: _stat(path) for path in files}
        fresh = {path for path, seen in first.items() if seen and abs(time.time() - seen[1] / 1e9) < _QUIET}
        if fresh:
            time.sleep(1.0)
        return [path for path in files if path not in fresh or (first[path] and _stat(path) == first[path])]

    def _digest(self, path: Path) -> str | None:
        seen = _stat(path)
        if seen is None or self._is_too_large(path):
            return None
        key = (str(path), *seen)
        if key not in self._digests:
            try:
                self._digests[key] = _files.digest_of(path) or ""
            except KontoristError as error:
                self._problems[str(path)] = str(error)
                return None
        return self._digests[key] or None

    def _is_too_large(self, path: Path) -> bool:
        seen = _stat(path)
        if seen is None or seen[0] <= self.config.max_size:
            return False
        self._problems[str(path)] = f"{path}: larger than {self.config.max_size // 2**20} MB, so it was not taken in"
        return True

    def _item(self, path: Path, digest: str, text: bool) -> Item | None:
        try:
            item = file_item(path, self.root, text=text)
        except NotReadable as error:
            self._problems[str(path)] = str(error)
            return None
        self._problems.pop(str(path), None)
        return item if item.source_key == _key(digest) else None  # changed just now: next time

    def acknowledge(self, kind: str, options: Any, items: Sequence[Item]) -> None:
        """Move taken-in files to the `done` folder, if there is one."""
        for item in items:
            self._put_away(Path(str(item.handle)), item.data["file"]["sha256"])

    def _put_away(self, source: Path, digest: str) -> None:
        if self.config.done and _files.digest_of(source) == digest:
            _put_away(source, self.surroundings.path(self.config.done), digest)

    @classmethod
    def from_file(
        cls,
        kind: str,  # noqa: ARG003 - the contract's
        path: Path,
        settings: Mapping[str, Any],
    ) -> Iterator[Item | NotReadable]:
        """The file, or every file below a folder; one that cannot be read comes as its NotReadable, and the others go on."""
        if not path.exists():
            raise NotReadable(f"{path} is not there.")
        wanted = FileOptions.model_validate({k: v for k, v in settings.items() if k in FileOptions.model_fields})
        for file in sorted(_walk(path, True, None)) if path.is_dir() else [path]:
            if file is path or wanted.takes(file.name):
                try:
                    yield file_item(file, path if path.is_dir() else path.parent, text=wanted.text)
                except NotReadable as error:
                    yield error

    def try_out(self) -> Health:
        """Look whether the folder is there and may be read and written."""
        try:
            self.must_be_there()
            files = list(_walk(self.root, False, None))
        except KontoristError as error:
            return Health(False, str(error))
        if not os.access(self.root, os.R_OK | os.W_OK | os.X_OK):
            return Health(False, f"The folder {self.root} may not be read and written by this user. Change its rights.")
        for path in files:
            self._is_too_large(path)
        self._left[False] = self._untaken(files)
        count = len(files)
        return Health(True, f"{self.root} with {count} files", {"files": count})

    def problems(self) -> Iterable[str]:
        """Folders below that cannot be looked into, and files that could not or shall not be taken in, as long as they are there."""
        yield from self._unread.values()
        yield from (problem for path, problem in self._problems.items() if Path(path).exists())
        yield from self._left_alone()

    def _left_alone(self) -> Iterator[str]:
        patterns = ", ".join(dict.fromkeys(pattern for options in self._wanted() for pattern in options.patterns))
        for path in sorted({path for left in self._left.values() for path in left}):
            if path.exists():
                yield f"{path}: no flow takes such a file (taken are {patterns}), so nobody works on it; give it to somebody"


def file_item(path: Path, root: Path, *, text: bool = True) -> Item:
    """The item of one file. Raises NotReadable."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotReadable(f"{path} cannot be read: {error.strerror}.") from error
    kind, digest = _files.media_type(path.name, data), sha256(data)
    relative = path.relative_to(root).as_posix()
    about = {"name": path.name, "path": relative, "media_type": kind, "size": len(data), "sha256": digest}
    read, warnings = _text(path.name, kind, data) if text else ("", [])
    return Item(
        source_key=_key(digest),
        source=str(path),
        title=path.name,
        data={"file": {**about, "text": read}},
        documents=[NewDocument(path.name, kind, data)],
        warnings=warnings,
        handle=str(path),
    )


def _text(name: str, kind: str, data: bytes) -> tuple[str, list[str]]:
    from kontorist.reading import text_of
    from kontorist.reading.parts import notes_on

    try:
        parts = text_of(name, kind, data)
        return "\n".join(part.text for part in parts), notes_on(name, parts)
    except NotReadable as error:
        return "", [str(error)]


def _key(digest: str) -> str:
    return f"file:{digest}"


def _walk(folder: Path, recursive: bool, without: Path | None, unread: dict[str, str] | None = None) -> Iterator[Path]:
    """Ordinary, finished files; links are not followed, so that nothing outside of the folder gets in.

    Raises AccessDenied, Unavailable when the folder cannot be looked into; of a folder below, `unread` is told.
    """

    def trouble(error: OSError) -> None:
        place = Path(error.filename or folder)
        told = _files.trouble(place, error)
        if place == folder:
            raise told from error
        if unread is not None:
            unread[str(place)] = str(told)

    for place, folders, names in os.walk(folder, onerror=trouble):
        below = [d for d in folders if not d.startswith(".") and Path(place, d) != without]
        folders[:] = sorted(below) if recursive else []
        for name in sorted(names):
            path = Path(place, name)
            if not _listing.is_noise(name) and _listing.is_file(path):
                yield path


def _stat(path: Path) -> tuple[int, int] | None:
    try:
        there = path.stat()
    except OSError:
        return None
    return there.st_size, there.st_mtime_ns


def _put_away(source: Path, done: Path, digest: str) -> None:
    """Move a file under its name, or one with its hash if that is taken by another."""
    if source.parent.resolve() == done.resolve():
        return
    taken = _files.digest_of(done / source.name)
    target = done / (source.name if taken in (None, digest) else f"{source.stem}-{digest[:12]}{source.suffix}")
    try:
        _files.publish(source.read_bytes(), target, lambda: None)
        source.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{source} cannot be moved to {done}: {error.strerror}. Mend 'done' in connections.yaml."
        ) from error

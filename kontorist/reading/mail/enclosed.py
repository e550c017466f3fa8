"""Documents inside documents: ZIP, winmail.dat, enclosed mails. Opened within limits that no bomb passes."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO

from kontorist.core.errors import NotReadable

MAX_FILES, MAX_BYTES, MAX_DEPTH, MAX_RATIO = 200, 100 * 2**20, 3, 100
_ENTRIES = 1_000
_OFFICE = ("[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF")  # documents that are ZIPs inside: not opened


@dataclass(frozen=True)
class Attachment:
    """A document that came with a mail, byte for byte."""

    name: str
    media_type: str
    data: bytes = field(repr=False)
    content_id: str = ""
    within: str = ""
    """The name of the attachment that it was taken out of."""
    problem: str = ""
    """Why it could not be opened, if it should have been."""


@dataclass
class Limits:
    """How much more may be taken out of one mail."""

    files: int = MAX_FILES
    size: int = MAX_BYTES

    def take(self, count: int) -> None:
        """Note one file of this size. Raises NotReadable when that is too much."""
        self.files -= 1
        self.size -= count
        if self.files < 0 or self.size < 0:
            raise NotReadable(f"It holds more than {MAX_FILES} files or {MAX_BYTES // 2**20} MB, so it was not opened.")


def opened(
    given: Sequence[Attachment], limits: Limits, mails: Callable[[bytes], Sequence[Attachment]], depth: int = 0
) -> Iterator[Attachment]:
    """Each attachment followed by what is inside it; `mails` gives the attachments of an enclosed mail."""
    for one in given:
        opener = _opener(one, mails)
        if opener is None:
            yield one
            continue
        try:
            _not_too_deep(depth)
            inside = [replace(i, within=one.name) for i in opener(one.data, limits)]
        except NotReadable as error:
            yield replace(one, problem=str(error))
            continue
        yield one
        yield from opened(inside, limits, mails, depth + 1)


def _not_too_deep(depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise NotReadable(f"It lies in {MAX_DEPTH} others already, so it was not opened.")


def _opener(
    one: Attachment, mails: Callable[[bytes], Sequence[Attachment]]
) -> Callable[[bytes, Limits], list[Attachment]] | None:
    name = one.name.lower()
    if one.media_type in ("application/ms-tnef", "application/vnd.ms-tnef") or name == "winmail.dat":
        return _winmail
    if one.data.startswith(b"PK\x03\x04") and not _is_office(one):
        return _zip
    if one.media_type == "message/rfc822" or name.endswith(".eml"):
        return lambda data, limits: _counted(mails(data), limits)
    return None


def _is_office(one: Attachment) -> bool:
    head = one.data[:200]
    return (
        any(sign.encode() in head for sign in _OFFICE) or "openxmlformats" in one.media_type or "opendocument" in one.media_type
    )


def _counted(found: Sequence[Attachment], limits: Limits) -> list[Attachment]:
    for one in found:
        limits.take(len(one.data))
    return list(found)


def _winmail(data: bytes, limits: Limits) -> list[Attachment]:
    from kontorist.reading.mail.names import clean_name
    from kontorist.reading.mail.tnef import read_tnef

    found = [
        Attachment(clean_name(name) or f"attachment-{i}", _media(name, media), content)
        for i, (name, media, content) in enumerate(read_tnef(data).files, 1)
    ]
    return _counted(found, limits)


def _zip(data: bytes, limits: Limits) -> list[Attachment]:
    """The files of a ZIP. Before it is opened its table of contents is weighed: that alone can fill the memory."""
    from kontorist.reading.mail.names import clean_name

    if data.count(b"PK\x01\x02") > _ENTRIES:
        raise NotReadable(f"The ZIP holds more than {_ENTRIES} files, so it was not opened.")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir()]
            _weigh(entries, len(data), limits)
            return [
                Attachment(clean_name(e.filename) or f"attachment-{i}", _media(e.filename), _unpacked(archive, e, limits))
                for i, e in enumerate(entries, 1)
            ]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise NotReadable(f"The ZIP is broken ({type(error).__name__}).") from error


def _weigh(entries: Sequence[zipfile.ZipInfo], packed: int, limits: Limits) -> None:
    if any(e.flag_bits & 1 for e in entries):
        raise NotReadable("The ZIP is protected by a password.")
    claimed = sum(e.file_size for e in entries)
    if claimed > max(10 * 2**20, MAX_RATIO * packed) or claimed > limits.size or len(entries) > limits.files:
        raise NotReadable(f"The ZIP would become {claimed // 2**20} MB in {len(entries)} files, so it was not opened.")


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: Limits) -> bytes:
    with archive.open(entry) as file:
        content = file.read(entry.file_size + 1)  # what it claims was weighed; more is a lie
    if len(content) > entry.file_size:
        raise NotReadable("The ZIP is larger than it claims, so it was not opened.")
    limits.take(len(content))
    return content


def _media(name: str, said: str = "") -> str:
    import mimetypes

    return said or mimetypes.guess_type(name)[0] or "application/octet-stream"

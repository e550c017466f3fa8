"""How an export is written: encoding, delimiter, quotes and the line with the headings, found by looking at the file."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kontorist.core.errors import NotReadable
from kontorist.reading.code_page import code_page, mostly_utf8

_SAMPLE = 256 * 1024
_DELIMITERS = ";\t|,"
_NAMES = {"\t": "tab", ";": "semicolon", ",": "comma", "|": "bar"}


@dataclass(frozen=True)
class Dialect:
    """How one file is written."""

    encoding: str
    delimiter: str
    header_line: int
    """The line with the headings, counted from 1: some exports put a title above it."""

    def as_dict(self) -> dict[str, Any]:
        """For `doctor` and the cache."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.encoding}, {_NAMES.get(self.delimiter, self.delimiter)}"


def detect(path: Path, encoding: str = "auto", delimiter: str = "auto") -> Dialect:
    """The dialect of a file. Raises NotReadable when it is no table of text, OSError when it cannot be opened."""
    coding = detect_encoding(path) if encoding == "auto" else encoding
    lines = _sample(path, coding)
    sign = _told(lines) if delimiter == "auto" else delimiter
    sign = sign or _detect_delimiter(lines)
    return Dialect(coding, sign, _header_line(lines, sign))


def detect_encoding(path: Path) -> str:
    """UTF-8 or UTF-16 if the whole file is that but for a few signs, else the likelier of the two German code pages. Raises NotReadable."""
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
        if marked := _by_mark(head):
            return marked
        if b"\0" in head:
            return _utf_16(head, path)
        decoder = codecs.getincrementaldecoder("utf-8")()
        chunk = head
        try:
            while chunk:
                decoder.decode(chunk)
                chunk = file.read(1 << 20)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            file.seek(0)
            if mostly_utf8(iter(lambda: file.read(1 << 20), b"")):
                return "utf-8"
            return code_page(head if max(head) > 0x7F else chunk)
    return "utf-8"


def _by_mark(head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    return "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else ""


def _utf_16(head: bytes, path: Path) -> str:
    even, odd = head[:4000:2].count(0), head[1:4000:2].count(0)
    if max(even, odd) < 1000 * min(len(head), 4000) / 4000 or min(even, odd) > max(even, odd) / 4:
        raise NotReadable(f"{path.name} is not a CSV file: it holds binary data. Export it as CSV.")
    return "utf-16-be" if even > odd else "utf-16-le"


def open_text(path: Path, encoding: str) -> Any:
    """The file as text lines with their ends as they are; impossible characters become U+FFFD. Raises NotReadable."""
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise NotReadable(f"{path.name}: there is no encoding '{encoding}'; use auto, utf-8 or cp1252.") from error
    return path.open(encoding=encoding, errors="replace", newline="")


def _sample(path: Path, encoding: str) -> list[str]:
    with open_text(path, encoding) as file:
        text: str = file.read(_SAMPLE)
    lines = re.split(r"\r\n|\n|\r", text)
    return (lines[:-1] if len(lines) > 1 and len(text) == _SAMPLE else lines)[:200]


def _told(lines: list[str]) -> str:
    """The delimiter that Excel's first line `sep=;` names."""
    found = re.fullmatch(r"sep=(.)", lines[0].strip("\r\n"), re.IGNORECASE) if lines else None
    return found.group(1) if found else ""


def _widths(lines: list[str], delimiter: str) -> list[int]:
    try:
        return [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return []


def _detect_delimiter(lines: list[str]) -> str:
    """The sign that cuts most lines into the same number of fields, and into many."""

    def score(sign: str) -> tuple[float, int]:
        widths = _widths(lines, sign)
        width, times = Counter(widths).most_common(1)[0] if widths else (1, 0)
        return (times / len(widths) if width > 1 else 0.0, width)

    return max(_DELIMITERS, key=score)


def _header_line(lines: list[str], delimiter: str) -> int:
    """The first line that has as many fields as most, and most of them filled."""
    usual = Counter(_widths(lines, delimiter)).most_common(1)
    width = usual[0][0] if usual else 1
    for number, line in enumerate(lines[:20], 1):
        cells = next(csv.reader([line], delimiter=delimiter), [])
        filled = sum(1 for cell in cells if cell.strip())
        if len(cells) == width and filled * 2 > width and not re.fullmatch(r"sep=.", line, re.IGNORECASE):
            return number
    return 1

"""The connector: statements in a folder, their entries to look up and as cases, payment files."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from connectors import _files, _listing, _looking
from connectors._looking import Look
from connectors.bank.config import BankConfig, EntryOptions
from connectors.bank.transfer import WriteTransfers
from connectors.base import Action, Column, Connector, Health, Item, NewDocument, Row, Surroundings
from kontorist.core.errors import KontoristError, NotReadable, Rejected, Unavailable
from kontorist.core.filters import format_money
from kontorist.core.problems import did_you_mean
from kontorist.core.values import sha256
from kontorist.reading.bank import Entry, Statement, as_ours, own_account, read_statements
from kontorist.reading.german import said_in

_SETTLED = 2.0
_SUFFIXES = (".xml", ".sta", ".mt940", ".940", ".942", ".txt", ".csv", ".camt")
_TYPES = {"amount": "decimal", "booking_date": "date", "value_date": "date", "reversal": "boolean", "pending": "boolean"}
_GONE = (
    "the file was taken away while it was read; its entries are taken in when it is there again.",
    "Die Datei wurde weggenommen, während sie gelesen wurde; ihre Umsätze kommen herein, wenn sie wieder da ist.",
)
_OTHER = (
    "no statement that can be read here (camt, MT940, CSV), so its entries do not come in.",
    "Kein Auszug, der hier gelesen werden kann (camt, MT940, CSV); seine Umsätze kommen nicht herein.",
)
_COLUMNS = (*Entry(Decimal(0), "EUR").as_dict(), "message", "statement", "file")


class Bank(Connector):
    """Accounts at a bank through files: statements in, payment files out."""

    Config = BankConfig
    triggers: ClassVar[Mapping[str, type[BaseModel]]] = {"rows": EntryOptions}
    actions: ClassVar[Mapping[str, type[Action]]] = {"transfer": WriteTransfers}
    suffixes: ClassVar[Mapping[str, Sequence[str]]] = {"rows": ("",)}  # what it is, its content says
    config: BankConfig

    def __init__(self, config: Any, surroundings: Surroundings) -> None:
        super().__init__(config, surroundings)
        self.folder: Path = surroundings.path(config.folder)
        self._read: dict[tuple[str, int, int], list[Statement]] = {}
        self._problems: dict[str, str] = {}
        self._look = Look(_looking.AGAIN, every=1.0)

    @property
    def output(self) -> Path:
        """The folder of the payment files."""
        return self.surroundings.path(self.config.output)

    # statements ------------------------------------------------------------

    def statements(self) -> Iterator[tuple[Path, Statement]]:
        """The statements in all files that are whole, oldest file first; what cannot be read is a problem."""
        files = self._files()
        self._problems = {name: told for name, told in self._problems.items() if any(name == str(p) for p in files)}
        self._problems |= {str(path): f"{path.name}: {_OTHER[self._language.startswith('de')]}" for path in self._others(files)}
        for path in _listing.by_age(files):
            for one in self._of_file(path):
                yield path, one

    def _files(self) -> list[Path]:
        self._must_be_there()
        return [p for p in _listing.listed(self.folder) if p.suffix.lower() in _SUFFIXES and not p.name.startswith((".", "~"))]

    def _others(self, files: Sequence[Path]) -> list[Path]:
        known = (*_SUFFIXES, ".pdf") if files else _SUFFIXES  # banks give a PDF for people beside the file for programs
        there = [p for p in _listing.listed(self.folder) if p.suffix.lower() not in known and not _listing.is_noise(p.name)]
        return _listing.by_age(there)

    def _must_be_there(self) -> None:
        if self.config.folder.startswith("data:"):
            _listing.made(self.folder)
        if not _listing.is_folder(self.folder):
            raise Unavailable(f"The folder {self.folder} is not there. Create or mount it, or mend 'folder' in connections.yaml.")

    def _of_file(self, path: Path) -> list[Statement]:
        try:
            return self._at_rest(path)
        except FileNotFoundError:
            return []  # taken away meanwhile
        except PermissionError as error:  # not remembered: its rights may be mended without a change of the file
            self._problems[str(path)] = str(_files.trouble(path, error))
            return []

    def _at_rest(self, path: Path) -> list[Statement]:
        there = path.stat()
        stamp = (str(path), there.st_size, there.st_mtime_ns)
        if stamp not in self._read:
            if time.time() - there.st_mtime < _SETTLED:
                time.sleep(_SETTLED / 2)
                if path.stat().st_mtime_ns != there.st_mtime_ns or path.stat().st_size != there.st_size:
                    return []  # still being written: next time
            self._read[stamp] = self._known(path)
        return self._read[stamp]

    def _known(self, path: Path) -> list[Statement]:
        self._problems.pop(str(path), None)
        try:
            found = read_statements(path.name, path.read_bytes())
            found = self._ours(path, found)
        except NotReadable as error:
            self._problems[str(path)] = said_in(self._language, str(error))
            return []
        except (FileNotFoundError, PermissionError):
            raise
        except OSError as error:
            raise Unavailable(f"{path} cannot be read: {error.strerror}. It is tried again later.") from error
        wrong = [problem for one in found for problem in one.problems]
        if wrong:
            self._problems[str(path)] = f"{path.name}: {said_in(self._language, ' '.join(wrong))}"
        return found

    def _ours(self, path: Path, statements: Sequence[Statement]) -> list[Statement]:
        ours = self.config.accounts
        strange = [one.account for one in statements if ours and not own_account(one.account, ours)]
        if strange:
            raise NotReadable(f"'{path.name}' is about the account {strange[0]}, which is not one of ours in connections.yaml.")
        return [as_ours(one, ours) for one in statements]

    @property
    def _language(self) -> str:
        return str(next(iter(self.surroundings.settings.get("languages") or ()), "de"))

    # reads ---------------------------------------------------------------

    def read(self, kind: str, options: EntryOptions, known: Any) -> Iterator[Item]:
        """The entries not taken in yet; the same entry in a second statement is not taken in again."""
        original: _Original | None = None
        for path, statement in self.statements():
            if statement.message not in options.messages:
                continue
            seen = known({_key(one) for one in statement.entries})
            fresh = [one for one in statement.entries if _key(one) not in seen and not one.pending]
            wanted = [one for one in fresh if _wanted(one, options.direction)]
            if wanted and (original is None or original.document.name != path.name):
                try:
                    original = _original(path)
                except OSError:
                    self._problems[str(path)] = f"{path.name}: {_GONE[self._language.startswith('de')]}"
                    continue
            if original is not None:
                yield from _items(path, statement, wanted, original, self._language)

    def changed(self, kind: str, options: EntryOptions, timeout: float) -> bool:
        """Look whether a statement came, went or grew."""
        return self._look.changed(lambda: _looking.stamps(self._files()), timeout)

    @classmethod
    def from_file(cls, kind: str, path: Path, settings: Mapping[str, Any]) -> Iterator[Item]:  # noqa: ARG003 - the contract's
        """Every entry of a statement. Raises NotReadable."""
        if not path.is_file():
            raise NotReadable(f"{path} is not a file; give a bank statement.")
        wanted = EntryOptions.model_validate({k: v for k, v in settings.items() if k in EntryOptions.model_fields})
        original = _original(path)
        for statement in read_statements(path.name, original.document.data):
            told = [one for one in statement.entries if _wanted(one, wanted.direction) and not one.pending]
            yield from _items(path, statement, told, original, "de")

    # look-ups ------------------------------------------------------------

    def tables(self) -> Mapping[str, Sequence[Column]]:
        """`entries`, of all statements in the folder, each once."""
        return {"entries": [Column(name, _TYPES.get(name, "text")) for name in _COLUMNS]}

    def look_up(self, table: str, wheres: Sequence[Mapping[str, Any]]) -> list[list[Row]]:
        """The entries for each `where`; IBANs and references are compared without blanks and case."""
        if table not in self.tables():
            raise Rejected(f"{self.surroundings.name} has no table '{table}'; there is: entries.")
        for column in {name for where in wheres for name in where} - set(_COLUMNS):
            raise Rejected(f"The table entries has no column '{column}'{did_you_mean(column, _COLUMNS)}")
        rows = list(self._rows())
        return [[row for row in rows if all(_same(row.values[c], v) for c, v in where.items())] for where in wheres]

    def _rows(self) -> Iterator[Row]:
        seen: set[str] = set()
        for path, statement in self.statements():
            for one in statement.entries:
                if one.key not in seen:
                    seen.add(one.key)
                    yield Row("entries", f"{path.name}: {one.place}", _values(path, statement, one))

    # operations ----------------------------------------------------------

    def try_out(self) -> Health:
        """Read every statement, and look whether payment files can be written."""
        try:
            found = list(self.statements())
        except (KontoristError, OSError) as error:
            return Health(False, str(error))
        counted = sum(len(one.entries) for _, one in found)
        details = {"formats": sorted({one.format for _, one in found}), "accounts": sorted({one.account for _, one in found})}
        message = f"{len(found)} statements with {counted} entries in {self.folder}"
        if wrong := list(self.problems()):
            return Health(True, f"{message}; {len(wrong)} files have problems", {**details, "problems": wrong[:20]})
        return Health(True, message, details)

    def problems(self) -> Iterable[str]:
        """Files that cannot be read, and statements that do not add up."""
        return list(self._problems.values())


@dataclass(frozen=True)
class _Original:
    """A file as it came, read once for all its entries."""

    document: NewDocument
    digest: str


def _original(path: Path) -> _Original:
    data = path.read_bytes()
    return _Original(NewDocument(path.name, _files.media_type(path.name, data), data), sha256(data))


def _items(path: Path, statement: Statement, entries: Sequence[Entry], original: _Original, language: str) -> Iterator[Item]:
    """Each entry with the whole file it stands in."""
    for entry in entries:
        money = format_money(entry.amount, entry.currency, language[:2])
        place = said_in(language, entry.place)
        title = f"{money} · {entry.counterparty or entry.kind} · {entry.purpose}"
        yield Item(
            source_key=_key(entry),
            source=f"{path.name}: {place}",
            title=title[:120],
            data={"row": _values(path, statement, entry) | {"place": place}, "table": "entries"},
            documents=[original.document],
            warnings=statement.problems,
            handle=original.digest,
        )


def _values(path: Path, statement: Statement, entry: Entry) -> dict[str, Any]:
    return entry.as_dict() | {"message": statement.message, "statement": statement.id or statement.number, "file": path.name}


def _wanted(entry: Entry, direction: str) -> bool:
    return direction == "both" or (entry.amount > 0) is (direction == "in")


def _key(entry: Entry) -> str:
    return f"entry:{entry.key}"


def _flat(text: object) -> str:
    return "".join(c for c in str(text or "").upper() if c.isalnum())


def _same(found: Any, wanted: Any) -> bool:
    if wanted in (None, ""):
        return False
    if isinstance(found, Decimal):
        try:
            return found == Decimal(str(wanted))
        except InvalidOperation:
            return False
    return _flat(found) == _flat(wanted)

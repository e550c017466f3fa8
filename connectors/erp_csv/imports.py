"""The action `import`: a file with rows that the ERP reads in."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pydantic import Field

from connectors import _files
from connectors.base import Action, Context, Payload, Proposal, Receipt, Warn
from connectors.erp_csv import cells
from connectors.erp_csv.options import ImportColumn, ImportTable
from kontorist.core import private
from kontorist.core.errors import ConfigurationError, KontoristError, Rejected, Unavailable, Uncertain
from kontorist.core.permit import Permit
from kontorist.core.problems import did_you_mean
from kontorist.core.values import canonical, sha256

_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_PLAIN_NUMBER = re.compile(r"-?\d+(?:,\d+)?")


class ImportPayload(Payload):
    """What is written: the kind of import file and its rows, with our names for the columns."""

    table: str = Field(description="One of the connection's import_tables.")
    rows: list[dict[str, Any]] = Field(min_length=1, description="The rows; a missing column stays empty.")
    name: str | None = Field(None, description="The beginning of the file's name; default: the table's name.")
    key: str | None = Field(None, description="Names the business fact, so that it is imported once; default: the content.")


class ImportFile(Action):
    """Write an import file for the ERP: it appears whole, under a name of its own, never over another file."""

    Payload = ImportPayload
    authoritative_find = True

    def propose(self, connector: Any, payload: ImportPayload, context: Context) -> Proposal:
        """The file's rows as they will stand in it: numbers and dates written the German way."""
        form = _form(connector, payload.table)
        rows = [_resolved(row, form, payload.table, n) for n, row in enumerate(payload.rows, 1)]
        resolved = payload.model_copy(update={"rows": rows}).model_dump(exclude_none=True)
        content(form, rows)  # raises what cannot be encoded before anybody looks at it
        named = payload.key or sha256(canonical({"table": payload.table, "rows": rows}))
        return Proposal(
            payload=resolved,
            sentence=_sentence(connector, payload.table, rows, context.language),
            business_key=f"import:{connector.surroundings.name}:{payload.table}:{named}",
            warnings=_warnings(rows, context.language),
        )

    def execute(self, connector: Any, permit: Permit) -> Receipt:
        """Write the file; a note of it in our own folder stands before it appears, because the ERP takes the file away."""
        payload = ImportPayload.model_validate(permit.payload)
        form = _form(connector, payload.table)
        data = content(form, payload.rows)
        target, note = _target(connector, payload, permit.key), _note(connector, payload, permit.key)
        if already := _written(target, note, data, len(payload.rows)):
            permit.commit()
            return already
        _must_be_there(connector, target.parent)
        _mark(note, {"state": "writing", "sha256": sha256(data), "file": str(target)})
        try:
            _files.publish(data, target, permit.commit)
        except Uncertain:
            raise
        except KontoristError:
            note.unlink(missing_ok=True)  # it certainly did not appear
            raise
        _mark(note, {"state": "written", "sha256": sha256(data), "file": str(target)})
        return _receipt(target, data, len(payload.rows))

    def find(self, connector: Any, payload: Any, key: str) -> Receipt | None:
        """The file with this key and content, or our note that it was written. Raises Uncertain if only its attempt is known."""
        if not isinstance(payload, ImportPayload):
            payload = ImportPayload.model_validate(payload)
        data = content(_form(connector, payload.table), payload.rows)
        target, note = _target(connector, payload, key), _note(connector, payload, key)
        if written := _written(target, note, data, len(payload.rows)):
            return written
        if _read_note(note).get("sha256") != sha256(data):
            return None
        raise Uncertain(
            f"{target.name} was about to be written when the program stopped, and it is not in {target.parent} now. "
            "Look in the ERP whether it was imported."
        )

    def outputs(self, connector: Any, payload: ImportPayload, key: str) -> Mapping[str, Any]:
        """The file's name, and how many rows it has."""
        return _receipt(_target(connector, payload, key), b"", len(payload.rows)).outputs


def content(form: ImportTable, rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The bytes of an import file: headings, then one row a line, ended by CR LF. Raises Rejected for a sign its encoding lacks."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=form.delimiter, lineterminator="\r\n")
    writer.writerow([_column(c).to for c in form.columns.values()])
    for row in rows:
        writer.writerow([harmless(_text(row.get(name), _column(c))) for name, c in form.columns.items()])
    try:
        return out.getvalue().encode(form.encoding)
    except UnicodeEncodeError as error:
        sign = error.object[error.start]
        raise Rejected(
            f"The import file is to be {form.encoding}, which has no '{sign}'. Change the value or 'encoding'."
        ) from error
    except LookupError as error:
        raise ConfigurationError(f"There is no encoding '{form.encoding}'; use utf-8-sig, utf-8 or cp1252.") from error


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: one line, and with a leading ' if it begins like one."""
    spaced = "".join(" " if c in "\r\n\t\v\f\x85\u2028\u2029" else c for c in text)
    line = "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cs"))
    if _PLAIN_NUMBER.fullmatch(line):
        return line
    return f"'{line}" if line.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else line


def _column(written: str | ImportColumn) -> ImportColumn:
    return ImportColumn(to=written) if isinstance(written, str) else written


def _text(value: Any, column: ImportColumn) -> str:
    """A value in the ERP's writing; the same again for what is written that way already."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool) or column.type == "boolean":
        return _yes_no(value, column)
    if isinstance(value, date):
        return value.strftime("%d.%m.%Y")
    if isinstance(value, int | float | Decimal) or column.type in ("decimal", "integer"):
        return _number(value, column)
    return _date(value, column) if column.type == "date" or _is_iso_date(value, column) else str(value)


def _is_iso_date(text: Any, column: ImportColumn) -> bool:
    """Whether an untyped text is a date as payloads write it."""
    return column.type is None and bool(re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", str(text)))


def _yes_no(value: Any, column: ImportColumn) -> str:
    try:
        return "ja" if cells.parse_boolean("1" if value is True else "0" if value is False else str(value)) else "nein"
    except ValueError:
        raise Rejected(f"'{value}' is {cells.not_a('boolean')}; '{column.to}' needs that.") from None


def _number(value: Any, column: ImportColumn) -> str:
    text = str(value).strip()
    try:
        number = cells.parse_decimal(text, ",") if "," in text else Decimal(text)
    except (ValueError, InvalidOperation):
        raise Rejected(f"'{value}' is {cells.not_a('decimal')}; '{column.to}' needs one.") from None
    if not number.is_finite() or (column.type == "integer" and number != number.to_integral_value()):
        raise Rejected(f"'{value}' is {cells.not_a(column.type or 'decimal')}; '{column.to}' needs one.")
    return format(number, "f").replace(".", ",")


def _date(value: Any, column: ImportColumn) -> str:
    try:
        day = cells.parse_date(str(value).strip())
    except ValueError:
        raise Rejected(f"'{value}' is {cells.not_a('date')}; '{column.to}' needs one.") from None
    return day.strftime("%d.%m.%Y") if day else ""


def _resolved(row: Mapping[str, Any], form: ImportTable, table: str, number: int) -> dict[str, Any]:
    for name in row:
        if name not in form.columns:
            raise Rejected(
                f"Row {number} for the import '{table}' has the unknown column '{name}'{did_you_mean(name, form.columns)}"
            )
    return {
        name: (
            None if value is None else _text(value.date() if isinstance(value, datetime) else value, _column(form.columns[name]))
        )
        for name, value in row.items()
    }


def _form(connector: Any, table: str) -> ImportTable:
    forms: Mapping[str, ImportTable] = connector.config.import_tables
    if not connector.config.import_folder:
        raise ConfigurationError(
            f"{connector.surroundings.name} has no 'import_folder' in connections.yaml; say where the ERP reads imports."
        )
    if table not in forms:
        raise Rejected(f"{connector.surroundings.name} has no import table '{table}'{did_you_mean(table, forms)}")
    return forms[table]


def _file_name(payload: ImportPayload, key: str) -> str:
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", payload.name or payload.table).strip("-")[:60] or "import"
    mark = key if re.fullmatch(r"[A-Za-z0-9_-]{1,80}", key) else sha256(key.encode())[:32]
    return f"{stem}-{mark}.csv"


def _target(connector: Any, payload: ImportPayload, key: str) -> Path:
    folder: Path = connector.surroundings.path(connector.config.import_folder)
    return folder / _file_name(payload, key)


def _must_be_there(connector: Any, folder: Path) -> None:
    """A share that is not mounted must not be made up on the local disk."""
    if not connector.config.import_folder.startswith("data:") and not folder.is_dir():
        raise Unavailable(f"The import folder {folder} is not there. Create or mount it; it is tried again.")


def _note(connector: Any, payload: ImportPayload, key: str) -> Path:
    folder: Path = connector.surroundings.data_dir / "imports" / connector.surroundings.name
    return folder / f"{_file_name(payload, key)}.json"


def _mark(note: Path, about: Mapping[str, Any]) -> None:
    draft = note.with_suffix(".tmp")
    try:
        private.make_folder(note.parent)
        _files.write(draft, json.dumps(about, ensure_ascii=False).encode())
        draft.replace(note)
    except OSError as error:
        raise _files.trouble(note, error) from error
    _files.sync_folder(note.parent)


def _read_note(note: Path) -> dict[str, Any]:
    try:
        read: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return read


def _written(target: Path, note: Path, data: bytes, rows: int) -> Receipt | None:
    """The receipt if the file is there, or if it was and the ERP took it."""
    noted = _read_note(note)
    taken = noted.get("state") == "written" and noted.get("sha256") == sha256(data)
    return _receipt(target, data, rows) if taken or _files.digest_of(target) == sha256(data) else None


def _receipt(target: Path, data: bytes, rows: int) -> Receipt:
    evidence = {"file": str(target), "sha256": sha256(data), "bytes": len(data), "rows": rows}
    return Receipt(evidence=evidence, outputs={"file": target.name, "rows": rows})


def _sentence(connector: Any, table: str, rows: Sequence[Any], language: str) -> str:
    folder, count = connector.config.import_folder, len(rows)
    if language == "en":
        return f"Write an import file '{table}' with {count} {'row' if count == 1 else 'rows'} for the ERP into {folder}."
    return f"Importdatei „{table}“ mit {count} {'Zeile' if count == 1 else 'Zeilen'} für das ERP in {folder} schreiben."


def _warnings(rows: Sequence[Mapping[str, Any]], language: str) -> list[Warn]:
    risky = sorted(
        {
            name
            for row in rows
            for name, v in row.items()
            if v is not None and harmless(v).startswith("'") and not v.startswith("'")
        }
    )
    if not risky:
        return []
    names = ", ".join(risky)
    if language == "en":
        return [
            Warn("formula", f"Cells in {names} begin like a formula; they are written with a leading ' so that nothing runs.")
        ]
    return [
        Warn(
            "formula",
            f"Zellen in {names} beginnen wie eine Formel; sie werden mit führendem ' geschrieben, damit nichts ausgeführt wird.",
        )
    ]

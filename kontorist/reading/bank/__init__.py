"""Bank statements: camt, MT940 and MT942, and the CSV files of German banks, as typed entries."""

from __future__ import annotations

import csv

from kontorist.core.errors import NotReadable
from kontorist.reading.bank.account import as_ours, own_account
from kontorist.reading.bank.statement import NOTIFICATION, REPORT, STATEMENT, Balance, Entry, Statement, counted

__all__ = ["NOTIFICATION", "REPORT", "STATEMENT", "Balance", "Entry", "Statement", "as_ours", "own_account", "read_statements"]

MAX_BYTES = 20 * 1024 * 1024


def read_statements(name: str, data: bytes) -> list[Statement]:
    """The statements in a file; what they are is seen by their content. Raises NotReadable with a sentence for people."""
    if len(data) > MAX_BYTES:
        raise NotReadable(f"'{name}' is larger than {MAX_BYTES // 2**20} MB, so it was not read.")
    from kontorist.reading.parts import kind_of

    try:
        return counted(_read(kind_of(name, "", data), data))
    except NotReadable as error:
        raise NotReadable(f"'{name}': {error}") from error
    except (ArithmeticError, csv.Error, ValueError) as error:  # one ugly file must not stop the others
        raise NotReadable(f"'{name}': The file is so badly built that it cannot be read ({type(error).__name__}).") from error


def _read(kind: str, data: bytes) -> list[Statement]:
    if kind == "xml":
        from kontorist.reading.bank.camt import read_camt
        from kontorist.reading.xml import parse_xml

        return read_camt(parse_xml(data))
    if kind != "text":
        raise NotReadable("The file is no bank statement: neither camt (XML) nor MT940 nor CSV.")
    from kontorist.reading.bank.mt940 import looks_like_mt940, read_mt940
    from kontorist.reading.bank.table import read_table
    from kontorist.reading.parts import decoded

    text = decoded(data, dos=True)
    return read_mt940(text) if looks_like_mt940(text) else [read_table(text)]

"""What an admin can write about an ERP's files in connections.yaml and in a flow's trigger."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from connectors.base import Config

Type = Literal["text", "integer", "decimal", "date", "boolean"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ColumnOptions(_Strict):
    """One column: where it comes from and, if it should not be detected, its type."""

    from_: str = Field(alias="from", description="The heading in the file.")
    type: Type | None = Field(None, description="text, integer, decimal, date or boolean; detected when not given.")


class RelationOptions(_Strict):
    """How rows of another table belong to a row of this one."""

    table: str = Field(description="The other table.")
    on: dict[str, str] = Field(min_length=1, description="Their column → ours: {order_number: number}.")
    many: bool = Field(False, description="A list of rows; else the one row, or nothing.")


class TableOptions(_Strict):
    """One table: a CSV file that the ERP exports."""

    file: str = Field(description="File name in the folder; with * or ? the newest file that fits is read.")
    key: str | None = Field(None, description="The column that identifies a row.")
    columns: dict[str, str | ColumnOptions] = Field(
        default_factory=dict,
        description="Our name → their heading. Without it every heading becomes a name: 'Kunden Nr' → kunden_nr.",
    )
    relations: dict[str, RelationOptions] = Field(
        default_factory=dict, description="Rows of other tables that a look-up brings along: `order.lines`, `order.customer`."
    )
    encoding: str = Field("auto", description="auto, or a name such as utf-8 or cp1252.")
    delimiter: str = Field("auto", description="auto, or one character.")
    decimal: Literal["auto", ",", "."] = Field("auto", description="auto, or the sign before the decimals.")


class ImportColumn(_Strict):
    """One column of an import file with its type."""

    to: str = Field(description="The heading the ERP expects.")
    type: Type | None = Field(
        None, description="How texts are meant: decimals become 1234,50, dates 31.12.2026; default: as they come."
    )


class ImportTable(_Strict):
    """The form of one kind of import file."""

    columns: dict[str, str | ImportColumn] = Field(description="Our name → the heading the ERP expects, in this order.")
    delimiter: str = Field(";", min_length=1, max_length=1, description="The character between two cells.")
    encoding: str = Field("utf-8-sig", description="utf-8-sig, utf-8 or cp1252.")


class SftpOptions(_Strict):
    """A server that the exports are fetched from; its key is verified."""

    host: str = Field(description="The server.")
    port: int = Field(22, ge=1, le=65535, description="Its port.")
    user: str = Field(description="Who signs in.")
    password: str = Field("", description="The password, as ${NAME}; or a key.")
    key: str = Field("", description="The file of a private key without passphrase.")
    host_key: str = Field(description="The server's public key, as `ssh-keyscan` prints it: ssh-ed25519 AAAA…")
    folder: str = Field(".", description="The folder of the exports on the server.")
    every: float = Field(60, ge=0, description="Seconds between two looks.")


class ErpConfig(Config):
    """An ERP system that exports its tables as CSV files into a folder and imports files from another."""

    folder: str = Field(
        description="Where the ERP puts its exports; relative to the office folder. With `sftp` the folder of their copies."
    )
    sftp: SftpOptions | None = Field(None, description="A server that the exports are fetched from.")
    tables: dict[str, TableOptions] = Field(default_factory=dict, description="The tables that flows can look up.")
    import_folder: str | None = Field(None, description="Where the ERP picks up import files; `data:` is the data folder.")
    import_tables: dict[str, ImportTable] = Field(default_factory=dict, description="The kinds of import file it takes.")


class RowsOptions(_Strict):
    """The trigger `rows`: each new or changed row of a table becomes a case."""

    table: str = Field(description="The table to watch.")
    where: dict[str, Any] = Field(default_factory=dict, description="Only rows with these values.")
    key: str | list[str] | None = Field(None, description="Columns that identify a row, for its title; default: the table's key.")

"""The small frozen shapes that reading a file takes and gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ColumnType(StrEnum):
    """The types a stored column may have. A datetime is always wall-clock time at Beijing (UTC+8)."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """What a data item declares of its column; `type` None leaves the type to the values."""

    name: str
    type: ColumnType | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A stored column. `inferred_reason` is a reason code saying why it has its type."""

    name: str
    type: ColumnType
    inferred_reason: str


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a delimited text file is written; `line_end` is the commonest one, reading accepts them all."""

    delimiter: str
    quote: str
    line_end: str


@dataclass(frozen=True, slots=True)
class FileKind:
    """What a file is by its content.

    `kind` is csv, tsv, xlsx, json, jsonl, xls, parquet, zip, gzip, pdf, html, xml, image or binary;
    `encoding` and `dialect` are given for csv and tsv only.
    """

    kind: str
    encoding: str | None = None
    dialect: Dialect | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth telling the steward about a file that was read: a reason code and its parameters."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Intake:
    """The account of a file that was read; always `rows_read == rows_loaded + rows_refused`."""

    rows_read: int
    rows_loaded: int
    rows_refused: int
    columns: tuple[Column, ...]
    encoding: str | None
    dialect: Dialect | None
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row was refused: the column (None: the whole row), the offending value and a reason code."""

    column: str | None
    code: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is kept apart: its first line in the file (from 1), its raw text, and its faults."""

    line: int
    raw: str
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows in file order, each with its line number and raw text; `bad` are those put aside.

    `cells` are the cells of all good rows one behind the other, `width` to a row: column k is
    cells[k::width].
    """

    width: int
    lines: list[int] = field(default_factory=list)
    raws: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines)

"""The small frozen shapes that reading a file takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from policies.later import Later

if TYPE_CHECKING:
    import pyarrow as pa
else:
    # The web processes use these shapes and no arrays.
    pa = Later("pyarrow")


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

    `kind` is csv, tsv, xlsx, xls, ods, json, jsonl, parquet or shapefile for tables; others, which cannot be read,
    are named too: zip, gzip, rar, doc, pdf, html, xml, image and so on. `encoding` is given for text, `dialect`
    for csv and tsv only.
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
class Layout:
    """Where the table lies in a file, and how it is read; rows are counted from 1, as the file counts them.

    `heading` gives the first and the last row of the heading, joined with "/" where it has several levels.
    `first` and `last` are the first and the last row of data (None: the row behind the heading, the last row).
    `set_aside`: total rows and notes below or between the data are no data. `fill_merged`: a merged cell counts
    for every cell it covers. `nested` says how JSON objects in records are read: "text" keeps them as JSON,
    "columns" gives each of their members a column of its own. `conversions` maps a column to the code of an
    `Offer` that the steward has accepted.
    """

    sheet: str | None = None
    heading: tuple[int, int] = (1, 1)
    first: int | None = None
    last: int | None = None
    set_aside: bool = False
    fill_merged: bool = True
    nested: str = "text"
    conversions: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The layout as a row keeps it."""
        return {**asdict(self), "heading": list(self.heading), "conversions": dict(self.conversions)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Layout:
        """A layout that was kept, or a part of one: the rest is as by default, and what is no part of it is left."""
        top, bottom = kept["heading"]
        own = {one.name: kept[one.name] for one in fields(cls) if one.name in kept}
        return cls(**{**own, "heading": (top, bottom)})


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that is no data (title, unit, total, note): its number, its text, and a reason code saying what it is."""

    line: int
    raw: str
    code: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A conversion that a column invites, done only if the steward accepts it.

    `code` names the rule (percent, thousands, unit, serial-date, roc-date …), behind a colon with what it needs to
    be done again ("unit:万元", "serial-date:1904"); `params` are its particulars, for showing. `rows` says how many
    values it would change, `before` and `after` show it on one of them.
    """

    column: str
    code: str
    params: Mapping[str, Any]
    rows: int
    before: str
    after: str

    @property
    def kind(self) -> str:
        """The rule without what it needs; its sentence is the reason "file.offer-" + kind."""
        return self.code.partition(":")[0]


@dataclass(frozen=True, slots=True)
class SheetGlance:
    """A sheet at first sight: name, whether a reader of the workbook sees it, and how many rows it has."""

    name: str
    visible: bool
    rows: int


@dataclass(frozen=True, slots=True)
class GlanceRow:
    """One of the first rows: its number, its cells as text, and its role: title, unit, heading, data, total, note.

    `merges` are the merged ranges that begin in it: (first column from 0, last row from 1, last column).
    """

    number: int
    cells: tuple[str, ...]
    role: str
    merges: tuple[tuple[int, int, int], ...] = ()


SHOWN_COLUMNS, SHOWN_CHARACTERS = 200, 200
"""How much of a row is kept to be shown and to be known again."""


@dataclass(frozen=True, slots=True)
class Glance:
    """A file at first sight, before anything of it is believed.

    `plain`: the table begins in the first row of the only sheet, so that there is nothing to ask. `heads` are the
    first rows of every sheet as plain text, `properties` what the document says of itself; both are there to be
    searched for markings.
    """

    kind: FileKind
    layout: Layout
    plain: bool
    rows: tuple[GlanceRow, ...]
    sheets: tuple[SheetGlance, ...] = ()
    heads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """What a steward is shown of it, as a row keeps it: rows cut to so many columns and characters."""
        return {
            "kind": self.kind.kind,
            "encoding": self.kind.encoding,
            "layout": self.layout.to_json(),
            "plain": self.plain,
            "rows": [
                [row.number, [cell[:SHOWN_CHARACTERS] for cell in row.cells[:SHOWN_COLUMNS]], row.role, row.merges]
                for row in self.rows
            ],
            "sheets": [asdict(sheet) for sheet in self.sheets],
            "notes": [asdict(note) for note in self.notes],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Glance:
        """A glance that was kept; heads and properties are not."""
        return cls(
            FileKind(kept["kind"], kept["encoding"]),
            Layout.from_json(kept["layout"]),
            kept["plain"],
            tuple(
                GlanceRow(number, tuple(cells), role, tuple((left, bottom, right) for left, bottom, right in merges))
                for number, cells, role, merges in kept["rows"]
            ),
            tuple(SheetGlance(**sheet) for sheet in kept["sheets"]),
            notes=tuple(Note(**note) for note in kept["notes"]),
        )


@dataclass(frozen=True, slots=True)
class Intake:
    """The account of a file that was read; always `rows_read == rows_loaded + rows_refused`.

    `flags` are cells to look at, as (address, reason code).
    """

    rows_read: int
    rows_loaded: int
    rows_refused: int
    columns: tuple[Column, ...]
    encoding: str | None
    dialect: Dialect | None
    notes: tuple[Note, ...]
    layout: Layout = field(default_factory=Layout)
    set_aside: tuple[SetAside, ...] = ()
    flags: tuple[tuple[str, str], ...] = ()
    offers: tuple[Offer, ...] = ()


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


MAX_RAW = 20_000
"""Characters of a refused row that are kept beside its reason; the original file keeps the rest."""


def bad_row(line: int, raw: str, *faults: Fault) -> BadRow:
    """Put a row aside, its text cut to MAX_RAW characters and freed of its line end."""
    return BadRow(line, raw.rstrip("\r\n")[:MAX_RAW], faults)


class Rows(Protocol):
    """Some rows in file order, as columns of text; `bad` are those put aside."""

    @property
    def bad(self) -> list[BadRow]:
        """The rows that are refused as they stand."""
        ...

    def __len__(self) -> int: ...

    def column(self, position: int) -> pa.Array:
        """The cells of a column of the good rows, as text."""
        ...

    def origin(self, row: int) -> tuple[int, str]:
        """The line (from 1) and the raw text of a good row."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows collected one by one, each with its line number and raw text; `bad` are those put aside.

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

    def column(self, position: int) -> pa.Array:
        """The cells of a column of the good rows, as text."""
        return pa.array(self.cells[position :: self.width], pa.string())

    def origin(self, row: int) -> tuple[int, str]:
        """The line (from 1) and the raw text of a good row."""
        return self.lines[row], self.raws[row]

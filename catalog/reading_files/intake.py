"""A file turned into a typed Parquet table and an account of what was read, loaded and refused.

Two walks: the first reads the file once, types the declared columns, keeps the others as text in a staging
table and lets each of them show its forms; the second gives those the type that the whole file has decided.
"""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from catalog.reading_files import containers, conversions, csv_sheets, declaring, forms, headings, kinds
from catalog.reading_files.crews import Crew
from catalog.reading_files.csv_rows import CsvRows
from catalog.reading_files.csv_sheets import CsvSheetRows
from catalog.reading_files.declaring import Declared, Faults, Given
from catalog.reading_files.forms import Form
from catalog.reading_files.inference import Judge
from catalog.reading_files.json_rows import JsonRows
from catalog.reading_files.parquet_rows import ParquetRows
from catalog.reading_files.shapefile_rows import ShapefileRows
from catalog.reading_files.shapes import (
    BadRow,
    Column,
    ColumnSpec,
    ColumnType,
    Dialect,
    FileKind,
    Intake,
    Layout,
    Note,
    Offer,
    Rows,
    SetAside,
    bad_row,
)
from catalog.reading_files.storing import RefusedRows, Stage, TableWriter, from_stage
from catalog.reading_files.workbook_process import KINDS
from catalog.reading_files.workbook_rows import WorkbookRows
from policies.refusals import Invalid

Reader = Judge | Declared | Given
"""How one column is read: by its values, by its data item, or as the file itself types it."""


class RowSource(Protocol):
    """An open file that gives its heading row and then its rows in batches.

    `quoted` names the columns that the file itself calls text. `notes`, the rows that are no data and the cells to
    look at (address, reason code) are complete when the last row is read.
    """

    heading: Sequence[str]
    blank: int
    workbook: bool
    digits_lost: int
    quoted: Collection[str]

    @property
    def notes(self) -> Sequence[Note]:
        """What is worth telling of the file besides."""
        ...

    @property
    def set_aside(self) -> Sequence[SetAside]:
        """The rows that are no data."""
        ...

    @property
    def flags(self) -> Sequence[tuple[str, str]]:
        """The cells to look at."""
        ...

    def batches(self) -> Iterator[Rows]:
        """The rows behind the heading."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


@dataclass(frozen=True, slots=True)
class _Staged:
    """What the first walk found: each column with the form it is still to be read by (None: it is done)."""

    read: int
    loaded: int
    refused: int
    columns: tuple[tuple[Column, Form | None], ...]
    offers: tuple[Offer, ...]
    notes: tuple[Note, ...]


def read_table(
    path: Path,
    filename: str,
    *,
    items: Sequence[ColumnSpec] | None,
    out: Path,
    refusals: Path,
    layout: Layout | None = None,
) -> Intake:
    """Read a table of any kind into the Parquet file `out`, refused rows into `refusals` as JSON lines.

    A gzip, or a zip with one file in it, is unpacked beside `out` first.

    Items declare types by heading; other columns, and items without a type, are typed by their values. A
    row of the wrong width, or with a value that its declared type or an accepted conversion of `layout` does not
    take, is refused with line, text and reasons; for an inferred type nothing is refused. Raises Invalid for a
    file that is no such table; then neither file is left.
    """
    with containers.unwrapped(path, filename, out.parent) as (inner, name):
        return _read(inner, name, items, out, refusals, layout)


def _read(
    path: Path, filename: str, items: Sequence[ColumnSpec] | None, out: Path, refusals: Path, layout: Layout | None
) -> Intake:
    kind = kinds.inspect(path, filename)
    stage = out.with_name(out.name + ".stage")
    done = out.with_name(out.name + ".typed")
    with _swept(stage, done, refusals), closing(_open(path, kind, filename, layout, out.parent)) as source:
        names = headings.check(source.heading)
        specs = headings.declared(names, items)
        staged = _walk(source, specs, layout.conversions if layout else {}, stage, refusals)
        _settle(stage, done, staged.columns)
        with done.open("rb") as file:
            os.fsync(file.fileno())
        done.replace(out)
        notes = (*filter(None, [kinds.misnamed(filename, kind)]), *_notes(source, staged, specs, items))
    columns = tuple(column for column, _ in staged.columns)
    return Intake(
        staged.read,
        staged.loaded,
        staged.refused,
        columns,
        kind.encoding,
        kind.dialect,
        notes,
        layout or Layout(),
        tuple(source.set_aside),
        tuple(source.flags),
        staged.offers,
    )


@contextmanager
def _swept(stage: Path, done: Path, refusals: Path) -> Iterator[None]:
    """No half-made file is left behind, whatever happens."""
    try:
        yield
    except BaseException:
        refusals.unlink(missing_ok=True)
        raise
    finally:
        stage.unlink(missing_ok=True)
        done.unlink(missing_ok=True)


def _open(path: Path, kind: FileKind, filename: str, layout: Layout | None, scratch: Path) -> RowSource:
    if kind.dialect is not None and kind.encoding is not None:
        return _delimited(path, kind.encoding, kind.dialect, layout)
    if kind.kind in KINDS:
        return WorkbookRows(path, kind.kind, layout)
    if kind.kind in {"json", "jsonl"} and kind.encoding is not None:
        return JsonRows(path, kind.encoding, lines=kind.kind == "jsonl", nested=layout.nested if layout else "text")
    if kind.kind == "parquet":
        return ParquetRows(path)
    if kind.kind == "shapefile":
        return ShapefileRows(path, scratch, layout.sheet if layout else None)
    if kind.kind == "html":
        raise Invalid("file.web-page", filename=filename)
    raise Invalid("file.kind-unreadable", filename=filename, kind=kind.kind)


def _delimited(path: Path, encoding: str, dialect: Dialect, layout: Layout | None) -> RowSource:
    """The rows of a delimited file; without a layout, a heading that has gaps is asked whether they matter."""
    if layout is not None and not csv_sheets.begins_at_once(layout):
        return CsvSheetRows(path, encoding, dialect, layout)
    source = CsvRows(path, encoding, dialect)
    if layout is not None or all(name.strip() for name in source.heading):
        return source
    source.close()
    return CsvSheetRows(path, encoding, dialect, Layout(heading=(source.heading_line, source.heading_line)))


def _walk(
    source: RowSource, specs: Sequence[ColumnSpec], accepted: Mapping[str, str], stage: Path, refusals: Path
) -> _Staged:
    for code in accepted.values():
        conversions.parsed(code)
    readers = [_reader(spec, source, accepted) for spec in specs]
    schema = pa.schema([(spec.name, _staged_type(spec, reader)) for spec, reader in zip(specs, readers, strict=True)])
    read = 0
    with Crew() as crew, Stage(stage, schema) as table, RefusedRows(refusals) as refused:
        for batch in crew.ahead(source.batches()):
            read += len(batch) + len(batch.bad)
            columns, bad = _typed(batch, specs, readers, accepted)
            crew.each(_see, readers, columns)
            if columns and len(columns[0]):
                table.write(pa.RecordBatch.from_arrays(columns, schema=schema))
            refused.write(batch.bad + bad)
    if read != table.written + refused.written:
        raise RuntimeError(f"{read} rows read, {table.written} loaded, {refused.written} refused")
    found = tuple(_verdict(reader, spec, accepted) for reader, spec in zip(readers, specs, strict=True))
    made = [
        offer
        for reader, spec in zip(readers, specs, strict=True)
        if spec.name not in accepted
        for offer in reader.offers()
    ]
    return _Staged(read, table.written, refused.written, found, tuple(made), _read_notes(readers, found))


def _see(reader: Reader, column: pa.Array) -> None:
    if isinstance(reader, Judge):
        reader.see(column)


def _reader(spec: ColumnSpec, source: RowSource, accepted: Mapping[str, str]) -> Reader:
    if spec.type is not None:
        return Declared(spec, spec.type)
    if isinstance(source, ParquetRows) and spec.name not in accepted:
        return Given(source.typed[spec.name])
    return Judge(spec.name, workbook=source.workbook, quoted=spec.name in source.quoted)


def _staged_type(spec: ColumnSpec, reader: Reader) -> pa.DataType:
    return forms.ARROW[reader.column.type if isinstance(reader, Given) else spec.type or ColumnType.TEXT]


def _verdict(reader: Reader, spec: ColumnSpec, accepted: Mapping[str, str]) -> tuple[Column, Form | None]:
    if isinstance(reader, Declared):
        return Column(spec.name, spec.type or ColumnType.TEXT, "file.typed-declared"), None
    if isinstance(reader, Given):
        return reader.column, forms.GIVEN
    column, form = reader.verdict()
    done = form is not None and spec.name in accepted
    return (replace(column, inferred_reason="file.typed-converted") if done else column), form


def _typed(
    batch: Rows, specs: Sequence[ColumnSpec], readers: Sequence[Reader], accepted: Mapping[str, str]
) -> tuple[list[pa.Array], list[BadRow]]:
    """The columns of a batch, declared ones typed and others as text; rows with a misfit are taken out."""
    columns: list[pa.Array] = []
    faults: Faults = {}
    for position, (spec, reader) in enumerate(zip(specs, readers, strict=True)):
        raw = declaring.converted(batch.column(position), spec.name, accepted.get(spec.name), faults)
        columns.append(raw if isinstance(reader, Judge) else reader.read(raw, faults))
    if not faults:
        return columns, []
    keep = pa.array([row not in faults for row in range(len(batch))])
    bad = [bad_row(*batch.origin(row), *found) for row, found in faults.items()]
    return [column.filter(keep) for column in columns], bad


def _settle(stage: Path, done: Path, columns: Sequence[tuple[Column, Form | None]]) -> None:
    """The second walk: the staged text becomes what the verdicts say."""
    schema = pa.schema([(column.name, forms.ARROW[column.type]) for column, _ in columns])
    forms_of = [form for _, form in columns]
    with Crew() as crew, TableWriter(done, schema) as table:
        made = (crew.each(_settled, batch.columns, forms_of) for batch in from_stage(stage))
        for arrays in crew.ahead(made):
            table.write(pa.RecordBatch.from_arrays(arrays, schema=schema))


def _settled(values: pa.Array, form: Form | None) -> pa.Array:
    if form is forms.GIVEN:
        return values
    if form is None:
        return forms.text(values) if pa.types.is_string(values.type) else values
    bare = forms.trimmed(values)
    typed = form.read_again(bare)
    if typed.null_count != bare.null_count:
        raise RuntimeError(f"a value without the form {form.name} after all values had it")
    return typed


def _read_notes(readers: Sequence[Reader], columns: Sequence[tuple[Column, Form | None]]) -> tuple[Note, ...]:
    """What was read otherwise than it stands in the file: words for "no value", full-width digits, long fractions."""
    typed = [reader for reader, (column, _) in zip(readers, columns, strict=True) if column.type is not ColumnType.TEXT]
    notes = [note for reader in readers if isinstance(reader, Declared) for note in reader.notes()]
    if cells := sum(reader.tokens for reader in typed):
        notes.append(Note("file.note-tokens-null", {"cells": cells}))
    if cells := sum(reader.wide for reader in typed):
        notes.append(Note("file.note-full-width", {"cells": cells}))
    return tuple(notes)


def _notes(
    source: RowSource, staged: _Staged, specs: Sequence[ColumnSpec], items: Sequence[ColumnSpec] | None
) -> tuple[Note, ...]:
    notes = [*staged.notes, *source.notes]
    if staged.read == 0:
        notes.append(Note("file.note-no-rows"))
    if source.blank:
        notes.append(Note("file.note-blank-rows", {"rows": source.blank}))
    if source.digits_lost:
        notes.append(Note("file.note-digits-lost", {"cells": source.digits_lost}))
    known = {item.name.strip() for item in items or ()}
    surplus = [spec.name for spec in specs if spec.name not in known]
    if items is not None and surplus:
        notes.append(Note("file.note-columns-undeclared", {"names": surplus}))
    if positions := headings.unnamed(source.heading):
        notes.append(Note("file.note-columns-named", {"positions": positions[:20]}))
    return tuple(notes)

"""The rows of a Parquet file of any origin, read by a child process that may be killed at any time.

The file gives its columns their types, and they keep them: its text stays text, whatever it looks like. Names of
columns and numbers of rows are as in the file, rows counted from 1.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from catalog.reading_files import parquet_child
from catalog.reading_files.limited import LimitedProcess
from catalog.reading_files.shapes import BadRow, Column, ColumnType, Note, SetAside

BY_FILE = "file.typed-by-file"
MEMORY = 2 << 30
SECONDS = 900


class ArrowRows:
    """Rows as typed columns; `first` is the number of the first of them."""

    def __init__(self, batch: pa.RecordBatch, names: Sequence[str], first: int) -> None:
        self._batch, self._names, self._first = batch, names, first
        self.bad: list[BadRow] = []

    def __len__(self) -> int:
        return int(self._batch.num_rows)

    def column(self, position: int) -> pa.Array:
        """The values of a column."""
        return self._batch.column(position)

    def origin(self, row: int) -> tuple[int, str]:
        """The number of a row, and its values as JSON."""
        values = [column[row].as_py() for column in self._batch.columns]
        said = dict(zip(self._names, values, strict=True))
        return self._first + row, json.dumps(said, ensure_ascii=False, default=str)


class ParquetRows:
    """An open Parquet file: `heading` and `typed` first, then `batches()` once."""

    def __init__(self, path: Path, *, memory: int = MEMORY, seconds: int = SECONDS) -> None:
        self.blank, self.workbook, self.digits_lost = 0, False, 0
        self.quoted: Collection[str] = ()
        self.set_aside: Sequence[SetAside] = ()
        self.flags: Sequence[tuple[str, str]] = ()
        self._emptied = 0
        program = [parquet_child.__file__, str(path.resolve()), str(memory), str(seconds)]
        self._process = LimitedProcess(program, seconds=seconds)
        try:
            self._rows, columns = self._columns()
        except BaseException:
            self.close()
            raise
        self.heading: Sequence[str] = [column.name for column in columns]
        self.typed: Mapping[str, Column] = {column.name: column for column in columns}

    def close(self) -> None:
        """Stop the child, if it still runs."""
        self._process.close()

    @property
    def notes(self) -> Sequence[Note]:
        """What is worth telling once all rows are read."""
        return [Note("file.note-not-finite", {"cells": self._emptied})] if self._emptied else []

    def batches(self) -> Iterator[ArrowRows]:
        """All rows; a child that stops short of the number of rows it promised is a refusal of the file."""
        seen = 0
        try:
            with pa.ipc.open_stream(self._process.output) as stream:
                for batch in stream:
                    yield ArrowRows(self._finite(batch), self.heading, seen + 1)
                    seen += batch.num_rows
        except (pa.ArrowInvalid, OSError) as error:
            raise self._process.death("parquet") from error
        if seen != self._rows:
            raise self._process.death("parquet")

    def _columns(self) -> tuple[int, list[Column]]:
        try:
            said = json.loads(self._process.output.readline())
        except ValueError as error:
            raise self._process.death("parquet") from error
        columns = [
            Column(name.strip(), ColumnType(type_), "file.typed-zoned" if zoned and type_ == "datetime" else BY_FILE)
            for name, type_, zoned in said["columns"]
        ]
        return said["rows"], columns

    def _finite(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """NaN and infinity as null, counted."""
        columns = []
        for column in batch.columns:
            if pa.types.is_floating(column.type):
                finite = pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
                self._emptied += finite.null_count - column.null_count
                columns.append(finite)
            else:
                columns.append(column)
        return pa.RecordBatch.from_arrays(columns, schema=batch.schema)

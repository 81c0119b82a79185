"""Parquet files, rows between two walks, and refused rows, written batch by batch."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.reading_files.shapes import BadRow

GROUP_ROWS = 1 << 17
GROUP_BYTES = 32 << 20
STAGE_BYTES = 2 << 20
ENCODE = json.JSONEncoder(ensure_ascii=False).encode


class TableWriter:
    """A Parquet file written in row groups of up to 131,072 rows or 32 MiB, so that memory stays bounded."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._waiting: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0
        self.written = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows; they reach the file when a row group is full, or at the end."""
        self._waiting.append(batch)
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        if self._rows >= GROUP_ROWS or self._bytes >= GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            table = pa.Table.from_batches(self._waiting, self._schema)
            self._writer.write_table(table, row_group_size=max(1, self._rows))
            self.written += self._rows
        self._waiting, self._rows, self._bytes = [], 0, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._flush()
        self._writer.close()


class Stage:
    """Rows on their way, in Arrow's own format: written and read again far faster than Parquet."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._file = pa.OSFile(str(path), "wb")
        options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
        self._writer = pa.ipc.new_stream(self._file, schema, options=options)
        self._waiting: list[pa.RecordBatch] = []
        self._bytes = 0
        self.written = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows; small batches are put together."""
        self._waiting.append(batch)
        self._bytes += batch.nbytes
        self.written += batch.num_rows
        if self._bytes >= STAGE_BYTES:
            self._flush()

    def _flush(self) -> None:
        whole = pa.concat_batches(self._waiting) if len(self._waiting) > 1 else None
        for batch in [whole] if whole else self._waiting:
            self._writer.write_batch(batch)
        self._waiting, self._bytes = [], 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._flush()
            self._writer.close()
        finally:
            self._file.close()


def from_stage(path: Path) -> Iterator[pa.RecordBatch]:
    """The batches of a stage, one after the other."""
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as batches:
        yield from batches


class RefusedRows:
    """Refused rows as JSON lines: {"line", "raw", "faults": [{"column", "code", "value"}]}, in file order."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")
        self.written = 0

    def write(self, rows: list[BadRow]) -> None:
        """Add the refused rows of a batch."""
        for row in sorted(rows, key=lambda row: row.line):
            faults = [{"column": one.column, "code": one.code, "value": one.value} for one in row.faults]
            self._file.write(ENCODE({"line": row.line, "raw": row.raw, "faults": faults}) + "\n")
        self.written += len(rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

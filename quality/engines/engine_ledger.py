"""The ledger of a run: one line for every row which breaks a rule, as Parquet.

Columns `row` (from 1, in order of the file) and `rule_id`; ordered by rule as the suite gives them, then by row.
Written as a stream, so that its size is bounded by the disk alone, and under another name until it is whole.
"""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from quality.engines.engine_tables import ROW, Scan

SCHEMA = pa.schema([("row", pa.int64()), ("rule_id", pa.string())])
_BATCH = 122_880


def write(path: Path, scan: Scan, rows: Mapping[str, str]) -> None:
    """Writes the rows of each rule; `rows` holds by rule a SELECT of its row numbers from 0, in any order."""
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with pq.ParquetWriter(unfinished, SCHEMA, compression="zstd") as writer:
            for rule_id, select in rows.items():
                for batch in scan.stream(f"{select} ORDER BY {ROW}", _BATCH):
                    writer.write_batch(_lines(batch, rule_id))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _lines(batch: pa.RecordBatch, rule_id: str) -> pa.RecordBatch:
    numbers = pc.add(batch.column(0).cast(pa.int64()), 1)
    return pa.record_batch([numbers, pa.repeat(pa.scalar(rule_id), len(numbers))], schema=SCHEMA)

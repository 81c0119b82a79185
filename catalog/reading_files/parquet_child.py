"""Reads a Parquet file in a process of its own, limited in memory and time; parquet_rows runs it.

Standard output carries one JSON line, {"columns": [[name, type, zoned], …], "rows": n}, and behind it the rows as
an Arrow stream of text, int64, float64, bool, date32 and timestamp[us]. A refusal is a last line on standard error,
{"refused": reason code, "params": {…}}. This file imports nothing of the project, so that the limits hold for the
file alone.

A type that ours do not hold becomes text, so that no digit is lost: integers beyond 64 bits, decimals beyond
fifteen digits, nanoseconds, times of the day. Lists, structures and maps become JSON.
"""

import base64
import decimal
import json
import math
import resource
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MOST_COLUMNS = 2_000
MOST_ROWS = 200_000_000
MOST_BYTES = 64 << 30
"""Of all values as they are decoded, whatever the file declares."""
AT_ONCE = 16 << 20
"""Bytes of a batch, going by what the file says of its rows and then by what they were."""
CELLS = 2_000_000
BEIJING = 8 * 3600 * 1_000_000
SAFE_DIGITS = 15
DAYS = (-719_162, 2_932_896)
MOMENTS = (-62_135_596_800_000_000, 253_402_300_799_999_999)
"""The years 1 to 9999, from 1970, in days and in microseconds: others no calendar of ours has."""

Convert = Callable[[pa.Array], pa.Array]


class RefusedError(Exception):
    """A reason code and its parameters."""


def limit(memory: int, seconds: int) -> None:
    """Bound address space (bytes) and processor time; write no file and no core."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def as_text(values: pa.Array) -> pa.Array:
    """Any plain values as text."""
    return values.cast(pa.string())


def as_clock(values: pa.Array) -> pa.Array:
    """Times of the day, without noughts behind the seconds."""
    return pc.replace_substring_regex(as_text(values), r"\.0+$", "")


def as_span(values: pa.Array) -> pa.Array:
    """Durations as a count of their unit."""
    return pc.binary_join_element_wise(as_text(values.cast(pa.int64())), values.type.unit, " ")


def as_float(values: pa.Array) -> pa.Array:
    """Decimals as the nearest float."""
    return as_text(values).cast(pa.float64())


def as_day(values: pa.Array) -> pa.Array:
    """Days of the years 1 to 9999; ArrowInvalid for others."""
    return within(values.cast(pa.date32()).cast(pa.int32()), *DAYS).cast(pa.date32())


def as_moment(values: pa.Array) -> pa.Array:
    """Timestamps to the microsecond; those with a zone as Beijing wall-clock time. ArrowInvalid if a digit is lost."""
    local = values.cast(pa.timestamp("us", tz=values.type.tz)).cast(pa.int64())
    if values.type.tz is not None:
        local = pc.add_checked(local, BEIJING)
    return within(local, *MOMENTS).cast(pa.timestamp("us"))


def within(values: pa.Array, first: int, last: int) -> pa.Array:
    """The values, if none of them is outside; else ArrowInvalid."""
    bounds = pc.min_max(values).as_py()
    if bounds["min"] is not None and (bounds["min"] < first or bounds["max"] > last):
        raise pa.ArrowInvalid("outside the years 1 to 9999")
    return values


def as_uuid(values: pa.Array) -> pa.Array:
    """Sixteen bytes as a UUID is written."""
    return pa.array([value and str(uuid.UUID(bytes=value)) for value in values.to_pylist()], pa.string())


def as_json(values: pa.Array) -> pa.Array:
    """Lists, structures and maps as JSON text."""
    written = [
        None if value is None else json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))
        for value in values.to_pylist()
    ]
    return pa.array(written, pa.string())


def plain(value: Any) -> Any:
    """A value inside others as JSON can say it."""
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list):
        pairs = value and all(isinstance(one, tuple) and len(one) == 2 for one in value)
        if pairs and len({str(name) for name, _ in value}) == len(value):
            return {str(name): plain(one) for name, one in value}
        return [plain(one) for one in value]
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)


def simple(type_: pa.DataType) -> tuple[str, Convert] | None:
    """Our type for one of the file's, where it does not depend on the values."""
    kinds = pa.types
    if kinds.is_boolean(type_):
        return "boolean", lambda values: values
    if kinds.is_integer(type_) and type_ != pa.uint64():
        return "integer", lambda values: values.cast(pa.int64())
    if kinds.is_floating(type_):
        return "decimal", lambda values: values.cast(pa.float64())
    if kinds.is_string(type_) or kinds.is_large_string(type_) or kinds.is_string_view(type_) or kinds.is_null(type_):
        return "text", as_text
    if kinds.is_time(type_):
        return "text", as_clock
    if kinds.is_duration(type_):
        return "text", as_span
    return ("text", as_json) if kinds.is_nested(type_) else None


def by_values(name: str, type_: pa.DataType) -> list[tuple[str, Convert]]:
    """Our types for one of the file's, the first that holds all values being the right one."""
    kinds = pa.types
    if type_ == pa.uint64():
        return [("integer", lambda values: values.cast(pa.int64())), ("text", as_text)]
    if kinds.is_decimal(type_):
        return [("integer" if type_.scale <= 0 else "decimal", exact_decimal), ("text", as_text)]
    if kinds.is_date(type_):
        return [("date", as_day), ("text", as_text)]
    if kinds.is_timestamp(type_):
        return [("datetime", as_moment), ("text", as_text)]
    if kinds.is_binary(type_) or kinds.is_large_binary(type_) or kinds.is_binary_view(type_):
        return [("text", lambda values: values.cast(pa.binary()).cast(pa.string()))]
    raise RefusedError("file.parquet-column", {"column": name[:200], "type": str(type_)[:200]})


def exact_decimal(values: pa.Array) -> pa.Array:
    """Decimals as int64 if they have no fraction, else as float64; ArrowInvalid if that would lose a digit."""
    if values.type.scale <= 0:
        return values.cast(pa.int64())
    if values.type.precision > SAFE_DIGITS:
        most = decimal.Decimal(10) ** (SAFE_DIGITS - values.type.scale)
        large = [value for value in values.to_pylist() if value is not None and abs(value) >= most]
        if large:
            raise pa.ArrowInvalid("more digits than a float holds")
    return as_float(values)


def bare(values: pa.Array) -> pa.Array:
    """Values free of dictionary and extension."""
    if isinstance(values, pa.ExtensionArray):
        values = as_uuid(values.storage) if values.type.extension_name == "arrow.uuid" else values.storage
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return values


def bare_type(type_: pa.DataType) -> pa.DataType:
    """The type that `bare` leaves."""
    if isinstance(type_, pa.BaseExtensionType):
        type_ = pa.string() if type_.extension_name == "arrow.uuid" else type_.storage_type
    return type_.value_type if pa.types.is_dictionary(type_) else type_


def batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """All rows in batches of bounded size, each checked; UTF-8 is not trusted."""
    total = 0
    meta = file.metadata
    for place in range(file.num_row_groups):
        group = meta.row_group(place)
        each = max(1, group.total_byte_size // max(1, group.num_rows))
        fits = max(1, min(AT_ONCE // each, CELLS // max(1, len(file.schema_arrow)), 1 << 16))
        for batch in file.iter_batches(batch_size=fits, row_groups=[place], use_threads=False):
            total += batch.nbytes
            if total > MOST_BYTES:
                raise RefusedError("file.parquet-too-large", {})
            yield batch


def column(batch: pa.RecordBatch, place: int) -> pa.Array:
    """One column of a batch, checked."""
    values = batch.column(place)
    try:
        values.validate(full=True)
    except pa.ArrowInvalid as error:
        raise RefusedError("file.parquet-text", {"column": batch.schema.field(place).name[:200]}) from error
    return bare(values)


def settled(file: pq.ParquetFile) -> list[tuple[str, Convert]]:
    """Type and conversion of each column; those that depend on the values cost a walk through the file."""
    schema = file.schema_arrow
    types = [bare_type(field.type) for field in schema]
    found = [simple(type_) for type_ in types]
    choices = {
        place: by_values(schema.field(place).name, types[place]) for place, one in enumerate(found) if one is None
    }
    open_ = {place: list(ways) for place, ways in choices.items() if len(ways) > 1 or pa.types.is_binary(types[place])}
    for batch in batches(file) if open_ else ():
        for place, ways in list(open_.items()):
            while ways and not holds(ways[0][1], column(batch, place)):
                ways.pop(0)
            if not ways:
                name = schema.field(place).name[:200]
                raise RefusedError("file.parquet-column", {"column": name, "type": str(types[place])[:200]})
    return [one or open_.get(place, choices.get(place, []))[0] for place, one in enumerate(found)]


def holds(convert: Convert, values: pa.Array) -> bool:
    """Whether a conversion takes all values."""
    try:
        convert(values)
    except (pa.ArrowInvalid, OverflowError):
        return False
    return True


def read(path: str) -> None:
    """Say the columns, then send the rows."""
    file = pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20)
    schema, meta = file.schema_arrow, file.metadata
    if len(schema) > MOST_COLUMNS:
        raise RefusedError("file.too-many-columns", {"columns": len(schema), "limit": MOST_COLUMNS})
    if meta.num_rows > MOST_ROWS:
        raise RefusedError("file.parquet-too-large", {})
    if doubled := [name for name, count in Counter(schema.names).items() if count > 1]:
        raise RefusedError("file.heading-duplicate", {"names": doubled[:10]})
    ways = settled(file)
    zoned = [getattr(bare_type(field.type), "tz", None) is not None for field in schema]
    said = [[field.name, type_, zone] for field, (type_, _), zone in zip(schema, ways, zoned, strict=True)]
    say({"columns": said, "rows": meta.num_rows})
    arrow = {"text": pa.string(), "integer": pa.int64(), "decimal": pa.float64(), "boolean": pa.bool_()}
    arrow |= {"date": pa.date32(), "datetime": pa.timestamp("us")}
    out = pa.schema([(str(place), arrow[type_]) for place, (type_, _) in enumerate(ways)])
    with pa.ipc.new_stream(sys.stdout.buffer, out) as stream:
        for batch in batches(file):
            arrays = [convert(column(batch, place)) for place, (_, convert) in enumerate(ways)]
            stream.write_batch(pa.RecordBatch.from_arrays(arrays, schema=out))
    sys.stdout.buffer.flush()


def say(value: object) -> None:
    """Write one JSON line."""
    sys.stdout.buffer.write(json.dumps(value).encode() + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    """Arguments: path, memory in bytes, seconds of processor time."""
    path, memory, seconds = sys.argv[1:]
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    limit(int(memory), int(seconds))
    try:
        read(path)
    except RefusedError as error:
        refuse(*error.args)
    except (pa.ArrowException, OSError, ValueError, OverflowError, RecursionError) as error:
        if isinstance(error, MemoryError):
            raise
        encrypted = "encrypt" in str(error).lower() or "decrypt" in str(error).lower()
        refuse("file.archive-encrypted" if encrypted else "file.parquet-broken", {})


def refuse(code: str, params: dict[str, Any]) -> None:
    """Say why the file is not read, and stop."""
    sys.stderr.write("\n" + json.dumps({"refused": code, "params": params}) + "\n")
    sys.exit(1)


if __name__ == "__main__":
    main()

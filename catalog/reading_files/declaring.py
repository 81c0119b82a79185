"""Columns whose type a data item declares, and columns whose steward has accepted a conversion."""

import pyarrow as pa
import pyarrow.compute as pc

from catalog.reading_files import conversions, forms, numerals
from catalog.reading_files.offers import Watch
from catalog.reading_files.shapes import Column, ColumnSpec, ColumnType, Fault, Note, Offer

SHOWN = 200
"""Characters of an unfit value that are kept beside its reason."""

Faults = dict[int, list[Fault]]
"""Row of the batch -> why it is refused."""


class Declared:
    """One declared column: `read` each batch. `tokens`, `wide` and `rounded` count as a Judge counts."""

    def __init__(self, spec: ColumnSpec, type_: ColumnType) -> None:
        self._name, self._type = spec.name, type_
        self._watch = Watch(spec.name, type_)
        self.tokens = self.wide = self.rounded = 0

    def read(self, raw: pa.Array, faults: Faults) -> pa.Array:
        """Typed values; what the type does not take is null, and its row gets a fault."""
        if raw.type == forms.ARROW[self._type] and self._type is not ColumnType.TEXT:
            return raw
        raw = as_text(raw)
        if self._type is ColumnType.TEXT:
            self._watch.see_text(raw)
            return forms.text(raw)
        bare = forms.bared(raw)
        self.tokens += bare.tokens
        self.wide += bare.wide
        column = forms.read_as(bare.values, forms.DECLARED[self._type])
        fits = column.null_count == bare.values.null_count
        if not fits:
            misfits(bare.values, column, self._name, f"file.row-not-{self._type.value}", faults)
        if self._type is ColumnType.DECIMAL:
            self.rounded += numerals.exact_floats(bare.values.filter(pc.is_valid(column))).null_count
        if self._watch.open:
            self._watch.see(bare.values.drop_null(), typed=fits, number=True)
        return column

    def notes(self) -> tuple[Note, ...]:
        """What happened to its values besides."""
        return (Note("file.note-rounded", {"column": self._name, "cells": self.rounded}),) if self.rounded else ()

    def offers(self) -> tuple[Offer, ...]:
        """The conversions that the column invites."""
        return tuple(self._watch.offers())


class Given:
    """One column that the file itself types, as a Parquet file does; it is taken as it stands."""

    tokens = wide = 0

    def __init__(self, column: Column) -> None:
        self.column = column
        self._watch = Watch(column.name, quoted=True) if column.type is ColumnType.TEXT else None

    def read(self, raw: pa.Array, _faults: Faults) -> pa.Array:
        """The values as they are."""
        if self._watch is not None:
            self._watch.see_text(raw)
            if self._watch.open:
                self._watch.see(forms.trimmed(raw).drop_null(), typed=False, number=False)
        return raw

    def notes(self) -> tuple[Note, ...]:
        """Nothing happens to its values."""
        return ()

    def offers(self) -> tuple[Offer, ...]:
        """The conversions that the text invites."""
        return tuple(self._watch.offers()) if self._watch else ()


def as_text(values: pa.Array) -> pa.Array:
    """Values of any of our types as they would stand in a text file, null as the empty cell."""
    text = values if pa.types.is_string(values.type) else values.cast(pa.string())
    return pc.fill_null(text, "") if text.null_count else text


def converted(raw: pa.Array, name: str, code: str | None, faults: Faults) -> pa.Array:
    """The column as an accepted conversion reads it; a value that it does not take gives its row a fault."""
    if code is None:
        return raw
    raw = as_text(raw)
    column = conversions.convert(raw, code)
    if column.null_count > raw.null_count:
        misfits(forms.trimmed(raw), column, name, "file.row-unconverted", faults)
    return pc.fill_null(column, "")


def misfits(values: pa.Array, column: pa.Array, name: str, code: str, faults: Faults) -> None:
    """Note a fault for each row that has a value, but lost it on the way into the column."""
    lost = pc.and_(pc.is_valid(values), pc.is_null(column))
    for row in pc.indices_nonzero(lost).to_pylist():
        faults.setdefault(row, []).append(Fault(name, code, values[row].as_py()[:SHOWN]))

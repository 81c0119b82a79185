"""Columns whose type a data item declares, and columns whose steward has accepted a conversion."""

import pyarrow as pa
import pyarrow.compute as pc

from catalog.reading_files import conversions, forms, numerals
from catalog.reading_files.offers import Watch
from catalog.reading_files.shapes import ColumnSpec, ColumnType, Fault, Note, Offer

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


def converted(raw: pa.Array, name: str, code: str | None, faults: Faults) -> pa.Array:
    """The column as an accepted conversion reads it; a value that it does not take gives its row a fault."""
    if code is None:
        return raw
    column = conversions.convert(raw, code)
    if column.null_count > raw.null_count:
        misfits(forms.trimmed(raw), column, name, "file.row-unconverted", faults)
    return pc.fill_null(column, "")


def misfits(values: pa.Array, column: pa.Array, name: str, code: str, faults: Faults) -> None:
    """Note a fault for each row that has a value, but lost it on the way into the column."""
    lost = pc.and_(pc.is_valid(values), pc.is_null(column))
    for row in pc.indices_nonzero(lost).to_pylist():
        faults.setdefault(row, []).append(Fault(name, code, values[row].as_py()[:SHOWN]))

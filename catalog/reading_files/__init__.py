"""Safe readers: a file of unknown origin becomes a typed Parquet table; each refused row keeps its reason."""

from catalog.reading_files.intake import read_table
from catalog.reading_files.kinds import inspect
from catalog.reading_files.shapes import Column, ColumnSpec, ColumnType, Dialect, FileKind, Intake, Note

__all__ = [
    "Column",
    "ColumnSpec",
    "ColumnType",
    "Dialect",
    "FileKind",
    "Intake",
    "Note",
    "inspect",
    "read_table",
]

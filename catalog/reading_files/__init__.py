"""Safe readers: a file of unknown origin becomes a typed Parquet table; each refused row keeps its reason."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from catalog.reading_files.shapes import Column, ColumnSpec, ColumnType, Dialect, FileKind, Intake, Note

if TYPE_CHECKING:
    from catalog.reading_files.intake import read_table
    from catalog.reading_files.kinds import inspect

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
READERS = {"read_table": "intake", "inspect": "kinds"}
"""Who only wants the shapes, as the web processes do, loads no parser."""


def __getattr__(name: str) -> Any:
    if name not in READERS:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{READERS[name]}"), name)

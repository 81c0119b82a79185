"""A layout that was settled for an entry, held against the next file."""

import hashlib
from dataclasses import replace

from catalog.reading_files import heading_rows, layouts
from catalog.reading_files.heading_rows import GridRow
from catalog.reading_files.shapes import SHOWN_CHARACTERS, SHOWN_COLUMNS, Glance, Layout


def fingerprint(layout: Layout, glance: Glance) -> str:
    """The headings that the layout finds in the file, as a digest to be kept with it; "" if it finds none."""
    top, bottom = layout.heading
    rows = [
        GridRow(row.number, [cell[:SHOWN_CHARACTERS] for cell in row.cells[:SHOWN_COLUMNS]], row.merges)
        for row in glance.rows
        if top <= row.number <= bottom
    ]
    names = heading_rows.joined(rows, max((len(row.cells) for row in rows), default=0))
    return hashlib.sha256("\n".join(names).encode()).hexdigest() if any(names) else ""


def refit(layout: Layout, headings: str, glance: Glance) -> Layout | None:
    """The remembered layout as it fits this file; None if it has to be asked about again.

    `headings` is the fingerprint that was kept; the glance has to be one of the layout's sheet. The same headings
    some rows higher or lower take the layout along; a sheet that is not there, or other headings, do not fit.
    """
    if layout.sheet is not None and layout.sheet not in {sheet.name for sheet in glance.sheets}:
        return None
    if layout.heading == layouts.NO_HEADING:
        return layout if glance.layout.heading == layouts.NO_HEADING else None
    if headings and fingerprint(layout, glance) == headings:
        return layout
    moved = glance.layout.heading[0] - layout.heading[0]
    top, bottom = layout.heading
    first = layout.first + moved if layout.first else None
    shifted = replace(layout, heading=(top + moved, bottom + moved), first=first)
    same = bool(headings) and layout.last is None and fingerprint(shifted, glance) == headings
    return shifted if same else None


def fits(layout: Layout, headings: str, glance: Glance) -> bool:
    """Whether the remembered layout can be used for this file without asking."""
    return refit(layout, headings, glance) is not None

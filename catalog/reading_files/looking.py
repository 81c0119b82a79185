"""Looking at a file before it is read: what it shows, what was said of it, and whether somebody has to be asked."""

from dataclasses import dataclass, replace
from pathlib import Path

from catalog.reading_files import containers, glances, remembered
from catalog.reading_files.shapes import Glance, Layout


@dataclass(frozen=True, slots=True)
class How:
    """What is known before a file is looked at: what was said of it, or what was settled for files like it.

    `layout` is what the steward has said of this file; `kept` with `headings` what was settled before. `sheet` is the
    one to look at. With `ask`, a table that is not plain to see is asked about; else what the file shows is believed.
    """

    ask: bool = False
    sheet: str | None = None
    layout: Layout | None = None
    kept: Layout | None = None
    headings: str = ""


def look(path: Path, filename: str, how: How) -> tuple[Glance, Layout | None]:
    """A file at first sight, and the layout to read it by; none where the steward has to be asked."""
    sheet = how.sheet or (how.kept.sheet if how.kept else None)
    glance = glances.glance(path, filename, sheet)
    if how.layout is not None:
        return glance, how.layout
    if how.kept is not None and (fitting := remembered.refit(how.kept, how.headings, glance)) is not None:
        return glance, fitting
    return glance, glance.layout if glance.plain or not how.ask else None


def first_sight(scratch: Path, path: Path, filename: str) -> Glance:
    """A file at first sight, out of its container if it is in one; then its name in there is one of its properties."""
    with containers.unwrapped(path, filename, scratch) as (inner, name):
        glance = glances.glance(inner, name)
        within = {} if name == filename else {"name": name.rpartition(".")[0] or name}
        return replace(glance, properties={**glance.properties, **within})

"""What calamine does not tell of an XLSX workbook: formulas without a value, error cells, document properties."""

import posixpath
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

from catalog.reading_workbooks.cells import ERROR, FORMULA_EMPTY, Flags
from catalog.reading_workbooks.xml_parts import PIECE, Walk, check_prologs, local, texts

WORKBOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
PROPERTIES = ("docProps/core.xml", "docProps/app.xml", "docProps/custom.xml")
WORTH_A_WALK = (b"<f>", b"<f ", b"<f/", b":f>", b":f ", b":f/", b't="e"', b"t='e'")
"""Signs of a formula or an error in the XML of a sheet; each of them is searched for at the speed of memory."""
LONGEST_SIGN = 8


def check(path: Path) -> dict[str, str]:
    """Refuse entity declarations and doubled parts; give the part of each sheet by the sheet's name."""
    with ZipFile(path) as archive:
        check_prologs(archive)
        names = set(archive.namelist())
        if not names >= {WORKBOOK, RELATIONS}:
            return {}
        sheets, targets = {}, {}

        def sheet(tag: str, attributes: Mapping[str, str]) -> None:
            if tag == "sheet":
                here = {local(key): value for key, value in attributes.items()}
                sheets[here.get("name", "")] = here.get("id", "")

        def target(tag: str, attributes: Mapping[str, str]) -> None:
            if tag == "Relationship":
                whole = posixpath.join("/xl", attributes.get("Target", ""))
                targets[attributes.get("Id", "")] = posixpath.normpath(whole)

        Walk(start=sheet).through(archive, WORKBOOK)
        Walk(start=target).through(archive, RELATIONS)
    parts = {name: targets.get(id_, "").lstrip("/") for name, id_ in sheets.items()}
    return {name: part for name, part in parts.items() if part in names}


def properties(path: Path) -> dict[str, str]:
    """Core, application and custom properties by their names."""
    with ZipFile(path) as archive:
        names = set(archive.namelist())
        found: dict[str, str] = {}
        for part in PROPERTIES:
            if part in names:
                found |= texts(archive, part, "name")
    return found


def flags(path: Path, parts: Mapping[str, str], name: str, first: int) -> Flags:
    """Formulas without a value and error cells from row `first` on; only a sheet that has any is walked through."""
    if name not in parts:
        return Flags()
    with ZipFile(path) as archive:
        if not _worth_a_walk(archive, parts[name]):
            return Flags()
        walk = _CellWalk(first)
        Walk(walk.start, walk.end, walk.text).through(archive, parts[name])
    return walk.flags


def _worth_a_walk(archive: ZipFile, part: str) -> bool:
    kept = b""
    with archive.open(part) as stream:
        while piece := stream.read(PIECE):
            joined = kept + piece
            if any(sign in joined for sign in WORTH_A_WALK):
                return True
            kept = piece[-LONGEST_SIGN:]
    return False


class _CellWalk:
    """The cells of a sheet as expat meets them: whether each has a formula, a value, an error."""

    def __init__(self, first: int) -> None:
        self.flags = Flags()
        self._first = first
        self._address = self._type = ""
        self._row = 0
        self._formula = self._valued = self._inside = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """A row gives its number, a cell its address and type."""
        if tag == "c":
            self._address, self._type = attributes.get("r", "?"), attributes.get("t", "n")
            self._formula = self._valued = False
        elif tag == "row":
            self._row = int(attributes["r"]) if attributes.get("r", "").isdecimal() else self._row + 1
        elif tag == "f":
            self._formula = True
        elif tag in {"v", "t"}:
            self._inside = True

    def text(self, data: str) -> None:
        """Any text in a value makes the cell valued."""
        if self._inside and data:
            self._valued = True

    def end(self, tag: str) -> None:
        """The cell is judged when all of it was seen."""
        if tag in {"v", "t"}:
            self._inside = False
        elif tag == "c" and self._row >= self._first:
            if self._type == "e":
                self.flags.add(ERROR, self._address)
            elif self._formula and not self._valued and self._type != "str":
                self.flags.add(FORMULA_EMPTY, self._address)

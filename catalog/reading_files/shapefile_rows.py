"""The rows of a shapefile in a zip: its attributes and its geometry as GeoJSON text, read by a limited child.

Coordinates stay as they are in the file, and so does their order; what its .prj says is noted. The parts are
unpacked under names of our own into a folder that goes when reading ends.
"""

import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo

from catalog.reading_files import archives
from catalog.reading_files.csv_rows import BATCH_CHARACTERS, batch_size
from catalog.reading_files.limited import LimitedProcess
from catalog.reading_files.shapes import Batch, Fault, Note, SetAside, bad_row
from policies.refusals import Invalid

CHILD = str(Path(__file__).with_name("shapefile_child.py"))
"""It is never imported: its library is loaded in the child alone."""

MEMORY = 1536 << 20
SECONDS = 300
PARTS = (".shp", ".dbf", ".shx", ".prj", ".cpg")
NEEDED = (".shp", ".dbf")
GEOMETRY = "geometry"


class ShapefileRows:
    """An open shapefile: `heading` first, then `batches()` once; numbers are records from 1.

    `layer` chooses one of several sets in the zip by its name.
    """

    def __init__(
        self, path: Path, scratch: Path, layer: str | None = None, *, memory: int = MEMORY, seconds: int = SECONDS
    ) -> None:
        self.blank, self.workbook, self.digits_lost = 0, False, 0
        self.set_aside: Sequence[SetAside] = ()
        self.flags: Sequence[tuple[str, str]] = ()
        self._notes: list[Note] = []
        self._folder = Path(tempfile.mkdtemp(prefix="shapes-", dir=scratch))
        self._process: LimitedProcess | None = None
        try:
            self._unpack(path, layer)
            program = [CHILD, str(self._folder.resolve()), str(memory), str(seconds)]
            self._process = LimitedProcess(program, seconds=seconds)
            self._messages = self._receive(self._process)
            head = next(self._messages)
        except BaseException:
            self.close()
            raise
        geometry = GEOMETRY if GEOMETRY not in head["columns"] else f"feature/{GEOMETRY}"
        self.heading: Sequence[str] = [*head["columns"], geometry]
        self.quoted: Collection[str] = {name.strip() for name in head["quoted"]} | {geometry}
        self.encoding: str = head["encoding"]

    def close(self) -> None:
        """Stop the child, if it still runs, and take the parts away."""
        if self._process is not None:
            self._process.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def notes(self) -> Sequence[Note]:
        """What is worth telling once all rows are read."""
        return self._notes

    def batches(self) -> Iterator[Batch]:
        """All records; one whose geometry cannot be read is put aside."""
        width = len(self.heading)
        batch, characters = Batch(width), 0
        for message in self._messages:
            if isinstance(message, dict):
                self._notes += [
                    Note(f"file.note-shapes-{one}", {"rows": rows}) for one, rows in message.items() if rows
                ]
                continue
            number, cells, *fault = message
            raw = json.dumps(cells, ensure_ascii=False)
            characters += len(raw)
            if fault:
                batch.bad.append(bad_row(number, raw, Fault(self.heading[-1], fault[0])))
            else:
                batch.lines.append(number)
                batch.raws.append(raw)
                batch.cells.extend(cell or "" for cell in cells)
            if len(batch) + len(batch.bad) >= batch_size(width) or characters >= BATCH_CHARACTERS:
                yield batch
                batch, characters = Batch(width), 0
        yield batch

    def _receive(self, process: LimitedProcess) -> Iterator[Any]:
        """What the child says; one that stops short of its last word is a refusal of the file."""
        for line in process.output:
            try:
                message = json.loads(line)
            except ValueError:
                break
            yield message
            if isinstance(message, dict) and "deleted" in message:
                return
        raise process.death("shapes")

    def _unpack(self, path: Path, layer: str | None) -> None:
        archives.prescan(path)
        with ZipFile(path) as archive:
            parts = _parts(archive, layer)
            for suffix, entry in parts.items():
                try:
                    with archive.open(entry) as packed, (self._folder / f"table{suffix}").open("wb") as plain:
                        shutil.copyfileobj(packed, plain)
                except (BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
                    raise Invalid("file.archive-broken") from error
        if ".prj" in parts:
            said = (self._folder / "table.prj").read_bytes()[:4000].decode("utf-8", "replace").strip()
            name = said.split('"')[1] if said.count('"') > 1 else said
            self._notes.append(Note("file.note-crs", {"crs": name[:200]}))


def _parts(archive: ZipFile, layer: str | None) -> Mapping[str, ZipInfo]:
    """The parts of the only set in the archive, or of the one that was chosen, by their endings."""
    sets: defaultdict[str, dict[str, ZipInfo]] = defaultdict(dict)
    for entry in archive.infolist():
        name = PurePosixPath(entry.filename.replace("\\", "/"))
        if name.suffix.lower() in PARTS and not name.name.startswith("._") and "__MACOSX" not in name.parts:
            sets[str(name.with_suffix("")).casefold()].setdefault(name.suffix.lower(), entry)
    whole = {stem: parts for stem, parts in sets.items() if ".shp" in parts}
    if layer is not None:
        whole = {stem: parts for stem, parts in whole.items() if PurePosixPath(stem).name == layer.casefold()}
    if len(whole) != 1:
        raise Invalid("file.shapes-several", names=[PurePosixPath(stem).name for stem in whole][:10])
    parts = next(iter(whole.values()))
    if missing := [suffix for suffix in NEEDED if suffix not in parts]:
        raise Invalid("file.shapes-incomplete", parts=missing)
    return parts

"""XML parts of a zip archive, walked piece by piece with expat; a document type declaration is refused."""

from collections.abc import Callable, Mapping
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from catalog.reading_workbooks.cells import WorkbookError

PIECE = 1 << 18
MOST_PROPERTY = 2_000
"""Characters of a document property that are kept."""

Start = Callable[[str, Mapping[str, str]], None]


class Walk:
    """One walk through a part: `start(tag, attributes)`, `end(tag)`, `text(data)`; tags come without prefix.

    `done` may be set to end it; `read` counts bytes.
    """

    def __init__(
        self,
        start: Start | None = None,
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        self.done = False
        self.read = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = refuse_doctype
        if start is not None:
            self._parser.StartElementHandler = lambda tag, attributes: start(local(tag), attributes)
        if end is not None:
            self._parser.EndElementHandler = lambda tag: end(local(tag))
        if text is not None:
            self._parser.CharacterDataHandler = text

    def through(self, archive: ZipFile, part: str) -> None:
        """Walk until the part ends or `done` is set."""
        try:
            with archive.open(part) as stream:
                while not self.done and (piece := stream.read(PIECE)):
                    self.read += len(piece)
                    self._parser.Parse(piece, False)
                if not self.done:
                    self._parser.Parse(b"", True)
        except (expat.ExpatError, BadZipFile, EOFError, KeyError, ValueError) as error:
            raise WorkbookError("file.workbook-broken") from error


def refuse_doctype(*_: object) -> None:
    """Workbooks never declare a document type; who does wants entities to be expanded."""
    raise WorkbookError("file.workbook-doctype")


def local(name: str) -> str:
    """A tag or attribute without its prefix."""
    return name[name.rfind(":") + 1 :]


def check_prologs(archive: ZipFile) -> None:
    """Refuse an archive with a document type declaration in any XML part, or with two parts of one name."""
    names = archive.namelist()
    if len(set(names)) < len(names):
        raise WorkbookError("file.archive-broken")
    for name in names:
        if name.lower().endswith((".xml", ".rels", ".vml", ".rdf")):
            _check_prolog(archive, name)


def _check_prolog(archive: ZipFile, name: str) -> None:
    walk: Walk

    def begun(_tag: str, _attributes: Mapping[str, str]) -> None:
        walk.done = True

    walk = Walk(start=begun)
    try:
        walk.through(archive, name)
    except WorkbookError as refusal:
        if walk.read or refusal.code == "file.workbook-doctype":
            raise


def texts(archive: ZipFile, part: str, named_by: str) -> dict[str, str]:
    """The texts of a part's elements, by local tag or, where there is one, by the attribute `named_by`."""
    found: dict[str, list[str]] = {}
    stack: list[str] = []

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        given = next((value for key, value in attributes.items() if local(key) == named_by), None)
        inherited = stack[-1] if stack and tag in VALUE_TAGS else tag
        stack.append(given or inherited)

    def end(_tag: str) -> None:
        stack.pop()

    def text(data: str) -> None:
        if stack and data.strip():
            found.setdefault(stack[-1], []).append(data.strip())

    Walk(start, end, text).through(archive, part)
    return {name: " ".join(pieces)[:MOST_PROPERTY] for name, pieces in found.items()}


VALUE_TAGS = {"lpwstr", "lpstr", "bstr", "i4", "r8", "bool", "filetime", "vector", "variant"}
"""Wrappers of a value in custom properties: it belongs to the property around them."""

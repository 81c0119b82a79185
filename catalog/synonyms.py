"""Words that the search takes for equal, as administrators keep them; a change holds from the next question on."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog import words as cutting
from catalog.models import Synonym
from policies import vocabulary as v
from policies.refusals import Invalid, NotFound
from tenancy.models import Tenant
from tenancy.numbers import next_number
from tenancy.types import new_id
from tenancy.work import Work

SEPARATORS = "、，,;；\n\t|"
JOINT = "、"
FEWEST, MOST = 2, 12
LONGEST = 40
LONGEST_NOTE = 300
MOST_ROWS = 5000
MOST_SPANNED = 8
"""Words of a question that may together be one word of the list."""
COLUMNS = ("words", "note")


@dataclass(frozen=True)
class Synonyms:
    """The list as the search reads it: for each word those that are equal to it."""

    equals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    state: tuple[int, int] = (0, 0)

    def parted(self, parts: Sequence[str]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        """The words of a question one after the other, the longest that are on the list together with their equals."""
        start = 0
        while start < len(parts):
            spans = range(min(len(parts), start + MOST_SPANNED), start, -1)
            found = ((end, self.equals.get(_key("".join(parts[start:end])))) for end in spans)
            end, equal = next(((end, equal) for end, equal in found if equal), (start + 1, ()))
            yield tuple(parts[start:end]), equal
            start = end


NONE = Synonyms()


class Place:
    """What permissions know of the list: it belongs to the city."""

    id = "synonyms"

    def __init__(self, session: Session) -> None:
        city = select(Tenant.id).where(Tenant.kind == v.TenantKind.CITY).order_by(Tenant.created_at, Tenant.id)
        self.path = tuple(session.scalars(city.limit(1)))

    def facts(self) -> Mapping[str, Any]:
        """The list as a part of the platform."""
        return {"type": "System", "id": self.id, "path": self.path}


@dataclass(frozen=True)
class Draft:
    """A group as somebody wrote it: the words in one text, and a note."""

    words: str
    note: str = ""


@dataclass(frozen=True)
class Taken:
    """What an import came to."""

    added: int
    unchanged: int


def current(session: Session, known: Synonyms) -> Synonyms:
    """The list as it is now: the one known already, if nobody has changed it.

    Revisions only grow, so the same number of rows with the same newest revision are the same rows.
    """
    count, newest = session.execute(select(func.count(Synonym.id), func.max(Synonym.revision))).one()
    state = (count, newest or 0)
    if state == known.state:
        return known
    equals: dict[str, dict[str, None]] = {}
    for group in session.scalars(select(Synonym.words).order_by(Synonym.revision)):
        keys = [_key(cutting.clean(word)) for word in group]
        for key in keys:
            others = (one for one in keys if one != key)
            equals.setdefault(key, {}).update(dict.fromkeys(others))
    return Synonyms({key: tuple(others)[:MOST] for key, others in equals.items()}, state)


def listed(session: Session, text: str = "") -> list[Synonym]:
    """The groups, those only with a word or note that holds the text, the last changed first."""
    wanted = cutting.clean(text).strip()
    rows = session.scalars(select(Synonym).order_by(Synonym.changed_at.desc(), Synonym.revision))
    return [row for row in rows if wanted in cutting.clean("\n".join([*row.words, row.note]))]


def find(session: Session, synonym_id: str) -> Synonym:
    """A group by id; NotFound if there is none."""
    row = session.get(Synonym, synonym_id)
    if row is None:
        raise NotFound("general.not-found")
    return row


def add(work: Work, draft: Draft) -> Synonym:
    """Put a group on the list."""
    work.demand("synonym.edit", Place(work.session))
    words = _checked(work.session, draft)
    row = Synonym(id=new_id())
    _write(work, row, words, draft.note)
    work.session.add(row)
    work.record("synonym.added", row, words=words)
    return row


def change(work: Work, row: Synonym, draft: Draft) -> None:
    """Put other words in a group's place, or note something else of it."""
    work.demand("synonym.edit", Place(work.session))
    words = _checked(work.session, draft, row)
    if (words, draft.note.strip()) != (row.words, row.note):
        before = row.words
        _write(work, row, words, draft.note)
        work.record("synonym.changed", row, words=words, before=before)


def remove(work: Work, row: Synonym) -> None:
    """Take a group off the list."""
    work.demand("synonym.edit", Place(work.session))
    work.session.delete(row)
    work.record("synonym.removed", row, words=row.words)


def take_in(work: Work, text: str) -> Taken:
    """Add the groups of a table with the columns `words` and `note`, all of them or none.

    A group that stands on the list already is counted as unchanged. Invalid holds what is wrong with each line
    under `line-` and its number.
    """
    work.demand("synonym.edit", Place(work.session))
    present = {_set(row.words) for row in work.session.scalars(select(Synonym))}
    problems: list[Invalid] = []
    added = unchanged = 0
    for line, draft in _lines(text):
        try:
            words = split(draft)
        except Invalid as problem:
            problems.append(_at(problem, line))
            continue
        if _set(words) in present:
            unchanged += 1
            continue
        present.add(_set(words))
        row = Synonym(id=new_id())
        _write(work, row, words, draft.note)
        work.session.add(row)
        added += 1
    if problems:
        raise Invalid.gathered(problems)
    work.record("synonyms.taken-in", Place(work.session), added=added, unchanged=unchanged)
    return Taken(added, unchanged)


def table(session: Session) -> list[tuple[str, str]]:
    """The list as the table that `take_in` reads, headings first."""
    rows = session.scalars(select(Synonym).order_by(Synonym.revision))
    return [COLUMNS, *((JOINT.join(row.words), row.note) for row in rows)]


def split(draft: Draft) -> list[str]:
    """The words of a group as they were written, each once. Raises Invalid for too few, too many or too long."""
    text = draft.words
    for separator in SEPARATORS:
        text = text.replace(separator, JOINT)
    words: dict[str, str] = {}
    for one in text.split(JOINT):
        word = " ".join(one.split())
        if word:
            words.setdefault(_key(cutting.clean(word)), word)
    for word in words.values():
        if len(word) > LONGEST or not cutting.of_query(word):
            raise Invalid("synonym.word", field="words", word=word[:LONGEST], limit=LONGEST)
    if not FEWEST <= len(words) <= MOST:
        raise Invalid("synonym.number", field="words", fewest=FEWEST, most=MOST)
    if (length := len(draft.note.strip())) > LONGEST_NOTE:
        raise Invalid("general.too-long", field="note", limit=LONGEST_NOTE, length=length)
    return list(words.values())


def _checked(session: Session, draft: Draft, but: Synonym | None = None) -> list[str]:
    words = split(draft)
    for row in session.scalars(select(Synonym)):
        if row is not but and _set(row.words) == _set(words):
            raise Invalid("synonym.repeated", field="words")
    return words


def _write(work: Work, row: Synonym, words: list[str], note: str) -> None:
    row.words, row.note = words, note.strip()
    row.changed_by, row.changed_at = work.actor.id, work.now
    row.revision = next_number(work.session, "synonym")


def _lines(text: str) -> Iterator[tuple[int, Draft]]:
    """The rows of a table with their line numbers, beneath the headings; Invalid if these are missing."""
    rows = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), strict=True)
    try:
        heading = [one.strip() for one in next(rows, [])]
        if heading[: len(COLUMNS)] != list(COLUMNS):
            raise Invalid("synonym.heading", field="file")
        for row in rows:
            if rows.line_num > MOST_ROWS:
                raise Invalid("synonym.too-many", field="file", limit=MOST_ROWS)
            if any(cell.strip() for cell in row):
                yield rows.line_num, Draft(row[0], row[1] if len(row) > 1 else "")
    except csv.Error:
        raise Invalid("synonym.line-unreadable", field="file", line=rows.line_num) from None


def _at(problem: Invalid, line: int) -> Invalid:
    params: dict[str, Any] = {**problem.params, "field": f"line-{line}"}
    return Invalid(problem.code, **params)


def _set(words: Iterable[str]) -> frozenset[str]:
    return frozenset(_key(cutting.clean(word)) for word in words)


def _key(clean: str) -> str:
    return "".join(clean.split())

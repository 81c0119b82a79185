"""Imports of data standards: a sheet is kept, looked at with every fault told, and taken over whole or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from catalog import standard_sheets, standard_versions, standards
from catalog.standard_models import StandardSheet
from catalog.standard_sheets import Fault
from catalog.standard_versions import ElementValues, ListValues, Values
from policies.calendars import local_date
from policies.refusals import Invalid, NotFound, Refusal, Refused
from policies.vocabulary import StandardState
from tenancy.actors import Actor
from tenancy.models import Tenant
from tenancy.types import new_id
from tenancy.work import Work


@dataclass(frozen=True)
class Line:
    """What would come of one element or list: a first version, the next one, or nothing because it is the same."""

    row: int
    values: Values
    outcome: str
    """One of new, version and same."""


@dataclass(frozen=True)
class Trial:
    """What an import would do: its lines, its faults, and how many rows there are."""

    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]
    rows: int

    @property
    def faulty_rows(self) -> int:
        """How many rows have a fault."""
        return len({one.row for one in self.faults})

    @property
    def changes(self) -> tuple[Line, ...]:
        """The lines that something comes of."""
        return tuple(one for one in self.lines if one.outcome != "same")


def keep(work: Work, tenant: Tenant, filename: str, tables: Sequence[Sequence[Sequence[str]]]) -> StandardSheet:
    """Keep the rows of a sheet for its reader to look at; Invalid where they are no sheet of standards."""
    sheet = StandardSheet(id=new_id(), tenant=tenant, tenant_id=tenant.id, person_id=work.actor.id)
    work.demand("standard.propose", sheet)
    standard_sheets.read(tables)
    sheet.filename, sheet.created_at = filename[-300:], work.now
    sheet.tables = [[list(row) for row in table] for table in tables]
    work.session.add(sheet)
    work.session.flush()
    work.record("standard.sheet-read", sheet, filename=sheet.filename)
    return sheet


def find(session: Session, sheet_id: str, actor: Actor) -> StandardSheet:
    """An actor's own sheet that nothing has come of yet."""
    sheet = session.get(StandardSheet, sheet_id)
    if sheet is None or sheet.person_id != actor.id:
        raise NotFound("general.not-found")
    return sheet


def attempt(work: Work, sheet: StandardSheet) -> Trial:
    """What an import would do, found out by doing it and taking it back: nothing of it stays."""
    with work.session.begin_nested() as inner:
        trial = _run(work, sheet)
        inner.rollback()
    return trial


def apply(work: Work, sheet: StandardSheet) -> Trial:
    """Make drafts of everything that differs from what is in force; refused as a whole while any row is faulty."""
    work.demand("standard.propose", sheet)
    trial = _run(work, sheet)
    if trial.faults:
        raise Refused("sheet.faulty", count=trial.faulty_rows)
    work.record("standard.sheet-imported", sheet, filename=sheet.filename, changes=len(trial.changes))
    work.session.delete(sheet)
    return trial


def forget(work: Work, sheet: StandardSheet) -> None:
    """Put a sheet away unused."""
    work.demand("standard.propose", sheet)
    work.session.delete(sheet)


def _run(work: Work, sheet: StandardSheet) -> Trial:
    """Propose everything in the sheet, lists before the elements that refer to them."""
    read = standard_sheets.read(sheet.tables)
    lines: list[Line] = []
    faults = list(read.faults)
    drafts = {values.name for _row, values in read.values if isinstance(values, ListValues)}
    for row, values in sorted(read.values, key=lambda one: isinstance(one[1], ElementValues)):
        try:
            lines.append(Line(row, values, _take(work, sheet.tenant, values, drafts)))
        except Refusal as refusal:
            column = refusal.field or "code"
            faults.append(Fault(row, column, Invalid(refusal.code, **_params(refusal))))
    return Trial(
        tuple(sorted(lines, key=lambda one: one.row)), tuple(sorted(faults, key=lambda one: one.row)), read.rows
    )


def _take(work: Work, tenant: Tenant, values: Values, drafts: set[str]) -> str:
    today = local_date(work.now)
    row = standards.in_force(work.session, standard_versions.kind_of(values), values.name, today)
    if row is not None and _same(standard_versions.values_of(row), values):
        return "same"
    made = standard_versions.propose(work, tenant, values, known_lists=frozenset(drafts))
    return "new" if made.number == 1 and made.state is StandardState.DRAFT else "version"


def _same(before: Values, after: Values) -> bool:
    """Whether a sheet says what is in force: it knows no definition, licence or origin of a list."""
    if isinstance(before, ListValues) and isinstance(after, ListValues):
        kept = ("name", "zh", "en", "source", "codes")
        return all(getattr(before, name) == getattr(after, name) for name in kept)
    return before == after


def _params(refusal: Refusal) -> dict[str, Any]:
    return {name: value for name, value in refusal.params.items() if name != "field"}

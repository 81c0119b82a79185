"""Versions of data standards: proposed by their owner, reviewed by the authority, begun on a day, retired."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

import re2
from sqlalchemy.orm import Session

from catalog import standards
from catalog.standard_models import Code, CodeList, DataElement
from catalog.standards import Standard
from policies import vocabulary as v
from policies.calendars import local_date
from policies.refusals import Invalid, Refused
from policies.vocabulary import StandardState
from tenancy import cases
from tenancy.models import Tenant
from tenancy.records import Case
from tenancy.types import new_id
from tenancy.work import Work

KIND = "STANDARD_REVIEW"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{1,63}")
LONGEST = 100_000


@dataclass(frozen=True)
class ElementValues:
    """What a data element says; `pattern` is a regular expression (RE2) for the whole value, if its form is fixed."""

    name: str
    zh: str
    en: str = ""
    definition: str = ""
    type: v.ItemType = v.ItemType.TEXT
    length: int | None = None
    pattern: str = ""
    unit: str = ""
    code_list: str | None = None
    source: str = ""


@dataclass(frozen=True)
class CodeValues:
    """What a code says."""

    value: str
    zh: str
    en: str = ""
    parent: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True)
class ListValues:
    """What a code list says; `licence` and `origin` tell where its facts were taken from."""

    name: str
    zh: str
    en: str = ""
    definition: str = ""
    source: str = ""
    licence: str = ""
    origin: str = ""
    codes: tuple[CodeValues, ...] = ()


Values = ElementValues | ListValues


def propose(
    work: Work,
    tenant: Tenant,
    values: Values,
    *,
    starts_on: date | None = None,
    known_lists: frozenset[str] = frozenset(),
) -> Standard:
    """Write a draft in a tenant's name: the first version of a name, the next one, or its own draft once more.

    `known_lists` are lists proposed together with it, which need not be in force yet. Raises Invalid for values that
    can't be meant or a name of another tenant, Refused while a version is under review.
    """
    work.demand("standard.propose", _Place(tenant))
    check(work.session, values, local_date(work.now), known_lists)
    kind = kind_of(values)
    rows = standards.every_version(work.session, kind, values.name, locked=True)
    if rows and rows[0].tenant_id != tenant.id:
        raise Invalid("standard.taken", field="name", name=values.name)
    if rows and rows[0].state is StandardState.IN_REVIEW:
        raise Refused("standard.pending", name=values.name)
    if rows and rows[0].state is StandardState.IN_FORCE and values_of(rows[0]) == values:
        raise Invalid("standard.same", field="zh")
    row: Standard
    if rows and rows[0].state is StandardState.DRAFT:
        row = rows[0]
    else:
        row = kind(id=new_id(), name=values.name, number=rows[0].number + 1 if rows else 1)
        row.tenant, row.tenant_id, row.state = tenant, tenant.id, StandardState.DRAFT
        row.created_at = work.now
    row.author_id, row.starts_on = work.actor.id, starts_on
    _write(work.session, row, values)
    work.record("standard.proposed", row, name=row.name, number=row.number)
    return row


def submit(work: Work, row: Standard) -> Case:
    """Hand a draft to the authority."""
    work.demand("standard.propose", row)
    if row.state is not StandardState.DRAFT:
        raise Refused("standard.wrong-state", state=row.state)
    if isinstance(row, DataElement) and row.code_list:
        standards.demand_lists(work.session, [row.code_list], local_date(work.now))
    row.state = StandardState.IN_REVIEW
    case = cases.begin(work, KIND, row, title=f"{row.zh} {row.name} v{row.number}", tenant=row.tenant)
    work.record("standard.submitted", row, name=row.name, case=case.number)
    return case


def review(work: Work, row: Standard, move: str, *, comment: str = "") -> None:
    """Approve or reject a version, or (whoever proposed it) recall it.

    An approved version begins on the day it was proposed for, today at the earliest, and ends the one before it.
    """
    work.demand("standard.propose" if move == "recall" else "standard.review", row)
    case = cases.of_subject(work.session, row, KIND)
    if case is None or row.state is not StandardState.IN_REVIEW:
        raise Refused("standard.wrong-state", state=row.state)
    cases.move(work, case, move, comment=comment)
    if move == "approve":
        _begin(work, row, max(row.starts_on or local_date(work.now), local_date(work.now)))
    else:
        row.state = StandardState.DRAFT
    work.record("standard.reviewed", row, name=row.name, number=row.number, move=move)


def enter(work: Work, tenant: Tenant, values: Values, starts_on: date) -> Standard:
    """Put a national standard in force at once when the platform is set up; the same once more changes nothing."""
    known = standards.in_force(work.session, kind_of(values), values.name, starts_on)
    if known is not None and values_of(known) == values:
        return known
    row = propose(work, tenant, values)
    _begin(work, row, starts_on)
    work.record("standard.entered", row, name=row.name, number=row.number)
    return row


def discard(work: Work, row: Standard) -> None:
    """Throw a draft away."""
    work.demand("standard.propose", row)
    if row.state is not StandardState.DRAFT:
        raise Refused("standard.wrong-state", state=row.state)
    work.record("standard.discarded", row, name=row.name, number=row.number)
    work.session.delete(row)


def retire(work: Work, row: Standard) -> None:
    """End the version in force, from today; refused while items refer to the name."""
    work.demand("standard.retire", row)
    if row.state is not StandardState.IN_FORCE:
        raise Refused("standard.wrong-state", state=row.state)
    today, kind = local_date(work.now), type(row)
    count = len(standards.uses(work.session, row.name, kind))
    if kind is CodeList:
        count += standards.count_elements(work.session, row.name, today)
    if count:
        raise Refused("standard.in-use", count=count)
    row.state, row.ends_on = StandardState.RETIRED, max(today, row.starts_on or today)
    work.record("standard.retired", row, name=row.name, number=row.number)


def kind_of(values: Values) -> type[Standard]:
    """The table that values belong to."""
    return DataElement if isinstance(values, ElementValues) else CodeList


def values_of(row: Standard) -> Values:
    """What a version says."""
    if isinstance(row, DataElement):
        return ElementValues(**{one.name: getattr(row, one.name) for one in fields(ElementValues)})
    names = [one.name for one in fields(ListValues) if one.name != "codes"]
    codes = tuple(CodeValues(**{one.name: getattr(code, one.name) for one in fields(CodeValues)}) for code in row.codes)
    return ListValues(**{name: getattr(row, name) for name in names}, codes=codes)


def check(session: Session, values: Values, today: date, known_lists: frozenset[str] = frozenset()) -> None:
    """Raise Invalid, with the field it belongs to, for values that can't be meant."""
    if not NAME.fullmatch(values.name):
        raise Invalid("standard.name", field="name")
    if not values.zh.strip():
        raise Invalid("general.required", field="zh")
    if isinstance(values, ListValues):
        _check_codes(values.codes)
        return
    if values.length is not None and not 1 <= values.length <= LONGEST:
        raise Invalid("standard.length", field="length")
    if values.pattern:
        _check_pattern(values.pattern)
    if values.code_list and values.code_list.partition("#")[0] not in known_lists:
        standards.demand_lists(session, [values.code_list], today)


def _check_pattern(pattern: str) -> None:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        raise Invalid("standard.pattern", field="pattern", problem=str(error)[:200]) from error


def _check_codes(codes: Sequence[CodeValues]) -> None:
    if not codes:
        raise Invalid("standard.no-codes", field="codes")
    parents = {code.value: code.parent for code in codes}
    seen: set[str] = set()
    for code in codes:
        if not code.value.strip() or not code.zh.strip():
            raise Invalid("general.required", field="codes")
        if code.value in seen:
            raise Invalid("standard.code-twice", field="codes", value=code.value)
        seen.add(code.value)
        if code.parent is not None and code.parent not in parents:
            raise Invalid("standard.code-parent", field="codes", value=code.value, parent=code.parent)
        if code.valid_from and code.valid_until and code.valid_until < code.valid_from:
            raise Invalid("standard.days-crossed", field="codes")
    _check_loops(parents)


def _check_loops(parents: dict[str, str | None]) -> None:
    ended: set[str] = set()
    for value in parents:
        way: list[str] = []
        at: str | None = value
        while at is not None and at not in ended:
            if at in way:
                raise Invalid("standard.code-loop", field="codes", value=at)
            way.append(at)
            at = parents[at]
        ended.update(way)


def _write(session: Session, row: Standard, values: Values) -> None:
    plain = {name: value for name, value in vars(values).items() if name not in {"name", "codes"}}
    for name, value in plain.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    if isinstance(row, CodeList) and isinstance(values, ListValues):
        row.codes.clear()
        session.flush()
        row.codes.extend(_codes(row, values.codes))
        session.flush()


def _codes(row: CodeList, codes: Iterable[CodeValues]) -> list[Code]:
    given: list[dict[str, Any]] = [asdict(code) for code in codes]
    return [Code(id=new_id(), list_id=row.id, position=at, **one) for at, one in enumerate(given)]


def _begin(work: Work, row: Standard, day: date) -> None:
    """Put a version in force from a day; the one before it ends where this one begins."""
    for before in standards.every_version(work.session, type(row), row.name, locked=True):
        if before.id == row.id or before.state is not StandardState.IN_FORCE:
            continue
        if before.starts_on and before.starts_on > day:
            raise Refused("standard.starts-early", day=before.starts_on)
        before.state, before.ends_on = StandardState.SUPERSEDED, day
    work.session.flush()
    row.state, row.starts_on, row.ends_on = StandardState.IN_FORCE, day, None
    work.session.flush()


class _Place:
    """What permissions know of the tenant in whose name a standard is about to be proposed."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant

    def facts(self) -> dict[str, object]:
        """A standard that does not exist yet, in its tenant."""
        return {"type": "Standard", "id": "new", "path": self.tenant.path}

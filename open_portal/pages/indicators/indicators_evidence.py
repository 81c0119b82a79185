"""What stands behind a rate: its rows with what each adds; what the reader may not know of is a count."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import select

from catalog import reading
from catalog.models import Entry
from catalog.reading import Purpose
from open_portal.requests import actor, now, session
from sharing.demand import demands
from sharing.demand.models import Demand
from sharing.rates import readings
from sharing.rates.readings import Rate
from tenancy.models import Tenant

CHUNK = 5000


@dataclass(frozen=True)
class Row:
    """One row of the denominator: whose it is and what it adds; title only for who may know of it."""

    id: str
    tenant_id: str
    counted: bool
    numerator: int
    denominator: int
    code: str = ""
    title: str = ""
    href: str = ""

    @property
    def known(self) -> bool:
        """Whether the reader may know which row this is."""
        return bool(self.title)


@dataclass(frozen=True)
class Part:
    """Rows added up: how many, how many of them counted, and what they add to both sides of the rate."""

    rows: int
    counted: int
    numerator: int
    denominator: int


@dataclass(frozen=True)
class Unit:
    """A tenant's part of the rate."""

    tenant: Tenant
    part: Part


def rows_of(rate: Rate, english: bool) -> list[Row]:
    """Every row of the denominator, known ones first by code."""
    found = readings.evidence(session(), rate)
    known = _known(rate, [str(one["id"]) for one in found.rows], english)
    rows = [_row(rate, one, str(one["id"]) in found.counted, known) for one in found.rows]
    return sorted(rows, key=lambda row: (not row.known, row.code, row.id))


def part_of(rows: Sequence[Row]) -> Part:
    """Rows added up."""
    return Part(
        len(rows),
        sum(row.counted for row in rows),
        sum(row.numerator for row in rows),
        sum(row.denominator for row in rows),
    )


def units_of(rows: Sequence[Row]) -> list[Unit]:
    """The rate by department; the parts add up to the whole."""
    by_tenant: dict[str, list[Row]] = {}
    for row in rows:
        by_tenant.setdefault(row.tenant_id, []).append(row)
    tenants = {one.id: one for ids in _chunks(list(by_tenant)) for one in _tenants(ids)}
    units = [Unit(tenants[key], part_of(mine)) for key, mine in by_tenant.items() if key in tenants]
    return sorted(units, key=lambda unit: (-unit.part.denominator, unit.tenant.key))


def _row(rate: Rate, facts: Mapping[str, Any], counted: bool, known: Mapping[str, tuple[str, str, str]]) -> Row:
    key = str(facts["id"])
    numerator, denominator = rate.reading.weights.get(key, (int(counted), 1))
    code, title, href = known.get(key, ("", "", ""))
    return Row(key, str(facts["tenant_id"]), counted, numerator, denominator, code, title, href)


def _known(rate: Rate, ids: list[str], english: bool) -> dict[str, tuple[str, str, str]]:
    """Code, title and address of the rows that the reader may know of, by id."""
    if rate.definition.subject == "demand":
        visible = demands.visible(actor())
        return {
            one.id: (one.number, one.title, "")
            for part in _chunks(ids)
            for one in session().execute(
                select(Demand.id, Demand.number, Demand.title).where(Demand.id.in_(part), visible)
            )
        }
    readable = reading.readable(actor(), Purpose.SEE, now())
    query = select(Entry.id, Entry.code, Entry.title, Entry.title_en)
    return {
        one.id: (one.code, (english and one.title_en) or one.title, _address(one.code))
        for part in _chunks(ids)
        for one in session().execute(query.where(Entry.id.in_(part), readable))
    }


def _address(code: str) -> str:
    return url_for("datasets.show", code=code.replace("/", "-"))


def _tenants(ids: Sequence[str]) -> Iterator[Tenant]:
    yield from session().scalars(select(Tenant).where(Tenant.id.in_(ids)))


def _chunks(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]

"""Readings of another platform's catalogue for tests, and ways to run them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from catalog import harvest_sources, harvests
from catalog.harvest_models import HarvestRun, HarvestSource
from catalog.mapping.listing import Kind, Listing, Reading, Rejected
from catalog.models import CatalogChange, Entry
from open_portal import harvesting
from open_portal.harvesting import Tally
from open_portal.wiring import Kit
from policies import vocabulary as v
from policies.refusals import Invalid
from tenancy import tenants, work
from tenancy.actors import SYSTEM

KEY = "neighbour"
BASE = Listing(source_key=KEY, external_id="0", title="邻市目录", abstract="说明", source_url="https://example.org/0")


def listings(*numbers: int, abstract: str = "说明") -> list[Listing]:
    """Data sets with these numbers."""
    return [
        replace(
            BASE, external_id=str(one), title=f"邻市目录{one}", abstract=abstract, source_url=f"https://e.org/{one}"
        )
        for one in numbers
    ]


def reading(found: Iterable[Listing], rejected: Iterable[object] = (), repeated: int = 0) -> Reading:
    """A catalogue of these, with records that cannot be read."""
    kept = tuple(found)
    problem, remedy = Invalid("harvest.title"), Invalid("harvest.title.remedy")
    bad = tuple(Rejected(place, "标题", problem, remedy, one) for place, one in enumerate(rejected))
    return Reading(kept, bad, repeated, len(kept) + len(bad) + repeated)


def found_source(kit: Kit, key: str = KEY, tenant: str = "hz-sjj", **values: Any) -> HarvestSource:
    """A source in the care of the authority."""
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        place = tenants.find(unit.session, tenant)
        return harvest_sources.ensure(unit, place, key=key, zh="邻市平台", en="Neighbour", kind=Kind.LIST, **values)


def begin(kit: Kit, key: str = KEY, holder: str = "", **values: Any) -> str:
    """Begin a run; its id."""
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        source = harvest_sources.find(unit.session, key)
        name = holder or harvesting.holder()
        return harvests.begin(unit, source, name, harvesting.alive, origin="x.json", **values).id


def asked(kit: Kit, source: HarvestSource) -> str:
    """Have the worker read a source; the run's id."""
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        return harvests.ask(unit, unit.session.merge(source)).id


def run(kit: Kit, *readings: Reading, archiving: bool = True) -> Tally:
    """Take over a whole catalogue."""
    return harvesting.run(kit, begin(kit, archiving=archiving), readings)


def counts(tally: Any) -> dict[str, int]:
    """What a tally or a run comes to."""
    return {name: getattr(tally, name) for name in harvests.COUNTS if getattr(tally, name)}


def states(kit: Kit) -> dict[str, v.EntryState]:
    """The entries of the source by identifier, each with its state."""
    with kit.database.read() as session:
        query = select(Entry.external_id, Entry.state).where(Entry.origin_portal == KEY)
        return {str(row.external_id): row.state for row in session.execute(query)}


def changes(kit: Kit) -> int:
    """How many changes the catalogue has seen."""
    with kit.database.read() as session:
        return session.scalar(select(func.count()).select_from(CatalogChange)) or 0


def last_run(kit: Kit, key: str = KEY) -> HarvestRun:
    """The newest run of a source."""
    with kit.database.read() as session:
        return harvests.runs(session, harvest_sources.find(session, key), 1)[0]

"""The product with the records of `benchmarks.search` in it: a real database, and the index its own code builds."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from benchmarks.search_records import Record
from catalog.models import CatalogChange, Entry
from open_portal import migrating, settings, wiring
from open_portal.wiring import Kit
from policies import vocabulary as v
from tenancy import actors, tenants, work
from tenancy.models import Tenant

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BATCH = 2000


def environment(home: Path, port: int = 8000) -> dict[str, str]:
    """The settings with which web server and benchmark use the same home."""
    # One address asks for all pages here, far oftener than the limit for one address allows.
    often = {"TIAOXI_SEARCHES_PER_MINUTE": "100000"}
    return {"TIAOXI_HOME": str(home), "TIAOXI_DEMO": "no", "TIAOXI_PORT": str(port), **often}


def opened(home: Path) -> Kit:
    """The parts of the product over a home folder."""
    return wiring.wire(settings.read(environment(home)))


def filled(home: Path, records: Iterable[Record]) -> Kit:
    """A new home whose catalogue holds the records as harvested entries of one city, in bulk; no index yet."""
    kit = opened(home)
    migrating.upgrade(kit.database)
    with work.begin(kit.database, actors.SYSTEM, NOW) as deed:
        city = tenants.found(
            deed,
            key="huzhou",
            kind=v.TenantKind.CITY,
            zh="湖州市",
            en="Huzhou",
            region_code="330500",
            parent=None,
            on=NOW.date(),
        )
    for batch in _batches(records):
        with kit.database.write() as session:
            session.execute(insert(Entry), [_entry(city, one) for one in batch])
            session.execute(insert(CatalogChange), [_change(one) for one in batch])
            session.commit()
    return kit


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    rest = iter(records)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _entry(city: Tenant, one: Record) -> dict[str, Any]:
    category = f"3{int(one.themes[0]):02d}900"
    updated = datetime.combine(one.updated, time(), UTC)
    return {
        "id": one.id,
        "code": f"{category}/{one.number + 1:06d}",
        "category_code": category,
        "origin": v.Origin.HARVESTED,
        "origin_portal": one.portal,
        "external_id": str(one.number),
        "publisher_name": one.provider,
        "tenant_id": city.id,
        "source_tenant_id": city.id,
        "author_id": "system",
        "state": v.EntryState.PUBLISHED,
        "open_state": v.OpenState.OPEN,
        "title": one.title,
        "abstract": one.abstract,
        "catalogue_class": v.CatalogueClass.DEPARTMENTAL,
        "themes": list(one.themes),
        "tags": list(one.tags),
        "region_code": one.region,
        "data_range": v.DataRange.WHOLE_CITY,
        "object_flags": 0,
        "use_scenes": [],
        "formats": list(one.formats),
        "collection_kind": v.CollectionKind.FILE,
        "update_cycle": v.UpdateCycle(one.cycle),
        "security_level": v.SecurityLevel.L1,
        "national_grade": v.NationalGrade.GENERAL,
        "share_type": v.ShareType.SHARE_UNCOND,
        "open_type": v.OpenType.OPEN_UNCOND,
        "open_tier": v.OpenTier(one.tier),
        "collect_state": v.CollectState.NONE,
        "licence": v.Licence.UNSTATED,
        "related_codes": [],
        "created_at": NOW,
        "changed_at": NOW,
        "published_at": updated,
        "data_updated_at": updated,
        "version": 1,
    }


def _change(one: Record) -> dict[str, Any]:
    return {
        "at": NOW,
        "actor_id": "system",
        "entry_id": one.id,
        "origin": v.Origin.HARVESTED,
        "what": "entry.harvested",
        "facts": {},
    }

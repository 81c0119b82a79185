"""What it costs to tell the whole catalogue to a program: memory and time of each form, streamed by the product.

    python -m benchmarks.linked_data                       # 100,000 entries, every form, a process for each
    python -m benchmarks.linked_data --entries 2e4 --forms ttl

Entries are made, nine in ten taken over from elsewhere with three resources each, one in ten of this city with a table.
Resident memory is read from the process that serves, before the request and at its peak; the bytes are counted and
thrown away as a client would take them. Time is that of the whole answer.
"""

import argparse
import multiprocessing
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from catalog.mapping.resources import Resource
from catalog.models import Entry, Item, StoredFile, Version
from open_portal import migrating, settings
from open_portal.app import create_app
from open_portal.wiring import Kit, wire
from policies import vocabulary as v
from tenancy import tenants, work
from tenancy.actors import SYSTEM
from tenancy.models import Tenant

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
FORMS = {
    "ttl": "/catalog.ttl",
    "jsonld": "/catalog.jsonld",
    "rdf": "/catalog.rdf",
    "data.json": "/data.json",
    "page": "/catalog.ttl?page=1",
}
BATCH = 2000
KIB = 1024


def main() -> None:
    """Make the catalogue once, then ask for each form in a process of its own."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--entries", type=lambda text: int(float(text)), default=100_000)
    asked.add_argument("--forms", nargs="+", choices=list(FORMS), default=list(FORMS))
    chosen = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        values = {"TIAOXI_HOME": folder, "TIAOXI_DEMO": "no"}
        fill(values, chosen.entries)
        print("| form | entries | s | MB sent | memory before, MB | peak, MB | more by, MB |")
        print("|---|---:|---:|---:|---:|---:|---:|")
        for form in chosen.forms:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                seconds, sent, before, peak = pool.apply(ask, (values, FORMS[form]))
            print(
                f"| {form} | {chosen.entries:,} | {seconds:.1f} | {sent / 1e6:.0f} | {before:.0f} | {peak:.0f} "
                f"| {peak - before:.0f} |",
                flush=True,
            )


def ask(values: dict[str, str], address: str) -> tuple[float, int, float, float]:
    """Seconds, bytes, and resident memory in MiB before and at its peak meanwhile, of one answer of an application."""
    kit = wire(settings.read(values))
    client = create_app(kit).test_client()
    client.get("/sitemap.xml").get_data()
    # From here on the kernel counts the peak anew: what the start took for a moment is no part of the answer.
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak()
    start = time.perf_counter()
    answer = client.get(address, buffered=False)
    sent = sum(len(piece) for piece in answer.iter_encoded())
    assert answer.status_code == 200
    return time.perf_counter() - start, sent, before, _peak()


def fill(values: dict[str, str], count: int) -> None:
    """A city, a department, and as many entries as wanted."""
    kit = wire(settings.read(values))
    migrating.upgrade(kit.database)
    with work.begin(kit.database, SYSTEM, NOW) as unit:
        more = {"region_code": "330500", "on": NOW.date()}
        city = tenants.found(unit, key="city", kind=v.TenantKind.CITY, zh="某市", en="City", parent=None, **more)
        kind = v.TenantKind.DEPARTMENT
        owner = tenants.found(unit, key="office", kind=kind, zh="某局", en="Office", parent=city, **more)
        owner_id = owner.id
    for start in range(0, count, BATCH):
        _insert(kit, owner_id, range(start, min(start + BATCH, count)))
    kit.database.close()


def _insert(kit: Kit, owner: str, numbers: range) -> None:
    with work.begin(kit.database, SYSTEM, NOW) as unit:
        assert unit.session.scalar(select(Tenant.id).where(Tenant.id == owner))
        rows = [_entry(number, owner) for number in numbers]
        own = [row for row in rows if row["live_version_id"]]
        unit.session.execute(insert(Entry), rows)
        if own:
            unit.session.execute(insert(StoredFile), [_file(row) for row in own])
            unit.session.execute(insert(Version), [_version(row) for row in own])
            unit.session.execute(insert(Item), [_item(row, place) for row in own for place in range(6)])


def _entry(number: int, owner: str) -> dict[str, Any]:
    own = number % 10 == 0
    address = f"https://data.example.org/d/{number}"
    kept = [Resource(f"{address}.{form}", format=form, size=1000).kept() for form in ("csv", "json", "xlsx")]
    return {
        "id": f"{number * 7919 % 1_000_003:08d}-{number}",
        "code": f"306001/{number:06d}",
        "origin": v.Origin.OWN if own else v.Origin.HARVESTED,
        "origin_portal": None if own else "jiaxing",
        "external_id": None if own else str(number),
        "origin_url": None if own else address,
        "publisher_name": None if own else f"邻市第{number % 97}局",
        "tenant_id": owner,
        "source_tenant_id": owner,
        "author_id": "system",
        "state": v.EntryState.PUBLISHED,
        "open_state": v.OpenState.OPEN,
        "title": f"公共数据集{number}",
        "abstract": f"关于第{number}号对象的登记信息，包括名称、地址、日期和状态，按更新周期更新。" * 2,
        "catalogue_class": v.CatalogueClass.DEPARTMENTAL,
        "category_code": "306001",
        "themes": [str(number % 21 + 1)],
        "tags": ["登记", "名录", f"第{number % 50}类"],
        "region_code": "330500",
        "data_range": v.DataRange.WHOLE_CITY,
        "object_flags": 1,
        "use_scenes": [],
        "formats": ["csv"],
        "collection_kind": v.CollectionKind.FILE,
        "update_cycle": list(v.UpdateCycle)[number % len(v.UpdateCycle)],
        "security_level": v.SecurityLevel.L1,
        "national_grade": v.NationalGrade.GENERAL,
        "share_type": v.ShareType.SHARE_UNCOND,
        "open_type": v.OpenType.OPEN_UNCOND,
        "open_tier": v.OpenTier.T0,
        "licence": v.Licence.CC_BY,
        "contact_office": "数据科",
        "contact_phone": "0572-2000000",
        "collect_state": v.CollectState.NONE,
        "related_codes": [],
        "resources": [] if own else kept,
        "live_version_id": f"v-{number}" if own else None,
        "time_from": date(2020, 1, 1),
        "created_at": NOW,
        "published_at": NOW,
        "data_updated_at": NOW,
        "changed_at": NOW,
        "version": 1,
    }


def _file(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"f-{row['id']}",
        "sha256": "0" * 64,
        "size": 1000,
        "name": "a.csv",
        "kind": "original",
        "created_by": "system",
        "created_at": NOW,
    }


def _version(row: dict[str, Any]) -> dict[str, Any]:
    scores = {one.value: 90.0 for one in v.Dimension}
    return {
        "id": row["live_version_id"],
        "entry_id": row["id"],
        "number": 1,
        "state": v.VersionState.LIVE,
        "original_id": f"f-{row['id']}",
        "uploaded_by": "system",
        "uploaded_at": NOW,
        "published_at": NOW,
        "score": 90.0,
        "dimensions": scores,
        "checked_at": NOW,
    }


def _item(row: dict[str, Any], place: int) -> dict[str, Any]:
    return {
        "id": f"i-{row['id']}-{place}",
        "entry_id": row["id"],
        "position": place,
        "name": f"项{place}",
        "type": v.ItemType.TEXT,
        "desensitisation": v.Desensitisation.NONE,
        "security_level": v.SecurityLevel.L1,
        "share_type": v.ShareType.SHARE_UNCOND,
        "open_type": v.OpenType.OPEN_UNCOND,
    }


def _peak() -> float:
    """The most memory that this process has had since the peak was last counted anew."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(one.split()[1]) for one in lines if one.startswith("VmHWM")) / KIB


if __name__ == "__main__":
    main()

"""Published datasets with real tables for tests of the public pages."""

from datetime import datetime
from io import BytesIO
from typing import Any

from sqlalchemy import select

from catalog import assessments, datasets, harvest_sources, importing, search_index, versions
from catalog.mapping.listing import Kind, Listing
from catalog.models import Entry
from catalog.reading_files import intake
from open_portal.wiring import Kit
from policies import vocabulary as v
from quality.models import Run, Suite
from quality.rules.rules import Rule
from sharing import release
from tenancy import tenants, work
from tenancy.actors import SYSTEM
from tenancy.types import new_id

ROWS = "线路,站点数,开通日期,车牌\n1路,12,2020-01-02,浙E00001\n2路,7,2021-03-04,浙E00002\n=3路,30,,浙E00003\n"
PLATE = "浙E0000"
SECRET_COLUMN = "车牌"
TIERS: dict[v.OpenTier, dict[str, Any]] = {
    v.OpenTier.T0: {"open_type": v.OpenType.OPEN_UNCOND, "licence": v.Licence.PLATFORM},
    v.OpenTier.T1: {"open_type": v.OpenType.OPEN_UNCOND, "licence": v.Licence.PLATFORM},
    v.OpenTier.T2: {
        "open_type": v.OpenType.OPEN_RESTRICTED,
        "open_condition": "仅用于研究",
        "open_reason": v.ReasonKind.LAW,
        "open_basis": "《浙江省公共数据条例》",
        "licence": v.Licence.AGREEMENT,
    },
    v.OpenTier.TX: {
        "open_type": v.OpenType.OPEN_FORBIDDEN,
        "open_reason": v.ReasonKind.LAW,
        "open_basis": "《中华人民共和国数据安全法》",
    },
}


def publish(
    kit: Kit, cast: Any, now: datetime, title: str, tier: v.OpenTier = v.OpenTier.T0, *, text: str = ROWS, **more: Any
) -> str:
    """A published entry of the transport department with a real table, opened as its tier says; gives its slug.

    The last column, number plates, is never open.
    """
    kind = TIERS[tier]["open_type"]
    values = {
        "abstract": f"{title}的说明",
        "themes": ("6",),
        "tags": ("公交",),
        "object_flags": 8,
        "contact_office": "数据科",
        "contact_phone": "0572-2000000",
        "update_cycle": v.UpdateCycle.YEARLY,
        "metadata_public": True,
        "open_tier": tier,
        **TIERS[tier],
        **more,
    }
    with work.begin(kit.database, cast.steward, now) as unit:
        owner = tenants.find(unit.session, "hz-jtj")
        entry = datasets.register(unit, owner, datasets.Description(title=title, **values))
        datasets.set_items(unit, entry, _items(kind))
        blob = kit.blobs.put(BytesIO(text.encode()), limit=1 << 20)
        version = versions.receive(unit, entry, blob, "lines.csv")
        entry_id, version_id = entry.id, version.id
        slug = entry.code.replace("/", "-")
    _settle(kit, now, version_id, text)
    with work.begin(kit.database, cast.steward, now) as unit:
        entry = unit.session.get_one(Entry, entry_id)
        datasets.submit(unit, entry)
        if tier is not v.OpenTier.TX:
            release.request(unit, entry)
    with work.begin(kit.database, cast.officer, now) as unit:
        entry = unit.session.get_one(Entry, entry_id)
        datasets.review(unit, entry, "approve")
        if tier is not v.OpenTier.TX:
            release.decide(unit, entry, "approve")
    search_index.catch_up(kit.index, kit.database)
    return slug


def _items(kind: v.OpenType) -> list[datasets.ItemDescription]:
    closed = v.OpenType.OPEN_FORBIDDEN
    return [
        datasets.ItemDescription(name="线路", title_en="Line", is_primary=True, open_type=kind),
        datasets.ItemDescription(name="站点数", title_en="Stops", type=v.ItemType.INTEGER, open_type=kind),
        datasets.ItemDescription(name="开通日期", title_en="Opened", type=v.ItemType.DATE, open_type=kind),
        datasets.ItemDescription(name=SECRET_COLUMN, title_en="Plate", open_type=closed),
    ]


def _settle(kit: Kit, now: datetime, version_id: str, text: str) -> None:
    """Read the file as the worker would, keep a run of two rules, and make the version pass."""
    source, out = kit.scratch / f"{version_id}.csv", kit.scratch / f"{version_id}.parquet"
    source.write_text(text, encoding="utf-8")
    refusals = kit.scratch / f"{version_id}.jsonl"
    found = intake.read_table(source, "lines.csv", items=None, out=out, refusals=refusals)
    with out.open("rb") as file:
        table = kit.blobs.put(file, limit=1 << 20)
    rules = [
        Rule("r1", "not_null", ("线路",), severity="critical"),
        Rule("r2", "in_set", (SECRET_COLUMN,), {"values": [f"{PLATE}1", f"{PLATE}2"]}, why_zh=f"目前有{PLATE}1"),
    ]
    with work.begin(kit.database, SYSTEM, now) as unit:
        version = unit.session.get_one(versions.Version, version_id)
        columns = [{"name": one.name, "type": one.type.value} for one in found.columns]
        profile = {"rows": found.rows_loaded, "columns": [{"name": "开通日期", "nulls": 1, "blanks": 0}]}
        loaded = versions.Loaded(
            table, None, found.rows_read, found.rows_loaded, found.rows_refused, columns, found.encoding, profile
        )
        scores = {"completeness": 100.0, "accuracy": 66.67}
        assessments.keep(unit, version, [], {"rows": found.rows_loaded})
        versions.settle(unit, version, loaded, versions.Judged(v.Verdict.PASS, [], 91.0, v.Grade.B, scores, 2, 1))
        suite = Suite(
            id=new_id(),
            entry_id=version.entry_id,
            number=1,
            rules=[one.to_json() for one in rules],
            hash="0" * 64,
            origin="proposed",
            author_id="system",
            created_at=now,
        )
        unit.session.add(suite)
        unit.session.flush()
        results = [
            {"rule_id": "r1", "evaluated": 3, "missing": 0, "unexpected": 0, "success": True, "error": None},
            {
                "rule_id": "r2",
                "evaluated": 3,
                "missing": 0,
                "unexpected": 1,
                "success": False,
                "error": None,
                "samples": [[3, f"{PLATE}3"]],
            },
        ]
        run = {"engine": "duckdb", "engine_version": "1", "rows": 3, "seconds": 0.1, "results": results, "at": now}
        unit.session.add(Run(id=new_id(), version_id=version_id, suite_id=suite.id, **run))


def harvest(kit: Kit, cast: Any, now: datetime, title: str) -> str:
    """An entry taken over from another portal; gives its slug."""
    listing = Listing(
        source_key="jiaxing",
        external_id="jx-1",
        title=title,
        abstract="邻市数据",
        provider="嘉兴市交通运输局",
        region_code="330400",
        themes=(v.Theme.TRANSPORT,),
        formats=(v.Format.XLSX,),
        open_type=v.OpenType.OPEN_UNCOND,
        open_tier=v.OpenTier.T0,
        open_condition="使用前请注明来源",
        source_url="https://data.example.cn/1?a=1&b=2",
        words=(("开放条件", "使用前请注明来源"),),
    )
    with work.begin(kit.database, SYSTEM, now) as unit:
        owner = tenants.find(unit.session, "hz-sjj")
        source = harvest_sources.ensure(
            unit,
            owner,
            key="jiaxing",
            zh="嘉兴市公共数据开放平台",
            en="Jiaxing open-data portal",
            kind=Kind.LIST,
        )
        importing.import_records(unit, source, [listing])
        found = unit.session.scalars(select(Entry).where(Entry.external_id == "jx-1")).one()
        slug = found.code.replace("/", "-")
    search_index.catch_up(kit.index, kit.database)
    return slug


def draft(kit: Kit, cast: Any, now: datetime, title: str) -> str:
    """An entry that only its own department may know of; gives its slug."""
    with work.begin(kit.database, cast.steward, now) as unit:
        owner = tenants.find(unit.session, "hz-jtj")
        entry = datasets.register(unit, owner, datasets.Description(title=title, abstract="草稿", tags=(title,)))
        slug = entry.code.replace("/", "-")
    search_index.catch_up(kit.index, kit.database)
    return slug

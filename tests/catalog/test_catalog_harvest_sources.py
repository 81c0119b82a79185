"""Sources: their keys, and the rows that entries taken over before there were sources get."""

from typing import Any

import pytest
from sqlalchemy import delete

from catalog import harvest_sources, importing
from catalog.harvest_models import HarvestSource
from catalog.mapping.listing import Kind, Listing
from open_portal import migrating
from policies.refusals import Invalid
from tenancy import peers, work
from tenancy.actors import SYSTEM


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("/data/zhejiang_jiaxing.json.gz", "zhejiang_jiaxing"),
        ("嘉兴 目录.XLSX", "嘉兴-目录"),
        ("https://data.example.org/catalog/data.json?x=1", "data.example.org-catalog-data"),
        (".json", "source"),
        ("x" * 80, "x" * 64),
    ],
)
def test_a_source_is_named_after_its_file(name: str, key: str) -> None:
    assert harvest_sources.key_of(name) == key
    assert harvest_sources.KEY.fullmatch(key)


def test_entries_from_before_get_their_source(db: Any, cast: Any, now: Any) -> None:
    with work.begin(db, SYSTEM, now) as deed:
        place = deed.session.merge(cast.authority)
        for key in ("shaoxing", "elsewhere"):
            source = harvest_sources.add(deed, place, key=key, zh=key, kind=Kind.LIST)
            importing.import_records(deed, source, [Listing(key, "1", "公交站点")])
        with pytest.raises(Invalid):
            harvest_sources.add(deed, place, key="Shaoxing", zh="又一个", kind=Kind.LIST)
        deed.session.execute(delete(HarvestSource))
    migrating.downgrade(db, "0011")
    migrating.upgrade(db)
    with db.read() as session:
        known, other = harvest_sources.find(session, "shaoxing"), harvest_sources.find(session, "elsewhere")
        assert (known.zh, known.region_code, known.tenant_id) == ("绍兴市公共数据开放平台", "330600", cast.authority.id)
        assert (other.zh, other.kind) == ("elsewhere", Kind.LIST)


def test_a_platform_that_writes_here_keeps_its_key(db: Any, cast: Any, now: Any) -> None:
    with work.begin(db, cast.system_admin, now) as deed:
        place = deed.session.merge(cast.authority)
        told = {"name_zh": "德清平台", "name_en": "Deqing", "address": "https://data.example.org", "reason": "对接"}
        peers.propose(deed, place, key="deqing-open", **told)
    for make in (harvest_sources.add, harvest_sources.ensure):
        with pytest.raises(Invalid) as refused, work.begin(db, SYSTEM, now) as deed:
            make(deed, deed.session.merge(cast.authority), key="Deqing-Open", zh="德清", kind=Kind.LIST)
        (fault,) = refused.value.fields.values()
        assert (fault.code, fault.field) == ("harvest.key-of-peer", "key")
        assert "deqing-open" in fault.text("en")
    with db.read() as session:
        assert session.get(HarvestSource, "deqing-open") is None

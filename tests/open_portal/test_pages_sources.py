"""Pages of sources: entered with mistakes told, read, stopped, confirmed; refused records; the source on an entry."""

import csv
import io

import harvest_stage
import portal_stage
import pytest
from harvest_stage import KEY, listings, reading
from portal_stage import Stage, post
from sqlalchemy import select

from catalog import harvest_sources, search_index
from catalog.models import Entry
from policies import vocabulary as v
from tenancy.records import Job

PAGE = f"/admin/sources/{KEY}"
FIELDS = {
    "zh": "邻市平台",
    "en": "Neighbour",
    "key": "Neighbour",
    "tenant": "hz-sjj",
    "kind": "LIST",
    "address": "https://example.org/data.json",
    "region_code": "330400",
    "every_hours": "24",
    "mapping": 'title = "名称"',
}


@pytest.fixture
def stage(db, cast, now, tmp_path) -> Stage:
    """A portal over the cast."""
    return portal_stage.build(db, cast, now, tmp_path)


def test_a_source_is_entered_changed_and_paused(stage):
    officer = stage.signed_in(stage.cast.officer)
    new = "/admin/sources/new"
    bad = {"zh": "", "key": "/", "address": "ftp://example.org", "region_code": "3305", "mapping": "title"}
    answer = post(officer, new, **{**FIELDS, **bad})
    assert answer.status_code == 422
    assert 'href="#mapping"' in answer.text
    answer = post(officer, new, **{**FIELDS, **bad, "mapping": ""})
    assert all(f'href="#{name}"' in answer.text for name in ("zh", "key", "address", "region_code"))
    assert 'value="ftp://example.org"' in answer.text
    assert post(officer, new, **{**FIELDS, "every_hours": "x"}).status_code == 422
    assert post(officer, new, **FIELDS).location == PAGE
    assert "already" in post(officer, new, **FIELDS).text
    page = officer.get(PAGE).text
    assert "title = 名称" in page
    assert "every 24 hours" in page
    change = {name: FIELDS[name] for name in FIELDS if name not in ("key", "tenant")}
    assert post(officer, f"{PAGE}/change", **{**change, "zh": "新名", "en": "", "mapping": ""}).location == PAGE
    assert post(officer, f"{PAGE}/pause", page=PAGE, pause="1").location == PAGE
    assert "Read now" not in officer.get(PAGE).text
    post(officer, f"{PAGE}/run", page=PAGE)
    assert "is paused; make it active" in officer.get(PAGE).text
    assert "新名" in officer.get("/admin/sources").text
    with stage.kit.database.read() as session:
        kept = harvest_sources.find(session, KEY)
        assert (kept.state, kept.zh, kept.mapping, kept.tenant.key) == (v.SourceState.PAUSED, "新名", None, "hz-sjj")


def test_a_reading_is_asked_for_and_stopped(stage):
    harvest_stage.found_source(stage.kit, address="https://example.org/data.json")
    system = stage.signed_in(stage.cast.system_admin)
    assert post(system, f"{PAGE}/run", page=PAGE).location == PAGE
    assert "being harvested" in system.get(post(system, f"{PAGE}/run", page=PAGE).location).text
    with stage.kit.database.read() as session:
        assert [one.kind for one in session.scalars(select(Job).where(Job.kind == "harvest.run"))] == ["harvest.run"]
    run = f"{PAGE}/runs/1"
    assert post(system, f"{run}/stop", page=run).location == run
    assert "Stopped" in system.get(run).text
    assert post(system, f"{PAGE}/run", page=PAGE, dry="1").location == PAGE
    assert "This was a dry run" in system.get(f"{PAGE}/runs/2").text


def test_what_was_refused_is_told_and_a_shrunken_source_waits(stage):
    harvest_stage.found_source(stage.kit, address="https://example.org/data.json")
    bad = [{"标题": "=cmd()"}, *({"标题": f"坏{one}"} for one in range(60))]
    harvest_stage.run(stage.kit, reading(listings(*range(8)), bad))
    officer = stage.signed_in(stage.cast.officer)
    run = f"{PAGE}/runs/1"
    page = officer.get(run).text
    assert "61 refused records" in page
    assert "The title has fewer than 2 characters" in page
    assert "坏10" in page
    assert "坏59" not in page
    assert "坏59" in officer.get(f"{run}?page=2").text
    rows = list(csv.reader(io.StringIO(officer.get(f"{run}/refused.csv").text.removeprefix("\ufeff"))))
    assert len(rows) == 62
    assert rows[1][:3] == ["1", "'=cmd()", "标题"]
    harvest_stage.run(stage.kit, reading(listings(0, 1)))
    held = f"{PAGE}/runs/2"
    assert "lists 6 no more" in officer.get(held).text
    assert post(officer, f"{held}/settle", page=held, archive="1").location == held
    assert "Archive them" not in officer.get(held).text
    assert sum(one is v.EntryState.WITHDRAWN for one in harvest_stage.states(stage.kit).values()) == 6
    chinese = stage.signed_in(stage.cast.officer, language="zh_Hans_CN").get(run).text
    assert "标题不足2个字" in chinese


def test_nobody_else_comes_near(stage):
    harvest_stage.found_source(stage.kit, address="https://example.org/data.json")
    harvest_stage.run(stage.kit, reading(listings(1)))
    for who, status in ((stage.cast.leader, 403), (stage.cast.auditor, 403), (stage.cast.steward, 403)):
        client = stage.signed_in(who)
        for url in ("/admin/sources", "/admin/sources/new", PAGE, f"{PAGE}/runs/1", f"{PAGE}/runs/1/refused.csv"):
            assert client.get(url).status_code == status, (who.name, url)
    officer = stage.signed_in(stage.cast.officer)
    for url in ("/admin/sources/none", f"{PAGE}/runs/9", "/admin/sources/none/change"):
        assert officer.get(url).status_code == 404, url


def test_an_entry_says_where_it_comes_from(stage):
    harvest_stage.found_source(stage.kit)
    bare = listings(7, abstract="")[0]
    harvest_stage.run(stage.kit, reading([bare]))
    search_index.catch_up(stage.kit.index, stage.kit.database)
    with stage.kit.database.read() as session:
        entry = session.scalars(select(Entry)).one()
    page = stage.browser().get(f"/datasets/{entry.code.replace('/', '-')}").text
    assert "Taken over from Neighbour" in page
    assert "Last compared with it on" in page
    assert "Neighbour gives no description of these data." in page
    assert 'href="https://e.org/7"' in page
    assert "Neighbour" in stage.browser().get("/datasets").text

"""The writing actions of the CKAN door, driven by the real ckanapi over a real port, with tokens of every scope."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from io import BytesIO
from typing import Any

import ckanapi
import public_stage as stage
import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.serving import make_server

from catalog import datasets
from catalog.models import CatalogChange, Entry, Version
from open_portal.wiring import Kit
from policies import vocabulary as v
from tenancy import peers, tokens, work
from tenancy.models import ApiToken, Tenant
from tenancy.records import AuditLine

Token = Callable[..., str]


@pytest.fixture
def token(kit: Kit, cast: Any, now: datetime) -> Token:
    """Gives the text of a token for a scope; wide ones are approved by the second person."""

    def make(scope: str, who: Any = None, peer: str | None = None) -> str:
        wide = scope in {"exchange", "restore"}
        with work.begin(kit.database, who or (cast.system_admin if wide else cast.steward), now) as unit:
            found = peers.find(unit.session, peer) if peer else None
            row, plain = tokens.create(unit, name=scope, days=7, scopes=[scope], peer=found)
            key = row.id
        if wide:
            with work.begin(kit.database, cast.security_admin, now) as unit:
                tokens.approve(unit, tokens.find_wide(unit.session, key))
        return plain

    return make


@pytest.fixture
def connected(kit: Kit, cast: Any, now: datetime) -> Callable[[str], str]:
    """Connects a platform; gives its key."""

    def connect(key: str) -> str:
        names = {"name_zh": f"{key}平台", "name_en": key, "address": f"https://{key}.example.cn", "reason": "协议"}
        with work.begin(kit.database, cast.system_admin, now) as unit:
            care = unit.session.get_one(Tenant, cast.authority.id)
            peer_id = peers.propose(unit, care, key=key, **names).id
        with work.begin(kit.database, cast.security_admin, now) as unit:
            peers.connect(unit, peer_id)
        return key

    return connect


@pytest.fixture
def portal(app: Flask) -> Iterator[Callable[[str | None], ckanapi.RemoteCKAN]]:
    """Gives a client with a token, at a server on loopback."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    opened = []

    def enter(plain: str | None) -> ckanapi.RemoteCKAN:
        opened.append(ckanapi.RemoteCKAN(f"http://127.0.0.1:{server.server_port}", apikey=plain))
        return opened[-1]

    yield enter
    for one in opened:
        one.close()
    server.shutdown()
    thread.join()
    server.server_close()


def entry_of(kit: Kit, title: str) -> Entry:
    with kit.database.read() as session:
        return session.scalars(select(Entry).where(Entry.title == title)).one()


def count(kit: Kit, kind: Any, *where: Any) -> int:
    with kit.database.read() as session:
        return session.scalar(select(func.count()).select_from(kind).where(*where)) or 0


def what(kit: Kit, entry_id: str) -> list[str]:
    with kit.database.read() as session:
        query = select(CatalogChange.what).where(CatalogChange.entry_id == entry_id)
        return list(session.scalars(query.order_by(CatalogChange.sequence)))


def test_a_person_writes_drafts_that_go_through_review(kit, cast, now, token, portal, client):
    slug = stage.publish(kit, cast, now, "公交线路")
    hidden = stage.draft(kit, cast, now, "看不见的草稿")
    writer, reader, nobody = portal(token("draft")), portal(token("read")), portal(None)
    for one in (reader, nobody):
        for action in ("package_create", "package_patch", "resource_create", "organization_create", "dataset_purge"):
            with pytest.raises(ckanapi.NotAuthorized):
                one.call_action(action, {"id": slug, "title": "x"})
    made = writer.action.package_create(
        name="bridges",
        title="桥梁台账",
        owner_org="hz-jtj",
        notes="桥梁",
        tags=[{"name": "桥"}],
        groups=[{"name": "theme-6"}],
        license_id="cc-by",
        extras=[{"key": "update_cycle", "value": "MONTHLY"}, {"key": "steel", "value": "yes"}],
        resources=[{"url": "https://data.example.cn/bridges.csv", "format": "CSV"}],
    )
    assert (made["state"], made["private"], made["review_state"]) == ("draft", True, "DRAFT")
    assert {one["key"]: one["value"] for one in made["extras"]}["steel"] == "yes"
    assert "items" in {one["field"] for one in made["review_needs"]}
    row = entry_of(kit, "桥梁台账")
    assert (row.state, row.origin, row.licence, row.themes) == ("DRAFT", "OWN", "CC-BY-4.0", ["6"])
    assert (row.author_id, row.update_cycle) == (cast.steward.id, "MONTHLY")
    assert made["id"] == row.id
    with pytest.raises(ckanapi.NotFound):
        nobody.action.package_show(id=row.id)
    a_draft_is_changed_and_thrown_away(writer, made, kit)
    # What is published changes by a proposal, what is another body's doesn't change at all.
    proposed = writer.action.package_patch(id=slug, title="公交线路（新）")
    assert (proposed["state"], proposed["title"], proposed["review_state"]) == (
        "draft",
        "公交线路（新）",
        "CHANGE_REVIEW",
    )
    assert nobody.action.package_show(id=slug)["title"] == "公交线路"
    stranger = portal(token("draft", cast.stranger))
    with pytest.raises(ckanapi.NotAuthorized):
        stranger.action.package_patch(id=slug, title="x")
    for name in (hidden, "1-nothing"):
        with pytest.raises(ckanapi.NotFound):
            stranger.action.package_patch(id=name, title="x")
    with pytest.raises(ckanapi.NotAuthorized):
        stranger.action.package_create(title="别人的", owner_org="hz-jtj")
    with pytest.raises(ckanapi.NotAuthorized):
        stranger.action.package_create(title="别人的", owner_org="nobody-at-all")
    assert count(kit, AuditLine, AuditLine.actor_id == cast.steward.id, AuditLine.what == "entry.registered") == 3
    with kit.database.read() as session:
        assert all(one.used_at == now for one in session.scalars(select(ApiToken)))
    assert client.get("/api/3/action/package_create").status_code == 400


def a_draft_is_changed_and_thrown_away(writer: ckanapi.RemoteCKAN, made: Any, kit: Kit) -> None:
    changed = writer.action.package_patch(id="bridges", notes="桥梁和涵洞")
    assert changed["notes"] == "桥梁和涵洞"
    assert changed["resources"] == made["resources"]
    link = writer.action.resource_create(package_id="bridges", url="https://data.example.cn/2.json", name="二")
    writer.action.resource_patch(id=link["id"], description="第二")
    with pytest.raises(ckanapi.ValidationError):
        writer.action.resource_update(id=link["id"], description="没有地址")
    writer.action.resource_delete(id=made["resources"][0]["id"])
    [kept] = entry_of(kit, "桥梁台账").resources
    assert (kept["name"], kept["description"], kept["id"]) == ("二", "第二", link["id"])
    writer.action.package_delete(id="bridges")
    assert entry_of(kit, "桥梁台账").state is v.EntryState.DELETED


def test_what_cannot_be_taken_is_said_where_it_stands(kit, cast, now, token, portal):
    writer = portal(token("draft"))
    with pytest.raises(ckanapi.ValidationError) as caught:
        writer.action.package_create(
            name="NOT a name",
            owner_org="hz-jtj",
            license_id="mine",
            tags=[{"name": "a"}, {}],
            extras=[
                {"key": "a", "value": "1"},
                {"key": "update_cycle", "value": "sometimes"},
                {"key": "a", "value": "2"},
            ],
            resources=[{"url": "https://a.example"}, {"url": "javascript:1"}],
        )
    faults = caught.value.error_dict
    assert set(faults) == {"__type", "name", "license_id", "tags", "extras", "resources"}
    assert [sorted(one) for one in faults["resources"]] == [[], ["url"]]
    assert [sorted(one) for one in faults["extras"]] == [[], ["value"], ["key"]]
    assert all(isinstance(one, list) for one in faults["name"] and [faults["name"]])
    for wrong in ({"title": "桥"}, {}, {"title": "桥梁", "groups": [{"name": "no-theme"}]}):
        with pytest.raises(ckanapi.ValidationError) as caught:
            writer.action.package_create(owner_org="hz-jtj", **wrong)
        assert set(caught.value.error_dict) & {"title", "groups"}
    with pytest.raises(ckanapi.ValidationError) as caught:
        writer.action.package_create(title="无主")
    assert set(caught.value.error_dict) == {"__type", "owner_org"}
    assert count(kit, Entry) == 0


def test_a_file_waits_in_quarantine_as_a_new_version(kit, cast, now, token, portal):
    slug = stage.publish(kit, cast, now, "公交线路")
    writer = portal(token("draft"))
    file = BytesIO("线路,站点数\n1路,12\n".encode())
    file.name = "新线路.csv"
    made = writer.action.resource_create(package_id=slug, name="新", upload=file)
    assert (made["state"], made["url_type"], made["format"], made["revision"]) == ("draft", "upload", "CSV", 2)
    with kit.database.read() as session:
        version = session.scalars(select(Version).where(Version.number == 2)).one()
        assert (version.state, version.original.name) == (v.VersionState.RECEIVED, "新线路.csv")
        assert version.quarantined
    for plain in (token("draft", cast.stranger), token("read"), None):
        with pytest.raises(ckanapi.NotAuthorized):
            portal(plain).action.resource_create(package_id=slug, upload=BytesIO(b"a\n1\n"))
    with pytest.raises(ckanapi.ValidationError):
        writer.action.resource_delete(id=f"{entry_of(kit, '公交线路').id}-csv")
    assert len(list((kit.settings.home / "quarantine").iterdir())) == 1


PACKAGE: dict[str, Any] = {
    "id": "6f1c2a52-0000-4000-8000-000000000001",
    "name": "lakes",
    "title": "湖泊名录",
    "notes": "全省湖泊",
    "owner_org": "water",
    "tags": [{"name": "水"}],
    "groups": [{"name": "nature", "title": "自然"}, {"name": "theme-6"}],
    "license_id": "CC-BY-4.0",
    "url": "https://province.example.cn/dataset/lakes",
    "resources": [{"id": "r1", "url": "https://province.example.cn/lakes.csv", "format": "CSV", "size": 12}],
    "extras": [{"key": "contact", "value": "水利"}],
}


def test_a_platform_sends_its_own_metadata_and_touches_nothing_else(kit, cast, now, token, portal, connected):
    slug = stage.publish(kit, cast, now, "公交线路")
    hidden = stage.draft(kit, cast, now, "看不见的草稿")
    province = portal(token("exchange", peer=connected("province")))
    other = portal(token("exchange", peer=connected("other")))
    with pytest.raises(ckanapi.ValidationError) as caught:
        province.action.package_create(**PACKAGE)
    assert set(caught.value.error_dict) == {"__type", "owner_org"}
    body = province.action.organization_create(name="water", title="省水利厅", id="w-1")
    assert province.action.organization_show(id="water") == province.action.organization_update(
        id="w-1", title="省水利厅"
    )
    assert body["title"] == "省水利厅"
    with pytest.raises(ckanapi.NotFound):
        other.action.organization_show(id="water")
    assert province.action.group_create(name="theme-6")["title"] == v.Theme("6").zh
    assert province.action.group_create(name="nature", title="自然")["name"] == "nature"
    made = province.action.package_create(**PACKAGE)
    assert (made["state"], made["private"], made["title"]) == ("active", False, "湖泊名录")
    row = entry_of(kit, "湖泊名录")
    assert (row.origin, row.origin_portal, row.state, row.publisher_name) == (
        "HARVESTED",
        "province",
        "PUBLISHED",
        "省水利厅",
    )
    assert (row.tenant_id, row.author_id, row.themes) == (cast.authority.id, "province", ["6"])
    assert (row.live_version_id, [one["url"] for one in row.resources]) == (None, [PACKAGE["resources"][0]["url"]])
    assert {one["key"]: one["value"] for one in made["extras"]}["groups"] == "自然"
    changes = count(kit, CatalogChange)
    assert province.action.package_create(**PACKAGE) == province.action.package_update(**PACKAGE) == made
    assert (
        province.action.package_show(id="lakes")["id"] == province.action.package_show(id=PACKAGE["id"])["id"] == row.id
    )
    assert count(kit, CatalogChange) == changes
    assert province.action.package_patch(id="lakes", notes="新")["notes"] == "新"
    assert entry_of(kit, "湖泊名录").resources == row.resources
    only_the_description_of_what_is_not_for_everyone(kit, province)
    assert count(kit, Version) == 1
    others_entries_are_not_touched(province, other, slug, hidden)
    what_was_suspended_stays_so(kit, province, portal(None), cast.officer, made["name"])
    province.action.organization_delete(id="water")
    with pytest.raises(ckanapi.NotFound):
        province.action.organization_show(id="water")
    assert count(kit, AuditLine, AuditLine.actor_kind == "peer", AuditLine.actor_id == "province") >= 8


def only_the_description_of_what_is_not_for_everyone(kit: Kit, province: ckanapi.RemoteCKAN) -> None:
    kept = province.action.package_create(
        **{
            **PACKAGE,
            "id": "x2",
            "name": "wells",
            "title": "取水井",
            "extras": [{"key": "access_level", "value": "T2"}],
        }
    )
    row = entry_of(kit, "取水井")
    assert (row.open_tier, row.open_type, row.resources) == ("T2", "OPEN_RESTRICTED", [])
    assert "lakes.csv" not in str(kept)
    with pytest.raises(ckanapi.ValidationError):
        province.action.resource_create(package_id="wells", upload=BytesIO(b"a\n1\n"))
    for wrong in ({"private": True}, {"state": "draft"}, {"title": ""}):
        with pytest.raises(ckanapi.ValidationError):
            province.action.package_create(**{**PACKAGE, "id": "x3", "name": "x3", **wrong})


def others_entries_are_not_touched(
    province: ckanapi.RemoteCKAN, other: ckanapi.RemoteCKAN, slug: str, hidden: str
) -> None:
    """Seen ones are refused, others are not there."""
    for action in ("package_patch", "package_delete", "dataset_purge"):
        for client, name in ((province, slug), (other, "lakes")):
            with pytest.raises(ckanapi.NotAuthorized):
                client.call_action(action, {"id": name, "title": "x"})
        with pytest.raises(ckanapi.NotFound):
            province.call_action(action, {"id": hidden, "title": "x"})
    with pytest.raises(ckanapi.ValidationError) as caught:
        other.action.package_create(name="lakes", title="另一个")
    assert set(caught.value.error_dict) == {"__type", "name"}


def what_was_suspended_stays_so(
    kit: Kit, province: ckanapi.RemoteCKAN, anyone: ckanapi.RemoteCKAN, officer: Any, name: str
) -> None:
    """What the platform itself takes back may come again."""
    wells = entry_of(kit, "取水井").id
    with work.begin(kit.database, officer, kit.clock()) as unit:
        datasets.suspend(unit, unit.session.get_one(Entry, wells), "核查")
    assert province.action.package_patch(id="wells", notes="改")["notes"] == "改"
    with pytest.raises(ckanapi.NotFound):
        anyone.action.package_show(id=wells)
    province.action.bulk_update_delete(datasets=["lakes"])
    with pytest.raises(ckanapi.NotFound):
        anyone.action.package_show(id="lakes")
    assert province.action.package_create(**PACKAGE)["name"] == name
    assert what(kit, entry_of(kit, "湖泊名录").id)[-2:] == ["entry.archived", "entry.harvest-returned"]
    assert entry_of(kit, "取水井").state is v.EntryState.SUSPENDED
    province.action.package_delete(id="wells")
    again = province.action.package_create(id="x2", name="wells", title="取水井")
    assert (again["id"], again["state"]) == (wells, "deleted")
    assert entry_of(kit, "取水井").state is v.EntryState.WITHDRAWN


def test_a_name_tells_nobody_of_what_is_hidden(kit, cast, now, token, portal, connected):
    """The same answer to a name whether a hidden entry has it or not."""
    writer = portal(token("draft"))
    writer.action.package_create(name="secret-plan", title="秘密计划", owner_org="hz-jtj")
    stranger = portal(token("draft", cast.stranger))
    province = portal(token("exchange", peer=connected("province")))
    taken = stranger.action.package_create(name="secret-plan", title="另一计划", owner_org="hz-jyj")
    assert stranger.action.package_patch(id="secret-plan", notes="n")["id"] == taken["id"]
    sent = province.action.package_create(name="secret-plan", title="公开计划")
    assert province.action.package_show(id="secret-plan")["id"] == sent["id"]
    assert portal(None).action.package_show(id="secret-plan")["id"] == sent["id"]
    code = entry_of(kit, "秘密计划").code.replace("/", "-").lower()
    assert stranger.action.package_create(name=code, title="占用代码", owner_org="hz-jyj")["name"] != code
    with pytest.raises(ckanapi.NotFound):
        portal(None).action.package_show(id=code)
    with pytest.raises(ckanapi.ValidationError):
        writer.action.package_create(name="secret-plan", title="第三计划", owner_org="hz-jtj")

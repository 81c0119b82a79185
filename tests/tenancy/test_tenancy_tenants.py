"""Tenants: a tree of any depth with dated names, whose branches move, merge and split without losing anything."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from catalog import changes, datasets, reading, successions
from catalog.models import CatalogChange, Entry
from policies import vocabulary as v
from policies.refusals import Forbidden, Invalid, NotFound, Refused
from sharing import successions as sharing_successions
from sharing.demand import demands
from sharing.demand.models import Demand
from sharing.rates import readings
from tenancy import actors, cases, tenants, work
from tenancy.actors import SYSTEM, Actor
from tenancy.database import Database
from tenancy.models import Membership, Person, Succession, Tenant, TenantAncestor, TenantParent
from tenancy.records import AuditLine, Case, Job

TODAY = date(2026, 11, 23)
YESTERDAY = TODAY - timedelta(days=1)


def unit(deed: work.Work, key: str, parent: Tenant, kind: v.TenantKind = v.TenantKind.SUBUNIT) -> Tenant:
    """A unit below a parent."""
    return tenants.found(
        deed, key=key, kind=kind, zh=f"单位{key}", en=key, region_code="330500", parent=parent, on=TODAY
    )


def at(deed: work.Work, tenant: Tenant) -> Tenant:
    """A tenant of the cast, in this transaction."""
    return deed.session.get_one(Tenant, tenant.id)


def again(db: Database, who: Actor, now: datetime) -> Actor:
    """A person as he stands after changes."""
    with db.read() as session:
        return actors.find(session, who.id, now)


def tree(db: Database) -> dict[str, tuple[str, ...]]:
    """Keys from each tenant up, read from the pairs alone."""
    with db.read() as session:
        keys = {one.id: one.key for one in session.scalars(select(Tenant))}
        pairs = session.scalars(select(TenantAncestor).order_by(TenantAncestor.tenant_id, TenantAncestor.depth)).all()
    found: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        assert pair.depth == len(found.get(keys[pair.tenant_id], ()))
        found[keys[pair.tenant_id]] = (*found.get(keys[pair.tenant_id], ()), keys[pair.ancestor_id])
    return found


def test_tree_of_free_depth_moves_with_everyone_below(db: Database, cast: Any, now: datetime) -> None:
    with work.begin(db, cast.system_admin, now) as deed:
        parent = at(deed, cast.department)
        for depth in range(6):
            parent = unit(deed, f"d{depth}", parent)
        unit(deed, "side", tenants.find(deed.session, "d2"))
    above = ("hz-jtj", "huzhou")
    assert tree(db)["d5"] == ("d5", "d4", "d3", "d2", "d1", "d0", *above)
    with work.begin(db, cast.system_admin, now) as deed:
        tenants.move(deed, tenants.find(deed.session, "d2"), at(deed, cast.county), on=TODAY)
        moved = tenants.find(deed.session, "d4")
        assert moved.parent_id == tenants.find(deed.session, "d3").id
        assert len(moved.path) == 5
    found = tree(db)
    assert found["d5"] == ("d5", "d4", "d3", "d2", "deqing", "huzhou")
    assert found["side"] == ("side", "d2", "deqing", "huzhou")
    assert found["d1"] == ("d1", "d0", *above)
    with db.read() as session:
        history = select(TenantParent).where(TenantParent.tenant_id == tenants.find(session, "d2").id)
        rows = sorted(session.scalars(history), key=lambda one: one.valid_to is None)
        assert [(one.valid_from, one.valid_to) for one in rows] == [(TODAY, TODAY), (TODAY, None)]
        assert set(tenants.descendants(session, cast.county.id)) >= {tenants.find(session, "d5").id}
        kinds = session.execute(select(Job.kind, Job.dedupe).where(Job.kind.in_(["tenant.follow", "index.rebuild"])))
        assert sorted(kind for kind, _ in kinds) == ["index.rebuild", "tenant.follow"]


def test_nothing_moves_under_itself_or_into_the_past_or_future(db: Database, cast: Any, now: datetime) -> None:
    before = tree(db)
    wrong: list[tuple[str, Callable[[work.Work], Any]]] = [
        ("tenant.under-itself", lambda w: tenants.move(w, at(w, cast.city), at(w, cast.county), on=TODAY)),
        ("tenant.under-itself", lambda w: tenants.move(w, at(w, cast.county), at(w, cast.county), on=TODAY)),
        (
            "tenant.day-ahead",
            lambda w: tenants.move(w, at(w, cast.other), at(w, cast.county), on=TODAY + timedelta(days=1)),
        ),
        ("tenant.day-before", lambda w: tenants.move(w, at(w, cast.other), at(w, cast.county), on=YESTERDAY)),
        ("tenant.own-heir", lambda w: tenants.merge(w, at(w, cast.city), at(w, cast.county), on=TODAY)),
        ("tenant.own-heir", lambda w: tenants.merge(w, at(w, cast.other), at(w, cast.other), on=TODAY)),
        ("tenant.own-heir", lambda w: tenants.split(w, at(w, cast.other), [], on=TODAY)),
        ("tenant.key-taken", lambda w: unit(w, "deqing", at(w, cast.city))),
    ]
    for code, deed_ in wrong:
        with pytest.raises((Refused, Invalid)) as refusal, work.begin(db, cast.system_admin, now) as deed:
            deed_(deed)
        assert refusal.value.code == code
    assert tree(db) == before


def test_strangers_are_refused(db: Database, cast: Any, now: datetime) -> None:
    deeds: list[Callable[[work.Work], Any]] = [
        lambda w: unit(w, "mine", at(w, cast.department)),
        lambda w: tenants.rename(w, at(w, cast.department), zh="甲", en="A", on=TODAY),
        lambda w: tenants.move(w, at(w, cast.department), at(w, cast.other), on=TODAY),
        lambda w: tenants.merge(w, at(w, cast.department), at(w, cast.other), on=TODAY),
        lambda w: tenants.split(w, at(w, cast.department), [at(w, cast.other)], on=TODAY),
        lambda w: tenants.set_face(w, at(w, cast.department), slug="x"),
    ]
    for who in (cast.steward, cast.officer, cast.auditor, cast.requester, cast.public):
        for deed_ in deeds:
            with pytest.raises(Forbidden), work.begin(db, who, now) as deed:
                deed_(deed)


def test_names_have_days(db: Database, cast: Any, now: datetime) -> None:
    later = now + timedelta(days=40)
    with work.begin(db, cast.system_admin, later) as deed:
        tenants.rename(deed, at(deed, cast.department), zh="市交通局", en="", on=date(2026, 12, 20))
    with db.read() as session:
        tenant = tenants.find(session, "hz-jtj")
        assert tenant.name.zh == "市交通局"
        assert tenant.name.label("en") == "市交通局"
        assert [(one.zh, one.valid_from, one.valid_to) for one in tenant.names] == [
            ("市交通运输局", TODAY, date(2026, 12, 20)),
            ("市交通局", date(2026, 12, 20), None),
        ]
    for day, code in ((date(2026, 12, 20), "tenant.name-not-later"), (date(2027, 6, 1), "tenant.day-ahead")):
        with pytest.raises(Invalid) as refusal, work.begin(db, cast.system_admin, later) as deed:
            tenants.rename(deed, at(deed, cast.department), zh="甲", en="A", on=day)
        assert refusal.value.code == code


def test_merged_tenant_leaves_nothing_behind(db: Database, cast: Any, now: datetime) -> None:
    with work.begin(db, cast.system_admin, now) as deed:
        unit(deed, "below", at(deed, cast.other))
    entry_id, twin_id = (registered(db, who, tenant, now) for who, tenant in pairs(cast))
    number = demanded(db, cast, now)
    with work.begin(db, cast.system_admin, now) as deed:
        tenants.merge(deed, at(deed, cast.other), at(deed, cast.department), on=TODAY)
    stranger = again(db, cast.stranger, now)
    assert [(one.role, one.tenant_id) for one in stranger.standings] == [(v.Role.STEWARD, cast.department.id)]
    assert tree(db)["below"] == ("below", "hz-jtj", "huzhou")
    with db.read() as session:
        old = tenants.find(session, "hz-jyj")
        assert (old.dissolved_on, old.name.zh) == (TODAY, "市教育局")
        assert tenants.heir_of(session, old).key == "hz-jtj"
        case = session.scalars(select(Case).where(Case.number == number)).one()
        assert case.applicant_tenant_id == cast.department.id
        assert session.scalars(select(Succession.kind)).all() == ["MERGE"]
    for _ in range(2):
        with work.begin(db, SYSTEM, now) as deed:
            successions.follow(deed, cast.other.id)
            sharing_successions.follow(deed, cast.other.id)
    with db.read() as session:
        entry, twin = session.get_one(Entry, entry_id), session.get_one(Entry, twin_id)
        assert entry.tenant_id == entry.source_tenant_id == twin.tenant_id == cast.department.id
        assert (entry.title, twin.title) == ("公交线路（市教育局）", "公交线路")
        assert work.may(stranger, "entry.edit", entry)
        assert reading.find(session, entry.code, stranger, now)
        demand = demands.find(session, number, stranger)
        assert demand.tenant_id == cast.department.id
        assert readings.demand_facts(session, now)[demand.id]["path"] == [cast.department.id, cast.city.id]
        inherited = session.scalars(select(AuditLine).where(AuditLine.what == "entry.inherited")).all()
        assert [line.about_id for line in inherited] == [entry_id]
        assert changes.facts(entry)["path"] == readings.entry_facts(session, now)[entry_id]["path"]


def pairs(cast: Any) -> list[tuple[Actor, Tenant]]:
    """Two stewards with their tenants."""
    return [(cast.stranger, cast.other), (cast.steward, cast.department)]


def registered(db: Database, who: Actor, tenant: Tenant, now: datetime) -> str:
    """A draft of a tenant, always under the same title."""
    with work.begin(db, who, now) as deed:
        return datasets.register(deed, at(deed, tenant), datasets.Description(title="公交线路", themes=("6",))).id


def demanded(db: Database, cast: Any, now: datetime) -> str:
    """A demand of the other department, not dispatched yet."""
    with work.begin(db, cast.stranger, now) as deed:
        return demands.ask(
            deed,
            at(deed, cast.other),
            at(deed, cast.city),
            title="学生名册",
            purpose="入学",
            legal_basis="义务教育法",
            items=["姓名"],
        ).number


def test_merged_twice_leads_to_the_last_heir(db: Database, cast: Any, now: datetime) -> None:
    entry_id = registered(db, cast.stranger, cast.other, now)
    with work.begin(db, cast.system_admin, now) as deed:
        tenants.merge(deed, at(deed, cast.other), at(deed, cast.department), on=TODAY)
        tenants.merge(deed, at(deed, cast.department), at(deed, cast.authority), on=TODAY)
    with work.begin(db, SYSTEM, now) as deed:
        successions.follow(deed, cast.other.id)
    with db.read() as session:
        assert session.get_one(Entry, entry_id).tenant_id == cast.authority.id
    with pytest.raises(Refused) as refusal, work.begin(db, cast.system_admin, now) as deed:
        tenants.merge(deed, at(deed, cast.other), at(deed, cast.authority), on=TODAY)
    assert refusal.value.code == "tenant.dissolved"
    with pytest.raises(Refused), work.begin(db, cast.system_admin, now) as deed:
        tenants.move(deed, at(deed, cast.county), at(deed, cast.other), on=TODAY)
    with pytest.raises(Refused), work.begin(db, cast.system_admin, now) as deed:
        unit(deed, "late", at(deed, cast.other))
    with db.read() as session:
        assert {one.key for one in tenants.government(session)} == {"huzhou", "hz-sjj", "deqing"}


def test_whoever_stood_in_both_stands_there_once(db: Database, cast: Any, now: datetime) -> None:
    with work.begin(db, SYSTEM, now) as deed:
        person = deed.session.get_one(Person, cast.stranger.id)
        place = Membership(tenant=at(deed, cast.department), role=v.Role.STEWARD, granted_at=now)
        person.memberships.append(place)
    with work.begin(db, cast.system_admin, now) as deed:
        tenants.merge(deed, at(deed, cast.other), at(deed, cast.department), on=TODAY)
    standing = [(one.role, one.tenant_id) for one in again(db, cast.stranger, now).standings]
    assert standing == [(v.Role.STEWARD, cast.department.id)]


def test_split_ends_places_and_keeps_the_body_for_those_above(db: Database, cast: Any, now: datetime) -> None:
    entry_id = registered(db, cast.stranger, cast.other, now)
    with work.begin(db, cast.system_admin, now) as deed:
        tenants.split(deed, at(deed, cast.other), [at(deed, cast.department), at(deed, cast.authority)], on=TODAY)
    assert again(db, cast.stranger, now).standings == ()
    with work.begin(db, SYSTEM, now) as deed:
        successions.follow(deed, cast.other.id)
    with db.read() as session:
        entry = session.get_one(Entry, entry_id)
        assert entry.tenant_id == cast.other.id
        assert reading.find(session, entry.code, cast.officer, now)
        assert sorted(session.scalars(select(Succession.kind))) == ["SPLIT", "SPLIT"]


def test_figures_follow_a_moved_tenant(db: Database, cast: Any, now: datetime) -> None:
    registered(db, cast.stranger, cast.other, now)
    with work.begin(db, SYSTEM, now) as deed:
        entry = deed.session.scalars(select(Entry)).one()
        entry.state = v.EntryState.PUBLISHED
        changes.note(deed, entry, "entry.approve")
    later = now + timedelta(hours=1)
    with work.begin(db, cast.system_admin, later) as deed:
        tenants.move(deed, at(deed, cast.other), at(deed, cast.county), on=TODAY)
    with work.begin(db, SYSTEM, later) as deed:
        successions.follow(deed, cast.other.id)
    with db.read() as session:
        known = [
            readings.compute(session, moment, scope=cast.county.id, codes=["OPEN_CAT"])[0].reading.denominator
            for moment in (now, later)
        ]
        assert known == [0, 1]
        assert session.scalars(select(CatalogChange.what).order_by(CatalogChange.sequence)).all()[-1] == "tenant.moved"


def test_open_case_goes_to_the_heir(db: Database, cast: Any, now: datetime) -> None:
    with work.begin(db, cast.stranger, now) as deed:
        tenant = at(deed, cast.other)
        entry = datasets.register(deed, tenant, datasets.Description(title="学校名录"))
        number = cases.begin(deed, "ENTRY_REVIEW", entry, title=entry.title, tenant=tenant).number
    with work.begin(db, cast.system_admin, now) as deed:
        tenants.merge(deed, at(deed, cast.other), at(deed, cast.department), on=TODAY)
    with db.read() as session:
        case = cases.find(session, number, cast.steward)
        assert case.tenant.key == "hz-jtj"
        assert [one.number for one in cases.worklist(session, cast.officer)] == [number]


def test_enrolled_company_stands_under_no_one(db: Database, cast: Any, now: datetime) -> None:
    assert tree(db)["c-example"] == ("c-example",)
    with pytest.raises(Invalid), work.begin(db, cast.public, now) as deed:
        tenants.enrol(deed, key="c-bad", zh="甲", en="A", uscc="91330500MA00000000", region_code="330500")
    with db.read() as session, pytest.raises(NotFound):
        tenants.find(session, "c-bad")


def test_demand_of_a_branch_is_noted_anew(db: Database, cast: Any, now: datetime) -> None:
    number = demanded(db, cast, now)
    with work.begin(db, cast.system_admin, now) as deed:
        tenants.move(deed, at(deed, cast.other), at(deed, cast.county), on=TODAY)
    with work.begin(db, SYSTEM, now) as deed:
        assert sharing_successions.follow(deed, cast.other.id) == 1
    with db.read() as session:
        demand = session.scalars(select(Demand).where(Demand.number == number)).one()
        path = readings.demand_facts(session, now)[demand.id]["path"]
        assert path == [cast.other.id, cast.county.id, cast.city.id]

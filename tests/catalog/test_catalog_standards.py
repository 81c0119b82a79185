"""Data standards: proposed by one unit, reviewed by the authority, begun on a day, and referred to by items."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from catalog import datasets, national_codes, standard_versions, standards
from catalog.standard_models import CodeList, DataElement
from catalog.standard_versions import CodeValues, ElementValues, ListValues
from policies import vocabulary as v
from policies.calendars import local_date
from policies.refusals import Forbidden, Invalid, Refused
from tenancy import cases, work
from tenancy.actors import SYSTEM, Actor
from tenancy.database import Database
from tenancy.models import Tenant

DAY = timedelta(days=1)
SEX = ListValues("sex-local", "性别", codes=(CodeValues("1", "男", "Male"), CodeValues("2", "女", "Female")))
ELEMENT = ElementValues("person-sex", "人员性别", "Sex of a person", code_list="sex-local")


def propose(db: Database, who: Actor, tenant: Tenant, values: Any, now: datetime, **more: Any) -> str:
    """A draft; its id."""
    with work.begin(db, who, now) as deed:
        row = standard_versions.propose(deed, deed.session.get_one(Tenant, tenant.id), values, **more)
        return row.id


def submit(db: Database, who: Actor, kind: Any, row_id: str, now: datetime) -> str:
    """Hand it in; the case's number."""
    with work.begin(db, who, now) as deed:
        return standard_versions.submit(deed, deed.session.get_one(kind, row_id)).number


def review(db: Database, who: Actor, kind: Any, row_id: str, now: datetime, move: str = "approve") -> None:
    """Move its case."""
    with work.begin(db, who, now) as deed:
        standard_versions.review(deed, deed.session.get_one(kind, row_id), move, comment="同意")


def agree(db: Database, cast: Any, values: Any, now: datetime, **more: Any) -> str:
    """A version from draft to in force; its id."""
    kind = standard_versions.kind_of(values)
    row_id = propose(db, cast.steward, cast.department, values, now, **more)
    submit(db, cast.steward, kind, row_id, now)
    review(db, cast.officer, kind, row_id, now)
    return row_id


def test_a_list_comes_into_force_by_four_eyes(db: Database, cast: Any, now: datetime) -> None:
    row_id = propose(db, cast.steward, cast.department, SEX, now)
    number = submit(db, cast.steward, CodeList, row_id, now)
    with db.read() as session:
        assert standards.code_lists(session, ["sex-local"], local_date(now)) == {}
        case = cases.find(session, number, cast.officer)
        assert case.number.startswith("BZ-")
        assert case.due_on is not None
        assert {one.code for one in cases.open_moves(cast.officer, case)} == {"approve", "reject"}
    for nobody in (cast.steward, cast.colleague, cast.stranger, cast.leader, cast.public):
        with pytest.raises(Forbidden):
            review(db, nobody, CodeList, row_id, now)
    review(db, cast.officer, CodeList, row_id, now)
    with db.read() as session:
        found = standards.code_lists(session, ["sex-local", "sex-local#zh", "sex-local#en", "none"], local_date(now))
    assert found == {"sex-local": ["1", "2"], "sex-local#zh": ["男", "女"], "sex-local#en": ["Male", "Female"]}
    with pytest.raises(Refused):
        review(db, cast.officer, CodeList, row_id, now)


def test_an_officer_never_approves_what_he_proposed(db: Database, cast: Any, now: datetime) -> None:
    row_id = propose(db, cast.officer, cast.city, SEX, now)
    submit(db, cast.officer, CodeList, row_id, now)
    with pytest.raises(Forbidden):
        review(db, cast.officer, CodeList, row_id, now)
    review(db, cast.second_officer, CodeList, row_id, now)
    with db.read() as session:
        assert standards.in_force(session, CodeList, "sex-local", local_date(now)) is not None


def test_strangers_propose_nothing_in_anothers_name(db: Database, cast: Any, now: datetime) -> None:
    for nobody in (cast.stranger, cast.reviewer, cast.requester, cast.public):
        with pytest.raises(Forbidden):
            propose(db, nobody, cast.department, SEX, now)
    propose(db, cast.steward, cast.department, SEX, now)
    with pytest.raises(Invalid, match="其他单位"):
        propose(db, cast.stranger, cast.other, SEX, now)


def test_a_new_version_supersedes_the_old_from_its_day(db: Database, cast: Any, now: datetime) -> None:
    agree(db, cast, SEX, now)
    today, later = local_date(now), local_date(now) + 30 * DAY
    wider = replace(SEX, codes=(*SEX.codes, CodeValues("9", "未说明")))
    with pytest.raises(Invalid):
        propose(db, cast.steward, cast.department, SEX, now)
    agree(db, cast, wider, now, starts_on=later)
    with db.read() as session:
        assert standards.code_lists(session, ["sex-local"], today)["sex-local"] == ["1", "2"]
        assert standards.code_lists(session, ["sex-local"], later - DAY)["sex-local"] == ["1", "2"]
        assert standards.code_lists(session, ["sex-local"], later)["sex-local"] == ["1", "2", "9"]
        newest, oldest = standards.versions_of(session, CodeList, "sex-local")
        assert (newest.number, newest.state, newest.starts_on) == (2, v.StandardState.IN_FORCE, later)
        assert (oldest.state, oldest.ends_on) == (v.StandardState.SUPERSEDED, later)
        assert [one.number for one in standards.all_in_force(session, CodeList, today)] == [1]
    with pytest.raises(Refused):
        agree(db, cast, SEX, now, starts_on=today)


def test_a_draft_is_changed_recalled_rejected_and_thrown_away(db: Database, cast: Any, now: datetime) -> None:
    row_id = propose(db, cast.steward, cast.department, SEX, now)
    assert propose(db, cast.colleague, cast.department, replace(SEX, zh="性别代码"), now) == row_id
    submit(db, cast.colleague, CodeList, row_id, now)
    with pytest.raises(Refused):
        propose(db, cast.steward, cast.department, SEX, now)
    with pytest.raises(Refused):
        submit(db, cast.steward, CodeList, row_id, now)
    review(db, cast.colleague, CodeList, row_id, now, "recall")
    submit(db, cast.steward, CodeList, row_id, now)
    review(db, cast.officer, CodeList, row_id, now, "reject")
    with work.begin(db, cast.steward, now) as deed:
        standard_versions.discard(deed, deed.session.get_one(CodeList, row_id))
    with db.read() as session:
        assert session.get(CodeList, row_id) is None


@pytest.mark.parametrize(
    "values",
    [
        replace(SEX, name="1 性别"),
        replace(SEX, zh=" "),
        replace(SEX, codes=()),
        replace(SEX, codes=(CodeValues("1", "男"), CodeValues("1", "女"))),
        replace(SEX, codes=(CodeValues("1", "男", parent="7"),)),
        replace(SEX, codes=(CodeValues("1", "男", parent="2"), CodeValues("2", "女", parent="1"))),
        replace(SEX, codes=(CodeValues("1", "男", valid_from=date(2026, 2, 1), valid_until=date(2026, 1, 1)),)),
        replace(ELEMENT, code_list="nowhere"),
        replace(ELEMENT, code_list=None, length=0),
        replace(ELEMENT, code_list=None, pattern="("),
        replace(ELEMENT, code_list=None, pattern="(?=x)"),
    ],
)
def test_what_cannot_be_meant_is_refused(db: Database, cast: Any, now: datetime, values: Any) -> None:
    with pytest.raises(Invalid):
        propose(db, cast.steward, cast.department, values, now)


def test_codes_hold_on_their_days(db: Database, cast: Any, now: datetime) -> None:
    today = local_date(now)
    codes = (CodeValues("330511", "郊区", valid_until=today - DAY), CodeValues("330502", "吴兴区", valid_from=today))
    agree(db, cast, replace(SEX, codes=codes), now)
    with db.read() as session:
        assert standards.code_lists(session, ["sex-local"], today)["sex-local"] == ["330502"]


def test_items_refer_to_what_is_in_force_only(db: Database, cast: Any, now: datetime) -> None:
    agree(db, cast, SEX, now)
    agree(db, cast, ELEMENT, now)
    with work.begin(db, cast.steward, now) as deed:
        tenant = deed.session.get_one(Tenant, cast.department.id)
        entry = datasets.register(deed, tenant, datasets.Description(title="从业人员"))
        items = [
            datasets.ItemDescription("sex", element="person-sex"),
            datasets.ItemDescription("other", code_list="sex-local#zh"),
        ]
        datasets.set_items(deed, entry, items)
        assert standards.lists_for(deed.session, entry.items, local_date(now)) == {
            "sex": ["1", "2"],
            "other": ["男", "女"],
        }
        assert [one.name for one in standards.uses(deed.session, "sex-local", CodeList)] == ["other"]
        for wrong in ({"element": "nothing"}, {"code_list": "nothing"}, {"code_list": "sex-local#fr"}):
            with pytest.raises(Invalid):
                datasets.set_items(deed, entry, [datasets.ItemDescription("sex", **wrong)])


def test_what_is_in_use_is_not_retired(db: Database, cast: Any, now: datetime) -> None:
    list_id, element_id = agree(db, cast, SEX, now), agree(db, cast, ELEMENT, now)
    with work.begin(db, cast.officer, now) as deed:
        with pytest.raises(Refused):
            standard_versions.retire(deed, deed.session.get_one(CodeList, list_id))
        standard_versions.retire(deed, deed.session.get_one(DataElement, element_id))
        standard_versions.retire(deed, deed.session.get_one(CodeList, list_id))
        assert standards.all_in_force(deed.session, CodeList, local_date(now)) == []
        with pytest.raises(Refused):
            standard_versions.retire(deed, deed.session.get_one(CodeList, list_id))
    with work.begin(db, cast.steward, now) as deed, pytest.raises(Forbidden):
        standard_versions.retire(deed, deed.session.get_one(CodeList, list_id))


def test_the_national_lists_are_entered_once(db: Database, cast: Any, now: datetime) -> None:
    with work.begin(db, cast.steward, now) as deed, pytest.raises(Forbidden):
        national_codes.enter(deed, deed.session.get_one(Tenant, cast.city.id), date(2026, 1, 1))
    for _ in range(2):
        with work.begin(db, SYSTEM, now) as deed:
            tenant = deed.session.get_one(Tenant, cast.city.id)
            rows = national_codes.enter(deed, tenant, date(2026, 1, 1))
            assert all(row.number == 1 and row.source and row.licence and row.origin for row in rows)
    with db.read() as session:
        found = standards.code_lists(session, ["sex", "ethnic-group", "industry-section"], local_date(now))
    assert found["sex"] == ["0", "1", "2", "9"]
    assert len(found["ethnic-group"]) == 56
    assert found["industry-section"] == [chr(ord("A") + at) for at in range(20)]

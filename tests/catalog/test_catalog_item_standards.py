"""Items against the standards: what a value seems to mean, deviations with their rows, coverage by unit."""

from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import test_catalog_standards as stage
from hypothesis import given
from hypothesis import strategies as st

from catalog import code_matching, datasets, item_standards, standards, versions
from catalog.blobs import Blob
from catalog.code_matching import Known
from catalog.models import Entry, Version
from policies import vocabulary as v
from policies.calendars import local_date
from policies.refusals import Forbidden, Invalid
from policies.vocabulary import DeviationKind
from quality.profiling import profiles
from tenancy import work
from tenancy.actors import SYSTEM
from tenancy.database import Database
from tenancy.models import Tenant

SEX = [Known("0", "未知的性别"), Known("1", "男性", "Male"), Known("2", "女性", "Female"), Known("9", "未说明的性别")]
GROUPS = [Known("01", "汉族", "Han"), Known("11", "满族", "Man"), Known("05", "维吾尔族", "Uygur")]


@pytest.mark.parametrize(
    ("codes", "value", "code", "kind"),
    [
        (SEX, "男", "1", DeviationKind.SYNONYM),
        (SEX, "女性", "2", DeviationKind.LABEL),
        (SEX, "FEMALE", "2", DeviationKind.LABEL),
        (SEX, "M", "1", DeviationKind.SYNONYM),
        (SEX, "１", "1", DeviationKind.FORM),
        (SEX, "不详", "0", DeviationKind.SYNONYM),
        (SEX, "蓝", None, DeviationKind.UNKNOWN),
        (GROUPS, "汉", "01", DeviationKind.SYNONYM),
        (GROUPS, "1", "01", DeviationKind.FORM),
        (GROUPS, "5.0", "05", DeviationKind.FORM),
    ],
)
def test_a_value_seems_to_mean(codes: list[Known], value: str, code: str | None, kind: DeviationKind) -> None:
    assert code_matching.match(codes, [value])[value] == code_matching.Match(code, kind)


def test_places_are_the_last_resort() -> None:
    plain = [Known("A", "甲"), Known("B", "乙")]
    assert code_matching.translation(code_matching.match(plain, ["1", "0"])) == {"0": "A", "1": "B"}
    assert code_matching.translation(code_matching.match(plain, ["1", "0", "A"])) == {}
    assert code_matching.translation(code_matching.match(plain, ["1", "0", "2"])) == {}


@given(st.lists(st.text(max_size=4), max_size=6))
def test_codes_of_the_list_are_never_translated(values: list[str]) -> None:
    found = code_matching.match(SEX, values)
    own = {code.value for code in SEX}
    assert not own & set(found)
    assert set(code_matching.translation(found).values()) <= own


def entry_with(db: Database, cast: Any, now: datetime, path: Any, items: list[datasets.ItemDescription]) -> str:
    """An entry with a checked version whose profile is that of the table."""
    with work.begin(db, cast.steward, now) as deed:
        tenant = deed.session.get_one(Tenant, cast.department.id)
        entry = datasets.register(deed, tenant, datasets.Description(title="从业人员"))
        datasets.set_items(deed, entry, items)
        version_id = versions.receive(deed, entry, Blob("0" * 64, 5), "a.csv").id
        entry_id = entry.id
    table = pa.table({"sex": ["1"] * 50 + ["男"] * 30 + ["女"] * 15 + ["蓝"] * 5, "name": [str(n) for n in range(100)]})
    pq.write_table(table, path)
    with work.begin(db, SYSTEM, now) as deed:
        version = deed.session.get_one(Version, version_id)
        profile = profiles.profile(path).to_json()
        loaded = versions.Loaded(Blob("1" * 64, 5), None, 100, 100, 0, [], "utf-8", profile)
        versions.settle(deed, version, loaded, versions.Judged(v.Verdict.PASS, [], 90, v.Grade.B, {}, 0, 0))
    return entry_id


def test_coverage_and_deviations_of_a_unit(db: Database, cast: Any, now: datetime, tmp_path: Any) -> None:
    stage.agree(db, cast, stage.SEX, now)
    stage.agree(db, cast, stage.ELEMENT, now)
    items = [datasets.ItemDescription("sex", "人员性别"), datasets.ItemDescription("name")]
    entry_id = entry_with(db, cast, now, tmp_path / "t.parquet", items)
    today = local_date(now)
    with db.read() as session:
        entry = session.get_one(Entry, entry_id)
        assert {name: row.name for name, row in item_standards.suggestions(session, entry, today).items()} == {
            "sex": "person-sex"
        }
        (before,) = item_standards.coverage(session, [entry], today)
        assert (before.items, before.with_element, before.few, before.few_with_list) == (2, 0, 1, 0)
    for nobody in (cast.stranger, cast.reviewer, cast.officer, cast.public):
        with work.begin(db, nobody, now) as deed, pytest.raises(Forbidden):
            item_standards.link(deed, deed.session.get_one(Entry, entry_id), {"sex": ("person-sex", None)})
    with work.begin(db, cast.steward, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        for wrong in ({"sex": ("nothing", None)}, {"nothing": ("person-sex", None)}, {"sex": (None, "nothing")}):
            with pytest.raises(Invalid):
                item_standards.link(deed, entry, wrong)
    with work.begin(db, cast.steward, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        assert item_standards.link(deed, entry, {"sex": ("person-sex", None)}) == 1
        assert item_standards.link(deed, entry, {"sex": ("person-sex", None)}) == 0
    with db.read() as session:
        entry = session.get_one(Entry, entry_id)
        (after,) = item_standards.coverage(session, [entry], today)
        assert (after.items, after.with_element, after.few, after.few_with_list) == (2, 1, 1, 1)
        assert (after.deviating_items, after.deviating_rows, after.checked_rows) == (1, 50, 100)
        one = next(one for one in after.standings if one.item.name == "sex")
        assert [(d.value, d.rows, d.match.value, d.meaning) for d in one.deviations] == [
            ("男", 30, "1", "男"),
            ("女", 15, "2", "女"),
            ("蓝", 5, None, ""),
        ]
        assert item_standards.may_see_values(session, one, cast.officer, now)
        assert not item_standards.may_see_values(session, one, cast.stranger, now)
        assert standards.lists_for(session, entry.items, today) == {"sex": ["1", "2"]}

"""What a check knows of its entry: the version before, the promised cycle, other tables, standing rules."""

import io
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog import blobs, datasets, national_codes, versions
from catalog.blobs import BlobStore
from catalog.models import Entry, Version
from policies import rulebook
from policies import vocabulary as v
from quality import checks, contexts, reading, runs
from quality.models import Run
from quality.rules import indicators, standing
from quality.rules.rules import Rule, sentence
from quality.suites import suites
from tenancy import work
from tenancy.actors import SYSTEM, Actor
from tenancy.database import Database
from tenancy.models import Tenant

ROOT = Path(__file__).resolve().parents[2]


class World:
    """A database with a store of files, where entries are registered and data delivered and checked."""

    def __init__(self, db: Database, cast: Any, folder: Path, now: datetime) -> None:
        self.db, self.cast, self.folder, self.now = db, cast, folder, now
        self.store: BlobStore = blobs.open_store(str(folder / "store"), reserve=0)

    def entry(self, title: str, tenant: Any, by: Actor, **values: Any) -> str:
        """A draft of a unit; gives its id."""
        with work.begin(self.db, by, self.now) as deed:
            owner = deed.session.get_one(Tenant, tenant.id)
            described = datasets.Description(title=title, abstract="测试", themes=("6",), **values)
            return datasets.register(deed, owner, described).id

    def deliver(self, entry_id: str, text: str, by: Actor, days: int = 0) -> Version:
        """A CSV file delivered and checked some days after the beginning; gives the version as it is then."""
        at = self.now + timedelta(days=days)
        with work.begin(self.db, by, at) as deed:
            blob = self.store.put(io.BytesIO(text.encode()), limit=2**20)
            version_id = versions.receive(deed, deed.session.get_one(Entry, entry_id), blob, "表.csv").id
        with self.db.read() as session:
            plan = reading.gather(session, version_id)
        assert plan is not None
        read = reading.act(plan, self.store, self.folder, at, memory_mb=256)
        with work.begin(self.db, SYSTEM, at) as deed:
            reading.record(deed, plan, read)
        self.judge(version_id, at)
        with self.db.read() as session:
            return session.get_one(Version, version_id)

    def judge(self, version_id: str, at: datetime) -> None:
        """Runs what was asked for over a version that was read."""
        with work.begin(self.db, SYSTEM, at) as deed:
            run = runs.under_way(deed.session, deed.session.get_one(Version, version_id))
            assert run is not None
            plan = checks.gather(deed, run.id)
        assert plan is not None
        found = checks.act(plan, self.store, at, memory_mb=256, seconds=60)
        with work.begin(self.db, SYSTEM, at) as deed:
            checks.record(deed, plan, found)

    def results(self, version: Version) -> dict[str, dict[str, Any]]:
        """What the rules found of a version."""
        with self.db.read() as session:
            run = session.query(Run).where(Run.version_id == version.id).one()
            return {row["rule_id"]: row for row in run.results}

    def demand(self, entry_id: str, by: Actor, rules: list[Rule]) -> None:
        """Another suite for an entry."""
        with work.begin(self.db, by, self.now) as deed:
            suites.set_rules(deed, deed.session.get_one(Entry, entry_id), rules)


@pytest.fixture
def world(db: Database, cast: Any, tmp_path: Path, now: datetime) -> World:
    return World(db, cast, tmp_path, now)


def _table(rows: int, columns: str = "编号,数值") -> str:
    width = columns.count(",") + 1
    return "\n".join(
        [columns, *(",".join([f"A{at:04}", *(str(at % 7) for _ in range(width - 1))]) for at in range(rows))]
    )


def test_timeliness_and_access_are_scored_at_the_first_delivery(world: World) -> None:
    entry_id = world.entry("月报", world.cast.department, world.cast.steward, update_cycle=v.UpdateCycle.MONTHLY)
    version = world.deliver(entry_id, _table(30), world.cast.steward)
    assert version.dimensions is not None
    assert version.dimensions["timeliness"] == 100
    assert version.dimensions["accessibility"] == 100
    found = world.results(version)
    assert found["updated_within:"]["evaluated"] == 1
    assert found["on_schedule:"]["lacking"] == "deliveries"
    assert found["no_drop:"]["lacking"] == "previous"
    assert found["usable:"]["evaluated"] == 30


def test_a_cycle_without_an_end_is_not_applicable_and_no_fault(world: World) -> None:
    entry_id = world.entry("不定期", world.cast.department, world.cast.steward, update_cycle=v.UpdateCycle.IRREGULAR)
    version = world.deliver(entry_id, _table(30), world.cast.steward)
    assert version.dimensions is not None
    assert version.dimensions["timeliness"] is None
    assert version.verdict is v.Verdict.PASS
    assert world.results(version)["updated_within:"]["lacking"] == "max_age_days"


def test_missed_cycles_and_lost_rows_are_told(world: World) -> None:
    steward = world.cast.steward
    entry_id = world.entry("周报", world.cast.department, steward, update_cycle=v.UpdateCycle.WEEKLY)
    world.deliver(entry_id, _table(100), steward)
    version = world.deliver(entry_id, _table(70), steward, days=40)
    found = world.results(version)
    assert (found["on_schedule:"]["evaluated"], found["on_schedule:"]["unexpected"]) == (5, 4)
    assert (found["no_drop:"]["evaluated"], found["no_drop:"]["unexpected"]) == (100, 30)
    assert not found["no_drop:"]["success"]
    assert (found["columns_kept:"]["evaluated"], found["columns_kept:"]["unexpected"]) == (2, 0)
    assert version.dimensions is not None
    assert version.dimensions["timeliness"] < 100


def test_a_version_that_failed_is_not_the_one_before(world: World) -> None:
    steward = world.cast.steward
    entry_id = world.entry("一张表", world.cast.department, steward)
    world.deliver(entry_id, _table(100), steward)
    world.demand(entry_id, steward, [Rule("rows", "row_count", (), {"min": 50}, severity="critical")])
    assert world.deliver(entry_id, _table(10), steward, days=1).verdict is v.Verdict.FAIL
    with world.db.read() as session:
        version = session.query(Version).where(Version.entry_id == entry_id, Version.number == 2).one()
        previous = contexts.gather(session, version, (), world.now).previous
    assert previous is not None
    assert (previous["number"], previous["rows"]) == (1, 100)


def test_standing_rules_are_there_whatever_a_steward_keeps(world: World) -> None:
    steward = world.cast.steward
    entry_id = world.entry("一张表", world.cast.department, steward)
    world.deliver(entry_id, _table(30), steward)
    own = Rule("mine", "usable", weight=3)
    world.demand(entry_id, steward, [own])
    found = world.results(world.deliver(entry_id, _table(30), steward, days=1))
    kinds = {rule.kind for rule in standing.RULES}
    assert set(found) == {"mine", *(f"{kind}:" for kind in kinds - {"usable"})}
    assert standing.join([own]).count(own) == 1


def test_undeclared_personal_data_break_the_security_rule(world: World) -> None:
    steward = world.cast.steward
    entry_id = world.entry("名册", world.cast.department, steward)
    text = "编号,身份证号\n" + "\n".join(f"A{at},11010519491231002X" for at in range(30))
    assert world.results(world.deliver(entry_id, text, steward))["safeguarded:"]["detail"] == "身份证号"
    with work.begin(world.db, SYSTEM, world.now) as deed:
        item = next(one for one in deed.session.get_one(Entry, entry_id).items if one.name == "身份证号")
        item.personal_kind = v.PersonalKind.CITIZEN_ID
    assert world.results(world.deliver(entry_id, text, steward, days=1))["safeguarded:"]["success"]


def test_another_table_is_looked_up_only_where_its_rows_may_be_read(world: World) -> None:
    steward, stranger = world.cast.steward, world.cast.stranger
    kept = {"share_type": v.ShareType.SHARE_NONE, "open_type": v.OpenType.OPEN_FORBIDDEN}
    theirs = world.entry("学校", world.cast.other, stranger, **kept)
    world.deliver(theirs, _table(30), stranger)
    entry_id = world.entry("校车", world.cast.department, steward)
    world.deliver(entry_id, _table(40), steward)
    with work.begin(world.db, SYSTEM, world.now) as deed:
        other = deed.session.get_one(Entry, theirs)
        code, other.state = other.code, v.EntryState.PUBLISHED
        other.live_version_id = deed.session.query(Version).where(Version.entry_id == theirs).one().id
    world.demand(entry_id, steward, [Rule("school", "refers_to", ("编号",), {"of": f"{code}.编号"})])
    found = world.results(world.deliver(entry_id, _table(40), steward, days=1))["school"]
    assert (found["evaluated"], found["success"], found["lacking"]) == (0, True, "references")
    with work.begin(world.db, SYSTEM, world.now) as deed:
        other = deed.session.get_one(Entry, theirs)
        other.share_type = v.ShareType.SHARE_UNCOND
        for item in other.items:
            item.share_type = v.ShareType.SHARE_UNCOND
    found = world.results(world.deliver(entry_id, _table(40), steward, days=2))["school"]
    assert (found["evaluated"], found["unexpected"], found["lacking"]) == (40, 10, None)


def test_a_central_list_is_found_by_its_name(world: World) -> None:
    steward = world.cast.steward
    with work.begin(world.db, SYSTEM, world.now) as deed:
        national_codes.enter(deed, deed.session.get_one(Tenant, world.cast.city.id), date(2026, 1, 1))
    entry_id = world.entry("名册", world.cast.department, steward)
    text = "编号,性别\n" + "\n".join(f"A{at},{'男' if at < 3 else at % 2 + 1}" for at in range(30))
    world.deliver(entry_id, text, steward)
    listed = [Rule("sex", "code_list", ("性别",), {"list": "sex"}), Rule("x", "code_list", ("性别",), {"list": "x"})]
    world.demand(entry_id, steward, listed)
    found = world.results(world.deliver(entry_id, text, steward, days=1))
    assert (found["sex"]["evaluated"], found["sex"]["unexpected"]) == (30, 3)
    assert found["x"]["lacking"] == "code_lists"


# -- the indicators


def test_the_twenty_indicators_are_all_measured() -> None:
    assert len(indicators.INDICATORS) == 20
    unmeasured = [one.code for one in indicators.INDICATORS.values() if not one.kinds]
    assert not unmeasured
    assert [one.code for one in indicators.INDICATORS.values() if one.lower_is_better] == ["0303", "0305"]
    assert {one.dimension for one in indicators.INDICATORS.values()} == set(v.Dimension)
    assert all(one.formula("zh") and one.formula("en") for one in indicators.INDICATORS.values())


def test_the_page_of_the_indicators_is_current() -> None:
    assert (ROOT / "docs" / "quality-indicators.md").read_text("utf-8") == indicators.render()


def test_a_rule_measures_the_indicator_it_names() -> None:
    assert indicators.of(Rule("a", "in_order", ("x", "y"), dimension="consistency", indicator="0402")).code == "0402"
    assert indicators.of(Rule("a", "no_duplicate_rows")).lower_is_better
    assert indicators.of(Rule("a", "not_null", ("x",), indicator="none")).code == "0201"


@pytest.mark.parametrize(
    ("rule", "zh", "en"),
    [
        (
            Rule("a", "division_code", ("区划", "日")),
            "“区划”是“日”当日有效的行政区划代码",
            "“区划” is a division code in use on the day in “日”",
        ),
        (Rule("a", "division_code", ("区划",), {"on": "ever"}), "曾经有效", "in use at some time"),
        (Rule("a", "refers_to", ("x",), {"of": "3305/000001.编号"}), "3305/000001 的“编号”", "“编号” of 3305/000001"),
        (Rule("a", "updated_within", (), {"days": "cycle"}), "在更新周期以内", "the update cycle"),
        (Rule("a", "newest", ("d",), {"days": 3}), "在3 天以内", "at most 3 days old"),
        (Rule("a", "sums_to", ("男", "女", "合计")), "“男”、“女” 之和等于“合计”", "“男”, “女” add up to “合计”"),
        (Rule("a", "no_drop", (), {"share": 0.8}), "80%", "80%"),
        (Rule("a", "steady", ("x",), {"limit": 0.25}), "PSI 不大于 0.25", "PSI at most 0.25"),
    ],
)
def test_the_new_rules_read_as_sentences(rule: Rule, zh: str, en: str) -> None:
    assert zh in sentence(rule, "zh")
    assert en in sentence(rule, "en")


def test_the_tolerance_stretches_the_cycle(world: World) -> None:
    entry_id = world.entry("日报", world.cast.department, world.cast.steward, update_cycle=v.UpdateCycle.DAILY)
    version = world.deliver(entry_id, _table(30), world.cast.steward)
    with world.db.read() as session:
        found = contexts.gather(session, session.get_one(Version, version.id), (), world.now)
    assert found.max_age_days == pytest.approx(float(rulebook.in_force().quality.tolerance))
    assert list(found.deliveries) == [world.now]

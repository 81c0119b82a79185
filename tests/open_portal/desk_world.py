"""A desk with something in every list: a messy table, a published dataset, standards, an issue, a frozen month."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from desk_stage import RULES, WHOLE, Stage

from catalog import item_standards, sources, standard_versions, versions
from catalog.models import Entry, Version
from catalog.standard_models import CodeList, DataElement
from catalog.standard_versions import CodeValues, ElementValues, ListValues
from open_portal import handlers
from policies import vocabulary as v
from quality.cleaning import cleanings
from quality.cleaning.cleaning import Step
from quality.issues import issue_reports
from quality.issues.issue_reports import Typed
from quality.models import Run
from quality.scoring import scorecards
from quality.scoring.scorecard_models import ScorecardLine
from quality.suites import suite_changes, suites, trials, waivers
from sharing import release
from tenancy import tokens, work
from tenancy.actors import SYSTEM, Actor
from tenancy.models import Tenant

PHONE = "13812345678"
LATER = datetime(2026, 12, 2, 2, 0, tzinfo=UTC)
KINDS = "".join(f"{n},{n},{'男' if n % 2 else '无'},138{n:08d},{'上行' if n % 2 else '下行'}\n" for n in range(1, 401))
MESSY = f"line,stops,kind,phone,direction\n{KINDS}401,1,女,,上行,太多\n402,1\n403,1,女,,上行,太多,太多\n"
TITLE = "散乱的线路表"


class Desk(Stage):
    """The portal with the codes of its two datasets, the messy one and the published one."""

    messy: str
    published_code: str
    trial_id: str

    def token(self, who: Actor, *scopes: v.TokenScope) -> str:
        """A token of somebody, for reading unless said otherwise."""
        with work.begin(self.db, who, self.now) as unit:
            return tokens.create(unit, name="t", days=1, scopes=scopes or (v.TokenScope.READ,))[1]

    def run_id(self, code: str) -> str:
        """The newest run of an entry that is done."""
        with self.db.read() as session:
            rows = session.query(Run).join(Run.version).filter_by(entry_id=self.entry(code, session).id)
            return str(rows.filter(Run.state == v.RunState.DONE).order_by(Run.at.desc()).first().id)


def build(db: Any, cast: Any, now: datetime, home: Path) -> Desk:
    """The whole of it."""
    desk = Desk(db, cast, now, home)
    _standards(desk)
    desk.messy = _messy(desk)
    desk.published_code = desk.published()
    _rules(desk)
    with work.begin(db, cast.steward, now) as unit:
        release.request(unit, desk.entry(desk.published_code, unit.session))
    _cleaning(desk)
    _month(desk)
    with work.begin(db, cast.stranger, now) as unit:
        typed = Typed(f"线路重复，请电 {PHONE}", item="line")
        issue_reports.report(unit, desk.entry(desk.published_code, unit.session), typed)
    return desk


def _standards(desk: Desk) -> None:
    """A list and an element in force, a draft of another, a claim that another unit disputes."""
    codes = (CodeValues("1", "男", "Male"), CodeValues("2", "女", "Female"))
    made = (
        (CodeList, ListValues("line-kind", "线路类别", codes=codes)),
        (DataElement, ElementValues("kind", "类别", code_list="line-kind")),
        (DataElement, ElementValues("draft-name", "草拟的数据元")),
    )
    for table, values in made:
        with work.begin(desk.db, desk.cast.steward, desk.now) as unit:
            owner = unit.session.get_one(Tenant, desk.cast.department.id)
            row = standard_versions.propose(unit, owner, values)
            row_id = row.id
            if values.name != "draft-name":
                standard_versions.submit(unit, row)
        if values.name != "draft-name":
            with work.begin(desk.db, desk.cast.officer, desk.now) as unit:
                standard_versions.review(unit, unit.session.get_one(table, row_id), "approve")
    with work.begin(desk.db, desk.cast.steward, desk.now) as unit:
        owner = unit.session.get_one(Tenant, desk.cast.department.id)
        claim_id = sources.claim(unit, owner, "kind", basis="三定规定").subject_id
    with work.begin(desk.db, desk.cast.stranger, desk.now) as unit:
        other = unit.session.get_one(Tenant, desk.cast.other.id)
        sources.dispute(unit, sources.find(unit.session, claim_id, unit.actor), other, reason="由我局维护")


def _messy(desk: Desk) -> str:
    """A draft whose file was read with refused rows, whose item deviates from its list, and an upload begun."""
    code = desk.draft(replace(WHOLE, title=TITLE, contact_office=""), items=False)
    with work.begin(desk.db, desk.cast.steward, desk.now) as unit:
        version = versions.receive(unit, desk.entry(code, unit.session), desk.put(MESSY.encode()), "线路.csv")
        version_id = version.id
    handlers.check_version(desk.kit, {"version_id": version_id})
    with work.begin(desk.db, SYSTEM, desk.now) as unit:  # its rules are not run: that takes seconds
        unit.session.get_one(Version, version_id).state = v.VersionState.PASSED
    with work.begin(desk.db, desk.cast.steward, desk.now) as unit:
        item_standards.link(unit, desk.entry(code, unit.session), {"kind": ("kind", None)})
    return code


def _rules(desk: Desk) -> None:
    """Two versions of the published dataset's rules, a trial and a waiver."""
    code = desk.published_code
    with work.begin(desk.db, desk.cast.steward, desk.now) as unit:
        entry = desk.entry(code, unit.session)
        newest = suites.latest(unit.session, entry)
        milder = [replace(one, severity="info", weight=2.0) for one in RULES]
        number = suite_changes.set_rules(unit, entry, milder, base=newest.number).number
    with work.begin(desk.db, desk.cast.steward, desk.now) as unit:
        desk.trial_id = trials.start(unit, desk.entry(code, unit.session), RULES, base=number).id
    with work.begin(desk.db, desk.cast.steward, desk.now) as unit:
        entry = desk.entry(code, unit.session)
        rule_id = suites.rules_of(suites.latest(unit.session, entry))[0].rule_id
        waivers.ask(unit, entry, rule_id, reason="历史数据待清理", until=date(2027, 2, 1))


def _cleaning(desk: Desk) -> None:
    """A plan with a preview."""
    with work.begin(desk.db, desk.cast.steward, desk.now) as unit:
        entry = desk.entry(desk.messy, unit.session)
        steps = [Step("trim", "kind"), Step("translate", "kind", {"map": {"男": "1"}}), Step("duplicates")]
        cleanings.set_plan(unit, entry, steps)
        run_id = cleanings.request(unit, entry, preview=True).id
    handlers.do_cleaning(desk.kit, {"run_id": run_id})


def _month(desk: Desk) -> None:
    """A frozen month against which the department appeals."""
    with work.begin(desk.db, SYSTEM, LATER - timedelta(days=1)) as unit:
        card = scorecards.freeze(unit, date(2026, 11, 1))
        line_id = next(one.id for one in card.lines if one.tenant_id == desk.cast.department.id)
    with work.begin(desk.db, desk.cast.reviewer, LATER) as unit:
        line = unit.session.get_one(ScorecardLine, line_id)
        entry: Entry = desk.entry(desk.published_code, unit.session)
        scorecards.appeal(unit, line, "系统停机三天", [entry.id])

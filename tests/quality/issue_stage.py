"""A stage for tests of issues: a published dataset, and checked deliveries whose rules hold or fail as wanted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from catalog import assessments, datasets, versions
from catalog.blobs import Blob
from catalog.models import Entry, Version
from policies import vocabulary as v
from quality.issues import gates, issue_runs
from quality.issues.issue_models import Issue
from quality.models import Run
from quality.rules.rules import Rule
from quality.suites import suites
from sharing import release
from tenancy import work
from tenancy.actors import SYSTEM
from tenancy.database import Database
from tenancy.models import Tenant
from tenancy.types import new_id

RULES = (
    Rule("not_null:站点", "not_null", ("站点",), severity="critical"),
    Rule("unique:站点", "unique", ("站点",)),
    Rule("between:客流", "between", ("客流",), {"min": 0}, severity="info"),
)
NULLS, DOUBLES, RANGE = (rule.rule_id for rule in RULES)


@dataclass(frozen=True)
class Found:
    """What a run says of a rule."""

    success: bool
    evaluated: int | None = 10
    unexpected: int | None = 0
    error: str | None = None


def found(failing: Iterable[str] = (), broken: Iterable[str] = ()) -> list[tuple[Rule, Found]]:
    """Outcomes of the three rules: those named failed, or could not be run."""
    return [
        (rule, Found(False, 0, 0, "column-missing") if rule.rule_id in set(broken) else _held(rule.rule_id, failing))
        for rule in RULES
    ]


def _held(rule_id: str, failing: Iterable[str]) -> Found:
    return Found(False, 10, 3) if rule_id in set(failing) else Found(True)


def published(db: Database, cast: Any, now: datetime, *, source: Tenant | None = None, **values: Any) -> str:
    """An open dataset of the department with one good version; gives its id."""
    given = {
        "title": "公交客流",
        "abstract": "公交刷卡客流",
        "themes": ("6",),
        "object_flags": 2,
        "contact_office": "信息中心",
        "contact_phone": "0572-2398765",
        "open_type": v.OpenType.OPEN_UNCOND,
        "open_tier": v.OpenTier.T0,
        "licence": v.Licence.CC_BY,
        **values,
    }
    with work.begin(db, cast.steward, now) as deed:
        tenant = deed.session.get_one(Tenant, cast.department.id)
        entry = datasets.register(deed, tenant, datasets.Description(**given))
        items = [
            datasets.ItemDescription(name=name, open_type=v.OpenType.OPEN_UNCOND) for name in ("站点", "日期", "客流")
        ]
        datasets.set_items(deed, entry, items)
        suites.set_rules(deed, entry, RULES)
        entry_id = entry.id
        if source is not None:
            entry.source_tenant_id = source.id
    deliver(db, cast, now, entry_id)
    with work.begin(db, cast.steward, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        datasets.submit(deed, entry)
        release.request(deed, entry)
    with work.begin(db, cast.officer, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        datasets.review(deed, entry, "approve")
        release.decide(deed, entry, "approve")
    return entry_id


def deliver(
    db: Database,
    cast: Any,
    now: datetime,
    entry_id: str,
    *,
    failing: Iterable[str] = (),
    broken: Iterable[str] = (),
    dropped: Iterable[str] = (),
    score: float = 97.0,
) -> int:
    """Upload a version and settle it as a check would, with everything that follows from it; gives its number."""
    failing = tuple(failing)
    with work.begin(db, cast.steward, now) as deed:
        entry = deed.session.get_one(Entry, entry_id)
        version_id = versions.receive(deed, entry, Blob("0" * 64, 5), "客流.csv").id
    with work.begin(db, SYSTEM, now) as deed:
        version = deed.session.get_one(Version, version_id)
        ran = [(rule, one) for rule, one in found(failing, broken) if rule.rule_id not in set(dropped)]
        suite = suites.latest(deed.session, version.entry)
        assert suite is not None
        results = [
            {
                "rule_id": rule.rule_id,
                "evaluated": one.evaluated,
                "unexpected": one.unexpected,
                "success": one.success,
                "error": one.error,
                "samples": [],
            }
            for rule, one in ran
        ]
        kept = {"engine": "duckdb", "engine_version": "1", "rows": 10, "seconds": 0.1, "results": results, "at": now}
        deed.session.add(Run(id=new_id(), version_id=version_id, suite_id=suite.id, **kept))
        passes = NULLS not in failing and score >= 80
        verdict, grade = (v.Verdict.PASS, v.Grade.A) if passes else (v.Verdict.FAIL, v.Grade.E)
        reasons = [] if passes else [{"code": "grading.critical-failed", "zh": "关键规则未通过", "en": "Critical"}]
        loaded = versions.Loaded(Blob("1" * 64, 9), None, 10, 10, 0, [], "utf-8", {})
        judged = versions.Judged(verdict, reasons, score, grade, {}, len(ran), len(failing))
        assessments.keep(deed, version, [], {"rows": 10})
        versions.settle(deed, version, loaded, judged)
        issue_runs.follow_run(deed, version, ran)
        gates.follow(deed, version)
        return version.number


def issues_of(db: Database, entry_id: str, rule_id: str | None = None) -> list[Issue]:
    """Every issue of an entry, oldest first, with its case and what was seen."""
    with db.read() as session:
        query = select(Issue).where(Issue.entry_id == entry_id)
        if rule_id:
            query = query.where(Issue.rule_id == rule_id)
        rows = list(session.scalars(query.order_by(Issue.created_at, Issue.number)))
        for one in rows:
            _ = one.case and one.case.decisions, one.occurred
        session.expunge_all()
        return rows


def the(db: Database, entry_id: str, rule_id: str | None = None) -> Issue:
    """The one issue there is."""
    rows = issues_of(db, entry_id, rule_id)
    assert len(rows) == 1, [one.rule_id for one in rows]
    return rows[0]

"""Rules of the demonstration: a template applied by a steward, and a waiver asked for and approved."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from catalog import versions
from catalog.models import Entry
from open_portal.demonstration import entries, files
from open_portal.demonstration.cast import Cast
from open_portal.handlers import run_quality
from open_portal.wiring import Kit
from policies import vocabulary as v
from policies.calendars import local_date
from quality import runs
from quality.models import Run
from quality.suites import suite_changes, suite_templates, suites, template_shelf, waivers
from quality.suites.suite_models import Waiver
from tenancy import work

TEMPLATE = ("huzhou-county-centres", "places")
WAIVED = "air-hourly"
REASON = "2013年至2017年的历史数据缺测，源站已停止补录；后续数据按月核补，豁免期满前完成说明。"


def show_rules(kit: Kit, cast: Cast, now: datetime) -> None:
    """Apply one template and put one waiver in force, and have the data judged by both."""
    kit, known = replace(kit, clock=lambda: now), entries.by_key(kit)
    owners = {row["key"]: row["owner"] for row in files.table("datasets.toml")["dataset"]}
    key, code = TEMPLATE
    template = suite_templates.shipped()[code]
    with work.begin(kit.database, cast.steward(owners[key]), now) as unit:
        entry = unit.session.get_one(Entry, known[key])
        suite = suites.latest(unit.session, entry)
        present = suites.rules_of(suite) if suite else ()
        found = suite_templates.apply(template, template_shelf.fields_of(entry), present)
        added = [one.rule for one in found if one.rule]
        suite_changes.set_rules(unit, entry, [*present, *added], origin=suites.TEMPLATE, note=template.zh)
    with work.begin(kit.database, cast.steward(owners[WAIVED]), now) as unit:
        entry = unit.session.get_one(Entry, known[WAIVED])
        until = local_date(now) + timedelta(days=90)
        waiver_id = waivers.ask(unit, entry, _failing(unit, entry), reason=REASON, until=until).id
    with work.begin(kit.database, cast.mover(owners[WAIVED], "approve"), now) as unit:
        waivers.decide(unit, unit.session.get_one(Waiver, waiver_id), "approve", comment="情况属实。")
    with kit.database.read() as session:
        waiting = list(session.scalars(select(Run.id).where(Run.state == v.RunState.QUEUED)))
    for run_id in waiting:
        run_quality(kit, {"run_id": run_id})


def _failing(unit: work.Work, entry: Entry) -> str:
    """The rule of an entry's live data that most values break."""
    version = versions.live(unit.session, entry)
    run = runs.newest_done(unit.session, version.id if version else None)
    if run is None:
        raise ValueError(f"no run of {entry.title}")
    worst = max(run.results, key=lambda row: (not row["success"], row["unexpected"] or 0))
    return str(worst["rule_id"])

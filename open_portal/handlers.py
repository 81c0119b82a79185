"""Handlers: what the worker does for each kind of job; each takes the kit and the job's payload and may be repeated."""

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from catalog import harvest_sources, harvests, scanning, search_index, successions, uploads
from catalog.models import StoredFile, Version
from catalog.reading_files import looking
from open_portal import harvesting, heartbeats, letters
from open_portal.wiring import Kit
from policies.later import Later
from policies.refusals import Forbidden, Refusal
from quality import runs
from quality.cleaning import cleanings
from quality.issues import gates, issue_runs
from quality.scoring import docs, scorecards
from quality.suites import trials, waivers
from sharing import successions as sharing_successions
from sharing.access import applications, grants
from sharing.rates import readings
from tenancy import actors, audit, cases, jobs, work
from tenancy.actors import SYSTEM
from tenancy.models import Person

if TYPE_CHECKING:
    from open_portal import calling, foreign, subscribing
    from quality import checks, reading
    from quality.engines import engine_docs
    from quality.profiling import assessing
    from quality.suites import trial_runs
else:
    # Great Expectations takes seconds to load; the jobs that need no check shall not wait for it.
    assessing = Later("quality.profiling.assessing")
    checks = Later("quality.checks")
    calling = Later("open_portal.calling")
    foreign = Later("open_portal.foreign")
    subscribing = Later("open_portal.subscribing")
    engine_docs = Later("quality.engines.engine_docs")
    reading = Later("quality.reading")
    trial_runs = Later("quality.suites.trial_runs")

Handler = Callable[[Kit, Mapping[str, Any]], None]
ORPHAN_AGE = timedelta(hours=1)
JOB_AGE = timedelta(days=30)
WATCH = timedelta(seconds=1)
SCHEDULES = {
    "audit.seal": 1,
    "index.catch-up": 5,
    "grants.expire": 60,
    "cases.remind": 3600,
    "issues.watch": 3600,
    "indicators.keep": 86_400,
    "scorecards.keep": 3600,
    "docs.expire": 3600,
    "store.sweep": 3600,
    "uploads.sweep": 3600,
    "waivers.follow": 3600,
    "harvests.ask": 3600,
    "hooks.follow": 5,
    "hooks.prune": 3600,
    "subscriptions.look": 60,
}


def check_version(kit: Kit, payload: Mapping[str, Any]) -> None:
    """Scan a delivered file, then make a table of it and ask for a run: gather, act, record."""
    scan(kit, payload["version_id"])
    with kit.database.read() as session:
        plan = reading.gather(session, payload["version_id"])
    if plan is None:
        return
    found = reading.act(plan, kit.blobs, kit.scratch, kit.clock(), memory_mb=kit.settings.memory_mb)
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        reading.record(unit, plan, found)


def run_quality(kit: Kit, payload: Mapping[str, Any]) -> None:
    """Run a suite over a version's table and write the verdict; cancelled meanwhile, it lets go."""
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        plan = checks.gather(unit, payload["run_id"])
    if plan is None:
        return
    with _watched(kit, plan.run_id) as cancelled:
        found = checks.act(
            plan,
            kit.blobs,
            kit.clock(),
            memory_mb=kit.settings.memory_mb,
            seconds=float(kit.settings.run_seconds),
            cancelled=cancelled,
        )
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        checks.record(unit, plan, found)
    search_index.catch_up(kit.index, kit.database)


def check_now(kit: Kit, version_id: str) -> None:
    """Do at once what the jobs of a delivered version would do one after the other."""
    check_version(kit, {"version_id": version_id})
    with kit.database.read() as session:
        run = runs.under_way(session, session.get_one(Version, version_id))
    if run is not None:
        run_quality(kit, {"run_id": run.id})


@contextmanager
def _watched(kit: Kit, run_id: str) -> Iterator[threading.Event]:
    """An event that is set once the run is cancelled."""
    cancelled = threading.Event()

    def look() -> bool:
        with suppress(SQLAlchemyError), kit.database.read() as session:
            if runs.is_cancelled(session, run_id):
                cancelled.set()
        return cancelled.is_set()

    with heartbeats.repeating(look, WATCH):
        yield cancelled


def scan(kit: Kit, version_id: str) -> None:
    """Let a file out of quarantine into the store, or erase it; without a file in quarantine nothing is to be done."""
    with kit.database.read() as session:
        plan = scanning.gather(session, version_id)
    if plan is None:
        return
    if not plan.judged:
        found = scanning.act(plan, kit.quarantine, kit.blobs, partial(looking.first_sight, kit.scratch))
        with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
            scanning.record(unit, plan, found)
    kit.quarantine.erase(plan.name)
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        scanning.forget(unit, plan)


def do_cleaning(kit: Kit, payload: Mapping[str, Any]) -> None:
    """Preview or run the cleaning rules of an entry, and record it in the name of whoever asked."""
    with kit.database.read() as session:
        task = cleanings.gather(session, payload["run_id"])
        person = session.get(Person, task.person_id) if task else None
        asker = actors.of_person(person) if person else None
    if task is None:
        return
    found = cleanings.act(task, kit.blobs, kit.scratch, memory_mb=kit.settings.memory_mb)
    try:
        with work.begin(kit.database, asker or SYSTEM, kit.clock()) as unit:
            cleanings.record(unit, task, found)
    except Forbidden:
        with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
            cleanings.abandon(unit, task)


def assess_version(kit: Kit, payload: Mapping[str, Any]) -> None:
    """Look through a version once more for personal data and what tells its rows apart."""
    with kit.database.read() as session:
        plan = assessing.gather(session, payload["version_id"])
    if plan is None:
        return
    found = assessing.act(plan, kit.blobs, kit.clock(), memory_mb=kit.settings.memory_mb)
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        assessing.record(unit, plan, found)


def mail_notice(kit: Kit, payload: Mapping[str, Any]) -> None:
    """Send a notice to its person's address, if there is one; the same notice always bears the same message id."""
    with kit.database.read() as session:
        letter = letters.compose(session, payload["notice_id"], kit.settings.address)
    if letter is None:
        return
    kit.post.send(letter.to, letter.subject, letter.text, f"<{payload['notice_id']}@tiaoxi>")
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        letters.mark_mailed(unit, payload["notice_id"])


def catch_up(kit: Kit, _payload: Mapping[str, Any]) -> None:
    """Bring the search index up to the newest change."""
    search_index.catch_up(kit.index, kit.database)


def rebuild_index(kit: Kit, _payload: Mapping[str, Any]) -> None:
    """Make the search index anew, after names or places of tenants changed."""
    search_index.rebuild(kit.index, kit.database)


def seal_audit(kit: Kit, _payload: Mapping[str, Any]) -> None:
    """Chain the audit lines that have come since."""
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        audit.seal(unit.session, unit.now, algorithm=kit.settings.audit_hash)


def expire_grants(kit: Kit, _payload: Mapping[str, Any]) -> None:
    """End grants whose term is over, and applications that were left lying."""
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        grants.expire(unit)
        applications.lapse(unit)


def follow_tenant(kit: Kit, payload: Mapping[str, Any]) -> None:
    """Let entries, demands and rights follow a tenant that was moved or merged."""
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        successions.follow(unit, payload["tenant_id"])
        sharing_successions.follow(unit, payload["tenant_id"])


def remind_cases(kit: Kit, _payload: Mapping[str, Any]) -> None:
    """Warn of deadlines that draw near and forget jobs long done."""
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        cases.remind(unit)
        jobs.prune(unit.session, unit.now - JOB_AGE)


def watch_issues(kit: Kit, _payload: Mapping[str, Any]) -> None:
    """Open what checks found before publication, hold live data to their gate, end silence, tell of what is overdue."""
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        issue_runs.catch_up(unit)
        gates.watch(unit)
        issue_runs.lapse(unit)
        issue_runs.escalate(unit)


def keep_indicators(kit: Kit, _payload: Mapping[str, Any]) -> None:
    """Keep today's readings of every rate with their evidence."""
    now = kit.clock()
    with kit.database.read() as session:
        rates = readings.compute(session, now, scope=None)
    with work.begin(kit.database, SYSTEM, now) as unit:
        readings.keep(unit, rates, scope=None)


def sweep_store(kit: Kit, _payload: Mapping[str, Any]) -> None:
    """Remove files that no row knows of and that are old enough not to be on their way in."""
    with kit.database.read() as session:
        known = set(session.scalars(select(StoredFile.sha256)))
    kit.blobs.sweep(known, kit.clock() - ORPHAN_AGE)
    sweep_scratch(kit.scratch, kit.clock() - ORPHAN_AGE)


def sweep_scratch(scratch: Path, before: datetime) -> None:
    """Erase what killed workers left behind of the tables they were working on."""
    for folder in scratch.glob("tmp*"):
        if folder.stat().st_mtime < before.timestamp():
            shutil.rmtree(folder, ignore_errors=True)


def sweep_uploads(kit: Kit, _payload: Mapping[str, Any]) -> None:
    """Give up uploads that nobody went on with, and erase files in quarantine that no row knows of."""
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        gone = uploads.expire(unit)
    for name in gone:
        kit.quarantine.erase(name)
    with kit.database.read() as session:
        known = uploads.waiting_names(session)
    kit.quarantine.sweep(known, kit.clock() - ORPHAN_AGE)


def keep_scorecards(kit: Kit, _payload: Mapping[str, Any]) -> None:
    """Freeze the scorecard of the month that is over, and close months whose appeals are done."""
    now = kit.clock()
    with kit.database.read() as session:
        month = scorecards.due(session, now)
    if month is not None:
        with work.begin(kit.database, SYSTEM, now) as unit:
            scorecards.freeze(unit, month)
    with work.begin(kit.database, SYSTEM, now) as unit:
        scorecards.close(unit)


def make_docs(kit: Kit, payload: Mapping[str, Any]) -> None:
    """Make the report on a run for experts; what goes wrong is said to whoever waits for it."""
    with kit.database.read() as session:
        plan = docs.gather(session, payload["version_id"])
    if plan is None:
        return
    try:
        made: Any = engine_docs.make(plan, kit.blobs, kit.scratch)
    except Refusal as refusal:
        made = refusal.text("zh")
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        docs.record(unit, plan, made)


def expire_docs(kit: Kit, _payload: Mapping[str, Any]) -> None:
    """Forget reports whose time is over; the sweep of the store removes their files."""
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        docs.expire(unit)


def try_rules(kit: Kit, payload: Mapping[str, Any]) -> None:
    """Count what rules in the making find in the newest table."""
    with kit.database.read() as session:
        plan = trial_runs.gather(session, payload["trial_id"], kit.clock())
    if plan is None:
        return
    found = trial_runs.act(plan, kit.blobs, kit.clock(), memory_mb=kit.settings.memory_mb)
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        trials.record(unit, plan.trial_id, plan.number, found)


def follow_waivers(kit: Kit, _payload: Mapping[str, Any]) -> None:
    """End waivers whose last day has passed, and give notice of those that end soon."""
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        waivers.follow(unit)


def run_harvest(kit: Kit, payload: Mapping[str, Any]) -> None:
    """Take over another platform's catalogue; one that was broken off is begun anew."""
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        run = harvests.begin_asked(unit, payload["run_id"], harvesting.holder(), harvesting.alive)
        readings = None if run is None else foreign.readings(kit, run.source, unit.session)
    if run is not None and readings is not None:
        harvesting.run(kit, run.id, readings)
        search_index.catch_up(kit.index, kit.database)


def ask_for_harvests(kit: Kit, _payload: Mapping[str, Any]) -> None:
    """Ask for the reading of every source whose time has come."""
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        for source in harvest_sources.due(unit.session, unit.now):
            harvests.schedule(unit, source)


def follow_changes(kit: Kit, payload: Mapping[str, Any]) -> None:
    """Write what other programs are to be told of the changes since."""
    calling.follow(kit, payload)


def call_program(kit: Kit, payload: Mapping[str, Any]) -> None:
    """Send one message to another program."""
    calling.call(kit, payload)


def prune_calls(kit: Kit, payload: Mapping[str, Any]) -> None:
    """Forget messages to other programs when their time is over."""
    calling.prune(kit, payload)


def look_for_subscribers(kit: Kit, payload: Mapping[str, Any]) -> None:
    """See what is new for those whose turn it is to hear of it."""
    subscribing.look(kit, payload)


def mail_subscriber(kit: Kit, payload: Mapping[str, Any]) -> None:
    """Send one letter of a subscription."""
    subscribing.mail(kit, payload)


HANDLERS: Mapping[str, Handler] = {
    "version.check": check_version,
    "cleaning.do": do_cleaning,
    "version.assess": assess_version,
    "quality.run": run_quality,
    "notice.mail": mail_notice,
    "index.catch-up": catch_up,
    "index.rebuild": rebuild_index,
    "audit.seal": seal_audit,
    "grants.expire": expire_grants,
    "cases.remind": remind_cases,
    "issues.watch": watch_issues,
    "tenant.follow": follow_tenant,
    "indicators.keep": keep_indicators,
    "scorecards.keep": keep_scorecards,
    "docs.make": make_docs,
    "docs.expire": expire_docs,
    "store.sweep": sweep_store,
    "uploads.sweep": sweep_uploads,
    "suite.try": try_rules,
    "waivers.follow": follow_waivers,
    "harvest.run": run_harvest,
    "harvests.ask": ask_for_harvests,
    "hooks.follow": follow_changes,
    "hook.call": call_program,
    "hooks.prune": prune_calls,
    "subscriptions.look": look_for_subscribers,
    "subscription.mail": mail_subscriber,
}

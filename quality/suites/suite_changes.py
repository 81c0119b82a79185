"""Changes of a suite, after which the data that readers and steward look at are judged anew."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from catalog import versions
from catalog.models import Entry, Version
from policies import vocabulary as v
from quality import runs
from quality.models import Suite
from quality.rules.rules import Rule
from quality.suites import suites, trials
from tenancy.work import Work


def set_rules(
    work: Work,
    entry: Entry,
    rules: Sequence[Rule],
    *,
    base: int | None = None,
    origin: str = suites.STEWARD,
    note: str | None = None,
) -> Suite:
    """Make another version of a suite, as `suites.set_rules` does, and have the data judged by it."""
    suite = suites.set_rules(work, entry, rules, base=base, origin=origin, note=note)
    judge_again(work, entry)
    return suite


def restore(work: Work, entry: Entry, number: int, *, base: int | None = None) -> Suite:
    """Make an older version the newest again, as `suites.restore` does, and have the data judged by it."""
    suite = suites.restore(work, entry, number, base=base)
    judge_again(work, entry)
    return suite


def judge_again(work: Work, entry: Entry) -> None:
    """Ask for a run of the newest suite over the live version, and over the newest one that has a table.

    A run that still waits takes the newest suite; one that has begun goes on with the rules it has.
    """
    suite = suites.latest(work.session, entry)
    for version in _concerned(work.session, entry) if suite else ():
        run = runs.request(work, version)
        if run.state is v.RunState.QUEUED and suite is not None:
            run.suite, run.suite_id = suite, suite.id


def _concerned(session: Session, entry: Entry) -> list[Version]:
    found = [versions.live(session, entry), trials.newest_table(session, entry)]
    return list({one.id: one for one in found if one is not None and one.table_id is not None}.values())

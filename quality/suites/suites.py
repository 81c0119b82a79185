"""Suites: an entry's rules by version, proposed from items and profile, changed only by its steward."""

import hashlib
import json
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.models import Entry
from policies.refusals import NotFound, Refused, Stale
from quality.models import Run, Suite
from quality.rules import rule_checks, standing
from quality.rules.rules import Rule
from tenancy.types import new_id
from tenancy.work import Work

PROPOSED, STEWARD, RESTORED, IMPORTED, TEMPLATE = "proposed", "steward", "restored", "imported", "template"
"""Where a version of a suite comes from."""


def latest(session: Session, entry: Entry) -> Suite | None:
    """The suite that the next run uses, if there is one."""
    query = select(Suite).where(Suite.entry_id == entry.id).order_by(Suite.number.desc()).limit(1)
    return session.scalars(query).first()


def history(session: Session, entry: Entry) -> list[Suite]:
    """Every version of an entry's suite, newest first."""
    return list(session.scalars(select(Suite).where(Suite.entry_id == entry.id).order_by(Suite.number.desc())))


def find(session: Session, entry: Entry, number: int) -> Suite:
    """A version of an entry's suite; NotFound where there is none."""
    found = session.scalars(select(Suite).where(Suite.entry_id == entry.id, Suite.number == number)).first()
    if found is None:
        raise NotFound("general.not-found")
    return found


def rules_of(suite: Suite) -> tuple[Rule, ...]:
    """The rules of a stored suite, and the standing ones which it was kept without."""
    return standing.join([Rule.from_json(row) for row in suite.rules])


def was_run(session: Session, entry: Entry) -> bool:
    """Whether any suite of the entry has been run: from then on only its steward changes the rules."""
    query = select(Run.id).join(Suite, Run.suite_id == Suite.id).where(Suite.entry_id == entry.id)
    return session.scalars(query.limit(1)).first() is not None


def propose(work: Work, entry: Entry, rules: Sequence[Rule]) -> Suite:
    """Keep the suite of an entry's first check: what its steward declared, and what was proposed beside it."""
    work.demand("quality.run", entry)
    return _keep(work, entry, rules, PROPOSED)


def set_rules(
    work: Work,
    entry: Entry,
    rules: Sequence[Rule],
    *,
    base: int | None = None,
    origin: str = STEWARD,
    note: str | None = None,
) -> Suite:
    """Make another version of an entry's suite, used from the next check on.

    `base` is the version on which the change was made: Stale when another has come since. Invalid for rules that
    can't stand together or can't be read.
    """
    work.demand("suite.edit", entry)
    demand_newest(work.session, entry, base)
    rule_checks.demand_sound(rules)
    suite = _keep(work, entry, rules, origin, note)
    work.record("suite.set", suite, entry=entry.code, number=suite.number, rules=len(rules), origin=origin)
    return suite


def restore(work: Work, entry: Entry, number: int, *, base: int | None = None) -> Suite:
    """Make an older version the newest again, as a version of its own; Refused when nothing would change."""
    work.demand("suite.edit", entry)
    old, present = find(work.session, entry, number), latest(work.session, entry)
    if present is not None and present.hash == old.hash:
        raise Refused("suite.restored-same", number=number)
    return set_rules(work, entry, rules_of(old), base=base, origin=RESTORED, note=str(number))


def demand_newest(session: Session, entry: Entry, base: int | None) -> None:
    """Raise Stale when the suite has another version than the one that somebody looked at; 0 means none yet."""
    present = latest(session, entry)
    if base is not None and base != (present.number if present else 0):
        raise Stale("general.stale")


def _keep(work: Work, entry: Entry, rules: Sequence[Rule], origin: str, note: str | None = None) -> Suite:
    before = latest(work.session, entry)
    rows = [rule.to_json() for rule in standing.join(rules)]
    text = json.dumps(rows, ensure_ascii=False, sort_keys=True)
    suite = Suite(
        id=new_id(),
        entry=entry,
        entry_id=entry.id,
        number=before.number + 1 if before else 1,
        rules=rows,
        hash=hashlib.sha256(text.encode()).hexdigest(),
        origin=origin,
        author_id=work.actor.id,
        created_at=work.now,
        note=note[:300] if note else None,
    )
    work.session.add(suite)
    work.session.flush()
    return suite

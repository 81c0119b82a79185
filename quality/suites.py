"""Suites: an entry's rules by version, proposed from items and profile, changed only by its steward."""

import hashlib
import json
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.models import Entry
from quality import standing
from quality.models import Run, Suite
from quality.rules import Rule
from tenancy.types import new_id
from tenancy.work import Work


def latest(session: Session, entry: Entry) -> Suite | None:
    """The suite that the next run uses, if there is one."""
    query = select(Suite).where(Suite.entry_id == entry.id).order_by(Suite.number.desc()).limit(1)
    return session.scalars(query).first()


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
    return _keep(work, entry, rules, "proposed")


def set_rules(work: Work, entry: Entry, rules: Sequence[Rule]) -> Suite:
    """Make another version of an entry's suite, used from the next check on."""
    work.demand("suite.edit", entry)
    suite = _keep(work, entry, rules, "steward")
    work.record("suite.set", suite, entry=entry.code, number=suite.number, rules=len(rules))
    return suite


def _keep(work: Work, entry: Entry, rules: Sequence[Rule], origin: str) -> Suite:
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
    )
    work.session.add(suite)
    work.session.flush()
    return suite

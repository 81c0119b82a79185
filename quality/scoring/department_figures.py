"""What the figures of a body are made of: its datasets and issues as they stood at an instant."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.models import CatalogChange, StoredFile, Version
from catalog.reading import LIVE
from policies import grading, rulebook, scorecard_figures
from policies import vocabulary as v
from policies.scorecard_figures import DatasetFacts, IssueFacts, Updates
from quality.issues import issue_figures
from quality.issues.issue_figures import Figures
from quality.models import Run, Suite
from tenancy.models import TenantAncestor

LISTED = frozenset(one.value for one in LIVE)


@dataclass(frozen=True)
class Dataset:
    """A published dataset of ours as it stood: whose it is, its live version with the last run, its updates.

    `path` are the tenants from the owner up to the city; `late` tells that the last update is older than promised.
    """

    entry_id: str
    code: str
    title: str
    path: tuple[str, ...]
    cycle: v.UpdateCycle
    updated_at: datetime | None
    late: bool
    version_id: str | None
    number: int | None
    facts: DatasetFacts

    @property
    def tenant_id(self) -> str:
        """The body that owns it."""
        return self.path[0]


@dataclass(frozen=True)
class Proof:
    """What shows that a score is right: the run, the hash of its rules, the hash of the table it ran on."""

    run_id: str
    suite_hash: str
    table_sha256: str


def datasets(session: Session, as_of: datetime) -> list[Dataset]:
    """Every published dataset of ours at an instant, by code. A replay: later changes do not alter it."""
    rules = rulebook.in_force().quality
    delivered = _deliveries(session, as_of)
    found = []
    for entry_id, facts in _listed(session, as_of):
        mine = delivered.get(entry_id, [])
        cycle = v.UpdateCycle(facts["update_cycle"])
        last = mine[-1] if mine else None
        found.append(
            Dataset(
                entry_id=entry_id,
                code=facts["code"],
                title=facts["title"],
                path=tuple(facts["path"]),
                cycle=cycle,
                updated_at=last.uploaded_at if last else None,
                late=bool(last)
                and not grading.timely(last.uploaded_at if last else None, cycle.max_age, as_of, rules.tolerance),
                version_id=last.id if last else None,
                number=last.number if last else None,
                facts=_facts(entry_id, last, [one.published_at for one in mine], cycle, as_of),
            )
        )
    return sorted(found, key=lambda one: one.code)


def by_body(found: Iterable[Dataset]) -> Mapping[str, list[Dataset]]:
    """Datasets by every body that they count for: the owner and all above it."""
    sorted_ = defaultdict(list)
    for one in found:
        for tenant_id in one.path:
            sorted_[tenant_id].append(one)
    return sorted_


def issues(session: Session, tenant_ids: Sequence[str], now: datetime) -> Mapping[str, IssueFacts]:
    """What the issues of bodies come to, each with all below it."""
    query = select(TenantAncestor.ancestor_id, TenantAncestor.tenant_id)
    pairs = session.execute(query.where(TenantAncestor.ancestor_id.in_(tenant_ids))).all()
    own = issue_figures.figures(session, {below for _above, below in pairs}, now)
    return {above: _together([own[below] for one, below in pairs if one == above]) for above in tenant_ids}


def _together(parts: Sequence[Figures]) -> IssueFacts:
    return IssueFacts(
        open=sum(one.open for one in parts),
        overdue=sum(one.overdue for one in parts),
        confirmed=sum(one.closure.denominator for one in parts),
        closed=sum(one.closure.numerator for one in parts),
        mended=sum(one.days_to_mend.denominator for one in parts),
        days=Decimal(sum(one.days_to_mend.numerator for one in parts)),
    )


def proofs(session: Session, found: Iterable[Dataset], as_of: datetime) -> Mapping[str, Proof]:
    """The last run of each dataset's version up to an instant, by entry."""
    query = (
        select(Run.version_id, Run.id, Suite.hash, StoredFile.sha256)
        .join(Suite, Suite.id == Run.suite_id)
        .join(Version, Version.id == Run.version_id)
        .outerjoin(StoredFile, StoredFile.id == Version.table_id)
        .where(Run.at <= as_of, Run.state == v.RunState.DONE)
        .order_by(Run.at)
    )
    last = {version_id: Proof(*rest) for version_id, *rest in session.execute(query)}
    return {one.entry_id: last[one.version_id] for one in found if one.version_id in last}


def _listed(session: Session, as_of: datetime) -> Iterable[tuple[str, dict[str, Any]]]:
    """What was true of each published entry of ours at an instant, from the record of changes."""
    last = (
        select(func.max(CatalogChange.sequence))
        .where(CatalogChange.at <= as_of, CatalogChange.origin == v.Origin.OWN)
        .group_by(CatalogChange.entry_id)
    )
    query = select(CatalogChange.entry_id, CatalogChange.facts).where(CatalogChange.sequence.in_(last))
    return [(entry_id, facts) for entry_id, facts in session.execute(query) if facts["state"] in LISTED]


def _deliveries(session: Session, as_of: datetime) -> Mapping[str, list[Any]]:
    """The versions of each entry that had gone live by an instant, oldest first."""
    query = (
        select(
            Version.entry_id,
            Version.id,
            Version.number,
            Version.score,
            Version.grade,
            Version.dimensions,
            Version.uploaded_at,
            Version.published_at,
        )
        .where(Version.published_at.is_not(None), Version.published_at <= as_of)
        .order_by(Version.published_at, Version.number)
    )
    found = defaultdict(list)
    for row in session.execute(query):
        found[row.entry_id].append(row)
    return found


def _facts(
    entry_id: str, last: Any, deliveries: Sequence[datetime], cycle: v.UpdateCycle, as_of: datetime
) -> DatasetFacts:
    if last is None:
        return DatasetFacts(entry_id, None, None, {}, Updates(0, 0))
    window = rulebook.in_force().quality.cards.window
    return DatasetFacts(
        id=entry_id,
        score=_exact(last.score),
        grade=last.grade,
        dimensions={name: _exact(value) for name, value in (last.dimensions or {}).items()},
        updates=scorecard_figures.updates(deliveries, cycle.max_age, window, as_of),
    )


def _exact(value: float | None) -> Decimal | None:
    """A stored score as the exact figure that was stored: four decimals survive a float."""
    return None if value is None else Decimal(str(value)).quantize(grading.STEP)

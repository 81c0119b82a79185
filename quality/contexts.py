"""What a run may know beside its table: the version before, the promised cycle, code lists, keys of other tables.

`gather` reads plain data in a short session; `opened` gives them as the parameters of a run, with files at hand.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from catalog import assessments, reading, standards
from catalog.assessments import DISMISSED
from catalog.blobs import BlobStore
from catalog.models import Entry, Version
from policies import rulebook
from policies import vocabulary as v
from policies.calendars import local_date
from policies.refusals import NotFound
from quality.rules.rules import Rule
from tenancy.actors import Actor, Standing
from tenancy.models import Tenant

PASSED = (v.VersionState.LIVE, v.VersionState.SUPERSEDED, v.VersionState.PASSED)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Context:
    """What is known of an entry and a version of it, as plain data.

    `tried` accesses (the reading of the file, a probe of the entry) of which some `succeeded`; columns that are
    `exposed`, as secret or as personal data; `references` are hashes of Parquet files by the names which
    rules give them.
    """

    previous: Mapping[str, Any] | None = None
    max_age_days: float | None = None
    deliveries: tuple[datetime, ...] = ()
    rows_read: int | None = None
    rows_loaded: int | None = None
    source_rows: int | None = None
    tried: int = 1
    succeeded: int = 1
    exposed: tuple[str, ...] = ()
    code_lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)


def gather(session: Session, version: Version, rules: Iterable[Rule], now: datetime) -> Context:
    """What a run over a version may know, for the rules it will use."""
    entry, asked = version.entry, [rule.parameters for rule in rules]
    before = _before(session, version)
    cycle = entry.update_cycle.max_age
    return Context(
        previous=_previous(session.get_one(Version, before[0].id)) if before else None,
        max_age_days=cycle / _DAY * float(rulebook.in_force().quality.tolerance) if cycle else None,
        deliveries=(*(one.uploaded_at for one in before), version.uploaded_at),
        rows_read=version.rows_read,
        rows_loaded=version.rows_loaded,
        source_rows=version.source_rows,
        tried=1 + (entry.probe_ok is not None),
        succeeded=1 + bool(entry.probe_ok),
        exposed=_exposed(version),
        code_lists=standards.code_lists(session, {str(one["list"]) for one in asked if "list" in one}, local_date(now)),
        references=_references(session, entry, [str(one["of"]) for one in asked if "of" in one], now),
    )


@contextmanager
def opened(context: Context, blobs: BlobStore) -> Iterator[dict[str, Any]]:
    """The parameters of a run, good inside the block: what isn't known isn't there."""
    with ExitStack() as stack:
        known: dict[str, Any] = {
            "previous": context.previous,
            "max_age_days": context.max_age_days,
            "deliveries": context.deliveries,
            "rows_read": context.rows_read,
            "rows_loaded": context.rows_loaded,
            "source_rows": context.source_rows,
            "accesses": (context.tried, context.succeeded),
            "exposed": list(context.exposed),
            "code_lists": context.code_lists,
            "references": {name: _path(stack, blobs, sha256) for name, sha256 in context.references.items()},
        }
        yield {name: value for name, value in known.items() if value is not None}


def _exposed(version: Version) -> tuple[str, ...]:
    """Columns that hold a marking of secrecy, or surely personal data which the catalogue neither declares nor was
    told to be none."""
    marked = [one["column"] for one in (version.account or {}).get("marked") or () if one["column"]]
    undeclared = [
        one.column
        for one in assessments.findings(version)
        if one.mismatch
        and one.hits
        and one.confidence is v.Confidence.CERTAIN
        and one.answer.get("answer") != DISMISSED
    ]
    return tuple(dict.fromkeys([*marked, *undeclared]))


def _before(session: Session, version: Version) -> Sequence[Row[str, datetime]]:
    """The versions before this one that passed, newest first: ids and times of delivery."""
    query = select(Version.id, Version.uploaded_at).where(
        Version.entry_id == version.entry_id, Version.number < version.number, Version.state.in_(PASSED)
    )
    return session.execute(query.order_by(Version.number.desc())).all()


def _previous(version: Version) -> dict[str, Any]:
    return {
        "number": version.number,
        "rows": version.rows_loaded or 0,
        "columns": [one["name"] for one in version.columns or ()],
        "profile": version.profile or {},
    }


def _references(session: Session, entry: Entry, names: Sequence[str], now: datetime) -> dict[str, str]:
    """The live tables which rules refer to, of those whose item the entry's own unit may read."""
    found = {}
    for name in dict.fromkeys(names):
        code, _, item = name.partition(".")
        other = session.scalars(select(Entry).where(Entry.code == code)).first()
        if other is None or item not in reading.access(session, other, _unit(session, entry), now).items:
            continue
        version = session.get(Version, other.live_version_id)
        if version is not None and version.table is not None:
            found[name] = version.table.sha256
    return found


def _unit(session: Session, entry: Entry) -> Actor:
    """The unit which keeps an entry, as somebody who reads: its own tables and those below, what is shared or open."""
    tenant = session.get_one(Tenant, entry.tenant_id)
    place = Standing(v.Role.STEWARD, tenant.id, tenant.path, tenant.kind)
    return Actor("unit", tenant.id, standings=(place,))


def _path(stack: ExitStack, blobs: BlobStore, sha256: str) -> Path:
    """Where a table lies; a lost one is left to the rule that asks for it, which can't be judged then."""
    try:
        return stack.enter_context(blobs.local_path(sha256))
    except NotFound:
        return Path(sha256)

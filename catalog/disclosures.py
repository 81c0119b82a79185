"""Deeds about the risk of disclosure: findings settled, quasi-identifiers chosen, an opening signed for."""

from collections.abc import Sequence

from sqlalchemy import select

from catalog import assessments, versions
from catalog.models import Version
from catalog.reading import LIVE
from policies import vocabulary as v
from policies.refusals import Invalid, Refused
from tenancy.work import Work

ASSESSABLE = frozenset({v.VersionState.PASSED, v.VersionState.LIVE, v.VersionState.REFUSED})
EDITABLE = (v.EntryState.DRAFT, v.EntryState.REJECTED)


def settle(work: Work, version: Version, key: str, answer: str, reason: str) -> None:
    """Confirm or dismiss a finding of personal data; its reason is kept, and a signature given before is void.

    A confirmed finding is declared on the item where the entry is still a draft; else the item has to be changed.
    """
    work.demand("entry.edit", version.entry)
    row = _locked(work, version)
    found = {one.key: one for one in assessments.findings(row)}.get(key)
    if found is None or answer not in {assessments.CONFIRMED, assessments.DISMISSED} or not found.mismatch:
        raise Refused("disclosure.not-a-finding")
    if not reason.strip():
        raise Invalid("disclosure.needs-reason", field="reason")
    kept = dict(row.personal_scan or {})
    said = {"answer": answer, "reason": reason.strip()[:2000], "by": work.actor.id, "at": work.now.isoformat()}
    row.personal_scan = {**kept, "answers": {**kept.get("answers", {}), key: said}}
    row.disclosure_signed = None
    item = next((one for one in row.entry.items if one.name == found.column), None)
    if answer == assessments.CONFIRMED and item is not None and row.entry.state in EDITABLE:
        item.personal_kind = found.kind
        row.entry.contains_personal = True
        row.entry.contains_sensitive_personal = row.entry.contains_sensitive_personal or found.kind.sensitive
    row.disclosure_verdict = assessments.verdict_of(row)
    work.record("version.finding-settled", row, entry=row.entry.code, finding=key, answer=answer, reason=said["reason"])


def choose(work: Work, version: Version, names: Sequence[str]) -> None:
    """Choose the quasi-identifiers of an entry, for this and later versions; the version is counted again."""
    work.demand("entry.edit", version.entry)
    row = _locked(work, version)
    for name in names:
        if name not in assessments.columns_of(row):
            raise Invalid("disclosure.unknown-column", column=name, field="columns")
    row.entry.quasi_identifiers = list(dict.fromkeys(names))
    work.record("entry.quasi-identifiers", row.entry, code=row.entry.code, columns=row.entry.quasi_identifiers)
    work.enqueue("version.assess", dedupe=row.id, version_id=row.id)


def assess_again(work: Work, version: Version) -> None:
    """Have a version counted again, because its items, its tier or the rules changed."""
    work.demand("quality.run", version.entry)
    if version.table_id is None or version.state not in ASSESSABLE:
        raise Refused("version.not-readable")
    work.record("version.assess-asked", version, entry=version.entry.code)
    work.enqueue("version.assess", dedupe=version.id, version_id=version.id)


def sign(work: Work, version: Version, reason: str) -> None:
    """Sign, as a reviewer, for opening a version in spite of its risk; a version that was held goes live."""
    work.demand("release.review", version.entry)
    row = _locked(work, version)
    bar, found = assessments.thresholds(row.entry), assessments.judgement(row)
    if bar is None or (found and found.verdict is v.RiskVerdict.PASS) or assessments.signed(row):
        raise Refused("disclosure.not-needed", number=row.number)
    if not reason.strip():
        raise Invalid("disclosure.needs-reason", field="reason")
    waits = row.state is v.VersionState.PASSED and row.entry.state in LIVE and assessments.held(row)
    row.disclosure_signed = {
        "as_of": (row.disclosure or {}).get("as_of", ""),
        "tiers": bar.code,
        "verdict": found.verdict.value if found else None,
        "reasons": [one.code for _, one in found.reasons] if found else [],
        "reason": reason.strip()[:4000],
        "by": work.actor.id,
        "at": work.now.isoformat(),
    }
    verdict = row.disclosure_signed["verdict"]
    work.record("version.disclosure-signed", row, entry=row.entry.code, verdict=verdict, reason=reason.strip())
    if waits:
        versions.make_live(work, row)


def _locked(work: Work, version: Version) -> Version:
    query = select(Version).where(Version.id == version.id).with_for_update(of=Version)
    return work.session.scalars(query.execution_options(populate_existing=True)).one()

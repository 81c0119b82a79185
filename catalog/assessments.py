"""Assessments: the personal data found in a version and its risk of disclosure, kept with it as counts and judged anew
whenever somebody asks, by the rules in force, the tier and the items of today.

A signature of a reviewer stands for one assessment and one group of tiers; it is void once either changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.models import Entry, Version
from catalog.reading import OPENED
from policies import disclosure, rulebook
from policies import vocabulary as v
from policies.disclosure import Claim, Facts, Judgement, Thresholds
from policies.refusals import Refusal, Refused
from tenancy import notices
from tenancy.models import Membership
from tenancy.work import Work

CONFIRMED, DISMISSED = "confirmed", "dismissed"
DECLARING = frozenset(
    {v.PersonalKind.CITIZEN_ID, v.PersonalKind.MOBILE, v.PersonalKind.BANK_CARD, v.PersonalKind.EMAIL}
)
"""What an anonymised item cannot hold: values that still find a person."""


@dataclass(frozen=True)
class Finding:
    """Personal data found in a column: counts, whether the item declares it, and what was answered, by whom and why.

    `mismatch`: the catalogue says otherwise, so that somebody has to confirm or dismiss it.
    """

    column: str
    kind: v.PersonalKind
    hits: int
    checked: int
    exact: bool
    named: bool
    confidence: v.Confidence
    mismatch: bool
    answer: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Column and kind as one text."""
        return f"{self.kind.value}:{self.column}"


def keep(work: Work, version: Version, found: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> None:
    """Keep with a version what was found and counted; a signature on an earlier assessment is void.

    What a steward dismissed on the version before stays dismissed, unless more speaks for it now.
    """
    work.demand("quality.run", version.entry)
    answers = (version.personal_scan or {}).get("answers") or _carried(work.session, version, found)
    as_of = work.now.isoformat()
    version.personal_scan = {"as_of": as_of, "found": [dict(one) for one in found], "answers": answers}
    version.disclosure = {"as_of": as_of, **facts}
    version.disclosure_signed = None
    verdict = verdict_of(version)
    version.disclosure_verdict = verdict
    work.record("version.assessed", version, entry=version.entry.code, verdict=verdict.value if verdict else None)


def findings(version: Version) -> list[Finding]:
    """What the scan of a version found, the open questions first."""
    kept = version.personal_scan or {}
    items = {item.name: item for item in version.entry.items}
    answers = kept.get("answers", {})
    found = []
    for one in kept.get("found", ()):
        kind, confidence = v.PersonalKind(one["kind"]), v.Confidence(one["confidence"])
        item = items.get(one["column"])
        known = item is not None and item.personal_kind is not None
        if item is not None and item.desensitisation is v.Desensitisation.ANONYMISED:
            known = not (kind in DECLARING and one["hits"] and confidence is v.Confidence.CERTAIN)
        speaks = confidence > v.Confidence.POSSIBLE or (one["hits"] and kind in DECLARING)
        answer = answers.get(f"{kind.value}:{one['column']}", {})
        counts = {name: one[name] for name in ("column", "hits", "checked", "exact", "named")}
        mismatch = bool(speaks) and not known
        found.append(Finding(kind=kind, confidence=confidence, mismatch=mismatch, answer=answer, **counts))
    return sorted(found, key=lambda one: (not one.mismatch or bool(one.answer), -one.confidence.rank, one.column))


def leaving(entry: Entry, columns: Sequence[str]) -> frozenset[str]:
    """The columns that readers of the entry's tier would get, by its items; all of them while there are no items."""
    if not entry.items:
        return frozenset(columns)
    free = entry.open_type is v.OpenType.OPEN_UNCOND
    return frozenset(
        item.name
        for item in entry.items
        if not item.secret
        and (item.open_type is v.OpenType.OPEN_UNCOND if free else item.open_type is not v.OpenType.OPEN_FORBIDDEN)
    )


def thresholds(entry: Entry) -> Thresholds | None:
    """The thresholds of an entry's tier; None where nothing is opened."""
    return disclosure.of_tier(rulebook.in_force().disclosure, entry.open_tier)


def judgement(version: Version) -> Judgement | None:
    """The verdict on a version by today's rules, tier and items.

    None where nothing is to be opened, and where nobody has counted, or not what would leave now.
    """
    entry, kept, bar = version.entry, version.disclosure, thresholds(version.entry)
    if kept is None or bar is None:
        return None
    facts, leaves = Facts.from_json(kept), leaving(entry, columns_of(version))
    if not disclosure.fits(facts, leaves):
        return None
    claims = [
        Claim(one.column, one.kind, one.hits, one.confidence, one.answer.get("answer", ""))
        for one in findings(version)
        if one.mismatch
    ]
    return disclosure.judge(facts, claims, leaves, bar)


def verdict_of(version: Version) -> v.RiskVerdict | None:
    """The verdict alone."""
    found = judgement(version)
    return found.verdict if found else None


def signed(version: Version) -> Mapping[str, Any] | None:
    """The signature that holds now: for this assessment, this group of tiers, and a verdict no better than today's."""
    kept, bar, verdict = version.disclosure_signed, thresholds(version.entry), verdict_of(version)
    if kept is None or bar is None or kept["tiers"] != bar.code:
        return None
    if kept["as_of"] != (version.disclosure or {}).get("as_of", ""):
        return None
    if kept["verdict"] is None or verdict is None:
        return kept if kept["verdict"] is None and verdict is None else None
    return kept if v.RiskVerdict(kept["verdict"]) >= verdict else None


def hindrances(version: Version) -> list[Refusal]:
    """What the risk of disclosure has against opening this version: nothing once a reviewer has signed."""
    if thresholds(version.entry) is None or signed(version):
        return []
    found = judgement(version)
    if found is None:
        return [Refused("release.not-assessed", number=version.number)]
    if found.verdict is v.RiskVerdict.PASS:
        return []
    return [Refused("release.disclosure", number=version.number, verdict=found.verdict)]


def held(version: Version) -> bool:
    """Whether a version has to wait, because readers outside would get at once what is not to be opened as it is."""
    if version.entry.open_state not in OPENED or signed(version):
        return False
    return verdict_of(version) is v.RiskVerdict.STOP


def warn(work: Work, version: Version, before: Version | None) -> None:
    """Tell steward and security administrators of a version whose risk is graver than that of the one before."""
    verdict = verdict_of(version)
    if version.entry.open_state not in OPENED or verdict in {None, v.RiskVerdict.PASS}:
        return
    earlier = verdict_of(before) if before else None
    if earlier is not None and earlier >= verdict and not held(version):
        return
    people = set(security_admins(work.session, version.entry.tenant.path))
    people |= {version.uploaded_by} - {"system", "anonymous"}
    kind = "version.held" if held(version) else "version.disclosure"
    entry = version.entry
    for person_id in sorted(people):
        notices.tell(work, person_id, kind, entry, code=entry.code, title=entry.title, number=version.number)


def columns_of(version: Version) -> tuple[str, ...]:
    """The names of a version's stored columns."""
    return tuple(one["name"] for one in version.columns or ())


def security_admins(session: Session, path: Sequence[str]) -> list[str]:
    """The security administrators of a tenant and of those above it."""
    query = select(Membership.person_id).where(
        Membership.tenant_id.in_(path), Membership.role == v.Role.SECURITY_ADMIN, Membership.ended_at.is_(None)
    )
    return sorted(set(session.scalars(query)))


def _carried(session: Session, version: Version, found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The dismissals of the version before that still hold: no surer now, and of no larger share of the values."""
    query = select(Version).where(Version.entry_id == version.entry_id, Version.number < version.number)
    earlier = session.scalars(query.order_by(Version.number.desc()).limit(1)).first()
    kept = (earlier.personal_scan if earlier else None) or {}
    before = {f"{one['kind']}:{one['column']}": one for one in kept.get("found", ())}
    carried = {}
    for one in found:
        key = f"{one['kind']}:{one['column']}"
        answer, old = kept.get("answers", {}).get(key), before.get(key)
        if answer and old and answer["answer"] == DISMISSED and not _graver(one, old):
            carried[key] = {**answer, "carried": True}
    return carried


def _graver(new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    surer = v.Confidence(new["confidence"]) > v.Confidence(old["confidence"])
    return surer or new["hits"] * max(1, old["checked"]) > 2 * old["hits"] * max(1, new["checked"])

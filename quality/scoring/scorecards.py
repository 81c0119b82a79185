"""Scorecards of a month: frozen after its end, appealed against for some working days, ruled upon, then final."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from policies import cards, rulebook, scorecard_figures
from policies import vocabulary as v
from policies.approval import Moved
from policies.calendars import SHANGHAI, local_date
from policies.refusals import Invalid, Refused
from policies.scorecard_figures import DatasetFacts, Figure, IssueFacts, Updates
from quality.scoring import department_figures
from quality.scoring.department_figures import Dataset, Proof
from quality.scoring.scorecard_models import Appeal, FrozenScorecard, ScorecardLine
from tenancy import cases
from tenancy.models import Tenant
from tenancy.records import Case
from tenancy.types import new_id
from tenancy.work import Work

KIND = "SCORECARD_APPEAL"
LONGEST = 4000
_MICROSECOND = timedelta(microseconds=1)


def due(session: Session, now: datetime) -> date | None:
    """The first day of the month that is to be frozen now: the last one, from the first working day after it on."""
    today = local_date(now)
    first = today.replace(day=1)
    if today < rulebook.in_force().calendar.next_workday(first):
        return None
    month = (first - timedelta(days=1)).replace(day=1)
    return None if of_month(session, f"{month:%Y-%m}") else month


def freeze(work: Work, month: date) -> FrozenScorecard | None:
    """Freeze the scorecard of the month that begins on a day; nothing when no dataset was published then.

    Refused while the month is not over or when it is frozen already.
    """
    work.demand("scorecard.freeze", _Months())
    as_of = _end(month)
    if as_of >= work.now:
        raise Refused("scorecard.month-not-over", month=f"{month:%Y-%m}")
    if of_month(work.session, f"{month:%Y-%m}"):
        raise Refused("scorecard.frozen", month=f"{month:%Y-%m}")
    found = department_figures.datasets(work.session, as_of)
    if not found:
        return None
    rules = rulebook.in_force()
    card = FrozenScorecard(
        id=new_id(),
        month=f"{month:%Y-%m}",
        as_of=as_of,
        frozen_at=work.now,
        rules_hash=rules.hash,
        state=v.ScorecardState.PROVISIONAL,
        appeals_until=rules.calendar.add_workdays(local_date(work.now), rules.limits["SCORECARD_APPEAL"].days),
    )
    card.lines = _lines(work.session, card, found)
    card.hash = _digest(sorted(one.hash for one in card.lines))
    work.session.add(card)
    work.session.flush()
    work.record("scorecard.frozen", card, month=card.month, hash=card.hash, rules=rules.hash)
    return card


def close(work: Work) -> list[str]:
    """Make every month final whose window for appeals is over and whose appeals are all ruled upon; gives them."""
    work.demand("scorecard.freeze", _Months())
    query = select(FrozenScorecard).where(
        FrozenScorecard.state == v.ScorecardState.PROVISIONAL, FrozenScorecard.appeals_until < local_date(work.now)
    )
    closed = []
    for card in work.session.scalars(query):
        if not any(one.ended_at is None for line in card.lines for one in line.appeals):
            card.state, card.closed_at = v.ScorecardState.FINAL, work.now
            work.record("scorecard.closed", card, month=card.month)
            closed.append(card.month)
    return closed


def appeal(work: Work, line: ScorecardLine, reason: str, entry_ids: Sequence[str] = ()) -> Case:
    """Dispute a line, as a whole or some datasets on it, while the window is open; the authority must answer."""
    work.demand("scorecard.appeal", line)
    card = line.scorecard
    if card.state is not v.ScorecardState.PROVISIONAL or local_date(work.now) > card.appeals_until:
        raise Refused("scorecard.window-over", day=card.appeals_until.isoformat())
    if any(one.ended_at is None for one in line.appeals):
        raise Refused("scorecard.appeal-open")
    words = reason.strip()
    if not words:
        raise Invalid("general.required", field="reason")
    if len(words) > LONGEST:
        raise Invalid("general.too-long", field="reason", limit=LONGEST, length=len(words))
    known = {one["entry_id"] for one in line.evidence}
    if not known.issuperset(entry_ids):
        raise Invalid("general.choice", field="entries", value=next(iter(set(entry_ids) - known))[:40])
    made = Appeal(
        id=new_id(),
        line_id=line.id,
        line=line,
        entry_ids=sorted(set(entry_ids)),
        reason=words,
        made_by=work.actor.id,
        made_at=work.now,
    )
    work.session.add(made)
    work.session.flush()
    title = f"{line.tenant.name.zh} {card.month}"
    return cases.begin(work, KIND, made, title=title, tenant=line.tenant, applicant_tenant=line.tenant)


def rule(work: Work, made: Appeal, move: str, *, comment: str = "") -> Moved:
    """Move an appeal: uphold and confirm by two officers, dismiss, or recall it.

    An appeal that is upheld leaves the disputed datasets out; the corrected figures stand beside the frozen ones.
    """
    work.demand("scorecard.appeal" if move == "recall" else "scorecard.rule", made)
    case = cases.of_subject(work.session, made, KIND)
    assert case is not None  # noqa: S101 - an appeal is made together with its case
    moved = cases.move(work, case, move, comment=comment)
    if not moved.ended:
        return moved
    made.ended_at, made.upheld = work.now, moved.stage == "UPHELD"
    if made.upheld and made.entry_ids:
        made.corrected = _corrected(made.line)
    work.record("scorecard.appeal-ruled", made, case=case.number, upheld=made.upheld)
    return moved


def of_month(session: Session, month: str) -> FrozenScorecard | None:
    """The frozen scorecard of a month, such as 2026-10."""
    return session.scalars(select(FrozenScorecard).where(FrozenScorecard.month == month)).first()


def months(session: Session) -> list[FrozenScorecard]:
    """Every frozen scorecard, the newest first."""
    return list(session.scalars(select(FrozenScorecard).order_by(FrozenScorecard.month.desc())))


def lines_of(session: Session, tenant_ids: Sequence[str], *, last: int = 12) -> Mapping[str, list[ScorecardLine]]:
    """The lines of some bodies in the last months, oldest first, by body."""
    recent = select(FrozenScorecard.id).order_by(FrozenScorecard.month.desc()).limit(last)
    query = (
        select(ScorecardLine)
        .join(FrozenScorecard)
        .where(ScorecardLine.scorecard_id.in_(recent), ScorecardLine.tenant_id.in_(tenant_ids))
        .order_by(FrozenScorecard.month)
    )
    found: dict[str, list[ScorecardLine]] = {one: [] for one in tenant_ids}
    for line in session.scalars(query):
        found[line.tenant_id].append(line)
    return found


def figures_of(line: ScorecardLine, *, corrected: bool = True) -> dict[str, Figure]:
    """The figures of a line, with what upheld appeals corrected unless the frozen ones are asked for."""
    rows = line.figures
    if corrected:
        for one in line.appeals:
            rows = one.corrected["figures"] if one.corrected else rows
    return {code: Figure.from_json(code, rows[code]) for code in scorecard_figures.CODES if code in rows}


def card_of(line: ScorecardLine) -> v.Card | None:
    """The card of a line, after what upheld appeals corrected."""
    shown = line.card
    for one in line.appeals:
        if one.corrected:
            shown = v.Card(one.corrected["card"]) if one.corrected["card"] else None
    return shown


def is_whole(line: ScorecardLine) -> bool:
    """Whether a line still is what was frozen: its hash is that of its content."""
    return line.hash == _line_digest(line)


def _lines(session: Session, card: FrozenScorecard, found: Sequence[Dataset]) -> list[ScorecardLine]:
    mine = department_figures.by_body(found)
    proved = department_figures.proofs(session, found, card.as_of)
    bodies = session.scalars(select(Tenant).where(Tenant.id.in_(mine), Tenant.kind != v.TenantKind.APPLICANT))
    tenants = sorted(bodies, key=lambda one: one.key)
    issues = department_figures.issues(session, [one.id for one in tenants], card.as_of)
    lines = []
    for tenant in tenants:
        facts = [one.facts for one in mine[tenant.id]]
        figures = scorecard_figures.figures(facts, issues.get(tenant.id))
        line = ScorecardLine(
            id=new_id(),
            scorecard_id=card.id,
            scorecard=card,
            tenant_id=tenant.id,
            tenant=tenant,
            figures={code: one.to_json() for code, one in figures.items()},
            evidence=[_evidence(one, proved.get(one.entry_id)) for one in mine[tenant.id]],
            issues=_of_issues(issues.get(tenant.id)),
            card=_card(figures, tenant.key),
        )
        line.hash = _line_digest(line)
        lines.append(line)
    return lines


def _card(figures: Mapping[str, Figure], key: str) -> v.Card | None:
    rules = rulebook.in_force().quality.cards
    return cards.card(figures["punctuality"].value, figures["pass_rate"].value, key, rules)


def _evidence(one: Dataset, proof: Proof | None) -> dict[str, Any]:
    facts = one.facts
    return {
        "entry_id": one.entry_id,
        "code": one.code,
        "version_id": one.version_id,
        "number": one.number,
        "run_id": proof.run_id if proof else None,
        "suite_hash": proof.suite_hash if proof else None,
        "table_sha256": proof.table_sha256 if proof else None,
        "score": _text(facts.score),
        "grade": facts.grade.value if facts.grade else None,
        "dimensions": {name: _text(value) for name, value in facts.dimensions.items()},
        "due": facts.updates.due,
        "made": facts.updates.made,
    }


def facts_of(evidence: Mapping[str, Any]) -> DatasetFacts:
    """A dataset on a frozen line as figures count it."""
    return DatasetFacts(
        id=evidence["entry_id"],
        score=_number(evidence["score"]),
        grade=v.Grade(evidence["grade"]) if evidence["grade"] else None,
        dimensions={name: _number(value) for name, value in evidence["dimensions"].items()},
        updates=Updates(evidence["due"], evidence["made"]),
    )


def _corrected(line: ScorecardLine) -> dict[str, Any]:
    """The figures of a line without every dataset that was disputed with success."""
    out = {entry_id for one in line.appeals if one.upheld for entry_id in one.entry_ids}
    facts = [facts_of(one) for one in line.evidence if one["entry_id"] not in out]
    issues = line.issues and IssueFacts(**{**line.issues, "days": Decimal(line.issues["days"])})
    figures = scorecard_figures.figures(facts, issues or None)
    card = _card(figures, line.tenant.key)
    return {
        "figures": {code: one.to_json() for code, one in figures.items()},
        "left_out": sorted(out),
        "card": card.value if card else None,
        "rules_hash": rulebook.in_force().hash,
    }


def _of_issues(issues: IssueFacts | None) -> dict[str, Any] | None:
    if issues is None:
        return None
    return {
        "open": issues.open,
        "overdue": issues.overdue,
        "confirmed": issues.confirmed,
        "mended": issues.mended,
        "closed": issues.closed,
        "days": str(issues.days),
    }


def _line_digest(line: ScorecardLine) -> str:
    card = line.scorecard
    kept = [card.month, line.tenant_id, card.rules_hash, line.figures, line.evidence, line.issues]
    return _digest([*kept, line.card.value if line.card else None])


def _digest(value: Iterable[Any]) -> str:
    text = json.dumps(list(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _end(month: date) -> datetime:
    """The last instant of the month that begins on a day, in Shanghai."""
    following = (month.replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime.combine(following, time(), SHANGHAI) - _MICROSECOND


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _number(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


class _Months:
    """What permissions know of the months of the platform."""

    def facts(self) -> dict[str, object]:
        """No tenant owns them."""
        return {"type": "System", "id": "scorecards", "path": ()}

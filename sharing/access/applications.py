"""Applications for restricted data: begun, answered, submitted, decided step by step, signed or withdrawn."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalog.models import Entry
from catalog.reading import LIVE, OPENED
from policies import rulebook
from policies import vocabulary as v
from policies.approval import Moved
from policies.calendars import local_date
from policies.refusals import Invalid, NotFound, Refusal, Refused
from sharing.access import agreements, grants
from sharing.access.models import Application
from tenancy import cases
from tenancy.actors import Actor
from tenancy.models import Tenant, TenantAncestor
from tenancy.numbers import number_of_year
from tenancy.records import Case
from tenancy.types import new_id
from tenancy.work import Work

REQUIRED = (
    "contact_name",
    "contact_phone",
    "contact_email",
    "purpose",
    "scene",
    "target_system",
    "location",
    "security_measures",
    "expected_effect",
    "undertaking",
)
OPTIONAL = ("address", "frequency", "row_filter", "network", "combine_with", "consent")
ANSWERS = (*REQUIRED, *OPTIONAL)
LEFT_LYING = {"SUPPLEMENT_REQUIRED": "deem_withdrawn", "APPROVED": "lapse"}
"""Stages in which an applicant is waited for, and what becomes of the case when the term is over."""
MOST_DAYS = 366
"""A grant lasts a year at most; whoever needs the data longer applies anew."""


def start(work: Work, entry: Entry, form_token: str, *, tenant: Tenant | None, kind: v.ApplicantKind) -> Application:
    """Begin a draft for a restricted entry; the same form token always gives the same draft."""
    work.demand("application.start", entry)
    existing = _by_token(work, form_token)
    if existing:
        return existing
    if (
        entry.state not in LIVE
        or entry.open_state not in OPENED
        or entry.open_tier not in {v.OpenTier.T2, v.OpenTier.T3}
    ):
        raise Refused("application.not-restricted", code=entry.code)
    application = Application(
        id=new_id(),
        number=number_of_year(work.session, "SQ", "application", work.now),
        entry_id=entry.id,
        entry=entry,
        person_id=work.actor.id,
        tenant_id=tenant.id if tenant else None,
        tenant=tenant,
        applicant_kind=kind,
        form_token=form_token,
        items=[one.name for one in entry.items if one.open_type is not v.OpenType.OPEN_FORBIDDEN],
        answers={},
        delivery_mode=v.DeliveryMode.API,
        created_at=work.now,
        changed_at=work.now,
    )
    try:
        with work.session.begin_nested():
            work.session.add(application)
    except IntegrityError:
        again = _by_token(work, form_token)
        if again is None:
            raise
        return again
    work.record("application.started", application, number=application.number, entry=entry.code)
    return application


def answer(
    work: Work,
    application: Application,
    *,
    answers: Mapping[str, str],
    items: list[str] | None = None,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> None:
    """Keep answers as they are, finished or not; saving is never refused for what is still missing."""
    work.demand("application.edit", application)
    if application.stage not in {"DRAFT", "SUPPLEMENT_REQUIRED"}:
        raise Refused("application.wrong-stage", stage=application.stage)
    known = {name: str(text).strip() for name, text in answers.items() if name in ANSWERS}
    application.answers = {**application.answers, **known}
    if items is not None:
        offered = {one.name for one in application.entry.items if one.open_type is not v.OpenType.OPEN_FORBIDDEN}
        application.items = [name for name in items if name in offered]
    application.valid_from = valid_from or application.valid_from
    application.valid_to = valid_to or application.valid_to
    application.changed_at = work.now


def missing(application: Application, today: date) -> dict[str, Refusal]:
    """What is still missing or wrong, by field; a supplement keeps the first day that was right when handed in."""
    if application.submitted_at:
        today = local_date(application.submitted_at)
    found: dict[str, Refusal] = {
        name: Invalid("application.missing", field=name) for name in REQUIRED if not application.answers.get(name)
    }
    if not application.items:
        found["items"] = Invalid("application.no-items", field="items")
    start_, end = application.valid_from, application.valid_to
    if start_ is None or end is None:
        found["valid_to"] = Invalid("application.missing", field="valid_to")
    elif start_ < today:
        found["valid_from"] = Invalid("application.starts-in-past", field="valid_from")
    elif not 0 < (end - start_).days <= MOST_DAYS:
        found["valid_to"] = Invalid("application.term", field="valid_to", days=MOST_DAYS)
    if application.entry.contains_personal and not application.answers.get("consent"):
        found["consent"] = Invalid("application.missing", field="consent")
    return found


def submit(work: Work, application: Application) -> Application:
    """Hand the application in: its case opens and the clock starts. Done again, it changes nothing."""
    work.demand("application.submit", application)
    # Of two windows that hand in at once, the second finds what the first has done.
    work.session.flush()
    work.session.execute(select(Application.id).where(Application.id == application.id).with_for_update())
    work.session.refresh(application)
    if application.case and application.stage != "SUPPLEMENT_REQUIRED":
        return application
    fields = missing(application, local_date(work.now))
    if fields:
        raise Invalid("application.incomplete", fields=fields)
    if application.case:
        cases.move(work, application.case, "supplement")
        return application
    entry = application.entry
    application.case = cases.begin(
        work,
        "APPLICATION",
        application,
        title=entry.title,
        tenant=entry.tenant,
        applicant_tenant=application.tenant,
        number=application.number,
    )
    application.submitted_at = work.now
    cases.move(work, application.case, "submit")
    work.record("application.submitted", application, number=application.number)
    return application


def decide(
    work: Work, application: Application, move: str, *, comment: str = "", basis: str = "", **extra: Any
) -> Moved:
    """An officer's move on an application: pass, agree, ask for supplement, reject, approve, suspend or revoke."""
    work.demand("application.review", application)
    case = _case(application)
    moved = cases.move(work, case, move, comment=comment, basis=basis, details=extra)
    grant = grants.of_application(work.session, application)
    if grant and move in {"suspend", "restore", "revoke"}:
        grants.follow(work, grant, move, comment)
    work.record("application.decided", application, number=application.number, move=move, stage=moved.stage)
    return moved


def withdraw(work: Work, application: Application) -> None:
    """Take an application back."""
    work.demand("application.withdraw", application)
    cases.move(work, _case(application), "withdraw")
    work.record("application.withdrawn", application, number=application.number)


def lapse(work: Work) -> int:
    """Close what applicants let lie beyond its term: a supplement, an agreement to sign; returns how many."""
    today = local_date(work.now)
    query = select(Application).join(Application.case).where(Case.stage.in_(LEFT_LYING), Case.due_on < today)
    found = list(work.session.scalars(query))
    for application in found:
        case = _case(application)
        moved = cases.move(work, case, LEFT_LYING[case.stage])
        work.record("application.lapsed", application, number=application.number, stage=moved.stage)
    return len(found)


def accept(work: Work, application: Application, *, signatory: str, text_hash: str, language: str) -> str:
    """Accept the open-use agreement, word for word as shown: the grant and its key come into being with it.

    Returns the key, which is never shown again. Refused if the text changed since it was shown.
    """
    work.demand("agreement.accept", application)
    agreements.sign(work, application, signatory=signatory, text_hash=text_hash, language=language)
    cases.move(work, _case(application), "sign")
    return grants.issue(work, application)


def find(session: Session, number: str, actor: Actor) -> Application:
    """An application by number, if it is the actor's or his tenants must answer it; else NotFound.

    A draft is the applicant's alone.
    """
    query = select(Application).where(Application.number == number, _visible(actor))
    application = session.scalars(query).first()
    if application is None:
        raise NotFound("general.not-found")
    return application


def of_actor(session: Session, actor: Actor) -> list[Application]:
    """The actor's own applications and those of the bodies he acts for, newest first."""
    query = select(Application).where(
        or_(Application.person_id == actor.id, Application.tenant_id.in_(actor.tenant_ids))
    )
    return list(session.scalars(query.order_by(Application.created_at.desc())))


def working_days(today: date) -> date:
    """By when a decision is due on an application handed in today, if nothing is missing."""
    rules = rulebook.in_force()
    return rules.calendar.add_workdays(today, rules.limits["OPEN_DECISION"].days)


def _visible(actor: Actor) -> Any:
    staff = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id.in_(actor.staff_of))
    return or_(
        Application.person_id == actor.id,
        Application.tenant_id.in_(actor.tenant_ids),
        Application.case_id.is_not(None) & Application.entry_id.in_(select(Entry.id).where(Entry.tenant_id.in_(staff))),
    )


def _by_token(work: Work, form_token: str) -> Application | None:
    query = select(Application).where(Application.person_id == work.actor.id, Application.form_token == form_token)
    return work.session.scalars(query).first()


def _case(application: Application) -> Any:
    if application.case is None:
        raise Refused("application.wrong-stage", stage=application.stage)
    return application.case

"""Grants: rights to use restricted data, issued with a key, metered exactly, ended at once."""

from datetime import date, datetime, time, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from catalog.models import Entitlement
from policies import rulebook
from policies import vocabulary as v
from policies.calendars import local_date
from policies.refusals import NotFound, Refused
from sharing.access.models import Application, Credential, Grant, Usage
from tenancy import cases, codes
from tenancy.actors import ANONYMOUS, Actor
from tenancy.database import insert
from tenancy.numbers import number_of_year
from tenancy.types import new_id
from tenancy.work import Work

ZONE = ZoneInfo("Asia/Shanghai")
CALLS_PER_DAY, ROWS_PER_DAY = 1_000, 1_000_000
KEY_PREFIX = "txk_"
AFTER = {
    "suspend": v.GrantState.SUSPENDED,
    "revoke": v.GrantState.REVOKED,
    "terminate": v.GrantState.TERMINATED,
}


def issue(work: Work, application: Application) -> str:
    """Bring a grant into being: key and entitlement in the same transaction. Returns the key, shown only now."""
    if application.valid_from is None or application.valid_to is None:
        raise Refused("application.wrong-stage", stage=application.stage)
    ends_at = _midnight(application.valid_to + timedelta(days=1))
    if ends_at <= work.now:
        raise Refused("grant.term-over", number=application.number)
    grant = Grant(
        id=new_id(),
        number=number_of_year(work.session, "GR", "grant", work.now),
        application_id=application.id,
        application=application,
        entry_id=application.entry_id,
        entry=application.entry,
        person_id=application.person_id,
        tenant_id=application.tenant_id,
        state=v.GrantState.ACTIVE,
        items=list(application.items),
        starts_at=max(_midnight(application.valid_from), work.now),
        ends_at=ends_at,
        calls_per_day=CALLS_PER_DAY,
        rows_per_day=ROWS_PER_DAY,
        addresses=[],
        created_at=work.now,
    )
    work.session.add(grant)
    work.session.flush()
    _entitle(work, grant)
    work.record("grant.issued", grant, number=grant.number, items=len(grant.items))
    return _new_key(work, grant)


def new_key(work: Work, grant: Grant) -> str:
    """Replace a grant's key: the old one ends at once, the new one is shown only now."""
    work.demand("grant.use", grant)
    if grant.state is not v.GrantState.ACTIVE:
        raise Refused("grant.not-active", number=grant.number)
    _end_keys(work, grant)
    return _new_key(work, grant)


def follow(work: Work, grant: Grant, move: str, reason: str) -> None:
    """Do to the grant what was done to its application: suspend, restore, revoke or terminate, key included."""
    if move == "restore":
        grant.state, grant.ended_at, grant.end_reason = v.GrantState.ACTIVE, None, ""
        _entitle(work, grant)
    else:
        grant.state = AFTER[move]
        grant.ended_at, grant.end_reason = work.now, reason
        _disentitle(work, grant)
        if move != "suspend":
            _end_keys(work, grant)
    work.record(f"grant.{move}", grant, number=grant.number, reason=reason)


def revoke(work: Work, grant: Grant, *, comment: str, basis: str) -> None:
    """End a grant at once, with reason and basis: from this transaction on its key opens nothing."""
    work.demand("grant.revoke", grant)
    if grant.application.case:
        cases.move(work, grant.application.case, "revoke", comment=comment, basis=basis)
    follow(work, grant, "revoke", comment)


def give_up(work: Work, grant: Grant) -> None:
    """The holder ends his own grant: from this transaction on its key opens nothing."""
    work.demand("grant.revoke", grant)
    if grant.application.case is None:
        raise Refused("grant.not-active", number=grant.number)
    cases.move(work, grant.application.case, "terminate")
    follow(work, grant, "terminate", "")


def expire(work: Work) -> int:
    """End every grant whose term is over; returns how many."""
    query = select(Grant).where(
        Grant.state.in_([v.GrantState.ACTIVE, v.GrantState.SUSPENDED]), Grant.ends_at <= work.now
    )
    over = list(work.session.scalars(query))
    for grant in over:
        grant.state, grant.ended_at = v.GrantState.EXPIRED, work.now
        _disentitle(work, grant)
        _end_keys(work, grant)
        if grant.application.case:
            cases.move(work, grant.application.case, "expire")
        work.record("grant.expired", grant, number=grant.number)
    return len(over)


def actor_of(session: Session, key: str, now: datetime) -> tuple[Actor, Grant | None]:
    """Whom a key stands for: the credential of a grant in force, else nobody."""
    if not key.startswith(KEY_PREFIX):
        return ANONYMOUS, None
    query = select(Credential).where(Credential.hash == codes.token_hash(key), Credential.revoked_at.is_(None))
    credential = session.scalars(query).first()
    if credential is None:
        return ANONYMOUS, None
    grant = credential.grant
    if grant.state is not v.GrantState.ACTIVE or not grant.starts_at <= now < grant.ends_at:
        return ANONYMOUS, None
    return Actor("credential", grant.id, grant.number, verified=True), grant


def spend(work: Work, grant: Grant, rows: int) -> None:
    """Count a call and its rows against the day's quota; refused, exactly, once the quota is used up."""
    work.demand("grant.use", grant)
    if not grant.starts_at <= work.now < grant.ends_at:
        raise Refused("grant.not-active", number=grant.number)
    day = local_date(work.now)
    work.session.execute(
        insert(work.session, Usage)
        .values(grant_id=grant.id, day=day, calls=0, rows=0, refused=0, over_quota=False)
        .on_conflict_do_nothing()
    )
    counted = work.session.execute(
        update(Usage)
        .where(
            Usage.grant_id == grant.id,
            Usage.day == day,
            Usage.calls + 1 <= grant.calls_per_day,
            Usage.rows + rows <= grant.rows_per_day,
        )
        .values(calls=Usage.calls + 1, rows=Usage.rows + rows)
    )
    if cast("CursorResult[object]", counted).rowcount != 1:
        raise Refused("grant.quota", calls=grant.calls_per_day, rows=grant.rows_per_day)


def usage(session: Session, grant: Grant, day: date) -> Usage | None:
    """What a grant has used on a day, if anything."""
    return session.get(Usage, (grant.id, day))


def of_application(session: Session, application: Application) -> Grant | None:
    """The grant that came of an application, if any."""
    return session.scalars(select(Grant).where(Grant.application_id == application.id)).first()


def of_actor(session: Session, actor: Actor) -> list[Grant]:
    """The actor's grants and those of the bodies he acts for, newest first."""
    query = select(Grant).where((Grant.person_id == actor.id) | Grant.tenant_id.in_(actor.tenant_ids))
    return list(session.scalars(query.order_by(Grant.created_at.desc())))


def find(session: Session, number: str, actor: Actor) -> Grant:
    """A grant by number, if it is the actor's or one of his bodies'; else NotFound."""
    for grant in of_actor(session, actor):
        if grant.number == number:
            return grant
    raise NotFound("general.not-found")


def decision_limit() -> int:
    """Working days within which the whole application is to be decided."""
    return rulebook.in_force().limits["OPEN_DECISION"].days


def _entitle(work: Work, grant: Grant) -> None:
    work.session.add(
        Entitlement(
            id=new_id(),
            entry_id=grant.entry_id,
            person_id=None if grant.tenant_id else grant.person_id,
            tenant_id=grant.tenant_id,
            grant_id=grant.id,
            items=list(grant.items),
            channel=grant.application.delivery_mode,
            starts_at=grant.starts_at,
            ends_at=grant.ends_at,
        )
    )


def _disentitle(work: Work, grant: Grant) -> None:
    work.session.execute(
        update(Entitlement)
        .where(Entitlement.grant_id == grant.id, Entitlement.ended_at.is_(None))
        .values(ended_at=work.now)
    )


def _new_key(work: Work, grant: Grant) -> str:
    plain, hash_, hint = codes.new_token(KEY_PREFIX)
    work.session.add(Credential(id=new_id(), grant_id=grant.id, hash=hash_, hint=hint, created_at=work.now))
    work.record("credential.issued", grant, number=grant.number, hint=hint)
    return plain


def _end_keys(work: Work, grant: Grant) -> None:
    work.session.execute(
        update(Credential)
        .where(Credential.grant_id == grant.id, Credential.revoked_at.is_(None))
        .values(revoked_at=work.now)
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)

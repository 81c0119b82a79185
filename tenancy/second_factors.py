"""Second factors: set up with a code that proves they work, taken off again, with codes for a lost device."""

from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from policies.refusals import Invalid, Refused
from tenancy import codes, sign_in
from tenancy.models import OneTimeCode, Person
from tenancy.sign_in import RECOVERY
from tenancy.types import new_id
from tenancy.work import Work

LASTING = timedelta(days=3650)


def set_up(
    work: Work, person: Person, *, secret: str, code: str, password: str, address: str
) -> list[str] | Refused | Invalid:
    """Turn one-time codes on and return ten recovery codes, shown once.

    A wrong password is returned and counted, see `sign_in.confirm`; a wrong code raises Invalid under `code`.
    """
    work.demand("session.end", person)
    counter = codes.verify_totp(secret, code, work.now, None)
    if counter is None:
        raise Invalid("sign-in.wrong-code", field="code")
    refusal = sign_in.confirm(work, person, password, address)
    if refusal:
        return refusal
    person.totp_secret, person.totp_counter = secret, counter
    work.record("person.second-factor-set", person)
    return _new_codes(work, person)


def take_off(work: Work, person: Person, *, password: str, address: str) -> Refused | Invalid | None:
    """Turn one-time codes off; the recovery codes go with them."""
    work.demand("session.end", person)
    refusal = sign_in.confirm(work, person, password, address)
    if refusal:
        return refusal
    person.totp_secret = person.totp_counter = None
    _forget_codes(work, person)
    work.record("person.second-factor-removed", person)
    return None


def codes_left(session: Session, person_id: str) -> int:
    """How many recovery codes have not been used yet."""
    query = select(func.count()).where(
        OneTimeCode.person_id == person_id, OneTimeCode.purpose == RECOVERY, OneTimeCode.used_at.is_(None)
    )
    return session.scalar(query) or 0


def _new_codes(work: Work, person: Person) -> list[str]:
    _forget_codes(work, person)
    plain = codes.new_recovery_codes()
    work.session.add_all(
        OneTimeCode(
            id=new_id(),
            person_id=person.id,
            purpose=RECOVERY,
            hash=sign_in.recovery_hash(person.id, one),
            expires_at=work.now + LASTING,
        )
        for one in plain
    )
    return plain


def _forget_codes(work: Work, person: Person) -> None:
    work.session.execute(delete(OneTimeCode).where(OneTimeCode.person_id == person.id, OneTimeCode.purpose == RECOVERY))

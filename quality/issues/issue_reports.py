"""Reports of faults by people: using departments and the public, with an account or with a code shown once."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.models import Entry
from policies import masks
from policies import vocabulary as v
from policies.refusals import Invalid, NotFound, Refused
from quality.issues import issues
from quality.issues.issue_models import Issue
from quality.issues.issues import Fault
from tenancy import encryption
from tenancy.actors import INSIDE, Actor
from tenancy.models import Tenant
from tenancy.types import new_id
from tenancy.work import Work

LONGEST = {"description": 4000, "evidence": 1000, "contact": 200}
PER_NETWORK = 10
WINDOW = timedelta(hours=1)
CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without those that are taken for one another."""
CODE_LENGTH = 16


@dataclass(frozen=True)
class Typed:
    """What somebody typed into the form of a report, and where the form came from."""

    description: str
    item: str = ""
    evidence: str = ""
    contact: str = ""
    form_token: str = ""
    network: str = ""


def report(work: Work, entry: Entry, typed: Typed, *, secret: str = "") -> Issue:
    """Take in a report of an entry that the actor may see; the same form sent twice makes one.

    A using department's goes to the responsible unit, everybody else's to the authority first. Without an account
    the `secret` is the only key to it; of this a hash is kept. Raises Invalid with fields, or Refused for too many.
    """
    work.demand("issue.report", entry)
    known = _by_token(work.session, typed.form_token)
    if known is not None:
        return known
    _check(entry, typed)
    network = encryption.in_use().lookup(typed.network) if typed.network else None
    _demand_calm(work, network)
    unit = _using_unit(work, entry)
    fault = Fault(
        v.IssueSource.DEPARTMENT if unit or _in_house(work.actor) else v.IssueSource.PUBLIC,
        v.Severity.WARNING,
        item=typed.item,
        description=typed.description.strip(),
        evidence=typed.evidence.strip(),
        contact=typed.contact.strip() or None,
        seen_number=issues.newest_number(work.session, entry),
    )
    known_as: dict[str, Any] = {} if work.actor.is_person else _unknown(secret)
    return issues.begin(
        work, entry, fault, reporter_tenant=unit, form_token=typed.form_token or None, network=network, **known_as
    )


def secret_of(key: str, form_token: str) -> str:
    """The code that opens a report, made of the form's own token: a form sent twice shows the same code again."""
    digest = hmac.new(key.encode(), f"issue:{form_token}".encode(), hashlib.sha256).digest()
    return "".join(CODE_LETTERS[byte % len(CODE_LETTERS)] for byte in digest[:CODE_LENGTH])


def reporter(session: Session, number: str, secret: str) -> Actor:
    """Whoever shows the right code for a report made without an account; NotFound says nothing of which was wrong."""
    issue = session.scalars(select(Issue).where(Issue.number == number.strip().upper()[:32])).first()
    stored = issue.secret_hash if issue and issue.secret_hash else _hash("")
    right = hmac.compare_digest(stored, _hash(secret))
    if issue is None or not issue.secret_hash or not right:
        raise NotFound("issue.wrong-code")
    return nameless(issue.reporter_id)


def nameless(reporter_id: str) -> Actor:
    """The actor that a reporter without an account is for his own report, once he has shown its code."""
    return Actor("anonymous", reporter_id)


def seen_by(actor: Actor, issue: Issue, text: str) -> str:
    """A text of an issue as an actor may read it: numbers of persons only in the unit that handles it."""
    return text if issues.is_handled_by(actor, issue) else masks.mask_text(text)


def _check(entry: Entry, typed: Typed) -> None:
    fields: dict[str, Invalid] = {}
    if not typed.description.strip():
        fields["description"] = Invalid("issue.missing", field="description")
    for name, limit in LONGEST.items():
        length = len(getattr(typed, name))
        if length > limit:
            fields[name] = Invalid("general.too-long", field=name, limit=limit, length=length)
    if typed.item and typed.item not in {one.name for one in entry.items if not one.secret}:
        fields["item"] = Invalid("issue.unknown-item", field="item")
    if fields:
        raise Invalid("issue.incomplete", fields=fields)


def _demand_calm(work: Work, network: str | None) -> None:
    if network is None or _in_house(work.actor):
        return
    query = select(func.count()).where(Issue.network == network, Issue.created_at > work.now - WINDOW)
    if (work.session.scalar(query) or 0) >= PER_NETWORK:
        raise Refused("issue.too-many")


def _using_unit(work: Work, entry: Entry) -> Tenant | None:
    """The government body in whose name somebody reports; those who mend the data themselves have nothing to report."""
    owner = issues.owner_of(work.session, entry)
    inside = [one for one in work.actor.standings if one.role in INSIDE]
    if any(one.tenant_id == owner.id and one.role in issues.HANDLERS for one in inside):
        raise Refused("issue.own-data")
    chosen = next((one.tenant_id for one in inside if one.tenant_id not in owner.path), None)
    return work.session.get_one(Tenant, chosen) if chosen else None


def _in_house(actor: Actor) -> bool:
    return any(one.role in INSIDE for one in actor.standings)


def _unknown(secret: str) -> dict[str, str]:
    name = new_id()
    return {"id": name, "reporter_id": name, "secret_hash": _hash(secret)}


def _by_token(session: Session, form_token: str) -> Issue | None:
    if not form_token:
        return None
    return session.scalars(select(Issue).where(Issue.form_token == form_token)).first()


def _hash(secret: str) -> str:
    plain = "".join(secret.upper().split()).replace("-", "")
    return hashlib.sha256(plain.encode()).hexdigest()

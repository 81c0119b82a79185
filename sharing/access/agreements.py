"""Open-use agreements: the text made from the application, shown word for word and accepted with its hash."""

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from policies import agreement
from policies.refusals import Invalid, Refused, Stale
from sharing.access.models import Agreement, Application
from tenancy.types import new_id
from tenancy.work import Work


def text_of(application: Application, language: str) -> str:
    """The agreement's full text for an application, in Markdown."""
    entry = application.entry
    titles = {one.name: one.title or one.name for one in entry.items}
    party = (
        application.tenant.name.label(language) if application.tenant else application.answers.get("contact_name", "")
    )
    return agreement.render(
        language,
        number=application.number,
        provider=entry.tenant.name.label(language),
        user=party,
        dataset=entry.title,
        code=entry.code,
        items="、".join(titles.get(name, name) for name in application.items),
        purpose=application.answers.get("purpose", ""),
        system=application.answers.get("target_system", ""),
        measures=application.answers.get("security_measures", ""),
        start=application.valid_from.isoformat() if application.valid_from else "",
        end=application.valid_to.isoformat() if application.valid_to else "",
    )


def hash_of(text: str) -> str:
    """What the signatory sees of the text's identity."""
    return hashlib.sha256(text.encode()).hexdigest()


def sign(work: Work, application: Application, *, signatory: str, text_hash: str, language: str) -> Agreement:
    """Keep the accepted text; refused when it is not what was shown, or when it was accepted before."""
    if of_application(work.session, application):
        raise Refused("agreement.signed", number=application.number)
    if not signatory.strip():
        raise Invalid("application.missing", field="signatory")
    text = text_of(application, language)
    if hash_of(text) != text_hash:
        raise Stale("agreement.changed")
    agreement_ = Agreement(
        id=new_id(),
        application_id=application.id,
        text=text,
        sha256=text_hash,
        language=language,
        accepted_by=work.actor.id,
        signatory=signatory.strip()[:200],
        accepted_at=work.now,
    )
    work.session.add(agreement_)
    work.record("agreement.accepted", agreement_, number=application.number, sha256=text_hash)
    return agreement_


def of_application(session: Session, application: Application) -> Agreement | None:
    """The agreement accepted for an application, if any."""
    return session.scalars(select(Agreement).where(Agreement.application_id == application.id)).first()

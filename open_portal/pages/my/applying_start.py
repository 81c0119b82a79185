"""The page before an application: who may apply, what is needed, how long it takes, what is forbidden."""

from typing import Any

from flask import render_template
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select

from catalog.models import Entry, Item
from catalog.reading import OPENED
from open_portal import language
from open_portal.pages import dataset_words as words
from open_portal.requests import actor, now, session
from policies import rulebook
from policies import vocabulary as v
from policies.calendars import local_date
from policies.refusals import Refused
from sharing.access import applications
from sharing.access.models import Application
from tenancy.models import Tenant

KIND = "APPLICATION"
SHOWN = 12
TIERS = frozenset({v.OpenTier.T2, v.OpenTier.T3})


def show(entry: Entry, form_token: str, error: str = "") -> str:
    """The start page of an entry; refused where there is nothing to apply for."""
    if entry.open_state not in OPENED or entry.open_tier not in TIERS:
        raise Refused("application.not-restricted", code=entry.code)
    today = local_date(now())
    due = applications.working_days(today)
    rules = rulebook.in_force()
    items = [one for one in entry.items if one.open_type is not v.OpenType.OPEN_FORBIDDEN]
    page: str = render_template(
        "applying/start.html",
        entry=entry,
        title=words.title(entry),
        dataset_url=words.address(entry),
        provider=words.tenant_name(entry.tenant),
        days=rules.limits["OPEN_DECISION"].days,
        basis=rules.limits["OPEN_DECISION"],
        due=due,
        provisional=rules.calendar.provisional(today) or rules.calendar.provisional(due),
        step_rows=_steps(entry),
        item_rows=[_described(one) for one in items[:SHOWN]],
        more=max(len(items) - SHOWN, 0),
        parties=_parties(),
        form_token=form_token,
        error=error,
        drafts=_drafts(entry),
    )
    return page


def turn_of(side: str, provider: str) -> str:
    """Who acts on a side of the procedure: a body or a part, never a person's name."""
    names: dict[str, str] = {
        "authority": _("Public-data authority"),
        "provider": provider,
        "applicant": _("Applicant"),
        "system": _("Platform"),
    }
    return names.get(side, side)


def _steps(entry: Entry) -> list[list[Any]]:
    rules = rulebook.in_force()
    procedure = rules.procedures[KIND]
    stages = [procedure.stages[code] for code in procedure.chain]
    provider = words.tenant_name(entry.tenant)
    reader = str(get_locale())
    return [
        [one.label(reader), turn_of(one.turn, provider), rules.limits[one.clock].days if one.clock else None]
        for one in stages
    ]


def _described(item: Item) -> list[Any]:
    label = words.label(item)
    named = {"text": label, "note": item.name} if label != item.name else label
    return [named, language.term(item.type), item.meaning]


def _parties() -> list[tuple[str, str]]:
    """In whose name the actor can apply: himself, and the bodies he belongs to."""
    query = select(Tenant).where(Tenant.id.in_(actor().tenant_ids), Tenant.dissolved_on.is_(None)).order_by(Tenant.key)
    bodies = [(one.id, words.tenant_name(one)) for one in session().scalars(query)]
    return [("self", _("Myself, as a natural person")), *bodies]


def _drafts(entry: Entry) -> list[Application]:
    query = select(Application).where(
        Application.entry_id == entry.id, Application.person_id == actor().id, Application.case_id.is_(None)
    )
    return list(session().scalars(query.order_by(Application.created_at.desc())))

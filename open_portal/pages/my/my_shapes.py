"""Rows and cards of the reader's own pages, made from applications, grants, follows and notices."""

from typing import Any

from flask import url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select

from catalog.models import Entry, Follow
from catalog.reading import Purpose, readable
from open_portal import language, letters
from open_portal.pages import dataset_words as words
from open_portal.pages import issue_words
from open_portal.pages.my import applying_forms as forms
from open_portal.requests import actor, now, session
from policies import rulebook
from policies import vocabulary as v
from policies.calendars import local_date
from quality.issues import issues
from quality.issues.issue_models import Issue
from sharing.access import grants
from sharing.access.models import Application, Grant
from tenancy import notices as told
from tenancy.records import Notice

KIND = "APPLICATION"
TONES = {
    "ACTIVE": "good",
    "APPROVED": "good",
    "SUPPLEMENT_REQUIRED": "warn",
    "SUSPENDED": "bad",
    "REJECTED": "bad",
    "REVOKED": "bad",
    "INITIAL_REVIEW": "info",
    "PROVIDER_REVIEW": "info",
    "FINAL_REVIEW": "info",
    "CONSENT_PENDING": "info",
}


def stage_of(application: Application) -> str:
    """Where an application stands, in words."""
    procedure = rulebook.in_force().procedures[KIND]
    return procedure.stages[application.stage].label(str(get_locale()))


def waiting(application: Application) -> dict[str, str] | None:
    """What the reader has to do about an application, None where it is somebody else's turn."""
    number = application.number
    if application.person_id != actor().id:
        return None
    ways = {
        "DRAFT": (_("Complete and send your application"), "applying.tasks"),
        "SUPPLEMENT_REQUIRED": (_("Supply what the reviewer asks for"), "applying.tasks"),
        "APPROVED": (_("Read and sign the agreement"), "my.agreement"),
        "EXPIRED": (_("Destroy the data and prove it"), "my.application"),
        "TERMINATED": (_("Destroy the data and prove it"), "my.application"),
        "REVOKED": (_("Destroy the data and prove it"), "my.application"),
    }
    if application.stage not in ways:
        return None
    text, endpoint = ways[application.stage]
    due = application.case.due_on if application.case else None
    return {
        "text": text,
        "href": url_for(endpoint, number=number),
        "about": f"{words.title(application.entry)} · {number}",
        "due": _("by %(date)s", date=language.date(due)) if due else "",
    }


def application_row(application: Application) -> list[Any]:
    """An application as a row: number, dataset, where it stands, handed in, due."""
    draft = application.stage == "DRAFT"
    href = url_for("applying.tasks" if draft else "my.application", number=application.number)
    case = application.case
    return [
        {"text": application.number, "href": href},
        words.title(application.entry),
        {"text": stage_of(application), "tone": TONES.get(application.stage, "quiet")},
        language.date(application.submitted_at) or None,
        language.date(case.due_on) if case and case.due_on else None,
    ]


def grant_row(grant: Grant) -> list[Any]:
    """A grant as a row: number, dataset, state, last day, calls used today."""
    used = grants.usage(session(), grant, local_date(now()))
    calls, most = language.number(used.calls if used else 0), language.number(grant.calls_per_day)
    return [
        {"text": grant.number, "href": url_for("my.grant", number=grant.number)},
        words.title(grant.entry),
        {"text": language.term(grant.state), "tone": TONES.get(grant.state.value, "quiet")},
        language.date(grant.application.valid_to),
        _("%(used)s of %(all)s", used=calls, all=most),
    ]


def followed() -> list[dict[str, str]]:
    """The entries that the reader follows and may still know of."""
    query = (
        select(Entry)
        .join(Follow, Follow.entry_id == Entry.id)
        .where(Follow.person_id == actor().id, readable(actor(), Purpose.SEE, now()))
        .order_by(Follow.since.desc())
    )
    return [
        {
            "text": words.title(entry),
            "href": words.address(entry),
            "note": _("Updated %(date)s", date=language.date(entry.data_updated_at)) if entry.data_updated_at else "",
            "end": url_for("my.unfollow", code=words.slug(entry)),
        }
        for entry in session().scalars(query)
    ]


def notices() -> list[dict[str, str]]:
    """The reader's latest notices, each with where it leads."""
    rows = told.latest(session(), actor().id)
    return [_notice(one) for one in rows if one.kind in letters.WORDS]


def reports() -> list[list[Any]]:
    """The faults that the reader reported himself, each with where it stands."""
    found = issues.all_of(session(), actor(), Issue.reporter_id == actor().id)
    return [
        [
            {"text": one.number, "href": url_for("corrections.show", number=one.number)},
            words.title(one.entry),
            issue_words.about(one),
            issue_words.stage_tag(one),
            language.date(one.created_at),
        ]
        for one in found
    ]


def answers(application: Application) -> list[dict[str, Any]]:
    """What was answered, question by question; what may be left out and was left out does not show."""
    questions = [one for task in forms.TASKS for one in forms.questions_of(task, application)]
    given = [(one, forms.answer_shown(one, application)) for one in questions]
    return [{"label": forms.label_of(one), "value": text} for one, text in given if text or not forms.optional(one)]


def granted_items(grant: Grant) -> list[list[Any]]:
    """The items of a grant with name, type and meaning, in the order of the dataset."""
    return [
        [
            {"text": words.label(one), "note": one.name} if words.label(one) != one.name else one.name,
            language.term(one.type),
            one.meaning,
        ]
        for one in grant.entry.items
        if one.name in grant.items
    ]


def call_of(grant: Grant) -> str:
    """A command line that fetches the first rows of a grant; the key is taken from the environment."""
    address = url_for("api.rows", code=words.slug(grant.entry), limit=10, _external=True)
    return f'curl -H "Authorization: Bearer $TIAOXI_KEY" "{address}"'


def _notice(notice: Notice) -> dict[str, str]:
    params, href = notice.params, ""
    number = str(params.get("number", ""))
    if params.get("procedure") == v.CaseKind.APPLICATION:
        href = url_for("my.application", number=number)
    elif params.get("procedure") == v.CaseKind.ISSUE:
        href = url_for("corrections.show", number=number)
    elif notice.kind.startswith("entry."):
        href = url_for("datasets.show", code=str(params.get("code", "")).replace("/", "-"))
    return {
        "text": letters.sentence(notice, str(get_locale())),
        "href": href,
        "time": language.datetime(notice.created_at),
    }

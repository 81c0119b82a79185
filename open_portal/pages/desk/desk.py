"""The work desk: one inbox for whoever works in a body, and the parts of the desk behind it."""

from typing import Any

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from catalog.models import Entry, Version
from open_portal.language import term
from open_portal.pages.desk import (
    desk_check,
    desk_cleaning,
    desk_datasets,
    desk_demands,
    desk_files,
    desk_issues,
    desk_item_standards,
    desk_items,
    desk_layout,
    desk_quality,
    desk_reviews,
    desk_risk,
    desk_rule_forms,
    desk_rules,
    desk_scorecards,
    desk_sources,
    desk_standard_sheets,
    desk_standards,
    desk_suite_files,
    desk_suites,
    desk_tasks,
    desk_trials,
    desk_uploads,
    desk_versions,
    desk_waivers,
)
from open_portal.pages.desk.desk_datasets import inside, stewarded
from open_portal.pages.desk.desk_frame import address, case_address, case_line, language, pages
from open_portal.requests import actor, deed, session
from policies import rulebook
from policies import vocabulary as v
from tenancy import cases, notices
from tenancy.records import Case, Notice

PARTS = (
    desk_check,
    desk_cleaning,
    desk_datasets,
    desk_demands,
    desk_files,
    desk_item_standards,
    desk_issues,
    desk_items,
    desk_layout,
    desk_quality,
    desk_risk,
    desk_reviews,
    desk_rule_forms,
    desk_rules,
    desk_scorecards,
    desk_sources,
    desk_standard_sheets,
    desk_standards,
    desk_suite_files,
    desk_suites,
    desk_tasks,
    desk_trials,
    desk_uploads,
    desk_versions,
    desk_waivers,
)
"""The modules that hang their views on the desk's blueprint."""
SHOWN = 12

__all__ = ["pages"]


@pages.get("/desk")
def home() -> str:
    """What waits for this person: cases by urgency, drafts, data to confirm, in trouble or under check, notices."""
    waiting = [
        case_line(case)
        for case in cases.worklist(session(), actor())
        if not (case.kind == "APPLICATION" and case.opened_by == actor().id)
    ]
    told = notices.latest(session(), actor().id, SHOWN)
    return render_template(
        "desk/home.html",
        waiting=waiting,
        overdue=sum(1 for one in waiting if one["days_left"] is not None and one["days_left"] < 0),
        drafts=_drafts(),
        failing=_versions(v.VersionState.FAILED, v.VersionState.REFUSED),
        asked=_versions(v.VersionState.ASKED),
        working=_versions(v.VersionState.RECEIVED, v.VersionState.CHECKING),
        notices=[notice_line(one) for one in told],
        unread=notices.unread(session(), actor().id),
        may_register=bool(stewarded()),
        address=address,
    )


@pages.post("/desk/notices/read")
def read_notices() -> ResponseReturnValue:
    """Put every notice of this person away as read."""
    with deed() as work:
        notices.read_all(work)
    return redirect(url_for("desk.home"))


def _drafts() -> list[Entry]:
    """Entries that this person has begun or that came back to him."""
    states = (v.EntryState.DRAFT, v.EntryState.REJECTED)
    query = select(Entry).where(inside(), Entry.author_id == actor().id, Entry.state.in_(states))
    return list(session().scalars(query.order_by(Entry.changed_at.desc()).limit(SHOWN)))


def _versions(*states: v.VersionState) -> list[Version]:
    """Entries' newest versions in some states, within the bodies the actor works in."""
    newest = select(func.max(Version.number)).where(Version.entry_id == Entry.id).correlate(Entry).scalar_subquery()
    query = (
        select(Version)
        .join(Entry, Entry.id == Version.entry_id)
        .where(inside(), Version.number == newest, Version.state.in_(states))
        .order_by(Version.uploaded_at.desc())
        .limit(SHOWN)
    )
    return list(session().scalars(query))


def notice_line(notice: Notice) -> dict[str, Any]:
    """A notice as a sentence with the way to what it is about."""
    params = notice.params
    text, href = _of_case(notice, params) if notice.kind.startswith("case.") else _of_entry(notice.kind, params)
    return {"text": text, "href": href, "time": notice.created_at, "new": notice.read_at is None}


def _of_case(notice: Notice, params: dict[str, Any]) -> tuple[str, str]:
    number, kind = params.get("number", ""), params.get("procedure", "")
    procedure = rulebook.in_force().procedures.get(kind)
    stage = procedure.stages.get(params.get("stage", "")) if procedure else None
    words = stage.label(language()) if stage else ""
    text = (
        _("Case %(number)s draws near its due date: %(stage)s", number=number, stage=words)
        if notice.kind == "case.reminder"
        else _("Case %(number)s: %(stage)s", number=number, stage=words)
    )
    case = session().get(Case, notice.about_id)
    if case is None:
        return text, url_for("desk.home")
    return f"{text} · {case.title}", case_address(case)


def _of_entry(kind: str, params: dict[str, Any]) -> tuple[str, str]:
    title, number = params.get("title", ""), params.get("number", "")
    texts = {
        "version.passed": _("Version %(number)s of “%(title)s” passed its checks", number=number, title=title),
        "version.failed": _("Version %(number)s of “%(title)s” failed its checks", number=number, title=title),
        "version.stopped": _(
            "Version %(number)s of “%(title)s” bears a classification marking and was erased",
            number=number,
            title=title,
        ),
        "version.unchecked": _(
            "The checks of version %(number)s of “%(title)s” came to no end", number=number, title=title
        ),
        "version.refused": _("Version %(number)s of “%(title)s” could not be read", number=number, title=title),
        "entry.updated": _("“%(title)s” has new data", title=title),
        "entry.offline": _("“%(title)s” is offline for its quality", title=title),
        "entry.online": _("“%(title)s” is available again", title=title),
        "issue.found": _("The check of “%(title)s” found %(count)s issues", title=title, count=params.get("count", "")),
        "issue.mounted": _("An issue of “%(title)s” is with the unit where the data arise", title=title),
        "issue.proved": _("Issue %(number)s of “%(title)s” is gone", number=number, title=title),
        "issue.overdue": _("Issue %(number)s is overdue: %(title)s", number=number, title=title),
        "issue.offline": _("“%(title)s” failed its gate for too long and was taken offline", title=title),
        "waiver.ending": _(
            "A waiver for “%(title)s” ends on %(day)s: mend the data or ask anew", day=params.get("day"), title=title
        ),
        "waiver.ended": _("A waiver for “%(title)s” ended on %(day)s", day=params.get("day"), title=title),
    }
    if kind.startswith("issue."):
        return texts[kind], url_for("desk.issue", number=number)
    href = url_for("desk.data", code=address(params["code"])) if "code" in params else url_for("desk.home")
    return texts.get(kind, f"{term(kind)} {title}".strip()), href

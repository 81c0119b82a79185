"""Versions of a suite: who made which, what two of them differ in, an older one restored, and files to take away."""

from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from catalog import exports
from catalog.models import Entry
from open_portal.pages.desk import desk_rules
from open_portal.pages.desk import desk_suite_words as words
from open_portal.pages.desk.desk_frame import address, done, entry_of, language, name_of, own_entry, pages, said, today
from open_portal.requests import actor, deed, session
from policies.refusals import NotFound, Refused
from quality.models import Suite
from quality.suites import suite_changes, suite_diffs, suite_files, suites
from tenancy import work

MEDIA = {"json": "application/json", "xlsx": exports.MEDIA_TYPES[exports.ExportFormat.XLSX]}


@pages.get("/desk/datasets/<code>/rules/versions")
def rule_versions(code: str) -> str:
    """Every version with author, time, origin, and what it changed."""
    entry = own_entry(code)
    found = suites.history(session(), entry)
    older = {one.number: below for one, below in zip(found, [*found[1:], None], strict=True)}
    return render_template(
        "desk/rule_versions.html",
        rows=[_row(one, older[one.number]) for one in found],
        may_edit=work.may(actor(), "suite.edit", entry),
        **frame(entry),
    )


def _row(suite: Suite, before: Suite | None) -> dict[str, Any]:
    found = suite_diffs.diff(suites.rules_of(before) if before else (), suites.rules_of(suite))
    return {
        "suite": suite,
        "author": name_of(suite.author_id),
        "origin": words.origin(suite),
        "summary": words.summary(found) if before else "",
        "count": len(suites.rules_of(suite)),
        "before": before.number if before else None,
    }


@pages.get("/desk/datasets/<code>/rules/versions/compare")
def compare_rules(code: str) -> str:
    """What two versions differ in, in words."""
    entry = own_entry(code)
    newest = int(desk_rules.stamp(entry))
    after = suites.find(session(), entry, request.args.get("after", newest, int))
    before = suites.find(session(), entry, request.args.get("before", max(1, after.number - 1), int))
    old, new = suites.rules_of(before), suites.rules_of(after)
    return render_template(
        "desk/rule_compare.html",
        before=before,
        after=after,
        changes=words.changes(suite_diffs.diff(old, new), titles_of(entry)),
        reordered=suite_diffs.reordered(old, new),
        numbers=[one.number for one in suites.history(session(), entry)],
        may_restore=work.may(actor(), "suite.edit", entry) and before.number != newest,
        **frame(entry),
    )


@pages.post("/desk/datasets/<code>/rules/versions/<int:number>/restore")
def restore_rules(code: str, number: int) -> ResponseReturnValue:
    """Make an older version the newest again, as another version."""
    entry = own_entry(code)
    back = url_for("desk.rule_versions", code=address(entry.code))
    try:
        with deed() as unit:
            base = request.form.get("version", type=int)
            suite_changes.restore(unit, entry_of(unit, code), number, base=-1 if base is None else base)
    except Refused as refusal:
        done(said(refusal))
        return redirect(back)
    done(_("Version %(number)s is in force again, as a new version.", number=number))
    return redirect(back)


@pages.get("/desk/datasets/<code>/rules/export.<ending>")
def export_rules(code: str, ending: str) -> Response:
    """A version of the suite as a file: JSON of Great Expectations, or a workbook."""
    entry = own_entry(code)
    if ending not in MEDIA:
        raise NotFound("general.not-found")
    suite = suites.find(session(), entry, request.args.get("number", int(desk_rules.stamp(entry)), int))
    found = suites.rules_of(suite)
    content = (
        suite_files.as_json(f"{entry.code}@{suite.number}", found, today())
        if ending == "json"
        else suite_files.as_workbook(found, language())
    )
    name = f"{entry.title}-{_('Quality rules')}-{suite.number}"
    headers = {"Content-Disposition": exports.content_disposition(name, ending)}
    return Response(content, mimetype=MEDIA[ending], headers=headers)


def titles_of(entry: Entry) -> dict[str, str]:
    """The reader's names of columns."""
    return {item.name: item.title or item.name for item in entry.items}


def frame(entry: Entry) -> dict[str, Any]:
    """What every page about an entry's rules shows around its subject."""
    return {"entry": entry, "address": address(entry.code), "stamp": desk_rules.stamp(entry)}

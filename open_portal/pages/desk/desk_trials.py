"""Trials of rules on the desk: asked for, waited for, read, and kept or gone on with."""

from typing import Any

from flask import make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from catalog.models import Entry
from open_portal.pages.desk import desk_rules
from open_portal.pages.desk import desk_suite_words as words
from open_portal.pages.desk.desk_frame import address, changed_meanwhile, done, entry_of, own_entry, pages
from open_portal.pages.desk.desk_suites import frame, titles_of
from open_portal.requests import actor, deed, session
from policies.refusals import Stale
from quality.suites import suite_changes, suite_diffs, suites, trials
from quality.suites.suite_models import Trial
from tenancy import work

REFRESH_SECONDS = 3


@pages.get("/desk/datasets/<code>/rules/trials/<trial_id>")
def trial(code: str, trial_id: str) -> ResponseReturnValue:
    """What changed rules would find in the newest data; the page asks again by itself while the worker counts."""
    entry = own_entry(code)
    work.demand(actor(), "suite.edit", entry)
    found = trials.find(session(), entry, trial_id)
    present = suites.latest(session(), entry)
    before, after = (suites.rules_of(present) if present else ()), trials.rules_of(found)
    page = render_template(
        "desk/trial.html",
        trial=found,
        lines=tried_lines(entry, found),
        reordered=suite_diffs.reordered(before, after),
        stale=found.number != (present.number if present else 0),
        **frame(entry),
    )
    response = make_response(page)
    if found.state == trials.WAITING:
        response.headers["Refresh"] = str(REFRESH_SECONDS)
    return response


def tried_lines(entry: Entry, found: Trial) -> list[dict[str, Any]]:
    """The changes of a trial in words, each with the line of its rule as the trial counted it."""
    present, titles, results = suites.latest(session(), entry), titles_of(entry), found.results or {}
    changed = suite_diffs.diff(suites.rules_of(present) if present else (), trials.rules_of(found))
    return [
        {**one, "line": desk_rules.line_of(one["rule"], results.get(one["rule"].rule_id, {}), titles, 0)}
        for one in words.changes(changed, titles)
    ]


@pages.post("/desk/datasets/<code>/rules/trials/<trial_id>")
def keep_trial(code: str, trial_id: str) -> ResponseReturnValue:
    """Keep the rules that were tried as a new version; nothing is kept when another version has come since."""
    try:
        with deed() as unit:
            mine = entry_of(unit, code)
            found = trials.find(unit.session, mine, trial_id)
            suite_changes.set_rules(unit, mine, trials.rules_of(found), base=found.number)
    except Stale:
        done(changed_meanwhile())
        return redirect(url_for("desk.trial", code=address(own_entry(code).code), trial_id=trial_id))
    done(_("The rules are kept as a new version; the newest data are judged by them now."))
    return redirect(url_for("desk.rules_list", code=address(own_entry(code).code)))

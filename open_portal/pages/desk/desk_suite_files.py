"""Rules from a file or a template: first a look at what would change, then all of it or nothing."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from catalog.models import Entry
from open_portal.pages.desk import desk_rules
from open_portal.pages.desk import desk_suite_words as words
from open_portal.pages.desk.desk_frame import address, changed_meanwhile, done, entry_of, own_entry, pages, said
from open_portal.pages.desk.desk_suites import frame, titles_of
from open_portal.requests import actor, deed, kit, session
from policies.refusals import Invalid, NotFound, Refused, Stale
from quality.rules import rule_checks, standing
from quality.rules.rules import Rule, RuleError
from quality.suites import suite_changes, suite_diffs, suite_files, suite_templates, suites, template_shelf, trials
from quality.suites.suite_import import Read
from quality.suites.suite_templates import Outcome, Template
from tenancy import work
from tenancy.models import Tenant

ORIGINS = (suites.IMPORTED, suites.TEMPLATE)


@pages.get("/desk/datasets/<code>/rules/import")
def import_rules(code: str) -> str:
    """Rules as files: to take away, and to bring in."""
    entry = own_entry(code)
    return render_template("desk/rule_files.html", **_files(entry))


@pages.post("/desk/datasets/<code>/rules/import")
def look_into_rules(code: str) -> ResponseReturnValue:
    """Read a file and show what it would change; nothing is kept yet."""
    entry = own_entry(code)
    work.demand(actor(), "suite.edit", entry)
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        missing = said(Invalid("general.required", field="file"))
        return render_template("desk/rule_files.html", error=missing, **_files(entry)), 422
    with tempfile.TemporaryDirectory(dir=kit().scratch) as folder:
        path = Path(folder) / "rules"
        sent.save(path)
        found = suite_files.parse(path, sent.filename)
    if found.problems:
        return render_template("desk/rule_files.html", problems=_problems(found), **_files(entry)), 422
    wanted = _merged(entry, found.rules) if request.form.get("mode") == "add" else list(found.rules)
    return _look(entry, wanted, suites.IMPORTED, sent.filename[:200])


def _files(entry: Entry) -> dict[str, Any]:
    return {"may_edit": work.may(actor(), "suite.edit", entry), **frame(entry)}


def _problems(found: Read) -> list[tuple[str, str]]:
    """(place in the file, what is wrong there)."""
    return [(str(one.field or ""), said(one)) for one in found.problems]


def _merged(entry: Entry, added: Sequence[Rule]) -> list[Rule]:
    """The present rules with those of a file: the same id is replaced, another comes to the end."""
    brought = {rule.rule_id: rule for rule in added}
    present = desk_rules.working(entry).rules
    return [brought.pop(rule.rule_id, rule) for rule in present] + list(brought.values())


def _look(
    entry: Entry, wanted: Sequence[Rule], origin: str, note: str, outcomes: Sequence[Mapping[str, Any]] = ()
) -> str:
    """What would change, and what a file or template names that the table doesn't have."""
    wanted = standing.join(wanted)
    at, titles = desk_rules.working(entry), titles_of(entry)
    known = {item.name for item in entry.items}
    foreign = rule_checks.problems(wanted, known) if known else {}
    return render_template(
        "desk/rule_dry_run.html",
        changes=words.changes(suite_diffs.diff(at.rules, wanted), titles),
        reordered=suite_diffs.reordered(at.rules, wanted),
        outcomes=outcomes,
        foreign=[(rule_id, said(problem)) for rule_id, problem in foreign.items()],
        rules=json.dumps([rule.to_json() for rule in wanted], ensure_ascii=True),
        origin=origin,
        note=note,
        may_try=trials.newest_table(session(), entry) is not None,
        **frame(entry),
    )


@pages.post("/desk/datasets/<code>/rules/apply")
def apply_rules(code: str) -> ResponseReturnValue:
    """Keep the rules of a look as a new version, or try them; all of them or none."""
    entry = own_entry(code)
    wanted, note = _sent_rules(), request.form.get("note", "")
    origin = request.form.get("origin", "")
    if origin not in ORIGINS:
        raise NotFound("general.not-found")
    base = request.form.get("version", type=int)
    try:
        with deed() as unit:
            mine = entry_of(unit, code)
            if request.form.get("action") == "try":
                trial_id = trials.start(unit, mine, wanted, base=-1 if base is None else base).id
                return redirect(url_for("desk.trial", code=address(code), trial_id=trial_id))
            suite_changes.set_rules(unit, mine, wanted, base=-1 if base is None else base, origin=origin, note=note)
    except Stale:
        done(changed_meanwhile())
        return _look(own_entry(code), wanted, origin, note), 409
    done(_("The rules are kept as a new version; the newest data are judged by them now."))
    return redirect(url_for("desk.rules_list", code=address(entry.code)))


def _sent_rules() -> list[Rule]:
    try:
        rows = json.loads(request.form.get("rules", ""))
        if not isinstance(rows, list):
            raise Invalid("suite.no-suite")
        return [Rule.from_json(row) for row in rows]
    except RuleError as error:
        raise rule_checks.problem_of(error) from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Invalid("suite.not-json", detail=type(error).__name__) from error


@pages.get("/desk/datasets/<code>/rules/templates")
def rule_templates(code: str) -> str:
    """The templates there are: those that come with the platform, the authority's and the unit's own."""
    entry = own_entry(code)
    return render_template("desk/rule_templates.html", **_templates(entry))


def _templates(entry: Entry) -> dict[str, Any]:
    shipped = suite_templates.shipped().values()
    meant = set(entry.themes)
    return {
        "shipped": sorted(shipped, key=lambda one: (one.code != "base", not meant & set(one.themes))),
        "meant": {one.code for one in shipped if meant & set(one.themes)} | {"base"},
        "kept": [
            {"template": one.template, "row": one.row, "mine": work.may(actor(), "template.edit", one.row)}
            for one in template_shelf.on_shelf(session(), entry)
        ],
        "shelf": _shelf(entry),
        "has_rules": desk_rules.stamp(entry) != "0",
        "may_edit": work.may(actor(), "suite.edit", entry),
        **frame(entry),
    }


def _shelf(entry: Entry) -> Tenant | None:
    """The body on whose shelf the actor may put a template that this entry would find there."""
    bodies = [session().get(Tenant, one) for one in entry.tenant.path]
    allowed = [one for one in bodies if one and work.may(actor(), "template.edit", template_shelf.Shelf(one))]
    return allowed[0] if allowed else None


@pages.get("/desk/datasets/<code>/rules/templates/<template>")
def look_at_template(code: str, template: str) -> str:
    """What a template would add to this entry's rules: to which columns, and what not and why."""
    entry = own_entry(code)
    found = template_shelf.find(session(), entry, template)
    present = desk_rules.working(entry).rules
    outcomes = suite_templates.apply(found, template_shelf.fields_of(entry), present)
    wanted = [*present, *(one.rule for one in outcomes if one.rule)]
    name = found.label(words.language())
    return _look(entry, wanted, suites.TEMPLATE, name, [_outcome(found, one) for one in outcomes if not one.rule])


def _outcome(template: Template, one: Outcome) -> dict[str, str]:
    kind = words.kind_name(one.template.kind)
    about = one.template.en if words.language().startswith("en") else one.template.zh
    why = said(one.reason) if one.reason else template.label(words.language())
    return {"kind": kind, "about": about, "why": why}


@pages.post("/desk/datasets/<code>/rules/templates")
def keep_template(code: str) -> ResponseReturnValue:
    """Keep the present rules as a template of the body whose templates the actor keeps."""
    entry = own_entry(code)
    shelf = _shelf(entry)
    if shelf is None:
        work.demand(actor(), "template.edit", template_shelf.Shelf(entry.tenant))
    tenant_id = shelf.id if shelf else entry.tenant_id
    name = request.form.get("name", "")
    try:
        with deed() as unit:
            tenant = unit.session.get_one(Tenant, tenant_id)
            template_shelf.keep(unit, tenant, entry_of(unit, code), name)
    except (Invalid, Refused) as refusal:
        shown = _templates(own_entry(code))
        return render_template("desk/rule_templates.html", error=said(refusal), typed=name, **shown), 422
    done(_("The template is kept."))
    return redirect(url_for("desk.rule_templates", code=address(code)))


@pages.post("/desk/datasets/<code>/rules/templates/<template>/end")
def end_template(code: str, template: str) -> ResponseReturnValue:
    """Take a template off its shelf."""
    own_entry(code)
    with deed() as unit:
        template_shelf.put_away(unit, template)
    done(_("The template is gone; rules made with it stay."))
    return redirect(url_for("desk.rule_templates", code=address(code)))

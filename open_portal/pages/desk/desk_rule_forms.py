"""One quality rule on the desk: a new one by its kind, or one that is changed."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from catalog.models import Entry
from open_portal import forms_rules
from open_portal.forms_rules import RuleForm
from open_portal.pages.desk import desk_rules
from open_portal.pages.desk.desk_frame import address, own_entry, pages
from open_portal.requests import actor
from policies.refusals import NotFound
from quality.rules.kinds import KINDS
from quality.rules.rules import Rule
from tenancy import work


@pages.get("/desk/datasets/<code>/rules/new")
def new_rule(code: str) -> str:
    """Choose a kind, then fill its form in."""
    entry = _editable(code)
    kind = KINDS.get(request.args.get("kind", ""))
    if kind is None:
        return render_template(
            "desk/rule_kinds.html",
            entry=entry,
            address=address(entry.code),
            groups=forms_rules.grouped_kinds(),
            name=forms_rules.kind_name,
            trial=request.args.get("trial", ""),
        )
    return render_template("desk/rule.html", **_page(entry, forms_rules.blank(kind), None))


@pages.post("/desk/datasets/<code>/rules/new")
def add_rule(code: str) -> ResponseReturnValue:
    """Add a rule to those one works on, kept at once or tried first."""
    entry = _editable(code)
    kind = KINDS.get(request.form.get("kind", ""))
    if kind is None:
        return redirect(url_for("desk.new_rule", code=address(entry.code)))
    return _save(entry, code, forms_rules.typed_form(kind, request.form), None)


@pages.get("/desk/datasets/<code>/rules/change")
def change_rule(code: str) -> str:
    """A rule with its columns and parameters."""
    entry = _editable(code)
    rule = _rule(entry)
    return render_template("desk/rule.html", **_page(entry, forms_rules.of_rule(rule), rule))


@pages.post("/desk/datasets/<code>/rules/change")
def save_rule(code: str) -> ResponseReturnValue:
    """Keep a rule as typed, or try it first."""
    entry = _editable(code)
    rule = _rule(entry)
    return _save(entry, code, forms_rules.typed_form(KINDS[rule.kind], request.form, rule.rule_id), rule)


def _editable(code: str) -> Entry:
    entry = own_entry(code)
    work.demand(actor(), "suite.edit", entry)
    return entry


def _rule(entry: Entry) -> Rule:
    wanted = request.values.get("rule", "")
    found = next((one for one in desk_rules.working(entry).rules if one.rule_id == wanted), None)
    if found is None:
        raise NotFound("general.not-found")
    return found


def _save(entry: Entry, code: str, form: RuleForm, before: Rule | None) -> ResponseReturnValue:
    present = desk_rules.working(entry).rules
    names = [name for name, _label in _columns(entry, form, before)]
    rule = forms_rules.read(form, before, [one.rule_id for one in present], names)
    if rule is None:
        return render_template("desk/rule.html", **_page(entry, form, before)), 422
    wanted = [rule if before and one.rule_id == before.rule_id else one for one in present]
    if before is None:
        wanted.append(rule)
    return desk_rules.keep_or_try(entry, code, wanted, lambda first: _late(entry, form, before, first))


def _late(entry: Entry, form: RuleForm, before: Rule | None, first: str) -> ResponseReturnValue:
    return render_template("desk/rule.html", first=first, **_page(entry, form, before)), 409


def _columns(entry: Entry, form: RuleForm, before: Rule | None) -> list[tuple[str, str]]:
    """The columns one may choose: the items, and those that the rule named before."""
    return forms_rules.columns_of(entry.items, before.columns if before else () if entry.items else form.columns)


def _page(entry: Entry, form: RuleForm, before: Rule | None) -> dict[str, Any]:
    at = desk_rules.working(entry)
    trial = request.values.get("trial", "")
    endpoint = "desk.save_rule" if before else "desk.add_rule"
    return {
        "entry": entry,
        "address": address(entry.code),
        "form": form,
        "fields": forms_rules.fields_of(form.kind),
        "columns": _columns(entry, form, before),
        "choices": forms_rules.measures(),
        "kind_name": forms_rules.kind_name(form.kind),
        "problems": forms_rules.problems(form),
        "anchor": forms_rules.anchor,
        "action": url_for(endpoint, code=address(entry.code)),
        "before": before,
        "trial": trial,
        "stamp": str(at.base),
        "may_try": bool(entry.items),
        "heading": _("Change a rule") if before else _("New rule"),
    }

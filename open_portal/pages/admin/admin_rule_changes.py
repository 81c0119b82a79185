"""Changes of the rules: proposed with their effect shown, put in force or declined by the security administrator."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from open_portal.pages.admin.admin_forms import AnswerForm, RuleForm
from open_portal.pages.admin.admin_frame import RULES, attempt, done, logins_of, pages, show
from open_portal.requests import actor, session
from policies import rulebook
from policies.refusals import Invalid
from policies.rulebook import Difference
from tenancy import rules, work
from tenancy.records import RuleChange


@pages.get("/admin/policies/changes")
def rule_changes() -> str:
    """Every proposed change with its state."""
    found = rules.history(session())
    return show(
        "rule_changes",
        changes=found,
        logins=logins_of(
            one for change in found for one in (change.proposed_by, change.enacted_by, change.declined_by)
        ),
        may_propose=work.may(actor(), "rule.propose", RULES),
    )


@pages.route("/admin/policies/propose", methods=["GET", "POST"])
def propose_rules() -> ResponseReturnValue:
    """The form for a change; what it would alter is shown on the page that follows."""
    work.demand(actor(), "rule.propose", RULES)
    form = RuleForm(request.form if request.method == "POST" else request.args)
    made: list[RuleChange] = []

    def propose(unit: work.Work) -> None:
        made.append(
            rules.propose(
                unit, file=(form.file.data or "").strip(), text=form.text.data or "", reason=form.reason.data or ""
            )
        )

    if request.method == "POST" and form.validate() and done(form, propose):
        return redirect(url_for("admin.rule_change", change_id=made[0].id))
    page = show("rule_propose", form=form, files=sorted(rulebook.in_force().files))
    return page, 422 if request.method == "POST" else 200


@pages.get("/admin/policies/changes/<change_id>")
def rule_change(change_id: str) -> str:
    """One change: its text, its reason, what it alters, and the buttons for whoever may decide."""
    change = rules.find(session(), change_id)
    effect, problem = effect_of(change)
    return show(
        "rule_change",
        change=change,
        effect=effect,
        problem=problem,
        logins=logins_of((change.proposed_by, change.enacted_by, change.declined_by)),
        may_decide=change.is_open and work.may(actor(), "rule.enact", change),
        form=AnswerForm(),
    )


@pages.post("/admin/policies/changes/<change_id>/enact")
def enact_rules(change_id: str) -> ResponseReturnValue:
    """Put it in force."""
    attempt(lambda unit: rules.enact(unit, change_id), _("The change is in force."))
    return redirect(url_for("admin.rule_change", change_id=change_id))


@pages.post("/admin/policies/changes/<change_id>/decline")
def decline_rules(change_id: str) -> ResponseReturnValue:
    """Turn it down."""
    answer = request.form.get("answer", "")
    attempt(lambda unit: rules.decline(unit, change_id, answer), _("The change is declined."))
    return redirect(url_for("admin.rule_change", change_id=change_id))


def effect_of(change: RuleChange) -> tuple[tuple[Difference, ...], Invalid | None]:
    """The values a change would alter now; for one that can no longer be applied, why."""
    if not change.is_open:
        return (), None
    try:
        return rulebook.differences(rulebook.in_force(), rules.with_it(change)), None
    except Invalid as refusal:
        return (), refusal

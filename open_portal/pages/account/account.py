"""The account pages: signing in and out, and registering; what is one's own is in `account_settings`."""

from flask import flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from open_portal.pages.account import account_settings
from open_portal.pages.account.account_forms import RegisterForm, SignInForm, mark
from open_portal.pages.account.account_frame import address, agent, enter, pages, safe_next
from open_portal.requests import actor, deed, kit
from policies import identifiers
from policies.refusals import Invalid, Refused
from tenancy import people, tenants, work
from tenancy import sign_in as signing
from tenancy.actors import ANONYMOUS
from tenancy.models import Membership
from tenancy.sign_in import SignedIn
from tenancy.types import new_id

__all__ = ["account_settings", "pages"]

CITY = "330500"


@pages.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """The sign-in form; whoever is signed in already goes on."""
    target = safe_next(request.args.get("next"))
    if actor().is_person:
        return redirect(target or url_for("account.home"))
    return render_template("account/sign_in.html", form=SignInForm(), next=request.args.get("next", ""))


@pages.post("/sign-in")
def open_session() -> ResponseReturnValue:
    """Check name, password and code; the browser's session begins anew, whatever cookie it sent."""
    form = SignInForm(request.form)
    with work.begin(kit().database, ANONYMOUS, g.now) as unit:
        outcome = signing.check(
            unit,
            login=form.login.data or "",
            password=form.password.data or "",
            one_time_code=form.code.data or "",
            address=address(),
            agent=agent(),
        )
    if not isinstance(outcome, SignedIn):
        mark(form, outcome)
        status = 429 if isinstance(outcome, Refused) else 422
        return render_template("account/sign_in.html", form=form, next=request.form.get("next", "")), status
    enter(outcome)
    return redirect(safe_next(request.form.get("next")) or url_for("account.home"))


@pages.post("/sign-out")
def sign_out() -> Response:
    """End the session on the server, so that a copy of the cookie is worth nothing."""
    with deed() as unit:
        signing.end(unit, session.get("_user_id", ""))
    session.clear()
    flash(_("You have signed out."), "success")
    return redirect(url_for("site.home"))


@pages.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    """Open an account for an applicant from outside, with the organisation he acts for if he names one."""
    form = RegisterForm(request.form)
    if request.method == "GET":
        return render_template("account/register.html", form=form)
    try:
        _register(form)
    except (Invalid, Refused) as refusal:
        mark(form, refusal)
        return render_template("account/register.html", form=form), 422
    flash(_("The account is open. You can sign in now; an administrator will verify your identity."), "success")
    return redirect(url_for("account.sign_in"))


def _register(form: RegisterForm) -> None:
    company, uscc = (form.company.data or "").strip(), (form.uscc.data or "").strip().upper()
    problems = _company_problems(company, uscc)
    with work.begin(kit().database, ANONYMOUS, g.now) as unit:
        try:
            person = people.register(
                unit,
                login=form.login.data or "",
                name=form.name.data or "",
                email=form.email.data,
                phone=form.phone.data,
                password=form.password.data or "",
                address=address(),
            )
        except Invalid as refusal:
            raise Invalid("general.invalid", {**refusal.fields, **problems}) from refusal
        if problems:
            raise Invalid("general.invalid", problems)
        if company:
            # Each claim is a tenant of its own until somebody has verified it: to join one that exists
            # would show its applications to whoever knows its name.
            tenant = tenants.enrol(unit, key=f"c-{new_id()[-12:]}", zh=company, en="", uscc=uscc, region_code=CITY)
            person.memberships.append(Membership(id=new_id(), tenant_id=tenant.id, granted_at=unit.now))


def _company_problems(company: str, uscc: str) -> dict[str, Invalid]:
    found = {}
    if company and not uscc:
        found["uscc"] = Invalid("general.required")
    elif uscc and not identifiers.valid_uscc(uscc):
        found["uscc"] = Invalid("tenant.bad-uscc", uscc=uscc)
    if uscc and not company:
        found["company"] = Invalid("general.required")
    return found

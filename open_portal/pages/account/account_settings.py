"""One's own account: profile, password, second factor, sessions and tokens."""

import re
from collections.abc import Callable
from typing import TypeVar

from flask import flash, g, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response
from wtforms import Form

from open_portal.pages.account.account_forms import (
    USES,
    ConfirmForm,
    PasswordForm,
    ProfileForm,
    SecondFactorForm,
    TokenForm,
    mark,
)
from open_portal.pages.account.account_frame import address, agent, enter, pages
from open_portal.requests import actor, deed, now, session
from policies.refusals import Invalid, Refusal
from tenancy import codes, people, second_factors, sign_in, tokens
from tenancy.models import ApiToken, Person
from tenancy.sign_in import SignedIn
from tenancy.work import Work

T = TypeVar("T")
QR_SIZE = '<svg width="220" height="220" '


@pages.get("/account")
def home() -> str:
    """The account at a glance, with a way to each thing that can be changed."""
    person = _person()
    places = [one for one in person.memberships if one.ended_at is None]
    return render_template(
        "account/home.html",
        person=person,
        places=sorted(places, key=lambda one: one.granted_at),
        sessions=sign_in.sessions_of(session(), person.id, now()),
        tokens=[one for one in tokens.all_of(session(), person.id) if _lives(one)],
        here=g.user_session.id if g.user_session else None,
        codes_left=second_factors.codes_left(session(), person.id),
    )


@pages.route("/account/profile", methods=["GET", "POST"])
def profile() -> ResponseReturnValue:
    """Change mail address, telephone and language."""
    form = ProfileForm(request.form, obj=_person())
    if request.method == "GET":
        return render_template("account/profile.html", form=form)

    def change(unit: Work) -> bool | Refusal:
        refusal = people.change_profile(
            unit,
            _me(unit),
            email=(form.email.data or "").strip() or None,
            phone=(form.phone.data or "").strip() or None,
            language=form.language.data or "",
            password=form.password.data or "",
            address=address(),
        )
        return refusal or True

    if not _done(form, change):
        return render_template("account/profile.html", form=form), 422
    flash(_("Your details are saved."), "success")
    return redirect(url_for("account.home"))


@pages.route("/account/password", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    """Change the password; every other browser is signed out."""
    form = PasswordForm(request.form)
    if request.method == "GET":
        return render_template("account/password.html", form=form)

    def change(unit: Work) -> SignedIn | Refusal:
        return people.change_password(
            unit,
            _me(unit),
            old=form.password.data or "",
            new=form.new.data or "",
            address=address(),
            agent=agent(),
        )

    opened = _done(form, change)
    if not isinstance(opened, SignedIn):
        return render_template("account/password.html", form=form), 422
    enter(opened)
    flash(_("The password is changed. Every other session has ended."), "success")
    return redirect(url_for("account.home"))


@pages.route("/account/second-factor", methods=["GET", "POST"])
def second_factor() -> ResponseReturnValue:
    """Set one-time codes up: show the secret as picture and text, take a code, give recovery codes once."""
    form = SecondFactorForm(request.form)
    if request.method == "GET":
        form.secret.data = codes.new_secret()
        return _second_factor_page(form)

    def change(unit: Work) -> tuple[list[str], SignedIn] | Refusal:
        me = _me(unit)
        made = second_factors.set_up(
            unit,
            me,
            secret=_secret(form),
            code=form.code.data or "",
            password=form.password.data or "",
            address=address(),
        )
        if isinstance(made, Refusal):
            return made
        return made, sign_in.renew(unit, me, address=address(), agent=agent())

    done = _done(form, change)
    if not isinstance(done, tuple):
        return _second_factor_page(form), 422
    enter(done[1])
    return render_template("account/recovery_codes.html", codes=done[0])


@pages.route("/account/second-factor/off", methods=["GET", "POST"])
def second_factor_off() -> ResponseReturnValue:
    """Turn one-time codes off, after the password."""
    form = ConfirmForm(request.form)
    if request.method == "GET":
        return render_template("account/second_factor_off.html", form=form)

    def change(unit: Work) -> SignedIn | Refusal:
        me = _me(unit)
        refusal = second_factors.take_off(unit, me, password=form.password.data or "", address=address())
        return refusal or sign_in.renew(unit, me, address=address(), agent=agent())

    opened = _done(form, change)
    if not isinstance(opened, SignedIn):
        return render_template("account/second_factor_off.html", form=form), 422
    enter(opened)
    flash(_("The second factor is off."), "success")
    return redirect(url_for("account.home"))


@pages.post("/account/sessions/<key>/end")
def end_session(key: str) -> Response:
    """Sign one other browser out."""
    with deed() as unit:
        sign_in.end_one(unit, sign_in.find_session(unit.session, actor().id, key))
    flash(_("The session has ended."), "success")
    return redirect(url_for("account.home"))


@pages.post("/account/sessions/end")
def end_sessions() -> Response:
    """Sign out everywhere, here too."""
    with deed() as unit:
        me = _me(unit)
        unit.demand("session.end", me)
        sign_in.end_all(unit, me)
    cookie.clear()
    flash(_("You have signed out everywhere."), "success")
    return redirect(url_for("account.sign_in"))


@pages.route("/account/tokens/new", methods=["GET", "POST"])
def new_token() -> ResponseReturnValue:
    """Make a token for programs; its text is on the answer to this form and nowhere else."""
    form = TokenForm(request.form)
    hints = {code: note for code, (_label, note) in USES.items()}
    if request.method == "GET":
        return render_template("account/new_token.html", form=form, hints=hints)

    def make(unit: Work) -> tuple[str, str]:
        wanted = form.scopes.data or ""
        if wanted not in tokens.OWN_SCOPES:
            raise Invalid("general.choice", value=wanted, field="scopes")
        token, plain = tokens.create(unit, name=form.name.data or "", days=form.days.data or 0, scopes=[wanted])
        return token.name, plain

    done = _done(form, make)
    if not isinstance(done, tuple):
        return render_template("account/new_token.html", form=form, hints=hints), 422
    return render_template("account/token_made.html", name=done[0], plain=done[1])


@pages.post("/account/tokens/<token_id>/revoke")
def revoke_token(token_id: str) -> Response:
    """End a token at once."""
    with deed() as unit:
        tokens.revoke(unit, tokens.find(unit.session, token_id, actor().id))
    flash(_("The token is revoked."), "success")
    return redirect(url_for("account.home"))


def _done(form: Form, change: Callable[[Work], T | Refusal]) -> T | None:
    """Do a deed; what was refused is written into the form and answered with none."""
    form.validate()
    try:
        with deed() as unit:
            outcome = change(unit)
    except Invalid as refusal:
        outcome = refusal
    if isinstance(outcome, Refusal):
        mark(form, outcome)
        return None
    return outcome


def _second_factor_page(form: SecondFactorForm) -> str:
    secret = form.secret.data = _secret(form)
    uri = codes.otpauth_uri(secret, _person().login, _issuer())
    drawn = codes.qr_svg(uri, _("QR code for the authenticator")).replace("<svg ", QR_SIZE, 1)
    picture = Markup(drawn)  # noqa: S704 - drawn by our own library
    return render_template("account/second_factor.html", form=form, picture=picture, secret=secret)


def _secret(form: SecondFactorForm) -> str:
    """The secret this form was opened with; a new one where somebody sent anything else."""
    given = form.secret.data or ""
    return given if re.fullmatch(r"[A-Z2-7]{32}", given) else codes.new_secret()


def _issuer() -> str:
    return str(g.face.name_zh) if g.get("face") else "Tiaoxi"


def _lives(token: ApiToken) -> bool:
    return token.revoked_at is None and token.expires_at > now()


def _person() -> Person:
    return session().get_one(Person, actor().id)


def _me(unit: Work) -> Person:
    return unit.session.get_one(Person, unit.actor.id)

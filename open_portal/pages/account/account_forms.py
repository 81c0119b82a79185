"""Forms of the account pages, and how a refusal is written back into a form."""

from flask_babel import get_locale
from flask_babel import lazy_gettext as _
from wtforms import Form, IntegerField, PasswordField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from policies.refusals import Refusal
from policies.vocabulary import TokenScope

USES = {
    TokenScope.READ.value: (
        _("Read only"),
        _("Reads what you may read. Every change is refused, so this is the safest choice for scripts and dashboards."),
    ),
    TokenScope.DRAFT.value: (
        _("Read, and write drafts"),
        _(
            "Registers and changes entries and sends files in your name, where you are a data steward. "
            "Everything goes through review; nothing is published by a token."
        ),
    ),
}
"""What a token of one's own may be used for, with what that means."""
LANGUAGES = [SelectChoice(value="zh_Hans_CN", label="中文"), SelectChoice(value="en", label="English")]


def mark(form: Form, refusal: Refusal) -> None:
    """Write a refusal into the form: each reason at its field, the rest on top."""
    language = str(get_locale())
    reasons = dict(refusal.fields) or {refusal.field or "": refusal}
    for name, reason in reasons.items():
        if name in form:
            form[name].errors = [reason.text(language)]
        else:
            form.form_errors.append(reason.text(language))


class SignInForm(Form):
    """Name, password and, where an account has one, the second factor."""

    login = StringField(_("Login name"))
    password = PasswordField(_("Password"))
    code = StringField(
        _("One-time code"),
        description=_("Only if you have turned on the second factor; a recovery code works too."),
    )


class RegisterForm(Form):
    """An account for somebody from outside, and the organisation he acts for."""

    login = StringField(
        _("Login name"),
        description=_("3 to 64 letters, digits, dots, underscores or hyphens; for signing in."),
    )
    name = StringField(_("Full name"), description=_("As on your identity document; it will be verified."))
    email = StringField(_("E-mail address"), description=_("Optional; for notices about your applications."))
    phone = StringField(_("Telephone"), description=_("Optional."))
    company = StringField(_("Organisation"), description=_("Leave this empty if you apply for yourself as a citizen."))
    uscc = StringField(
        _("Unified social credit code"), description=_("18 characters, needed if you name an organisation.")
    )
    password = PasswordField(
        _("Password"),
        description=_("At least 12 characters; a sentence is easier to remember than symbols. No composition rules."),
    )


class ProfileForm(Form):
    """How a person is reached and in which language he is written to."""

    email = StringField(_("E-mail address"))
    phone = StringField(_("Telephone"))
    language = SelectField(_("Language of mails"), choices=LANGUAGES, validate_choice=False)
    password = PasswordField(_("Present password"), description=_("To make sure it is you."))


class PasswordForm(Form):
    """The old password and the new one."""

    password = PasswordField(_("Present password"))
    new = PasswordField(_("New password"), description=_("At least 12 characters; pasting is fine."))


class SecondFactorForm(Form):
    """The code an authenticator shows for a new secret, and the password."""

    secret = StringField(_("Secret"))
    code = StringField(_("One-time code"), description=_("The six digits that the authenticator shows now."))
    password = PasswordField(_("Present password"))


class ConfirmForm(Form):
    """The password alone."""

    password = PasswordField(_("Present password"))


class TokenForm(Form):
    """What a new token is for, its name and its term."""

    name = StringField(_("Name of the token"), description=_("What it is for, such as “nightly export”."))
    scopes = RadioField(
        _("What may it do?"),
        choices=[SelectChoice(value=code, label=label) for code, (label, _note) in USES.items()],
        default=TokenScope.READ.value,
        validate_choice=False,
    )
    days = IntegerField(
        _("Valid for days"),
        description=_("1 to 365; every token has an end."),
        validators=[Optional()],
        default=90,
    )

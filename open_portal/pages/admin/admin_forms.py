"""Forms of the administration."""

from flask_babel import lazy_gettext as _
from wtforms import FileField, Form, IntegerField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional


class DayField(StringField):
    """A day, kept as it was typed so that a wrong one can be shown again."""


class TenantForm(Form):
    """A new tenant."""

    zh = StringField(_("Name in Chinese"))
    en = StringField(_("Name in English"))
    key = StringField(_("Key"), description=_("Lower-case letters, digits and hyphens; it stays for ever."))
    kind = SelectField(_("Kind"), validate_choice=False)
    region_code = StringField(_("Administrative division code"), description=_("Six digits, such as 330500."))
    uscc = StringField(_("Unified social credit code"), description=_("Optional."))
    parent = SelectField(_("Under"), validate_choice=False)
    on = DayField(_("From this day on"))


class RenameForm(Form):
    """Another name from a day on."""

    zh = StringField(_("New name in Chinese"))
    en = StringField(_("New name in English"))
    on = DayField(_("From this day on"))


class MoveForm(Form):
    """Another place in the tree, or an heir."""

    target = SelectField(_("Tenant"), validate_choice=False)
    on = DayField(_("From this day on"))


class FaceForm(Form):
    """How a tenant shows itself."""

    slug = StringField(_("Path"), description=_("One word in lower-case letters, the first part of the address."))
    host = StringField(_("Host"), description=_("Optional; a host name of its own."))
    name_zh = StringField(_("Name in Chinese"))
    name_en = StringField(_("Name in English"))
    brand = StringField(_("Colour"), description=_("Like #0a5a6e; it must stand out against white text."))
    brand_dark = StringField(_("Dark colour"))
    contact_zh = StringField(_("Contact in Chinese"))
    contact_en = StringField(_("Contact in English"))
    footer_zh = StringField(_("Footer in Chinese"))
    footer_en = StringField(_("Footer in English"))


class PersonForm(Form):
    """A colleague's new account."""

    tenant = SelectField(_("Tenant"), validate_choice=False)
    name = StringField(_("Full name"))
    login = StringField(_("Login name"))
    email = StringField(_("E-mail address"), description=_("Optional."))
    phone = StringField(_("Telephone"), description=_("Optional."))
    password = PasswordField(_("First password"), description=_("The person should change it at once."))


class GrantForm(Form):
    """A role in a tenant."""

    tenant = SelectField(_("Tenant"), validate_choice=False)
    role = SelectField(_("Role"), validate_choice=False)


class RuleForm(Form):
    """A change of the rules."""

    file = StringField(
        _("Rule file"),
        description=_("Such as limits.toml, quality.toml, procedures/….toml or calendars/….toml."),
    )
    text = TextAreaField(
        _("New entries (TOML)"),
        description=_("Each entry replaces the one of its name; a procedure or a year is replaced as a whole."),
    )
    reason = StringField(_("Reason"), description=_("What requires the change, with its source."))


class AnswerForm(Form):
    """An answer alone."""

    answer = TextAreaField(_("Reason"))


class ReasonForm(Form):
    """A reason alone."""

    reason = TextAreaField(_("Reason"))


class TryForm(Form):
    """A question to the rules."""

    login = StringField(_("Login name"), description=_("Leave empty for somebody who has not signed in."))
    action = SelectField(_("Action"), validate_choice=False)
    kind = SelectField(_("On what"), validate_choice=False)
    about = StringField(_("Which one"), description=_("Code of the dataset, key of the tenant or login name."))
    role = SelectField(_("Role to be granted"), validate_choice=False)


class SynonymForm(Form):
    """Words that the search takes for equal."""

    words = StringField(_("Equal words"), description=_("Two to twelve, separated by 、 or commas."))
    note = StringField(_("Note"), description=_("Optional: the field they belong to, or why."))


class SynonymTableForm(Form):
    """A table of synonyms, as a file or pasted."""

    file = FileField(_("CSV file"), description=_("UTF-8 or GB 18030; columns words and note."))
    table = TextAreaField(_("Or paste the table"))


class TargetForm(Form):
    """A host and port that may be called."""

    host = StringField(_("Host or address"))
    port = IntegerField(_("Port"), validators=[Optional()])
    reason = StringField(_("Reason"), description=_("What is called there and for whom."))


class SourceForm(Form):
    """Another platform whose catalogue is taken over."""

    zh = StringField(_("Name in Chinese"))
    en = StringField(_("Name in English"), description=_("Optional."))
    key = StringField(
        _("Key of the source"), description=_("Letters, digits, hyphens, underscores or dots; it stays for ever.")
    )
    tenant = SelectField(
        _("In the care of"), validate_choice=False, description=_("The body that answers for the entries here.")
    )
    kind = SelectField(_("Kind of catalogue"), validate_choice=False)
    address = StringField(
        _("Address"),
        description=_("Of the CKAN platform or of the file. Leave it empty if files are imported by the command line."),
    )
    region_code = StringField(
        _("Administrative division code"), description=_("Six digits; for entries that don't say where they belong.")
    )
    every_hours = IntegerField(
        _("Read every so many hours"), validators=[Optional()], description=_("Empty: only when somebody asks.")
    )
    mapping = TextAreaField(
        _("Mapping of headings"),
        description=_('Optional, for lists whose headings are not recognised: one line each, such as title = "名称".'),
    )

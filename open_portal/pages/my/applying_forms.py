"""The form of an application: its five tasks, the questions of each, and how far they are answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import get_locale, lazy_gettext
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.form import BaseForm
from wtforms.widgets import CheckboxInput, ListWidget

from open_portal import language
from open_portal.pages import dataset_words as words
from policies import vocabulary as v
from policies.refusals import Invalid, Refusal
from sharing.access import applications
from sharing.access.models import Application
from tenancy.models import Person

N_ = lazy_gettext
DATES = ("valid_from", "valid_to")
LONG, SHORT = 2000, 200


@dataclass(frozen=True)
class Question:
    """One question: its name in the application, the words beside it and how it is asked."""

    name: str
    label: Any
    hint: Any = ""
    kind: str = "area"
    autocomplete: str | None = None


@dataclass(frozen=True)
class Task:
    """A part of the form that is filled in on its own, in any order."""

    code: str
    title: Any
    lead: Any
    questions: tuple[Question, ...]


TASKS = (
    Task(
        "applicant",
        N_("Applicant and contact"),
        N_("Whom the reviewers can ask about this application."),
        (
            Question("contact_name", N_("Contact person"), kind="text", autocomplete="name"),
            Question(
                "contact_phone",
                N_("Telephone"),
                N_("A number at which you can be reached on working days."),
                "text",
                "tel",
            ),
            Question("contact_email", N_("E-mail"), kind="text", autocomplete="email"),
            Question(
                "address",
                N_("Postal address"),
                kind="text",
                autocomplete="street-address",
            ),
        ),
    ),
    Task(
        "data",
        N_("Data items and period"),
        N_("Choose only the items that your purpose needs: fewer items are reviewed faster."),
        (
            Question("items", N_("Data items"), kind="items"),
            Question("valid_from", N_("First day of use"), N_("Today or later."), "date"),
            Question("valid_to", N_("Last day of use"), N_("At most 366 days after the first day."), "date"),
            Question(
                "row_filter",
                N_("Rows you need"),
                N_("For example an area or a span of time."),
                "text",
            ),
            Question("frequency", N_("How often you will call"), N_("For example once a day."), "text"),
        ),
    ),
    Task(
        "purpose",
        N_("Purpose, scene and system"),
        N_("The data may later be used only for what you write here and only in the system you name."),
        (
            Question("purpose", N_("What you will use the data for")),
            Question("scene", N_("Application scene"), N_("Where and by whom the result is used.")),
            Question(
                "target_system",
                N_("Platform, system or application"),
                N_("The name of the one in which the data are used."),
                "text",
            ),
            Question("expected_effect", N_("Expected effect")),
            Question("combine_with", N_("Other data you will combine them with")),
        ),
    ),
    Task(
        "security",
        N_("Security and location"),
        N_("How the data are protected once they are with you."),
        (
            Question(
                "location",
                N_("Where the data are stored and processed"),
                N_("City, machine room or cloud region."),
                "text",
            ),
            Question(
                "network",
                N_("Network and addresses"),
                N_("Addresses from which the interface will be called."),
                "text",
            ),
            Question(
                "security_measures",
                N_("Security measures"),
                N_("For example storage encryption, control of access, keeping of logs, level of protection (MLPS)."),
            ),
            Question(
                "consent",
                N_("Consent of the persons concerned"),
                N_("These data hold personal information: say how consent was obtained and where it is kept."),
            ),
        ),
    ),
    Task(
        "undertaking",
        N_("Security undertaking"),
        N_("Read what you undertake and confirm it."),
        (Question("undertaking", N_("I have read this undertaking and will keep to it"), kind="box"),),
    ),
)
CODES = tuple(task.code for task in TASKS)


def find(code: str) -> Task:
    """A task by its code; the route lets no other in."""
    return next(task for task in TASKS if task.code == code)


def questions_of(task: Task, application: Application) -> tuple[Question, ...]:
    """The questions of a task that this application has to answer."""
    personal = application.entry.contains_personal
    return tuple(one for one in task.questions if one.name != "consent" or personal)


def after(code: str) -> str | None:
    """The task that follows, None behind the last."""
    place = CODES.index(code) + 1
    return CODES[place] if place < len(CODES) else None


def make(task: Task, application: Application) -> Any:
    """An empty form with a field for each question of the task."""
    return BaseForm({one.name: _field(one, application) for one in questions_of(task, application)})


def shown(task: Task, application: Application, person: Person | None) -> Any:
    """The form as it was last saved; contact data are taken from the account where nothing was saved yet."""
    form = make(task, application)
    known: dict[str, Any] = {}
    if person:
        known = {"contact_name": person.name, "contact_phone": person.phone, "contact_email": person.email}
    values = {one.name: application.answers.get(one.name) or known.get(one.name) for one in form}
    values |= {name: day.isoformat() for name in DATES if (day := getattr(application, name))}
    values |= {"items": application.items, "undertaking": bool(application.answers.get("undertaking"))}
    form.process(data=values)
    return form


def typed(task: Task, application: Application, entered: MultiDict[str, str]) -> Any:
    """The form as it was just sent."""
    form = make(task, application)
    form.process(formdata=entered)
    return form


def values_of(form: Any) -> tuple[dict[str, Any], dict[str, Refusal]]:
    """What can be kept of a form, as `applications.answer` takes it, and what is wrong with the rest."""
    kept: dict[str, Any] = {"answers": {}}
    wrong: dict[str, Refusal] = {}
    for field in form:
        if field.name in DATES:
            text = (field.data or "").strip()
            try:
                kept[field.name] = date.fromisoformat(text) if text else None
            except ValueError:
                wrong[field.name] = Invalid("general.not-a-date", field=field.name, value=text[:40])
        elif field.name == "items":
            kept["items"] = list(field.data or ())
        elif field.name == "undertaking":
            kept["answers"]["undertaking"] = "yes" if field.data else ""
        else:
            kept["answers"][field.name] = field.data or ""
    return kept, wrong


def mark(form: Any, refusals: Mapping[str, Refusal]) -> None:
    """Write reasons beside the fields they belong to."""
    reader = str(get_locale())
    for name, refusal in refusals.items():
        if name in form:
            form[name].errors = [refusal.text(reader)]


def status(task: Task, application: Application, missing: Mapping[str, Refusal]) -> str:
    """How far a task is: not_started, incomplete, error or done."""
    names = [one.name for one in questions_of(task, application)]
    lacking = [missing[name] for name in names if name in missing]
    if not lacking:
        return "done"
    if any(one.code != "application.missing" for one in lacking):
        return "error"
    begun = any(application.answers.get(name) for name in names) or (
        "items" in names and any(getattr(application, name) for name in DATES)
    )
    return "incomplete" if begun else "not_started"


def answer_shown(question: Question, application: Application) -> str:
    """An answer as the check page shows it; empty where there is none yet."""
    if question.name in DATES:
        return language.date(getattr(application, question.name))
    if question.name == "items":
        names = {one.name: words.label(one) for one in application.entry.items}
        return words.together(names.get(name, name) for name in application.items)
    if question.kind == "box":
        return _("Confirmed") if application.answers.get(question.name) else ""
    return str(application.answers.get(question.name) or "")


def optional(question: Question) -> bool:
    """Whether an application may be handed in without this answer."""
    return question.name in applications.OPTIONAL and question.name != "consent"


def offered(application: Application) -> list[tuple[str, str]]:
    """The data items that can be applied for, with their titles."""
    items = application.entry.items
    return [(one.name, words.label(one)) for one in items if one.open_type is not v.OpenType.OPEN_FORBIDDEN]


def label_of(question: Question) -> str:
    """What an answer is called once it is given; the words of a box are a sentence of their own."""
    return _("Security undertaking") if question.kind == "box" else str(question.label)


def _field(question: Question, application: Application) -> Any:
    label, hint = question.label, question.hint
    if optional(question):
        label = _("%(label)s (optional)", label=label)
    if question.kind == "items":
        return SelectMultipleField(
            label,
            choices=[SelectChoice(name, title) for name, title in offered(application)],
            description=hint,
            option_widget=CheckboxInput(),
            widget=ListWidget(prefix_label=False),
        )
    if question.kind == "box":
        return BooleanField(label, description=hint)
    if question.kind == "area":
        return TextAreaField(label, description=hint, render_kw={"maxlength": LONG})
    return StringField(label, description=hint, render_kw={"maxlength": SHORT} if question.kind == "text" else {})

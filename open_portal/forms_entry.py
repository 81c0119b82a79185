"""Forms of a catalogue entry's description: how each field is shown, read, named; nothing else is taken."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import get_locale, lazy_gettext
from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.form import BaseForm

from catalog.datasets import Description
from policies import vocabulary as v
from policies.refusals import Invalid, Refusal

N_ = lazy_gettext
LONG = 20_000
TAGS = 20


@dataclass(frozen=True)
class Spec:
    """One field: the texts beside it and the two ways between the description's value and the typed text."""

    label: Any
    make: Callable[..., Any]
    show: Callable[[Any], Any]
    read: Callable[[str, Any], Any]
    hint: Any = ""
    limit: int = 0
    kind: type[v.Term] | None = None


def _choices(kind: type[v.Term]) -> list[Any]:
    return [SelectChoice(one.value, named(one)) for one in kind]


def named(one: v.Term) -> str:
    """A term as it is chosen from a list; levels and tiers with the code by which the rules call them."""
    label = one.label(str(get_locale()))
    return f"{one.value} {label}" if isinstance(one, v.SecurityLevel | v.OpenTier) else label


def _text(label: Any, limit: int, hint: Any = "", *, area: bool = False) -> Spec:
    def read(name: str, typed: str | None) -> str:
        text = (typed or "").strip()
        if len(text) > limit:
            raise Invalid("general.too-long", field=name, limit=limit, length=len(text))
        return text

    return Spec(label, TextAreaField if area else StringField, lambda value: value or "", read, hint, limit)


def _date(label: Any, hint: Any = "") -> Spec:
    def read(name: str, typed: str | None) -> date | None:
        text = (typed or "").strip()
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise Invalid("general.not-a-date", field=name, value=text[:40]) from None

    return Spec(label, StringField, lambda value: value.isoformat() if value else "", read, hint)


def _one(
    label: Any,
    kind: type[v.Term],
    hint: Any = "",
    *,
    optional: bool = False,
    radios: bool = False,
    code: bool = False,
) -> Spec:
    """One term of an enumeration; `code`: the description holds the bare code."""

    def read(name: str, typed: str | None) -> v.Term | str | None:
        if not typed and optional:
            return None
        found = next((one for one in kind if one.value == typed), None)
        if found is None:
            raise Invalid("general.choice", field=name, value=(typed or "")[:40])
        return found.value if code else found

    def make(label: Any, **given: Any) -> Any:
        first = [SelectChoice("", N_("Not chosen"))] if optional else []
        choices = [*first, *_choices(kind)]
        return (RadioField if radios else SelectField)(label, choices=choices, validate_choice=False, **given)

    return Spec(label, make, lambda value: getattr(value, "value", value) or "", read, hint, kind=kind)


def _many(label: Any, kind: type[v.Term], hint: Any = "", *, flags: bool = False) -> Spec:
    def read(name: str, typed: Sequence[str]) -> Any:
        known = {one.value: one for one in kind}
        for code in typed:
            if code not in known:
                raise Invalid("general.choice", field=name, value=code[:40])
        chosen = [known[code] for code in known if code in typed]
        return v.ObjectFlag.packed(chosen) if flags else tuple(one.value for one in chosen)  # type: ignore[arg-type]

    def show(value: Any) -> list[str]:
        return [one.value for one in v.ObjectFlag.unpacked(value)] if flags else list(value)

    def make(label: Any, **given: Any) -> Any:
        return SelectMultipleField(label, choices=_choices(kind), validate_choice=False, **given)

    return Spec(label, make, show, read, hint, kind=kind)


def _tags(label: Any, hint: Any) -> Spec:
    def read(name: str, typed: str | None) -> tuple[str, ...]:
        words = [word.strip() for word in re.split(r"[,，、;；\n]", typed or "") if word.strip()]
        if len(words) > TAGS:
            raise Invalid("general.too-long", field=name, limit=TAGS, length=len(words))
        return tuple(dict.fromkeys(word[:40] for word in words))

    return Spec(label, StringField, "、".join, read, hint)


def _yes(label: Any, hint: Any = "") -> Spec:
    return Spec(label, BooleanField, bool, lambda _name, typed: bool(typed), hint)


SPECS: Mapping[str, Spec] = {
    "title": _text(N_("Title"), 500, N_("What the data are, whose and where; 2 to 500 characters.")),
    "title_en": _text(N_("Title in English"), 500),
    "abstract": _text(
        N_("Abstract"),
        1000,
        N_("What one row stands for, what the data cover and what they are not."),
        area=True,
    ),
    "abstract_en": _text(N_("Abstract in English"), 2000, area=True),
    "catalogue_class": _one(N_("Catalogue class"), v.CatalogueClass),
    "themes": _many(N_("Data domains"), v.Theme),
    "industry": _one(N_("Industry"), v.Industry, optional=True, code=True),
    "tags": _tags(N_("Tags"), N_("Set apart by commas; at most 20.")),
    "region_code": _one(N_("Division"), v.Region, code=True),
    "data_range": _one(N_("Data range"), v.DataRange),
    "time_from": _date(N_("Data begin on")),
    "time_to": _date(N_("Data end on"), N_("Leave empty while data keep coming.")),
    "granularity": _text(N_("Granularity"), 100, N_("What one row is: a stop, a licence, a station and hour …")),
    "object_flags": _many(N_("What the data are about"), v.ObjectFlag, flags=True),
    "use_scenes": _many(N_("Use scenes"), v.UseScene),
    "collection_kind": _one(N_("How the data are collected"), v.CollectionKind, radios=True),
    "source_system": _text(N_("Source system"), 200, N_("Name of the system in which the data arise.")),
    "source_note": _text(
        N_("Note on the source"), LONG, N_("How and on what grounds the data are gathered."), area=True
    ),
    "source_url": _text(N_("Address of the source"), 1000),
    "update_cycle": _one(N_("Update cycle"), v.UpdateCycle, N_("Readers are told when an update is late.")),
    "national_grade": _one(N_("National grade"), v.NationalGrade, N_("Graded under GB/T 43697-2024."), radios=True),
    "share_type": _one(N_("Sharing attribute"), v.ShareType, radios=True),
    "share_condition": _text(N_("Condition of sharing"), 255),
    "share_mode": _one(N_("Mode of sharing"), v.ShareMode, optional=True),
    "share_reason": _one(N_("Kind of reason"), v.ReasonKind, optional=True),
    "share_basis": _text(
        N_("Legal basis for restricting sharing"),
        LONG,
        N_("Law, article and wording; no general phrases."),
        area=True,
    ),
    "open_type": _one(N_("Openness attribute"), v.OpenType, radios=True),
    "open_tier": _one(N_("Open tier"), v.OpenTier),
    "open_condition": _text(N_("Condition of opening"), 255),
    "open_reason": _one(N_("Kind of reason"), v.ReasonKind, optional=True),
    "open_basis": _text(
        N_("Legal basis for restricting opening"),
        LONG,
        N_("Law, article and wording; no general phrases."),
        area=True,
    ),
    "personal_basis": _text(
        N_("Consent or legal basis for data about persons"),
        LONG,
        N_("Needed when items hold personal information or business secrets and are opened."),
        area=True,
    ),
    "metadata_public": _yes(
        N_("Show the entry to the public even though the data are not open"),
        N_("People can then see that the data exist, and ask for them."),
    ),
    "licence": _one(N_("Licence"), v.Licence, N_("Needed for whatever is opened."), optional=True),
    "contact_office": _text(N_("Responsible office"), 200, N_("An office, not a person.")),
    "contact_phone": _text(N_("Office phone"), 50),
    "contact_email": _text(N_("Office e-mail"), 200),
}
"""Every field of a description that a steward may set."""


def make(names: Sequence[str], description: Description, typed: Any = None) -> Any:
    """A form of some fields, filled from a description, or with what was typed."""
    fields = {name: SPECS[name].make(SPECS[name].label, description=SPECS[name].hint) for name in names}
    form = BaseForm(fields)
    form.process(formdata=typed, data={name: SPECS[name].show(getattr(description, name)) for name in names})
    for field in form:
        field.errors = []
    return form


def read(form: Any) -> dict[str, Any] | None:
    """The values typed into a form; none when some can't be meant, which is then said beside the field."""
    values: dict[str, Any] = {}
    for field in form:
        try:
            values[field.name] = SPECS[field.name].read(field.name, field.data)
        except Refusal as refusal:
            mark(field, refusal)
    if "time_to" in values and _reversed(values):
        mark(
            form["time_to"],
            Invalid("general.dates-reversed", field="time_to", start=values["time_from"], end=values["time_to"]),
        )
    return None if any(field.errors for field in form) else values


def _reversed(values: Mapping[str, Any]) -> bool:
    start, end = values.get("time_from"), values["time_to"]
    return bool(start and end and end < start)


def mark(field: Any, refusal: Refusal) -> None:
    """Say beside a field what is wrong with it."""
    text = refusal.text(str(get_locale()))
    if text not in field.errors:
        field.errors = [*field.errors, text]


def stamp(description: Description, names: Sequence[str]) -> str:
    """What the fields of a form held when it was shown, so that nobody's change is overwritten unseen."""
    return digest([SPECS[name].show(getattr(description, name)) for name in names])


def digest(values: object) -> str:
    """A short mark of some values."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]


def shown(name: str, value: Any) -> str:
    """A description's value as its reader sees it."""
    spec, chosen = SPECS[name], str(get_locale())
    mark_ = ", " if chosen.startswith("en") else "、"
    if isinstance(value, bool):
        return str(N_("Yes") if value else N_("No"))
    if spec.kind and value and not isinstance(value, spec.kind):
        codes = spec.show(value)
        codes = codes if isinstance(codes, list) else [value]
        known = {one.value: one for one in spec.kind}
        return mark_.join(known[code].label(chosen) for code in codes if code in known)
    if isinstance(value, v.Term):
        return value.label(chosen)
    return mark_.join(value) if isinstance(value, tuple | list) else str(value or "")

"""Forms of data standards: elements, code lists with their codes as lines, claims of a source."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import Form, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from catalog.standard_models import CodeList, DataElement
from catalog.standard_versions import CodeValues, ElementValues, ListValues, Values
from open_portal.language import term
from policies import vocabulary as v
from policies.refusals import Invalid


class ElementForm(Form):
    """A data element."""

    tenant = SelectField(_("Owner"), validate_choice=False)
    name = StringField(_("Identifier"), description=_("Letters, digits, dots and hyphens; it stays for ever."))
    zh = StringField(_("Name in Chinese"))
    en = StringField(_("Name in English"))
    definition = TextAreaField(
        _("Definition"), description=_("What a value means, so that nobody means another thing.")
    )
    type = SelectField(_("Type"), validate_choice=False)
    length = StringField(_("Greatest length"), description=_("Optional; in characters."))
    pattern = StringField(_("Form"), description=_("Optional; a regular expression (RE2) for the whole value."))
    unit = StringField(_("Unit"), description=_("Optional."))
    code_list = SelectField(_("Code list"), validate_choice=False)
    source = StringField(_("Standard"), description=_("Such as GB/T 2261.1-2003."))
    starts_on = StringField(_("In force from"), description=_("Optional; the day of approval if left empty."))


class ListForm(Form):
    """A code list."""

    tenant = SelectField(_("Owner"), validate_choice=False)
    name = StringField(_("Identifier"), description=_("Letters, digits, dots and hyphens; it stays for ever."))
    zh = StringField(_("Name in Chinese"))
    en = StringField(_("Name in English"))
    definition = TextAreaField(_("Definition"))
    source = StringField(_("Standard"), description=_("Such as GB/T 2261.1-2003."))
    codes = TextAreaField(
        _("Codes"),
        description=_("One in a line: value, Chinese, English, parent, valid from, valid until; all but two optional."),
    )
    starts_on = StringField(_("In force from"), description=_("Optional; the day of approval if left empty."))


FORMS = {DataElement: ElementForm, CodeList: ListForm}


def values_of(form: Form, kind: type[DataElement] | type[CodeList]) -> tuple[Values, date | None]:
    """What was typed, and the day on which it shall begin; Invalid, with the field, for what can't be meant."""
    given: dict[str, Any] = {field.name: (field.data or "").strip() for field in form if field.name != "tenant"}
    starts_on = day_of(given.pop("starts_on"), "starts_on")
    if kind is CodeList:
        return ListValues(**{**given, "codes": codes_of(given["codes"])}), starts_on
    if given["length"] and not given["length"].isdecimal():
        raise Invalid("standard.length", field="length")
    given["length"] = int(given["length"]) if given["length"] else None
    given["code_list"] = given["code_list"] or None
    type_ = next((one for one in v.ItemType if one.value == given["type"]), None)
    if type_ is None:
        raise Invalid("general.choice", field="type", value=given["type"][:40])
    return ElementValues(**{**given, "type": type_}), starts_on


def shown(values: Values) -> dict[str, str]:
    """Values as they are typed."""
    plain = {name: value for name, value in vars(values).items() if name != "codes"}
    found = {name: str(getattr(value, "value", value) or "") for name, value in plain.items()}
    if isinstance(values, ListValues):
        found["codes"] = lines_of(values.codes)
    return found


def lines_of(codes: Sequence[CodeValues]) -> str:
    """Codes as lines."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for code in codes:
        row = [code.value, code.zh, code.en, code.parent or "", code.valid_from or "", code.valid_until or ""]
        while len(row) > 2 and not row[-1]:
            row.pop()
        writer.writerow(row)
    return out.getvalue()


def codes_of(text: str) -> tuple[CodeValues, ...]:
    """The codes that lines mean; commas may be wide ones or tabs."""
    plain = text.replace("，", ",").replace("\t", ",")
    found = []
    for row in csv.reader(io.StringIO(plain)):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        value, zh, en, parent, since, until = (*cells, *[""] * 6)[:6]
        found.append(CodeValues(value, zh, en, parent or None, day_of(since, "codes"), day_of(until, "codes")))
    return tuple(found)


def day_of(text: str, field: str) -> date | None:
    """A day, or none where nothing was typed."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("sheet.day", field=field, value=text[:40]) from None


def types() -> list[SelectChoice]:
    """The types of an element."""
    return [SelectChoice(value=one.value, label=term(one)) for one in v.ItemType]

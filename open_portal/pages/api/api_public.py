"""Departments and themes for programs, each with what the asker may see of it; code lists and standards."""

from typing import Any

from apiflask import Schema, fields
from flask import url_for
from flask.typing import ResponseReturnValue

from catalog import search, standards
from catalog.search import Query
from catalog.standard_models import CodeList, DataElement
from open_portal.pages import bodies
from open_portal.pages import dataset_words as words
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_datasets import named
from open_portal.pages.api.api_door import needs_staff
from open_portal.pages.api.api_tables import listed
from open_portal.requests import actor, kit, now, scope, session
from policies import vocabulary as v
from policies.calendars import local_date
from policies.refusals import NotFound

N_ = schemas.N_
Answer = dict[str, Any] | ResponseReturnValue


class Organisation(Schema):
    """A body inside government."""

    key = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.Nested(schemas.Named, required=True)
    region = fields.String(required=True)
    parent = fields.String(required=True, allow_none=True)
    datasets = fields.Integer(
        required=True, metadata=schemas.told(N_("Entries of it and of everyone below it that the asker may know of"))
    )
    page = fields.String(required=True)


class Theme(Schema):
    """A theme of the catalogue."""

    code = fields.String(required=True)
    label = fields.String(required=True)
    datasets = fields.Integer(required=True)
    url = fields.String(required=True)


class Standard(Schema):
    """A data element or a code list that holds today."""

    name = fields.String(required=True)
    title = fields.String(required=True)
    definition = fields.String(required=True)
    source = fields.String(required=True)
    version = fields.Integer(required=True)
    owner = fields.String(required=True)
    starts_on = fields.Date(required=True, allow_none=True)


class Code(Schema):
    """A value of a code list."""

    value = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


@listed(
    "organisations",
    N_("Departments and counties"),
    "Organisations",
    Organisation,
    ("key", "name", "datasets"),
    security=schemas.PERSON_KEYS,
)
def organisations(asked: dict[str, Any]) -> Answer:
    """Every body inside government, those of the face alone, with what the asker may see of it."""
    found = bodies.counted()
    keys = {one.id: one.key for one, _count in found}
    rows = [
        {
            "key": one.key,
            "name": words.tenant_name(one),
            "kind": named(one.kind),
            "region": one.region_code,
            "parent": keys.get(one.parent_id or ""),
            "datasets": count,
            "page": url_for("datasets.org", key=one.key, _external=True),
        }
        for one, count in found
    ]
    return api_tables.answer("organisations", Organisation, rows, asked)


@listed("themes", N_("Themes"), "Themes", Theme, ("code", "label", "datasets"), security=schemas.PERSON_KEYS)
def themes(asked: dict[str, Any]) -> Answer:
    """Every theme with how many entries the asker may find under it."""
    found = search.find(kit().index, session(), actor(), now(), Query(scope=scope(), per_page=1))
    counts = dict(found.facets["theme"])
    rows = [{**(named(one) or {}), "datasets": counts.get(one.value, 0), "url": _of_theme(one)} for one in v.Theme]
    return api_tables.answer("themes", Theme, rows, asked)


@listed("standards", N_("Data elements in force"), "Standards", Standard, ("name", "title"))
def data_elements(asked: dict[str, Any]) -> Answer:
    """The data elements that hold today; for those who work in government, as on their desk."""
    needs_staff()
    rows = [_standard(one) for one in standards.all_in_force(session(), DataElement, local_date(now()))]
    return api_tables.answer("standards", Standard, rows, asked)


@listed("code-lists", N_("Code lists in force"), "CodeLists", Standard, ("name", "title"))
def code_lists(asked: dict[str, Any]) -> Answer:
    """The code lists that hold today; for those who work in government, as on their desk."""
    needs_staff()
    rows = [_standard(one) for one in standards.all_in_force(session(), CodeList, local_date(now()))]
    return api_tables.answer("code_lists", Standard, rows, asked)


@listed("code-lists/<name>", N_("Values of a code list"), "Codes", Code, ("value", "zh", "en"), key="codes")
def code_list(name: str, asked: dict[str, Any]) -> Answer:
    """The values that a code list admits today."""
    needs_staff()
    today = local_date(now())
    if standards.in_force(session(), CodeList, name, today) is None:
        raise NotFound("general.not-found")
    found = standards.codes_of(session(), [name], today).get(name, [])
    rows = [{"value": one.value, "zh": one.zh, "en": one.en} for one in found]
    return api_tables.answer("codes", Code, rows, asked)


def _standard(row: DataElement | CodeList) -> dict[str, Any]:
    return {
        "name": row.name,
        "title": row.label("en" if words.english() else "zh"),
        "definition": row.definition,
        "source": row.source,
        "version": row.number,
        "owner": words.tenant_name(row.tenant),
        "starts_on": row.starts_on,
    }


def _of_theme(one: v.Theme) -> str:
    return url_for("api.find", theme=one.value, _external=True)

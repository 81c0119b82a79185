"""Datasets for programs: search with facets and paging, and one dataset in full."""

from dataclasses import replace
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import RAISE

from catalog import reading, search, versions
from catalog.models import Entry, Item, Version
from catalog.search import FACETS, Query, Sort
from open_portal import language
from open_portal.pages import dataset_words as words
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_door import pages
from open_portal.requests import actor, kit, now, scope, session
from policies.terms import Term

SHOWN_STATES = frozenset({"LIVE", "SUPERSEDED"})


@pages.get("/api/v1/datasets")
@pages.doc(summary=schemas.N_("Search datasets"), responses=schemas.FAILURES, security=schemas.PERSON_KEYS)
@pages.input(schemas.FacetedParameters, location="query", unknown=RAISE)
@pages.output(schemas.SearchAnswer)
def find(query_data: dict[str, Any]) -> dict[str, Any] | ResponseReturnValue:
    """Datasets that the asker may know of: the public ones without a key, those of a person with his token."""
    asked = Query(
        text=query_data["q"],
        facets={name: tuple(query_data[name]) for name in FACETS if query_data.get(name)},
        scope=scope(),
        sort=Sort(query_data["sort"]),
        page=query_data["page"],
        per_page=query_data["per_page"],
        place=query_data["place"] or None,
        time_from=query_data["time_from"],
        time_to=query_data["time_to"],
    )
    found = search.find(kit().index, session(), actor(), now(), asked)
    more = asked.page * asked.per_page < found.total
    following = _page(replace(asked, page=asked.page + 1)) if more else None
    rows = [short(one) for one in found.entries]
    if api_tables.wanted(query_data["output"]):
        return api_tables.table("datasets", schemas.Dataset(), rows, found.total, following)
    return {
        "total": found.total,
        "page": asked.page,
        "per_page": asked.per_page,
        "datasets": rows,
        "facets": {name: [_facet(*pair) for pair in pairs] for name, pairs in found.facets.items()},
        "corrected": found.corrected,
        "next": following,
    }


@pages.get("/api/v1/datasets/<code>")
@pages.doc(summary=schemas.N_("One dataset"), responses=schemas.FAILURES, security=schemas.EVERY_KEY)
@pages.input(schemas.Parameters, location="query", unknown=RAISE, arg_name="_asked")
@pages.output(schemas.FullDataset)
def dataset(code: str, _asked: dict[str, Any]) -> dict[str, Any]:
    """Everything about a dataset but its rows: items, quality, versions, and whether the asker may read the rows."""
    entry = reading.find(session(), code, actor(), now())
    live = versions.live(session(), entry)
    access = reading.access(session(), entry, actor(), now())
    return {
        **short(entry),
        "condition": entry.open_condition,
        "licence": named(entry.licence),
        "time_from": entry.time_from,
        "time_to": entry.time_to,
        "published_at": entry.published_at,
        "contact_office": entry.contact_office,
        "contact_phone": entry.contact_phone,
        "items": [_item(one) for one in entry.items],
        "quality": _quality(live) if live else None,
        "versions": [version_row(one) for one in versions.all_of(session(), entry) if one.state.value in SHOWN_STATES],
        "access": {
            "rule": access.rule,
            "items": list(access.items),
            "url": url_for("api.rows", code=words.slug(entry), _external=True) if access.given else None,
        },
    }


def dumped(entry: Entry) -> dict[str, Any]:
    """A dataset as a search finds it, in the words of the interface, for whoever is told of it otherwise."""
    found: dict[str, Any] = schemas.Dataset().dump(short(entry))
    return found


def short(entry: Entry) -> dict[str, Any]:
    """A dataset as a search finds it."""
    own = entry.publisher_name is None
    return {
        "code": entry.code,
        "title": entry.title,
        "title_en": entry.title_en,
        "abstract": entry.abstract,
        "publisher": {"key": entry.tenant.key if own else None, "name": words.publisher(entry)},
        "openness": named(entry.open_type),
        "tier": named(entry.open_tier),
        "themes": [{"code": one, "label": language.term(one, "Theme")} for one in entry.themes],
        "tags": list(entry.tags),
        "region": entry.region_code,
        "update_cycle": named(entry.update_cycle),
        "rows": entry.rows,
        "grade": entry.grade.value if entry.grade else None,
        "score": entry.score,
        "updated_at": entry.data_updated_at,
        "page": words.address(entry, absolute=True),
        "url": url_for("api.dataset", code=words.slug(entry), _external=True),
    }


def named(value: Term | None) -> dict[str, str] | None:
    """A term with its label in the asker's language."""
    return None if value is None else {"code": value.value, "label": language.term(value)}


def _facet(value: str, count: int) -> dict[str, Any]:
    return {"value": value, "count": count}


def _item(item: Item) -> dict[str, Any]:
    return {
        "name": item.name,
        "title": item.title,
        "title_en": item.title_en,
        "meaning": item.meaning,
        "type": named(item.type),
        "unit": item.unit,
        "openness": named(item.open_type),
    }


def _quality(version: Version) -> dict[str, Any]:
    return {
        "score": version.score,
        "grade": version.grade.value if version.grade else None,
        "dimensions": version.dimensions or {},
        "rules_total": version.rules_total,
        "rules_failed": version.rules_failed,
        "checked_at": version.checked_at,
    }


def version_row(version: Version) -> dict[str, Any]:
    """A delivery of the data, without what was found in it."""
    return {
        "number": version.number,
        "state": named(version.state),
        "delivered_at": version.uploaded_at,
        "rows": version.rows_loaded,
        "score": version.score,
        "grade": version.grade.value if version.grade else None,
        "sha256": version.original.sha256,
    }


def _page(asked: Query) -> str:
    given: dict[str, Any] = {**request.args.to_dict(flat=False), "page": asked.page}
    return url_for("api.find", **given, _external=True)

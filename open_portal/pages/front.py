"""What the home page, the texts and the page for developers show."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select

from catalog import search
from catalog.models import Entry
from catalog.search import Found, Query, Sort
from open_portal import language
from open_portal.pages import dataset_words as words
from open_portal.pages.feeds import linked_data, machine_files
from open_portal.pages.feeds.public_catalogue import conditions
from open_portal.pages.record import record
from open_portal.requests import actor, face, kit, now, scope, session
from policies import vocabulary as v
from sharing.rates import readings
from sharing.rates.readings import Rate
from tenancy import tenants

LISTED = 6
HOT = 6
DOCUMENT = "api.document"
MONTH = timedelta(days=30)
NAMES = {"ttl": "Turtle", "jsonld": "JSON-LD", "rdf": "RDF/XML"}
"""What the forms of linked data are called."""


def page_of() -> dict[str, Any]:
    """The home page, from what is true now."""
    newest = _find(Query(scope=scope(), sort=Sort.UPDATED, per_page=LISTED, facets=_own()))
    used = _most_used()
    everything = _find(Query(scope=scope(), per_page=1, most_values=search.ALL_VALUES))
    return {
        "figures": _figures(everything),
        "publishers": len(everything.facets["tenant"]),
        "total": everything.total,
        "indicators": [indicator(one) for one in readings.headline(session(), now(), scope=scope())],
        "as_of": now(),
        "themes": _themes(everything),
        "newest": [_line(one) for one in newest.entries],
        "used": [_used(one) for one in used],
        "places": _places(),
        "hot": _hot([*used, *newest.entries]),
        "structured": machine_files.structured_catalogue(),
    }


def _find(query: Query) -> Found:
    return search.find(kit().index, session(), actor(), now(), query)


def _own() -> dict[str, tuple[str, ...]]:
    return {"origin": (v.Origin.OWN.value,)}


def _most_used() -> list[Entry]:
    """Entries by downloads, counted now; the index knows only those at an entry's last change."""
    query = select(Entry).where(*conditions(actor()), Entry.downloads > 0)
    return list(session().scalars(query.order_by(Entry.downloads.desc(), Entry.id).limit(LISTED)))


def _figures(everything: Found) -> list[dict[str, str]]:
    here = conditions(actor())
    mounted = Entry.live_version_id.is_not(None)
    count, rows = session().execute(select(func.count(), func.sum(Entry.rows)).where(*here, mounted)).one()
    origins = _("here %(own)s, harvested %(others)s", **_origins(everything))
    fresh = session().scalar(select(func.count()).where(*here, mounted, Entry.data_updated_at > now() - MONTH))
    return [
        _figure(_("Catalogue entries"), everything.total, origins),
        _figure(_("With data here"), count, _("entries with a version in use")),
        _figure(_("Rows of data"), rows or 0, _("in all versions in use")),
        _figure(_("Updated in the last 30 days"), fresh or 0, _("entries with newer data")),
    ]


def _figure(label: str, value: int, note: str) -> dict[str, str]:
    return {"label": label, "value": language.number(value), "note": note}


def _origins(everything: Found) -> dict[str, str]:
    counts = dict(everything.facets["origin"])
    shown = {"own": v.Origin.OWN, "others": v.Origin.HARVESTED}
    return {name: language.number(counts.get(one.value, 0)) for name, one in shown.items()}


def indicator(rate: Rate) -> dict[str, Any]:
    """One of the rates as a card: value and target in per cent, counts behind it, where it is explained."""
    value, target = rate.reading.value, rate.standing.target if rate.standing else None
    definition = rate.definition
    unit = definition.unit_en if words.english() else definition.unit_zh
    return {
        "name": definition.en if words.english() else definition.zh,
        "value": value,
        "target": target.value if target else None,
        "year": target.year if target else None,
        "met": rate.standing.met if rate.standing else None,
        "gap": _gap(value, target.value) if target and value is not None else "",
        "numerator": rate.reading.numerator,
        "denominator": rate.reading.denominator,
        "unit": unit,
        "formula": definition.formula("en" if words.english() else "zh"),
        "href": url_for("indicators.show", code=definition.code),
    }


def _gap(value: Decimal, target: Decimal) -> str:
    points = language.number(abs(round(value - target, 2)))
    above, short = _("%(points)s points above", points=points), _("%(points)s points short", points=points)
    return str(above if value >= target else short)


def _themes(everything: Found) -> list[dict[str, Any]]:
    counts = dict(everything.facets["theme"])
    return [
        {
            "code": one.value,
            "text": language.term(one),
            "href": url_for("datasets.find", theme=one.value),
            "count": counts[one.value],
        }
        for one in v.Theme
        if one.value in counts
    ]


def _line(entry: Entry) -> dict[str, str]:
    return {
        "text": words.title(entry),
        "href": words.address(entry),
        "time": language.date(entry.data_updated_at),
        "note": words.publisher(entry),
    }


def _used(entry: Entry) -> dict[str, str]:
    times = ngettext("%(num)d download", "%(num)d downloads", entry.downloads)
    return {**_line(entry), "time": times}


def _places() -> list[dict[str, str]]:
    """Counties with a face of their own; only under the face of the whole city."""
    shown = face()
    if shown is None or shown.tenant.parent_id:
        return []
    found = []
    for one in tenants.faces(session()):
        if one.tenant.parent_id:
            total = _find(Query(scope=one.tenant_id, per_page=1)).total
            note = ngettext("%(num)d dataset", "%(num)d datasets", total)
            href = url_for("site.home") + one.slug + "/"
            found.append({"text": words.tenant_name(one.tenant), "href": href, "note": note})
    return found


def _hot(entries: list[Entry]) -> list[dict[str, str]]:
    """Words to begin with: the first tag of each entry that is used much; tags are Chinese, so themes in English."""
    if words.english():
        codes = dict.fromkeys(code for entry in entries for code in entry.themes[:1])
        named = [(language.term(code, "Theme"), code) for code in list(codes)[:HOT]]
        return [{"text": text, "href": url_for("datasets.find", theme=code)} for text, code in named]
    tags = dict.fromkeys(tag for entry in entries for tag in entry.tags[:1])
    return [{"text": tag, "href": url_for("datasets.find", q=tag)} for tag in list(tags)[:HOT]]


def contact() -> dict[str, Any]:
    """How to reach whoever runs this face."""
    shown = face()
    if shown is None:
        return {"contact": ""}
    return {"contact": shown.contact_en if words.english() else shown.contact_zh}


def interfaces() -> dict[str, Any]:
    """Addresses that work as they stand, with an open entry where there is one."""
    entry = _example()
    code = words.slug(entry) if entry else ""
    return {
        "entry": entry,
        "title": words.title(entry) if entry else "",
        "rows": record.curl(record.api_address(entry), keyed=False) if entry else "",
        "file": _curl("data.download", code=code, format="csv") if entry else "",
        "ckan": _curl("ckan.act", name="package_search", q="", rows=5),
        "catalogues": [
            (NAMES[form], _curl("linked.catalogue", form=form), url_for("linked.catalogue", form=form, page=1))
            for form in linked_data.FORMS
        ],
        "negotiated": f"curl -H 'Accept: text/turtle' {_at('datasets.show', code=code)}" if entry else "",
        "records": [(NAMES[form], _curl("linked.record", code=code, form=form)) for form in linked_data.FORMS if entry],
        "croissant": _curl("machine_files.croissant_json", code=code) if entry else "",
        "data_json": _curl("machine_files.data_json"),
        "feeds": [
            (_("News feed (Atom)"), _at("feeds.feed")),
            (_("Site map for search engines (XML)"), _at("feeds.sitemap")),
            (_("Description of the search (OpenSearch)"), _at("machine_files.opensearch")),
        ],
        "document": url_for(DOCUMENT) if DOCUMENT in current_app.view_functions else "",
    }


def example_code() -> str:
    """The code of an open dataset for examples; a plausible one where nothing is open yet."""
    entry = _example()
    return words.slug(entry) if entry else "306001-000001"


def _example() -> Entry | None:
    found = _find(Query(sort=Sort.DOWNLOADS, per_page=1, facets={**_own(), "tier": (v.OpenTier.T0.value,)}))
    return found.entries[0] if found.entries else None


def _at(endpoint: str, **values: Any) -> str:
    return url_for(endpoint, _external=True, **values)


def _curl(endpoint: str, **values: Any) -> str:
    return record.curl(_at(endpoint, **values), keyed=False)


def site_map() -> list[tuple[str, list[words.Link]]]:
    """Every public page, in groups."""
    groups = {
        _("Data"): {
            _("Home"): "site.home",
            _("Data catalogue"): "datasets.find",
            _("Departments and counties"): "datasets.orgs",
            _("Indicators"): "indicators.overview",
        },
        _("For programs"): {
            _("Open platform"): "site.developers",
            _("Reference of the data interface"): "api_reference.show",
            _("DCAT catalogue"): "linked.negotiated",
            _("Catalogue as data.json (DCAT-US)"): "machine_files.data_json",
            _("News feed (Atom)"): "feeds.feed",
            _("Site map for search engines (XML)"): "feeds.sitemap",
        },
        _("About"): {
            _("Help and feedback"): "site.help",
            _("Accessibility"): "site.accessibility",
            _("Privacy"): "site.privacy",
            _("Terms of use"): "site.terms",
        },
        _("Account"): {_("Sign in"): "account.sign_in"},
    }
    return [
        (name, [words.Link(text, url_for(endpoint)) for text, endpoint in links.items()])
        for name, links in groups.items()
    ]

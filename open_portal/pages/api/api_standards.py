"""The data standards as the desk lists them, for programs: elements and lists, uses, coverage, deviations, sources."""

from collections.abc import Sequence
from typing import Any

from apiflask import Schema, fields
from flask import url_for

from catalog import item_standards, sources, standards
from catalog.item_standards import Coverage, Standing
from catalog.models import Item
from catalog.standard_models import DataElement, SourceClaim
from catalog.standards import Standard
from open_portal.pages import dataset_words as words
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_datasets import named
from open_portal.pages.api.api_desk import own
from open_portal.pages.api.api_door import needs_staff
from open_portal.pages.api.api_tables import Answer, listed
from open_portal.pages.desk import desk_standards
from open_portal.pages.desk.desk_frame import is_inside, language, today
from open_portal.pages.desk.desk_item_standards import own_coverage, unit_names
from open_portal.pages.desk.desk_standards import demand_government, kind_named, may_see
from open_portal.requests import actor, session
from policies.refusals import NotFound

N_ = schemas.N_


class DeskStandard(Schema):
    """A data element or a code list: the version in force, else the newest that the asker may know of."""

    name = fields.String(required=True)
    title = fields.String(required=True)
    definition = fields.String(required=True)
    version = fields.Integer(required=True)
    state = fields.Nested(schemas.Named, required=True)
    in_force = fields.Boolean(required=True)
    type = fields.Nested(schemas.Named, required=True, allow_none=True)
    code_list = fields.String(required=True, allow_none=True)
    codes = fields.Integer(required=True, allow_none=True)
    source = fields.String(required=True)
    owner = fields.String(required=True)
    source_unit = fields.String(required=True, allow_none=True)
    uses = fields.Integer(required=True, metadata=schemas.told(N_("Items of entries that refer to it")))
    page = fields.String(required=True)


class StandardVersion(Schema):
    """A version of an element or a list."""

    number = fields.Integer(required=True)
    title = fields.String(required=True)
    state = fields.Nested(schemas.Named, required=True)
    in_force = fields.Boolean(required=True)
    starts_on = fields.Date(required=True, allow_none=True)
    ends_on = fields.Date(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)


class StandardCode(Schema):
    """A code of a version of a list."""

    place = fields.Integer(required=True)
    value = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    parent = fields.String(required=True, allow_none=True)
    valid_from = fields.Date(required=True, allow_none=True)
    valid_until = fields.Date(required=True, allow_none=True)


class StandardUse(Schema):
    """An item of the asker's units that refers to an element or a list."""

    dataset = fields.String(required=True)
    title = fields.String(required=True)
    item = fields.String(required=True)
    item_title = fields.String(required=True)


class ItemStanding(StandardUse):
    """An item against the standards."""

    element = fields.String(required=True, allow_none=True)
    code_list = fields.String(required=True, allow_none=True)
    few_values = fields.Boolean(required=True)
    needs_list = fields.Boolean(required=True)
    checked = fields.Integer(required=True, allow_none=True)
    deviating = fields.Integer(required=True)
    different = fields.Integer(required=True, metadata=schemas.told(N_("Different values that are not in the list")))


class CodeDeviation(StandardUse):
    """A value that is not in its code list."""

    code_list = fields.String(required=True, allow_none=True)
    value = fields.String(required=True)
    rows = fields.Integer(required=True)
    proposed = fields.String(required=True)
    meaning = fields.String(required=True)
    found_by = fields.Nested(schemas.Named, required=True)


class UnitCoverage(Schema):
    """How far a unit has come with the standards."""

    unit = fields.String(required=True)
    items = fields.Integer(required=True)
    with_element = fields.Integer(required=True)
    few = fields.Integer(required=True)
    few_with_list = fields.Integer(required=True)
    deviating_items = fields.Integer(required=True)
    deviating_rows = fields.Integer(required=True)
    checked_rows = fields.Integer(required=True)
    as_of = fields.Date(required=True)


class Claim(Schema):
    """A unit's claim to be the one source of an element."""

    element = fields.String(required=True)
    unit = fields.String(required=True)
    scope = fields.String(required=True)
    state = fields.Nested(schemas.Named, required=True)
    basis = fields.String(required=True)
    disputes = fields.Integer(required=True)
    created_at = fields.DateTime(required=True)
    ruled_at = fields.DateTime(required=True, allow_none=True)


STANDARD = "desk/standards/<kind>/<name>"
USE_ORDERS = ("dataset", "item")
CLAIM_ORDERS = ("element", "unit", "state", "created_at", "ruled_at")


@listed(
    "desk/standards/<kind>",
    N_("Data elements or code lists, drafts too"),
    "DeskStandards",
    DeskStandard,
    ("name", "title", "state", "owner", "uses"),
    key="standards",
    asks={"q": api_tables.words(N_("Part of the name, the title or the standard"))},
)
def desk_standards_of(kind: str, asked: dict[str, Any]) -> Answer:
    """Elements (kind “elements”) or lists (kind “lists”) by name; drafts for those alone who work on them."""
    government()
    table = kind_named(kind)
    found = [row for row in standards.listed(session(), table, today(), asked["q"].strip()) if may_see(row)]
    counts = standards.use_counts(session(), table)
    claims = desk_standards.sources_of([row.name for row in found]) if table is DataElement else {}
    rows = [_standard(kind, row, counts.get(row.name, 0), claims.get(row.name)) for row in found]
    return api_tables.answer("standards", DeskStandard, rows, asked)


@listed(
    f"{STANDARD}/versions",
    N_("Versions of an element or a list"),
    "StandardVersions",
    StandardVersion,
    ("number", "state", "starts_on", "created_at"),
)
def desk_standard_versions(kind: str, name: str, asked: dict[str, Any]) -> Answer:
    """Every version that the asker may know of, the newest first."""
    plain = ("number", "starts_on", "ends_on", "created_at")
    rows = [
        {
            **{field: getattr(row, field) for field in plain},
            "title": row.label(language()),
            "state": named(row.state),
            "in_force": standards.is_in_force(row, today()),
        }
        for row in _versions(kind, name)
    ]
    return api_tables.answer("versions", StandardVersion, rows, asked)


@listed(
    f"{STANDARD}/codes",
    N_("Codes of a version of a list"),
    "StandardCodes",
    StandardCode,
    ("place", "value", "zh", "en"),
    asks={"version": schemas.whole(0, 0, 1_000_000, N_("Number of the version; the one in force, if left out"))},
)
def desk_standard_codes(kind: str, name: str, asked: dict[str, Any]) -> Answer:
    """The codes of a version, those too that do not hold today; an element has none of its own."""
    found = _versions(kind, name)
    now_ = next((row for row in found if standards.is_in_force(row, today())), found[0])
    row = next((one for one in found if one.number == asked["version"]), now_)
    plain = ("value", "zh", "en", "parent", "valid_from", "valid_until")
    codes = () if isinstance(row, DataElement) else row.codes
    rows = [{"place": at, **{one: getattr(code, one) for one in plain}} for at, code in enumerate(codes, 1)]
    return api_tables.answer("codes", StandardCode, rows, asked)


@listed(f"{STANDARD}/uses", N_("Items of my units that refer to a standard"), "StandardUses", StandardUse, USE_ORDERS)
def desk_standard_uses(kind: str, name: str, asked: dict[str, Any]) -> Answer:
    """The items that refer to an element or a list, within the asker's units."""
    _versions(kind, name)
    found = standards.uses(session(), name, kind_named(kind))
    rows = [_use(one) for one in found if is_inside(actor(), one.entry.tenant)]
    return api_tables.answer("uses", StandardUse, rows, asked)


@listed(f"{STANDARD}/claims", N_("Claims to be the source of an element"), "ElementClaims", Claim, CLAIM_ORDERS)
def desk_element_claims(kind: str, name: str, asked: dict[str, Any]) -> Answer:
    """Who claims to be the source of an element, the newest first; a list has no source."""
    _versions(kind, name)
    found = sources.of_element(session(), name) if kind_named(kind) is DataElement else []
    return api_tables.answer("claims", Claim, [_claim(one) for one in found], asked)


@listed("desk/sources", N_("Every claim to be the source of an element"), "Claims", Claim, CLAIM_ORDERS, key="claims")
def desk_sources(asked: dict[str, Any]) -> Answer:
    """Claims are no secret among units; the newest first."""
    government()
    return api_tables.answer("claims", Claim, [_claim(one) for one in sources.all_claims(session())], asked)


@listed(
    "desk/datasets/<code>/standards",
    N_("Items of a dataset against the standards"),
    "ItemStandings",
    ItemStanding,
    ("item", "element", "code_list", "deviating"),
    key="items",
)
def desk_item_standards(code: str, asked: dict[str, Any]) -> Answer:
    """The items of an entry, each with its element, its list and its deviations."""
    found = item_standards.standings(session(), [own(code)], today())
    return api_tables.answer("items", ItemStanding, [_standing(one) for one in found], asked)


@listed(
    "desk/standards/coverage",
    N_("How far my units have come with the standards"),
    "Coverages",
    UnitCoverage,
    ("unit", "items", "with_element", "few_with_list", "deviating_rows"),
)
def desk_coverage(asked: dict[str, Any]) -> Answer:
    """The figures of the units in which the asker works and of those below them, one line a unit."""
    needs_staff()
    return api_tables.answer("coverage", UnitCoverage, coverage_lines(own_coverage()), asked)


def coverage_lines(found: Sequence[Coverage]) -> list[dict[str, Any]]:
    """The figures of some units, one line a unit, by name."""
    names = unit_names(found)
    plain = [one for one in UnitCoverage().fields if one not in {"unit", "as_of"}]
    rows = [
        {"unit": names[one.tenant_id], "as_of": today(), **{name: getattr(one, name) for name in plain}}
        for one in found
    ]
    return sorted(rows, key=lambda one: str(one["unit"]))


@listed(
    "desk/standards/deviations",
    N_("Values that are not in their code list"),
    "CodeDeviations",
    CodeDeviation,
    (*USE_ORDERS, "code_list", "value", "rows"),
)
def desk_deviations(asked: dict[str, Any]) -> Answer:
    """Every deviating value of the asker's units."""
    needs_staff()
    rows = [
        {
            **_use(one.item),
            "code_list": one.list_name,
            "value": each.value,
            "rows": each.rows,
            "proposed": each.match.value or "",
            "meaning": each.meaning,
            "found_by": named(each.match.kind),
        }
        for unit in own_coverage()
        for one in unit.standings
        for each in one.deviations
    ]
    return api_tables.answer("deviations", CodeDeviation, rows, asked)


@listed(
    "desk/standards/missing", N_("Items of few values without a code list"), "MissingLists", ItemStanding, USE_ORDERS
)
def desk_missing_lists(asked: dict[str, Any]) -> Answer:
    """Items of the asker's units that should have a code list and have none."""
    needs_staff()
    rows = [_standing(one) for unit in own_coverage() for one in unit.standings if one.needs_list]
    return api_tables.answer("missing", ItemStanding, rows, asked)


def government() -> None:
    """Go on only for the token of somebody inside government; to others these lists do not exist."""
    needs_staff()
    demand_government()


def _versions(kind: str, name: str) -> list[Standard]:
    government()
    found = [row for row in standards.versions_of(session(), kind_named(kind), name) if may_see(row)]
    if not found:
        raise NotFound("general.not-found")
    return found


def _standard(kind: str, row: Standard, uses: int, claim: SourceClaim | None) -> dict[str, Any]:
    element = row if isinstance(row, DataElement) else None
    return {
        "name": row.name,
        "title": row.label(language()),
        "definition": row.definition,
        "version": row.number,
        "state": named(row.state),
        "in_force": standards.is_in_force(row, today()),
        "type": named(element.type) if element else None,
        "code_list": element.code_list if element else None,
        "codes": None if isinstance(row, DataElement) else len(row.codes),
        "source": row.source,
        "owner": words.tenant_name(row.tenant),
        "source_unit": words.tenant_name(claim.tenant) if claim else None,
        "uses": uses,
        "page": url_for("desk.standard", kind=kind, name=row.name, _external=True),
    }


def _use(item: Item) -> dict[str, Any]:
    return {
        "dataset": item.entry.code,
        "title": words.title(item.entry),
        "item": item.name,
        "item_title": words.label(item),
    }


def _standing(one: Standing) -> dict[str, Any]:
    return {
        **_use(one.item),
        "element": one.element.name if one.element else one.item.element,
        "code_list": one.list_name,
        "few_values": one.few_values,
        "needs_list": one.needs_list,
        "checked": one.checked,
        "deviating": one.deviating,
        "different": len(one.deviations),
    }


def _claim(one: SourceClaim) -> dict[str, Any]:
    plain = ("element", "basis", "created_at", "ruled_at")
    return {
        **{name: getattr(one, name) for name in plain},
        "unit": words.tenant_name(one.tenant),
        "scope": words.tenant_name(one.scope),
        "state": named(one.state),
        "disputes": len(one.disputes),
    }

"""Descriptions: what a steward says of an entry and of its items, as values that can be kept, compared and applied."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any, get_type_hints

from catalog.models import Entry
from policies import vocabulary as v
from policies.vocabulary import Term


@dataclass(frozen=True)
class Description:
    """Everything that a steward says of an entry; drafts may leave it unfinished."""

    title: str
    abstract: str = ""
    title_en: str = ""
    abstract_en: str = ""
    catalogue_class: v.CatalogueClass = v.CatalogueClass.DEPARTMENTAL
    themes: tuple[str, ...] = ()
    industry: str | None = None
    tags: tuple[str, ...] = ()
    region_code: str = "330500"
    data_range: v.DataRange = v.DataRange.WHOLE_CITY
    time_from: date | None = None
    time_to: date | None = None
    granularity: str = ""
    object_flags: int = 0
    use_scenes: tuple[str, ...] = ()
    collection_kind: v.CollectionKind = v.CollectionKind.FILE
    update_cycle: v.UpdateCycle = v.UpdateCycle.IRREGULAR
    national_grade: v.NationalGrade = v.NationalGrade.GENERAL
    share_type: v.ShareType = v.ShareType.SHARE_UNCOND
    share_condition: str = ""
    share_mode: v.ShareMode | None = v.ShareMode.PLATFORM
    share_reason: v.ReasonKind | None = None
    share_basis: str = ""
    open_type: v.OpenType = v.OpenType.OPEN_FORBIDDEN
    open_tier: v.OpenTier = v.OpenTier.TX
    open_condition: str = ""
    open_reason: v.ReasonKind | None = None
    open_basis: str = ""
    personal_basis: str = ""
    metadata_public: bool = False
    licence: v.Licence | None = None
    contact_office: str = ""
    contact_phone: str = ""
    contact_email: str = ""
    source_system: str = ""
    source_note: str = ""
    source_url: str = ""
    resources: tuple[Mapping[str, Any], ...] = ()
    extras: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ItemDescription:
    """What a steward says of one data item; `name` is the heading in the file."""

    name: str
    title: str = ""
    title_en: str = ""
    meaning: str = ""
    type: v.ItemType = v.ItemType.TEXT
    unit: str = ""
    codes: tuple[str, ...] | None = None
    element: str | None = None
    code_list: str | None = None
    is_primary: bool = False
    nullable: bool = True
    is_timestamp: bool = False
    secret: bool = False
    sensitive: bool = False
    business_secret: bool = False
    share_condition: str = ""
    open_condition: str = ""
    personal_kind: v.PersonalKind | None = None
    desensitisation: v.Desensitisation = v.Desensitisation.NONE
    security_level: v.SecurityLevel = v.SecurityLevel.L1
    share_type: v.ShareType = v.ShareType.SHARE_UNCOND
    open_type: v.OpenType = v.OpenType.OPEN_UNCOND


def of_entry(entry: Entry) -> Description:
    """An entry's description as it stands."""
    return _made({one.name: getattr(entry, one.name) for one in fields(Description)})


def apply(entry: Entry, description: Description) -> None:
    """Write a description into its entry."""
    for one in fields(Description):
        value = getattr(description, one.name)
        setattr(entry, one.name, _kept(value))


def to_json(description: Description) -> dict[str, Any]:
    """The description as JSON values."""
    return {
        name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(description).items()
    }


def from_json(plain: Mapping[str, Any]) -> Description:
    """The description that `to_json` wrote."""
    kinds = get_type_hints(Description)
    return _made({name: _read(kind, plain[name]) for name, kind in kinds.items() if name in plain})


def _kept(value: Any) -> Any:
    """A value as its column holds it."""
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _read(kind: Any, value: Any) -> Any:
    """A JSON value as its field has it: a term by its code, a day by its ISO form."""
    for one in getattr(kind, "__args__", (kind,)):
        if value is not None and isinstance(one, type) and issubclass(one, Term):
            return one(value)
        if value is not None and one is date:
            return date.fromisoformat(value)
    return value


def _made(values: Mapping[str, Any]) -> Description:
    plain: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in values.items()}
    return Description(**plain)

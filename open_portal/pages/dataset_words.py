"""How an entry is named on pages: its address, and its texts in the reader's language where there are any."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.mapping import regions
from catalog.models import Entry, Item
from open_portal import language
from policies import vocabulary as v
from tenancy.models import Tenant

TABLE_FORMATS = (v.Format.CSV, v.Format.XLSX, v.Format.JSON)
"""What every stored table can be had in; named on cards where the entry itself names no format."""
NEIGHBOURS = {
    "330000": ("浙江省", "Zhejiang Province"),
    "330400": ("嘉兴市", "Jiaxing"),
    "330600": ("绍兴市", "Shaoxing"),
    "330900": ("舟山市", "Zhoushan"),
}
"""Areas next to the city; all others are named in Chinese alone."""
REGIONS = {one.value: one for one in v.Region}


@dataclass(frozen=True)
class Link:
    """Somewhere to go, with the text that says where."""

    text: str
    href: str


def english() -> bool:
    """Whether the reader reads English."""
    return str(get_locale()).startswith("en")


def slug(entry: Entry) -> str:
    """The code as it stands in addresses."""
    return entry.code.replace("/", "-")


def address(entry: Entry, *, absolute: bool = False) -> str:
    """The address of the entry's page."""
    return url_for("datasets.show", code=slug(entry), _external=absolute)


def title(entry: Entry) -> str:
    """The title; Chinese where there is no English one."""
    return entry.title_en if english() and entry.title_en else entry.title


def abstract(entry: Entry) -> str:
    """The abstract; Chinese where there is no English one. Where the platform of origin gives none, that is said."""
    found = entry.abstract_en if english() and entry.abstract_en else entry.abstract
    if found or entry.origin is v.Origin.OWN:
        return found
    return str(_("%(portal)s gives no description of these data.", portal=portal(entry)))


def label(item: Item) -> str:
    """What a column is called for readers: its title, else its name in the file."""
    return (item.title_en if english() else "") or item.title or item.name


def tenant_name(tenant: Tenant) -> str:
    """A body's name in the reader's language."""
    return tenant.name.label(str(get_locale()))


def publisher(entry: Entry) -> str:
    """Who answers for the data: the owner, or whoever another portal names."""
    return entry.publisher_name or tenant_name(entry.tenant)


def portal(entry: Entry) -> str:
    """The platform that an entry was taken over from, by the name under which it is kept here."""
    source = entry.harvest_source
    return source.label(str(get_locale())) if source else entry.origin_portal or ""


def region(code: str) -> str:
    """The name of a division, of Huzhou or elsewhere; its code where none is called so today."""
    if code in REGIONS:
        return language.term(REGIONS[code])
    if code in NEIGHBOURS:
        return NEIGHBOURS[code][1 if english() else 0]
    return regions.name_of(code) or code


def formats(entry: Entry) -> list[str]:
    """The formats an entry can be had in, as short words."""
    named: list[str] = list(entry.formats) or (list(TABLE_FORMATS) if entry.live_version_id else [])
    return [_("API") if one == v.Format.API else one.upper() for one in named]


def together(words: Iterable[str]) -> str:
    """A list as one text, with the comma of the reader's language."""
    return (", " if english() else "、").join(word for word in words if word)


def span(entry: Entry) -> str:
    """The time that the data cover; empty where nobody has said."""
    if not (entry.time_from or entry.time_to):
        return ""
    start, end = language.date(entry.time_from), language.date(entry.time_to)
    return str(_("%(start)s to %(end)s", start=start or "…", end=end or _("now")))


def publishers(session: Session, values: Iterable[str]) -> dict[str, str]:
    """Names for the values of the publisher facet: ids of tenants, or names as another portal gives them."""
    wanted = list(values)
    found = {one.id: tenant_name(one) for one in session.scalars(select(Tenant).where(Tenant.id.in_(wanted)))}
    return {value: found.get(value, value) for value in wanted}


def size(count: int | None) -> str:
    """A number of bytes as people read it."""
    if count is None:
        return ""
    if count < 1024:
        return f"{count} B"
    if count < 1 << 20:
        return f"{count / 1024:.0f} KB"
    return f"{count / (1 << 20):.1f} MB"

"""What the catalogue's tests share: entries in any state, without the long way through the review."""

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from catalog import changes
from catalog.models import Entry, Item
from policies import vocabulary as v
from tenancy.models import Tenant
from tenancy.types import new_id
from tenancy.work import Work

Maker = Callable[..., Entry]
_numbers = count(1)


def make_entry(deed: Work, tenant: Tenant, title: str, items: tuple[str, ...] = (), **values: Any) -> Entry:
    """An entry, published and open to all unless told otherwise, with its change noted."""
    entry = loose_entry(tenant, title, deed.now, items, **values)
    deed.session.add(entry)
    changes.note(deed, entry, "entry.made")
    return entry


def loose_entry(tenant: Tenant, title: str, now: datetime, items: tuple[str, ...] = (), **values: Any) -> Entry:
    """Such an entry in no database."""
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "id": new_id(),
        "code": f"399001/{number:06d}",
        "category_code": "399001",
        "origin": v.Origin.OWN,
        "tenant": tenant,
        "tenant_id": tenant.id,
        "source_tenant": tenant,
        "source_tenant_id": tenant.id,
        "author_id": "nobody",
        "state": v.EntryState.PUBLISHED,
        "open_state": v.OpenState.OPEN,
        "title": title,
        "abstract": "",
        "catalogue_class": v.CatalogueClass.DEPARTMENTAL,
        "themes": ["6"],
        "tags": [],
        "region_code": "330500",
        "data_range": v.DataRange.WHOLE_CITY,
        "object_flags": 1,
        "use_scenes": [],
        "formats": ["csv"],
        "collection_kind": v.CollectionKind.FILE,
        "update_cycle": v.UpdateCycle.DAILY,
        "security_level": v.SecurityLevel.L1,
        "national_grade": v.NationalGrade.GENERAL,
        "share_type": v.ShareType.SHARE_UNCOND,
        "open_type": v.OpenType.OPEN_UNCOND,
        "open_tier": v.OpenTier.T0,
        "collect_state": v.CollectState.NONE,
        "related_codes": [],
        "created_at": now,
        "changed_at": now,
    }
    entry = Entry(**(defaults | values))
    entry.items = [make_item(position, name) for position, name in enumerate(items)]
    return entry


def make_item(position: int, name: str, **values: Any) -> Item:
    """A data item that everyone may have unless told otherwise."""
    defaults: dict[str, Any] = {
        "id": new_id(),
        "position": position,
        "name": name,
        "type": v.ItemType.TEXT,
        "desensitisation": v.Desensitisation.NONE,
        "security_level": v.SecurityLevel.L1,
        "share_type": v.ShareType.SHARE_UNCOND,
        "open_type": v.OpenType.OPEN_UNCOND,
    }
    return Item(**(defaults | values))


@pytest.fixture(scope="session")
def maker() -> Maker:
    """The way to make entries: `maker(work, tenant, title, items, **columns)`."""
    return make_entry


@pytest.fixture(scope="session")
def loose() -> Maker:
    """The way to make entries in no database: `loose(tenant, title, now, items, **columns)`."""
    return loose_entry


@pytest.fixture(scope="session")
def item_maker() -> Callable[..., Item]:
    """The way to make data items: `item_maker(position, name, **columns)`."""
    return make_item

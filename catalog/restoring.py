"""Restoring: a catalogue that was dumped is put into an empty platform, piece by piece and as often as needed.

What a dump doesn't tell takes the strictest value: nothing is shared, nothing is open that wasn't told to be. Every
deed asks whether the platform is still empty but for what was restored, so that a token for restoring ends by itself
as soon as people begin to work.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog import changes, datasets, exchanging, names
from catalog.mapping.ckan_in import MEASURED, Sent
from catalog.mapping.ckan_in_values import instant, term
from catalog.models import Entry
from policies import identifiers
from policies import vocabulary as v
from policies.calendars import local_date
from policies.refusals import Invalid, Refused
from policies.vocabulary import TenantKind
from tenancy import tenants
from tenancy.models import Tenant
from tenancy.numbers import at_least, next_number
from tenancy.types import new_id
from tenancy.work import Work

AUTHOR = "restore"
"""Stands as the author of what was restored: a dump doesn't say who wrote an entry."""


class Emptiness:
    """What permissions know of the platform that a catalogue is restored into."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def facts(self) -> dict[str, object]:
        """Whether the platform holds nothing but what was restored."""
        return {
            "type": "System",
            "id": "catalogue",
            "path": (),
            "state": "empty" if is_empty(self.session) else "filled",
        }


def is_empty(session: Session) -> bool:
    """Whether no entry is there but restored ones; the first and last author tell, however many entries there are."""
    first = session.scalar(select(func.min(Entry.author_id)))
    return first is None or first == AUTHOR == session.scalar(select(func.max(Entry.author_id)))


def body(
    work: Work,
    *,
    id_: str,
    key: str,
    zh: str,
    told: Mapping[str, str],
    parent: tuple[str, str] | None,
    created: datetime | None,
) -> Tenant:
    """Restore a body as a tenant with its old identifier; one that is there already is kept as it is.

    `parent` is the id and key of the body above; one that isn't there yet is founded under its key and gets its
    name when its own turn comes. Without one, the body stands under the root.
    """
    work.demand("catalogue.restore", Emptiness(work.session))
    known = tenant_of(work.session, id_, key)
    if known is not None:
        if known.name.zh == known.key != zh:
            known.name.zh, known.name.en = zh, told.get("title_en", "") or zh
            known.kind, known.created_at = _kind(told), created or known.created_at
            known.region_code = told.get("region_code", known.region_code)
            work.record("tenant.restored", known, key=key)
        return known
    above = _above(work, parent)
    tenant = tenants.found(
        work,
        key=key,
        kind=_kind(told),
        zh=zh,
        en=told.get("title_en", "") or zh,
        region_code=told.get("region_code", "") or (above.region_code if above else "330500"),
        parent=above,
        on=local_date(created) if created else None,
        id_=id_ if len(id_) <= 36 else None,
    )
    tenant.created_at = created or tenant.created_at
    return tenant


def package(work: Work, sent: Sent) -> tuple[Entry, bool]:
    """Restore an entry with its id, code, dates and words; gives it, and whether anything about it is new."""
    work.demand("catalogue.restore", Emptiness(work.session))
    if sent.groups:
        raise Invalid.gathered([Invalid("ckan.group", name=sent.groups[0], field="groups.0.name")])
    tenant = _owner(work.session, sent)
    entry = work.session.get(Entry, sent.id) if sent.id else names.of_holder(work.session, names.RESTORE, sent.name)
    values = _values(sent, tenant)
    new = entry is None
    if entry is None:
        entry = _new(work, sent, tenant, values)
    elif all(getattr(entry, name) == value for name, value in values.items()):
        return entry, False
    for name, value in values.items():
        setattr(entry, name, value)
    changes.note(work, entry, "entry.restored-from-dump")
    entry.changed_at = sent.modified or work.now
    names.keep(work, entry, names.RESTORE, sent.name)
    work.record("entry.dump-restored", entry, code=entry.code, new=new)
    return entry, True


def tenant_of(session: Session, *words: str) -> Tenant | None:
    """A body of ours by its id or key, the first that is known."""
    for word in filter(None, words):
        found = session.scalars(select(Tenant).where((Tenant.id == word) | (Tenant.key == word))).first()
        if found is not None and found.kind is not TenantKind.APPLICANT:
            return found
    return None


def _values(sent: Sent, tenant: Tenant) -> dict[str, Any]:
    """Everything that a dump tells of an entry."""
    told = sent.told
    harvested = bool(told.get("origin_portal"))
    found = exchanging.values_of(sent, "")
    tier = found["open_tier"]
    told_opening = "open_tier" in sent.values or "open_type" in sent.values
    if not told_opening and not harvested:
        tier = v.OpenTier.TX
    open_type = exchanging.TYPE_OF_TIER[tier]
    closed = open_type is v.OpenType.OPEN_FORBIDDEN and not harvested
    publisher = told.get("publisher") or sent.publisher
    live = sent.state == "active" and not sent.private
    page = f"{sent.id}-{v.Format.HTML.value}"
    return {
        **found,
        "open_tier": tier,
        "open_type": open_type,
        "open_state": v.OpenState.NOT_OPEN if closed else v.OpenState.OPEN,
        "metadata_public": live,
        "state": _state(sent),
        "licence": sent.values.get("licence") or None,
        # The page that leads to the origin is made anew wherever there is nothing else.
        "resources": [one.kept() for one in sent.resources or () if not (harvested and one.id == page)],
        "extras": {**(sent.extras or {}), **{key: told[key] for key in MEASURED if key in told}},
        "publisher_name": publisher if publisher != tenant.name.zh else None,
        "origin": v.Origin.HARVESTED if harvested else v.Origin.OWN,
        "origin_portal": told.get("origin_portal"),
        "origin_url": told.get("origin_url"),
        "external_id": (told.get("origin_id") or sent.id or sent.name) if harvested else None,
        "share_type": v.ShareType.SHARE_NONE,
        "granularity": told.get("granularity", ""),
        "data_updated_at": instant(told.get("data_updated", "")),
    }


def _state(sent: Sent) -> v.EntryState:
    if sent.state == "deleted":
        return v.EntryState.WITHDRAWN
    return v.EntryState.PUBLISHED if sent.state == "active" and not sent.private else v.EntryState.DRAFT


def _new(work: Work, sent: Sent, tenant: Tenant, values: Mapping[str, Any]) -> Entry:
    if values["origin"] is v.Origin.OWN:
        datasets.demand_title(work.session, tenant, values["title"])
    code = _code(work, sent, values)
    created = sent.created or work.now
    entry = Entry(
        id=sent.id if 0 < len(sent.id) <= 36 else new_id(),
        code=code,
        category_code=code.partition("/")[0],
        tenant=tenant,
        tenant_id=tenant.id,
        source_tenant=tenant,
        source_tenant_id=tenant.id,
        author_id=AUTHOR,
        catalogue_class=v.CatalogueClass(code[0]),
        collection_kind=v.CollectionKind.FILE,
        object_flags=0,
        use_scenes=[],
        related_codes=[],
        national_grade=v.NationalGrade.GENERAL,
        collect_state=v.CollectState.NONE,
        items=[],
        created_at=created,
        changed_at=sent.modified or work.now,
        published_at=created if values["state"] is v.EntryState.PUBLISHED else None,
        **values,
    )
    work.session.add(entry)
    work.session.flush()
    return entry


def _code(work: Work, sent: Sent, values: Mapping[str, Any]) -> str:
    """The entry's old code, behind which ours go on counting; a new one where the dump has none."""
    told = sent.told.get("identifier", "")
    if not identifiers.valid_resource_code(told):
        theme = int(values["themes"][0]) if values["themes"] else 99
        category = f"{v.CatalogueClass.DEPARTMENTAL.value}{theme:02d}001"
        return identifiers.resource_code(category, next_number(work.session, f"code:{category}"))
    if work.session.scalars(select(Entry.id).where(Entry.code == told)).first():
        raise Invalid.gathered([Invalid("ckan.code-taken", code=told, field="extras")])
    category, _slash, number = told.partition("/")
    at_least(work.session, f"code:{category}", int(number))
    return told


def _owner(session: Session, sent: Sent) -> Tenant:
    if not (sent.owner or sent.owner_name):
        raise Invalid.gathered([Invalid("ckan.owner-missing", field="owner_org")])
    tenant = tenant_of(session, sent.owner, sent.owner_name)
    if tenant is None:
        raise Invalid.gathered([Invalid("ckan.owner-unknown", field="owner_org")])
    return tenant


def _above(work: Work, parent: tuple[str, str] | None) -> Tenant | None:
    root = next((one for one in tenants.government(work.session) if one.parent_id is None), None)
    if parent is None:
        return root
    id_, key = parent
    found = tenant_of(work.session, id_, key)
    if found is not None:
        return found
    if root is None:
        raise Refused("ckan.owner-unknown")
    kind, region = TenantKind.DEPARTMENT, root.region_code
    return tenants.found(work, key=key, kind=kind, zh=key, en=key, region_code=region, parent=root, id_=id_ or None)


def _kind(told: Mapping[str, str]) -> TenantKind:
    found = term(TenantKind, told.get("kind", ""))
    return TenantKind.DEPARTMENT if found in {None, TenantKind.APPLICANT} else found

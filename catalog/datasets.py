"""Datasets: catalogue entries registered, described, submitted, reviewed, changed, suspended and withdrawn as deeds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import assessments, changes, descriptions, standards, versions
from catalog.descriptions import Description as Description  # noqa: PLC0414 - part of the deeds' signatures
from catalog.descriptions import ItemDescription as ItemDescription  # noqa: PLC0414 - likewise
from catalog.models import Entry, Follow, Item
from catalog.reading import LIVE, OPENED
from policies import identifiers, opening
from policies import vocabulary as v
from policies.approval import Moved
from policies.calendars import local_date
from policies.refusals import Invalid, Refusal, Refused
from tenancy import cases
from tenancy.models import Tenant
from tenancy.numbers import next_number
from tenancy.records import Case
from tenancy.types import new_id
from tenancy.work import Work

description_of = descriptions.of_entry
EDITABLE = (v.EntryState.DRAFT, v.EntryState.REJECTED)
CASES = ("ENTRY_REVIEW", "ENTRY_CHANGE", "ENTRY_WITHDRAWAL")


def register(work: Work, tenant: Tenant, description: Description, *, source: Tenant | None = None) -> Entry:
    """Enter a draft for a tenant and give it its code, which is never given again (domain rule §4.3)."""
    work.demand("entry.register", _Place(tenant))
    demand_title(work.session, tenant, description.title)
    category = category_of(description)
    entry = Entry(
        id=new_id(),
        code=identifiers.resource_code(category, next_number(work.session, f"code:{category}")),
        category_code=category,
        origin=v.Origin.OWN,
        tenant=tenant,
        tenant_id=tenant.id,
        source_tenant=source or tenant,
        source_tenant_id=(source or tenant).id,
        author_id=work.actor.id,
        state=v.EntryState.DRAFT,
        open_state=v.OpenState.NOT_OPEN,
        security_level=v.SecurityLevel.L1,
        collect_state=v.CollectState.NONE,
        formats=[],
        related_codes=[],
        created_at=work.now,
        changed_at=work.now,
    )
    descriptions.apply(entry, description)
    work.session.add(entry)
    work.session.flush()
    work.record("entry.registered", entry, code=entry.code)
    changes.note(work, entry, "entry.registered")
    return entry


def describe(work: Work, entry: Entry, description: Description) -> None:
    """Change a draft's description; an entry under review or published changes through `propose_change`."""
    work.demand("entry.edit", entry)
    _demand_editable(entry)
    if description.title != entry.title:
        demand_title(work.session, entry.tenant, description.title)
    descriptions.apply(entry, description)
    work.record("entry.described", entry, code=entry.code)
    changes.note(work, entry, "entry.described")


def set_items(work: Work, entry: Entry, items: Sequence[ItemDescription]) -> None:
    """Replace a draft's data items; its security level becomes that of its most sensitive item."""
    work.demand("entry.edit", entry)
    _demand_editable(entry)
    _write_items(work, entry, items)
    work.record("entry.items", entry, code=entry.code, items=len(items))
    changes.note(work, entry, "entry.items")


def fill_items(work: Work, entry: Entry, items: Sequence[ItemDescription]) -> None:
    """Propose data items from a file's columns, where the steward has described none yet."""
    work.demand("quality.run", entry)
    if entry.items or entry.state not in EDITABLE:
        return
    _write_items(work, entry, items)
    changes.note(work, entry, "entry.items")


def retype_items(work: Work, entry: Entry, types: Mapping[str, v.ItemType]) -> None:
    """Let items of a draft follow the types that their columns have after a conversion the steward accepted."""
    work.demand("quality.run", entry)
    if entry.state not in EDITABLE:
        return
    for item in entry.items:
        if item.name in types and item.type != types[item.name]:
            item.type = types[item.name]
            work.record("entry.item-retyped", entry, item=item.name, type=item.type.value)


def violations(entry: Entry) -> tuple[Refusal, ...]:
    """Everything that stands in the way of submitting an entry, each with the field it belongs to."""
    attributes = opening.Attributes(**_opening_values(entry, opening.Attributes))
    found = list(opening.check(attributes, _attributes_of(entry.items)))
    required = ("title", "abstract", "themes", "object_flags", "contact_office", "contact_phone")
    found += [Invalid("entry.missing", field=name) for name in required if not getattr(entry, name)]
    if not entry.items:
        found.append(Invalid("entry.no-items", field="items"))
    if entry.open_type is not v.OpenType.OPEN_FORBIDDEN and entry.licence is None:
        found.append(Invalid("entry.missing", field="licence"))
    return tuple(found)


def submit(work: Work, entry: Entry) -> Case:
    """Hand a draft to the authority for review; refused with every reason at once while something is missing."""
    work.demand("entry.submit", entry)
    _demand_editable(entry)
    found = violations(entry)
    if found:
        raise Invalid("entry.incomplete", fields={_field_of(one, n): one for n, one in enumerate(found)})
    entry.state = v.EntryState.PUBLISH_REVIEW
    case = cases.begin(work, "ENTRY_REVIEW", entry, title=entry.title, tenant=entry.tenant)
    work.record("entry.submitted", entry, code=entry.code, case=case.number)
    changes.note(work, entry, "entry.submitted")
    return case


def propose_change(work: Work, entry: Entry, description: Description) -> Case:
    """Propose another description of a published entry; what is published stays until the authority agrees."""
    work.demand("entry.edit", entry)
    if entry.state is not v.EntryState.PUBLISHED:
        raise Refused("entry.wrong-state", state=entry.state)
    entry.proposal = descriptions.to_json(description)
    entry.state = v.EntryState.CHANGE_REVIEW
    case = cases.begin(work, "ENTRY_CHANGE", entry, title=entry.title, tenant=entry.tenant)
    work.record(
        "entry.change-proposed",
        entry,
        code=entry.code,
        tightens=opening.tightens(entry.open_type, description.open_type),
    )
    changes.note(work, entry, "entry.change-proposed")
    return case


def request_withdrawal(work: Work, entry: Entry, reason: str) -> Case:
    """Ask the authority to take a published entry out of the catalogue."""
    work.demand("entry.withdraw", entry)
    if entry.state is not v.EntryState.PUBLISHED:
        raise Refused("entry.wrong-state", state=entry.state)
    if not reason.strip():
        raise Invalid("entry.missing", field="reason")
    entry.state = v.EntryState.WITHDRAW_REVIEW
    case = cases.begin(work, "ENTRY_WITHDRAWAL", entry, title=entry.title, tenant=entry.tenant)
    work.record("entry.withdrawal-requested", entry, code=entry.code, reason=reason)
    changes.note(work, entry, "entry.withdrawal-requested")
    return case


def review(work: Work, entry: Entry, move: str, *, comment: str = "", basis: str = "") -> Moved:
    """Decide on an entry's open case: publish, reject, apply a change or withdraw. The author never decides."""
    case = cases.of_subject(work.session, entry, *CASES)
    work.demand("entry.submit" if move == "recall" else "entry.review", entry)
    if case is None or case.ended_at:
        raise Refused("entry.no-review", code=entry.code)
    moved = cases.move(work, case, move, comment=comment, basis=basis)
    if case.kind == "ENTRY_REVIEW":
        _after_review(work, entry, move)
    elif case.kind == "ENTRY_CHANGE":
        _after_change(work, entry, move)
    else:
        entry.state = v.EntryState.WITHDRAWN if move == "approve" else v.EntryState.PUBLISHED
    work.record("entry.reviewed", entry, code=entry.code, move=move, case=case.number)
    changes.note(work, entry, f"entry.{move}")
    return moved


def suspend(work: Work, entry: Entry, reason: str) -> None:
    """Take an entry off every page and interface at once, until it is restored."""
    work.demand("entry.suspend", entry)
    if entry.state not in LIVE:
        raise Refused("entry.wrong-state", state=entry.state)
    entry.state = v.EntryState.SUSPENDED
    work.record("entry.suspended", entry, code=entry.code, reason=reason)
    changes.note(work, entry, "entry.suspended")


def restore(work: Work, entry: Entry, reason: str) -> None:
    """Put a suspended entry back where it was."""
    work.demand("entry.restore", entry)
    if entry.state is not v.EntryState.SUSPENDED:
        raise Refused("entry.wrong-state", state=entry.state)
    entry.state = v.EntryState.PUBLISHED
    work.record("entry.restored", entry, code=entry.code, reason=reason)
    changes.note(work, entry, "entry.restored")


def discard(work: Work, entry: Entry) -> None:
    """Delete a draft that was never published; its code is not given again."""
    work.demand("entry.delete", entry)
    if entry.published_at or entry.state not in EDITABLE:
        raise Refused("entry.wrong-state", state=entry.state)
    entry.state = v.EntryState.DELETED
    work.record("entry.deleted", entry, code=entry.code)
    changes.note(work, entry, "entry.deleted")


def follow(work: Work, entry: Entry, wanted: bool) -> None:
    """Hear, or no longer hear, of an entry's changes."""
    work.demand("follow.set", entry)
    query = select(Follow).where(Follow.person_id == work.actor.id, Follow.entry_id == entry.id)
    row = work.session.scalars(query).first()
    if wanted and row is None:
        work.session.add(Follow(id=new_id(), person_id=work.actor.id, entry_id=entry.id, since=work.now))
    elif not wanted and row is not None:
        work.session.delete(row)


def proposed(entry: Entry) -> Description | None:
    """The description under review, if a change was proposed."""
    return descriptions.from_json(entry.proposal) if entry.proposal else None


def category_of(description: Description) -> str:
    """Classification part of the code: class, theme as two digits, first division."""
    theme = description.themes[0] if description.themes else "99"
    return f"{description.catalogue_class.value}{int(theme):02d}001"


class _Place:
    """What permissions know of the place where an entry is about to be registered."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant

    def facts(self) -> dict[str, object]:
        """An entry that does not exist yet, in its tenant."""
        return {"type": "Entry", "id": "new", "path": self.tenant.path}


def _after_review(work: Work, entry: Entry, move: str) -> None:
    if move == "approve":
        entry.state, entry.published_at = v.EntryState.PUBLISHED, entry.published_at or work.now
        version = versions.newest_passing(work.session, entry)
        if version:
            versions.make_live(work, version)
    else:
        entry.state = v.EntryState.REJECTED if move == "reject" else v.EntryState.DRAFT


def _after_change(work: Work, entry: Entry, move: str) -> None:
    entry.state = v.EntryState.PUBLISHED
    if move == "approve" and entry.proposal:
        tier = entry.open_tier
        descriptions.apply(entry, descriptions.from_json(entry.proposal))
        version = versions.live(work.session, entry)
        if version and entry.open_state in OPENED and entry.open_tier < tier:
            for hindrance in assessments.hindrances(version):
                raise hindrance
    entry.proposal = None


def _write_items(work: Work, entry: Entry, items: Sequence[ItemDescription]) -> None:
    standards.demand_known(work.session, items, local_date(work.now))
    names = [item.name for item in items]
    if len(set(names)) < len(names):
        raise Invalid("entry.item-twice", field="items")
    kept = {item.name: item for item in entry.items}
    for gone in set(kept) - set(names):
        entry.items.remove(kept[gone])
    work.session.flush()
    for position, description in enumerate(items):
        row = kept.get(description.name)
        if row is None:
            row = Item(id=new_id(), entry_id=entry.id)
            entry.items.append(row)
        for name, value in asdict(description).items():
            setattr(row, name, list(value) if isinstance(value, tuple) else value)
        row.position = position
    entry.items.sort(key=lambda item: item.position)
    attributes = _attributes_of(items)
    contents = opening.contents_of(attributes)
    entry.security_level = opening.level_of(attributes) or v.SecurityLevel.L1
    entry.contains_personal = contents.personal
    entry.contains_sensitive_personal = contents.sensitive_personal
    entry.contains_business_secret = contents.business_secret


def _demand_editable(entry: Entry) -> None:
    if entry.state not in EDITABLE:
        raise Refused("entry.wrong-state", state=entry.state)


def demand_title(session: Session, tenant: Tenant, title: str) -> None:
    """Go on only with a title of fitting length that no other entry of the tenant has; else Invalid."""
    if not 2 <= len(title.strip()) <= 500:
        raise Invalid("entry.title-length", field="title")
    query = select(Entry.code).where(
        Entry.tenant_id == tenant.id,
        Entry.title == title,
        Entry.origin == v.Origin.OWN,
        Entry.state != v.EntryState.DELETED,
    )
    taken = session.scalars(query).first()
    if taken:
        raise Invalid("entry.title-taken", field="title", code=taken)


def _field_of(refusal: Refusal, number: int) -> str:
    return f"{refusal.params.get('field', '')}#{number}"


def _attributes_of(items: Iterable[Item | ItemDescription]) -> list[opening.ItemAttributes]:
    return [opening.ItemAttributes(**_opening_values(item, opening.ItemAttributes)) for item in items]


def _opening_values(row: object, shape: type[Any]) -> Mapping[str, Any]:
    return {field.name: getattr(row, field.name) for field in fields(shape)}

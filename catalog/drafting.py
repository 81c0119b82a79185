"""Drafting: entries that a program writes in a steward's name, by the same deeds as the desk's.

Nothing is published here. A draft is described anew; a published entry gets a proposed change that is reviewed.
"""

from dataclasses import fields, replace
from typing import Any

from catalog import datasets, names
from catalog.descriptions import Description
from catalog.mapping.ckan_in import Sent
from catalog.mapping.resources import Resource
from catalog.models import Entry
from policies import vocabulary as v
from policies.refusals import Invalid, Refusal
from tenancy.models import Tenant
from tenancy.types import new_id
from tenancy.work import Work

FIELDS = frozenset(one.name for one in fields(Description))
REPLACED: dict[str, Any] = {"abstract": "", "tags": (), "themes": (), "licence": None, "resources": (), "extras": {}}
"""What a package that replaces the whole entry takes away by not speaking of it; the rest of ours stays."""


def create(work: Work, tenant: Tenant, sent: Sent) -> Entry:
    """Register a draft as it was sent; its name is its code, and the wished name leads to it too."""
    entry = datasets.register(work, tenant, described(sent, Description(title="")))
    names.keep(work, entry, tenant.id, sent.name)
    return entry


def change(work: Work, entry: Entry, sent: Sent, *, whole: bool) -> Entry:
    """Describe a draft anew, or propose the change of a published entry; what changes nothing leaves no trace."""
    before = datasets.proposed(entry) or datasets.description_of(entry)
    base = replace(before, **REPLACED) if whole else before
    return describe(work, entry, described(sent, base))


def describe(work: Work, entry: Entry, wanted: Description) -> Entry:
    """Describe a draft so, or propose it for a published entry."""
    work.demand("entry.edit", entry)
    if wanted == (datasets.proposed(entry) or datasets.description_of(entry)):
        return entry
    if entry.state is v.EntryState.PUBLISHED:
        if wanted.title != entry.title:
            datasets.demand_title(work.session, entry.tenant, wanted.title)
        datasets.propose_change(work, entry, wanted)
    else:
        datasets.describe(work, entry, wanted)
    return entry


def remove(work: Work, entry: Entry, reason: str) -> None:
    """Delete a draft, or ask the authority to withdraw a published entry."""
    if entry.state in datasets.EDITABLE and entry.published_at is None:
        datasets.discard(work, entry)
    else:
        datasets.request_withdrawal(work, entry, reason)


def resources(entry: Entry) -> list[Resource]:
    """The links of an entry, as proposed where a change is under review."""
    described_ = datasets.proposed(entry) or datasets.description_of(entry)
    return [Resource.restored(one) for one in described_.resources]


def set_resources(work: Work, entry: Entry, wanted: list[Resource]) -> Entry:
    """Give an entry these links, by the same way as any other change."""
    before = datasets.proposed(entry) or datasets.description_of(entry)
    return describe(work, entry, replace(before, resources=_kept(wanted, before)))


def described(sent: Sent, before: Description) -> Description:
    """A description with everything that was sent; Invalid for a group that is none of our themes."""
    if sent.groups:
        faults: list[Refusal] = [Invalid("ckan.group", name=one, field="groups.0.name") for one in sent.groups[:1]]
        raise Invalid.gathered(faults)
    found = {name: value for name, value in sent.values.items() if name in FIELDS}
    if sent.resources is not None:
        found["resources"] = _kept(list(sent.resources), before)
    if sent.extras is not None:
        found["extras"] = dict(sent.extras)
    if sent.url:
        found["source_url"] = sent.url
    return replace(before, **found)


def _kept(wanted: list[Resource], before: Description) -> tuple[dict[str, Any], ...]:
    """Links as they are kept, each with an identifier of its own: the one it had, as far as its address tells."""
    known = {one.url: one.id for one in (Resource.restored(kept) for kept in before.resources)}
    return tuple((one if one.id else replace(one, id=known.get(one.url) or new_id())).kept() for one in wanted)

"""Actions that write packages: drafts of a person, entries of another platform, or a catalogue that is restored."""

from collections.abc import Iterable

from catalog import drafting, exchanging, restoring
from catalog.mapping import ckan_in
from catalog.mapping.ckan_in import Sent
from catalog.models import Entry
from open_portal.pages.ckan.ckan_actions import Changed, Params, denied, invalid
from open_portal.pages.ckan.ckan_params import names, needed, text
from open_portal.pages.ckan.ckan_write import editable, entry_of, refuse_files, scope, sender, told, unpacked, writes
from open_portal.requests import deed
from policies.refusals import Invalid, reasons
from policies.vocabulary import Role, TokenScope
from tenancy.actors import Actor
from tenancy.models import Tenant
from tenancy.work import Work

MOST_AT_ONCE = 100


@writes
def package_create(params: Params) -> Changed:
    """Enter a dataset. With the scope draft it is a draft that goes through review; its name is a code given here."""
    refuse_files()
    sent = ckan_in.read(unpacked(params))
    with deed() as work:
        entry, new = _create(work, sent)
        entry_id = entry.id
    return told(entry_id, entities=[entry_id] if new else [])


@writes
def package_update(params: Params) -> Changed:
    """Replace what is said of a dataset; of one that is published the change is proposed and reviewed."""
    return _change(params, whole=True)


@writes
def package_patch(params: Params) -> Changed:
    """Change some of what is said of a dataset."""
    return _change(params, whole=False)


@writes
def package_delete(params: Params) -> Changed:
    """Delete a draft, ask to withdraw a published entry, or take back what the platform sent."""
    return Changed(None, {"packages": _delete([needed(params, "id")], params)})


@writes
def dataset_purge(params: Params) -> Changed:
    """The same as package_delete: codes are never given again, so nothing is purged."""
    return Changed(None, {"packages": _delete([needed(params, "id")], params)})


@writes
def bulk_update_delete(params: Params) -> Changed:
    """Delete several datasets, all or none."""
    wanted = names(params.get("datasets"))
    if not wanted:
        raise invalid(datasets=["Missing value"])
    if len(wanted) > MOST_AT_ONCE:
        raise invalid(datasets=[f"At most {MOST_AT_ONCE} at once"])
    return Changed({"success": True}, {"packages": _delete(wanted, params)})


def _create(work: Work, sent: Sent) -> tuple[Entry, bool]:
    if scope() is TokenScope.EXCHANGE:
        return exchanging.take(work, work.session.merge(sender(), load=False), sent)
    if scope() is TokenScope.RESTORE:
        return restoring.package(work, sent)
    return drafting.create(work, _owner(work, sent), sent), True


def _change(params: Params, *, whole: bool) -> Changed:
    refuse_files()
    wanted = text(params, "id") or text(params, "name")
    if not wanted:
        raise invalid(id=["Missing value"])
    sent = ckan_in.read(unpacked(params))
    with deed() as work:
        if scope() is TokenScope.RESTORE:
            entry, new = restoring.package(work, sent)
        elif scope() is TokenScope.EXCHANGE:
            found = entry_of(work.session, wanted)
            work.demand("entry.edit", found)
            entry, new = exchanging.take(work, work.session.merge(sender(), load=False), sent, found, whole=whole)
        else:
            before = editable(work, entry_of(work.session, wanted))
            version = before.version
            entry = drafting.change(work, before, sent, whole=whole)
            work.session.flush()
            new = entry.version != version
        entry_id = entry.id
    return told(entry_id, entities=[entry_id] if new else [])


def _delete(wanted: Iterable[str], params: Params) -> list[str]:
    if scope() is TokenScope.RESTORE:
        raise denied()
    reason = text(params, "reason").strip()[:500] or reasons()["ckan.reason"].zh
    gone = []
    with deed() as work:
        for name in dict.fromkeys(wanted):
            entry = entry_of(work.session, name)
            if scope() is TokenScope.EXCHANGE:
                exchanging.remove(work, entry)
            else:
                drafting.remove(work, entry, reason)
            gone.append(entry.id)
    return gone


def _owner(work: Work, sent: Sent) -> Tenant:
    """The body for which the person writes; one for which he is no steward looks like one that doesn't exist."""
    if not sent.owner:
        raise Invalid.gathered([Invalid("ckan.owner-missing", field="owner_org")])
    tenant = restoring.tenant_of(work.session, sent.owner, sent.owner_name)
    if tenant is None or tenant.id not in _stewarded(work.actor):
        raise denied("you are no data steward of this organization")
    return tenant


def _stewarded(actor: Actor) -> set[str]:
    return {one.tenant_id for one in actor.standings if one.role is Role.STEWARD}

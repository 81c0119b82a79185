"""Rows for programs: open data without a key, restricted data with the key of a grant, item by item and counted.

A call is counted against the quota after the rows are read and before the first of them leaves; where the quota is used
up, none leaves. The key is looked up again in the transaction that counts, so a key revoked meanwhile opens nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from marshmallow import RAISE

from catalog import deliveries, filters, reading, versions
from catalog.filters import Filter, Order
from catalog.models import Entry, Version
from catalog.reading import Access
from catalog.tables import MAX_PAGE, Page
from open_portal.pages import dataset_words as words
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api.api_door import failure, pages, unknown_key
from open_portal.pages.record import stored_rows
from open_portal.requests import actor, deed, kit, now, session
from policies import vocabulary as v
from policies.calendars import local_date
from policies.refusals import Invalid, NotFound, Refused
from sharing.access import grants
from sharing.access.models import Grant
from tenancy.work import Work

NO_QUOTA = "grant.quota"
MORE_CODES: dict[int, Any] = {
    401: schemas.N_("A key is needed, or the key is unknown, over or revoked"),
    403: schemas.N_("The key does not open these data"),
    429: schemas.N_("The quota of the day is used up; Retry-After says when it starts anew"),
}


@pages.get("/api/v1/datasets/<code>/rows")
@pages.doc(
    summary=schemas.N_("Rows of a dataset"),
    responses={**schemas.FAILURES, **schemas.failures(MORE_CODES)},
    security=schemas.EVERY_KEY,
)
@pages.input(schemas.RowParameters, location="query", unknown=RAISE)
@pages.output(schemas.RowAnswer)
def rows(code: str, query_data: dict[str, Any]) -> dict[str, Any] | ResponseReturnValue:
    """Rows of the live version: filtered, sorted, with the columns wanted and no other than those that may be read."""
    entry = reading.find(session(), code, actor(), now())
    access = reading.access(session(), entry, actor(), now())
    version = versions.live(session(), entry)
    if not access.given or version is None:
        return _withheld(entry, access)
    if access.grant_id and (spent := _spent(access.grant_id)):
        return spent
    entry_id, version_id, number = entry.id, version.id, version.number
    found = _read(version, access, query_data)
    try:
        with deed() as work:
            if not count_call(work, entry_id, version_id, access, len(found.rows)):
                return unknown_key()
    except Refused as refusal:
        if refusal.code != NO_QUOTA:
            raise
        return _no_quota(refusal)
    return _answer(code, number, found, query_data)


def _read(version: Version, access: Access, asked: dict[str, Any]) -> Page:
    """The rows asked for; a column that may not be read is as unknown as one that does not exist."""
    known = stored_rows.columns(kit(), version, access)
    chosen = [name.strip() for name in asked["columns"].split(",") if name.strip()] or list(known)
    for name in chosen:
        if name not in known:
            raise Invalid("filter.unknown-column", column=name[:200])
    where, order = filters.parse(asked["filter"], known), filters.parse_order(asked["order"], known)
    narrowed = replace(access, items=tuple(dict.fromkeys(chosen)))
    return _pages(version, narrowed, where, order, limit=asked["limit"], offset=asked["offset"])


def _pages(version: Version, access: Access, where: Filter, order: Sequence[Order], *, limit: int, offset: int) -> Page:
    """As many rows as wanted, read in pages of the size that tables are read in."""
    gathered: list[tuple[Any, ...]] = []
    while True:
        part = stored_rows.page(
            kit(),
            version,
            access,
            where=where,
            order=order,
            limit=min(MAX_PAGE, limit - len(gathered)),
            offset=offset + len(gathered),
        )
        gathered.extend(part.rows)
        if len(gathered) >= limit or not part.rows or offset + len(gathered) >= part.total:
            return replace(part, rows=tuple(gathered))


def count_call(work: Work, entry_id: str, version_id: str, access: Access, rows: int) -> bool:
    """Count the call before its rows leave; False when the grant was ended since the rows were read."""
    entry, version = work.session.get_one(Entry, entry_id), work.session.get_one(Version, version_id)
    if access.grant_id:
        if actor().kind == "credential" and grants.actor_of(work.session, g.key, now())[1] is None:
            return False
        grants.spend(work, work.session.get_one(Grant, access.grant_id), rows)
    deliveries.deliver(
        work, entry, version, way=v.DeliveryMode.API, format=v.Format.JSON, rows=rows, grant_id=access.grant_id
    )
    return True


def _answer(code: str, version: int, found: Page, asked: dict[str, Any]) -> dict[str, Any]:
    end = asked["offset"] + len(found.rows)
    given: dict[str, Any] = {**request.args.to_dict(flat=False), "offset": end}
    more = found.rows and end < found.total
    return {
        "dataset": code.replace("-", "/"),
        "version": version,
        "columns": list(found.columns),
        "rows": [list(row) for row in found.rows],
        "total": found.total,
        "limit": asked["limit"],
        "offset": asked["offset"],
        "next": url_for("api.rows", code=code, **given, _external=True) if more else None,
    }


def _withheld(entry: Entry, access: Access) -> ResponseReturnValue:
    """Why there are no rows for the asker, and what he can do."""
    if access.rule in {"no-data", "not-live"}:
        raise NotFound("general.not-found")
    anonymous = actor().kind == "anonymous"
    if access.rule == "sign-in" and anonymous:
        text = _("Everyone who signed in may read these data: send the token of your account")
        return failure(401, text, "api.sign-in", WWW_Authenticate="Bearer")
    if access.rule == "apply":
        address = url_for("applying.start", code=words.slug(entry), _external=True)
        text = _("These data are opened on application; a grant's key is needed. Apply at %(address)s", address=address)
        if anonymous:
            return failure(401, text, "api.apply", WWW_Authenticate="Bearer")
        return failure(403, text, "api.apply")
    return failure(403, _("These data are not open"), "api.not-open")


def _spent(grant_id: str) -> ResponseReturnValue | None:
    """The refusal of a grant whose calls of the day are used up, before any work is done for it."""
    grant = session().get(Grant, grant_id)
    used = grants.usage(session(), grant, local_date(now())) if grant else None
    if grant and used and used.calls >= grant.calls_per_day:
        return _no_quota(Refused(NO_QUOTA, calls=grant.calls_per_day, rows=grant.rows_per_day))
    return None


def _no_quota(refusal: Refused) -> ResponseReturnValue:
    """The quota is used up: come back after midnight in Shanghai."""
    today = local_date(now())
    midnight = datetime.combine(today + timedelta(days=1), time(), grants.ZONE)
    wait = int((midnight - now()).total_seconds()) + 1
    return failure(429, refusal.text(str(get_locale())), refusal.code, Retry_After=str(wait))

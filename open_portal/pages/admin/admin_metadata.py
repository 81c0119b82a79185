"""Metadata quality: the 405 points of a body, of each body below it and of neighbouring portals, down to entries."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import Response, url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select

from catalog import metadata_facts, reading
from catalog.harvest_models import HarvestSource
from catalog.metadata_facts import Described
from catalog.models import Entry
from catalog.reading import LIVE, Purpose
from open_portal.language import number, percent
from open_portal.language import term as word
from open_portal.pages import metadata_words
from open_portal.pages.admin.admin_frame import language, page_of, pages, show
from open_portal.pages.admin.admin_scorecard import tenant_of
from open_portal.pages.indicators import indicators_csv
from open_portal.requests import actor, now, session
from policies import mqa
from policies import vocabulary as v
from policies.mqa import Assessment
from policies.refusals import NotFound
from tenancy.models import Tenant, TenantAncestor

PER_PAGE = 100
TONES = {
    v.MqaRating.EXCELLENT: "good",
    v.MqaRating.GOOD: "good",
    v.MqaRating.SUFFICIENT: "warn",
    v.MqaRating.BAD: "bad",
}


@pages.get("/admin/metadata")
@pages.get("/admin/metadata/<key>")
def metadata_quality(key: str | None = None) -> str:
    """The points of a body by metric, and those of the bodies below it; for the whole city its neighbours' too."""
    tenant = tenant_of(key)
    every = metadata_facts.collect(session(), *entries_of(tenant))
    whole = mqa.assess([one.facts for one in every])
    rows = [_row(body.name.label(language()), mqa.assess(facts), body) for body, facts in by_body(tenant, every)]
    if tenant.parent_id is None:
        rows += [_row(name, mqa.assess(facts), None) for name, facts in portals()]
    return show(
        "metadata",
        tenant=tenant,
        whole=whole,
        rows=rows,
        metrics=[_metric(one, tenant) for one in whole.shares],
        tone=TONES.get(whole.rating, "quiet") if whole.rating else "quiet",
        dimensions=list(v.MqaDimension),
        floors=mqa.FLOORS,
        full=mqa.FULL,
    )


@pages.get("/admin/metadata/<key>/<metric>")
def metadata_metric(key: str, metric: str) -> str:
    """The entries of a body that lack a metric."""
    tenant = tenant_of(key)
    wanted = next((one for one in v.MqaMetric if one.value == metric), None)
    if wanted is None:
        raise NotFound("general.not-found")
    every = metadata_facts.collect(session(), *entries_of(tenant))
    lacking = [one for one in every if one.facts[wanted] is False]
    known = known_of([one.id for one in lacking])
    page, count = page_of(len(lacking), PER_PAGE)
    return show(
        "metadata_metric",
        tenant=tenant,
        metric=wanted,
        share=next(one for one in mqa.assess([one.facts for one in every]).shares if one.metric is wanted),
        lacking=[(one, one.id in known) for one in lacking[(page - 1) * PER_PAGE : page * PER_PAGE]],
        count=len(lacking),
        unknown=sum(one.facts[wanted] is None for one in every),
        advice=metadata_words.advice(wanted),
        page=page,
        pages=count,
    )


@pages.get("/admin/metadata/<key>.csv")
def metadata_table(key: str) -> Response:
    """Every entry of a body with its points and what it meets."""
    tenant = tenant_of(key)
    every = metadata_facts.collect(session(), *entries_of(tenant))
    known = known_of([one.id for one in every])
    return indicators_csv.answer(f"metadata-{tenant.key}", _table([one for one in every if one.id in known]))


def entries_of(tenant: Tenant) -> tuple[ColumnElement[bool], ...]:
    """Published entries of ours, of a body with all below it."""
    below = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id == tenant.id)
    return Entry.origin == v.Origin.OWN, Entry.state.in_(LIVE), Entry.tenant_id.in_(below)


def by_body(tenant: Tenant, every: Sequence[Described]) -> Iterator[tuple[Tenant, list[mqa.Facts]]]:
    """The bodies directly below, each with the facts of everything below it; the body itself where it has entries."""
    above: dict[str, list[str]] = {}
    for below, over in session().execute(select(TenantAncestor.tenant_id, TenantAncestor.ancestor_id)):
        above.setdefault(below, []).append(over)
    direct = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id == tenant.id, TenantAncestor.depth == 1)
    for body in session().scalars(select(Tenant).where(Tenant.id.in_(direct)).order_by(Tenant.key)):
        mine = [one.facts for one in every if body.id in above.get(one.tenant_id, ())]
        if mine:
            yield body, mine


def portals() -> Iterator[tuple[str, list[mqa.Facts]]]:
    """What was taken over from each neighbouring portal, as the public sees it."""
    shown = reading.readable(actor(), Purpose.SEE, now())
    found: dict[str, list[mqa.Facts]] = {}
    for one in metadata_facts.collect(session(), Entry.origin == v.Origin.HARVESTED, shown):
        found.setdefault(one.portal, []).append(one.facts)
    for code, facts in sorted(found.items()):
        source = session().get(HarvestSource, code)
        yield (source.label(language()) if source else code), facts


def _row(name: str, found: Assessment, body: Tenant | None) -> list[Any]:
    shown: dict[str, Any] = {"text": name}
    if body is not None:
        shown["href"] = url_for("admin.metadata_quality", key=body.key)
    else:
        shown["note"] = _("neighbouring portal")
    rating = {"text": word(found.rating), "tone": TONES[found.rating]} if found.rating else None
    points = {"text": number(found.total), "note": _("of %(points)s", points=found.possible)}
    return [shown, found.entries, points, rating, *(number(found.dimensions[one]) for one in v.MqaDimension)]


def _metric(share: mqa.Share, tenant: Tenant) -> list[Any]:
    lacking = share.known - share.met
    name: dict[str, Any] = {"text": word(share.metric)}
    if lacking:
        name["href"] = url_for("admin.metadata_metric", key=tenant.key, metric=share.metric.value)
    return [
        name,
        word(share.metric.dimension),
        {"text": percent(100 * share.met / share.known), "note": f"{number(share.met)} / {number(share.known)}"}
        if share.known
        else None,
        {"text": number(share.points), "note": _("of %(points)s", points=share.metric.weight)},
        lacking if share.known else None,
    ]


def known_of(ids: Sequence[str]) -> frozenset[str]:
    """Those of some entries that the actor may know of."""
    query = select(Entry.id).where(reading.readable(actor(), Purpose.SEE, now()))
    return frozenset(session().scalars(query)).intersection(ids)


def _table(every: Sequence[Described]) -> Iterator[Sequence[object]]:
    marks: Mapping[bool | None, str] = {True: "1", False: "0", None: _("not known")}
    yield [_("Code"), _("Title"), _("Points"), _("of at most"), *(word(one) for one in v.MqaMetric)]
    for one in every:
        found = mqa.assess([one.facts])
        yield [one.code, one.title, found.total, found.possible, *(marks[one.facts[metric]] for metric in v.MqaMetric)]

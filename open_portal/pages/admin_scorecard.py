"""The scorecard: the three rates, then body by body, down to datasets."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from catalog import reading
from catalog.models import Entry, Version
from catalog.reading import LIVE, Purpose
from open_portal.language import percent, term
from open_portal.pages import admin_figures, indicators_csv
from open_portal.pages.admin_figures import Line
from open_portal.pages.admin_frame import here, language, pages, report, show
from open_portal.pages.indicators import gap, target_words
from open_portal.requests import actor, now, session
from policies import rulebook
from policies import vocabulary as v
from policies.calendars import local_date
from policies.refusals import NotFound
from policies.vocabulary import TenantKind
from sharing.rates import readings
from tenancy import tenants, work
from tenancy.models import Tenant, TenantAncestor

HEATS = ((95, 5), (85, 4), (75, 3), (60, 2), (0, 1))
WORST = 50


@pages.get("/admin/scorecard")
@pages.get("/admin/scorecard/<key>")
def scorecard(key: str | None = None) -> str:
    """The scorecard of a body with a line for each body below it, or with its datasets when nothing is below."""
    tenant = _tenant(key)
    below = _below(tenant)
    lines = _sorted(admin_figures.lines(session(), below or [tenant], now()))
    return show(
        "scorecard",
        tenant=tenant,
        up=_up(tenant),
        rates=readings.headline(session(), now(), scope=tenant.id),
        columns=_columns(),
        rows=[_row(line, linked=bool(below)) for line in lines],
        entries=_entries(tenant),
        rules=rulebook.in_force(),
        today=local_date(now()),
        gap=gap,
        target_words=target_words,
    )


@pages.get("/admin/scorecard/<key>.csv")
def scorecard_table(key: str) -> Response:
    """The same lines as a table."""
    tenant = _tenant(key)
    lines = _sorted(admin_figures.lines(session(), _below(tenant) or [tenant], now()))
    return indicators_csv.answer(f"scorecard-{tenant.key}", _table(lines))


def _tenant(key: str | None) -> Tenant:
    """The body asked for, or the highest one whose scorecard the actor may read; hidden ones are not found."""
    if key is None:
        seats = sorted({one.path for one in actor().standings if one.role}, key=len)
        readable = [path for path in seats if work.may(actor(), "scorecard.read", report(path))]
        if not readable:
            work.demand(actor(), "scorecard.read", report(seats[0]))
        return session().get_one(Tenant, readable[0][0])
    tenant = tenants.find(session(), key)
    if tenant.kind is TenantKind.APPLICANT:
        raise NotFound("general.not-found")
    work.demand(actor(), "scorecard.read", report(tenant.path))
    return tenant


def _below(tenant: Tenant) -> list[Tenant]:
    ids = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id == tenant.id, TenantAncestor.depth == 1)
    return list(session().scalars(select(Tenant).where(Tenant.id.in_(ids), Tenant.dissolved_on.is_(None))))


def _up(tenant: Tenant) -> Tenant | None:
    """The body above, if its scorecard is open to the actor too."""
    if tenant.parent_id is None or not work.may(actor(), "scorecard.read", report(tenant.path[1:])):
        return None
    return session().get(Tenant, tenant.parent_id)


SORTS: dict[str, Callable[[Line], Any]] = {
    "name": lambda line: line.tenant.key,
    "entries": lambda line: line.entries,
    "open": lambda line: line.open_rate,
    "share": lambda line: line.share_rate,
    "score": lambda line: line.score,
    "failing": lambda line: line.failing,
    "overdue": lambda line: line.overdue,
}


def _dimension_sort(code: str) -> Callable[[Line], Any]:
    return lambda line: line.dimensions[code]


SORTS |= {one.value: _dimension_sort(one.value) for one in v.Dimension}


def _asked() -> tuple[str, bool]:
    """By which column and whether downwards; names rise unless told otherwise, figures fall."""
    name = request.args.get("sort", "open")
    name = name if name in SORTS else "open"
    return name, request.args.get("order", "up" if name == "name" else "down") == "down"


def _sorted(lines: list[Line]) -> list[Line]:
    name, down = _asked()
    measured = [line for line in lines if SORTS[name](line) is not None]
    missing = [line for line in lines if SORTS[name](line) is None]
    return [*sorted(measured, key=SORTS[name], reverse=down), *sorted(missing, key=SORTS["name"])]


def _columns() -> list[dict[str, Any]]:
    sort, down = _asked()
    heads = [
        ("name", _("Body")),
        ("entries", _("Entries")),
        ("open", _("Open rate")),
        ("share", _("Share rate")),
        ("score", _("Quality")),
        *((one.value, term(one)) for one in v.Dimension),
        ("failing", _("Failed versions")),
        ("overdue", _("Overdue cases")),
    ]
    return [
        {
            "label": label,
            "numeric": name != "name",
            "sort_href": here(sort=name, order="up" if name == sort and down else "down"),
            "sorted": ("descending" if down else "ascending") if name == sort else None,
        }
        for name, label in heads
    ]


def _row(line: Line, *, linked: bool) -> list[Any]:
    name = {"text": line.tenant.name.label(language())}
    if linked:
        name["href"] = url_for("admin.scorecard", key=line.tenant.key)
    return [
        name,
        line.entries,
        percent(line.open_rate) if line.open_rate is not None else None,
        percent(line.share_rate) if line.share_rate is not None else None,
        heat(line.score),
        *(heat(line.dimensions[one.value]) for one in v.Dimension),
        line.failing,
        line.overdue,
    ]


def heat(score: float | None) -> dict[str, Any] | None:
    """A score as a cell: the number, a word and a colour that says the same."""
    if score is None:
        return None
    step = next(step for least, step in HEATS if score >= least)
    words = {5: _("excellent"), 4: _("good"), 3: _("fair"), 2: _("low"), 1: _("poor")}
    return {"text": round(score), "note": words[step], "heat": step, "numeric": True}


def _entries(tenant: Tenant) -> list[dict[str, Any]]:
    """The body's own entries, worst first, as far as the actor may know of them."""
    query = (
        select(Entry, Version)
        .outerjoin(Version, Version.id == Entry.live_version_id)
        .where(
            Entry.tenant_id == tenant.id,
            Entry.state.in_(LIVE),
            Entry.origin == v.Origin.OWN,
            reading.readable(actor(), Purpose.SEE, now()),
        )
        .order_by(Entry.score.is_(None), Entry.score, Entry.code)
        .limit(WORST)
    )
    return [
        {"entry": entry, "version": version, "score": heat(entry.score)} for entry, version in session().execute(query)
    ]


def _table(lines: Sequence[Line]) -> Iterator[Sequence[object]]:
    yield [column["label"] for column in _columns()]
    for line in lines:
        scores = [line.score, *(line.dimensions[one.value] for one in v.Dimension)]
        yield [
            line.tenant.name.label(language()),
            line.entries,
            line.open_rate,
            line.share_rate,
            *(None if score is None else round(score, 1) for score in scores),
            line.failing,
            line.overdue,
        ]

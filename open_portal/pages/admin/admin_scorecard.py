"""The scorecard: the three rates, then body by body; every figure opens down to the datasets behind it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask import Response, get_template_attribute, request, url_for
from flask_babel import gettext as _
from sqlalchemy import Select, select

from catalog import reading
from catalog.models import Entry, Version
from catalog.reading import LIVE, Purpose
from open_portal.language import percent
from open_portal.language import term as word
from open_portal.pages import scorecard_words as words
from open_portal.pages.admin import admin_figures
from open_portal.pages.admin.admin_figures import Line
from open_portal.pages.admin.admin_frame import here, language, pages, report, show
from open_portal.pages.indicators import indicators_csv
from open_portal.pages.indicators.indicators import gap, target_words
from open_portal.requests import actor, now, session
from policies import rulebook, scorecard_figures
from policies import vocabulary as v
from policies.calendars import local_date
from policies.refusals import NotFound
from policies.scorecard_figures import Figure
from policies.vocabulary import TenantKind
from quality.scoring import department_figures, scorecards
from quality.scoring.department_figures import Dataset
from sharing.rates import readings
from tenancy import tenants, work
from tenancy.models import Tenant, TenantAncestor

WORST = 50
WORST_FIRST = (Entry.score.is_(None), Entry.score, Entry.code)
FIGURES = words.shown()
Share = tuple[Decimal, Decimal]


@pages.get("/admin/scorecard")
@pages.get("/admin/scorecard/<key>")
def scorecard(key: str | None = None) -> str:
    """The scorecard of a body with a line for each body below it, or with its datasets when nothing is below."""
    tenant = tenant_of(key)
    bodies = below(tenant)
    lines = _sorted(admin_figures.lines(session(), bodies or [tenant], now()))
    past = scorecards.lines_of(session(), [line.tenant.id for line in lines])
    return show(
        "scorecard",
        tenant=tenant,
        up=up_of(tenant),
        rates=readings.headline(session(), now(), scope=tenant.id),
        columns=_columns(),
        rows=[_row(line, _course(line, past), linked=bool(bodies)) for line in lines],
        entries=_entries(tenant),
        definitions=definitions(),
        bars=words.bars(),
        rules=rulebook.in_force(),
        today=local_date(now()),
        gap=gap,
        target_words=target_words,
    )


@pages.get("/admin/scorecard/<key>.csv")
def scorecard_table(key: str) -> Response:
    """The same lines as a table."""
    tenant = tenant_of(key)
    lines = _sorted(admin_figures.lines(session(), below(tenant) or [tenant], now()))
    return indicators_csv.answer(f"scorecard-{tenant.key}", _table(lines))


@pages.get("/admin/scorecard/<key>/figures/<code>")
def scorecard_figure(key: str, code: str) -> str:
    """One figure of a body with the datasets that it is made of."""
    tenant = tenant_of(key)
    figure, mine = behind(tenant, code)
    rows = [one for one in mine if one[2] is not None]
    return show(
        "scorecard_figure",
        tenant=tenant,
        code=code,
        figure=figure,
        rows=rows,
        left_out=len(mine) - len(rows),
        words=words,
        rules=rulebook.in_force(),
    )


def behind(tenant: Tenant, code: str) -> tuple[Figure | None, list[tuple[Entry | None, Dataset, Share | None]]]:
    """A figure of a body and its datasets: the entry if the actor may know of it, and what it adds to both sides."""
    if code not in scorecard_figures.CODES:
        raise NotFound("general.not-found")
    mine = department_figures.by_body(department_figures.datasets(session(), now())).get(tenant.id, [])
    issues = department_figures.issues(session(), [tenant.id], now()).get(tenant.id)
    figures = scorecard_figures.figures([one.facts for one in mine], issues)
    known = _titles([one.entry_id for one in mine])
    return figures.get(code), [(known.get(one.entry_id), one, share_of(code, one.facts)) for one in mine]


def tenant_of(key: str | None) -> Tenant:
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


def below(tenant: Tenant) -> list[Tenant]:
    """The bodies directly below one that are still in being."""
    ids = select(TenantAncestor.tenant_id).where(TenantAncestor.ancestor_id == tenant.id, TenantAncestor.depth == 1)
    return list(session().scalars(select(Tenant).where(Tenant.id.in_(ids), Tenant.dissolved_on.is_(None))))


def up_of(tenant: Tenant) -> Tenant | None:
    """The body above, if its scorecard is open to the actor too."""
    if tenant.parent_id is None or not work.may(actor(), "scorecard.read", report(tenant.path[1:])):
        return None
    return session().get(Tenant, tenant.parent_id)


def share_of(code: str, facts: scorecard_figures.DatasetFacts) -> Share | None:
    """What one dataset adds to numerator and denominator of a figure; None when it drops out of both."""
    found = scorecard_figures.figures([facts]).get(code)
    return None if found is None or not found.denominator else (found.numerator, found.denominator)


def definitions() -> list[dict[str, str]]:
    """Every figure with how it is computed."""
    return [{"label": words.name(code), "value": words.definition(code)} for code in FIGURES]


SORTS: dict[str, Callable[[Line], Any]] = {
    "name": lambda line: line.tenant.key,
    "entries": lambda line: line.entries,
    "open_rate": lambda line: line.open_rate,
    "share": lambda line: line.share_rate,
    "card": lambda line: line.card and [*v.Card].index(line.card),
    "failing": lambda line: line.failing,
    "cases": lambda line: line.overdue,
}


def _figure_sort(code: str) -> Callable[[Line], Any]:
    return lambda line: line.value(code)


SORTS |= {code: _figure_sort(code) for code in FIGURES}


def _asked() -> tuple[str, bool]:
    """By which column and whether downwards; names rise unless told otherwise, figures fall."""
    name = request.args.get("sort", "quality")
    name = name if name in SORTS else "quality"
    return name, request.args.get("order", "up" if name == "name" else "down") == "down"


def _sorted(lines: list[Line]) -> list[Line]:
    name, down = _asked()
    measured = [line for line in lines if SORTS[name](line) is not None]
    missing = [line for line in lines if SORTS[name](line) is None]
    return [*sorted(measured, key=SORTS[name], reverse=down), *sorted(missing, key=SORTS["name"])]


def _heads() -> list[tuple[str, str]]:
    return [
        ("name", _("Body")),
        ("card", _("Card")),
        ("entries", _("Entries")),
        ("open_rate", _("Open rate")),
        ("share", _("Share rate")),
        *((code, words.name(code)) for code in FIGURES),
        ("failing", _("Failed versions")),
        ("cases", _("Overdue cases")),
    ]


def _columns() -> list[dict[str, Any]]:
    sort, down = _asked()
    heads = [
        {
            "label": label,
            "numeric": name not in {"name", "card"},
            "sort_href": here(sort=name, order="up" if name == sort and down else "down"),
            "sorted": ("descending" if down else "ascending") if name == sort else None,
        }
        for name, label in _heads()
    ]
    return [*heads[:2], {"label": _("Quality by month")}, *heads[2:]]


def _row(line: Line, course: Any, *, linked: bool) -> list[Any]:
    name = {"text": line.tenant.name.label(language())}
    if linked:
        name["href"] = url_for("admin.scorecard", key=line.tenant.key)
    return [
        name,
        words.card_cell(line.card),
        course or None,
        line.entries,
        percent(line.open_rate) if line.open_rate is not None else None,
        percent(line.share_rate) if line.share_rate is not None else None,
        *(
            words.cell(line.figures, code, url_for("admin.scorecard_figure", key=line.tenant.key, code=code))
            for code in FIGURES
        ),
        line.failing,
        line.overdue,
    ]


def _course(line: Line, past: Mapping[str, Sequence[Any]]) -> Any:
    """The quality of the frozen months and of now, as a line; nothing until there are two."""
    points: list[tuple[str, Figure]] = [
        (one.scorecard.month, scorecards.figures_of(one)["quality"]) for one in past[line.tenant.id]
    ]
    if line.figures["quality"].value is not None:
        points.append((_("now"), line.figures["quality"]))
    known = [(month, one) for month, one in points if one.value is not None]
    if len(known) < 2:
        return None
    text = "; ".join(f"{month}: {words.value(one)}" for month, one in known)
    draw = get_template_attribute("macros/charts.html", "sparkline")
    return draw([float(one.value or 0) for _month, one in known], text, 84, 28)


def _entries(tenant: Tenant) -> list[dict[str, Any]]:
    query = own_entries(tenant).order_by(*WORST_FIRST).limit(WORST)
    return [
        {"entry": entry, "version": version, "score": words.heat(entry.score)}
        for entry, version in session().execute(query)
    ]


def own_entries(tenant: Tenant) -> Select[Entry, Version | None]:
    """The body's own entries with their live versions, as far as the actor may know of them."""
    return (
        select(Entry, Version)
        .outerjoin(Version, Version.id == Entry.live_version_id)
        .where(
            Entry.tenant_id == tenant.id,
            Entry.state.in_(LIVE),
            Entry.origin == v.Origin.OWN,
            reading.readable(actor(), Purpose.SEE, now()),
        )
    )


def _titles(entry_ids: Sequence[str]) -> dict[str, Entry]:
    """The entries that the actor may know of, by id."""
    query = select(Entry).where(Entry.id.in_(entry_ids), reading.readable(actor(), Purpose.SEE, now()))
    return {one.id: one for one in session().scalars(query)}


def _table(lines: Sequence[Line]) -> Iterator[Sequence[object]]:
    """Every figure with its numerator and denominator, so that the table can be added up again."""
    head: list[str] = [_("Body"), _("Entries"), _("Open rate"), _("Share rate")]
    for code in FIGURES:
        head += [words.name(code), f"{words.name(code)} ({_('Numerator')})", f"{words.name(code)} ({_('Denominator')})"]
    yield [*head, _("Failed versions"), _("Overdue cases"), _("Card"), _("As of"), _("Rules (hash)")]
    for line in lines:
        row: list[object] = [line.tenant.name.label(language()), line.entries, line.open_rate, line.share_rate]
        for code in FIGURES:
            row += figure_columns(line.figures.get(code))
        card = word(line.card) if line.card else None
        yield [*row, line.failing, line.overdue, card, now().isoformat(), rulebook.in_force().hash]


def figure_columns(figure: Figure | None) -> list[object]:
    """Value, numerator and denominator of a figure for a table file."""
    if figure is None:
        return [None, None, None]
    return [figure.value, figure.numerator, figure.denominator]

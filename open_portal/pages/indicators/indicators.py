"""The indicators: every rate with target, counts and definition, replayed for any day, down to its rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from open_portal import language
from open_portal.pages.indicators import indicators_csv, indicators_evidence
from open_portal.pages.indicators.indicators_evidence import Row
from open_portal.requests import now, scope, session
from policies import rulebook
from policies.calendars import SHANGHAI, local_date
from policies.indicators import Definition, Target
from policies.refusals import Invalid, NotFound
from sharing.rates import readings
from sharing.rates.readings import Rate
from tenancy import tenants

pages = Blueprint("indicators", __name__)
PAGE = 50
POINT = Decimal("0.01")


@dataclass(frozen=True)
class Group:
    """A headline rate with the rates that stand below it; the last group has no head."""

    head: Rate | None
    rates: Sequence[Rate]


@pages.get("/indicators")
def overview() -> str:
    """Every rate as of now or of the end of a day."""
    rates = readings.compute(session(), instant(), scope=scope())
    return render_template(
        "indicators/overview.html",
        groups=groups_of(rates),
        as_of=instant(),
        day=day(),
        today=local_date(now()),
        rules=rulebook.in_force(),
        gap=gap,
        target_words=target_words,
        trend_of=trend_of,
    )


@pages.get("/indicators.csv")
def listing() -> Response:
    """The same numbers as a table."""
    rates = readings.compute(session(), instant(), scope=scope())
    return indicators_csv.answer("indicators", _listing(rates))


@pages.get("/indicators/<code>")
def show(code: str) -> str:
    """One rate: its definition in words, its course, and the rows it was computed from."""
    rate = _rate(code)
    every = indicators_evidence.rows_of(rate, _english())
    chosen = _filtered(every)
    known = [row for row in chosen if row.known]
    page, pages_ = _page(len(known))
    hidden = indicators_evidence.part_of([row for row in chosen if not row.known])
    return render_template(
        "indicators/show.html",
        rate=rate,
        rows=known[(page - 1) * PAGE : page * PAGE],
        chosen=indicators_evidence.part_of(chosen),
        hidden=hidden,
        total=indicators_evidence.part_of(every),
        units=indicators_evidence.units_of(every),
        names=_names(chosen),
        page=page,
        pages=pages_,
        url_of=lambda number: _here(page=number),
        here=_here,
        day=day(),
        today=local_date(now()),
        as_of=instant(),
        rules=rulebook.in_force(),
        gap=gap,
        target_words=target_words,
        trend=trend_of(rate),
        department=_department(),
        counted=request.args.get("counted", ""),
    )


@pages.get("/indicators/<code>.csv")
def rows(code: str) -> Response:
    """The rows of a rate as a table; those the reader may not know of are counted in one line each way."""
    rate = _rate(code)
    chosen = _filtered(indicators_evidence.rows_of(rate, _english()))
    return indicators_csv.answer(rate.definition.code.lower(), _rows(chosen))


def instant() -> datetime:
    """The instant the reader asks for: the end of a past day in Shanghai, else now."""
    asked = day()
    if asked is None:
        return now()
    return datetime.combine(asked + timedelta(days=1), time(), SHANGHAI) - timedelta(microseconds=1)


def day() -> date | None:
    """The past day the reader asks for; none for today. Invalid for what is no day or still to come."""
    text = request.args.get("as_of", "").strip()
    if not text:
        return None
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        raise Invalid("general.not-a-date", value=text[:40]) from None
    today = local_date(now())
    if asked > today:
        raise Invalid("general.not-a-date", value=text[:40])
    return None if asked == today else asked


def groups_of(rates: Sequence[Rate]) -> list[Group]:
    """The headline rates, each with those whose parent it is, then all others."""
    heads = [one for one in rates if one.definition.headline]
    codes = list(dict.fromkeys(one.code for one in rulebook.in_force().indicators.values()))
    heads.sort(key=lambda one: codes.index(one.definition.code))
    found = [Group(head, [one for one in rates if one.definition.parent == head.definition.code]) for head in heads]
    placed = {id(one) for group in found for one in (group.head, *group.rates)}
    rest = [one for one in rates if id(one) not in placed]
    return [*found, Group(None, rest)] if rest else found


def gap(rate: Rate) -> str:
    """How far the value is from its target, in words; empty without either."""
    if rate.standing is None or rate.reading.value is None:
        return ""
    points = (rate.reading.value - rate.standing.target.value).quantize(POINT)
    shown = language.number(abs(points))
    if points >= 0:
        return _("%(points)s points above the target", points=shown)
    return _("%(points)s points below the target", points=shown)


def target_words(target: Target, on: date) -> str:
    """A target with its year, and that the year is over when it is."""
    value = language.percent(target.value)
    if target.year < on.year:
        return _("%(value)s by the end of %(year)s (target year over)", value=value, year=target.year)
    return _("%(value)s by the end of %(year)s", value=value, year=target.year)


def trend_of(rate: Rate) -> list[tuple[str, float | None]]:
    """The kept readings of a rate as points of a line: day and value in per cent."""
    kept = readings.trend(session(), rate.definition.code, scope=scope())
    return [(local_date(one.as_of).strftime("%m-%d"), None if one.value is None else float(one.value)) for one in kept]


def _rate(code: str) -> Rate:
    on = local_date(instant())
    known = {one.code for one in rulebook.in_force().indicators.values() if one.effective_from <= on}
    if code.upper() not in known:
        raise NotFound("general.not-found")
    return readings.compute(session(), instant(), scope=scope(), codes=[code.upper()])[0]


def _filtered(every: Sequence[Row]) -> list[Row]:
    wanted = {"yes": True, "no": False}.get(request.args.get("counted", ""))
    department = _department()
    return [
        row
        for row in every
        if (wanted is None or row.counted is wanted) and (department is None or row.tenant_id == department[0])
    ]


def _department() -> tuple[str, str] | None:
    key = request.args.get("department", "")
    if not key:
        return None
    tenant = tenants.find(session(), key)
    return tenant.id, tenant.name.label(str(get_locale()))


def _names(chosen: Sequence[Row]) -> dict[str, str]:
    units = indicators_evidence.units_of(chosen)
    return {unit.tenant.id: unit.tenant.name.label(str(get_locale())) for unit in units}


def _page(count: int) -> tuple[int, int]:
    pages_ = max(1, -(-count // PAGE))
    asked = request.args.get("page", 1, type=int)
    return min(max(1, asked), pages_), pages_


def _here(**changed: object) -> str:
    kept: dict[str, object] = {
        name: request.args[name] for name in ("as_of", "counted", "department") if request.args.get(name)
    }
    kept |= changed
    values = {name: value for name, value in kept.items() if value not in (None, "")}
    return url_for("indicators.show", code=request.view_args["code"] if request.view_args else "", **values)  # type: ignore[arg-type]


def _listing(rates: Sequence[Rate]) -> Iterator[Sequence[object]]:
    yield (
        _("Indicator"),
        _("Code"),
        _("Version of the definition"),
        _("Value (%)"),
        _("Numerator"),
        _("Denominator"),
        _("Unit"),
        _("Target (%)"),
        _("Target year"),
        _("As of"),
        _("Rules (hash)"),
    )
    for rate in rates:
        target = rate.standing.target if rate.standing else None
        yield (
            rate.definition.label(str(get_locale())),
            rate.definition.code,
            rate.definition.version,
            rate.reading.value,
            rate.reading.numerator,
            rate.reading.denominator,
            unit_of(rate.definition),
            target.value if target else None,
            target.year if target else None,
            rate.as_of.astimezone(SHANGHAI).isoformat(timespec="seconds"),
            rulebook.in_force().hash,
        )


def _rows(chosen: Sequence[Row]) -> Iterator[Sequence[object]]:
    names = _names(chosen)
    yield _("Code"), _("Title"), _("Department"), _("Rows"), _("Counted"), _("Numerator"), _("Denominator")
    for row in chosen:
        if row.known:
            department = names.get(row.tenant_id, "")
            yield row.code, row.title, department, 1, int(row.counted), row.numerator, row.denominator
    hidden = indicators_evidence.part_of([row for row in chosen if not row.known])
    if hidden.rows:
        yield "", _("Not public"), "", hidden.rows, hidden.counted, hidden.numerator, hidden.denominator
    total = indicators_evidence.part_of(chosen)
    yield "", _("Together"), "", total.rows, total.counted, total.numerator, total.denominator


def unit_of(definition: Definition) -> str:
    """What is counted, in the reader's language."""
    return definition.unit_en if _english() else definition.unit_zh


def _english() -> bool:
    return str(get_locale()).startswith("en")

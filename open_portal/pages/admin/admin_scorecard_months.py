"""Scorecards of past months: the frozen table, one body's line with its datasets, and a dataset's rules below it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext as _

from catalog import reading, versions
from catalog.models import Entry, Version
from open_portal.language import term as word
from open_portal.pages import scorecard_words as words
from open_portal.pages.admin.admin_frame import language, pages, report, show
from open_portal.pages.admin.admin_scorecard import FIGURES, figure_columns, tenant_of
from open_portal.pages.indicators import indicators_csv
from open_portal.pages.record import record_quality
from open_portal.requests import actor, now, session
from policies.refusals import NotFound
from policies.scorecard_figures import Figure
from quality import runs
from quality.models import Run
from quality.scoring import scorecards, scores
from quality.scoring.scorecard_models import FrozenScorecard, ScorecardLine
from tenancy import work


@pages.get("/admin/scorecards")
def scorecard_months() -> str:
    """Every frozen month."""
    tenant_of(None)
    return show("scorecard_months", months=scorecards.months(session()))


@pages.get("/admin/scorecards/<month>")
def scorecard_month(month: str) -> str:
    """A frozen month: every body that the actor may look at, with the change from the month before."""
    card = month_of(month)
    lines = lines_of(card)
    before = earlier_of(card)
    return show(
        "scorecard_month",
        card=card,
        columns=[{"label": label, "numeric": numeric} for label, numeric in _heads()],
        rows=[_row(line, before.get(line.tenant_id, {})) for line in lines],
        whole=all(scorecards.is_whole(line) for line in lines),
    )


@pages.get("/admin/scorecards/<month>.csv")
def scorecard_month_table(month: str) -> Response:
    """The same month as a table, frozen and corrected figures side by side."""
    card = month_of(month)
    return indicators_csv.answer(f"scorecard-{card.month}", _table(card, lines_of(card)))


@pages.get("/admin/scorecards/<month>/<key>")
def scorecard_line(month: str, key: str) -> str:
    """What one body reached in a month: frozen and corrected figures, the datasets behind them, the appeals."""
    return show("scorecard_line", **line_page(line_of(month, key)))


def line_of(month: str, key: str) -> ScorecardLine:
    """The frozen line of a body in a month; NotFound if there is none."""
    tenant = tenant_of(key)
    line = next((one for one in lines_of(month_of(month)) if one.tenant_id == tenant.id), None)
    if line is None:
        raise NotFound("general.not-found")
    return line


def line_page(line: ScorecardLine) -> dict[str, Any]:
    """What the pages about a frozen line share, on the desk and in the administration."""
    frozen = scorecards.figures_of(line, corrected=False)
    corrected = scorecards.figures_of(line)
    before = earlier_of(line.scorecard).get(line.tenant_id, {})
    return {
        "line": line,
        "card": line.scorecard,
        "tenant": line.tenant,
        "figures": [_figure(code, frozen, corrected, before) for code in words.shown()],
        "shown_card": scorecards.card_of(line),
        "corrected": any(one.corrected for one in line.appeals),
        "evidence": evidence(line),
        "whole": scorecards.is_whole(line),
        "words": words,
    }


def evidence(line: ScorecardLine) -> list[dict[str, Any]]:
    """The datasets of a line; titles only for those who may know of them."""
    found = []
    for one in line.evidence:
        try:
            entry = reading.find(session(), one["entry_id"], actor(), now())
        except NotFound:
            entry = None
        found.append({**one, "title": entry.title if entry else "", "code": one["code"] if entry else ""})
    return found


@pages.get("/admin/scorecard-datasets/<code>")
def scorecard_dataset(code: str) -> str:
    """The rules of a dataset's last run with what each costs; rows that broke one only for those who may read them."""
    entry, version, run, outcomes = last_run(code)
    asked = request.args.get("rule")
    return show(
        "scorecard_dataset",
        entry=entry,
        version=version,
        run=run,
        outcomes=outcomes,
        chosen=next((one for one in outcomes if one["rule_id"] == asked), None),
        tenant=entry.tenant,
    )


def last_run(code: str) -> tuple[Entry, Version | None, Run | None, list[dict[str, Any]]]:
    """A dataset, its live version, the last run of that and its rules, for whoever reads its body's scorecard."""
    entry = reading.find(session(), code, actor(), now())
    work.demand(actor(), "scorecard.read", report(entry.tenant.path))
    access = reading.access(session(), entry, actor(), now())
    version = versions.live(session(), entry)
    run = runs.newest_done(session(), version.id if version else None)
    return entry, version, run, record_quality.lines(entry, scores.outcomes(run), access) if run else []


def month_of(month: str) -> FrozenScorecard:
    """The frozen scorecard of a month, for whoever reads scorecards; NotFound if there is none."""
    tenant_of(None)
    card = scorecards.of_month(session(), month)
    if card is None:
        raise NotFound("general.not-found")
    return card


def lines_of(card: FrozenScorecard) -> list[ScorecardLine]:
    """The lines of the bodies that the actor may look at."""
    found = [one for one in card.lines if work.may(actor(), "scorecard.read", report(one.tenant.path))]
    return sorted(found, key=lambda one: (len(one.tenant.path), one.tenant.key))


def earlier_of(card: FrozenScorecard) -> Mapping[str, Mapping[str, Figure]]:
    """The figures of the last month frozen before, by body."""
    earlier = [one for one in scorecards.months(session()) if one.month < card.month]
    return {line.tenant_id: scorecards.figures_of(line) for line in earlier[0].lines} if earlier else {}


def _heads() -> list[tuple[str, bool]]:
    return [(_("Body"), False), (_("Card"), False), *((words.name(code), True) for code in words.shown())]


def _row(line: ScorecardLine, before: Mapping[str, Figure]) -> list[Any]:
    figures = scorecards.figures_of(line)
    href = url_for("admin.scorecard_line", month=line.scorecard.month, key=line.tenant.key)
    mark = _("corrected after an appeal") if any(one.corrected for one in line.appeals) else ""
    cells = []
    for code in words.shown():
        cell = words.cell(figures, code)
        if cell and (change := words.change(figures.get(code), before.get(code))):
            cell["note"] = f"{cell['note']} ({change})" if cell["note"] else change
        cells.append(cell)
    name = {"text": line.tenant.name.label(language()), "href": href, "note": mark}
    return [name, words.card_cell(scorecards.card_of(line)), *cells]


def _figure(
    code: str, frozen: Mapping[str, Figure], corrected: Mapping[str, Figure], before: Mapping[str, Figure]
) -> dict[str, Any]:
    return {
        "name": words.name(code),
        "definition": words.definition(code),
        "frozen": words.value(frozen.get(code)),
        "sides": words.sides(frozen.get(code)),
        "corrected": words.value(corrected.get(code)),
        "corrected_sides": words.sides(corrected.get(code)),
        "change": words.change(corrected.get(code), before.get(code)),
    }


def _table(card: FrozenScorecard, lines: Sequence[ScorecardLine]) -> Iterator[Sequence[object]]:
    head: list[object] = [_("Month"), _("Body"), _("Which figures"), _("Card")]
    for code in FIGURES:
        head += [words.name(code), f"{words.name(code)} ({_('Numerator')})", f"{words.name(code)} ({_('Denominator')})"]
    yield [*head, _("As of"), _("Rules (hash)"), _("Hash of the line")]
    for line in lines:
        kinds = [(_("frozen"), scorecards.figures_of(line, corrected=False), line.card)]
        if any(one.corrected for one in line.appeals):
            kinds.append((_("corrected"), scorecards.figures_of(line), scorecards.card_of(line)))
        for kind, figures, shown in kinds:
            row: list[object] = [card.month, line.tenant.name.label(language()), kind, word(shown) if shown else None]
            for code in FIGURES:
                row += figure_columns(figures.get(code))
            yield [*row, card.as_of.isoformat(), card.rules_hash, line.hash]

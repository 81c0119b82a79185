"""Scorecards in words: names and definitions of the figures, cells of tables, cards."""

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from flask_babel import gettext as _

from open_portal.language import number, percent, term
from policies import rulebook, scorecard_figures
from policies import vocabulary as v
from policies.cards import Bar
from policies.scorecard_figures import Figure

HEATS = ((95, 5), (85, 4), (75, 3), (60, 2), (0, 1))
TONES = {v.Card.RED: "bad", v.Card.YELLOW: "warn", v.Card.GREEN: "good", v.Card.EXEMPT: "quiet"}
TENTH, HUNDREDTH = Decimal("0.1"), Decimal("0.01")
"""Figures are shown rounded down, as they are computed: 99.96 is not 100."""


def name(code: str) -> str:
    """The name of a figure."""
    if code in {one.value for one in v.Dimension}:
        return term(code, "Dimension")
    names = {
        "datasets": _("Datasets"),
        "quality": _("Quality"),
        "pass_rate": _("Pass rate"),
        "punctuality": _("Punctuality"),
        "open": _("Open issues"),
        "overdue": _("Overdue issues"),
        "closure": _("Issues closed"),
        "mean_days": _("Mean time to mend"),
    }
    return names[code]


def definition(code: str) -> str:
    """How a figure is computed, in one or two sentences."""
    days = rulebook.in_force().quality.cards.window.days
    texts = {
        "datasets": _("Published datasets of the body and of every body below it."),
        "quality": _("Mean of the total scores of the live versions; datasets without a score drop out."),
        "pass_rate": _("Datasets whose live version is graded A to D, out of those that are graded."),
        "punctuality": _(
            "Updates made out of updates due in the last %(days)s days: every dataset owes one for each whole cycle "
            "since its first delivery, at most one a day; updates beyond what is due do not count.",
            days=days,
        ),
        "open": _("Data issues that are not closed."),
        "overdue": _("Open data issues past their day."),
        "closure": _("Issues closed out of issues confirmed."),
        "mean_days": _("Working days from the confirmation of an issue to its mending, as a mean of the mended ones."),
    }
    return texts.get(code) or _(
        "Mean of this dimension's scores of the live versions; datasets without a rule of this dimension drop out."
    )


def value(figure: Figure | None) -> str | None:
    """A figure as text; None where nothing was measured."""
    if figure is None or figure.value is None:
        return None
    if figure.code in scorecard_figures.PER_CENT:
        return percent(figure.value.quantize(HUNDREDTH, ROUND_FLOOR))
    if figure.code in scorecard_figures.COUNTS and figure.code != "mean_days":
        return number(int(figure.value))
    return number(figure.value.quantize(TENTH, ROUND_FLOOR))


def sides(figure: Figure | None) -> str:
    """Numerator and denominator of a figure, short; empty for a plain count or where nothing was measured."""
    if figure is None or not figure.denominator or figure.code in {"datasets", "open", "overdue"}:
        return ""
    return f"{number(trimmed(figure.numerator))} / {number(trimmed(figure.denominator))}"


def trimmed(value: Decimal) -> Decimal | int:
    """A number without zeros behind the point."""
    return int(value) if value == value.to_integral_value() else value.normalize()


def cell(figures: Mapping[str, Figure], code: str, href: str | None = None) -> dict[str, Any] | None:
    """A figure as a cell: the number and both its sides; scores and rates also with a word and its colour."""
    figure = figures.get(code)
    text = value(figure)
    if figure is None or figure.value is None or text is None:
        return None
    shown: dict[str, Any] = {"text": text, "href": href, "numeric": True, "note": sides(figure)}
    if code in scorecard_figures.MEANS or code in scorecard_figures.PER_CENT:
        step = next(step for least, step in HEATS if figure.value >= least)
        shown |= {"heat": step, "note": f"{words()[step]} · {sides(figure)}"}
    return shown


def heat(score: float | None) -> dict[str, Any] | None:
    """A score as a cell: the number, a word and a colour that says the same."""
    if score is None:
        return None
    step = next(step for least, step in HEATS if score >= least)
    shown = number(Decimal(str(score)).quantize(TENTH, ROUND_FLOOR))
    return {"text": shown, "note": words()[step], "heat": step, "numeric": True}


def words() -> Mapping[int, str]:
    """The word of each colour."""
    return {5: _("excellent"), 4: _("good"), 3: _("fair"), 2: _("low"), 1: _("poor")}


def card_cell(card: v.Card | None) -> dict[str, Any] | None:
    """A card as a cell of a table."""
    return None if card is None else {"text": term(card), "tone": TONES[card]}


def bars() -> list[dict[str, str]]:
    """The rule of each card in words."""
    rules = rulebook.in_force().quality.cards
    return [
        {"label": term(v.Card.RED), "value": _bar(rules.red)},
        {"label": term(v.Card.YELLOW), "value": _bar(rules.yellow)},
        {"label": term(v.Card.GREEN), "value": _("Neither of these; rates not measured earn no card")},
    ]


def _bar(bar: Bar) -> str:
    given = {"punctuality": percent(bar.timeliness), "quality": percent(bar.quality)}
    if bar.join == "and":
        return _("Punctuality below %(punctuality)s and pass rate below %(quality)s", **given)
    return _("Punctuality below %(punctuality)s or pass rate below %(quality)s", **given)


def change(now: Figure | None, before: Figure | None) -> str:
    """The difference from the month before, signed; empty where one of the two is missing."""
    if now is None or before is None or now.value is None or before.value is None:
        return ""
    difference = (now.value - before.value).quantize(TENTH)
    sign = "+" if difference > 0 else "−" if difference < 0 else "±"
    return f"{sign}{number(abs(difference))}"


def shown() -> tuple[str, ...]:
    """The codes of the figures in the order in which pages show them."""
    return tuple(code for code in scorecard_figures.CODES if code != "datasets")

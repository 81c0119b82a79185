"""Points gained if fixed, updates owed and made, figures with both sides, cards: examples worked by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import cards, grading, rulebook
from policies import scorecard_figures as scorecard
from policies import vocabulary as v
from policies.cards import Bar, CardRules
from policies.grading import RuleResult
from policies.rulebook import RulebookError
from policies.scorecard_figures import DatasetFacts, Figure, IssueFacts, Updates

RULES = rulebook.load().quality
NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def result(rule_id: str, evaluated: int, unexpected: int, dimension: v.Dimension, weight: str = "1") -> RuleResult:
    return RuleResult(
        rule_id, dimension, Decimal(weight), v.Severity.WARNING, evaluated, unexpected, success=not unexpected
    )


def test_the_points_gained_are_those_worked_out_by_hand() -> None:
    """Completeness (25): 90 with weight 1 and 60 with weight 2 -> 70; accuracy (25): 80. Other dimensions drop out."""
    results = [
        result("a", 100, 10, v.Dimension.COMPLETENESS),
        result("b", 100, 40, v.Dimension.COMPLETENESS, "2"),
        result("c", 50, 10, v.Dimension.ACCURACY),
        result("d", 50, 0, v.Dimension.ACCURACY, "0"),
        result("e", 0, 0, v.Dimension.TIMELINESS),
    ]
    assert grading.total_score(grading.dimension_scores(results), RULES) == Decimal("75.0000")
    # b: completeness (90 + 200) / 3 = 96.6666 -> total 88.3333; c: accuracy 100 -> 85; a: 73.3333 -> 76.6666
    assert [(one.rule_id, one.points, one.unexpected) for one in grading.gains(results, RULES)] == [
        ("b", Decimal("13.3333"), 40),
        ("c", Decimal("10.0000"), 10),
        ("a", Decimal("1.6666"), 10),
    ]
    assert grading.gains([], RULES) == ()
    assert grading.gains([result("whole", 5, 0, v.Dimension.ACCURACY)], RULES) == ()


COUNTS = st.tuples(st.integers(0, 50), st.integers(0, 50), st.sampled_from(v.Dimension), st.sampled_from("0137"))


@settings(deadline=None)
@given(st.lists(COUNTS, max_size=8))
def test_mending_never_costs_points_and_a_lone_fault_gains_what_is_missing(
    rows: list[tuple[int, int, v.Dimension, str]],
) -> None:
    results = [result(str(number), *row) for number, row in enumerate(rows)]
    total = grading.total_score(grading.dimension_scores(results), RULES)
    found = grading.gains(results, RULES)
    assert all(one.points >= 0 for one in found)
    if len(found) == 1 and total is not None:
        assert found[0].points == 100 - total or found[0].points == 0


def test_a_dataset_owes_whole_cycles_since_its_first_delivery() -> None:
    week, window = timedelta(days=7), timedelta(days=365)
    first = NOW - 30 * DAY
    deliveries = [first, first + 5 * DAY, first + 6 * DAY, NOW + DAY]
    assert scorecard.updates(deliveries, week, window, NOW) == Updates(4, 2)
    assert scorecard.updates([first], week, window, NOW) == Updates(4, 0)
    assert scorecard.updates([first, *(first + n * DAY for n in range(1, 20))], week, window, NOW) == Updates(4, 4)
    assert scorecard.updates([NOW - 700 * DAY], timedelta(days=30), window, NOW) == Updates(12, 0)
    assert scorecard.updates([first], None, window, NOW) == Updates(0, 0)
    assert scorecard.updates([], week, window, NOW) == Updates(0, 0)


def test_a_cycle_of_minutes_owes_no_more_than_one_update_a_day() -> None:
    assert scorecard.updates([NOW - 10 * DAY], timedelta(minutes=1), 365 * DAY, NOW) == Updates(10, 0)


def dataset(score: str | None, grade: v.Grade | None, due: int = 0, made: int = 0, **dimensions: str) -> DatasetFacts:
    known = {name: Decimal(value) for name, value in dimensions.items()}
    return DatasetFacts("d", None if score is None else Decimal(score), grade, known, Updates(due, made))


def test_figures_have_both_sides_and_leave_out_what_was_not_measured() -> None:
    found = scorecard.figures(
        [
            dataset("90", v.Grade.B, 4, 3, accuracy="80"),
            dataset("50", v.Grade.E, 2, 0),
            dataset(None, None),
        ],
        IssueFacts(open=3, overdue=1, confirmed=4, closed=3, mended=3, days=Decimal(10)),
    )
    assert tuple(found) == scorecard.CODES
    assert found["quality"] == Figure("quality", Decimal(70), Decimal(140), Decimal(2))
    assert found["accuracy"] == Figure("accuracy", Decimal(80), Decimal(80), Decimal(1))
    assert found["timeliness"].value is None
    assert found["pass_rate"] == Figure("pass_rate", Decimal(50), Decimal(1), Decimal(2))
    assert found["punctuality"] == Figure("punctuality", Decimal(50), Decimal(3), Decimal(6))
    assert found["closure"].value == 75
    assert found["mean_days"].value == Decimal("3.3333")
    assert Figure.from_json("mean_days", found["mean_days"].to_json()) == found["mean_days"]
    assert "open" not in scorecard.figures([])
    assert scorecard.figures([])["quality"].value is None


def bars(join: str) -> CardRules:
    red, yellow = Bar(join, Decimal(60), Decimal(60)), Bar(join, Decimal(90), Decimal(90))
    return CardRules(red, yellow, frozenset({"hz-free"}), 365 * DAY)


@pytest.mark.parametrize(
    ("join", "punctuality", "passing", "shown"),
    [
        ("or", "59.9999", "100", v.Card.RED),
        ("or", "60", "60", v.Card.YELLOW),
        ("or", "90", "90", v.Card.GREEN),
        ("or", None, "89", v.Card.YELLOW),
        ("or", None, None, None),
        ("and", "10", "100", v.Card.GREEN),
        ("and", "10", "70", v.Card.YELLOW),
        ("and", "10", "10", v.Card.RED),
        ("and", "10", None, v.Card.GREEN),
    ],
)
def test_cards_join_two_rates(join: str, punctuality: str | None, passing: str | None, shown: v.Card | None) -> None:
    rates = [None if one is None else Decimal(one) for one in (punctuality, passing)]
    assert cards.card(*rates, "hz-jtj", bars(join)) == shown
    assert cards.card(*rates, "hz-free", bars(join)) == v.Card.EXEMPT


PACKAGED = Path(rulebook.FOLDER, "quality.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("whitelist = []", "whitelist = []\ngrey = 3", "cards.grey"),
        ('[cards.red]\njoin = "or"', '[cards.red]\njoin = "xor"', "cards.red.join"),
        ('timeliness = "60"', 'timeliness = "95"', "cards.red"),
        ("window_days = 365", "window_days = 0", "cards.window_days"),
        ('quality = "60"', 'quality = "60"\nspeed = "1"', "cards.red.speed"),
    ],
)
def test_a_card_rule_that_cannot_be_meant_stops_the_start(tmp_path: Path, before: str, after: str, named: str) -> None:
    (tmp_path / "quality.toml").write_text(PACKAGED.replace(before, after, 1), "utf-8")
    with pytest.raises(RulebookError) as caught:
        rulebook.load(tmp_path)
    assert caught.value.params["key"] == named


def test_the_packaged_rules_show_cards() -> None:
    assert replace(RULES.cards, whitelist=frozenset()) == RULES.cards
    assert RULES.cards.window == timedelta(days=365)

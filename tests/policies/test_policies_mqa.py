"""The 405 points: the table of weights, shares, what cannot be known, ratings; an example worked by hand."""

from decimal import Decimal

import pytest

from policies import mqa
from policies import vocabulary as v
from policies.vocabulary import MqaDimension, MqaMetric, MqaRating


def facts(*met: MqaMetric, unknown: tuple[MqaMetric, ...] = ()) -> dict[MqaMetric, bool | None]:
    return {one: None if one in unknown else one in met for one in MqaMetric}


def test_the_weights_are_those_of_the_method() -> None:
    sums = {one: sum(x.weight for x in MqaMetric if x.dimension is one) for one in MqaDimension}
    assert list(sums.values()) == [100, 100, 110, 75, 20]
    assert mqa.FULL == 405


def test_points_are_shares_times_weights() -> None:
    """Keywords 2 of 3 -> 20; the licence 1 of 2 known -> 10; the access address of none known: 50 points less to be
    had; everything else missing."""
    population = [
        facts(MqaMetric.KEYWORD, MqaMetric.LICENCE, unknown=(MqaMetric.ACCESS_OK,)),
        facts(MqaMetric.KEYWORD, unknown=(MqaMetric.ACCESS_OK, MqaMetric.LICENCE)),
        facts(unknown=(MqaMetric.ACCESS_OK,)),
    ]
    found = mqa.assess(population)
    assert found.entries == 3
    assert found.total == Decimal("30.00")
    assert found.possible == 355
    assert found.dimensions[MqaDimension.FINDABILITY] == 20
    assert found.dimensions[MqaDimension.REUSABILITY] == 10
    shares = {one.metric: (one.met, one.known) for one in found.shares}
    assert shares[MqaMetric.KEYWORD] == (2, 3)
    assert shares[MqaMetric.LICENCE] == (1, 2)
    assert shares[MqaMetric.ACCESS_OK] == (0, 0)
    assert found.rating is MqaRating.BAD


def test_an_entry_that_meets_everything_has_405_points() -> None:
    found = mqa.assess([facts(*MqaMetric)])
    assert (found.total, found.possible, found.rating) == (405, 405, MqaRating.EXCELLENT)
    assert mqa.assess([]).rating is None


@pytest.mark.parametrize(
    ("total", "possible", "rating"),
    [
        ("351", 405, MqaRating.EXCELLENT),
        ("350.99", 405, MqaRating.GOOD),
        ("221", 405, MqaRating.GOOD),
        ("220.99", 405, MqaRating.SUFFICIENT),
        ("121", 405, MqaRating.SUFFICIENT),
        ("120", 405, MqaRating.BAD),
        ("0", 0, None),
        ("308", 355, MqaRating.EXCELLENT),
    ],
)
def test_ratings_have_their_least_points(total: str, possible: int, rating: MqaRating | None) -> None:
    assert mqa.rating(Decimal(total), possible) is rating


def test_what_is_missing_comes_with_the_most_points_first() -> None:
    lacking = facts(*(set(MqaMetric) - {MqaMetric.ACCESS_OK, MqaMetric.ISSUED, MqaMetric.LICENCE}))
    assert mqa.missing(lacking) == (MqaMetric.ACCESS_OK, MqaMetric.LICENCE, MqaMetric.ISSUED)
    assert mqa.missing(facts(*MqaMetric)) == ()
    assert all(one.zh and one.en for one in v.MqaMetric)

"""Indicators: the worked example, what counts and what does not, duplicates, scopes, targets and replay."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import indicators, rulebook
from policies.indicator_facts import DemandFacts, EntryFacts
from policies.indicators import Definition, Reading

BOOK = rulebook.load()
NOW = datetime(2025, 12, 31, 8, tzinfo=UTC)


def entry(n: int, **facts: object) -> EntryFacts:
    """An entry that is published and shared, holds ten items, and is not opened."""
    plain = {
        "id": f"e{n:02}",
        "code": f"330500-{n}",
        "tenant_id": "transport",
        "path": ["transport", "city"],
        "origin": "OWN",
        "state": "PUBLISHED",
        "share_type": "SHARE_UNCOND",
        "open_type": "OPEN_UNCOND",
        "open_tier": "T0",
        "open_state": "NOT_OPEN",
        "mounted": True,
        "probe_ok": True,
        "rows": 100,
        "items": 10,
        "items_open": 0,
        "items_shared": 10,
        "grade": "B",
        "update_cycle": "MONTHLY",
        "data_updated_at": (NOW - timedelta(days=20)).isoformat(),
        "source_org_id": "transport",
        "item_set": f"items-{n}",
        "secret": False,
    }
    return EntryFacts.of(plain | facts)


def demand(n: int, **facts: object) -> DemandFacts:
    """A demand for four items, accepted, completed in time and fully supplied."""
    plain = {
        "id": f"d{n:02}",
        "tenant_id": "health",
        "path": ["health", "city"],
        "stage": "COMPLETED",
        "accepted_on": "2025-05-06",
        "confirmed_on": "2025-05-20",
        "due_on": "2025-05-22",
        "lawful_refusal": False,
        "returned_kind": None,
        "items_requested": 4,
        "items_supplied": 4,
        "dedupe": f"need-{n}",
    }
    return DemandFacts.of(plain | facts)


ENTRIES = [
    entry(1, open_state="OPEN", items_open=10),
    entry(2, open_state="OPEN", items_open=10, rows=0),
    entry(3, open_state="OPEN", open_type="OPEN_RESTRICTED", items_open=3),
    entry(4, open_state="CLOSE_REVIEW", open_type="OPEN_RESTRICTED", items_open=2),
    entry(5, open_type="OPEN_FORBIDDEN", share_type="SHARE_RESTRICTED"),
    entry(6, open_type="OPEN_FORBIDDEN", share_type="SHARE_RESTRICTED"),
    entry(7, open_type="OPEN_FORBIDDEN", share_type="SHARE_NONE", items_shared=0),
    entry(8, share_type="SHARE_RESTRICTED", mounted=False),
    entry(9, state="CHANGE_REVIEW"),
    entry(10, state="WITHDRAW_REVIEW"),
]
NOT_DONE = {"stage": "CONFIRMED", "confirmed_on": None, "items_supplied": 0}
DEMANDS = [
    *(demand(n) for n in range(15)),
    demand(15, confirmed_on="2025-06-03"),
    demand(16, confirmed_on="2025-06-03"),
    demand(17, **NOT_DONE | {"stage": "RETURNED", "lawful_refusal": True, "returned_kind": "ADMIN_AGREE_RETURN"}),
    demand(18, **NOT_DONE | {"stage": "RETURNED", "returned_kind": "ADMIN_PORTAL"}),
    demand(19, **NOT_DONE | {"items_supplied": 2}),
]


def definition(code: str) -> Definition:
    return indicators.effective(BOOK.indicators.values(), code, date(2025, 12, 31))


def reading(code: str, entries: list[EntryFacts] = ENTRIES, scope: str | None = None) -> Reading:
    return indicators.compute(definition(code), entries, DEMANDS, NOW, scope)


@pytest.mark.parametrize(
    ("code", "numerator", "denominator", "value"),
    [
        ("OPEN_CAT", 4, 10, "40.00"),
        ("OPEN_ITEM", 25, 100, "25.00"),
        ("OPEN_DUE", 4, 7, "57.14"),
        ("OPEN_UNCOND", 2, 10, "20.00"),
        ("OPEN_EFFECTIVE", 3, 10, "30.00"),
        ("SHARE_ATTR", 9, 10, "90.00"),
        ("SHARE_MOUNTED", 8, 9, "88.89"),
        ("SAT_COUNT", 17, 20, "85.00"),
        ("SAT_ONTIME", 15, 20, "75.00"),
        ("SAT_ITEM", 70, 80, "87.50"),
        ("SHARE_UNCOND", 6, 10, "60.00"),
        ("SHARE_ITEM", 90, 100, "90.00"),
        ("MOUNTED", 9, 10, "90.00"),
        ("TIMELY", 9, 9, "100.00"),
    ],
)
def test_the_worked_example(code: str, numerator: int, denominator: int, value: str) -> None:
    found = reading(code)
    assert (found.numerator, found.denominator) == (numerator, denominator)
    assert found.value is not None
    assert found.value.quantize(Decimal("0.01")) == Decimal(value)
    assert set(found.numerator_ids) <= set(found.denominator_ids)


def test_lawful_refusals_returns_and_overdue_demands_are_reported_beside() -> None:
    found = reading("SAT_COUNT")
    assert found.beside == {"lawful_refusal": ("d17",), "returned": ("d18",), "overdue": ("d19",)}
    assert set(found.beside["lawful_refusal"]) <= set(found.denominator_ids)


def test_a_reading_names_the_rows_it_counts_and_their_weights() -> None:
    assert reading("OPEN_CAT").numerator_ids == ("e01", "e02", "e03", "e04")
    assert reading("OPEN_CAT").weights == {}
    weights = reading("OPEN_ITEM").weights
    assert weights["e03"] == (3, 10)
    assert weights["e09"] == (0, 10)


def test_an_empty_denominator_has_no_value() -> None:
    for code in ("OPEN_CAT", "OPEN_ITEM", "SHARE_MOUNTED"):
        found = reading(code, [])
        assert found.denominator == 0
        assert found.value is None
    assert indicators.standing(definition("OPEN_CAT"), reading("OPEN_CAT", []), date(2025, 12, 31)).met is None


@pytest.mark.parametrize(
    "facts",
    [
        {"origin": "HARVESTED"},
        {"secret": True},
        {"state": "DRAFT"},
        {"state": "SUSPENDED"},
        {"state": "WITHDRAWN"},
    ],
)
def test_what_is_harvested_secret_or_not_published_never_counts(facts: dict[str, object]) -> None:
    more = [*ENTRIES, entry(11, open_state="OPEN", items_open=10, **facts)]
    for code in ("OPEN_CAT", "OPEN_ITEM", "SHARE_MOUNTED", "MOUNTED"):
        assert reading(code, more) == reading(code)


@pytest.mark.parametrize(
    "facts",
    [
        {"mounted": False},
        {"probe_ok": False},
        {"rows": None},
        {"rows": 0},
        {"grade": "D"},
        {"grade": None},
        {"data_updated_at": (NOW - timedelta(days=35)).isoformat()},
        {"data_updated_at": None},
    ],
)
def test_an_open_entry_that_is_empty_dead_late_or_poor_is_not_effective(facts: dict[str, object]) -> None:
    more = [*ENTRIES, entry(11, open_state="OPEN", **facts)]
    assert "e11" in reading("OPEN_CAT", more).numerator_ids
    assert "e11" not in reading("OPEN_EFFECTIVE", more).numerator_ids


def test_the_same_items_of_one_source_count_once_where_the_source_registered_them() -> None:
    copy = entry(11, id="a-copy", tenant_id="city", path=["city"], item_set="items-5", open_state="OPEN")
    found = reading("OPEN_CAT", [copy, *ENTRIES])
    assert "a-copy" not in found.denominator_ids
    assert "e05" in found.denominator_ids
    twins = [entry(12, item_set="", id="x"), entry(12, item_set="", id="y")]
    assert {"x", "y"} <= set(reading("OPEN_CAT", [*ENTRIES, *twins]).denominator_ids)


def test_the_same_need_counts_once_as_it_stands_last() -> None:
    again = demand(20, dedupe="need-18", accepted_on="2025-07-01", confirmed_on="2025-07-10", due_on="2025-07-30")
    found = indicators.compute(definition("SAT_COUNT"), [], [*DEMANDS, again], NOW)
    assert (found.numerator, found.denominator) == (18, 20)
    assert "d18" not in found.denominator_ids


def test_demands_of_the_last_twelve_months_count() -> None:
    def counted(accepted: str | None, now: datetime) -> bool:
        facts = demand(1, accepted_on=accepted, confirmed_on=None, stage="DISPATCHED")
        return indicators.compute(definition("SAT_COUNT"), [], [facts], now).denominator == 1

    assert counted("2025-01-01", NOW)
    assert not counted("2024-12-31", NOW)
    assert not counted("2026-01-01", NOW)
    assert not counted(None, NOW)
    leap = datetime(2024, 2, 29, 8, tzinfo=UTC)
    assert counted("2023-03-01", leap)
    assert not counted("2023-02-28", leap)


def test_periods_can_be_the_calendar_year_or_everything() -> None:
    facts = demand(1, accepted_on="2024-06-01", confirmed_on="2024-06-05")
    for period, counted in (("year", 0), ("12months", 0), ("all", 1)):
        of = replace(definition("SAT_COUNT"), period=period)
        assert indicators.compute(of, [], [facts], NOW).denominator == counted


def test_more_items_than_were_asked_for_do_not_help() -> None:
    generous = demand(1, items_requested=4, items_supplied=40)
    found = indicators.compute(definition("SAT_ITEM"), [], [generous, demand(2, items_supplied=0)], NOW)
    assert found.value == 50


def test_a_scope_counts_a_tenant_and_all_below_it() -> None:
    county = entry(11, tenant_id="bureau", path=["bureau", "county", "city"], source_org_id="bureau", open_state="OPEN")
    entries = [*ENTRIES, county]
    assert reading("OPEN_CAT", entries, "county").denominator_ids == ("e11",)
    assert reading("OPEN_CAT", entries, "city").denominator == 11
    assert reading("OPEN_CAT", entries) == reading("OPEN_CAT", entries, "city")
    assert reading("OPEN_CAT", entries, "elsewhere").value is None


def test_a_target_is_compared_exactly_and_marked_when_its_year_is_over() -> None:
    rate = definition("OPEN_CAT")
    met = indicators.standing(rate, reading("OPEN_CAT"), date(2025, 12, 31))
    assert met is not None
    assert (met.target.year, met.target.value, met.over, met.met) == (2025, Decimal(30), False, True)
    late = indicators.standing(rate, reading("OPEN_CAT"), date(2026, 11, 23))
    assert late is not None
    assert (late.over, late.met) == (True, True)
    short = replace(reading("SAT_COUNT"), numerator=989_999, denominator=1_000_000, value=Decimal("99.0000"))
    found = indicators.standing(definition("SAT_COUNT"), short, date(2025, 1, 1))
    assert found is not None
    assert found.met is False
    assert indicators.standing(definition("MOUNTED"), reading("MOUNTED"), date(2025, 1, 1)) is None


def test_the_next_target_is_the_one_that_counts() -> None:
    rate = definition("OPEN_CAT")
    later = replace(rate.targets[0], year=2030, value=Decimal(60))
    found = indicators.standing(replace(rate, targets=(later, *rate.targets)), reading("OPEN_CAT"), date(2026, 1, 1))
    assert found is not None
    assert (found.target.year, found.over, found.met) == (2030, False, False)


def test_the_plan_names_three_headline_rates_and_the_others_hang_below_them() -> None:
    headline = {d.code: d.zh for d in BOOK.indicators.values() if d.headline}
    assert headline == {"OPEN_CAT": "开放率", "SHARE_MOUNTED": "共享率", "SAT_COUNT": "共享需求满足率"}
    assert {d.parent for d in BOOK.indicators.values()} == {"", *headline}


def test_the_version_that_holds_is_the_latest_effective_one() -> None:
    first = definition("OPEN_CAT")
    second = replace(first, version=2, effective_from=date(2026, 1, 1))
    assert indicators.effective([second, first], "OPEN_CAT", date(2025, 12, 31)) is first
    assert indicators.effective([first, second], "OPEN_CAT", date(2026, 1, 1)) is second
    with pytest.raises(KeyError, match="OPEN_CAT"):
        indicators.effective([first], "OPEN_CAT", date(2000, 1, 1))


@pytest.mark.parametrize("facts", [{"state": "LOST"}, {"rows": "many"}, {"data_updated_at": "2025-12-01T00:00:00"}])
def test_facts_that_make_no_sense_name_their_entry(facts: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="e01"):
        entry(1, **facts)


def test_missing_facts_are_an_error_not_a_zero() -> None:
    with pytest.raises(ValueError, match=r"e1.*origin"):
        EntryFacts.of({"id": "e1", "code": "c", "tenant_id": "t", "path": []})
    with pytest.raises(ValueError, match="d1"):
        DemandFacts.of({"id": "d1"})


@settings(deadline=None)
@given(st.permutations(ENTRIES), st.sampled_from(["OPEN_CAT", "OPEN_ITEM", "OPEN_EFFECTIVE", "SHARE_MOUNTED"]))
def test_the_same_facts_give_the_same_reading_in_any_order(entries: list[EntryFacts], code: str) -> None:
    assert reading(code, entries) == reading(code)

"""Rules that hold a delivery against earlier ones: drift, loss and freshness."""

import datetime as dt
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from reference_stage import ENGINES, TODAY, outcomes_of, rule_of, written

from quality.engines import drift
from quality.profiling import profiles
from quality.rules.rules import Rule

# -- the version before


def _drifting(share: float, rows: int = 1000) -> dict[str, Any]:
    moved = int(rows * share)
    return {
        "数": [at % 100 + (200 if at < moved else 0) for at in range(rows)],
        "小数": [(at % 97) / 7 + (20 if at < moved else 0) for at in range(rows)],
        "日": [dt.date(2025, 1, 1) + dt.timedelta(days=at % 90 + (365 if at < moved else 0)) for at in range(rows)],
        "时": [dt.datetime(2025, 1, 1 + at % 28, at % 24) for at in range(rows)],  # noqa: DTZ001
        "类": ["新" if at < moved else "甲" if at % 4 else "乙" for at in range(rows)],
        "空": [None if at < moved else "x" for at in range(rows)],
        "名": [f"名{at}" for at in range(rows)],
    }


@pytest.fixture
def before(tmp_path: Path) -> dict[str, Any]:
    """The version before: its rows, columns and profile as they are stored."""
    path = written(tmp_path, _drifting(0), "before.parquet")
    profile = profiles.profile(path).to_json()
    return {"rows": 1000, "columns": list(_drifting(0)), "profile": profile}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_column_that_drifted_is_found(tmp_path: Path, before: dict[str, Any], engine: str) -> None:
    path = written(tmp_path, _drifting(0.4))
    rules = [Rule(name, "steady", (name,), {"limit": 0.25}) for name in _drifting(0)]
    found = outcomes_of(path, rules, engine, {"previous": before})
    assert {key: (one.error, one.applies, one.success) for key, one in found.items()} == {
        "数": (None, True, False),
        "小数": (None, True, False),
        "日": (None, True, False),
        "时": (None, True, True),
        "类": (None, True, False),
        "空": (None, True, False),
        "名": (None, False, True),
    }


def test_engines_see_the_same_index(tmp_path: Path, before: dict[str, Any]) -> None:
    path = written(tmp_path, _drifting(0.1))
    names = [name for name in _drifting(0) if name != "名"]
    rules = [Rule(name, "steady", (name,), {"limit": 0.25}) for name in names]
    fast, slow = (outcomes_of(path, rules, engine, {"previous": before}) for engine in ENGINES)
    assert {name: fast[name].observed for name in names} == pytest.approx({name: slow[name].observed for name in names})


@pytest.mark.parametrize("engine", ENGINES)
def test_the_index_is_the_one_worked_out_by_hand(tmp_path: Path, engine: str) -> None:
    old = {"name": "c", "sort": "text", "nulls": 0, "top": [["a", 500], ["b", 500]], "top_exact": True}
    path = written(tmp_path, {"c": ["a"] * 80 + ["b"] * 20})
    found = outcomes_of(
        path, [rule_of("steady", "c", limit=0.25)], engine, {"previous": {"rows": 1000, "profile": {"columns": [old]}}}
    )["steady"]
    by_hand = (0.8 - 0.5) * math.log(0.8 / 0.5) + (0.2 - 0.5) * math.log(0.2 / 0.5)
    assert found.observed == pytest.approx(by_hand)
    assert not found.success


def test_a_histogram_is_cut_into_bins_that_hold_enough() -> None:
    column = {"name": "n", "sort": "integer", "nulls": 20, "histogram": [[1, 2], [2, 3], [3, 95], [4, 60], [None, 20]]}
    found = drift.bins(column, 200)
    assert found == drift.Bins("integer", (3, 4), (), (0.5, 0.3, 0.1, 0.1))
    assert drift.index(found.shares, [50, 30, 10, 10]) == pytest.approx(0)
    assert drift.bins(column, drift.FEWEST - 1) is None


def test_a_loss_against_the_source_and_the_version_before(tmp_path: Path) -> None:
    path = written(tmp_path, {"a": [1] * 90, "b": [2] * 90})
    previous = {"rows": 100, "columns": ["a", "b", "c"], "profile": {}}
    rules = [
        Rule("kept", "no_drop", (), {"share": 0.9}),
        Rule("dropped", "no_drop", (), {"share": 0.95}),
        Rule("columns", "columns_kept"),
        Rule("source", "rows_as_source"),
        Rule("tolerant", "rows_as_source", (), {"tolerance": 0.1}),
    ]
    found = outcomes_of(path, rules, "duckdb", {"previous": previous, "source_rows": 100})
    assert {key: (one.evaluated, one.unexpected, one.success) for key, one in found.items()} == {
        "kept": (100, 10, True),
        "dropped": (100, 10, False),
        "columns": (3, 1, False),
        "source": (100, 10, False),
        "tolerant": (100, 10, True),
    }
    assert found["columns"].detail == "c"


def _weeks(*back: int) -> list[dt.date]:
    return [TODAY - dt.timedelta(days=7 * weeks) for weeks in back]


@pytest.mark.parametrize(
    ("deliveries", "expected"),
    [
        (_weeks(0), (0, 0, True, False)),  # the first delivery: nothing was due yet
        (_weeks(4, 3, 2, 1, 0), (3, 0, True, True)),
        (_weeks(4, 0), (3, 2, False, True)),
        (_weeks(*range(60)), (12, 0, True, True)),
        ([], (0, 0, True, False)),
    ],
)
def test_each_cycle_has_its_update(tmp_path: Path, deliveries: list[dt.date], expected: tuple[Any, ...]) -> None:
    path = written(tmp_path, {"a": [1]})
    parameters = {"max_age_days": 7.7, "deliveries": deliveries}
    found = outcomes_of(path, [rule_of("on_schedule")], "duckdb", parameters)["on_schedule"]
    assert (found.evaluated, found.unexpected, found.success, found.applies) == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_freshness_against_the_promised_cycle(tmp_path: Path, engine: str) -> None:
    path = written(tmp_path, {"d": pa.array([TODAY - dt.timedelta(days=8), None], pa.date32())})
    rules = [rule_of("newest", "d", days="cycle"), rule_of("updated_within", days="cycle")]
    updated = dt.datetime(2026, 11, 15, 23, 0, tzinfo=dt.UTC)  # in the city the 16th has begun
    weekly = {"max_age_days": 7.7, "updated_at": updated}
    found = outcomes_of(path, rules, engine, weekly)
    assert [(one.success, one.unexpected) for one in found.values()] == [(False, 1), (True, 0)]
    assert found["updated_within"].observed == 7
    assert all(one.success for one in outcomes_of(path, rules, engine, {"max_age_days": 34.1}).values())
    assert not any(one.applies for one in outcomes_of(path, rules, engine).values())


def test_what_is_known_of_a_delivery(tmp_path: Path) -> None:
    path = written(tmp_path, {"a": [1], "b": [2]})
    rules = [rule_of("accessible"), rule_of("usable"), rule_of("safeguarded")]
    known = {"accesses": (2, 1), "rows_read": 10, "rows_loaded": 9, "exposed": ["b"]}
    found = outcomes_of(path, rules, "duckdb", known)
    assert {key: (one.evaluated, one.unexpected, one.success, one.detail) for key, one in found.items()} == {
        "accessible": (2, 1, False, None),
        "usable": (10, 1, False, None),
        "safeguarded": (2, 1, False, "b"),
    }


def test_a_rule_without_its_parameter_is_not_applicable_and_no_error(tmp_path: Path) -> None:
    path = written(tmp_path, {"a": ["1"], "b": [2], "d": [TODAY]})
    rules = [
        rule_of("refers_to", "a", of="x.y"),
        rule_of("same_as", "a", "b", of="x.y", value="z"),
        rule_of("code_list", "a", list="x"),
        rule_of("steady", "b", limit=0.25),
        rule_of("newest", "d", days="cycle"),
        rule_of("updated_within", days="cycle"),
        rule_of("on_schedule"),
        rule_of("rows_as_source"),
        rule_of("no_drop", share=0.9),
        rule_of("columns_kept"),
        rule_of("safeguarded"),
        rule_of("accessible"),
        rule_of("usable"),
    ]
    for one in outcomes_of(path, rules, "duckdb").values():
        assert (one.error, one.evaluated, one.unexpected, one.success, one.applies) == (None, 0, 0, True, False), one

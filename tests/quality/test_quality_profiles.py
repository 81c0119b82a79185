"""Profiles against plain Python over made tables."""

import datetime as dt
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from policies import identifiers
from quality.profiling import profiles
from quality.profiling.profiles import ColumnProfile, Profile

ROWS = 4000


def _write(folder: Path, columns: dict[str, Any]) -> Path:
    path = folder / "t.parquet"
    pq.write_table(pa.table(columns), path, row_group_size=1000)
    return path


def _columns() -> dict[str, Any]:
    source = random.Random(42)  # noqa: S311
    first = ["91330500" + "".join(source.choice("0123456789ABCDEFGH") for _ in range(9)) for _ in range(ROWS)]
    days = [dt.date(2020, 1, 1) + dt.timedelta(days=source.randrange(900)) for _ in range(ROWS)]
    return {
        "信用代码": [code + identifiers.uscc_check_character(code) for code in first],
        "状态": [source.choice(["正常", "注销", None]) for _ in range(ROWS)],
        "金额": [None if at % 10 == 0 else float(at) for at in range(ROWS)],
        "次数": list(range(ROWS)),
        "备注": [source.choice([" 空格", "", "　", "好�", "无误"]) for _ in range(ROWS)],
        "开始日期": days,
        "结束日期": [day + dt.timedelta(days=source.randrange(-1, 30)) for day in days],
        "嵌套": [[at % 3] for at in range(ROWS)],
        '空的"列': pa.nulls(ROWS, pa.string()),
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Profile]:
    columns = _columns()
    return columns, profiles.profile(_write(tmp_path_factory.mktemp("profile"), columns))


def _column(found: Profile, name: str) -> ColumnProfile:
    return next(column for column in found.columns if column.name == name)


def test_counts_are_exact(made: tuple[dict[str, Any], Profile]) -> None:
    columns, found = made
    assert (found.rows, found.repeated_rows) == (ROWS, 0)
    assert [column.name for column in found.columns] == list(columns)
    for name, values in columns.items():
        plain = values.to_pylist() if isinstance(values, pa.Array) else values
        assert _column(found, name).nulls == plain.count(None)
    status = _column(found, "状态")
    assert status.top_exact
    counted = Counter(value for value in columns["状态"] if value)
    assert dict(status.top) == dict(counted)
    key = _column(found, "信用代码")
    assert key.distinct_exact
    assert key.distinct == len(set(columns["信用代码"]))


def test_forms_and_dirt_of_text(made: tuple[dict[str, Any], Profile]) -> None:
    columns, found = made
    code = _column(found, "信用代码")
    assert code.patterns is not None
    assert code.digits is not None
    assert (code.patterns["uscc"], code.digits["uscc"], code.usual_length) == (1.0, 1.0, (18, 1.0))
    remark = _column(found, "备注")
    counted = Counter(columns["备注"])
    assert remark.blanks == counted[""] + counted["　"]
    assert remark.dirt is not None
    filled = ROWS - remark.blanks
    # a blank full-width space is untrimmed too
    assert remark.dirt["untrimmed"] == pytest.approx((counted[" 空格"] + counted["　"]) / filled)
    assert remark.dirt["garbled"] == pytest.approx(counted["好�"] / filled)


def test_numbers_and_days_have_quantiles_and_a_histogram(made: tuple[dict[str, Any], Profile]) -> None:
    _, found = made
    amount = _column(found, "金额")
    assert (amount.minimum, amount.maximum) == (1.0, 3999.0)
    assert amount.quantile(0.5) == pytest.approx(2000, rel=0.02)
    for name in ("金额", "次数", "开始日期"):
        column = _column(found, name)
        assert sum(count for _, count in column.histogram) == ROWS - column.nulls
        edges = [edge for edge, _ in column.histogram[:-1]]
        assert edges == sorted(edges)
        assert column.histogram[-1][0] is None


def test_pairs_whose_names_say_an_order(made: tuple[dict[str, Any], Profile]) -> None:
    columns, found = made
    (pair,) = found.pairs
    kept = sum(a <= b for a, b in zip(columns["开始日期"], columns["结束日期"], strict=True))
    assert (pair.first, pair.second, pair.both, pair.in_order) == ("开始日期", "结束日期", ROWS, kept)


def test_a_profile_survives_storage(made: tuple[dict[str, Any], Profile]) -> None:
    _, found = made
    assert Profile.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False))) == found


def test_the_sample_is_the_same_each_time_and_repeated_rows_are_found(tmp_path: Path) -> None:
    rows = profiles.SAMPLE * 3
    path = _write(tmp_path, {"a": [at % 17 for at in range(rows)], "b": [str(at % 5) for at in range(rows)]})
    first, second = profiles.profile(path), profiles.profile(path)
    assert first == second
    assert profiles.SAMPLE * 0.9 < first.sampled < profiles.SAMPLE * 1.1
    assert first.repeated_rows == rows - 17 * 5


@pytest.mark.parametrize("columns", [{"a": pa.array([], pa.string()), "b": pa.array([], pa.float64())}, {"a": [1]}])
def test_small_and_empty_tables(tmp_path: Path, columns: dict[str, Any]) -> None:
    found = profiles.profile(_write(tmp_path, columns))
    assert found.rows == len(next(iter(columns.values())))
    assert found.repeated_rows == 0


def test_nan_and_infinity_are_no_json(tmp_path: Path) -> None:
    values = [float("nan"), float("inf"), -float("inf"), *map(float, range(50))]
    found = profiles.profile(_write(tmp_path, {"x": values}))
    assert found.columns[0].nulls == 1
    json.dumps(found.to_json(), allow_nan=False)

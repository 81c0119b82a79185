"""Shapes, candidate keys and gaps of a profile against plain Python."""

from collections import Counter
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quality.profiling import profiles
from quality.profiling.profile_shapes import written
from quality.profiling.profiles import Profile

CELL = st.one_of(st.none(), st.integers(0, 3))


def profile(folder: Path, columns: dict[str, Any]) -> Profile:
    """The profile of a table, once there and back as it is kept."""
    path = folder / "t.parquet"
    pq.write_table(pa.table(columns), path)
    return Profile.from_json(profiles.profile(path).to_json())


def test_shapes_tell_the_kind_of_each_character(tmp_path: Path) -> None:
    values = ["浙E12345"] * 3 + ["AB-12", "ab-12", "", None]
    found = profile(tmp_path, {"c": pa.array(values, pa.string())}).columns[0]
    assert found.shapes == (("字A9{5}", 3), ("AA-99", 1), ("aa-99", 1))
    assert written("999字字a") == "9{3}字字a"


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=40))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_gaps_are_those_of_plain_python(tmp_path: Path, rows: list[tuple[Any, ...]]) -> None:
    columns = {name: pa.array([row[at] for row in rows], pa.int64()) for at, name in enumerate("abc")}
    found = profile(tmp_path, columns)
    nulls = {name: [row[at] is None for row in rows] for at, name in enumerate("abc")}
    gapped = [name for name in "abc" if any(nulls[name]) and not all(nulls[name])]
    if len(gapped) < 2:
        assert found.gaps is None
        return
    assert found.gaps is not None
    assert set(found.gaps.columns) == set(gapped)
    expected = Counter(frozenset(n for n in gapped if nulls[n][at]) for at in range(len(rows)))
    assert {frozenset(names): count for names, count in found.gaps.patterns} == {
        names: count for names, count in expected.items() if names
    }
    for one in found.gaps.together:
        both = sum(x and y for x, y in zip(nulls[one.first], nulls[one.second], strict=True))
        either = sum(x or y for x, y in zip(nulls[one.first], nulls[one.second], strict=True))
        assert (one.both, one.jaccard) == (both, round(both / either, 4))
    assert len(found.gaps.together) <= len(list(combinations(gapped, 2)))


def test_a_key_of_two_columns_is_found_where_none_has_one(tmp_path: Path) -> None:
    cells = list(product(range(20), range(15)))
    columns = {"站": [f"s{one}" for one, _ in cells], "日": [two for _, two in cells], "值": [1] * len(cells)}
    assert profile(tmp_path, columns).keys == (("站", "日"),)
    alone = profile(tmp_path, {**columns, "号": list(range(len(cells)))})
    assert alone.keys == (("号",),)

"""The scan engine on its own: masks, keys, names, locks, time."""

import datetime as dt
import random
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from policies import identifiers
from quality.engines import check_digits, engine_scan, engine_tables
from quality.engines.engine_scan import Figure, Keys, Plan

NAMES = [
    "名称",
    "a",
    "A",
    'q"u[o]te',
    "😀",
    "",
    "select",
    "a.b",
    " x ",
    "file_row_number",
    "c0",
    "%s :p $1 {z}",
]


def _write(folder: Path, table: pa.Table, name: str = "t.parquet") -> Path:
    path = folder / name
    pq.write_table(table, path, row_group_size=64)
    return path


def test_every_column_name_and_every_sort_can_be_read(tmp_path: Path) -> None:
    moment = dt.datetime(2026, 1, 1, 20, tzinfo=dt.UTC)
    arrays = [pa.array([at, None, at + 1]) for at in range(len(NAMES))]
    table = pa.table(arrays, names=NAMES)
    table = table.append_column("nan", pa.array([1.0, float("nan"), None]))
    table = table.append_column("utc", pa.array([moment] * 3, pa.timestamp("us", tz="UTC")))
    table = table.append_column("list", pa.array([[1], [], None]))
    table = table.append_column("word", pa.array(["x", "y", None]).dictionary_encode())
    path = _write(tmp_path, table, "a'b 表.parquet")
    with engine_tables.open_table(path) as scan:
        assert [column.name for column in scan.columns] == [*NAMES, "nan", "utc", "list", "word"]
        sorts = {column.name: column.sort for column in scan.columns[-4:]}
        assert sorts == {"nan": "number", "utc": "datetime", "list": "other", "word": "text"}
        rows = scan.query(f"SELECT * FROM {engine_tables.SOURCE} ORDER BY {engine_tables.ROW}")
        assert rows[0][:12] == tuple(range(12))
        assert [row[12] for row in rows] == [1.0, None, None], "NaN is no value"
        assert rows[0][13] == dt.datetime.fromisoformat("2026-01-02T04:00"), "an instant is read on the city's clock"
        assert [row[-1] for row in rows] == [0, 1, 2]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/hosts')",
        "COPY source TO '/tmp/leak.parquet'",
        "SET memory_limit = '90GB'",
        "SET enable_external_access = true",
        "ATTACH '/tmp/other.db'",
        "SELECT * FROM glob('/etc/*')",
    ],
)
def test_the_connection_is_locked(tmp_path: Path, statement: str) -> None:
    path = _write(tmp_path, pa.table({"a": [1]}))
    with engine_tables.open_table(path) as scan, pytest.raises(duckdb.Error):
        scan.query(statement)


def test_another_file_of_the_same_folder_stays_shut(tmp_path: Path) -> None:
    path, other = _write(tmp_path, pa.table({"a": [1]})), _write(tmp_path, pa.table({"a": [2]}), "o.parquet")
    with engine_tables.open_table(path) as scan:
        assert scan.query("SELECT c0 FROM source") == [(1,)]
        with pytest.raises(duckdb.Error):
            scan.query(f"SELECT * FROM read_parquet({engine_tables.literal(str(other))})")


def test_time_ends_a_statement_and_all_that_follow(tmp_path: Path) -> None:
    path = _write(tmp_path, pa.table({"a": [1]}))
    endless = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = 3"
    with engine_tables.open_table(path, timeout=0.2) as scan:
        for _ in range(2):
            with pytest.raises(engine_tables.OutOfTimeError):
                scan.query(endless)


def test_what_is_no_parquet_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(pa.ArrowInvalid), engine_tables.open_table(broken):
        pass
    with pytest.raises(FileNotFoundError), engine_tables.open_table(tmp_path / "none.parquet"):
        pass


def test_masks_count_and_sample_each_condition_on_its_own(tmp_path: Path) -> None:
    """Thirty conditions over three words, against plain Python."""
    source = random.Random(20261123)  # noqa: S311
    values = [source.randrange(1000) for _ in range(3000)]
    path = _write(tmp_path, pa.table({"n": values}))
    plan = Plan()
    for divisor in range(2, 32):
        plan.sample(f"c0 % {divisor} = 0", ["c0"])
    with engine_tables.open_table(path) as scan:
        answers = engine_scan.run(scan, plan)
        assert len(scan.statements) == 2, "one scan, one look-up"
    for divisor in range(2, 32):
        hit = [(row, {"c0": n}) for row, n in enumerate(values, 1) if n % divisor == 0]
        assert answers.counts[f"c0 % {divisor} = 0"] == len(hit)
        assert answers.samples.get(f"c0 % {divisor} = 0", []) == hit[: engine_scan.SAMPLES]


def test_one_bad_part_harms_no_other(tmp_path: Path) -> None:
    """Errors at binding and errors that only some row brings about."""
    path = _write(tmp_path, pa.table({"t": ["1", "2", "x"], "n": [1, 2, 3]}))
    plan = Plan()
    bad = ["regexp_matches(c0, '(?=x)')", "c0::INTEGER > 1", "nowhere = 1"]
    good = ["c1 > 1", "c0 = 'x'", "c1 IS NULL"]
    for pair in zip(bad, good, strict=True):
        for condition in pair:
            plan.count(condition)
    plan.figures = {Figure("max(c1)"): None, Figure("max(c0::INTEGER)"): None}
    plan.keys = {Keys(("c9",)): None, Keys(("c1",)): None}
    with engine_tables.open_table(path) as scan:
        answers = engine_scan.run(scan, plan)
    assert answers.counts == {"c1 > 1": 2, "c0 = 'x'": 1, "c1 IS NULL": 0, Keys(("c1",)): 0}
    assert set(answers.errors) == {*bad, Figure("max(c0::INTEGER)"), Keys(("c9",))}
    assert answers.figures == {Figure("max(c1)"): 3}


def test_keys_are_exact_and_know_nulls(tmp_path: Path) -> None:
    source = random.Random(7)  # noqa: S311
    letters = [source.choice(["a", "b", None, "c", "d"]) for _ in range(60)]
    numbers = [source.choice([1, 2, None, *range(10, 40)]) for _ in range(60)]
    path = _write(tmp_path, pa.table({"t": letters, "n": numbers}))
    both = list(zip(letters, numbers, strict=True))
    plan = Plan(keys={Keys(("c1",)): None, Keys(("c0", "c1")): None, Keys(("c1",), "c0 = 'a'"): None})
    with engine_tables.open_table(path) as scan:
        answers = engine_scan.run(scan, plan)
    some = [n for t, n in both if t == "a"]
    assert answers.counts == {
        Keys(("c1",)): sum(n is not None and numbers.count(n) > 1 for n in numbers),
        Keys(("c0", "c1")): sum(both.count(pair) > 1 for pair in both),
        Keys(("c1",), "c0 = 'a'"): sum(n is not None and some.count(n) > 1 for n in some),
    }
    repeated = [(row, {"c0": t, "c1": n}) for row, (t, n) in enumerate(both, 1) if both.count((t, n)) > 1]
    assert answers.samples[Keys(("c0", "c1"))] == repeated[:20]


def test_check_digits_of_columns_equal_those_of_single_values() -> None:
    """Right, wrong, short, wide, null: the column function against the rule for one value."""
    source = random.Random(11)  # noqa: S311
    values: list[str | None] = [None, "", "１" * 18, "9" * 18, "汉字" * 3, "91330100799655058B", "x" * 18]
    for _ in range(400):
        first = "".join(source.choice(identifiers.USCC_ALPHABET) for _ in range(17))
        values += [
            first + source.choice(identifiers.USCC_ALPHABET),
            first + identifiers.uscc_check_character(first),
        ]
        born = dt.date(1900, 1, 1) + dt.timedelta(days=source.randrange(50_000))
        stem = f"{source.choice(['330502', '110105', '990101'])}{born:%Y%m%d}{source.randrange(1000):03d}"
        values += [stem + last for last in source.sample("0123456789Xx", 4)]
        values.append("33050219990230" + f"{source.randrange(1000):03d}X")
    today = dt.date(2026, 11, 23)
    array = pa.array(values, pa.string())
    uscc = [None if value is None else identifiers.valid_uscc(value) for value in values]
    citizen = [None if value is None else identifiers.valid_citizen_id(value, today) for value in values]
    assert check_digits.uscc(array).to_pylist() == uscc
    assert check_digits.citizen_id(array, 20261123).to_pylist() == citizen
    assert check_digits.citizen_id(array.slice(5, 100), 20261123).to_pylist() == citizen[5:105]
    assert 0 < sum(map(bool, citizen)) < len(values) > sum(map(bool, uscc)) > 0
    assert check_digits.uscc(pa.array([], pa.string())).to_pylist() == []


@pytest.mark.parametrize("regex", ["(?=x)", "(", r"(a)\1", "[z-a]"])
def test_what_re2_cannot_read_is_told(regex: str) -> None:
    assert engine_tables.pattern_problem(regex)


def test_a_readable_expression_is_no_problem() -> None:
    assert engine_tables.pattern_problem(r"^[\x{4e00}-\x{9fff}]{2,4}$") is None

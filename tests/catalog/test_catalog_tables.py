"""Stored tables: a filter lets through what a plain Python oracle does; nothing else can be read."""

import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import filters
from catalog.filters import Condition, Filter, Op, Order
from catalog.reading_files import ColumnType
from catalog.tables import TableStore
from policies.refusals import Invalid, NotFound, Refused

WEIRD = [
    'a"b',
    "a]b",
    "*",
    "../",
    "x" * 200,
    "😀",
    "重名",
    "'; DROP TABLE t; --",
    "a",
    "A",
    "select",
    "c0",
    "t",
    "%",
    "名 称",
]
CANARY = "canary-that-must-not-sing"
DAY = date(2026, 1, 1)

ROWS: list[tuple[Any, ...]] = [
    ("织里镇", 1, 1.5, True, DAY, datetime(2026, 1, 1, 8)),  # noqa: DTZ001 stored without a zone
    ("八里店镇", 2, -2.0, False, DAY + timedelta(1), datetime(2026, 1, 2)),  # noqa: DTZ001
    ("织里", -3, 0.0, None, None, None),
    ("", 0, 1e9, True, DAY - timedelta(400), datetime(1970, 1, 1)),  # noqa: DTZ001
    (None, None, None, None, None, None),
    ('O\'Neil "x" 100%_\\', 2**62, 0.1, False, DAY, datetime(2026, 1, 1, 8)),  # noqa: DTZ001
    ("abc", 2, 2.0, True, DAY, None),
    ("ABC", 10**15, None, False, None, datetime(9999, 12, 31)),  # noqa: DTZ001
]
NAMES = ("文", "数", "额", "否", "日", "时")
KINDS = (pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32(), pa.timestamp("us"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    columns = [pa.array(values, kind) for values, kind in zip(zip(*ROWS, strict=True), KINDS, strict=True)]
    pq.write_table(pa.table(columns, NAMES), folder / "t.parquet", row_group_size=3)
    weird = pa.table([pa.array([f"{n}-{row}" for row in range(3)]) for n in range(len(WEIRD))], WEIRD)
    pq.write_table(weird, folder / "weird.parquet")
    return folder


@pytest.fixture(scope="module")
def tables(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TableStore]:
    store = TableStore([folder], scratch=tmp_path_factory.mktemp("scratch"), memory=256, seconds=20)
    yield store
    store.close()


def test_columns_come_with_their_types(tables: TableStore, folder: Path) -> None:
    assert list(tables.columns(folder / "t.parquet").items()) == list(
        zip(NAMES, ("text", "integer", "decimal", "boolean", "date", "datetime"), strict=True)
    )


def test_a_page_is_in_file_order_with_its_total(tables: TableStore, folder: Path) -> None:
    page = tables.page(folder / "t.parquet", limit=3, offset=2)
    assert page.columns == NAMES
    assert page.rows == tuple(ROWS[2:5])
    assert page.total == len(ROWS)


def test_only_asked_columns_come_in_their_order(tables: TableStore, folder: Path) -> None:
    page = tables.page(folder / "t.parquet", columns=["数", "文"], limit=1)
    assert (page.columns, page.rows) == (("数", "文"), ((1, "织里镇"),))


def test_order_puts_empty_cells_last_and_keeps_equals_in_file_order(tables: TableStore, folder: Path) -> None:
    page = tables.page(folder / "t.parquet", columns=["数", "文"], order=[Order("数", descending=True)])
    assert [row[0] for row in page.rows] == [2**62, 10**15, 2, 2, 1, 0, -3, None]
    assert [row[1] for row in page.rows if row[0] == 2] == ["八里店镇", "abc"]


def test_pages_of_an_ordered_table_neither_repeat_nor_skip(tables: TableStore, folder: Path) -> None:
    path = folder / "many.parquet"
    pq.write_table(pa.table({"k": [n % 3 for n in range(5000)], "n": list(range(5000))}), path, row_group_size=500)
    seen = [
        row[1]
        for offset in range(0, 5000, 700)
        for row in tables.page(path, order=[Order("k")], limit=700, offset=offset).rows
    ]
    assert seen == sorted(range(5000), key=lambda n: n % 3)


def test_distinct_rows_are_the_first_of_each_in_file_order_and_counted(tables: TableStore, folder: Path) -> None:
    path = folder / "t.parquet"
    found = tables.page(path, columns=["否"], distinct=True)
    assert (found.rows, found.total) == (((True,), (False,), (None,)), 3)
    assert tables.page(path, columns=["否"], distinct=True, limit=1, offset=1).rows == ((False,),)
    pairs = tables.page(path, columns=["日", "否"], distinct=True, order=[Order("否", descending=True)])
    assert [row[1] for row in pairs.rows] == [True, True, False, False, False, None]
    wanted = list(dict.fromkeys((row[4], row[3]) for row in ROWS))
    assert set(pairs.rows) == set(wanted)
    assert pairs.total == len(wanted) == tables.count(path, columns=["日", "否"], distinct=True)
    by_number = Filter((Condition("数", Op.GT, (0,)),))
    assert tables.page(path, columns=["否"], where=by_number, distinct=True).total == 2
    with pytest.raises(Invalid):
        tables.page(path, columns=["否"], distinct=True, order=[Order("数")])


def test_weird_names_are_only_names(tables: TableStore, folder: Path) -> None:
    path = folder / "weird.parquet"
    for position, name in enumerate(WEIRD):
        [param] = filters.render(Filter((Condition(name, Op.EQ, (f"{position}-1",)),)))
        where = filters.parse([param], tables.columns(path))
        page = tables.page(path, columns=[name], where=where, order=[Order(name)])
        assert (page.columns, page.rows, page.total) == ((name,), ((f"{position}-1",),), 1)
    assert tables.page(path).columns == tuple(WEIRD)


def test_a_column_named_like_the_row_number_does_no_harm(tables: TableStore, folder: Path) -> None:
    path = folder / "own.parquet"
    pq.write_table(pa.table({"file_row_number": [3, 2, 1], "k": [1, 1, 1]}), path)
    page = tables.page(path, columns=["file_row_number"], order=[Order("k")])
    assert page.rows == ((3,), (2,), (1,))


@pytest.mark.parametrize(("limit", "offset"), [(0, 0), (1001, 0), (10, -1), (10, 2**63)])
def test_a_page_out_of_range_is_refused(tables: TableStore, folder: Path, limit: int, offset: int) -> None:
    with pytest.raises(Invalid) as caught:
        tables.page(folder / "t.parquet", limit=limit, offset=offset)
    assert caught.value.code == "filter.page"


def test_unknown_columns_are_refused(tables: TableStore, folder: Path) -> None:
    path = folder / "t.parquet"
    with pytest.raises(Invalid):
        tables.page(path, columns=["c1"])
    with pytest.raises(Invalid):
        tables.page(path, order=[Order("c1")])
    with pytest.raises(Invalid):
        tables.page(path, where=Filter((Condition("c1", Op.NULL),)))


def test_a_table_that_is_not_there_is_not_found(tables: TableStore, folder: Path) -> None:
    with pytest.raises(NotFound):
        tables.page(folder / "none.parquet")
    with pytest.raises(ValueError, match="pattern"):
        tables.page(folder / "*.parquet")


def keeps(row: tuple[Any, ...], condition: Condition) -> bool:
    """The oracle: what a condition says of a row, in plain Python."""
    cell, values = row[NAMES.index(condition.column)], condition.values
    if condition.op in {Op.NULL, Op.NOTNULL}:
        return (cell is None) == (condition.op is Op.NULL)
    if cell is None:
        return condition.op is Op.NE
    tests = {
        Op.EQ: lambda: cell == values[0],
        Op.NE: lambda: cell != values[0],
        Op.LT: lambda: cell < values[0],
        Op.LE: lambda: cell <= values[0],
        Op.GT: lambda: cell > values[0],
        Op.GE: lambda: cell >= values[0],
        Op.IN: lambda: cell in values,
        Op.CONTAINS: lambda: values[0] in cell,
        Op.STARTS: lambda: cell.startswith(values[0]),
    }
    return bool(tests[condition.op]())


FREE = (
    st.text("织里镇八店aAbBcC'\"%_\\ 0", max_size=4),
    st.integers(-(2**63), 2**63 - 1) | st.integers(-4, 4),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(),
    st.datetimes(),
)


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    position = draw(st.integers(0, len(NAMES) - 1))
    ops = [op for op in Op if position == 0 or op not in filters.TEXT_ONLY]
    op = draw(st.sampled_from([op for op in ops if position != 3 or op not in filters.ORDERING]))
    present = [row[position] for row in ROWS if row[position] is not None]
    value = st.sampled_from(present) | FREE[position]
    size = 0 if op in filters.BARE else draw(st.integers(1, 3)) if op is Op.IN else 1
    return Condition(NAMES[position], op, tuple(draw(value) for _ in range(size)))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.lists(conditions(), max_size=3))
def test_a_filter_lets_through_what_the_oracle_does(tables: TableStore, folder: Path, wanted: list[Condition]) -> None:
    path = folder / "t.parquet"
    where = filters.parse(filters.render(Filter(tuple(wanted))), tables.columns(path))
    expected = tuple(row for row in ROWS if all(keeps(row, condition) for condition in wanted))
    page = tables.page(path, where=where, limit=100)
    assert page.rows == expected
    assert page.total == tables.count(path, where) == len(expected)
    assert [
        row for batch in tables.scan(path, where=where).batches for row in zip(*batch.to_pydict().values(), strict=True)
    ] == list(expected)


STARTS = ("'", '"', "')", "织里镇'", "\\'", "'';", "%27", "＇", "$$", "/*")
ENDS = (
    " OR 1=1 --",
    " OR '1'='1",
    " UNION SELECT * FROM read_text('{canary}') --",
    "; SELECT * FROM read_csv('{canary}'); --",
    "; COPY (SELECT 1) TO '{folder}/made.csv'; --",
    "; ATTACH '{folder}/made.db'; --",
    "; INSTALL httpfs; LOAD httpfs; --",
    "; SET enable_external_access=true; --",
    "; PRAGMA database_list; --",
    " || (SELECT content FROM read_text('{canary}')) || '",
    ") t WHERE 1=1; DROP TABLE t; --",
    " AND (SELECT count(*) FROM duckdb_settings()) > 0 --",
    " ORDER BY 99 --",
    " LIMIT 0 UNION ALL SELECT NULL --",
    "\n\r\t; --",
    " AND sleep(10) --",
    " || getenv('HOME') || '",
    "; EXPORT DATABASE '{folder}/made'; --",
    " IN (SELECT path FROM glob('/etc/*')) --",
    " ? ? $1 :name {{7*7}} ${{7*7}} ",
)


def test_two_hundred_payloads_are_only_text(tables: TableStore, folder: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary.txt"
    canary.write_text(CANARY)
    path, before = folder / "t.parquet", sorted(folder.iterdir())
    stored = tables.columns(path)
    payloads = [start + end.format(canary=canary, folder=folder) for start in STARTS for end in ENDS]
    assert len(payloads) == 200
    for payload in payloads:
        for op in ("contains", "in", "gt"):
            page = tables.page(path, where=filters.parse([f"文:{op}:{payload}"], stored))
            assert set(page.rows) <= set(ROWS)
            assert CANARY not in str(page)
        assert tables.page(path, where=filters.parse([f"文:eq:{payload}"], stored)).rows == ()
        for wrong in (f"{payload}:eq:1", f"文:{payload}:1", f"数:eq:{payload}", f"日:eq:{payload}"):
            with pytest.raises(Invalid):
                filters.parse([wrong], stored)
        with pytest.raises(Invalid):
            filters.parse_order([payload], stored)
    assert sorted(folder.iterdir()) == before


def test_the_connection_reads_nothing_else_even_if_asked_in_sql(
    tables: TableStore, folder: Path, tmp_path: Path
) -> None:
    """The second wall: whatever got as far as the engine would find it locked."""
    canary = tmp_path / "canary.txt"
    canary.write_text(CANARY)
    cursor = tables._connection.cursor()
    for statement in (
        f"SELECT * FROM read_text('{canary}')",
        "SELECT * FROM read_text('/etc/passwd')",
        f"SELECT * FROM read_text('{folder}/../{tmp_path.name}/canary.txt')",
        f"COPY (SELECT 1) TO '{tmp_path}/made.csv'",
        "INSTALL httpfs",
        "SET enable_external_access=true",
        "SET memory_limit='100GB'",
        "RESET lock_configuration",
        "SELECT * FROM read_parquet('https://127.0.0.1:9/x.parquet')",
    ):
        with pytest.raises(duckdb.Error):
            cursor.execute(statement).fetchall()


def test_a_runaway_query_is_stopped(folder: Path, tmp_path: Path) -> None:
    path = folder / "long.parquet"
    pq.write_table(pa.table({"v": [f"{n}" * 20 for n in range(300_000)]}), path)
    store = TableStore([folder], scratch=tmp_path, seconds=0)
    with pytest.raises(Refused) as caught:
        store.page(
            path,
            where=Filter(tuple(Condition("v", Op.NE, (f"{n}x",)) for n in range(20))),
            order=[Order("v")],
        )
    store.close()
    assert caught.value.code == "filter.too-slow"


def test_a_query_beyond_the_memory_is_refused_and_the_next_one_works(folder: Path, tmp_path: Path) -> None:
    path = folder / "wide.parquet"
    pq.write_table(pa.table({"v": ["x" * 200_000 + str(n) for n in range(400)]}), path)
    store = TableStore([folder], scratch=tmp_path, memory=16, threads=1, seconds=60)
    with pytest.raises(Refused) as caught:
        store.page(path, order=[Order("v")], limit=1000)
    assert caught.value.code == "filter.too-heavy"
    assert store.count(folder / "t.parquet") == len(ROWS)
    store.close()


def test_many_requests_at_once_get_their_own_answers(tables: TableStore, folder: Path) -> None:
    wrong: list[object] = []

    def ask(number: int) -> None:
        where = Filter((Condition("数", Op.EQ, (number,)),))
        expected = tuple(row for row in ROWS if row[1] == number)
        wrong.extend([1] * sum(tables.page(folder / "t.parquet", where=where).rows != expected for _ in range(20)))

    threads = [threading.Thread(target=ask, args=(number,)) for number in (1, 2, -3, 0, 77, 2**62)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert ColumnType.TEXT in tables.columns(folder / "t.parquet").values()

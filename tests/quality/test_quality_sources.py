"""Tables of a real PostgreSQL, copied to Parquet."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from quality.engines import engine_sources, expectations
from quality.rules.rules import Rule
from tenancy.database import Database

NAMES = ("编号", "金额", 'q"; DROP TABLE "', "日期", "时刻", "真", "码", "长")


@pytest.fixture
def filled(empty: Database) -> str:
    if empty.engine.dialect.name != "postgresql":
        pytest.skip("a source is a PostgreSQL")
    table = sa.Table(
        '企业 "甲"',
        sa.MetaData(),
        sa.Column(NAMES[0], sa.BigInteger),
        sa.Column(NAMES[1], sa.Numeric(12, 2)),
        sa.Column(NAMES[2], sa.Text),
        sa.Column(NAMES[3], sa.Date),
        sa.Column(NAMES[4], sa.DateTime(timezone=True)),
        sa.Column(NAMES[5], sa.Boolean),
        sa.Column(NAMES[6], sa.JSON),
        sa.Column(NAMES[7], sa.Numeric),
    )
    day, at = dt.date(2026, 11, 23), dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)
    rows = [
        (1, Decimal("1.50"), "湖州", day, at, True, [1], Decimal("0.1")),
        (2**60, None, "it's", None, None, None, None, None),
    ]
    with empty.engine.begin() as connection:
        table.create(connection)
        connection.execute(table.insert(), [dict(zip(NAMES, row, strict=True)) for row in rows])
    return empty.engine.url.render_as_string(hide_password=False)


def test_a_table_is_copied_as_it_is(filled: str, tmp_path: Path) -> None:
    out = tmp_path / "copy.parquet"
    assert engine_sources.copy_table(filled.replace("+psycopg", ""), "public", '企业 "甲"', out) == 2
    table = pq.read_table(out)
    assert table.schema.names == list(NAMES)
    assert table.schema.field("金额").type == pa.decimal128(12, 2)
    assert table.schema.field("时刻").type == pa.timestamp("us", tz="UTC")
    first, second = (tuple(row.values()) for row in table.to_pylist())
    assert first[:4] == (1, Decimal("1.50"), "湖州", dt.date(2026, 11, 23))
    assert first[4] == dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)
    assert first[5:] == (True, "[1]", 0.1)
    assert second[:3] == (2**60, None, "it's")
    asked = [Rule("a", "not_null", ("金额",)), Rule("b", "in_set", (NAMES[2],), {"values": ["湖州"]})]
    assert [one.unexpected for one in expectations.run(out, asked).results] == [1, 1]


@pytest.mark.parametrize("name", ["没有", "企业", 'x"; DROP TABLE "企业'])
def test_a_table_that_is_not_there_leaves_no_file(filled: str, tmp_path: Path, name: str) -> None:
    with pytest.raises(sa.exc.NoSuchTableError):
        engine_sources.copy_table(filled, None, name, tmp_path / "copy.parquet")
    assert list(tmp_path.iterdir()) == []


def test_more_rows_than_a_batch_are_streamed(filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_sources, "GROUP", 700)
    engine = sa.create_engine(filled)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE VIEW many AS SELECT n, n % 7 AS rest FROM generate_series(1, 5000) AS n"))
    engine.dispose()
    out = tmp_path / "many.parquet"
    assert engine_sources.copy_table(filled, None, "many", out) == 5000
    assert pq.read_table(out, columns=["n"])["n"].to_pylist() == list(range(1, 5001))

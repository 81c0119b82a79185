"""The engine on Spark: the same counts and samples as the scan's. Run by make test-spark."""

import random
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import suites_made as made

from quality.engines import expectations

pytest.importorskip("pyspark", reason="Spark has an environment of its own: make test-spark")
pytestmark = [
    pytest.mark.spark,
    pytest.mark.timeout(1200),
    pytest.mark.filterwarnings("ignore"),
]
GIVEN = {"today": made.TODAY, "updated_at": made.NOW}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = random.Random(20261123)  # noqa: S311
    columns = [
        pa.array([source.choice([*values, None]) for _ in range(60)], kind) for kind, values in made.VALUES.values()
    ]
    path = tmp_path_factory.mktemp("spark") / "table.parquet"
    pq.write_table(pa.table(columns, schema=made.SCHEMA), path, row_group_size=16)
    return path


def test_spark_finds_what_the_scan_finds(table: Path) -> None:
    asked = made.suite()
    scan = expectations.run(table, asked, parameters=GIVEN)
    spark = expectations.run(table, asked, engine="spark", parameters=GIVEN)
    assert not [one for one in scan.results if one.error]
    for rule, one, other in zip(asked, scan.results, spark.results, strict=True):
        # nan has no order of its own there, so what was unexpected may come in another order
        assert (one.evaluated, one.missing, one.unexpected, one.success, one.error) == (
            other.evaluated,
            other.missing,
            other.unexpected,
            other.success,
            other.error,
        ), rule
        assert {row for row, _ in one.samples} == {row for row, _ in other.samples} or one.unexpected > 20, rule
    assert (spark.rows, spark.sampled) == (60, False)
    assert "Spark 4" in spark.engine_version
    assert spark.peak_memory_mb > 200


def test_spark_reads_an_empty_table(tmp_path: Path) -> None:
    pq.write_table(made.SCHEMA.empty_table(), tmp_path / "empty.parquet")
    asked = made.suite()
    scan, spark = (
        expectations.run(tmp_path / "empty.parquet", asked, engine=engine, parameters=GIVEN)
        for engine in ("duckdb", "spark")
    )
    assert [one.unexpected for one in scan.results] == [one.unexpected for one in spark.results]


def test_a_run_on_spark_is_cancelled(table: Path) -> None:
    asked = threading.Event()
    threading.Timer(1.0, asked.set).start()
    with pytest.raises(expectations.CancelledError):
        expectations.run(table, made.suite(), engine="spark", parameters=GIVEN, cancelled=asked)
    with pytest.raises(expectations.OutOfTimeError):
        expectations.run(table, made.suite(), engine="spark", parameters=GIVEN, timeout=0.5)


def test_what_spark_cannot_find_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        expectations.run(tmp_path / "none.parquet", made.suite(), engine="spark")

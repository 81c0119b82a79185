"""Agreement of rows about one thing as expectations of Great Expectations: what most rows of a group say.

Rows with the same value in a witness column are a group; its usual value is the one which at least a given share of
its rows give (always more than half, of three rows or more).

- `ExpectUsualOfGroup(column_list, share, needed)`: the last column does not differ from what the others, its
  witnesses, usually come with. A value that is usual in another group needs so many witnesses against it, because
  theirs may be the wrong cell; a value that is usual nowhere needs one.
- `ExpectFilledAsGroup(column_list, share)`: the last column is not missing where more than that share of its group
  have a value, of three rows or more.

The rows which differ are found by a statement of their own for each rule; the scan then only looks them up.
"""

from hashlib import sha256
from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa

from quality.engines import engine_gx as gx
from quality.engines.engine import ParquetScanEngine
from quality.engines.engine_dialect import reached
from quality.engines.engine_others import JudgeEngine
from quality.engines.engine_tables import ROW, SOURCE

FEWEST = 3
"""Rows without which a group has no usual value."""


def _usual(witness: str, told: str, share: float) -> str:
    """(value of the witness as `a`, usual value as `b`) of every group which has one."""
    counted = (
        f"SELECT {witness} AS a, {told} AS b, count(*) AS n FROM {SOURCE} "
        f"WHERE {witness} IS NOT NULL AND {told} IS NOT NULL GROUP BY ALL"
    )
    most = f"n * 2 > t AND n >= {share!r} * t"
    summed = f"SELECT a, b, n, sum(n) OVER (PARTITION BY a) AS t FROM ({counted})"
    return f"SELECT a, b FROM ({summed}) WHERE t >= {FEWEST} AND {most}"


def _differing(witnesses: list[str], told: str, share: float, needed: int) -> str:
    """A SELECT of the rows which most of their witnesses speak against."""
    groups = [f"u{at} AS MATERIALIZED ({_usual(one, told, share)})" for at, one in enumerate(witnesses)]
    joined = " ".join(f"LEFT JOIN u{at} ON s.{one} = u{at}.a" for at, one in enumerate(witnesses))
    heard = " + ".join(f"(u{at}.b IS NOT NULL)::INT" for at in range(len(witnesses)))
    agreed = " + ".join(f"coalesce(u{at}.b = s.{told}, false)::INT" for at in range(len(witnesses)))
    known = " UNION ALL ".join(f"SELECT b FROM u{at}" for at in range(len(witnesses)))
    against = f"({heard}) > 2 * ({agreed})"
    if needed > 1:
        against += f" AND (({heard}) - ({agreed}) >= {needed} OR s.{told} NOT IN ({known}))"
    return (
        f"WITH {', '.join(groups)} SELECT s.{ROW} FROM {SOURCE} AS s {joined} WHERE s.{told} IS NOT NULL AND {against}"
    )


def _missing(witness: str, told: str, share: float) -> str:
    """A SELECT of the rows without a value in groups where more than that share have one."""
    full = f"count({told}) >= {FEWEST} AND count({told}) > {share!r} * count(*)"
    groups = f"SELECT {witness} FROM {SOURCE} WHERE {witness} IS NOT NULL GROUP BY {witness} HAVING {full}"
    return f"SELECT {ROW} FROM {SOURCE} WHERE {told} IS NULL AND {witness} IN ({groups})"


def _none_of(rows: str, engine: sa.Engine) -> Any:
    """A condition which holds for all rows but those of a SELECT, found once and kept for the run.

    Found one after the other they need the memory of one rule; as parts of the scan's own statement they would all need
    theirs at a time.
    """
    scan, name = reached(engine.url), f"differing_{sha256(rows.encode()).hexdigest()[:16]}"
    scan.query(f"CREATE TEMP TABLE IF NOT EXISTS {name} AS {rows}")
    return sa.literal_column(f"({ROW} NOT IN (SELECT {ROW} FROM {name}))", sa.Boolean)


def _usual_of(frame: pd.DataFrame, witness: str, told: str, share: float) -> "pd.Series[Any]":
    """The usual value of each group, by the value of its witness."""
    known = frame[[witness, told]].dropna()
    counted = known.groupby([witness, told], sort=False).size().rename("n").reset_index()
    total = counted.groupby(witness)["n"].transform("sum")
    most = (counted["n"] * 2 > total) & (counted["n"] >= share * total) & (total >= FEWEST)
    return counted[most].set_index(witness)[told]


class MulticolumnUsualOfGroup(gx.MulticolumnMapMetricProvider):
    """The metric: which rows say what most of their groups say."""

    condition_metric_name = "multicolumn_values.usual_of_group"
    condition_domain_keys = ("batch_id", "table", "column_list", "row_condition", "condition_parser", "ignore_row_if")
    condition_value_keys = ("share", "needed")

    @gx.multicolumn_condition_partial(engine=JudgeEngine)
    def _pandas(cls, column_list: pd.DataFrame, share: float, needed: int, **_: Any) -> "pd.Series[bool]":  # noqa: N805
        frame, told = column_list, list(column_list.columns)[-1]
        heard, agreed = pd.Series(0, frame.index), pd.Series(0, frame.index)
        strange = pd.Series(True, frame.index)
        for witness in list(frame.columns)[:-1]:
            usual = _usual_of(frame, witness, told, share)
            has = frame[witness].isin(usual.index) & frame[witness].notna()
            heard += has
            agreed += has & (frame[witness].map(usual) == frame[told])
            strange &= ~frame[told].isin(usual)
        against = frame[told].notna() & (heard > 2 * agreed)
        return ~(against & ((heard - agreed >= needed) | strange))

    @gx.multicolumn_condition_partial(engine=ParquetScanEngine)
    def _scan(cls, column_list: list[Any], share: float, needed: int, _sqlalchemy_engine: sa.Engine, **_: Any) -> Any:  # noqa: N805
        *witnesses, told = (str(column.name) for column in column_list)
        return _none_of(_differing(witnesses, told, share, needed), _sqlalchemy_engine)


class MulticolumnFilledAsGroup(gx.MulticolumnMapMetricProvider):
    """The metric: which rows have a value, or belong to a group where few have."""

    condition_metric_name = "multicolumn_values.filled_as_group"
    condition_domain_keys = ("batch_id", "table", "column_list", "row_condition", "condition_parser", "ignore_row_if")
    condition_value_keys = ("share",)

    @gx.multicolumn_condition_partial(engine=JudgeEngine)
    def _pandas(cls, column_list: pd.DataFrame, share: float, **_: Any) -> "pd.Series[bool]":  # noqa: N805
        witness, told = column_list.columns
        filled = column_list[told].notna().groupby(column_list[witness]).agg(["sum", "size"])
        known = filled.index[(filled["sum"] >= FEWEST) & (filled["sum"] > share * filled["size"])]
        return ~(column_list[told].isna() & column_list[witness].isin(known) & column_list[witness].notna())

    @gx.multicolumn_condition_partial(engine=ParquetScanEngine)
    def _scan(cls, column_list: list[Any], share: float, _sqlalchemy_engine: sa.Engine, **_: Any) -> Any:  # noqa: N805
        witness, told = (str(column.name) for column in column_list)
        return _none_of(_missing(witness, told, share), _sqlalchemy_engine)


class ExpectUsualOfGroup(gx.MulticolumnMapExpectation):
    """Expect the last column to say what most rows with the same values of the others say."""

    share: float = 0.5
    needed: int = 2

    map_metric: ClassVar[str] = "multicolumn_values.usual_of_group"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "share", "needed")
    args_keys: ClassVar[tuple[str, ...]] = ("column_list",)


class ExpectFilledAsGroup(gx.MulticolumnMapExpectation):
    """Expect the last column to have a value where most rows with the same first column have one."""

    share: float = 0.5

    map_metric: ClassVar[str] = "multicolumn_values.filled_as_group"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "share")
    args_keys: ClassVar[tuple[str, ...]] = ("column_list",)

"""Agreement of rows about one thing as expectations of Great Expectations: what most rows of a group say.

Rows with the same value in a witness column are a group; its usual value is the one which at least a given share of
its rows give (always more than half, of three rows or more). `ExpectUsualOfGroup(column_list, share, needed)`: the
last column does not differ from what the others, its witnesses, usually come with; a value that is usual in another
group needs so many witnesses against it, because theirs may be the wrong cell, a value that is usual nowhere one. `ExpectFilledAsGroup(column_list,
share)`: the last column is not missing where more than that share of its group have a value, of three rows or more.

The condition is plain SQL over the view, so a run needs no further pass than that of its other conditions.
"""

from typing import Any, ClassVar

import pandas as pd
import sqlalchemy as sa

from quality import engine_gx as gx
from quality.engine import ParquetScanEngine
from quality.engine_others import JudgeEngine
from quality.engine_tables import SOURCE

FEWEST = 3
"""Rows without which a group has no usual value."""


def _usual(witness: str, told: str, share: float) -> str:
    """(value of the witness as `a`, usual value as `b`) of every group which has one."""
    counted = (
        f"SELECT {witness} AS a, {told} AS b, count(*) AS n FROM {SOURCE} "
        f"WHERE {witness} IS NOT NULL AND {told} IS NOT NULL GROUP BY ALL"
    )
    most = f"n * 2 > t AND n >= {share!r} * t"
    return f"SELECT a, b FROM (SELECT a, b, n, sum(n) OVER (PARTITION BY a) AS t FROM ({counted})) WHERE t >= {FEWEST} AND {most}"


def _differs(witnesses: list[str], told: str, share: float, needed: int) -> str:
    """SQL which is true of a row that most of its witnesses speak against."""
    groups = [_usual(witness, told, share) for witness in witnesses]
    pairs = list(zip(witnesses, groups, strict=True))
    heard = " + ".join(f"coalesce(({one} IN (SELECT a FROM ({group})))::INT, 0)" for one, group in pairs)
    agreed = " + ".join(f"coalesce((({one}, {told}) IN ({group}))::INT, 0)" for one, group in pairs)
    against = f"({heard}) > 2 * ({agreed})"
    if needed > 1:
        strange = " AND ".join(f"{told} NOT IN (SELECT b FROM ({group}))" for group in groups)
        against += f" AND (({heard}) - ({agreed}) >= {needed} OR ({strange}))"
    return f"({told} IS NOT NULL AND {against})"


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
        strange = pd.Series(True, frame.index)  # noqa: FBT003
        for witness in list(frame.columns)[:-1]:
            usual = _usual_of(frame, witness, told, share)
            has = frame[witness].isin(usual.index) & frame[witness].notna()
            heard += has
            agreed += has & (frame[witness].map(usual) == frame[told])
            strange &= ~frame[told].isin(usual)
        against = frame[told].notna() & (heard > 2 * agreed)
        return ~(against & ((heard - agreed >= needed) | strange))

    @gx.multicolumn_condition_partial(engine=ParquetScanEngine)
    def _scan(cls, column_list: list[Any], share: float, needed: int, **_: Any) -> Any:  # noqa: N805
        *witnesses, told = (str(column.name) for column in column_list)
        return sa.literal_column(f"(NOT {_differs(witnesses, told, share, needed)})", sa.Boolean)


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
    def _scan(cls, column_list: list[Any], share: float, **_: Any) -> Any:  # noqa: N805
        witness, told = (str(column.name) for column in column_list)
        full = f"count({told}) >= {FEWEST} AND count({told}) > {share!r} * count(*)"
        groups = f"SELECT {witness} FROM {SOURCE} WHERE {witness} IS NOT NULL GROUP BY {witness} HAVING {full}"
        known = f"coalesce({witness} IN ({groups}), false)"
        return sa.literal_column(f"(NOT ({told} IS NULL AND {known}))", sa.Boolean)


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

"""Tables and outcomes, for the tests of rules that look beyond a table."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from quality.engines import expectations
from quality.engines.expectations import RuleOutcome
from quality.rules.rules import Rule

TODAY = dt.date(2026, 11, 23)


ENGINES = ("duckdb", "pandas")


def written(folder: Path, columns: Mapping[str, Any], name: str = "t.parquet") -> Path:
    path = folder / name
    pq.write_table(pa.table(dict(columns)), path)
    return path


def outcomes_of(
    path: Path, rules: Sequence[Rule], engine: str, parameters: Mapping[str, Any] | None = None
) -> dict[str, RuleOutcome]:
    given_ = {"today": TODAY, "updated_at": TODAY, **(parameters or {})}
    return {one.rule_id: one for one in expectations.run(path, rules, engine=engine, parameters=given_).results}


def rule_of(kind: str, *columns: str, **parameters: Any) -> Rule:
    return Rule(kind, kind, columns, parameters)

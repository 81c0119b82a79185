"""What the builders of expectations are given: a rule, the table it is about, and the columns it names."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quality.engines import engine
from quality.engines.engine_keys import Reference
from quality.engines.engine_tables import Column
from quality.rules.rules import NotApplicableError, Rule, RuleError


@dataclass(frozen=True)
class Table:
    """What a rule may know of a table: its columns by name, the parameters of the run, what the engine calls the types
    of a sort, its rows, and the keys of other tables which were read for it."""

    columns: Mapping[str, Column]
    parameters: Mapping[str, Any]
    type_names: Callable[[str], list[str]] = engine.type_names
    rows: int = 0
    references: Mapping[str, Reference] = field(default_factory=dict)

    def column(self, name: str) -> Column:
        """A column by its own name; raises RuleError when the table has none."""
        if name not in self.columns:
            raise RuleError("column-missing", name)
        return self.columns[name]

    def day(self) -> dt.date:
        """The day of the run."""
        today = self.parameters.get("today")
        if not isinstance(today, dt.date):
            raise RuleError("run-parameter-missing", "today")
        return today.date() if isinstance(today, dt.datetime) else today

    def known(self, name: str) -> Any:
        """A parameter of the run; NotApplicableError where the run knows nothing of the kind."""
        found = self.parameters.get(name)
        if found is None:
            raise NotApplicableError(name)
        return found

    def days(self, rule: Rule) -> float:
        """The age in days that a rule allows; "cycle" is what the entry promises, with its tolerance."""
        days = rule.parameters["days"]
        return float(self.known("max_age_days") if days == "cycle" else days)


@dataclass(frozen=True)
class Subject:
    """A rule over a table with the columns it names, and what every expectation is given."""

    rule: Rule
    table: Table
    columns: list[Column]
    given: dict[str, Any]


def demand(column: Column, *sorts: str) -> None:
    """Refuses a column which isn't of one of the sorts."""
    if sorts and column.sort not in sorts:
        raise RuleError("column-type", f"{column.name}: {column.sort}")


def typed(values: Sequence[Any], column: Column) -> list[Any]:
    """The values as the column's own type, so that an engine never has to guess a cast."""
    casts: dict[str, Callable[[Any], Any]] = {
        "text": str,
        "integer": int,
        "number": float,
        "boolean": lambda v: v if isinstance(v, bool) else str(v).strip().lower() in {"true", "1", "是"},
        "date": lambda v: dt.date.fromisoformat(str(v)),
        "datetime": lambda v: dt.datetime.fromisoformat(str(v)),
    }
    if column.sort not in casts:
        raise RuleError("column-type", f"{column.name}: {column.sort}")
    try:
        return [casts[column.sort](value) for value in values]
    except (TypeError, ValueError) as error:
        raise RuleError("value-type", f"{column.name}: {error}") from error

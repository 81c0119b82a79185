"""How far rows about persons could be told apart in a stored table: counted here, judged by policies.disclosure.

Classes are rows with the same values in all quasi-identifiers; an empty cell is a value like any other. Only counts
leave this module.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from policies import disclosure, quasi_identifiers
from policies.disclosure import SIZES, Facts
from quality.engines.engine_tables import SOURCE, Column, Scan

_DAY = r"^\s*(19|20)[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])|^\s*(19|20)[0-9]{2}[-/.年][01]?[0-9][-/.月][0-3]?[0-9]"
_MONTH = r"^\s*(19|20)[0-9]{2}(0[1-9]|1[0-2])\s*$|^\s*(19|20)[0-9]{2}[-/.年][01]?[0-9]"


def measure(
    scan: Scan,
    titles: Mapping[str, str],
    *,
    leaving: Collection[str] | None = None,
    direct: Collection[str] = (),
    declared: Mapping[str, str] | None = None,
    sensitive: Sequence[str] = (),
    chosen: Sequence[str] | None = None,
) -> Facts:
    """What can be counted about the disclosure of persons by a table.

    `titles` name → further name of a column; `leaving` the columns that would be opened (None: all); `direct`
    those that hold direct identifiers (identity numbers), `declared` the parts that declared personal items play
    (role, or "" for none) and which show that rows are about persons, `sensitive` those whose values shall differ
    within a class, `chosen` the quasi-identifiers a steward chose instead of the proposed ones.
    """
    columns = scan.names
    roles = {name: part for name in columns if (part := quasi_identifiers.role(f"{name}\n{titles.get(name, '')}"))}
    for name, part in (declared or {}).items():
        if part and name in columns:
            roles.setdefault(name, part)
    told = bool(direct or declared)
    leaves = set(columns) if leaving is None else set(leaving) & set(columns)
    counts = [name for name, part in roles.items() if part == "count" and columns[name].sort in {"integer", "number"}]
    births = [name for name, part in roles.items() if part == "birth"]
    aggregated = bool(counts) and not told and not births
    persons = disclosure.about_persons(roles, direct=told) and not aggregated
    quasi = disclosure.proposed(roles, leaves, persons=persons)
    if chosen is not None:
        quasi = tuple(name for name in chosen if name in columns)
    quasi = tuple(name for name in quasi if name not in direct or chosen is not None)
    classes, sizes, uniform = _classes(scan, quasi, [name for name in sensitive if name in leaves - set(quasi)])
    return Facts(
        rows=scan.rows,
        roles=roles,
        quasi=quasi,
        chosen=chosen is not None,
        persons=persons,
        aggregated=aggregated,
        classes=classes,
        sizes=sizes,
        uniform=uniform,
        cells={name: _cells(scan, columns[name]) for name in counts} if aggregated else {},
        births={name: part for name in births if (part := _fineness(scan, columns[name]))},
        decimals={name: _decimals(scan, columns[name]) for name, part in roles.items() if part == "coordinate"},
    )


def _classes(
    scan: Scan, quasi: Sequence[str], sensitive: Sequence[str]
) -> tuple[int, tuple[tuple[int, int], ...], dict[str, dict[str, int]]]:
    """How many classes there are, how many of each size below SIZES, and the rows by values of sensitive columns."""
    if not quasi or not scan.rows:
        return 0, (), {}
    names = scan.names
    keys = ", ".join(names[name].alias for name in quasi)
    asked = "".join(
        f", least({SIZES}, count(DISTINCT {names[name].alias})) AS d{at}" for at, name in enumerate(sensitive)
    )
    grouped = f"SELECT count(*) AS n{asked} FROM {SOURCE} GROUP BY {keys}"
    by = "".join(f", d{at}" for at in range(len(sensitive)))
    lines = scan.query(f"SELECT least(n, {SIZES}) AS size{by}, count(*), sum(n) FROM ({grouped}) GROUP BY ALL")
    sizes: dict[int, int] = defaultdict(int)
    uniform: dict[str, dict[str, int]] = {name: defaultdict(int) for name in sensitive}
    for size, *values, classes, rows in lines:
        sizes[int(size)] += int(classes)
        for name, distinct in zip(sensitive, values, strict=True):
            if distinct:
                uniform[name][str(int(distinct))] += int(rows)
    return sum(sizes.values()), tuple(sorted(sizes.items())), {name: dict(found) for name, found in uniform.items()}


def _cells(scan: Scan, column: Column) -> tuple[tuple[int, int], ...]:
    """The cells that hold 1 up to below SIZES, by their count."""
    alias = column.alias
    where = f"{alias} > 0 AND {alias} < {SIZES}"
    lines = scan.query(
        f"SELECT ceil({alias})::INTEGER AS n, count(*) FROM {SOURCE} WHERE {where} GROUP BY n ORDER BY n"
    )
    return tuple((int(count), int(cells)) for count, cells in lines)


def _fineness(scan: Scan, column: Column) -> str | None:
    """The finest part of a date that the values tell; None where no value is a date."""
    if column.sort in {"date", "datetime"}:
        (days,) = scan.query(f"SELECT count({column.alias}) FROM {SOURCE}")[0]
        return "day" if days else None
    text = f"{column.alias}::VARCHAR"
    asked = ", ".join(f"count_if(regexp_matches({text}, ?))" for _ in range(3))
    day, month, year = scan.query(f"SELECT {asked} FROM {SOURCE}", [_DAY, _MONTH, r"^\s*(19|20)[0-9]{2}"])[0]
    return "day" if day else "month" if month else "year" if year else None


def _decimals(scan: Scan, column: Column) -> int:
    """The decimals that the values of a coordinate have, trailing zeros not counted: the most of any."""
    text = f"rtrim(split_part({column.alias}::VARCHAR, '.', 2), '0')"
    (most,) = scan.query(f"SELECT max(length({text})) FROM {SOURCE} WHERE {column.alias} IS NOT NULL")[0]
    return min(int(most or 0), 15)


def to_json(facts: Facts) -> dict[str, Any]:
    """The facts as a version keeps them."""
    return {
        "rows": facts.rows,
        "roles": dict(facts.roles),
        "quasi": list(facts.quasi),
        "chosen": facts.chosen,
        "persons": facts.persons,
        "aggregated": facts.aggregated,
        "classes": facts.classes,
        "sizes": [list(one) for one in facts.sizes],
        "uniform": {name: dict(found) for name, found in facts.uniform.items()},
        "cells": {name: [list(one) for one in found] for name, found in facts.cells.items()},
        "births": dict(facts.births),
        "decimals": dict(facts.decimals),
    }

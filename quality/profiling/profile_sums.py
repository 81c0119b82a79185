"""Columns that add up: totals by their name, with the neighbouring numbers whose sum they are."""

from collections.abc import Iterator, Sequence

from quality.engines.engine_tables import SOURCE, Column, Scan
from quality.rules import patterns

TOTALS = ("合计", "总计", "总数", "总额", "总和", "小计", "共计", "total", "subtotal", "sum")
TOLERANCE = 0.005
"""Half a cent: what rounding to two places can do to a sum."""
_MOST = 24
_TRIED = 60
_RUNS = 6


def sums(scan: Scan) -> tuple[tuple[tuple[str, ...], int, int], ...]:
    """(names of the parts and last the total, rows with all of them and a total, rows where it holds), tried over the
    numeric columns beside each total."""
    tried = list(_candidates(scan.columns))[:_TRIED]
    if not tried:
        return ()
    asked = []
    for *parts, total in tried:
        filled = " AND ".join(f"{one.alias} IS NOT NULL" for one in (*parts, total))
        added = " + ".join(f"{one.alias}::DOUBLE" for one in parts)
        asked.append(f"count_if({filled} AND {total.alias} <> 0)")
        asked.append(f"count_if({filled} AND {total.alias} <> 0 AND abs({added} - {total.alias}) <= {TOLERANCE})")
    (counts,) = scan.query(f"SELECT {', '.join(asked)} FROM {SOURCE}")
    return tuple(
        (tuple(one.name for one in columns), counts[2 * at], counts[2 * at + 1]) for at, columns in enumerate(tried)
    )


def _candidates(columns: Sequence[Column]) -> Iterator[tuple[Column, ...]]:
    """Runs of numbers right before or after a total, the whole run and its shorter ends."""
    for at, total in enumerate(columns):
        if not is_total(total):
            continue
        before, after = _run(reversed(columns[:at])), _run(iter(columns[at + 1 :]))
        for run in (before, after):
            for length in range(len(run), max(1, len(run) - _RUNS), -1):
                yield (*run[:length], total)


def _run(columns: Iterator[Column]) -> list[Column]:
    found: list[Column] = []
    for column in columns:
        if column.sort not in {"integer", "number"} or is_total(column) or len(found) == _MOST:
            break
        found.append(column)
    return found


def is_total(column: Column) -> bool:
    """Whether a number's name says that it is a total."""
    return column.sort in {"integer", "number"} and patterns.has_hint(column.name, TOTALS)

"""Proposals that look beyond a column: totals, divisions in use, newest records, losses and drift between versions."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

from policies import divisions
from quality.engines import drift
from quality.profiling.profiles import ColumnProfile, Profile
from quality.rules import patterns
from quality.rules.rules import Rule

_SHARE = 0.98
_FEW_ROWS = 20
_STEADY = 4
_LARGE = 500
_KEPT = 0.8
_BIRTH = ("出生", "籍贯", "户籍", "原籍", "生源", "birth", "native", "origin")
_UPDATED = ("更新时间", "更新日期", "修改时间", "最后更新", "update_time", "updated_at", "gxsj", "modified")
_DIVISION = patterns.PATTERNS["division"]


def propose(profile: Profile, titles: dict[str, str], stamps: Sequence[str], today: dt.date | None) -> Iterator[Rule]:
    """Rules worth a steward's look; `titles` are the declared titles by column, `stamps` items declared as times of
    update."""
    yield from _sums(profile)
    for column in profile.columns:
        label = f"{column.name} {titles.get(column.name, '')}".casefold()
        if column.sort == "text" and patterns.has_hint(label, _DIVISION.hints):
            yield from _divisions(column, label, today)
        dated = column.sort in {"date", "datetime"}
        if dated and (column.name in stamps or patterns.has_hint(label, _UPDATED)):
            why = ("记录的更新时间", "the time at which a record was updated")
            yield _rule("newest", (column.name,), why, {"days": "cycle"})
    yield from _between_versions(profile)


def _rule(
    kind: str, columns: Sequence[str], why: tuple[str, str], parameters: dict[str, object], severity: str = "warning"
) -> Rule:
    rule_id = f"{kind}:{'+'.join(columns[:8])}"
    return Rule(
        rule_id, kind, tuple(columns), parameters, severity=severity, origin="profile", why_zh=why[0], why_en=why[1]
    )


def _sums(profile: Profile) -> Iterator[Rule]:
    """The longest run of parts that adds up to each total."""
    best: dict[str, tuple[tuple[str, ...], int, int]] = {}
    for columns, both, held in profile.sums:
        fits = both >= _FEW_ROWS and held >= both * _SHARE
        if fits and len(columns) > len(best.get(columns[-1], ((),))[0]):
            best[columns[-1]] = (columns, both, held)
    for columns, both, held in best.values():
        share = held / both
        why = (f"{share:.2%} 的记录各项之和等于“{columns[-1]}”", f"in {share:.2%} of rows the parts add up")
        yield _rule("sums_to", columns, why, {})


def _divisions(column: ColumnProfile, label: str, today: dt.date | None) -> Iterator[Rule]:
    """Codes in use today, or at some time where hardly any other reading fits: a place of birth keeps its code."""
    counted = sum(count for _, count in column.top)
    if today is None or not column.top_exact or counted < _FEW_ROWS:
        return
    now = sum(count for value, count in column.top if divisions.valid_on(value, today))
    ever = sum(count for value, count in column.top if divisions.listed(value))
    on, held = ("ever", ever) if patterns.has_hint(label, _BIRTH) or now < counted * _SHARE else ("today", now)
    if held >= counted * _SHARE:
        share = held / counted
        why = (f"{share:.2%} 的值是行政区划代码", f"{share:.2%} of values are division codes")
        yield _rule("division_code", (column.name,), why, {"on": on})


def _between_versions(profile: Profile) -> Iterator[Rule]:
    """Told to the steward from the second version on, as information: that data change is no fault of theirs."""
    if not profile.rows:
        return
    why = ("与上一版本比较", "against the version before")
    yield _rule("no_drop", (), why, {"share": _KEPT}, "info")
    yield _rule("columns_kept", (), why, {}, "info")
    if profile.rows < _LARGE:
        return
    comparable = [one for one in profile.columns if _comparable(one, profile.rows)]
    for column in comparable[:_STEADY]:
        yield replace(_rule("steady", (column.name,), why, {"limit": drift.LIMIT}, "info"), weight=0.0)


def _comparable(column: ColumnProfile, rows: int) -> bool:
    """A column whose spread tells something: few values, or numbers that repeat themselves (no running number)."""
    counts = {"name": column.name, "sort": column.sort, "nulls": column.nulls, "top_exact": column.top_exact}
    shown = {**counts, "histogram": column.histogram, "top": column.top, "lengths": column.lengths}
    if column.sort in {"date", "datetime"} or column.distinct < 2 or column.distinct > rows * 0.5:
        return False
    return drift.bins(shown, rows) is not None

"""What a look at the values themselves finds: columns that tell each other, slips, usual forms, numbers far out.

The look is bounded: at most so many cells, wherever a table is larger in stretches of its rows, and at most so many
pairs of values. What is found belongs to the profile; rules are made of it by `quality.proposing.proposed_findings`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quality.engines.engine_tables import Scan
from quality.profiling import coded, dependencies, forms_of_values, outliers, slips
from quality.profiling.coded import Coded

MOST_LISTED = 500
_CASE = 0.03
_CAPITALS = re.compile("[A-Z]")
_SMALL = re.compile("[a-z]")
_MIXED = "(?:^|[^A-Za-z])[a-df-hj-z][A-Z][A-Za-z]"
_LONE_SMALL = "^[^a-z]*[A-Z][^a-z]*[a-z][^a-z]*$|^[^a-z]*[a-z][^a-z]*[A-Z][^a-z]*$"
_NAMED = re.compile("(?:^|[^A-Za-z])(?:Mc|Mac|De|Di|Du|La|Le|Van|Von|Fitz|O)[A-Z]|(?:Mc|Mac)[A-Z]")


@dataclass(frozen=True)
class Finding:
    """A rule which the values nearly keep: its kind, columns and parameters; `broken` of `rows` rows looked at don't.

    `confidence` is how sure it is that they are wrong; `seen` are the figures behind it. All are JSON values.
    """

    kind: str
    columns: tuple[str, ...]
    parameters: Mapping[str, Any]
    rows: int
    broken: int
    confidence: float
    seen: Mapping[str, Any] = field(default_factory=dict)


def look(scan: Scan) -> tuple[Finding, ...]:
    """All findings of an open table."""
    columns = coded.load(scan)
    return (
        *_dependencies(columns),
        *_slips(columns),
        *_forms(columns),
        *_case(columns),
        *_ranges(columns),
    )


def _dependencies(columns: list[Coded]) -> list[Finding]:
    found = []
    for one in dependencies.find(columns):
        kind = "filled_as_group" if one.filled else "determined_by"
        parameters: dict[str, Any] = {"share": one.share}
        if not one.filled:
            parameters["needed"] = one.needed
        seen = {"lift": one.lift, "groups": one.groups}
        found.append(Finding(kind, (*one.witnesses, one.told), parameters, one.rows, one.differing, 0.95, seen))
    return found


def _slips(columns: list[Coded]) -> list[Finding]:
    filled = {column.name: column.filled for column in columns}
    return [
        Finding(
            "misspelt_words" if one.words else "misspelt",
            (one.column,),
            {"meant": dict(list(one.meant.items())[:MOST_LISTED])},
            filled[one.column],
            one.rows,
            0.95 if one.sure else 0.5,
            {"values": len(one.meant)},
        )
        for one in slips.find(columns)
    ]


def _forms(columns: list[Coded]) -> list[Finding]:
    return [
        Finding(
            "usual_form",
            (one.column,),
            {"regex": one.regex, "examples": list(one.examples)},
            one.filled,
            one.rows,
            0.95 if one.sure else 0.5,
            {"likely": one.likely},
        )
        for one in forms_of_values.find(columns)
    ]


def _case(columns: list[Coded]) -> list[Finding]:
    """Capital letters behind small ones, or a small one among capitals, where a column has none of that otherwise."""
    found = []
    for column in columns:
        if column.column.sort != "text" or column.filled < 30:
            continue
        values = [(value, rows) for value, rows in column.counted[:20_000] if _CAPITALS.search(value)]
        lettered = sum(rows for _, rows in values)
        small = sum(rows for value, rows in values if len(_SMALL.findall(value)) > 1)
        for regex, fits in ((_LONE_SMALL, small <= 0.02 * lettered), (_MIXED, small >= 0.5 * lettered)):
            matcher = re.compile(regex)
            odd = [(value, rows) for value, rows in values if matcher.search(value)] if fits else []
            rows = sum(times for _, times in odd)
            named = sum(1 for value, _ in odd if _NAMED.search(value))
            if not odd or rows > (0.2 if regex is _LONE_SMALL else _CASE * 3) * lettered or named > 0.1 * len(odd):
                continue
            single = max(times for _, times in odd) <= max(2, 0.005 * lettered)
            parameters = {"regex": regex, "zh": "词中大小写混杂", "en": "small and capital letters mixed in a word"}
            sure = single and len(odd) >= 3
            found.append(
                Finding("lacks_pattern", (column.name,), parameters, column.filled, rows, 0.95 if sure else 0.5)
            )
    return found


def _ranges(columns: list[Coded]) -> list[Finding]:
    found = []
    for one in outliers.find(columns):
        bounds = {name: bound for name, bound in (("min", one.low), ("max", one.high)) if bound is not None}
        found.append(Finding("between", (one.column,), bounds, one.filled, one.rows, 0.95, {"few": one.few}))
    return found

"""The shape of values: letters, digits and Han characters stand for their kind, so that no value is shown by it.

`9` is a digit, `A` and `a` a Latin letter, `字` a Han character; anything else stands for itself, and a run of the
same is written once with its length.
"""

import re
from collections.abc import Mapping, Sequence

from quality.engines.engine_tables import Column, Scan, literal
from quality.profiling.profile_views import HAN

SHOWN = 8
LONGEST = 60
_DIGITS = "0123456789０１２３４５６７８９"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FROM = _DIGITS + _UPPER + _UPPER.lower()
_TO = "9" * len(_DIGITS) + "A" * len(_UPPER) + "a" * len(_UPPER)
_HAN = r"[\x{3400}-\x{4DBF}\x{4E00}-\x{9FFF}]"


def find(scan: Scan, columns: Sequence[Column], source: str) -> Mapping[str, tuple[tuple[str, int], ...]]:
    """The most frequent shapes of text columns by alias, each with its rows; of long texts only the beginning."""
    parts = [
        f"(SELECT '{column.alias}' AS c, {_shape(column.alias)} AS s, count(*) AS n FROM {source} "
        f"WHERE {column.alias} IS NOT NULL AND {column.alias} <> '' GROUP BY ALL ORDER BY n DESC, s LIMIT {SHOWN})"
        for column in columns
    ]
    found: dict[str, list[tuple[str, int]]] = {}
    for alias, shape, rows in scan.query(" UNION ALL ".join(parts)) if parts else []:
        found.setdefault(alias, []).append((written(shape), int(rows)))
    return {alias: tuple(sorted(shapes, key=lambda one: (-one[1], one[0]))) for alias, shapes in found.items()}


def _shape(alias: str) -> str:
    plain = f"translate(left({alias}, {LONGEST}), {literal(_FROM)}, {literal(_TO)})"
    ascii_only = f"strlen({alias}) = length({alias})"
    return f"CASE WHEN {ascii_only} THEN {plain} ELSE regexp_replace({plain}, '{_HAN}', '{HAN}', 'g') END"


def written(shape: str) -> str:
    """A shape with its runs written short: 999999 becomes 9{6}."""
    return re.sub(r"(.)\1{2,}", lambda run: f"{run[1]}{{{len(run[0])}}}", shape, flags=re.DOTALL)

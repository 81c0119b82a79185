"""Tables and rules for tests which compare engines: every kind that needs no other table, on awkward values."""

import datetime as dt
from typing import Any

import pyarrow as pa

from quality.rules import kinds
from quality.rules.rules import Rule

TODAY = dt.date(2026, 11, 23)
NOW = dt.datetime(2026, 11, 20, 8, tzinfo=dt.UTC)
TEXT, CODE, OTHER = '名称 "甲"', "信用代码", "证号;--"
WHOLE, AMOUNT, PAID = "次数", "金额(元)", "select"
START, END, AT, OPEN = "成立 😀", "注销", "更新", "启用?"
LARGE = 2**62
VALUES: dict[str, tuple[pa.DataType, list[Any]]] = {
    TEXT: (
        pa.string(),
        ["湖州", "德清", "a\\b", "it's", "100%", "", " ", "\u3000", "𠮷", "é", "a\nb", "x\n", "\x01", "无"],
    ),
    CODE: (pa.string(), ["91330100799655058B", "91330100799655058C", "91330100799655058b", "9133", "汉字" * 3]),
    OTHER: (pa.string(), ["11010519491231002X", "110105194912310021", "110105202701010010", "1" * 18, "a" * 31 + "b"]),
    WHOLE: (pa.int64(), [0, 1, 2, -1, LARGE, LARGE + 1, -LARGE]),
    AMOUNT: (pa.float64(), [0.0, -0.0, 1.5, -2.0, 1e308, 5e-324, float("nan"), 0.1]),
    PAID: (pa.float64(), [0.0, 1.5, 3.0, -1e15, 0.1]),
    START: (pa.date32(), [dt.date(1949, 10, 1), dt.date(2026, 11, 23), dt.date(2026, 11, 24), dt.date(9999, 12, 31)]),
    END: (pa.date32(), [dt.date(1949, 9, 30), dt.date(2026, 11, 23), dt.date(2027, 1, 1)]),
    AT: (pa.timestamp("us"), [dt.datetime(2026, 11, 23), dt.datetime(2026, 11, 23, 23, 59, 59, 999999)]),  # noqa: DTZ001
    OPEN: (pa.bool_(), [True, False]),
}
SCHEMA = pa.schema([(name, kind) for name, (kind, _) in VALUES.items()])
_WHEN = {"when": {"column": OPEN, "values": [True]}}
_KINDS: list[tuple[str, tuple[str, ...], dict[str, Any]]] = [
    ("row_count", (), {"min": 3, "max": 30}),
    ("columns_match", tuple(VALUES), {"exact": True}),
    ("columns_match", (TEXT, "没有"), {"exact": False}),
    *(("not_null", (name,), {}) for name in VALUES),
    ("not_null", (AMOUNT,), _WHEN),
    ("not_blank", (TEXT,), {}),
    *(("unique", (name,), {}) for name in VALUES),
    ("unique_together", (TEXT, WHOLE), {}),
    ("unique_together", (AMOUNT, START, OPEN), {}),
    ("no_duplicate_rows", (), {}),
    ("matches_pattern", (CODE,), {"pattern": "uscc"}),
    ("matches_pattern", (OTHER,), {"pattern": "citizen_id"}),
    ("matches_pattern", (TEXT,), {"regex": "^.{2}$"}),
    ("matches_pattern", (OTHER,), {"regex": "^(a+)+$"}),
    ("lacks_pattern", (TEXT,), {"regex": "[\\x{4e00}-\\x{9fff}]|%|'"}),
    ("lacks_pattern", (TEXT,), {"regex": "^[ \t\r\n\u00a0\u3000]|[ \t\r\n\u00a0\u3000]$"}),
    ("not_in_set", (TEXT,), {"values": ["无", "", "it's", "a\\b"]}),
    ("check_digits", (CODE,), {"scheme": "uscc"}),
    ("check_digits", (OTHER,), {"scheme": "citizen_id"}),
    ("in_set", (TEXT,), {"values": ["湖州", "100%", "é", "a\nb"], **_WHEN}),
    ("in_set", (WHOLE,), {"values": [0, 1, LARGE]}),
    ("between", (WHOLE,), {"min": 0, "max": LARGE}),
    ("between", (AMOUNT,), {"min": 0, "max": 1.5, "strict_min": True}),
    ("between", (START,), {"min": "1949-10-01", "max": {"parameter": "today"}}),
    ("between", (AT,), {"max": "2026-11-22"}),
    ("in_set", (AT,), {"values": ["2026-11-23T00:00:00"]}),
    ("not_in_set", (START,), {"values": ["2026-11-23"]}),
    ("length", (TEXT,), {"min": 1, "max": 2}),
    ("type", (WHOLE,), {"type": "number"}),
    ("type", (START,), {"type": "datetime"}),
    ("type", (OPEN,), {"type": "boolean"}),
    ("type", (TEXT,), {"type": "text"}),
    ("mean", (PAID,), {"min": -1e306, "max": 9}),
    ("in_order", (START, END), {}),
    ("in_order", (PAID, AMOUNT), {"strict": True, **_WHEN}),
    ("equal", (AMOUNT, PAID), {}),
    ("newest", (END,), {"days": 1}),
    ("updated_within", (), {"days": 1}),
]
KINDS = frozenset(kind for kind, _, _ in _KINDS)


def suite() -> list[Rule]:
    """Rules of every kind, with and without conditions."""
    return [Rule(f"r{at:02}", kind, columns, given) for at, (kind, columns, given) in enumerate(_KINDS)]


def needing_more() -> set[str]:
    """The kinds which no rule here has."""
    return set(kinds.KINDS) - KINDS

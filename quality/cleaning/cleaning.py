"""Cleaning rules (清洗规则) as data: what a step does, to which column, how it reads; no table, no engine.

A plan is a list of steps that run in their order over a table; each leaves the rows where they are, but for the step
that takes repeated rows out. What a step changes is said here, once, for people (`sentence`) and as checks of what
can be meant (`check`); `quality.cleaning.cleaning_engine` does it.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from policies.refusals import Invalid

MOST_STEPS = 50
MOST_WORDS = 1_000
SPACES = " \t\r\n\x0b\x0c\u00a0\u2000\u2001\u2002\u2003\u2009\u200b\u3000\ufeff"
"""What stands around a value and is no part of it."""

WIDE = (
    "".join(chr(0xFEE0 + code) for code in range(0x21, 0x7F) if chr(code).isalnum() or chr(code) in "-./_") + "\u3000"
)
NARROW = "".join(chr(ord(wide) - 0xFEE0) if wide != "\u3000" else " " for wide in WIDE)
"""Digits, letters and the marks within codes; Chinese punctuation is meant to be wide and stays."""

ORDERS = ("ymd", "dmy", "mdy")
CASES = ("upper", "lower")
EMPTY_WORDS = (
    "无",
    "暂无",
    "不详",
    "未知",
    "空",
    "-",
    "--",
    "—",
    "/",
    "N/A",
    "NA",
    "null",
    "NULL",
    "None",
    "nan",
    "#N/A",
)


@dataclass(frozen=True)
class Kind:
    """A kind of step: its names, how many columns it takes, the parameters it must have and may have."""

    code: str
    zh: str
    en: str
    sentence_zh: str
    sentence_en: str
    columns: tuple[int, int] = (1, 1)
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    text_only: bool = True


_ALL = (
    Kind("trim", "去除首尾空白", "Trim", "去除“{a}”首尾的空白", "take the blanks around “{a}” away"),
    Kind(
        "width",
        "全角转半角",
        "Full width to half width",
        "把“{a}”中的全角数字、字母转为半角",
        "write the digits and letters of “{a}” in half width",
    ),
    Kind(
        "case",
        "统一大小写",
        "Upper or lower case",
        "把“{a}”统一为{case_zh}",
        "write “{a}” in {case_en} case",
        required=frozenset({"to"}),
    ),
    Kind(
        "translate",
        "代码转换",
        "Translate codes",
        "把“{a}”中的 {map}",
        "in “{a}”, turn {map}",
        required=frozenset({"map"}),
        optional=frozenset({"code_list"}),
        text_only=False,
    ),
    Kind(
        "date",
        "统一日期格式",
        "One form of dates",
        "把“{a}”中的日期统一写成 2026-01-31（{order_zh}）",
        "write the dates in “{a}” as 2026-01-31 ({order_en})",
        optional=frozenset({"order"}),
    ),
    Kind(
        "empty",
        "占位词置空",
        "Placeholders to empty",
        "把“{a}”中的 {words} 视为空值",
        "take {words} in “{a}” for empty",
        required=frozenset({"words"}),
    ),
    Kind(
        "split",
        "拆分列",
        "Split a column",
        "按“{separator}”把“{a}”拆成 {into}",
        "split “{a}” at “{separator}” into {into}",
        required=frozenset({"separator", "into"}),
    ),
    Kind(
        "fill",
        "按参照数据补空",
        "Fill from a reference",
        "“{a}”为空时，按“{key}”从 {entry} 的“{their_value}”补上（对应“{their_key}”）",
        "where “{a}” is empty, fill it from “{their_value}” of {entry}, found by “{key}” in “{their_key}”",
        required=frozenset({"key", "entry", "their_key", "their_value"}),
        text_only=False,
    ),
    Kind(
        "duplicates",
        "去除重复记录",
        "Take repeated rows out",
        "完全相同的记录只保留第一条",
        "of rows that are the same in every column keep the first",
        columns=(0, 0),
        text_only=False,
    ),
)
KINDS = {kind.code: kind for kind in _ALL}


@dataclass(frozen=True)
class Step:
    """One step of a plan: its kind, the column it is about, its parameters as JSON values."""

    kind: str
    column: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The step as stored."""
        return {**asdict(self), "parameters": dict(self.parameters)}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Step":
        """A stored step."""
        return cls(str(row["kind"]), str(row.get("column", "")), dict(row.get("parameters", {})))


def check(steps: Sequence[Step], columns: Mapping[str, str] | None = None) -> None:
    """Raise Invalid for the first step that can't be meant, with its number as the field.

    `columns` are the names of the table's columns with their types (text, integer, decimal, boolean, date, datetime);
    without them only the steps themselves are looked at.
    """
    if len(steps) > MOST_STEPS:
        raise Invalid("cleaning.too-many", field="steps", limit=MOST_STEPS)
    known = dict(columns) if columns is not None else None
    for number, step in enumerate(steps):
        _check_step(step, str(number))
        if known is not None:
            _check_columns(step, known, str(number))


def _check_step(step: Step, at: str) -> None:
    kind = KINDS.get(step.kind)
    if kind is None:
        raise Invalid("cleaning.kind", field=at, kind=step.kind)
    given = set(step.parameters)
    if bool(step.column) != bool(kind.columns[1]):
        raise Invalid("cleaning.parameter", field=at, name="column")
    for name in sorted(kind.required - given) + sorted(given - kind.required - kind.optional):
        raise Invalid("cleaning.parameter", field=at, name=name)
    for name, value in step.parameters.items():
        if not _fits(name, value):
            raise Invalid("cleaning.parameter", field=at, name=name)


def _fits(name: str, value: Any) -> bool:
    """Whether a parameter's value can be meant."""
    if name == "map":
        return isinstance(value, Mapping) and 0 < len(value) <= MOST_WORDS and _are_texts([*value, *value.values()])
    if name in {"words", "into"}:
        least = 2 if name == "into" else 1
        listed = isinstance(value, Sequence) and not isinstance(value, str)
        return listed and least <= len(value) <= MOST_WORDS and _are_texts(value) and len(set(value)) == len(value)
    choices = {"to": CASES, "order": ORDERS}
    if name in choices:
        return value in choices[name]
    return isinstance(value, str) and 0 < len(value) <= 300


def _are_texts(values: Collection[Any]) -> bool:
    return all(isinstance(one, str) and one != "" and len(one) <= 300 for one in values)


def _check_columns(step: Step, known: dict[str, str], at: str) -> None:
    """Look a step's columns up, and note the ones it makes."""
    needed = [step.column] if step.column else []
    needed += [step.parameters["key"]] if step.kind == "fill" else []
    for name in needed:
        if name not in known:
            raise Invalid("cleaning.column", field=at, column=name)
    if step.column and KINDS[step.kind].text_only and known[step.column] != "text":
        raise Invalid("cleaning.text-only", field=at, column=step.column)
    if step.kind == "translate":
        known[step.column] = "text"
    for name in step.parameters.get("into", ()) if step.kind == "split" else ():
        if name in known:
            raise Invalid("cleaning.column-taken", field=at, column=name)
        known[name] = "text"


def mark(steps: Sequence[Step]) -> str:
    """A hash of a plan: the same steps in the same order have the same."""
    plain = json.dumps([step.to_json() for step in steps], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()


def sentence(step: Step, language: str = "zh", titles: Mapping[str, str] | None = None) -> str:
    """What a step does, as a sentence; `titles` gives the reader's names of columns and of the reference."""
    zh, kind, given = language.startswith("zh"), KINDS[step.kind], step.parameters
    named = titles or {}
    words = {
        "a": named.get(step.column, step.column),
        "key": named.get(given.get("key", ""), given.get("key", "")),
        "entry": named.get(given.get("entry", ""), given.get("entry", "")),
        "their_key": given.get("their_key", ""),
        "their_value": given.get("their_value", ""),
        "separator": given.get("separator", ""),
        "case_zh": {"upper": "大写", "lower": "小写"}.get(given.get("to", ""), ""),
        "case_en": given.get("to", ""),
        "order_zh": {"dmy": "原为日/月/年", "mdy": "原为月/日/年"}.get(given.get("order", ""), "原为年月日"),
        "order_en": {"dmy": "from day/month/year", "mdy": "from month/day/year"}.get(
            given.get("order", ""), "from year, month, day"
        ),
        "words": _listed([f"“{one}”" for one in given.get("words", ())], zh=zh),
        "into": _listed([f"“{one}”" for one in given.get("into", ())], zh=zh),
        "map": _listed([_pair(before, after, zh=zh) for before, after in given.get("map", {}).items()], zh=zh),
    }
    return (kind.sentence_zh if zh else kind.sentence_en).format(**words)


def _pair(before: str, after: str, *, zh: bool) -> str:
    return f"“{before}”改为“{after}”" if zh else f"“{before}” into “{after}”"


def _listed(parts: Sequence[str], *, zh: bool, shown: int = 6) -> str:
    text = ("、" if zh else ", ").join(parts[:shown])
    if len(parts) <= shown:
        return text
    return f"{text}等 {len(parts)} 项" if zh else f"{text} … ({len(parts)} in all)"

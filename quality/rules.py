"""A quality rule as data: its kind, the columns it looks at, its bounds, its dimension and why it is there.

Pure: no table, no engine. A rule is stored as JSON, read by a steward as a sentence in Chinese or English, and
turned into an expectation by `quality.expectations`. Dimensions and indicators follow GB/T 36344-2018.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from quality import patterns

DIMENSIONS = ("normative", "completeness", "accuracy", "consistency", "timeliness", "accessibility")
"""The six dimensions by the first two digits of their indicators, 01 to 06."""
SEVERITIES = ("critical", "warning", "info")


class RuleError(ValueError):
    """A rule which can't be meant: an unknown kind, a missing bound, a wrong number of columns. `reason` is a
    code."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Kind:
    """What a kind of rule demands and how it reads.

    `columns` is (fewest, most); `required` and `optional` name parameters; `sentence_*` are filled with the
    columns and parameters of a rule.
    """

    code: str
    zh: str
    en: str
    indicator: str
    columns: tuple[int, int]
    sentence_zh: str
    sentence_en: str
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    one_of: frozenset[str] = frozenset()

    @property
    def dimension(self) -> str:
        """The dimension to which the kind's indicator belongs."""
        return DIMENSIONS[int(self.indicator[:2]) - 1]


_MANY = 10_000
_BOUNDS = frozenset({"min", "max", "strict_min", "strict_max"})
_MIN_MAX = frozenset({"min", "max"})


def _kind(
    code: str,
    names: tuple[str, str],
    indicator: str,
    columns: tuple[int, int],
    sentence: tuple[str, str],
    **sets: set[str],
) -> Kind:
    frozen = {name: frozenset(members) for name, members in sets.items()}
    return Kind(code, names[0], names[1], indicator, columns, sentence[0], sentence[1], **frozen)


_ALL = (
    _kind(
        "row_count",
        ("记录数", "Row count"),
        "0202",
        (0, 0),
        ("记录数{range}", "the table has {range} rows"),
        one_of={"min", "max"},
    ),
    _kind(
        "columns_match",
        ("字段一致", "Columns as declared"),
        "0103",
        (1, _MANY),
        ("字段与目录登记的 {count} 个信息项一致", "the columns are the {count} declared data items"),
        optional={"exact"},
    ),
    _kind("not_null", ("非空", "Not empty"), "0201", (1, 1), ("“{a}”不为空", "“{a}” is not empty")),
    _kind(
        "not_blank",
        ("非空白", "Not blank"),
        "0201",
        (1, 1),
        ("“{a}”不是空白文字", "“{a}” holds more than spaces"),
    ),
    _kind("unique", ("唯一", "Unique"), "0304", (1, 1), ("“{a}”不重复", "no value of “{a}” occurs twice")),
    _kind(
        "unique_together",
        ("组合唯一", "Unique together"),
        "0304",
        (2, 64),
        ("{all} 组合不重复", "no combination of {all} occurs twice"),
    ),
    _kind(
        "no_duplicate_rows",
        ("无重复记录", "No duplicate rows"),
        "0303",
        (0, 0),
        ("没有完全相同的记录", "no two rows are the same in every column"),
    ),
    _kind(
        "matches_pattern",
        ("格式", "Format"),
        "0302",
        (1, 1),
        ("“{a}”符合{form}的格式", "“{a}” has the form of {form}"),
        one_of={"pattern", "regex"},
    ),
    _kind(
        "lacks_pattern",
        ("无脏字符", "No dirty text"),
        "0305",
        (1, 1),
        ("“{a}”不含{form}", "“{a}” is free of {form}"),
        required={"regex"},
        optional={"zh", "en"},
    ),
    _kind(
        "not_in_set",
        ("无占位值", "No placeholders"),
        "0305",
        (1, 1),
        ("“{a}”不用{values}等占位", "“{a}” does not hold {values} in place of a value"),
        required={"values"},
    ),
    _kind(
        "check_digits",
        ("校验码", "Check digit"),
        "0301",
        (1, 1),
        ("“{a}”的{form}校验码正确", "the {form} in “{a}” has a right check digit"),
        required={"scheme"},
    ),
    _kind(
        "in_set",
        ("值域", "Code list"),
        "0105",
        (1, 1),
        ("“{a}”取值于 {values}", "“{a}” is one of {values}"),
        required={"values"},
    ),
    _kind(
        "between",
        ("取值范围", "Range"),
        "0301",
        (1, 1),
        ("“{a}”{range}", "“{a}” is {range}"),
        optional=set(_BOUNDS),
        one_of={"min", "max"},
    ),
    _kind(
        "length",
        ("长度", "Length"),
        "0302",
        (1, 1),
        ("“{a}”的长度{range}", "the length of “{a}” is {range}"),
        one_of={"min", "max"},
    ),
    _kind(
        "type",
        ("数据类型", "Data type"),
        "0101",
        (1, 1),
        ("“{a}”是{type_zh}", "“{a}” is of type {type_en}"),
        required={"type"},
    ),
    _kind(
        "mean",
        ("均值", "Mean"),
        "0301",
        (1, 1),
        ("“{a}”的平均值{range}", "the mean of “{a}” is {range}"),
        one_of={"min", "max"},
    ),
    _kind(
        "in_order",
        ("先后顺序", "Order of two columns"),
        "0503",
        (2, 2),
        ("“{a}”不晚于(不大于)“{b}”", "“{a}” is not after (not above) “{b}”"),
        optional={"strict"},
    ),
    _kind("equal", ("两列相等", "Two columns equal"), "0401", (2, 2), ("“{a}”等于“{b}”", "“{a}” equals “{b}”")),
    _kind(
        "newest",
        ("最新数据日期", "Newest record"),
        "0502",
        (1, 1),
        ("“{a}”的最新日期在 {days} 天以内", "the newest “{a}” is at most {days} days old"),
        required={"days"},
    ),
    _kind(
        "updated_within",
        ("按期更新", "Updated in time"),
        "0502",
        (0, 0),
        ("最近一次更新在 {days} 天以内", "the last update is at most {days} days ago"),
        required={"days"},
    ),
)
KINDS = {kind.code: kind for kind in _ALL}
TYPES = {
    "text": ("文本", "text"),
    "integer": ("整数", "integer"),
    "number": ("数值", "number"),
    "date": ("日期", "date"),
    "datetime": ("日期时间", "date and time"),
    "boolean": ("布尔", "boolean"),
}
"""The types a `type` rule may demand: `number` takes integers too."""


@dataclass(frozen=True)
class Rule:
    """One rule about a table.

    `parameters` are JSON values: bounds are numbers, ISO dates, or `{"parameter": "today", "days": -30}`,
    filled at the run; `when` = `{"column", "values"}` restricts any row rule to some rows. `mostly` is the
    share of counted rows which must hold for the rule to succeed (the score takes the share itself). `origin`
    says who proposed it: item, profile, steward.
    """

    rule_id: str
    kind: str
    columns: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    dimension: str = ""
    indicator: str = ""
    severity: str = "warning"
    weight: float = 1.0
    mostly: float = 1.0
    origin: str = "steward"
    why_zh: str = ""
    why_en: str = ""

    def __post_init__(self) -> None:
        kind = KINDS.get(self.kind)
        if kind is None:
            raise RuleError("kind-unknown", self.kind)
        object.__setattr__(self, "columns", tuple(self.columns))
        object.__setattr__(self, "indicator", self.indicator or kind.indicator)
        object.__setattr__(self, "dimension", self.dimension or kind.dimension)
        _check(self, kind)

    def to_json(self) -> dict[str, Any]:
        """The rule as JSON values, as stored."""
        return {**asdict(self), "columns": list(self.columns), "parameters": dict(self.parameters)}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Rule":
        """The rule of a stored row; raises RuleError for what is no rule."""
        unknown = set(row) - set(cls.__dataclass_fields__)
        if unknown or not {"rule_id", "kind"} <= set(row):
            raise RuleError("field-unknown" if unknown else "field-missing", ", ".join(sorted(unknown)))
        return cls(**row)


def _check(rule: Rule, kind: Kind) -> None:
    fewest, most = kind.columns
    given = set(rule.parameters)
    problems = {
        "id-missing": not rule.rule_id,
        "columns-wrong": not fewest <= len(rule.columns) <= most,
        "columns-repeated": len(set(rule.columns)) < len(rule.columns),
        "parameter-missing": bool(kind.required - given) or bool(kind.one_of and not kind.one_of & given),
        "parameter-unknown": bool(given - kind.required - kind.optional - kind.one_of - {"when"}),
        "dimension-unknown": rule.dimension not in DIMENSIONS,
        "severity-unknown": rule.severity not in SEVERITIES,
        "weight-wrong": not 0 <= rule.weight < float("inf"),
        "mostly-wrong": not 0 < rule.mostly <= 1,
    }
    for reason, broken in problems.items():
        if broken:
            raise RuleError(reason, rule.rule_id)
    _check_values(rule)
    json.dumps(rule.to_json(), allow_nan=False)


def _check_values(rule: Rule) -> None:
    """Refuses parameters whose values can't be meant; bounds against the column's type are the engine's matter."""
    given = rule.parameters
    checks: dict[str, Callable[[Any], bool]] = {
        "pattern": lambda v: v in patterns.PATTERNS,
        "regex": lambda v: isinstance(v, str) and v != "",
        "scheme": lambda v: any(p.digits == v for p in patterns.PATTERNS.values()),
        "values": lambda v: isinstance(v, Sequence) and not isinstance(v, str) and len(v) > 0,
        "type": lambda v: v in TYPES,
        "days": lambda v: isinstance(v, int | float) and v >= 0,
        "when": lambda v: isinstance(v, Mapping) and set(v) == {"column", "values"} and bool(v["values"]),
    }
    for name, value in given.items():
        if name in checks and not checks[name](value):
            raise RuleError("parameter-wrong", f"{rule.rule_id}: {name}")
    low, high = given.get("min"), given.get("max")
    if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
        raise RuleError("bounds-crossed", rule.rule_id)


def sentence(rule: Rule, language: str = "zh", titles: Mapping[str, str] | None = None) -> str:
    """What the rule demands, as one sentence; `titles` gives the reader's names of columns.

    `language` begins with "zh" or anything else for English.
    """
    kind, zh = KINDS[rule.kind], language.startswith("zh")
    names = [(titles or {}).get(column, column) for column in rule.columns]
    quoted = [f"“{name}”" for name in names]
    template = kind.sentence_zh if zh else kind.sentence_en
    text = template.format(
        a=names[0] if names else "",
        b=names[1] if len(names) > 1 else "",
        all=("、" if zh else ", ").join(quoted),
        count=len(names),
        range=_range(rule.parameters, zh=zh),
        values=_values(rule.parameters.get("values", ()), zh=zh),
        form=_form(rule.parameters, zh=zh),
        days=f"{rule.parameters.get('days', 0):g}",
        type_zh=TYPES.get(rule.parameters.get("type", ""), ("", ""))[0],
        type_en=TYPES.get(rule.parameters.get("type", ""), ("", ""))[1],
    )
    return text + _condition(rule, titles or {}, zh=zh) + _share(rule, zh=zh)


def _range(given: Mapping[str, Any], *, zh: bool) -> str:
    low, high = _bound(given.get("min"), zh=zh), _bound(given.get("max"), zh=zh)
    if low and high:
        return f"在 {low} 与 {high} 之间" if zh else f"between {low} and {high}"
    if low:
        return f"不小于 {low}" if zh else f"at least {low}"
    return f"不大于 {high}" if zh else f"at most {high}"


def _bound(value: Any, *, zh: bool) -> str:
    if not isinstance(value, Mapping):
        return "" if value is None else str(value)
    name = {"today": "当天" if zh else "today"}.get(str(value.get("parameter")), str(value.get("parameter")))
    days = value.get("days", 0)
    if not days:
        return name
    return f"{name}{days:+g} 天" if zh else f"{name} {days:+g} days"


def _values(values: Sequence[Any], *, zh: bool, shown: int = 8) -> str:
    text = ("、" if zh else ", ").join(str(value) for value in values[:shown])
    if len(values) <= shown:
        return text
    return f"{text} 等 {len(values)} 个值" if zh else f"{text} … ({len(values)} values)"


def _form(given: Mapping[str, Any], *, zh: bool) -> str:
    known = patterns.PATTERNS.get(given.get("pattern") or given.get("scheme") or "")
    if known:
        return known.zh if zh else known.en
    named = given.get("zh" if zh else "en")
    return str(named) if named else f" {given.get('regex', '')} " if zh else str(given.get("regex", ""))


def _condition(rule: Rule, titles: Mapping[str, str], *, zh: bool) -> str:
    when = rule.parameters.get("when")
    if not when:
        return ""
    name, values = titles.get(when["column"], when["column"]), _values(when["values"], zh=zh)
    return f"(仅当“{name}”为 {values})" if zh else f" (where “{name}” is {values})"


def _share(rule: Rule, *, zh: bool) -> str:
    if rule.mostly >= 1:
        return ""
    return f",至少 {rule.mostly:.2%} 的记录" if zh else f", for at least {rule.mostly:.2%} of rows"

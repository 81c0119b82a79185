"""A quality rule as data: its kind, the columns it looks at, its bounds, its dimension and why it is there.

Pure: no table, no engine. A rule is stored as JSON, read by a steward as a sentence in Chinese or English, and
turned into an expectation by `quality.engines.expectations`. Dimensions and indicators follow GB/T 36344-2018.
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from quality.rules import patterns
from quality.rules.kinds import DIMENSIONS, KINDS, TYPES, Kind

SURE = 0.9
"""The confidence from which a value that breaks a rule is reported as wrong, cell by cell."""
SEVERITIES = ("critical", "warning", "info")


class RuleError(ValueError):
    """A rule which can't be meant: an unknown kind, a missing bound, a wrong number of columns. `reason` is a
    code."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class NotApplicableError(Exception):
    """A rule has nothing to judge here: there is no version before, no cycle is promised, no such table is known.

    `lacking` names the parameter of the run which is missing. Such a rule neither succeeds nor fails, and counts in
    no score.
    """

    def __init__(self, lacking: str) -> None:
        super().__init__(lacking)
        self.lacking = lacking


@dataclass(frozen=True)
class Rule:
    """One rule about a table.

    `parameters` are JSON values: bounds are numbers, ISO dates, or `{"parameter": "today", "days": -30}`,
    filled at the run; `when` = `{"column", "values"}` restricts any row rule to some rows. `mostly` is the
    share of counted rows which must hold for the rule to succeed (the score takes the share itself). `origin`
    says who proposed it: item, profile, steward. `confidence` says how sure it is, from 0 to 1, that a value which
    breaks the rule is wrong: what is only worth a look has less than `SURE`.
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
    confidence: float = 1.0

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
        "confidence-wrong": not 0 <= rule.confidence <= 1,
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
        "days": lambda v: v == "cycle" or (isinstance(v, int | float) and v >= 0),
        "on": lambda v: v in {"today", "ever"} or _is_day(v),
        "of": lambda v: isinstance(v, str) and all(v.partition(".")),
        "list": lambda v: isinstance(v, str) and v != "",
        "share": lambda v: isinstance(v, int | float) and 0 < v <= 1,
        "needed": lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 1,
        "meant": lambda v: isinstance(v, Mapping) and bool(v) and all(isinstance(one, str) for one in v),
        "limit": lambda v: isinstance(v, int | float) and v > 0,
        "tolerance": lambda v: isinstance(v, int | float) and 0 <= v < float("inf"),
        "when": lambda v: isinstance(v, Mapping) and set(v) == {"column", "values"} and bool(v["values"]),
    }
    for name, value in given.items():
        if name in checks and not checks[name](value):
            raise RuleError("parameter-wrong", f"{rule.rule_id}: {name}")
    low, high = given.get("min"), given.get("max")
    if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
        raise RuleError("bounds-crossed", rule.rule_id)


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(dt.date.fromisoformat(value))
    except ValueError:
        return False


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
        days=_days(rule.parameters.get("days", 0), zh=zh),
        moment=_moment(rule, names, zh=zh),
        of=_reference(rule.parameters.get("of", ""), zh=zh),
        item=rule.parameters.get("value", ""),
        list=rule.parameters.get("list", ""),
        percent=f"{rule.parameters.get('share', 1):.0%}",
        limit=f"{rule.parameters.get('limit', 0):g}",
        parts=("、" if zh else ", ").join(quoted[:-1]),
        last=names[-1] if names else "",
        first=("或" if zh else " or ").join(quoted[:-1]),
        slips=_slips(rule.parameters.get("meant", {}), zh=zh),
        forms=_values(rule.parameters.get("examples", ()), zh=zh, shown=3),
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


def _days(days: Any, *, zh: bool) -> str:
    if days == "cycle":
        return "更新周期" if zh else "the update cycle"
    return f"{days:g} 天" if zh else f"{days:g} days"


def _moment(rule: Rule, names: Sequence[str], *, zh: bool) -> str:
    """When a code has to be in use: the day beside it, today, another day, or ever."""
    if len(names) > 1:
        return f"“{names[1]}”当日" if zh else f"on the day in “{names[1]}”"
    on = rule.parameters.get("on", "today")
    named = {"today": ("当前", "today"), "ever": ("曾经", "at some time")}
    zh_on, en_on = named.get(str(on), (f"{on} ", f"on {on}"))
    return zh_on if zh else en_on


def _reference(of: str, *, zh: bool) -> str:
    code, _, item = of.partition(".")
    return f"{code} 的“{item}”" if zh else f"“{item}” of {code}"


def _values(values: Sequence[Any], *, zh: bool, shown: int = 8) -> str:
    text = ("、" if zh else ", ").join(str(value) for value in values[:shown])
    if len(values) <= shown:
        return text
    return f"{text} 等 {len(values)} 个值" if zh else f"{text} … ({len(values)} values)"


def _slips(meant: Mapping[str, str], *, zh: bool, shown: int = 3) -> str:
    listed = list(meant.items())[:shown]
    if zh:
        return "、".join(f"“{wrong}”(应为“{right}”)" for wrong, right in listed)
    return ", ".join(f"“{wrong}” for “{right}”" for wrong, right in listed)


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

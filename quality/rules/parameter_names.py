"""The parameters of rules in words, for forms and workbooks: name and hint in Chinese and English."""

from collections.abc import Mapping
from dataclasses import dataclass

from quality.rules.kinds import KINDS


@dataclass(frozen=True)
class Wording:
    """How a parameter is called, and what to type."""

    zh: str
    en: str
    hint_zh: str = ""
    hint_en: str = ""

    def label(self, language: str) -> str:
        """The name in the reader's language."""
        return self.en if language.startswith("en") else self.zh

    def hint(self, language: str) -> str:
        """What to type, in the reader's language."""
        return self.hint_en if language.startswith("en") else self.hint_zh


_BOUND = (
    "数字、日期(2020-01-31)，或随检测当天变化的 today、today-30",
    "A number, a day (2020-01-31), or today, today-30",
)
WORDINGS: Mapping[str, Wording] = {
    "min": Wording("下限", "Least", *_BOUND),
    "max": Wording("上限", "Most", *_BOUND),
    "strict_min": Wording("不含下限", "Least itself excluded"),
    "strict_max": Wording("不含上限", "Most itself excluded"),
    "exact": Wording("不许有多余字段", "No other columns"),
    "strict": Wording("不许相等", "Never equal"),
    "pattern": Wording(
        "已知格式", "Known form", "选一种格式，或在下面写正则表达式", "Choose a form, or give an expression below"
    ),
    "regex": Wording(
        "正则表达式", "Regular expression", "RE2 语法，整个值用 ^…$ 界定", "RE2 syntax; ^…$ for the whole value"
    ),
    "zh": Wording("中文名称", "Name in Chinese", "例如“首尾空格”", "Such as “spaces around it” in Chinese"),
    "en": Wording("英文名称", "Name in English"),
    "values": Wording("取值", "Values", "一行一个", "One a line"),
    "scheme": Wording("校验码类型", "Kind of check digit"),
    "type": Wording("数据类型", "Data type"),
    "days": Wording("天数", "Days", "数字，或 cycle（目录承诺的更新周期）", "A number, or cycle as promised"),
    "list": Wording("标准代码表", "Code list", "代码表的编号", "The code of a list"),
    "of": Wording("引用的表", "Other table", "目录编号.字段名", "Code of the entry, a dot, the column"),
    "value": Wording("对照字段", "Column to compare", "另一张表中的字段名", "A column of the other table"),
    "on": Wording(
        "有效日期",
        "Valid on",
        "日期，或 today（当天）、ever（曾经）",
        "A day, or today, or ever for once valid",
    ),
    "share": Wording("最大降幅", "Greatest drop", "0 到 1 之间，如 0.2", "A share from 0 to 1, such as 0.2"),
    "limit": Wording("分布变化上限(PSI)", "Greatest drift (PSI)", "常用 0.2", "Commonly 0.2"),
    "tolerance": Wording("容许误差", "Tolerance"),
    "when": Wording(
        "适用条件",
        "Condition",
        "第一行为字段名，以下一行一个取值；只检查该字段为这些值的记录",
        "The column in the first line, then one value a line: only rows with one of them count",
    ),
}


def wording(name: str) -> Wording:
    """A parameter in words; one that has none is called by its own name."""
    return WORDINGS.get(name, Wording(name, name))


def names_of(kind: str) -> tuple[str, ...]:
    """The parameters that a kind takes, in the order of a form."""
    taken = KINDS[kind].required | KINDS[kind].optional | KINDS[kind].one_of
    known = [name for name in WORDINGS if name in taken]
    return (*known, *sorted(taken - set(known)))


def all_names() -> tuple[str, ...]:
    """Every parameter of any kind, `when` last."""
    taken = {name for kind in KINDS.values() for name in kind.required | kind.optional | kind.one_of} - {"when"}
    known = [name for name in WORDINGS if name in taken]
    return (*known, *sorted(taken - set(known)), "when")

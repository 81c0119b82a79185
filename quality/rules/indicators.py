"""The twenty indicators of GB/T 36344-2018: what each measures, by which formula, and which rules or evidence do it.

Pure. Every indicator is X = A / B x 100 %; for the two that count what is bad, X is the share of bad elements and
enters a score as 100 - X. `python -m quality.rules.indicators > docs/quality-indicators.md` writes the page anew; a
test keeps it current. An indicator for which nothing is known of a table is not applicable there, which is no fault of
the table.
"""

import sys
from dataclasses import dataclass

from policies.vocabulary import Dimension
from quality.rules.kinds import DIMENSIONS, KINDS
from quality.rules.rules import Rule


@dataclass(frozen=True)
class Indicator:
    """An indicator: A and B of its formula in words, the kinds of rules that measure it, and, where a table alone can't
    tell, the evidence they take from the platform."""

    code: str
    zh: str
    en: str
    formula_zh: str
    formula_en: str
    evidence_zh: str = ""
    evidence_en: str = ""
    lower_is_better: bool = False

    @property
    def dimension(self) -> Dimension:
        """The dimension, by the first two digits."""
        return Dimension(DIMENSIONS[int(self.code[:2]) - 1])

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of rules that measure it unless a rule names another indicator."""
        return tuple(kind.code for kind in KINDS.values() if kind.indicator == self.code)

    def formula(self, language: str) -> str:
        """The formula in words."""
        return self.formula_zh if language.startswith("zh") else self.formula_en


_ALL = (
    Indicator(
        "0101",
        "数据标准",
        "Data standard",
        "类型符合登记的数据标准的信息项数 ÷ 受检信息项数",
        "columns of the declared type ÷ columns checked",
    ),
    Indicator(
        "0102",
        "数据模型",
        "Data model",
        "上一版本的字段中仍在的字段数 ÷ 上一版本的字段数",
        "columns of the version before that are still there ÷ columns of the version before",
        "上一个通过检查的版本；首个版本不适用",
        "the last version that passed; not applicable to a first version",
    ),
    Indicator(
        "0103",
        "元数据",
        "Metadata",
        "与目录登记的信息项一致的表 ÷ 受检的表",
        "tables with the declared data items ÷ tables checked",
    ),
    Indicator(
        "0104",
        "业务规则",
        "Business rule",
        "满足业务规则的记录数 ÷ 适用该规则的记录数",
        "rows that keep the rule ÷ rows to which it applies",
        "规则由数据专员按业务给出；未给出时不适用",
        "a steward states the rule; not applicable without one",
    ),
    Indicator(
        "0105",
        "权威参考数据",
        "Authoritative reference data",
        "取值在代码表或权威参考数据内的值数 ÷ 非空值数",
        "values in the code list or reference table ÷ values that are not empty",
        "统一维护的代码表、分时段的行政区划代码表",
        "the central code lists, the dated table of divisions",
    ),
    Indicator(
        "0106",
        "安全规范",
        "Security rule",
        "未发现未登记个人信息和密级标识的字段数 ÷ 字段数",
        "columns free of undeclared personal data and markings of secrecy ÷ columns",
        "个人信息扫描与密级标识扫描",
        "the scans for personal data and for markings of secrecy",
    ),
    Indicator(
        "0201",
        "数据元素完整性",
        "Completeness of elements",
        "应填且已填的值数 ÷ 应填的值数",
        "values filled where required ÷ values required",
    ),
    Indicator(
        "0202",
        "数据记录完整性",
        "Completeness of records",
        "实有记录数 ÷ 应有记录数（来源系统、上一版本或规则给出的数目）",
        "rows present ÷ rows required (by the source, the version before or the rule)",
        "来源系统的记录数、上一个通过检查的版本的记录数",
        "the rows of the source, the rows of the last version that passed",
    ),
    Indicator(
        "0301",
        "数据内容正确性",
        "Correctness of content",
        "内容正确（校验码、取值范围）的值数 ÷ 非空值数",
        "values of right content (check digit, range) ÷ values that are not empty",
    ),
    Indicator(
        "0302",
        "数据格式合规性",
        "Conformity of format",
        "格式、长度合规的值数 ÷ 非空值数",
        "values of the demanded form and length ÷ values that are not empty",
    ),
    Indicator(
        "0303",
        "数据重复率",
        "Duplicate rate",
        "与其他记录完全相同的记录数 ÷ 记录数",
        "rows that repeat another row in every column ÷ rows",
        lower_is_better=True,
    ),
    Indicator(
        "0304",
        "数据唯一性",
        "Uniqueness",
        "主键或标识不与其他记录相同的记录数 ÷ 有该标识的记录数",
        "rows whose key occurs only once ÷ rows that have the key",
    ),
    Indicator(
        "0305",
        "脏数据出现率",
        "Dirty data rate",
        "含乱码、首尾空格或占位词的值数 ÷ 非空值数",
        "values with garbled text, spaces around them or a word in place of a value ÷ values that are not empty",
        lower_is_better=True,
    ),
    Indicator(
        "0401",
        "相同数据一致性",
        "Consistency of the same data",
        "与同一事实的另一处记载不矛盾的记录数 ÷ 受检列都有值的记录数",
        "rows that contradict no other place that tells the same thing ÷ rows with a value in the columns checked",
        "另一数据集的当前版本；没有可比的数据集时不适用",
        "the live version of another dataset; not applicable where there is nothing to compare with",
    ),
    Indicator(
        "0402",
        "关联数据一致性",
        "Consistency of related data",
        "满足关联约束（引用、合计、大小）的记录数 ÷ 受约束的记录数",
        "rows that keep the constraint (reference, sum, order of amounts) ÷ rows under it",
        "跨表引用取自另一数据集的当前版本",
        "a reference is looked up in the live version of another dataset",
    ),
    Indicator(
        "0501",
        "基于时间段的正确性",
        "Correctness over a period",
        "分布与上一版本相近（PSI 不大于界限）的字段数 ÷ 受检字段数",
        "columns spread as in the version before (PSI under its limit) ÷ columns checked",
        "上一个通过检查的版本的数据画像；首个版本不适用",
        "the profile of the last version that passed; not applicable to a first version",
    ),
    Indicator(
        "0502",
        "基于时间点及时性",
        "Timeliness at a point in time",
        "按期更新的周期数 ÷ 应更新的周期数；最近一次更新、最新记录的日期在更新周期（乘以容差）以内",
        "cycles with an update ÷ cycles due; the last update and the newest record within the cycle and its tolerance",
        "目录承诺的更新周期与各版本的交付时间；不定期、不更新的不适用",
        "the promised update cycle and the times of delivery; not applicable to irregular or unchanging data",
    ),
    Indicator(
        "0503",
        "时序性",
        "Sequence",
        "先后关系正确的记录数 ÷ 两个时间都有的记录数",
        "rows whose times are in order ÷ rows with both times",
    ),
    Indicator(
        "0601",
        "可访问",
        "Accessible",
        "访问成功次数 ÷ 访问次数",
        "accesses that succeeded ÷ accesses tried",
        "平台对本次交付的读取与对资源的探测",
        "the platform's reading of the delivery and its probes of the resource",
    ),
    Indicator(
        "0602",
        "可用性",
        "Usable",
        "能够载入使用的记录数 ÷ 交付的记录数",
        "rows that could be loaded ÷ rows delivered",
        "载入时的收支账目（读取、载入、拒收的记录数）",
        "the account of loading (rows read, loaded and refused)",
    ),
)
INDICATORS = {indicator.code: indicator for indicator in _ALL}


def of(rule: Rule) -> Indicator:
    """The indicator that a rule measures: its own, or that of its kind where it names none that the standard has."""
    return INDICATORS.get(rule.indicator) or INDICATORS[KINDS[rule.kind].indicator]


_HEAD = """# The twenty indicators of GB/T 36344-2018 / 二十项数据质量指标

Written by `python -m quality.rules.indicators`; don't edit. Every indicator is X = A ÷ B × 100 %. An indicator for
which nothing is known of a table is not applicable there: it counts in no score. 不适用的指标不计分，不视为不合格。

| no. | dimension 维度 | indicator 指标 | X = A ÷ B | measured by 规则 | evidence beside the table 平台依据 |
| --- | --- | --- | --- | --- | --- |
"""
_NOTES = """
## How drift is measured / 分布漂移的算法

PSI = Σ (qᵢ − pᵢ) × ln(qᵢ ÷ pᵢ), where pᵢ is the share of bin i in the last version that passed and qᵢ its share now; a
share under 0.0001 counts as 0.0001. Numbers and days are binned by the edges of the earlier histogram, neighbours put
together until each holds at least 5 % of the rows; texts with few values by each value that holds at least 1 %. What
no other bin holds is a bin, and so are the missing values. Under 100 rows on either side the index is not applicable.
Up to 0.1 counts as steady, above 0.25 as another population.

## Divisions by time / 行政区划代码的时效

A code is judged by `policies/tables/divisions.csv` (every code listed from 2002-12-31 to 2023-06-30): on the day of the
check, on a day the rule names, on the day in a column beside it, or `ever` for codes that stay with people, such as a
place of birth. On which day between two lists a code came or went is not known: it passes in between.
"""


def render() -> str:
    """The page of the indicators, as Markdown."""
    return _HEAD + "".join(f"| {' | '.join(_cells(one))} |\n" for one in _ALL) + _NOTES


def _cells(one: Indicator) -> tuple[str, ...]:
    better = "（越低越好，计 100 − X；lower is better）" if one.lower_is_better else ""
    return (
        one.code,
        f"{one.dimension.zh} {one.dimension.en}",
        f"{one.zh}<br>{one.en}{better}",
        f"{one.formula_zh}<br>{one.formula_en}",
        "、".join(f"{KINDS[code].zh} `{code}`" for code in one.kinds),
        f"{one.evidence_zh}<br>{one.evidence_en}" if one.evidence_zh else "—",
    )


if __name__ == "__main__":
    sys.stdout.write(render())

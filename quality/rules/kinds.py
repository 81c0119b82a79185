"""The kinds of quality rules: what each demands, which indicator of GB/T 36344-2018 it measures, how it reads.

Pure. `quality.rules.rules` holds a rule of a kind, the builders of `quality.engine_*` turn it into an expectation.
"""

from dataclasses import dataclass

DIMENSIONS = ("normative", "completeness", "accuracy", "consistency", "timeliness", "accessibility")
"""The six dimensions by the first two digits of their indicators, 01 to 06."""


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
        ("“{a}”的最新日期在{days}以内", "the newest “{a}” is at most {days} old"),
        required={"days"},
    ),
    _kind(
        "updated_within",
        ("按期更新", "Updated in time"),
        "0502",
        (0, 0),
        ("最近一次更新在{days}以内", "the last update is at most {days} ago"),
        required={"days"},
    ),
    _kind(
        "on_schedule",
        ("按周期更新", "Updated every cycle"),
        "0502",
        (0, 0),
        ("近 12 个更新周期每个周期都有更新", "each of the last 12 update cycles has an update"),
    ),
    _kind(
        "steady",
        ("分布稳定", "Steady distribution"),
        "0501",
        (1, 1),
        (
            "“{a}”的分布与上一版本相近(PSI 不大于 {limit})",
            "the values of “{a}” are spread as in the version before (PSI at most {limit})",
        ),
        required={"limit"},
    ),
    _kind(
        "implied",
        ("业务规则", "Business rule"),
        "0104",
        (1, 1),
        ("“{a}”取值于 {values}", "“{a}” is one of {values}"),
        required={"values", "when"},
    ),
    _kind(
        "any_filled",
        ("至少一项非空", "One of several filled"),
        "0201",
        (2, 64),
        ("{all} 至少一项不为空", "at least one of {all} is not empty"),
    ),
    _kind(
        "division_code",
        ("行政区划代码", "Division code"),
        "0105",
        (1, 2),
        ("“{a}”是{moment}有效的行政区划代码", "“{a}” is a division code in use {moment}"),
        optional={"on"},
    ),
    _kind(
        "code_list",
        ("标准代码", "Central code list"),
        "0105",
        (1, 1),
        ("“{a}”取值于代码表 {list}", "“{a}” is a code of the list {list}"),
        required={"list"},
    ),
    _kind(
        "refers_to",
        ("跨表引用", "Reference to another table"),
        "0402",
        (1, 1),
        ("“{a}”的值见于 {of}", "each “{a}” occurs in {of}"),
        required={"of"},
    ),
    _kind(
        "same_as",
        ("跨表一致", "Same as in another table"),
        "0401",
        (2, 2),
        ("同一“{a}”的“{b}”与 {of} 所载“{item}”相同", "the “{b}” of each “{a}” is the “{item}” said of it in {of}"),
        required={"of", "value"},
    ),
    _kind(
        "sums_to",
        ("合计相符", "Parts add up"),
        "0402",
        (3, 64),
        ("{parts} 之和等于“{last}”", "{parts} add up to “{last}”"),
        optional={"tolerance"},
    ),
    _kind(
        "rows_as_source",
        ("记录数与来源一致", "As many rows as the source"),
        "0202",
        (0, 0),
        ("记录数与来源系统一致", "there are as many rows as in the source"),
        optional={"tolerance"},
    ),
    _kind(
        "no_drop",
        ("记录未骤减", "No sudden loss of rows"),
        "0202",
        (0, 0),
        ("记录数不少于上一版本的 {percent}", "there are at least {percent} of the rows of the version before"),
        required={"share"},
    ),
    _kind(
        "columns_kept",
        ("字段未减少", "No column lost"),
        "0102",
        (0, 0),
        ("上一版本的字段都在", "every column of the version before is there"),
    ),
    _kind(
        "safeguarded",
        ("安全规范", "Security rule"),
        "0106",
        (0, 0),
        (
            "没有未登记的个人信息和密级标识",
            "no column holds undeclared personal data or markings of secrecy",
        ),
    ),
    _kind(
        "accessible",
        ("可访问", "Accessible"),
        "0601",
        (0, 0),
        ("数据能够访问和读取", "the data can be reached and read"),
    ),
    _kind(
        "usable",
        ("可用", "Usable"),
        "0602",
        (0, 0),
        ("交付的记录都能载入使用", "every row delivered can be loaded and used"),
    ),
)
_FINDINGS = (
    _kind(
        "determined_by",
        ("同组一致", "As its group says"),
        "0402",
        (2, 4),
        ("“{last}”与{first}相同的其他记录一致", "“{last}” is what other rows with the same {first} say"),
        optional={"share", "needed"},
    ),
    _kind(
        "filled_as_group",
        ("同组已填", "Filled as its group"),
        "0201",
        (2, 2),
        (
            "“{a}”相同的多数记录已填“{b}”时,“{b}”不为空",
            "“{b}” is not empty where most rows with the same “{a}” have it",
        ),
        optional={"share"},
    ),
    _kind(
        "misspelt",
        ("无误写", "No misspelt values"),
        "0301",
        (1, 1),
        ("“{a}”没有误写,如{slips}", "“{a}” holds no misspelt value such as {slips}"),
        required={"meant"},
    ),
    _kind(
        "misspelt_words",
        ("无误写词语", "No misspelt words"),
        "0301",
        (1, 1),
        ("“{a}”没有误写的词,如{slips}", "“{a}” holds no misspelt word such as {slips}"),
        required={"meant"},
    ),
    _kind(
        "usual_form",
        ("惯用写法", "Usual form"),
        "0302",
        (1, 1),
        ("“{a}”按惯用写法书写,如{forms}", "“{a}” is written in its usual form, such as {forms}"),
        required={"regex", "examples"},
    ),
)
KINDS = {kind.code: kind for kind in (*_ALL, *_FINDINGS)}
TYPES = {
    "text": ("文本", "text"),
    "integer": ("整数", "integer"),
    "number": ("数值", "number"),
    "date": ("日期", "date"),
    "datetime": ("日期时间", "date and time"),
    "boolean": ("布尔", "boolean"),
}
"""The types a `type` rule may demand: `number` takes integers too."""

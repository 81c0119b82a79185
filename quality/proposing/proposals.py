"""Rules proposed to a steward, each with its reason, from the declared data items and a profile of the table.

A proposal says what the data nearly keeps already, so that what breaks it is worth a look; a steward takes or
drops each. Nothing is proposed where a column's meaning speaks against it: no uniqueness of names or
telephones, no range of codes.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from quality.profiling.profiles import ColumnProfile, Profile
from quality.proposing import proposed_findings, proposed_references, proposed_values
from quality.rules import patterns
from quality.rules.rules import Rule

_FEW_ROWS = 20
_FORM_SHARE = 0.9
_TYPES = {
    "C": "text", "M": "text", "N": "number", "Y": "number", "B": "number", "F": "number",
    "I": "integer", "D": "date", "T": "datetime", "L": "boolean",
}  # fmt: skip
_IDENTIFIERS = (
    "编号", "编码", "代码", "号码", "证号", "文号", "案号", "单号", "标识", "主键", "流水号",
    "序号", "条码", "uuid", "guid", "code", "_id", "_no", "_bh", "number", "serial", "index",
)  # fmt: skip
_NEVER_UNIQUE = (
    "姓名", "名称", "电话", "手机", "联系", "地址", "法定代表", "负责人", "备注", "说明", "描述",
    "内容", "日期", "时间", "类型", "类别", "区划", "邮编", "邮箱", "name", "phone", "mobile",
    "tel", "address", "remark", "note", "type", "email", "date", "time", "zip", "postcode", "mail",
    "division", "category",
)  # fmt: skip
_FUTURE = (
    "有效", "截止", "截至", "到期", "期限", "终止", "结束", "计划", "预计", "拟", "预约", "下次",
    "应", "失效", "竣工", "expire", "expiry", "valid", "deadline", "plan", "due", "end", "until",
    "next", "expected",
)  # fmt: skip
_COORDINATES = ("经度", "纬度", "lon", "lng", "lat")
_KEYS = 3
_BLANK_SHARE = 0.1


@dataclass(frozen=True)
class ItemHint:
    """What the catalogue says of a data item: its type as a vocabulary code, whether it may be empty, its code
    list.

    `nullable` is None when the catalogue doesn't say; `pattern` is a code of `patterns.PATTERNS`. Its data `element`
    lays down a `regex` (RE2) for whole values and their `longest` length.
    """

    name: str
    title: str = ""
    type: str = ""
    nullable: bool | None = None
    is_primary: bool = False
    codes: tuple[str, ...] | None = None
    pattern: str | None = None
    is_timestamp: bool = False
    element: str = ""
    regex: str = ""
    longest: int | None = None


@dataclass(frozen=True)
class _Subject:
    """One column with all that is known of it. `label` holds its name and title, for looking for hints."""

    column: ColumnProfile
    item: ItemHint | None
    rows: int
    today: dt.date | None

    @property
    def label(self) -> str:
        return f"{self.column.name} {self.item.title if self.item else ''}".casefold()

    @property
    def filled(self) -> int:
        return self.rows - self.column.nulls

    @property
    def form(self) -> patterns.Pattern | None:
        """The form declared for the item, else the one which most of the text has."""
        if self.item and self.item.pattern in patterns.PATTERNS:
            return patterns.PATTERNS[self.item.pattern]
        return _form(self)

    @property
    def is_identifier(self) -> bool:
        folded = self.column.name.casefold()
        named = folded in {"id", "no", "bh", "xh"} or folded.endswith("id")
        return named or patterns.has_hint(self.label, _IDENTIFIERS)


def propose(profile: Profile, items: Sequence[ItemHint], *, today: dt.date | None = None) -> tuple[Rule, ...]:
    """Rules worth a steward's look, the table's first, then by column in the table's order.

    Ids are made of kind and columns, so that the same proposal has the same id next time. `today` keeps a
    column of mostly future days from being held to the past.
    """
    by_name = {item.name: item for item in items}
    subjects = [_Subject(column, by_name.get(column.name), profile.rows, today) for column in profile.columns]
    found = [*_of_table(profile, items), *_of_keys(subjects, items)]
    for subject in subjects:
        for make in _OF_COLUMN:
            found.extend(make(subject))
    found.extend(_of_pairs(profile))
    titles, stamps = {item.name: item.title for item in items}, [item.name for item in items if item.is_timestamp]
    found.extend(proposed_references.propose(profile, titles, stamps, today))
    found = [*proposed_findings.believed(found, profile), *proposed_findings.proposed(profile)]
    return tuple({rule.rule_id: rule for rule in reversed(found)}.values())[::-1]


def rule_of(
    kind: str,
    columns: Sequence[str],
    why: tuple[str, str],
    parameters: Mapping[str, object] | None = None,
    *,
    origin: str = "profile",
    severity: str = "warning",
    mark: str = "",
    mostly: float = 1.0,
) -> Rule:
    """A proposal with an id that stays the same from one profile to the next; `mark` tells two of a kind apart."""
    rule_id = ":".join([kind, "+".join(columns[:8]), *([mark] if mark else [])])
    return Rule(
        rule_id,
        kind,
        tuple(columns),
        dict(parameters or {}),
        severity=severity,
        mostly=mostly,
        origin=origin,
        why_zh=why[0],
        why_en=why[1],
    )


# -- the table as a whole


def _of_table(profile: Profile, items: Sequence[ItemHint]) -> Iterator[Rule]:
    why = (f"目前有 {profile.rows} 条记录", f"{profile.rows} rows seen")
    yield rule_of("row_count", (), why, {"min": 1}, severity="critical")
    if items:
        names = [item.name for item in items]
        why = ("目录登记的信息项", "the data items registered in the catalogue")
        yield rule_of("columns_match", names, why, {"exact": True}, origin="item", severity="critical")
    elif profile.columns:
        names = [column.name for column in profile.columns]
        why = ("本次数据的字段", "the columns of this version")
        yield rule_of("columns_match", names, why, {"exact": False})
    if profile.rows and len(profile.columns) > 1:
        repeated = profile.repeated_rows
        why = (
            f"有 {repeated} 条记录与其他记录完全相同" if repeated else "没有重复记录",
            f"{repeated} rows repeat another row" if repeated else "no row repeats another",
        )
        yield rule_of("no_duplicate_rows", (), why)


# -- keys


def _of_keys(subjects: Sequence[_Subject], items: Sequence[ItemHint]) -> Iterator[Rule]:
    primary = [item.name for item in items if item.is_primary]
    present = {subject.column.name for subject in subjects}
    if primary and set(primary) <= present:
        why = ("目录登记为主键", "registered as the primary key")
        kind = "unique" if len(primary) == 1 else "unique_together"
        yield rule_of(kind, primary, why, origin="item", severity="critical")
    likely = [subject for subject in subjects if subject.column.name not in primary and _is_key(subject)]
    for subject in likely[:_KEYS]:
        repeated = subject.filled - subject.column.distinct
        why = (
            f"像标识字段,{subject.filled} 个值中只有 {repeated} 个重复",
            f"looks like an identifier: of {subject.filled} values only {repeated} repeat",
        )
        yield rule_of("unique", [subject.column.name], why)


def _is_key(subject: _Subject) -> bool:
    """An identifier by name or form, nearly always filled, with at most one value in a hundred repeated."""
    column = subject.column
    if column.sort not in {"text", "integer"} or not column.distinct_exact or subject.rows < _FEW_ROWS:
        return False
    form = subject.form
    if form and form.code not in {"uscc", "citizen_id"}:
        return False
    named = subject.is_identifier or form is not None
    refused = patterns.has_hint(subject.label, _NEVER_UNIQUE) and not form
    whole = column.distinct >= subject.filled * 0.99 and subject.filled >= subject.rows * 0.95
    return named and not refused and whole


# -- one column


def _filled(subject: _Subject) -> Iterator[Rule]:
    """Blank text counts as empty when judging whether a column is a full one."""
    column, item = subject.column, subject.item
    empty = (column.nulls + column.blanks) / subject.rows if subject.rows else 0.0
    share = column.nulls / subject.rows if subject.rows else 0.0
    demanded = item is not None and (item.is_primary or item.nullable is False)
    seen = (f"{column.nulls} 个空值({share:.2%})", f"{column.nulls} empty ({share:.2%})")
    if demanded:
        why = (f"目录登记为必填,目前{seen[0]}", f"registered as required; {seen[1]}")
        yield rule_of("not_null", [column.name], why, origin="item", severity="critical")
    elif subject.rows and share <= 0.02 and empty <= _BLANK_SHARE and not (item and item.nullable and share):
        yield rule_of("not_null", [column.name], seen, mostly=_mostly(share))
    if column.blanks and (demanded or empty <= _BLANK_SHARE):
        why = (f"{column.blanks} 个值只有空格或为空串", f"{column.blanks} values are blank text")
        yield rule_of("not_blank", [column.name], why)


def _mostly(bad: float) -> float:
    """What share to demand when a share is bad today: all when none is, else a little less than today's."""
    return 1.0 if bad <= 0 else max(0.9, round(1 - 2 * bad - 0.0005, 3))


def _typed(subject: _Subject) -> Iterator[Rule]:
    wanted = _TYPES.get(subject.item.type) if subject.item else None
    if wanted:
        why = ("目录登记的数据类型", "the data type registered in the catalogue")
        yield rule_of("type", [subject.column.name], why, {"type": wanted}, origin="item")


def _form(subject: _Subject) -> patterns.Pattern | None:
    """The most particular known form of most values; a common one only if the name speaks for it."""
    shares = subject.column.patterns or {}
    if subject.filled < _FEW_ROWS:
        return None
    fitting = [patterns.PATTERNS[code] for code, share in shares.items() if share >= _FORM_SHARE]
    hinted = [form for form in fitting if patterns.has_hint(subject.label, form.hints)]
    plain = [form for form in fitting if not form.needs_hint]
    if any(form.code == "division" for form in plain) and not hinted:
        plain = [form for form in plain if form.code != "division" or not subject.is_identifier]
    chosen = [*hinted, *plain]
    return chosen[0] if chosen else None


def _formed(subject: _Subject) -> Iterator[Rule]:
    form, column = subject.form, subject.column
    if form is None or column.sort != "text":
        return
    declared = bool(subject.item and subject.item.pattern == form.code)
    share = (column.patterns or {}).get(form.code, 0.0)
    why = (f"{share:.1%} 的值是{form.zh}", f"{share:.1%} of values are a {form.en}")
    origin = "item" if declared else "profile"
    given = {"pattern": form.code}
    yield rule_of("matches_pattern", [column.name], why, given, origin=origin, mark=form.code)
    right = (column.digits or {}).get(form.digits or "", 0.0)
    if form.digits and (declared or right >= _FORM_SHARE):
        why = (f"{right:.1%} 的值校验码正确", f"{right:.1%} of values have a right check digit")
        yield rule_of("check_digits", [column.name], why, {"scheme": form.digits}, origin=origin)


def _as_standard(subject: _Subject) -> Iterator[Rule]:
    """What the data element lays down for the values of its items."""
    column, item = subject.column, subject.item
    if item is None or not item.element or column.sort != "text":
        return
    why = (f"数据元 {item.element} 的规定", f"laid down by the data element {item.element}")
    if item.regex:
        given = {"regex": f"^(?:{item.regex})$"}
        yield rule_of("matches_pattern", [column.name], why, given, origin="item", mark="element")
    if item.longest:
        yield rule_of("length", [column.name], why, {"max": item.longest}, origin="item", mark="element")


def _of_one_length(subject: _Subject) -> Iterator[Rule]:
    """Codes without a known form which nearly all have the same length."""
    column = subject.column
    if column.sort != "text" or subject.form or not column.usual_length or subject.filled < 100:
        return
    length, share = column.usual_length
    if length >= 4 and share >= 0.98 and subject.is_identifier and column.distinct > 10:
        why = (f"{share:.1%} 的值长 {length} 位", f"{share:.1%} of values are {length} characters long")
        yield rule_of("length", [column.name], why, {"min": length, "max": length})


def _clean(subject: _Subject) -> Iterator[Rule]:
    """Dirt that was seen: spaces around values, control characters, words in place of a value."""
    column = subject.column
    named = {
        "untrimmed": (patterns.UNTRIMMED, "首尾空格", "spaces around the value"),
        "garbled": (patterns.GARBLED, "乱码或控制字符", "garbled or control characters"),
    }
    for dirt, share in (column.dirt or {}).items():
        regex, zh, en = named[dirt]
        why = (f"约 {share:.2%} 的值有{zh}", f"about {share:.2%} of values have {en}")
        yield rule_of("lacks_pattern", [column.name], why, {"regex": regex, "zh": zh, "en": en}, mark=dirt)
    words = [value for value, _ in column.top if value.strip() in patterns.PLACEHOLDERS]
    if column.sort == "text" and words and len(words) < len(column.top):
        why = (f"出现占位值 {'、'.join(words)}", f"holds {', '.join(words)} in place of a value")
        yield rule_of("not_in_set", [column.name], why, {"values": sorted(words)})


def _listed(subject: _Subject) -> Iterator[Rule]:
    column, item = subject.column, subject.item
    if item and item.codes:
        why = ("目录登记的代码表", "the code list registered in the catalogue")
        yield rule_of("in_set", [column.name], why, {"values": list(item.codes)}, origin="item")
    elif column.sort == "text" and column.top_exact and not (subject.form and subject.form.code != "division"):
        yield from proposed_values.listed(subject.column, subject.rows, subject.filled)


def _ranged(subject: _Subject) -> Iterator[Rule]:
    column = subject.column
    counted = column.sort == "integer" and column.distinct >= subject.filled * 0.9
    if column.sort in {"integer", "number"} and not subject.is_identifier and not counted:
        steady = patterns.has_hint(subject.label, _COORDINATES)
        yield from proposed_values.ranged(column, subject.filled, steady=steady)


def _past(subject: _Subject) -> Iterator[Rule]:
    """Days that lie behind us, unless the name or the data says they needn't."""
    column = subject.column
    if column.sort not in {"date", "datetime"} or patterns.has_hint(subject.label, _FUTURE):
        return
    usual, first = column.quantile(0.95), column.quantile(0.01)
    if usual is None or (subject.today and str(usual)[:10] > subject.today.isoformat()):
        return
    bounds: dict[str, object] = {"max": {"parameter": "today"}}
    if first and str(first)[:10] >= "1900-01-01":
        bounds["min"] = "1900-01-01"
    latest = str(column.maximum)[:10]
    why = (f"业务日期不应在未来,目前最晚 {latest}", f"such days don't lie ahead; the latest is {latest}")
    yield rule_of("between", [column.name], why, bounds)


_OF_COLUMN: tuple[Callable[[_Subject], Iterator[Rule]], ...] = (
    _filled, _typed, _formed, _as_standard, _of_one_length, _clean, _listed, _ranged, _past,
)  # fmt: skip


def _of_pairs(profile: Profile) -> Iterator[Rule]:
    for pair in profile.pairs:
        share = pair.in_order / pair.both if pair.both else 0.0
        if pair.both >= _FEW_ROWS and share >= _FORM_SHARE:
            why = (f"{share:.2%} 的记录符合这一顺序", f"{share:.2%} of rows keep this order")
            rule = rule_of("in_order", [pair.first, pair.second], why)
            dates = {column.name: column.sort for column in profile.columns}[pair.first] in {
                "date",
                "datetime",
            }
            # an order of amounts is a relation between data, an order of days a sequence in time
            yield rule if dates else replace(rule, dimension="consistency", indicator="0402")

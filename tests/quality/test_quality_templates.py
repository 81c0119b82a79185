"""Templates: every shipped one is sound, finds its columns by name, title and property, and says what it leaves out."""

import pytest

from policies.refusals import Invalid
from quality.rules import rule_checks
from quality.rules.rules import Rule
from quality.suites import suite_templates
from quality.suites.suite_templates import Field, Template, TemplateRule

FIELDS = (
    Field("uscc", "统一社会信用代码", "C", is_primary=True, nullable=False),
    Field("qymc", "企业名称", "C"),
    Field("zczb", "注册资本", "C"),
    Field("zt", "状态", "C", codes=("存续", "注销")),
    Field("clrq", "成立日期", "D"),
    Field("zxrq", "注销日期", "D"),
)


def applied(code: str, *present: Rule) -> tuple[suite_templates.Outcome, ...]:
    return suite_templates.apply(suite_templates.shipped()[code], FIELDS, present)


def test_shipped_templates_stand_and_are_there() -> None:
    shipped = suite_templates.shipped()
    assert set(shipped) >= {
        "base",
        "legal_persons",
        "persons",
        "licences",
        "vehicles",
        "real_estate",
        "places",
        "statistics",
    }
    for template in shipped.values():
        assert template.zh
        assert template.en
        for one in template.rules:
            regex = one.parameters.get("regex")
            assert regex is None or rule_checks.pattern_problem(regex) is None, (template.code, regex)


def test_columns_are_found_and_what_is_not_is_told() -> None:
    made = {one.rule.rule_id: one.rule for one in applied("legal_persons") if one.rule}
    assert {"matches_pattern:uscc", "check_digits:uscc", "between:clrq", "in_order:clrq+zxrq"} <= set(made)
    codes = {one.reason.code for one in applied("legal_persons") if one.reason}
    assert codes == {"template.no-column", "template.wrong-type"}
    assert all(one.reason.text(each) for one in applied("legal_persons") if one.reason for each in ("zh", "en"))


def test_properties_pick_items_and_code_lists_are_theirs() -> None:
    made = {one.rule.rule_id: one.rule for one in applied("base") if one.rule}
    assert made["unique:uscc"].severity == "critical"
    assert made["in_set:zt"].parameters == {"values": ["存续", "注销"]}
    assert made["not_null:uscc"].columns == ("uscc",)


def test_a_second_time_adds_nothing() -> None:
    for code in ("base", "legal_persons"):
        first = [one.rule for one in applied(code) if one.rule]
        assert not [one.rule for one in applied(code, *first) if one.rule]


def test_a_template_made_of_rules_fits_another_table_of_the_same_titles() -> None:
    rules = [one.rule for one in (*applied("base"), *applied("legal_persons")) if one.rule]
    made = suite_templates.of_rules({one.rule_id: one for one in rules}.values(), FIELDS)  # type: ignore[arg-type]
    stored = suite_templates.read_rows([one.to_json() for one in made])
    assert stored == made
    others = tuple(Field(f"c{number}", one.title, one.type, one.is_primary) for number, one in enumerate(FIELDS))
    found = suite_templates.apply(Template("t", "t", "t", stored), others, ())
    assert {one.rule.columns for one in found if one.rule and one.rule.kind == "check_digits"} == {("c0",)}


def test_hints_shut_out_and_elements_count() -> None:
    item = Field("x", "县级代码", element="DE01")
    assert suite_templates.fits(item, ("代码",))
    assert not suite_templates.fits(item, ("代码", "!县级"))
    assert suite_templates.fits(item, ("element:de01",))
    assert not suite_templates.fits(item, ("=代码",))


def test_a_stored_row_that_is_no_rule_is_refused() -> None:
    for row in ({"kind": "moon"}, {"kind": "unique", "columns": []}, {"kind": "unique", "columns": [["a"]], "x": 1}):
        with pytest.raises(Invalid):
            suite_templates.read_rows([row])
    assert TemplateRule("unique", (("a",),)).to_json()["kind"] == "unique"

"""Personal data are found in columns as departments really fill them; no example shows a value whole."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import identifiers, masks
from policies.recognisers import EXAMPLES, Finding, recognise
from policies.vocabulary import Confidence, PersonalKind

TODAY = date(2026, 11, 23)


def citizen_id(born: date, serial: str = "001") -> str:
    first = f"330502{born:%Y%m%d}{serial}"
    return first + identifiers.citizen_check_character(first)


def found(name: str, values: Sequence[object]) -> dict[PersonalKind, Finding]:
    return {finding.kind: finding for finding in recognise(name, values, TODAY)}


ADULT = citizen_id(date(1980, 2, 3))


def test_identity_numbers_are_certain_whatever_the_column_is_called() -> None:
    finding = found("备注", [ADULT, "无", None, ""])[PersonalKind.CITIZEN_ID]
    assert (finding.hits, finding.checked, finding.named) == (1, 2, False)
    assert finding.confidence is Confidence.CERTAIN
    assert finding.examples == (f"330502********{ADULT[-4:]}",)


def test_one_identity_number_among_thousands_is_not_overlooked() -> None:
    assert PersonalKind.CITIZEN_ID in found("说明", ["无"] * 5000 + [f"申请人证号{ADULT}，已核"])


def test_long_numbers_with_wrong_check_digits_are_no_identity_numbers() -> None:
    serials = [f"3305022026{n:08d}" for n in range(300)]
    kinds = found("流水号", [s for s in serials if not identifiers.valid_citizen_id(s, TODAY)])
    assert PersonalKind.CITIZEN_ID not in kinds
    assert PersonalKind.BANK_CARD not in kinds


def test_children_are_found_by_their_birth_date_to_the_day() -> None:
    birthday = date(TODAY.year - 14, TODAY.month, TODAY.day)
    assert PersonalKind.MINOR not in found("证件号", [citizen_id(birthday)])
    assert PersonalKind.MINOR in found("证件号", [citizen_id(birthday + timedelta(days=1))])


@pytest.mark.parametrize(
    "text",
    ["13800000000", "138-0000-0000", "+8613800000000", "联系 138 0000 0000 即可", "１３８００００００００"],
)
def test_mobile_numbers_as_people_write_them(text: str) -> None:
    finding = found("备注", [text])[PersonalKind.MOBILE]
    assert finding.examples == ("138****0000",)


@pytest.mark.parametrize("text", ["0572-2028888", "113800000000", "138000000001", "138****0000"])
def test_numbers_that_are_no_mobile_numbers(text: str) -> None:
    assert PersonalKind.MOBILE not in found("联系电话", [text])


def test_names_need_the_column_name_or_nearly_all_values() -> None:
    people = ["张三", "李四光", "欧阳修", "王小明", "陈静"]
    assert found("姓名", ["买买提·阿布都", *people])[PersonalKind.NAME].confidence is Confidence.CERTAIN
    assert found("xm", people)[PersonalKind.NAME].examples == ("张*", "李**", "欧阳*")
    assert found("col3", people)[PersonalKind.NAME].confidence is Confidence.POSSIBLE
    assert not found("类别", ["金融", "交通", "教育", "卫生", "生态", "体育"])


@pytest.mark.parametrize(
    "values",
    [
        ["德清县", "安吉县", "长兴县"],
        ["湖州中学", "吴兴实验小学"],
        ["龙泉街道", "康山街道"],
        ["公园路", "安定书院"],
    ],
)
def test_places_and_institutions_are_no_persons(values: list[str]) -> None:
    assert PersonalKind.NAME not in found("名称", values)


def test_the_phone_of_a_contact_is_no_name() -> None:
    assert PersonalKind.NAME not in found("联系人电话", ["0572-2028888"])


def test_cards_need_the_check_digit_and_most_values() -> None:
    cards = [first + identifiers.luhn_check_digit(first) for first in (f"62{n:014d}" for n in range(1, 11))]
    assert found("a", cards)[PersonalKind.BANK_CARD].confidence is Confidence.LIKELY
    assert found("银行卡号", cards)[PersonalKind.BANK_CARD].confidence is Confidence.CERTAIN
    assert PersonalKind.BANK_CARD not in found("a", [cards[0], *(["6222021001134258654"] * 9)])


@pytest.mark.parametrize(
    ("name", "value", "kind", "example"),
    [
        ("电子邮箱", "ab.cd@example.org", PersonalKind.EMAIL, "a****@example.org"),
        ("车辆", "浙E12345", PersonalKind.PLATE, "浙E****"),
        ("车辆", "浙ED12345", PersonalKind.PLATE, "浙E****"),
        ("护照号", "E12345678", PersonalKind.PASSPORT, "E****78"),
        ("出生日期", "1987-01-02", PersonalKind.BIRTH_DATE, "1987****"),
        ("家庭住址", "湖州市吴兴区龙泉街道学士府3幢201室", PersonalKind.ADDRESS, "湖州市吴兴区龙泉街道****"),
        ("身份证", "330502670401001", PersonalKind.CITIZEN_ID, "330502*****1001"),
    ],
)
def test_other_kinds(name: str, value: str, kind: PersonalKind, example: str) -> None:
    assert found(name, [value])[kind].examples == (example,)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("诊断结果", PersonalKind.HEALTH),
        ("指纹模板", PersonalKind.BIOMETRIC),
        ("家庭年收入", PersonalKind.FINANCE),
        ("性别", PersonalKind.DEMOGRAPHIC),
        ("身份证号码", PersonalKind.CITIZEN_ID),
    ],
)
def test_a_telling_name_is_enough_for_a_question(name: str, kind: PersonalKind) -> None:
    finding = found(name, [])[kind]
    assert (finding.hits, finding.named, finding.confidence) == (0, True, Confidence.POSSIBLE)


def test_masked_values_under_a_telling_name_prove_nothing() -> None:
    assert PersonalKind.CITIZEN_ID not in found("身份证号", ["330502********1234"])


@pytest.mark.parametrize("values", [[], [None, "", float("nan")], [1, 2.5, True, date(2026, 1, 1)], ["湖州市"]])
def test_harmless_columns_hold_nothing(values: list[object]) -> None:
    assert found("值", values) == {}


def test_no_more_examples_than_needed_and_none_twice() -> None:
    values = [citizen_id(date(1980, 1, 1), f"{n:03d}") for n in range(50)] + [ADULT] * 50
    examples = found("a", values)[PersonalKind.CITIZEN_ID].examples
    assert len(examples) == len(set(examples)) == EXAMPLES


@given(
    st.lists(st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.just(ADULT)), max_size=8),
    st.text(),
)
def test_any_values_are_survived_and_no_example_shows_one_whole(values: list[object], name: str) -> None:
    for finding in recognise(name, values, TODAY):
        assert 0 <= finding.hits <= finding.checked <= len(values)
        assert not {str(value) for value in values} & set(finding.examples)


@given(st.sampled_from(PersonalKind), st.text(min_size=1))
def test_no_mask_returns_an_unmasked_value(kind: PersonalKind, text: str) -> None:
    assert masks.mask(kind, text) != text or "*" in text


@pytest.mark.parametrize(("degrees", "rounded"), [(120.08634, 120.086), (30.8949, 30.895)])
def test_coordinates_are_rounded(degrees: float, rounded: float) -> None:
    assert masks.mask_coordinate(degrees) == rounded

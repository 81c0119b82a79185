"""Numbers that prove themselves: published vectors, generated ones, and every single-character error."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import identifiers as i
from policies.refusals import Invalid

TODAY = date(2026, 11, 23)
DIGITS = "0123456789"


def digits(length: int) -> st.SearchStrategy[str]:
    return st.text(DIGITS, min_size=length, max_size=length)


@st.composite
def citizen_ids(draw: st.DrawFn) -> str:
    born = draw(st.dates(date(1900, 1, 1), TODAY))
    first = draw(st.sampled_from(["330502", "110105", "810000", "330523"])) + f"{born:%Y%m%d}" + draw(digits(3))
    return first + i.citizen_check_character(first)


@st.composite
def usccs(draw: st.DrawFn) -> str:
    letters = st.text(i.USCC_ALPHABET, min_size=8, max_size=8)
    organisation = draw(letters)
    first = "91330500" + organisation + i.organisation_check_character(organisation)
    return first + i.uscc_check_character(first)


@pytest.mark.parametrize("text", ["11010519491231002X", "11010519491231002x", "440524188001010014"])
def test_citizen_ids_of_the_standard(text: str) -> None:
    assert i.valid_citizen_id(text, TODAY)


@pytest.mark.parametrize(
    "text",
    [
        "11010519491231002Y",
        "110105194912310021",
        "110105194902300023",
        "990105194912310026",
        "１1010519491231002X",
        "11010519491231002X ",
        "",
    ],
)
def test_citizen_ids_that_are_none(text: str) -> None:
    assert not i.valid_citizen_id(text, TODAY)


@given(citizen_ids(), st.integers(0, 17), st.sampled_from(DIGITS))
def test_one_wrong_character_is_noticed_in_a_citizen_id(text: str, at: int, other: str) -> None:
    assert i.valid_citizen_id(text, TODAY)
    wrong = text[:at] + other + text[at + 1 :]
    assert wrong == text or not i.valid_citizen_id(wrong, TODAY)


def test_nobody_is_born_after_today() -> None:
    first = "33050220261124001"
    text = first + i.citizen_check_character(first)
    assert not i.valid_citizen_id(text, TODAY)
    assert i.valid_citizen_id(text, date(2026, 11, 24))


def test_citizen_ids_of_the_first_generation() -> None:
    assert i.valid_old_citizen_id("330502670401001", TODAY)
    assert not i.valid_old_citizen_id("330502671301001", TODAY)


@pytest.mark.parametrize(
    "text", ["91330100799655058B", "9144030071526726XG", "91350100M000100Y43", "11332500MB1601924J"]
)
def test_credit_codes_as_printed(text: str) -> None:
    assert i.valid_uscc(text)
    assert i.valid_uscc(text.lower())
    assert i.valid_organisation_code(text[8:17])
    assert i.valid_organisation_code(f"{text[8:16]}-{text[16]}")


@given(usccs(), st.integers(0, 17), st.sampled_from(i.USCC_ALPHABET))
def test_one_wrong_character_is_noticed_in_a_credit_code(text: str, at: int, other: str) -> None:
    assert i.valid_uscc(text)
    wrong = text[:at] + other + text[at + 1 :]
    assert wrong == text or not i.valid_uscc(wrong)


@pytest.mark.parametrize("text", ["91330100799655058C", "9133010079965505", "I1330100799655058B", ""])
def test_credit_codes_that_are_none(text: str) -> None:
    assert not i.valid_uscc(text)


def test_organisation_codes_that_are_none() -> None:
    assert not i.valid_organisation_code("799655059")
    assert not i.valid_organisation_code("7996550")


@given(digits(15))
def test_card_numbers(first: str) -> None:
    number = first + i.luhn_check_digit(first)
    assert i.valid_bank_card(number) == (len(set(number)) > 1)
    wrong = first + str((int(number[-1]) + 1) % 10)
    assert not i.valid_bank_card(wrong)


def test_card_numbers_as_published() -> None:
    assert i.valid_bank_card("4111111111111111")
    assert not i.valid_bank_card("6222021001134258654")
    assert not i.valid_bank_card("0" * 16)


@given(digits(14))
def test_registration_numbers(first: str) -> None:
    number = first + i.registration_check_digit(first)
    assert i.valid_registration_number(number)
    assert not i.valid_registration_number(first + str((int(number[-1]) + 1) % 10))


def test_a_registration_number_as_published() -> None:
    assert i.valid_registration_number("110108000000016")


@pytest.mark.parametrize(("text", "valid"), [("13800000000", True), ("12800000000", False), ("1380000000", False)])
def test_mobile_numbers(text: str, valid: bool) -> None:
    assert i.valid_mobile(text) is valid


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("330000", True),
        ("330500", True),
        ("330502", True),
        ("330002", False),
        ("990000", False),
        ("33050", False),
    ],
)
def test_division_codes(text: str, valid: bool) -> None:
    assert i.valid_division(text) is valid


@given(st.from_regex(r"\A[1-3][0-9]{5}[0-9A-Z]{0,6}\Z"), st.integers(1, 999_999))
def test_resource_codes_are_made_as_they_are_checked(prefix: str, sequence: int) -> None:
    code = i.resource_code(prefix, sequence)
    assert i.valid_resource_code(code)
    assert code == f"{prefix}/{sequence:06d}"


@pytest.mark.parametrize(("prefix", "sequence"), [("406001", 1), ("30600", 1), ("306001", 0), ("306001", 10**6)])
def test_resource_codes_that_cannot_be_made(prefix: str, sequence: int) -> None:
    with pytest.raises(Invalid):
        i.resource_code(prefix, sequence)


def test_resource_codes_that_are_none() -> None:
    assert not i.valid_resource_code("306001")
    assert not i.valid_resource_code("306001/000000")
    assert i.item_code("306001/000007", 3) == "306001/000007-003"

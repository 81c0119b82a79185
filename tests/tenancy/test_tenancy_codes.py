"""One-time codes work once, recovery codes and tokens are random and stored only as hashes."""

import re
import string
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenancy import codes

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
# The secret and the six last digits of the table of RFC 6238, appendix B.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_TABLE = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
]
AT = datetime(2026, 3, 2, 9, 0, 10, tzinfo=UTC)
NOW = int(AT.timestamp()) // 30


def code_at(moment: datetime) -> str:
    return pyotp.TOTP(SECRET).at(moment)


@pytest.mark.parametrize(("second", "code"), RFC_TABLE)
def test_codes_are_those_of_the_standard(second: int, code: str) -> None:
    assert codes.verify_totp(RFC_SECRET, code, datetime.fromtimestamp(second, UTC), None) == second // 30


@pytest.mark.parametrize(("late", "counter"), [(-60, None), (-30, NOW - 1), (0, NOW), (30, NOW + 1), (60, None)])
def test_clocks_may_be_one_step_apart(late: int, counter: int | None) -> None:
    assert codes.verify_totp(SECRET, code_at(AT + timedelta(seconds=late)), AT, None) == counter


def test_a_code_works_once_and_older_ones_not_any_more() -> None:
    counter = codes.verify_totp(SECRET, code_at(AT), AT, None)
    assert counter == NOW
    for moment in (AT, AT - timedelta(seconds=30)):
        assert codes.verify_totp(SECRET, code_at(moment), AT, counter) is None
    assert codes.verify_totp(SECRET, code_at(AT), AT - timedelta(hours=1), counter) is None
    later = AT + timedelta(seconds=30)
    assert codes.verify_totp(SECRET, code_at(later), later, counter) == NOW + 1


@pytest.mark.parametrize("typed", [" {} {} ", "{}\u3000{}", "{}\t{}"])
def test_a_code_may_be_typed_with_spaces(typed: str) -> None:
    code = code_at(AT)
    assert codes.verify_totp(SECRET, typed.format(code[:3], code[3:]), AT, None) == NOW


def test_a_code_may_be_typed_in_full_width() -> None:
    wide = code_at(AT).translate({ord(digit): ord(digit) + 0xFEE0 for digit in string.digits})
    assert codes.verify_totp(SECRET, wide, AT, None) == NOW


@pytest.mark.parametrize("typed", ["", "0", "abcdef", "000000000", "-1", "\ud800", "١٢٣٤٥٦"])
def test_nonsense_is_no_code(typed: str) -> None:
    assert codes.verify_totp(SECRET, typed, AT, None) is None


def test_a_naive_instant_is_refused_and_the_zone_does_not_matter() -> None:
    with pytest.raises(ValueError, match="naive"):
        codes.verify_totp(SECRET, "000000", AT.replace(tzinfo=None), None)
    assert codes.verify_totp(SECRET, code_at(AT), AT.astimezone(timezone(timedelta(hours=8))), None) == NOW


def test_secrets_are_long_and_never_repeat() -> None:
    made = {codes.new_secret() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch("[A-Z2-7]{32}", secret) for secret in made)


def test_an_authenticator_is_set_up_from_the_uri() -> None:
    uri = codes.otpauth_uri(SECRET, "zhang.wei", "苕溪")
    read = pyotp.parse_uri(uri)
    assert isinstance(read, pyotp.TOTP)
    assert (read.secret, read.digits, read.interval) == (SECRET, 6, 30)
    assert parse_qs(urlsplit(uri).query)["issuer"] == ["苕溪"]


def test_the_drawing_needs_no_style_and_escapes_its_title() -> None:
    svg = codes.qr_svg(codes.otpauth_uri(SECRET, "zhang.wei", "苕溪"), '<script>"二维码"</script>')
    root = ET.fromstring(svg)  # noqa: S314 - drawn by ourselves
    assert svg.startswith("<svg")
    assert root.get("viewBox")
    assert not [name for part in root.iter() for name in part.attrib if name in ("style", "class", "width")]
    assert [part.text for part in root.iter() if part.tag.endswith("title")] == ['<script>"二维码"</script>']
    assert "<script" not in svg
    assert SECRET not in svg


def test_a_recovery_code_fits_one_hash_however_it_is_typed() -> None:
    made = codes.new_recovery_codes(3)
    stored = [codes.hash_recovery_code(code) for code in made]
    assert all(re.fullmatch(r"[2-9A-HJKMNP-Z]{5}-[2-9A-HJKMNP-Z]{5}", code) for code in made)
    assert not any(code in one for code in made for one in stored)
    assert codes.match_recovery_code(made[1], stored) == stored[1]
    assert codes.match_recovery_code(f" {made[1].lower().replace('-', ' ')} ", stored) == stored[1]
    assert codes.match_recovery_code(made[1], [stored[0], stored[2]]) is None
    assert codes.match_recovery_code("", stored) is None


def test_recovery_codes_differ() -> None:
    assert len(codes.new_recovery_codes()) == 10
    assert len(set(codes.new_recovery_codes(500))) == 500


def test_a_token_is_random_and_stored_as_a_hash() -> None:
    made = [codes.new_token() for _ in range(200)]
    assert len({plain for plain, _, _ in made}) == 200
    for plain, stored, hint in made:
        assert re.fullmatch(r"tx_[a-z2-7]{39}", plain)
        assert codes.is_token(plain)
        assert stored == codes.token_hash(plain)
        assert plain not in stored
        assert plain.startswith(hint.removesuffix("…"))
        assert len(hint) == 8


@given(place=st.integers(3, 41), letter=st.sampled_from(string.ascii_lowercase + "234567"))
def test_a_mistyped_token_is_known_without_looking_for_it(place: int, letter: str) -> None:
    plain = codes.new_token()[0]
    mistyped = plain[:place] + letter + plain[place + 1 :]
    assert codes.is_token(mistyped) is (mistyped == plain)


@given(st.text())
def test_any_other_text_is_no_token(text: str) -> None:
    assert not codes.is_token(text)
    assert not codes.is_token("tx_" + text)


def test_a_prefix_tells_kinds_of_tokens_apart() -> None:
    plain = codes.new_token("txr_")[0]
    assert codes.is_token(plain, "txr_")
    assert not codes.is_token(plain)
    assert not codes.is_token(plain + "\n", "txr_")


def test_comparing_takes_any_text() -> None:
    assert codes.same("数据", "数据")
    assert not codes.same("数据", "数")
    assert not codes.same("\ud800", "")

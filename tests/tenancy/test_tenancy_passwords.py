"""Passwords: long and unguessable is enough, and a check takes the same work without an account."""

import argon2
import pytest

from policies.refusals import Invalid
from tenancy import passwords

OWN = ("zhang.wei", "张伟", "zhang.wei@transport.test", "湖州市交通运输局")


def code_of(password: str, words: tuple[str, ...] = OWN) -> str | None:
    try:
        passwords.check_policy(password, words)
    except Invalid as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "kein Passwort 4711",
        "春江水暖鸭先知竹外桃花三两枝",
        "nodigitsnocapitals",
        "849301756283",
        "🦆🌉🐟🍵🚲🌧🪷🥢🏮🧧🎋🪁",
        "v" * 64 + "wxyz",
        "x7" * 50 + "yz" * 14,
        " leading and trailing ",
    ],
)
def test_length_is_enough(password: str) -> None:
    assert code_of(password) is None


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password.too-short"),
        ("Tr0ub4dor&3", "password.too-short"),
        ("春江水暖鸭先知", "password.too-short"),
        ("ab cd" * 30, "password.too-long"),
        ("abcdefgh\ud800ijkl", "password.unreadable"),
        ("abcdefgh\x00ijkl", "password.unreadable"),
        ("password1234", "password.common"),
        ("Password1234!", "password.common"),
        ("P@ssw0rd123456", "password.common"),
        ("ｐａｓｓｗｏｒｄ１２３４", "password.common"),
        ("password@@@@", "password.common"),
        ("Huzhou@123456", "password.common"),
        ("huzhouhuzhou", "password.common"),
        ("Wuxing-2026-123", "password.common"),
        ("1qaz2wsx3edc", "password.common"),
        ("1qaz_2wsx_3EDC", "password.common"),
        ("123412341234", "password.common"),
        ("woaini5201314", "password.common"),
        ("aaaaaaaaaaaaaaaaaaaa", "password.common"),
        ("!!!!!!!!!!!!", "password.common"),
        ("zhangwei-goes-home", "password.own-word"),
        ("my ZHANG rides a bus", "password.own-word"),
        ("张伟喜欢在太湖边上散步看日落", "password.own-word"),
        ("transport is my life", "password.own-word"),
        ("the tiaoxi flows north", "password.own-word"),
        ("苕溪清远秀龙湾山水之间好风光", "password.own-word"),
    ],
)
def test_what_is_easy_to_guess_is_refused(password: str, code: str) -> None:

    assert code_of(password) == code


def test_short_words_of_the_account_do_not_forbid_passwords() -> None:
    assert code_of("the wei of the river", ("wei", "li", "", "@", "__")) is None


def test_a_refusal_names_its_field_and_speaks_both_languages() -> None:
    with pytest.raises(Invalid) as caught:
        passwords.check_policy("short", (), field="new_password")
    assert caught.value.field == "new_password"
    assert "12" in caught.value.text("zh")
    assert "12" in caught.value.text("en")


def test_the_list_holds_thousands_that_the_length_rule_would_let_through() -> None:
    common = passwords._common()
    assert sum(len(line) >= passwords.LEAST for line in common) >= 3000
    assert all(line == passwords._core(passwords._folded(line)) for line in common)
    assert any("huzhou" in line for line in common)
    assert any("tiaoxi" in line for line in common)


def test_a_hash_fits_its_password_alone() -> None:
    stored = passwords.hash("correct horse battery staple")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert stored != passwords.hash("correct horse battery staple")
    assert passwords.verify(stored, "correct horse battery staple")
    for other in (
        "",
        "Correct horse battery staple",
        "correct horse battery staple ",
        "\ud800",
        "x" * 100_000,
    ):
        assert not passwords.verify(stored, other)


def test_every_character_counts_up_to_the_longest_password() -> None:
    longest = "ab" * 63 + "cd"
    stored = passwords.hash(longest)
    assert passwords.verify(stored, longest)
    assert not passwords.verify(stored, longest[:-1] + "e")
    assert not passwords.verify(stored, longest + "e")


@pytest.mark.parametrize("stored", [None, "", "!", "数", "$argon2id$v=19$m=19456,t=2,p=1$x"])
def test_without_a_usable_hash_the_same_work_is_done(stored: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    hasher = passwords._HASHER

    class Watched:
        def verify(self, known: str, given: bytes) -> bool:
            found = hasher.verify(known, given)
            done.append(known)
            return found

    monkeypatch.setattr(passwords, "_HASHER", Watched())
    with monkeypatch.context() as context:
        context.setattr(passwords, "_NOBODY", hasher.hash("whatever is given"))
        assert not passwords.verify(stored, "whatever is given")
    assert len(done) == 1


def test_the_dummy_hash_has_the_parameters_of_real_ones() -> None:
    assert not passwords.needs_rehash(passwords._NOBODY)
    assert not passwords.needs_rehash(passwords.hash("correct horse battery staple"))


def test_a_hash_with_other_parameters_is_renewed() -> None:
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("correct horse battery")
    assert passwords.verify(weak, "correct horse battery")
    assert passwords.needs_rehash(weak)

"""Refusals: every reason speaks both languages, and a refusal loses nothing on its way."""

import pickle
from pathlib import Path

import pytest

from policies import refusals
from policies.refusals import Forbidden, Invalid, ReasonsError, Refusal, Refused
from policies.vocabulary import Role


def test_every_reason_of_the_package_can_be_said_in_both_languages() -> None:
    for code, reason in refusals.reasons().items():
        refusal = Refusal(code, None, **dict.fromkeys(reason.params, "x"))
        assert refusal.text("zh_Hans_CN")
        assert refusal.text("en")
        assert "{" not in refusal.text("en") + refusal.text("zh")


def test_text_follows_the_language_tag_and_chinese_is_the_default() -> None:
    refusal = Invalid("general.too-long", limit=10, length=12)
    assert refusal.text("en_GB") == "At most 10 characters; there are 12"
    assert refusal.text("zh_Hans_CN") == str(refusal) == "最多 10 个字符，现有 12 个"


def test_terms_and_collections_are_said_in_the_language_of_the_reader() -> None:
    refusal = Invalid("general.choice", value=[Role.STEWARD, Role.AUDITOR])
    assert "数据专员、审计管理员" in refusal.text("zh")
    assert "Data steward, Audit administrator" in refusal.text("en")


def test_braces_in_a_value_stay_as_they_are() -> None:
    assert "{limit}" in Invalid("general.choice", value="{limit}").text("zh")


@pytest.mark.parametrize("params", [{}, {"limit": 3}])
def test_a_missing_parameter_is_our_mistake_at_once(params: dict[str, int]) -> None:
    with pytest.raises(ReasonsError, match="length"):
        Invalid("general.too-long", None, **params)


def test_an_unknown_code_is_our_mistake_at_once() -> None:
    with pytest.raises(ReasonsError, match=r"no\.such-code"):
        Refused("no.such-code")


def test_a_refusal_travels_between_processes() -> None:
    inner = Invalid("general.choice", value="乙", field="theme")
    sent = Forbidden("general.invalid", {"theme": inner}, extra=1)
    got = pickle.loads(pickle.dumps(sent))  # noqa: S301  our own bytes
    assert type(got) is Forbidden
    assert (got.code, got.params["extra"], got.fields["theme"].text("zh")) == (sent.code, 1, inner.text("zh"))


def test_gathering_keeps_every_refusal_under_its_field() -> None:
    found = [
        Invalid("general.required", field="title"),
        Invalid("general.too-long", limit=1, length=2, field="note"),
        Invalid("general.mobile", field="note"),
        Invalid("general.stale"),
    ]
    gathered = Invalid.gathered(found)
    assert set(gathered.fields) == {"title", "note", ""}
    for refusal in found:
        assert refusal.text("en") in gathered.fields[refusal.field or ""].text("en")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('["a.b"]\nzh = "甲"\n', "exactly zh and en"),
        ('[a.b]\nzh = "甲"\nen = "A"\n', "exactly zh and en"),
        ('["a.b"]\nzh = " "\nen = "A"\n', "empty"),
        ('["a.b"]\nzh = "{x}"\nen = "{y}"\n', "different parameters"),
        ('["a.b"\n', "one.toml"),
    ],
)
def test_a_bad_reason_file_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "one.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ReasonsError, match=complaint):
        refusals.load(tmp_path)


def test_a_code_given_in_two_files_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text('["a.b"]\nzh = "甲"\nen = "A"\n', encoding="utf-8")
    with pytest.raises(ReasonsError, match=r"two\.toml: a\.b is given twice"):
        refusals.load(tmp_path)

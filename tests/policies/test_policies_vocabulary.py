"""The vocabulary: everything named has a code and two labels, and what has an order has the right one."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from policies import vocabulary as v

ENUMERATIONS = v.enumerations()


def _below(kind: type[v.Term]) -> Iterator[type[v.Term]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _below(sub)


@pytest.mark.parametrize("name", ENUMERATIONS)
def test_every_term_is_labelled_in_both_languages_and_tells_apart(name: str) -> None:
    terms = list(ENUMERATIONS[name])
    assert terms
    for term in terms:
        assert term.value == str(term) == term.value.strip() != ""
        assert any("一" <= c <= "龥" for c in term.zh) or term.zh.isascii(), term
        assert term.en.isascii(), term
        assert (term.label("zh_Hans_CN"), term.label("en")) == (term.zh, term.en)
    assert len({term.zh for term in terms}) == len({term.en for term in terms}) == len(terms)


@pytest.mark.parametrize("name", ENUMERATIONS)
def test_every_enumeration_says_what_it_names(name: str) -> None:
    assert ENUMERATIONS[name].__doc__


def test_every_term_of_these_modules_is_reached_from_the_vocabulary() -> None:
    ours = {
        "catalogue_terms",
        "harvest_terms",
        "hook_terms",
        "procedure_terms",
        "quality_terms",
        "standard_terms",
        "places",
    }
    defined = {kind for kind in _below(v.Term) if kind.__module__.removeprefix("policies.") in ours}
    assert defined == set(ENUMERATIONS.values())


def test_codes_are_plain_text_in_json_and_in_formatting() -> None:
    assert json.dumps({v.Theme.CREDIT: v.Role.STEWARD}) == '{"1": "steward"}'
    assert f"{v.OpenType.OPEN_UNCOND}" == "OPEN_UNCOND"


def test_ranks_follow_the_declared_order_and_not_the_alphabet() -> None:
    assert v.NationalGrade.GENERAL < v.NationalGrade.IMPORTANT < v.NationalGrade.CORE
    assert max(v.SecurityLevel) is v.SecurityLevel.L4
    assert v.OpenType.OPEN_FORBIDDEN > v.OpenType.OPEN_RESTRICTED >= "OPEN_RESTRICTED"
    assert v.Severity.INFO < "critical"
    assert sorted([v.ShareType.SHARE_NONE, v.ShareType.SHARE_UNCOND])[0] is v.ShareType.SHARE_UNCOND


def test_a_rank_is_not_compared_with_a_foreign_word() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        assert v.SecurityLevel.L1 < "nonsense"


def test_codes_agreed_with_other_systems() -> None:
    assert [(kind.value, kind.national) for kind in v.ShareType] == [
        ("SHARE_UNCOND", "1"),
        ("SHARE_RESTRICTED", "2"),
        ("SHARE_NONE", "3"),
    ]
    assert [theme.value for theme in v.Theme] == [*map(str, range(1, 22)), "99"]
    assert [section.value for section in v.Industry] == list("ABCDEFGHIJKLMNOPQRST")
    assert [dimension.value for dimension in v.Dimension] == [
        "normative",
        "completeness",
        "accuracy",
        "consistency",
        "timeliness",
        "accessibility",
    ]


def test_object_flags_pack_and_unpack() -> None:
    flags = (v.ObjectFlag.PERSON, v.ObjectFlag.ORGANISATION)
    assert v.ObjectFlag.packed([*flags, v.ObjectFlag.PERSON]) == 17
    assert v.ObjectFlag.unpacked(17) == flags
    for wrong in (64, -1):
        with pytest.raises(ValueError, match="no object"):
            v.ObjectFlag.unpacked(wrong)


def test_tiers_say_what_they_ask_of_the_reader() -> None:
    assert not v.OpenTier.T0.needs_login
    assert v.OpenTier.T1.needs_login
    assert not v.OpenTier.T1.needs_approval
    assert v.OpenTier.T2.needs_approval


def test_cycles_have_a_greatest_age_where_there_is_one() -> None:
    assert v.UpdateCycle.DAILY.max_age == timedelta(days=1)
    assert {cycle for cycle in v.UpdateCycle if cycle.max_age is None} == {
        v.UpdateCycle.IRREGULAR,
        v.UpdateCycle.NEVER,
    }


def test_open_formats_and_free_licences() -> None:
    machine = {f.value for f in v.Format if f.machine_readable}
    assert {"csv", "json", "xml", "xlsx", "parquet"} <= machine
    assert not machine & {"pdf", "doc", "jpg", "png"}
    assert not v.Format.XLSX.is_open
    assert v.Licence.CC_BY.free
    assert not v.Licence.AGREEMENT.free


def test_states_in_which_readers_see_something() -> None:
    assert {state for state in v.EntryState if state.live} == {
        v.EntryState.PUBLISHED,
        v.EntryState.CHANGE_REVIEW,
        v.EntryState.WITHDRAW_REVIEW,
    }
    assert [state for state in v.GrantState if state.usable] == [v.GrantState.ACTIVE]


def test_sensitive_kinds_are_those_of_the_law() -> None:
    sensitive = {kind for kind in v.PersonalKind if kind.sensitive}
    assert {v.PersonalKind.BIOMETRIC, v.PersonalKind.HEALTH, v.PersonalKind.WHEREABOUTS} <= sensitive
    assert v.PersonalKind.NAME not in sensitive

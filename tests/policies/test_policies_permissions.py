"""Who may do what: the whole table of actions and people, and the cases in which a safeguard decides."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from permission_table import APPLICATION, CAST, ENTRY, NEWCOMER, PARTICULAR, PEOPLE, TABLE

from policies import permissions
from policies.permissions import DEFAULT_DENY, FactsError, Principal
from policies.refusals import Forbidden
from policies.vocabulary import Role, TenantKind


def test_the_policies_agree_with_the_schema() -> None:
    assert permissions.flaws() == ()


def test_every_action_stands_in_the_table() -> None:
    assert set(TABLE) == permissions.actions()


@pytest.mark.parametrize("action", TABLE)
def test_each_action_is_granted_to_exactly_these(action: str) -> None:
    facts, expected = TABLE[action]
    assert {name for name, one in CAST.items() if permissions.decide(one, action, facts).allowed} == expected
    assert expected


@pytest.mark.parametrize(("who", "action", "facts", "policy"), PARTICULAR)
def test_particular_facts_decide(who: str, action: str, facts: Mapping[str, Any], policy: str) -> None:
    decision = permissions.decide(CAST[who], action, facts)
    assert decision.policy == policy
    effects = {one.id: one.effect for one in permissions.policies()}
    assert decision.allowed == (effects.get(policy) == "permit")


@pytest.mark.parametrize("role", Role)
def test_working_roles_and_offices_are_granted_by_different_people(role: Role) -> None:
    facts = {**NEWCOMER, "path": ("city",), "tenant_kind": TenantKind.CITY, "role": role}
    granters = {name for name in PEOPLE if permissions.decide(CAST[name], "role.grant", facts).allowed}
    office = role in {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR}
    assert granters == ({"security_admin"} if office else {"city_admin"})


def test_every_policy_decides_something() -> None:
    asked = [(one, action, facts) for action, (facts, _) in TABLE.items() for one in CAST.values()]
    asked += [(CAST[who], action, facts) for who, action, facts, _ in PARTICULAR]
    asked += [(CAST["security_admin"], "role.grant", {**NEWCOMER, "role": "auditor"})]
    decided = {permissions.decide(*question).policy for question in asked}
    assert decided == {one.id for one in permissions.policies()} | {DEFAULT_DENY}


def test_every_policy_has_a_name_of_its_own_and_reasons_in_both_languages() -> None:
    named = permissions.policies()
    assert len({one.id for one in named}) == len(named)
    for one in named:
        assert any("一" <= c <= "龥" for c in one.zh), one.id
        assert one.en.isascii(), one.id


@pytest.mark.parametrize(
    ("action", "facts", "complaint"),
    [
        ("entry.edit", {**ENTRY, "colour": "red"}, "colour"),
        ("entry.edit", {**ENTRY, "disputed": "yes"}, "disputed"),
        ("entry.edit", {**ENTRY, "type": "Teapot"}, "Teapot"),
        ("entry.brew", ENTRY, "entry.brew"),
        ("audit.read", ENTRY, "Entry"),
        ("entry.edit", {"type": "Entry", "id": 1}, "path"),
        ("entry.edit", {**ENTRY, "tenant": "city"}, "tenant"),
        ("entry.edit", {**ENTRY, "state": 1.5}, "float"),
        ("entry.edit", {**ENTRY, "state": {"a": 1}}, "dict"),
    ],
)
def test_what_the_schema_does_not_know_is_never_dropped(action: str, facts: Mapping[str, Any], complaint: str) -> None:
    with pytest.raises(FactsError, match=complaint):
        permissions.decide(CAST["steward"], action, facts)


def test_nobody_acts_as_something_unknown() -> None:
    with pytest.raises(FactsError, match="robot"):
        permissions.decide(Principal("r2", "robot"), "entry.edit", ENTRY)


def test_missing_facts_are_left_out_and_numbers_are_ids_too() -> None:
    someone = Principal("7", "person", standings=(("authority_reviewer", "1"),))
    facts = {"type": "Entry", "id": 5, "path": (2, 1), "author_id": None, "submitter_id": 8}
    assert permissions.decide(someone, "entry.review", facts).allowed
    assert not permissions.decide(someone, "entry.review", {**facts, "author_id": 7}).allowed


def test_a_no_becomes_a_refusal_with_its_reason() -> None:
    own = {**ENTRY, "author_id": "authority"}
    refusal = permissions.decide(CAST["authority"], "entry.review", own).refusal()
    assert isinstance(refusal, Forbidden)
    assert refusal.text("zh") == "不得审核自己编制或提交的目录"
    assert refusal.text("en") == "Nobody reviews what he wrote or submitted himself"
    assert permissions.decide(CAST["anonymous"], "follow.set", ENTRY).zh == "请先登录"
    assert permissions.decide(CAST["stranger"], "entry.edit", ENTRY).zh == "您没有进行此操作的权限"


@pytest.mark.parametrize(
    ("roles", "together"),
    [
        ([], True),
        (["system_admin", "tenant_admin", "steward"], True),
        (["system_admin", "system_admin"], True),
        (["system_admin", "auditor"], False),
        (["security_admin", "system_admin"], False),
        (["auditor", "security_admin"], False),
    ],
)
def test_the_three_offices_are_held_by_different_people(roles: list[str], together: bool) -> None:
    assert permissions.compatible(roles) is together


ROLES = st.sampled_from([role.value for role in Role])


STANDINGS = st.lists(st.tuples(ROLES, st.sampled_from(["dept", "city", "other", "acme"])), max_size=5)


@given(STANDINGS, st.sampled_from(["entry.review", "release.review"]))
def test_no_roles_make_an_author_his_own_reviewer(standings: list[tuple[str, str]], action: str) -> None:
    author = Principal("author", "person", True, tuple(standings))
    assert not permissions.decide(author, action, {**ENTRY, "author_id": "author"}).allowed


@given(STANDINGS)
def test_nobody_of_the_applicants_organisation_reviews_whatever_his_roles(
    standings: list[tuple[str, str]],
) -> None:
    insider = Principal("insider", "person", True, (*standings, ("member", "acme")))
    assert not permissions.decide(insider, "application.review", APPLICATION).allowed


@given(STANDINGS, st.sampled_from(sorted({"entry.register", "entry.edit", "entry.delete", "version.upload"})))
def test_only_a_steward_of_the_unit_itself_keeps_its_entries(standings: list[tuple[str, str]], action: str) -> None:
    someone = Principal("someone", "person", True, tuple(standings))
    assert permissions.decide(someone, action, ENTRY).allowed == (("steward", "dept") in standings)

"""The opening rules: an entry in order passes, and each broken rule is told alone, with its field."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import opening
from policies import vocabulary as v
from policies.opening import Attributes, ItemAttributes
from policies.refusals import reasons

OPEN = Attributes(
    share_type=v.ShareType.SHARE_UNCOND,
    share_mode=v.ShareMode.PLATFORM,
    open_type=v.OpenType.OPEN_UNCOND,
    open_tier=v.OpenTier.T0,
    security_level=v.SecurityLevel.L1,
    licence=v.Licence.CC_BY,
)
RESTRICTED = replace(
    OPEN,
    share_type=v.ShareType.SHARE_RESTRICTED,
    share_condition="仅用于政务服务",
    share_basis="某条例第八条",
    share_reason=v.ReasonKind.LAW,
    open_type=v.OpenType.OPEN_RESTRICTED,
    open_tier=v.OpenTier.T2,
    open_condition="具备安全能力",
    open_basis="某条例第三十条",
    open_reason=v.ReasonKind.LAW,
    security_level=v.SecurityLevel.L2,
)
CLOSED = replace(
    RESTRICTED,
    share_type=v.ShareType.SHARE_NONE,
    share_mode=None,
    open_type=v.OpenType.OPEN_FORBIDDEN,
    open_tier=v.OpenTier.TX,
    security_level=v.SecurityLevel.L4,
    licence=None,
)
PLAIN = ItemAttributes(
    name="title",
    security_level=v.SecurityLevel.L1,
    share_type=v.ShareType.SHARE_UNCOND,
    open_type=v.OpenType.OPEN_UNCOND,
)
KEPT = replace(
    PLAIN,
    security_level=v.SecurityLevel.L2,
    share_type=v.ShareType.SHARE_RESTRICTED,
    open_type=v.OpenType.OPEN_RESTRICTED,
)
SHUT = replace(
    PLAIN,
    security_level=v.SecurityLevel.L4,
    share_type=v.ShareType.SHARE_NONE,
    open_type=v.OpenType.OPEN_FORBIDDEN,
)
PERSON = {"personal_kind": v.PersonalKind.NAME}
UNFOUNDED = replace(RESTRICTED, open_basis=" ")


def told(entry: Attributes, *items: ItemAttributes) -> set[tuple[str, str | None]]:
    return {(refusal.code.removeprefix("opening."), refusal.field) for refusal in opening.check(entry, items)}


@pytest.mark.parametrize(
    ("entry", "item"),
    [(OPEN, PLAIN), (RESTRICTED, KEPT), (CLOSED, SHUT)],
    ids=["open", "restricted", "closed"],
)
def test_an_entry_in_order_passes(entry: Attributes, item: ItemAttributes) -> None:
    assert told(entry, item) == set()
    assert told(entry) == set()


BROKEN = [
    (OPEN, [replace(PLAIN, secret=True)], ("secret-item", "items.title.secret")),
    (
        RESTRICTED,
        [KEPT, replace(KEPT, name="other", security_level=v.SecurityLevel.L3)],
        ("level-differs", "security_level"),
    ),
    (RESTRICTED, [replace(KEPT, security_level=v.SecurityLevel.L1)], ("level-differs", "security_level")),
    (replace(RESTRICTED, security_level=v.SecurityLevel.L4), [], ("level-forbids", "open_type")),
    (replace(RESTRICTED, national_grade=v.NationalGrade.IMPORTANT), [], ("grade-forbids", "open_type")),
    (replace(OPEN, national_grade=v.NationalGrade.CORE), [PLAIN], ("grade-forbids", "open_type")),
    (replace(OPEN, share_condition="仅限"), [], ("share-condition-surplus", "share_condition")),
    (replace(RESTRICTED, share_condition=" "), [], ("share-condition-missing", "share_condition")),
    (replace(CLOSED, share_condition=""), [], ("share-condition-missing", "share_condition")),
    (replace(OPEN, share_mode=None), [], ("share-mode-missing", "share_mode")),
    (replace(CLOSED, share_mode=v.ShareMode.MAIL), [], ("share-mode-surplus", "share_mode")),
    (replace(RESTRICTED, share_basis=""), [], ("basis-missing", "share_basis")),
    (replace(CLOSED, share_reason=None), [], ("reason-missing", "share_reason")),
    (replace(RESTRICTED, open_basis=""), [], ("basis-missing", "open_basis")),
    (replace(CLOSED, open_reason=None), [], ("reason-missing", "open_reason")),
    (replace(OPEN, open_tier=v.OpenTier.T2), [], ("tier-mismatch", "open_tier")),
    (replace(RESTRICTED, open_condition=""), [], ("open-condition-missing", "open_condition")),
    (replace(OPEN, licence=None), [], ("licence-missing", "licence")),
    (
        RESTRICTED,
        [replace(KEPT, open_type=v.OpenType.OPEN_UNCOND)],
        ("item-looser", "items.title.open_type"),
    ),
    (
        RESTRICTED,
        [replace(KEPT, share_type=v.ShareType.SHARE_UNCOND)],
        ("item-looser", "items.title.share_type"),
    ),
    (
        OPEN,
        [replace(PLAIN, open_type=v.OpenType.OPEN_RESTRICTED)],
        ("item-condition-missing", "items.title.open_condition"),
    ),
    (OPEN, [replace(PLAIN, **PERSON)], ("personal-not-anonymised", "items.title.desensitisation")),
    (
        replace(OPEN, open_tier=v.OpenTier.T1),
        [replace(PLAIN, **PERSON, desensitisation=v.Desensitisation.DEIDENTIFIED)],
        ("personal-not-anonymised", "items.title.desensitisation"),
    ),
    (OPEN, [replace(PLAIN, business_secret=True)], ("business-secret-public", "items.title.open_type")),
]


@pytest.mark.parametrize(("entry", "items", "violation"), BROKEN, ids=[f"{b[2][0]}-{n}" for n, b in enumerate(BROKEN)])
def test_each_broken_rule_is_told_alone(
    entry: Attributes, items: list[ItemAttributes], violation: tuple[str, str]
) -> None:
    assert told(entry, *items) == {violation}


@pytest.mark.parametrize("field", ["share_type", "open_type", "open_tier", "security_level", "national_grade"])
def test_what_was_not_declared_is_asked_for(field: str) -> None:
    assert told(replace(OPEN, **{field: None}), PLAIN) == {("general.required", field)}


def test_every_violation_is_told_at_once() -> None:
    bad = replace(RESTRICTED, open_tier=v.OpenTier.T0, open_basis="", open_reason=None, licence=None)
    assert len(told(bad, replace(KEPT, secret=True), replace(PLAIN, name="other"))) == 7


def test_anonymised_data_are_open_to_all_and_say_nothing_of_persons() -> None:
    item = replace(PLAIN, **PERSON, desensitisation=v.Desensitisation.ANONYMISED)
    assert told(OPEN, item) == set()
    assert not opening.contents_of([item]).personal


@pytest.mark.parametrize("item", [replace(KEPT, **PERSON), replace(KEPT, business_secret=True)])
def test_persons_and_secrets_on_application_need_a_basis(item: ItemAttributes) -> None:
    assert told(RESTRICTED, item) == set()
    assert ("personal-basis-missing", "personal_basis") in told(UNFOUNDED, item)
    assert ("personal-basis-missing", "personal_basis") not in told(replace(UNFOUNDED, personal_basis="同意书"), item)


def test_a_shut_item_may_be_personal_in_an_open_entry() -> None:
    item = replace(PLAIN, **PERSON, open_type=v.OpenType.OPEN_FORBIDDEN)
    assert told(OPEN, item, replace(PLAIN, name="other")) == set()


def test_contents_tell_sensitive_data_apart() -> None:
    contents = opening.contents_of([replace(KEPT, personal_kind=v.PersonalKind.HEALTH), PLAIN])
    assert (contents.personal, contents.sensitive_personal, contents.business_secret) == (True, True, False)
    assert opening.contents_of([replace(KEPT, **PERSON, sensitive=True)]).sensitive_personal
    assert not opening.contents_of([replace(KEPT, **PERSON)]).sensitive_personal


@given(st.lists(st.sampled_from(v.SecurityLevel), min_size=1))
def test_the_level_is_the_highest_of_the_items(levels: list[v.SecurityLevel]) -> None:
    computed = opening.level_of(replace(PLAIN, security_level=level) for level in levels)
    assert computed in levels
    assert computed is not None
    assert all(level <= computed for level in levels)
    assert opening.level_of([]) is None


def test_every_tier_belongs_to_exactly_one_attribute() -> None:
    tiers = [tier for kind in v.OpenType for tier in opening.tiers_for(kind)]
    assert sorted(tiers) == list(v.OpenTier)


def test_a_proposed_attribute_never_breaks_the_rule_on_levels() -> None:
    for level in v.SecurityLevel:
        for grade in v.NationalGrade:
            proposed = opening.proposed_open_type(level, grade)
            entry = replace(RESTRICTED, open_type=proposed, security_level=level, national_grade=grade)
            assert not {code for code, _ in told(entry)} & {"level-forbids", "grade-forbids"}


UNDECLARED = replace(OPEN, open_type=None, open_tier=None)


@pytest.mark.parametrize(
    ("old", "new", "tighter"),
    [
        (OPEN, OPEN, ()),
        (OPEN, RESTRICTED, ("share_type", "open_type", "open_tier")),
        (RESTRICTED, CLOSED, ("share_type", "open_type", "open_tier")),
        (CLOSED, OPEN, ()),
        (OPEN, replace(OPEN, open_tier=v.OpenTier.T1), ("open_tier",)),
        (RESTRICTED, replace(OPEN, share_type=v.ShareType.SHARE_NONE), ("share_type",)),
        (OPEN, UNDECLARED, ("open_type", "open_tier")),
        (CLOSED, replace(CLOSED, open_type=None), ("open_type",)),
        (UNDECLARED, replace(CLOSED, share_type=OPEN.share_type), ()),
    ],
)
def test_tightening_is_noticed(old: Attributes, new: Attributes, tighter: tuple[str, ...]) -> None:
    assert opening.tightened(old, new) == tighter
    assert opening.tightens(old.open_type, new.open_type) == ("open_type" in tighter)


def test_every_reason_of_opening_is_used_by_a_rule() -> None:
    given = {code.removeprefix("opening.") for code in reasons() if code.startswith("opening.")}
    assert {violation[0] for *_, violation in BROKEN} | {"personal-basis-missing"} == given

"""Who may read what: one question, answered alike by the rule as SQL and by the explanation for one entry."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from catalog import reading
from catalog.models import Entitlement, Entry
from catalog.reading import Purpose
from policies import vocabulary as v
from policies.refusals import NotFound
from tenancy import work
from tenancy.actors import SYSTEM, Actor
from tenancy.types import new_id

HIDDEN = {"open_state": v.OpenState.NOT_OPEN, "share_type": v.ShareType.SHARE_NONE}


@pytest.fixture
def put(db: Any, cast: Any, now: Any, maker: Any) -> Any:
    """Makes an entry of the department with data; gives its id."""

    def make(title: str = "甲", items: tuple[str, ...] = ("a", "b"), **values: Any) -> str:
        with work.begin(db, SYSTEM, now) as deed:
            data = {"live_version_id": new_id()} | values
            return str(maker(deed, deed.session.merge(cast.department), title, items, **data).id)

    return make


@pytest.fixture
def may(db: Any, now: Any) -> Any:
    """Says whether an actor sees an entry, has its data, and the rule with the items he gets."""

    def ask(entry_id: str, actor: Actor, at: Any = None) -> tuple[bool, bool, str, tuple[str, ...]]:
        with db.read() as session:
            entry = session.get_one(Entry, entry_id)
            rules = [reading.readable(actor, purpose, at or now) for purpose in (Purpose.SEE, Purpose.DATA)]
            sees, has = (session.scalar(select(Entry.id).where(Entry.id == entry_id, rule)) for rule in rules)
            access = reading.access(session, entry, actor, at or now)
            return sees is not None, has is not None, access.rule, access.items

    return ask


def test_open_data_are_everyone_s(put: Any, may: Any, cast: Any) -> None:
    entry = put()
    assert may(entry, cast.public) == (True, True, "open", ("a", "b"))
    assert may(entry, cast.requester) == (True, True, "open", ("a", "b"))


def test_open_after_login_needs_a_person(put: Any, may: Any, cast: Any) -> None:
    entry = put(open_tier=v.OpenTier.T1, share_type=v.ShareType.SHARE_RESTRICTED)
    assert may(entry, cast.public) == (True, False, "sign-in", ())
    assert may(entry, cast.requester) == (True, True, "open-signed-in", ("a", "b"))


def test_restricted_data_are_seen_but_not_had(put: Any, may: Any, cast: Any) -> None:
    entry = put(open_tier=v.OpenTier.T2, open_type=v.OpenType.OPEN_RESTRICTED, share_type=v.ShareType.SHARE_NONE)
    assert may(entry, cast.public) == (True, False, "apply", ())
    assert may(entry, cast.stranger) == (True, False, "apply", ())
    assert may(entry, cast.steward)[1:3] == (True, "own-tenant")


def test_shared_data_stay_inside_government(put: Any, may: Any, cast: Any) -> None:
    entry = put(open_state=v.OpenState.NOT_OPEN)
    assert may(entry, cast.public)[:2] == (False, False)
    assert may(entry, cast.requester)[:2] == (False, False)
    assert may(entry, cast.stranger) == (True, True, "shared", ("a", "b"))
    assert may(entry, cast.system_admin)[:2] == (True, True)


def test_drafts_are_seen_by_their_house_alone(put: Any, may: Any, cast: Any) -> None:
    entry = put(state=v.EntryState.DRAFT, **HIDDEN)
    inside = {cast.steward: True, cast.colleague: True, cast.reviewer: True, cast.officer: True, cast.leader: True}
    outside = (cast.stranger, cast.requester, cast.public, cast.system_admin, cast.security_admin, cast.auditor)
    for actor, sees in (inside | dict.fromkeys(outside, False)).items():
        assert may(entry, actor)[0] is sees, actor.name


@pytest.mark.parametrize("state", [v.EntryState.SUSPENDED, v.EntryState.WITHDRAWN])
@pytest.mark.parametrize("origin", list(v.Origin))
def test_what_is_suspended_or_withdrawn_is_out_of_reach(
    put: Any, may: Any, cast: Any, state: v.EntryState, origin: v.Origin
) -> None:
    entry = put(state=state, origin=origin)
    for actor in (cast.public, cast.requester, cast.stranger):
        assert may(entry, actor)[:2] == (False, False)
        assert may(entry, actor)[3] == ()


def test_what_is_deleted_is_gone_for_its_house_too(put: Any, may: Any, cast: Any) -> None:
    entry = put(state=v.EntryState.DELETED, author_id=cast.steward.id)
    for actor in (cast.steward, cast.officer, cast.public):
        assert may(entry, actor) == (False, False, "no-data", ())


def test_an_entitlement_gives_its_items_for_its_term(db: Any, put: Any, may: Any, cast: Any, now: Any) -> None:
    entry = put(open_tier=v.OpenTier.T2, open_type=v.OpenType.OPEN_RESTRICTED, share_type=v.ShareType.SHARE_NONE)
    grant = new_id()
    with work.begin(db, SYSTEM, now) as deed:
        deed.session.add(
            Entitlement(
                entry_id=entry,
                tenant_id=cast.company.id,
                grant_id=grant,
                items=["b", "gone"],
                channel=v.DeliveryMode.API,
                starts_at=now,
                ends_at=now + timedelta(days=30),
            )
        )
    assert may(entry, cast.requester) == (True, True, "grant", ("b",))
    assert may(entry, Actor("credential", grant))[1:] == (True, "grant", ("b",))
    assert may(entry, Actor("credential", new_id()))[1:] == (False, "apply", ())
    assert may(entry, cast.stranger)[1:] == (False, "apply", ())
    for instant in (now - timedelta(seconds=1), now + timedelta(days=30)):
        assert may(entry, cast.requester, instant)[1:] == (False, "apply", ())
    with db.write() as session:
        session.execute(update(Entitlement).values(ended_at=now))
        session.commit()
    assert may(entry, cast.requester)[1:] == (False, "apply", ())


def test_stricter_items_stay_behind(db: Any, put: Any, may: Any, cast: Any, now: Any) -> None:
    entry = put()
    with work.begin(db, SYSTEM, now) as deed:
        item = deed.session.get_one(Entry, entry).items[0]
        item.open_type, item.share_type = v.OpenType.OPEN_RESTRICTED, v.ShareType.SHARE_NONE
    assert may(entry, cast.public) == (True, True, "open", ("b",))
    assert may(entry, cast.stranger) == (True, True, "shared", ("b",))
    assert may(entry, cast.steward)[3] == ("a", "b")


def test_find_knows_codes_in_addresses_and_nothing_hidden(db: Any, put: Any, cast: Any, now: Any) -> None:
    seen, hidden = put("甲"), put("乙", state=v.EntryState.DRAFT, **HIDDEN)
    with db.read() as session:
        codes = dict(session.execute(select(Entry.id, Entry.code)).all())
        for name in (seen, codes[seen], codes[seen].replace("/", "-")):
            assert reading.find(session, name, cast.public, now).id == seen
        assert reading.find(session, codes[hidden], cast.steward, now).id == hidden
        for name in (hidden, codes[hidden], "399001-999999", ""):
            with pytest.raises(NotFound):
                reading.find(session, name, cast.public, now)

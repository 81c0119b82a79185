"""Who is who, for programs of administrators: people with their roles, tenants, other platforms and their tokens."""

from typing import Any

from apiflask import Schema, fields
from flask_babel import get_locale
from flask_babel import gettext as _

from open_portal.pages import dataset_words as words
from open_portal.pages.admin import admin_peers, admin_people, admin_tenants
from open_portal.pages.admin.admin_frame import PARTNERSHIP, logins_of
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_admin import N_, administered, word
from open_portal.pages.api.api_datasets import named
from open_portal.pages.api.api_tables import Answer
from open_portal.requests import actor, now, session
from tenancy import peers, people, tokens, work
from tenancy.models import ApiToken, Membership, Person

WAITING = fields.Boolean(
    load_default=False,
    error_messages={"invalid": N_("must be true or false")},
    metadata=schemas.told(N_("Keep those who wait to be verified only")),
)


class AdminPerson(Schema):
    """Somebody with an account; never the password, the second factor's secret or how to reach him."""

    login = fields.String(required=True)
    name = fields.String(required=True)
    state = fields.Nested(schemas.Named, required=True)
    second_factor = fields.Boolean(required=True)
    places = fields.List(
        fields.Nested(schemas.Named),
        required=True,
        metadata=schemas.told(N_("Where the person stands: key of the body and role")),
    )
    created_at = fields.DateTime(required=True)
    verified_at = fields.DateTime(required=True, allow_none=True)
    closed_at = fields.DateTime(required=True, allow_none=True)


class AdminPlace(Schema):
    """A role, or mere membership, that a person holds or held in a body."""

    organisation = fields.String(required=True)
    organisation_name = fields.String(required=True)
    role = fields.Nested(schemas.Named, required=True, allow_none=True)
    since = fields.DateTime(required=True)
    until = fields.DateTime(required=True, allow_none=True)


class AdminTenant(Schema):
    """A body in the tree."""

    key = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.Nested(schemas.Named, required=True)
    parent = fields.String(required=True, allow_none=True)
    depth = fields.Integer(required=True, metadata=schemas.told(N_("Bodies above it")))
    region = fields.String(required=True)
    uscc = fields.String(required=True, allow_none=True)
    people = fields.Integer(required=True)
    dissolved_on = fields.Date(required=True, allow_none=True)


class AdminTenantName(Schema):
    """A name of a body with its days."""

    zh = fields.String(required=True)
    en = fields.String(required=True)
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(required=True, allow_none=True)


class AdminPeer(Schema):
    """Another platform that may send metadata."""

    key = fields.String(required=True)
    name = fields.String(required=True)
    address = fields.String(required=True)
    reason = fields.String(required=True)
    tenant = fields.String(required=True)
    state = fields.Nested(schemas.Named, required=True)
    proposed_by = fields.String(required=True)
    proposed_at = fields.DateTime(required=True)
    approved_by = fields.String(required=True, allow_none=True)
    approved_at = fields.DateTime(required=True, allow_none=True)


class AdminToken(Schema):
    """A token that two persons are needed for; its text is never told again."""

    name = fields.String(required=True)
    hint = fields.String(required=True, metadata=schemas.told(N_("The first letters, by which it is recognised")))
    use = fields.Nested(schemas.Named, required=True)
    peer = fields.String(required=True, allow_none=True)
    state = fields.Nested(schemas.Named, required=True)
    made_by = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    approved_by = fields.String(required=True, allow_none=True)
    approved_at = fields.DateTime(required=True, allow_none=True)
    expires_at = fields.DateTime(required=True)
    ended_at = fields.DateTime(required=True, allow_none=True)
    used_at = fields.DateTime(required=True, allow_none=True)


@administered(
    "users",
    N_("People of the administrator's bodies"),
    "Users",
    AdminPerson,
    ("login", "created_at", "verified_at", "closed_at"),
    asks={"q": api_tables.words(N_("Part of the login name")), "waiting": WAITING},
)
def admin_users(asked: dict[str, Any]) -> Answer:
    """The people of the bodies that the asker administers, by login name."""
    admin_people.need()
    query = admin_people.found_by(asked["q"].strip().lower(), waiting=asked["waiting"])
    orders = {
        "login": Person.login,
        "created_at": Person.created_at,
        "verified_at": Person.verified_at,
        "closed_at": Person.disabled_at,
    }
    return api_tables.answer_query("users", AdminPerson, query, orders, [Person.login], _person, asked)


@administered(
    "users/<login>/roles",
    N_("Roles of a person, held and ended"),
    "Roles",
    AdminPlace,
    ("organisation", "role", "since", "until"),
)
def admin_user_roles(login: str, asked: dict[str, Any]) -> Answer:
    """Where a person stands and stood, the oldest first."""
    admin_people.need()
    person = people.find_managed(session(), login, actor())
    rows = [
        {
            "organisation": one.tenant.key,
            "organisation_name": words.tenant_name(one.tenant),
            "role": named(one.role),
            "since": one.granted_at,
            "until": one.ended_at,
        }
        for one in sorted(person.memberships, key=lambda one: (one.granted_at, one.id))
    ]
    return api_tables.answer("roles", AdminPlace, rows, asked)


@administered(
    "tenants",
    N_("Bodies that the asker administers, as a tree"),
    "Tenants",
    AdminTenant,
    ("key", "name", "kind", "parent", "depth", "people", "dissolved_on"),
)
def admin_tenant_tree(asked: dict[str, Any]) -> Answer:
    """The bodies in and below the asker's own, parents before their children."""
    found = admin_tenants.tree()
    counted = admin_tenants.people_by_tenant()
    keys = {one.id: one.key for one in found}
    rows = [
        {
            "key": one.key,
            "name": words.tenant_name(one),
            "kind": named(one.kind),
            "parent": keys.get(one.parent_id or ""),
            "depth": len(one.path) - 1,
            "region": one.region_code,
            "uscc": one.uscc,
            "people": counted.get(one.id, 0),
            "dissolved_on": one.dissolved_on,
        }
        for one in found
    ]
    return api_tables.answer("tenants", AdminTenant, rows, asked)


@administered(
    "tenants/<key>/names",
    N_("Names of a body with their days"),
    "TenantNames",
    AdminTenantName,
    ("valid_from", "valid_to", "zh", "en"),
)
def admin_tenant_names(key: str, asked: dict[str, Any]) -> Answer:
    """Every name that a body has had, the oldest first."""
    plain = ("zh", "en", "valid_from", "valid_to")
    rows = [{name: getattr(one, name) for name in plain} for one in admin_tenants.managed_tenant(key).names]
    return api_tables.answer("names", AdminTenantName, rows, asked)


@administered(
    "peers",
    N_("Other platforms that may send metadata"),
    "Peers",
    AdminPeer,
    ("key", "name", "state", "proposed_at", "approved_at"),
)
def admin_platforms(asked: dict[str, Any]) -> Answer:
    """Every platform that was ever proposed, with its state."""
    _need_part_in_peers()
    found = peers.history(session())
    logins = logins_of(login for one in found for login in (one.proposed_by, one.approved_by))
    plain = ("key", "address", "reason", "proposed_at", "approved_at")
    rows = [
        {
            **{name: getattr(one, name) for name in plain},
            "name": one.label(str(get_locale())),
            "tenant": words.tenant_name(one.tenant),
            "state": named(one.state),
            "proposed_by": logins.get(one.proposed_by, ""),
            "approved_by": logins.get(one.approved_by or ""),
        }
        for one in found
    ]
    return api_tables.answer("peers", AdminPeer, rows, asked)


@administered(
    "peers/tokens",
    N_("Tokens that two persons are needed for"),
    "PeerTokens",
    AdminToken,
    ("name", "use", "state", "created_at", "expires_at", "used_at"),
)
def admin_wide_tokens(asked: dict[str, Any]) -> Answer:
    """Every token for exchanging and restoring, newest first; never its text."""
    _need_part_in_peers()
    found = tokens.wide(session())
    logins = logins_of(login for one in found for login in (one.person_id, one.approved_by))
    plain = ("name", "hint", "created_at", "approved_at", "expires_at", "used_at")
    rows = [
        {
            **{name: getattr(one, name) for name in plain},
            "use": named(one.wide),
            "peer": one.peer.key if one.peer else None,
            "state": _state_of_token(one),
            "made_by": logins.get(one.person_id, ""),
            "approved_by": logins.get(one.approved_by or ""),
            "ended_at": one.revoked_at,
        }
        for one in found
    ]
    return api_tables.answer("tokens", AdminToken, rows, asked)


def _need_part_in_peers() -> None:
    if not admin_peers.may_see():
        work.demand(actor(), "peer.propose", PARTNERSHIP)


def _person(one: Person) -> dict[str, Any]:
    return {
        "login": one.login,
        "name": one.name,
        "state": _state_of(one),
        "second_factor": one.totp_secret is not None,
        "places": [_place(place) for place in one.memberships if place.ended_at is None],
        "created_at": one.created_at,
        "verified_at": one.verified_at,
        "closed_at": one.disabled_at,
    }


def _place(one: Membership) -> dict[str, str]:
    role = named(one.role) or word("member", _("Member"))
    return word(f"{one.tenant.key}:{role['code']}", f"{words.tenant_name(one.tenant)} · {role['label']}")


def _state_of(one: Person) -> dict[str, str]:
    if one.disabled_at:
        return word("closed", _("Closed"))
    return word("verified", _("Verified")) if one.verified_at else word("waiting", _("Not verified yet"))


def _state_of_token(one: ApiToken) -> dict[str, str]:
    if one.revoked_at or one.expires_at <= now():
        return word("ended", _("Ended"))
    return word("waiting", _("Waits for approval")) if one.waits else word("approved", _("Approved"))

"""What the page of one's account lists, for one's programs: tokens, open sessions, places; never a secret."""

from typing import Any

from apiflask import Schema, fields
from flask_babel import gettext as _

from open_portal.pages import dataset_words as words
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_admin import word
from open_portal.pages.api.api_datasets import named
from open_portal.pages.api.api_door import needs_person
from open_portal.pages.api.api_tables import Answer, listed
from open_portal.requests import actor, now, session
from policies.vocabulary import TokenScope
from tenancy import sign_in, tokens
from tenancy.models import ApiToken, Person

N_ = schemas.N_


class MyToken(Schema):
    """A token for programs; its text is never told again."""

    name = fields.String(required=True)
    hint = fields.String(required=True, metadata=schemas.told(N_("The first letters, by which it is recognised")))
    scopes = fields.List(fields.Nested(schemas.Named), required=True)
    state = fields.Nested(schemas.Named, required=True)
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True)
    ended_at = fields.DateTime(required=True, allow_none=True)
    used_at = fields.DateTime(required=True, allow_none=True)


class MySession(Schema):
    """A browser in which one is signed in."""

    browser = fields.String(required=True)
    address = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    seen_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True)


class MyPlace(Schema):
    """A body in which one stands, and as what."""

    organisation = fields.String(required=True)
    organisation_name = fields.String(required=True)
    role = fields.Nested(schemas.Named, required=True)
    since = fields.DateTime(required=True)


@listed(
    "my/tokens",
    N_("My tokens for programs"),
    "MyTokens",
    MyToken,
    ("name", "state", "created_at", "expires_at", "ended_at", "used_at"),
)
def my_tokens(asked: dict[str, Any]) -> Answer:
    """Every token that the asker ever made, newest first: what it may, its end, when it was last used."""
    needs_person()
    plain = ("name", "hint", "created_at", "expires_at", "used_at")
    rows = [
        {
            **{name: getattr(one, name) for name in plain},
            "scopes": [named(TokenScope(scope)) for scope in one.scopes],
            "state": _state(one),
            "ended_at": one.revoked_at,
        }
        for one in tokens.all_of(session(), actor().id)
    ]
    return api_tables.answer("tokens", MyToken, rows, asked)


@listed(
    "my/sessions", N_("My open sessions"), "MySessions", MySession, ("created_at", "seen_at", "expires_at", "browser")
)
def my_sessions(asked: dict[str, Any]) -> Answer:
    """The browsers in which the asker is signed in."""
    needs_person()
    plain = ("address", "created_at", "seen_at", "expires_at")
    found = sign_in.sessions_of(session(), actor().id, now())
    rows = [{**{name: getattr(one, name) for name in plain}, "browser": one.agent} for one in found]
    return api_tables.answer("sessions", MySession, rows, asked)


@listed("my/roles", N_("Bodies in which I stand"), "MyRoles", MyPlace, ("organisation", "role", "since"))
def my_roles(asked: dict[str, Any]) -> Answer:
    """Where the asker stands and as what, the oldest first."""
    needs_person()
    places = [one for one in session().get_one(Person, actor().id).memberships if one.ended_at is None]
    rows = [
        {
            "organisation": one.tenant.key,
            "organisation_name": words.tenant_name(one.tenant),
            "role": named(one.role) or word("member", _("Member")),
            "since": one.granted_at,
        }
        for one in sorted(places, key=lambda one: (one.granted_at, one.id))
    ]
    return api_tables.answer("roles", MyPlace, rows, asked)


def _state(one: ApiToken) -> dict[str, str]:
    if one.revoked_at or one.expires_at <= now():
        return word("ended", _("Ended"))
    return word("waiting", _("Waits for approval")) if one.waits else word("in-force", _("In force"))

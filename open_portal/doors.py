"""Doors: who may come in by a route at all, declared for every blueprint, and which doors a process opens.

A door only keeps out those who have no business behind it; what somebody may do there is asked of the deed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from flask import Blueprint, Flask, Response, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from policies.refusals import Forbidden
from policies.vocabulary import Role
from tenancy.actors import INSIDE, Actor

ANY_FACE = "any"
"""The face of what a process answers whatever doors it opens."""


class Access(StrEnum):
    """Who is let in: anyone, whoever signed in, whoever holds a role in some tenant, or an administrator."""

    ANYONE = "anyone"
    PERSON = "person"
    STAFF = "staff"
    ADMINISTRATOR = "administrator"
    MACHINE = "machine"


ADMINISTRATORS = frozenset(
    {
        Role.LEADER,
        Role.CHIEF_DATA_OFFICER,
        Role.AUTHORITY_REVIEWER,
        Role.TENANT_ADMIN,
        Role.SYSTEM_ADMIN,
        Role.SECURITY_ADMIN,
        Role.AUDITOR,
    }
)


@dataclass(frozen=True)
class Door:
    """What hangs before a blueprint: the face it belongs to and who is let in."""

    face: str
    access: Access


def hang(app: Flask, blueprint: Blueprint, face: str, access: Access) -> None:
    """Register a blueprint behind its door; there is no other way to register one."""
    door = Door(face, access)
    app.extensions.setdefault("doors", {})[blueprint.name] = door
    app.before_request_funcs.setdefault(blueprint.name, []).insert(0, _guard(door))
    app.register_blueprint(blueprint)


def _guard(door: Door) -> Callable[[], WerkzeugResponse | Response | None]:
    def check() -> WerkzeugResponse | Response | None:
        if door.face not in {ANY_FACE, *g.kit.settings.faces}:
            abort(404)
        if let_in(door.access, g.actor):
            return None
        if g.actor.is_person:
            raise Forbidden("permissions.default")
        back = request.full_path.rstrip("?") if request.method == "GET" else ""
        return redirect(url_for("account.sign_in", next=back or None))

    return check


def let_in(access: Access, actor: Actor) -> bool:
    """Whether an actor may come through a door of this kind."""
    if access in {Access.ANYONE, Access.MACHINE}:
        return True
    if access is Access.PERSON:
        return actor.is_person
    return actor.holds(*(INSIDE if access is Access.STAFF else ADMINISTRATORS))

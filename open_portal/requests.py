"""What a view needs of the request under way: the kit, the instant, who acts, a session to read, a way to do a deed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import g
from sqlalchemy.orm import Session

from open_portal.wiring import Kit
from tenancy import work
from tenancy.actors import Actor
from tenancy.models import Face
from tenancy.work import Work


def kit() -> Kit:
    """The parts that depend on settings."""
    found: Kit = g.kit
    return found


def now() -> datetime:
    """The instant at which this request happens, the same from its beginning to its end."""
    found: datetime = g.now
    return found


def actor() -> Actor:
    """Who is asking."""
    found: Actor = g.actor
    return found


def session() -> Session:
    """The session for reading, opened for the request and never committed."""
    found: Session = g.session
    return found


def face() -> Face | None:
    """The face under which the request came in, or none where no tenant has one yet."""
    found: Face | None = g.face
    return found


def scope() -> str | None:
    """The tenant whose part of everything is shown; none under the face of the whole city."""
    shown = face()
    return shown.tenant_id if shown and shown.tenant.parent_id else None


@contextmanager
def deed(by: Actor | None = None) -> Iterator[Work]:
    """One unit of work by whoever is asking, committed at the end; afterwards the reading session starts anew.

    `by` stands for the asker where he has shown, by a code, that he is somebody without an account.

    The reading session gives its connection back first: a request that held one and waited for another could, with
    enough neighbours doing the same, wait for ever.
    """
    session().rollback()
    try:
        with work.begin(kit().database, by or actor(), now()) as unit:
            yield unit
    finally:
        session().rollback()

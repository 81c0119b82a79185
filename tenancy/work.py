"""Work: one deed's transaction, with who acts and when; it asks, records and enqueues."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from policies import permissions
from policies.refusals import Stale
from tenancy import audit, jobs
from tenancy.actors import Actor
from tenancy.database import Database

# What PostgreSQL says when two deeds stood in each other's way: serialization failure, deadlock.
CLASHES = frozenset({"40001", "40P01"})


class Subject(Protocol):
    """Anything that can say what permissions may know of it."""

    def facts(self) -> Mapping[str, Any]:
        """A mapping with type, id, path (tenants from the owner up) and further attributes."""


@dataclass(frozen=True)
class Work:
    """A unit of work: everything done through it happens together or not at all."""

    session: Session
    actor: Actor
    now: datetime

    def demand(self, action: str, of: Subject) -> None:
        """Go on only if the actor may do this; else raise Forbidden with the rule's reason."""
        demand(self.actor, action, of)

    def record(self, what: str, about: object, **details: Any) -> None:
        """Append an audit line about a row, in this transaction."""
        audit.append(self.session, self.actor, self.now, what, about, details)

    def enqueue(
        self, kind: str, *, dedupe: str | None = None, not_before: datetime | None = None, **payload: Any
    ) -> None:
        """Leave a job for the worker, visible only once this transaction is committed."""
        jobs.append(self.session, kind, payload, now=self.now, dedupe=dedupe, not_before=not_before)


@contextmanager
def begin(database: Database, actor: Actor, now: datetime) -> Iterator[Work]:
    """Open a unit of work that commits once at the end, or rolls back whatever goes wrong."""
    with database.write() as session:
        try:
            yield Work(session, actor, now)
            session.commit()
        except StaleDataError as race:
            session.rollback()
            raise Stale("general.stale") from race
        except IntegrityError as clash:
            session.rollback()
            raise Stale("general.already-there") from clash
        except OperationalError as trouble:
            session.rollback()
            if getattr(trouble.orig, "sqlstate", None) in CLASHES:
                raise Stale("general.stale") from trouble
            raise
        except BaseException:
            session.rollback()
            raise


def may(actor: Actor, action: str, of: Subject) -> bool:
    """Whether the actor may do this: the same question as `demand`, for buttons."""
    return permissions.decide(actor.principal(), action, of.facts()).allowed


def demand(actor: Actor, action: str, of: Subject) -> None:
    """Raise Forbidden with the deciding rule's reason unless the actor may do this."""
    decision = permissions.decide(actor.principal(), action, of.facts())
    if not decision.allowed:
        raise decision.refusal()

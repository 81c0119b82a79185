"""The registry of the CKAN door: which actions there are, which of them only read, and how they fail.

An action is a function from parameters to a result, entered under its own name by the decorator; the modules of
actions are imported by the door, so that whatever is imported is answered.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from flask import g, url_for

from policies.vocabulary import TokenScope
from tenancy.models import Peer

Params: TypeAlias = Mapping[str, Any]
Run: TypeAlias = Callable[[Params], Any]


@dataclass(frozen=True)
class Action:
    """One action: what it runs, whether it only reads (GET may then ask for it), and the scopes, one of which a token
    needs.
    """

    run: Run
    reads: bool = True
    scopes: frozenset[TokenScope] = frozenset()


@dataclass(frozen=True)
class Changed:
    """What an action that writes answers: its result, and which objects it changed (kind to ids)."""

    result: Any
    entities: Mapping[str, Sequence[str]]


ACTIONS: dict[str, Action] = {}
"""Every action by its name."""


class ActionError(Exception):
    """A failure as CKAN tells it: its status and the body under `error`."""

    def __init__(self, status: int, kind: str, **body: Any) -> None:
        super().__init__(kind)
        self.status = status
        self.body = {"__type": kind, **body}


class BadRequestError(ValueError):
    """A request that can't be read at all; CKAN answers it with a bare text."""


def answers(*, reads: bool = True, scopes: Iterable[TokenScope] = ()) -> Callable[[Run], Run]:
    """Enter a function as the action of its name; one that writes names the scopes that let a token do so."""

    wanted = frozenset(scopes)

    def enter(run: Run) -> Run:
        ACTIONS[getattr(run, "__name__")] = Action(run, reads, wanted)  # noqa: B009 - a callable need not have a name
        return run

    return enter


def scopes() -> frozenset[TokenScope]:
    """What the token shown with this request is good for; nothing where none was shown."""
    found: frozenset[TokenScope] = g.get("scopes", frozenset())
    return found


def peer() -> Peer | None:
    """The platform that holds the token shown with this request, if one does."""
    found: Peer | None = g.get("peer")
    return found


def not_found(what: str) -> ActionError:
    """What isn't there, or what the asker may not know of."""
    return ActionError(404, "Not Found Error", message=f"Not found: {what} was not found.")


def denied(why: str = "") -> ActionError:
    """What the asker may not do."""
    return ActionError(403, "Authorization Error", message=f"Access denied: {why}" if why else "Access denied")


def invalid(**fields: Any) -> ActionError:
    """What can't be taken as it was sent: for each field a list of messages."""
    return ActionError(409, "Validation Error", **fields)


def base_address() -> str:
    """The address of the site, without a slash at its end."""
    return url_for("site.home", _external=True).rstrip("/")

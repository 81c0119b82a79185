"""The portal's words and addresses for what is written outside a request: calls to programs and letters."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flask import Flask, g
from flask_babel import force_locale
from sqlalchemy.orm import Session

from open_portal.wiring import Kit
from policies.later import Later
from tenancy.actors import Actor

if TYPE_CHECKING:
    from open_portal import app
else:
    # The application knows every page; a worker that writes no letter shall not wait for it.
    app = Later("open_portal.app")

_made: list[tuple[Kit, Flask]] = []


@contextmanager
def speaking(kit: Kit, session: Session, actor: Actor, language: str) -> Iterator[Flask]:
    """Whatever a request would know: who reads, in which language and session, at the portal's public address."""
    portal = _portal(kit)
    with portal.test_request_context("/", base_url=kit.settings.address + "/"):
        g.kit, g.now, g.session, g.actor, g.face, g.user_session = kit, kit.clock(), session, actor, None, None
        with force_locale(language if language == "en" else "zh_Hans_CN"):
            yield portal


def _portal(kit: Kit) -> Flask:
    """The application over a kit, made once for a process."""
    for known, portal in _made:
        if known is kit:
            return portal
    portal = app.create_app(kit)
    _made[:] = [(kit, portal)]
    return portal

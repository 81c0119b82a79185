"""Calling other programs: the jobs that turn changes into messages and send them, signed."""

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from flask_babel import get_locale
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from catalog import hook_calls, hook_events, search
from catalog.hook_calls import Call, Outcome
from catalog.models import Entry
from open_portal import foreign, offstage
from open_portal.wiring import Kit
from policies.later import Later
from policies.refusals import Refused
from tenancy import work
from tenancy.actors import SYSTEM, Actor

if TYPE_CHECKING:
    from open_portal.pages.api import api_datasets
    from open_portal.pages.finder import finder_asked
else:
    api_datasets = Later("open_portal.pages.api.api_datasets")
    finder_asked = Later("open_portal.pages.finder.finder_asked")

SECONDS = 10.0
MOST_ANSWER = 64 * 1024
"""Bytes of an answer that are read; nothing is done with them."""


def follow(kit: Kit, _payload: Mapping[str, Any]) -> None:
    """Write the messages for what happened since."""
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        hook_events.follow(unit)


def call(kit: Kit, payload: Mapping[str, Any]) -> None:
    """Send one message; one that its owner may not see any more is let go without a trace."""
    delivery_id = payload["delivery_id"]
    with kit.database.read() as session:
        found = hook_calls.gather(session, delivery_id, kit.clock(), lambda *asked: _fits(kit, session, *asked))
        outcome = _send(kit, session, found) if found else None
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        if outcome is None:
            hook_calls.drop(unit, delivery_id)
        else:
            hook_calls.record(unit, delivery_id, outcome)


def prune(kit: Kit, _payload: Mapping[str, Any]) -> None:
    """Forget old messages."""
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        hook_calls.prune(unit)


def _fits(kit: Kit, session: Session, owner: Actor, query: str, entry: Entry) -> bool:
    with offstage.speaking(kit, session, owner, "zh"):
        asked = finder_asked.Asked.read(MultiDict(parse_qsl(query))).query()
        return bool(search.among(kit.index, session, owner, kit.clock(), asked, [entry.id]))


def _send(kit: Kit, session: Session, found: Call) -> Outcome:
    body = _body(kit, session, found)
    sealed, now, hook = body.encode(), kit.clock(), found.hook
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Tiaoxi-Event": found.message.event,
        "X-Tiaoxi-Delivery": found.message.id,
        "X-Tiaoxi-Signature": hook_calls.signature(hook.secret, sealed, now),
    }
    address, calls = hook.address, foreign.client(session)
    # The other side may take its time; nobody shall wait for our connection to the database meanwhile.
    session.rollback()
    began = time.monotonic()
    try:
        answer = calls.send("POST", address, headers=headers, body=sealed, limit=MOST_ANSWER, timeout=SECONDS)
    except Refused as refusal:
        return Outcome(body, None, _since(began), refusal)
    return Outcome(body, answer.status, _since(began))


def _body(kit: Kit, session: Session, found: Call) -> str:
    message, dataset = found.message, {"code": found.code} if found.code else None
    with offstage.speaking(kit, session, found.owner, found.hook.person.language) as portal:
        if found.entry is not None:
            dataset = portal.json.loads(portal.json.dumps(api_datasets.dumped(found.entry)))
        values = {
            "id": message.id,
            "event": message.event,
            "happened_at": message.happened_at.isoformat(),
            "language": str(get_locale()),
            "dataset": dataset,
        }
    return json.dumps(values, ensure_ascii=False)


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)

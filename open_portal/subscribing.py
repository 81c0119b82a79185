"""Letters to subscribers: what is new in their searches, as far as they may see it when the letter is written."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from flask import url_for
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from catalog import reading, search, subscriptions
from catalog.hook_models import Subscription
from catalog.models import Entry
from catalog.reading import LIVE, Purpose
from open_portal import offstage
from open_portal.wiring import Kit
from policies.later import Later
from tenancy import actors, work
from tenancy.actors import SYSTEM, Actor

if TYPE_CHECKING:
    from open_portal.pages import dataset_words
    from open_portal.pages.finder import finder_asked
else:
    dataset_words = Later("open_portal.pages.dataset_words")
    finder_asked = Later("open_portal.pages.finder.finder_asked")

LISTED = 50
"""Entries that one letter names; how many more there are is said."""
PORTION = 500
SALT = "unsubscribe"


def look(kit: Kit, _payload: Mapping[str, Any]) -> None:
    """See what is new for each subscriber whose turn it is."""
    with kit.database.read() as session:
        ids = subscriptions.due(session, kit.clock())
    for one in ids:
        _look_for(kit, one)


def mail(kit: Kit, payload: Mapping[str, Any]) -> None:
    """Send one letter; sent again, it bears the same message id."""
    with kit.database.read() as session:
        subscription = session.get(Subscription, payload["subscription_id"])
        owner = _owner(kit, session, subscription) if subscription else None
        if subscription is None or owner is None or not subscription.person.email:
            return
        entries = _seen(session, owner, payload["entry_ids"], kit)
        if not entries:
            return
        to, language = subscription.person.email, subscription.person.language
        with offstage.speaking(kit, session, owner, language):
            subject, text, headers = _letter(kit, subscription, entries, int(payload["count"]))
    kit.post.send(to, subject, text, f"<{payload['subscription_id']}.{payload['number']}@tiaoxi>", headers)
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        unit.session.get_one(Subscription, payload["subscription_id"]).mailed_at = unit.now


def key_of(kit: Kit, subscription_id: str) -> str:
    """What an address needs to end a subscription without signing in."""
    return str(URLSafeSerializer(kit.secret_key, salt=SALT).dumps(subscription_id))


def by_key(kit: Kit, session: Session, key: str) -> Subscription | None:
    """The subscription that a key ends; None for a key that is not ours."""
    try:
        found = URLSafeSerializer(kit.secret_key, salt=SALT).loads(key)
    except BadSignature:
        return None
    return session.get(Subscription, str(found))


def _look_for(kit: Kit, subscription_id: str) -> None:
    with kit.database.read() as session:
        subscription = session.get_one(Subscription, subscription_id)
        number = subscription.number
        owner = _owner(kit, session, subscription)
        ids, mark = subscriptions.news(session, subscription)
        entries = _matching(kit, session, owner, subscription, ids) if owner and ids else []
        told = [one.id for one in entries[:LISTED]]
    with work.begin(kit.database, SYSTEM, kit.clock()) as unit:
        subscriptions.keep(unit, subscription_id, number, mark, told, len(entries))


def _owner(kit: Kit, session: Session, subscription: Subscription) -> Actor | None:
    found = actors.find(session, subscription.person_id, kit.clock())
    return found if found.is_person and subscription.ended_at is None else None


def _matching(kit: Kit, session: Session, owner: Actor, subscription: Subscription, ids: Sequence[str]) -> list[Entry]:
    with offstage.speaking(kit, session, owner, "zh"):
        asked = finder_asked.Asked.read(MultiDict(parse_qsl(subscription.query))).query(scope=subscription.scope_id)
    found: list[Entry] = []
    for first in range(0, len(ids), PORTION):
        found += search.among(kit.index, session, owner, kit.clock(), asked, ids[first : first + PORTION])
    return [one for one in found if one.state in LIVE]


def _seen(session: Session, owner: Actor, ids: Iterable[str], kit: Kit) -> list[Entry]:
    query = select(Entry).where(
        Entry.id.in_(list(ids)), reading.readable(owner, Purpose.SEE, kit.clock()), Entry.state.in_(LIVE)
    )
    return list(session.scalars(query.order_by(Entry.changed_at.desc(), Entry.id)))


def _letter(
    kit: Kit, subscription: Subscription, entries: Sequence[Entry], count: int
) -> tuple[str, str, dict[str, str]]:
    name = subscription.name
    subject = _("“%(name)s”: %(num)s new or changed", num=count, name=name)
    way_out = url_for("unsubscribing.ask", key=key_of(kit, subscription.id), _external=True)
    lines = [subject, ""]
    for entry in entries:
        lines += [
            f"{dataset_words.title(entry)} · {dataset_words.publisher(entry)}",
            dataset_words.address(entry, absolute=True),
            "",
        ]
    if count > len(entries):
        lines += [_("and %(count)s more", count=count - len(entries)), ""]
    lines += [
        _("All your subscriptions: %(address)s", address=url_for("my.subscriptions_list", _external=True)),
        _("Unsubscribe from this: %(address)s", address=way_out),
        "",
    ]
    headers = {"List-Unsubscribe": f"<{way_out}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return subject.replace("\n", " "), "\n".join(lines), headers

"""The way out of a subscription that stands in every letter: it asks once, and needs no account."""

from flask import Blueprint, render_template
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from catalog import subscriptions
from catalog.hook_models import Subscription
from open_portal import subscribing
from open_portal.requests import deed, kit, session
from policies.refusals import NotFound
from tenancy import actors

pages = Blueprint("unsubscribing", __name__)


@pages.get("/unsubscribe/<key>")
def ask(key: str) -> str:
    """Ask whether to end it: a program that follows every link of a letter ends nothing."""
    found = _found(key)
    return render_template("my/unsubscribe.html", subscription=found, key=key, ended=found.ended_at is not None)


@pages.post("/unsubscribe/<key>")
def end(key: str) -> str | Response:
    """End it; once more changes nothing. Mail programs press this button themselves (RFC 8058)."""
    found = _found(key)
    subscription_id, owner = found.id, actors.of_person(found.person)
    with deed(owner) as unit:
        subscriptions.end(unit, unit.session.get_one(Subscription, subscription_id))
    return render_template("my/unsubscribe.html", subscription=_found(key), key=key, ended=True, said=_("Done"))


def _found(key: str) -> Subscription:
    found = subscribing.by_key(kit(), session(), key)
    if found is None:
        raise NotFound("general.not-found")
    return found

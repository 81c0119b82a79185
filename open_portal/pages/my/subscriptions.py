"""The reader's subscriptions: searches of which he hears by mail."""

from urllib.parse import parse_qsl, urlencode

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response
from wtforms import Form, RadioField, StringField

from catalog import subscriptions
from catalog.hook_models import Subscription
from open_portal import language
from open_portal.pages import dataset_words as words
from open_portal.pages.account.account_forms import mark
from open_portal.pages.finder import finder
from open_portal.pages.finder.finder_asked import Asked
from open_portal.pages.my.my import pages
from open_portal.requests import actor, deed, scope, session
from policies import vocabulary as v
from policies.refusals import Refusal
from tenancy.models import Person


class SubscriptionForm(Form):
    """A search to hear of."""

    name = StringField(lazy_gettext("Name"), description=lazy_gettext("The subject of the letters begins with it."))
    often = RadioField(lazy_gettext("How often"), default=v.Often.WEEKLY.value)


@pages.get("/my/subscriptions")
def subscriptions_list() -> str:
    """What the reader subscribed to, with how often and how to end it."""
    found = subscriptions.all_of(session(), actor().id)
    return render_template(
        "my/subscriptions.html",
        lines=[(one, _address(one, "datasets.find"), _address(one, "datasets.feed")) for one in found],
        often=list(v.Often),
        email=session().get_one(Person, actor().id).email,
    )


@pages.get("/my/subscriptions/new")
def new_subscription() -> str:
    """Ask how often to hear of a search."""
    asked = Asked.read(request.args)
    form = _form()
    form.name.data = _name_of(asked)
    return _page(form, asked)


@pages.post("/my/subscriptions/new")
def subscribe() -> ResponseReturnValue:
    """Subscribe to the search in the address."""
    asked, form = Asked.read(request.args), _form()
    try:
        often = v.Often(form.often.data or "")
        with deed() as unit:
            subscriptions.subscribe(
                unit, name=form.name.data or "", query=asked.lasting(), often=often, scope_id=scope()
            )
    except Refusal as refusal:
        mark(form, refusal)
        return _page(form, asked), 422
    except ValueError:
        form.often.errors = [_("Choose how often")]
        return _page(form, asked), 422
    flash(_("You are subscribed. A letter comes when there is something new."), "success")
    return redirect(url_for("my.subscriptions_list"), 303)


@pages.post("/my/subscriptions/<subscription_id>/often")
def change_subscription(subscription_id: str) -> Response:
    """Hear of it more or less often."""
    wanted = request.form.get("often", "")
    with deed() as unit:
        found = subscriptions.find(unit.session, subscription_id, actor())
        if wanted in set(v.Often):
            subscriptions.change(unit, found, v.Often(wanted))
    return redirect(url_for("my.subscriptions_list"), 303)


@pages.post("/my/subscriptions/<subscription_id>/end")
def end_subscription(subscription_id: str) -> Response:
    """Hear of it no more."""
    with deed() as unit:
        subscriptions.end(unit, subscriptions.find(unit.session, subscription_id, actor()))
    flash(_("The subscription has ended."), "success")
    return redirect(url_for("my.subscriptions_list"), 303)


def _form() -> SubscriptionForm:
    form = SubscriptionForm(request.form)
    form.often.choices = [(one.value, language.term(one)) for one in v.Often]
    return form


def _page(form: SubscriptionForm, asked: Asked) -> str:
    back = asked.href()
    action = url_for("my.subscribe") + "?" + asked.lasting()
    return render_template("my/subscription_new.html", form=form, search=back, action=action, name=_name_of(asked))


def _name_of(asked: Asked) -> str:
    """What a search is called: its words and its filters, as a person would say it."""
    return words.together(finder.described(asked)) or str(_("All data"))


def _address(subscription: Subscription, endpoint: str) -> str:
    asked = Asked.read(MultiDict(parse_qsl(subscription.query)))
    return url_for(endpoint) + "?" + urlencode(asked.pairs())

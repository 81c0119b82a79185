"""The reader's webhooks: addresses of programs that are called, and what became of each message."""

from urllib.parse import parse_qsl, urlsplit

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, lazy_gettext
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.urls import uri_to_iri
from werkzeug.wrappers import Response
from wtforms import Form, SelectField, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget

from catalog import hooks, reading
from catalog.hook_calls import KEPT
from catalog.hook_models import Webhook, WebhookDelivery
from catalog.models import Entry
from catalog.reading import Purpose
from open_portal import language
from open_portal.pages import dataset_words as words
from open_portal.pages.account.account_forms import mark
from open_portal.pages.finder.finder_asked import Asked
from open_portal.pages.my.my import pages
from open_portal.requests import actor, deed, now, session
from policies import vocabulary as v
from policies.refusals import Invalid, Refusal
from tenancy.models import Tenant

LOGGED = 50
TONES = {"DELIVERED": "good", "FAILED": "bad", "WAITING": "info", "ACTIVE": "good", "OFF": "bad"}


class WebhookForm(Form):
    """An address and what it is told of."""

    address = StringField(
        lazy_gettext("Address"), description=lazy_gettext("Begins with https://; it is called with POST and JSON.")
    )
    owner = SelectField(lazy_gettext("For whom"), validate_choice=False)
    events = SelectMultipleField(
        lazy_gettext("Events"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    search = StringField(
        lazy_gettext("Only what a search finds"),
        description=lazy_gettext("Optional: the address of a search in the data catalogue, copied from the browser."),
    )
    code = StringField(lazy_gettext("Only one dataset"), description=lazy_gettext("Optional: its code."))
    publisher = StringField(
        lazy_gettext("Only one publisher"),
        description=lazy_gettext("Optional: its key, the last part of the address of its page."),
    )


@pages.get("/my/webhooks")
def webhooks_list() -> str:
    """Every address that the reader keeps."""
    return render_template("my/webhooks.html", lines=[_line(one) for one in hooks.all_of(session(), actor())])


@pages.get("/my/webhooks/new")
def new_webhook() -> str:
    """The form for an address."""
    form = _form()
    form.events.data = [one.value for one in v.HookEvent]
    return render_template("my/webhook_form.html", form=form, hook=None, lost=False)


@pages.post("/my/webhooks/new")
def add_webhook() -> ResponseReturnValue:
    """Enter an address; the answer shows its secret, for the only time."""
    form = _form()
    try:
        only = _narrowing(form)
        with deed() as unit:
            tenant = unit.session.get(Tenant, form.owner.data) if form.owner.data else None
            if form.owner.data and tenant is None:
                raise Invalid("general.choice", value="", field="owner")
            made, secret = hooks.register(
                unit, address=form.address.data or "", events=form.events.data or (), tenant=tenant, only=only
            )
            hook_id = made.id
    except Refusal as refusal:
        mark(form, refusal)
        return render_template("my/webhook_form.html", form=form, hook=None, lost=False), 422
    hook = hooks.find(session(), hook_id, actor())
    return render_template("my/webhook_made.html", hook=hook, secret=secret)


@pages.get("/my/webhooks/<hook_id>")
def webhook(hook_id: str) -> str:
    """One address with its log."""
    hook = hooks.find(session(), hook_id, actor())
    messages = hooks.messages(session(), hook, limit=LOGGED)
    return render_template(
        "my/webhook.html",
        hook=hook,
        host=_host(hook),
        facts=_facts(hook),
        messages=[(one, problem_of(one), _event(one.event)) for one in messages],
        tones=TONES,
        most=LOGGED,
        days=KEPT.days,
    )


@pages.get("/my/webhooks/<hook_id>/change")
def edit_webhook(hook_id: str) -> str:
    """The form with what an address is told of now."""
    hook = hooks.find(session(), hook_id, actor())
    form, entry = _form(), _entry(hook)
    form.address.data, form.events.data = hook.address, hook.events
    form.search.data = _search_of(hook)
    form.code.data = entry.code if entry else ""
    form.publisher.data = hook.publisher.key if hook.publisher else ""
    return render_template("my/webhook_form.html", form=form, hook=hook, lost=bool(hook.entry_id and not entry))


@pages.post("/my/webhooks/<hook_id>/change")
def change_webhook(hook_id: str) -> ResponseReturnValue:
    """Say anew what an address is told of."""
    form = _form()
    try:
        only = _narrowing(form)
        with deed() as unit:
            hook = hooks.find(unit.session, hook_id, actor())
            hooks.change(unit, hook, address=form.address.data or "", events=form.events.data or (), only=only)
    except Invalid as refusal:
        mark(form, refusal)
        kept = hooks.find(session(), hook_id, actor())
        return render_template("my/webhook_form.html", form=form, hook=kept, lost=False), 422
    flash(_("Saved. It holds for what happens from now on."), "success")
    return redirect(url_for("my.webhook", hook_id=hook_id), 303)


@pages.post("/my/webhooks/<hook_id>/secret")
def renew_webhook_secret(hook_id: str) -> str:
    """Sign with a new secret; the answer shows it, for the only time."""
    with deed() as unit:
        secret = hooks.renew_secret(unit, hooks.find(unit.session, hook_id, actor()))
    return render_template("my/webhook_made.html", hook=hooks.find(session(), hook_id, actor()), secret=secret)


@pages.post("/my/webhooks/<hook_id>/ping")
def ping_webhook(hook_id: str) -> Response:
    """Send a test message."""
    with deed() as unit:
        hooks.ping(unit, hooks.find(unit.session, hook_id, actor()))
    flash(_("A test message is on its way; look at the log in a moment."), "success")
    return redirect(url_for("my.webhook", hook_id=hook_id), 303)


@pages.post("/my/webhooks/<hook_id>/messages/<message_id>/resend")
def resend_message(hook_id: str, message_id: str) -> Response:
    """Send a message again."""
    with deed() as unit:
        hooks.resend(unit, hooks.message(unit.session, hooks.find(unit.session, hook_id, actor()), message_id))
    flash(_("The message is sent again."), "success")
    return redirect(url_for("my.webhook", hook_id=hook_id), 303)


@pages.post("/my/webhooks/<hook_id>/on")
def switch_webhook_on(hook_id: str) -> Response:
    """Call an address again that was switched off."""
    with deed() as unit:
        hooks.switch_on(unit, hooks.find(unit.session, hook_id, actor()))
    return redirect(url_for("my.webhook", hook_id=hook_id), 303)


@pages.post("/my/webhooks/<hook_id>/end")
def end_webhook(hook_id: str) -> Response:
    """Call an address no more."""
    with deed() as unit:
        hooks.end(unit, hooks.find(unit.session, hook_id, actor()))
    flash(_("The webhook is removed."), "success")
    return redirect(url_for("my.webhooks_list"), 303)


def _form() -> WebhookForm:
    form = WebhookForm(request.form)
    form.events.choices = [(one.value, language.term(one)) for one in v.HookEvent]
    units = [(one.id, words.tenant_name(one)) for one in hooks.units(session(), actor())]
    form.owner.choices = [("", _("For myself")), *units]
    return form


def _narrowing(form: WebhookForm) -> hooks.Narrowing:
    query = _query_of(form.search.data or "")
    return hooks.Narrowing(query, (form.code.data or "").strip(), (form.publisher.data or "").strip())


def _query_of(typed: str) -> str:
    """The parameters of a search whose address was pasted; Invalid for any other address."""
    if not typed.strip():
        return ""
    parts = urlsplit(typed.strip())
    query = Asked.read(MultiDict(parse_qsl(parts.query))).lasting()
    if not parts.path.endswith(url_for("datasets.find")) or not query:
        raise Invalid("hook.search", field="search")
    return query


def _line(hook: Webhook) -> list[object]:
    return [
        {"text": _host(hook), "href": url_for("my.webhook", hook_id=hook.id), "note": hook.address},
        words.tenant_name(hook.tenant) if hook.tenant else _("Myself"),
        {"text": language.term(hook.state), "tone": TONES[hook.state.value]},
        language.date(hook.created_at),
    ]


def _host(hook: Webhook) -> str:
    return urlsplit(hook.address).netloc


def _search_of(hook: Webhook) -> str:
    """The search to which an address is narrowed, as people read it."""
    return uri_to_iri(url_for("datasets.find", _external=True) + "?" + hook.query) if hook.query else ""


def _entry(hook: Webhook) -> Entry | None:
    """The one entry to which an address is narrowed, if the reader may see it."""
    seen = select(Entry).where(Entry.id == hook.entry_id, reading.readable(actor(), Purpose.SEE, now()))
    return session().scalars(seen).first() if hook.entry_id else None


def _facts(hook: Webhook) -> list[tuple[str, str]]:
    entry = _entry(hook)
    found = [
        (_("Address"), hook.address),
        (_("For whom"), words.tenant_name(hook.tenant) if hook.tenant else _("Myself")),
        (_("Events"), words.together(_event(one) for one in hook.events)),
        (_("Only what a search finds"), _search_of(hook)),
        (_("Only one dataset"), words.title(entry) if entry else ""),
        (_("Only one publisher"), words.tenant_name(hook.publisher) if hook.publisher else ""),
    ]
    return [(label, text) for label, text in found if text]


def _event(code: str) -> str:
    return _("Test message") if code == hooks.PING else language.term(code, "HookEvent")


def problem_of(message: WebhookDelivery) -> str:
    """Why a message did not arrive, in the reader's language."""
    if not message.problem:
        return ""
    return str(message.problem["en" if str(get_locale()).startswith("en") else "zh"])

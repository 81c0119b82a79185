"""Other platforms and wide tokens: proposed by the system administrator, put in force by the security administrator."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import select
from wtforms import Form, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from catalog.harvest_models import HarvestSource
from catalog.models import Entry
from open_portal.pages.admin.admin_frame import (
    PARTNERSHIP,
    TOKEN,
    attempt,
    choices,
    done,
    language,
    logins_of,
    pages,
    show,
    show_form,
)
from open_portal.requests import actor, session
from policies.refusals import Invalid
from policies.vocabulary import PeerState, TokenScope
from tenancy import peers, tenants, tokens, work
from tenancy.models import Peer, Tenant
from tenancy.work import Work


class PeerForm(Form):
    """Another platform."""

    name_zh = StringField(lazy_gettext("Name in Chinese"))
    name_en = StringField(lazy_gettext("Name in English"))
    key = StringField(
        lazy_gettext("Key"),
        description=lazy_gettext("Lower-case letters, digits and hyphens; it marks everything this platform sends."),
    )
    address = StringField(lazy_gettext("Address of the platform"))
    tenant = SelectField(
        lazy_gettext("In the care of"),
        validate_choice=False,
        description=lazy_gettext("The body here that answers for the entries of this platform."),
    )
    reason = TextAreaField(
        lazy_gettext("Reason"), description=lazy_gettext("On what grounds the platforms exchange, and who agreed.")
    )


class WideTokenForm(Form):
    """A token that waits for a second person."""

    name = StringField(lazy_gettext("Name of the token"))
    use = SelectField(lazy_gettext("What for"), validate_choice=False)
    days = IntegerField(lazy_gettext("Valid for days"), validators=[Optional()], default=tokens.LONGEST_RESTORE)


@pages.get("/admin/peers")
def other_platforms() -> str:
    """Every platform with its state, every wide token with who made and who approved it."""
    if not may_see():
        work.demand(actor(), "peer.propose", PARTNERSHIP)
    found, keys = peers.history(session()), tokens.wide(session())
    people = [one for peer in found for one in (peer.proposed_by, peer.approved_by)]
    people += [one for token in keys for one in (token.person_id, token.approved_by)]
    return show(
        "peers",
        peers=found,
        tokens=keys,
        logins=logins_of(people),
        may_propose=work.may(actor(), "peer.propose", PARTNERSHIP),
        may_connect={one.id for one in found if work.may(actor(), "peer.enact", one)},
        may_approve={one.id for one in keys if work.may(actor(), "token.approve", one)},
        states=PeerState,
    )


@pages.route("/admin/peers/propose", methods=["GET", "POST"])
def propose_platform() -> ResponseReturnValue:
    """The form for another platform."""
    work.demand(actor(), "peer.propose", PARTNERSHIP)
    form = PeerForm(request.form)
    form.tenant.choices = choices((one.key, one.name.label(language())) for one in tenants.government(session()))

    def propose(unit: Work) -> None:
        _demand_new(unit, (form.key.data or "").strip())
        peers.propose(
            unit,
            _tenant(unit, form.tenant.data or ""),
            key=form.key.data or "",
            name_zh=form.name_zh.data or "",
            name_en=form.name_en.data or "",
            address=form.address.data or "",
            reason=form.reason.data or "",
        )

    if request.method == "POST":
        form.validate()
        if done(form, propose):
            flash(_("The platform is proposed; the security administrator decides on it."), "success")
            return redirect(url_for("admin.other_platforms"))
    page = show_form(
        form,
        _("Propose a platform"),
        lead=_(
            "A connected platform may send its public metadata here: published at once, marked as its own, counted in "
            "no rate. It sends no data and changes nobody else's entries."
        ),
        up={"text": _("Other platforms"), "href": url_for("admin.other_platforms")},
        submit=_("Propose"),
    )
    return page, 422 if request.method == "POST" else 200


@pages.post("/admin/peers/<peer_id>/connect")
def connect_platform(peer_id: str) -> ResponseReturnValue:
    """Put a platform in force."""
    attempt(lambda unit: peers.connect(unit, peer_id), _("The platform is connected. It still needs a token."))
    return redirect(url_for("admin.other_platforms"))


@pages.post("/admin/peers/<peer_id>/disconnect")
def disconnect_platform(peer_id: str) -> ResponseReturnValue:
    """Turn a platform down or cut it off."""
    attempt(lambda unit: peers.disconnect(unit, peer_id), _("The platform is not connected; its tokens have ended."))
    return redirect(url_for("admin.other_platforms"))


@pages.route("/admin/peers/tokens/new", methods=["GET", "POST"])
def new_wide_token() -> ResponseReturnValue:
    """The form for a token that two persons are needed for; its text is on the answer and nowhere else."""
    work.demand(actor(), "peer.propose", PARTNERSHIP)
    form = WideTokenForm(request.form)
    form.use.choices = choices(_uses())
    made: list[tuple[str, str]] = []

    def make(unit: Work) -> None:
        use = form.use.data or ""
        if use not in dict(_uses()):
            raise Invalid("general.choice", value=use, field="use")
        restoring = use == TokenScope.RESTORE.value
        token, plain = tokens.create(
            unit,
            name=form.name.data or "",
            days=form.days.data or 0,
            scopes=[TokenScope.RESTORE if restoring else TokenScope.EXCHANGE],
            peer=None if restoring else peers.find(unit.session, use),
        )
        made.append((token.name, plain))

    if request.method == "POST":
        form.validate()
        if done(form, make):
            return render_template("account/token_made.html", name=made[0][0], plain=made[0][1], waits=True)
    page = show_form(
        form,
        _("Make a token that two persons are needed for"),
        lead=_(
            "It opens nothing until the security administrator has approved it. A token for restoring works only while "
            "this platform has no entries, and for 14 days at most."
        ),
        up={"text": _("Other platforms"), "href": url_for("admin.other_platforms")},
        submit=_("Make the token"),
    )
    return page, 422 if request.method == "POST" else 200


@pages.post("/admin/peers/tokens/<token_id>/approve")
def approve_wide_token(token_id: str) -> ResponseReturnValue:
    """Let a token work."""
    attempt(
        lambda unit: tokens.approve(unit, tokens.find_wide(unit.session, token_id)),
        _("The token works from now on."),
    )
    return redirect(url_for("admin.other_platforms"))


@pages.post("/admin/peers/tokens/<token_id>/end")
def end_wide_token(token_id: str) -> ResponseReturnValue:
    """Turn a token down or end it."""
    attempt(lambda unit: tokens.end(unit, tokens.find_wide(unit.session, token_id)), _("The token has ended."))
    return redirect(url_for("admin.other_platforms"))


def may_see() -> bool:
    """Whether the actor has a part in connecting platforms."""
    return work.may(actor(), "peer.propose", PARTNERSHIP) or work.may(actor(), "token.approve", TOKEN)


def _uses() -> list[tuple[str, str]]:
    connected = session().scalars(select(Peer).where(Peer.state == PeerState.CONNECTED).order_by(Peer.key))
    found = [(one.id, _("Exchange with %(name)s", name=one.label(language()))) for one in connected]
    return [*found, (TokenScope.RESTORE.value, _("Restore a catalogue into this empty platform"))]


def _demand_new(unit: Work, key: str) -> None:
    """Go on only with a key that marks nobody's entries yet: a source that is harvested has one too."""
    marked = unit.session.scalars(select(Entry.id).where(Entry.origin_portal == key).limit(1)).first()
    if marked or unit.session.get(HarvestSource, key):
        raise Invalid("peer.key-taken", key=key, field="key")


def _tenant(unit: Work, key: str) -> Tenant:
    found = next((one for one in tenants.government(unit.session) if one.key == key), None)
    if found is None:
        raise Invalid("general.choice", value=key, field="tenant")
    return found

"""What frames every page: the face as templates know it, the main navigation and the messages of the last deed."""

from dataclasses import dataclass

from flask import get_flashed_messages, request, url_for
from flask_babel import gettext as _

from open_portal.doors import ADMINISTRATORS
from tenancy.actors import INSIDE, Actor
from tenancy.models import Face

FOR_PROGRAMS = {"developers", "ckan_mapping", "show"}
"""Views of the site that belong to the page for programs, the reference of the interface with them."""


@dataclass(frozen=True)
class Link:
    """One way to go; `current` when the reader is there."""

    text: str
    href: str
    current: bool


@dataclass(frozen=True)
class Shown:
    """The face in the reader's language."""

    name: str
    short: str
    slug: str
    contact: str
    footer: str
    tenant_code: str
    stylesheet: str


def face_of(face: Face | None, language: str) -> Shown:
    """The face of this request; the product's own name where no tenant has one yet."""
    if face is None:
        return Shown("苕溪 Tiaoxi", "Tiaoxi", "", "", "", "", "")
    english = language.startswith("en")
    name = face.name_en if english else face.name_zh
    return Shown(
        name=name,
        short=name,
        slug=face.slug,
        contact=face.contact_en if english else face.contact_zh,
        footer=face.footer_en if english else face.footer_zh,
        tenant_code=face.tenant.region_code,
        stylesheet=url_for("site.face_stylesheet", slug=face.slug) if face.tenant.parent_id else "",
    )


def main(actor: Actor) -> list[Link]:
    """The entries of the main navigation that this actor has any use for."""
    wanted = [
        (_("Data catalogue"), "datasets.find", True),
        (_("Indicators"), "indicators.overview", True),
        (_("Open platform"), "site.developers", True),
        (_("My applications"), "my.home", actor.is_person),
        (_("Work desk"), "desk.home", actor.holds(*INSIDE)),
        (_("Administration"), "admin.home", actor.holds(*ADMINISTRATORS)),
    ]
    here = _part(request.endpoint or "")
    return [Link(text, url_for(endpoint), _part(endpoint) == here) for text, endpoint, shown in wanted if shown]


def _part(endpoint: str) -> str:
    """The part of the portal to which a page belongs; of the texts of the site only those for programs are one."""
    blueprint, _dot, view = endpoint.partition(".")
    if blueprint in {"site", "api_reference"}:
        return "developers" if view in FOR_PROGRAMS else ""
    return blueprint


def flashes() -> list[tuple[str, str]]:
    """Messages left by the last deed, shown once."""
    messages: list[tuple[str, str]] = list(get_flashed_messages(with_categories=True))  # type: ignore[arg-type]
    return messages

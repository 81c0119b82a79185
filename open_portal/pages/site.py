"""The site itself: home, help and texts, the page for developers, faces' colours, and whether all is well."""

import re

from flask import Blueprint, Response, render_template

from catalog.mapping import ckan, ckan_docs
from open_portal.pages import dataset_words as words
from open_portal.pages import front
from open_portal.requests import session
from policies.refusals import NotFound
from tenancy import tenants

pages = Blueprint("site", __name__)
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@pages.get("/")
def home() -> str:
    """Search, the three indicators, themes, what is new and what is used."""
    return render_template("site/home.html", **front.page_of())


@pages.get("/help")
def help() -> str:  # noqa: A001 - the word in the address
    """How to find, get and ask for data."""
    return render_template("site/help.html", **front.contact())


@pages.get("/accessibility")
def accessibility() -> str:
    """What was done so that everyone can use the pages."""
    return render_template("site/accessibility.html", **front.contact())


@pages.get("/privacy")
def privacy() -> str:
    """What is kept about visitors and why."""
    return render_template("site/privacy.html", **front.contact())


@pages.get("/terms")
def terms() -> str:
    """The terms under which the platform and open data may be used."""
    return render_template("site/terms.html", **front.contact())


@pages.get("/developers/ckan")
def ckan_mapping() -> str:
    """How our terms stand in CKAN's."""
    extras = [(key, en if words.english() else zh) for key, (zh, en) in ckan.EXTRAS.items()]
    return render_template("site/ckan.html", extras=extras)


@pages.get("/developers/ckan.md")
def ckan_text() -> Response:
    """The same as a text."""
    return Response(ckan_docs.page(), content_type="text/markdown; charset=utf-8")


@pages.get("/developers")
def developers() -> str:
    """How programs reach the data."""
    return render_template("site/developers.html", **front.interfaces())


@pages.get("/sitemap")
def sitemap() -> str:
    """Every public page as a list of links."""
    return render_template("site/sitemap.html", groups=front.site_map())


@pages.get("/faces/<slug>.css")
def face_stylesheet(slug: str) -> Response:
    """The colours of a face as variables of the stylesheet; anything that is no colour is left out."""
    face = next((one for one in tenants.faces(session()) if one.slug == slug), None)
    if face is None:
        raise NotFound("general.not-found")
    lake, deep = ((one if COLOUR.fullmatch(one or "") else None) for one in (face.brand, face.brand_dark))
    variables = {"brand": lake, "brand-deep": deep, "brand-end": lake, "link": lake, "link-hover": deep}
    lines = "".join(f"  --tx-{name}: {value};\n" for name, value in variables.items() if value)
    return Response(f'[data-face="{_safe(slug)}"] {{\n{lines}}}\n', mimetype="text/css")


def _safe(slug: str) -> str:
    """The slug as it may stand in a selector."""
    return re.sub(r"[^A-Za-z0-9-]", "", slug)

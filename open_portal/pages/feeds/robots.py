"""What crawlers may fetch: every entry and plain page, no combination of filters."""

from flask import Blueprint, Response, request, url_for

from open_portal.requests import session
from tenancy import tenants

pages = Blueprint("robots", __name__)
ALLOWED = ("/sitemap.xml?page=", "/catalog.ttl?page=", "/catalog.jsonld?page=", "/catalog.rdf?page=")
"""The addresses with parameters that are meant for crawlers."""
FORBIDDEN = ("/datasets/compare", "/datasets/suggest", "/datasets.csv?", "/datasets.atom?", "/datasets/*?")
INNER = ("/account", "/sign-in", "/register", "/apply/", "/my", "/desk", "/admin")


@pages.get("/robots.txt")
def robots() -> Response:
    """The rules (RFC 9309), the same for all: the longest rule that fits an address decides.

    For crawlers that know no wildcards and take the first rule that fits, the addresses of entries are allowed before
    those of searches are forbidden.
    """
    root = request.script_root
    faces = [f"{root}/{one.slug}" for one in tenants.faces(session()) if one.tenant.parent_id]
    lines = ["User-agent: *"]
    for start in (root, *faces):
        lines += [f"Allow: {start}{path}" for path in ALLOWED]
        lines += [f"Disallow: {start}{path}" for path in (*FORBIDDEN, *INNER)]
        lines += [f"Allow: {start}/datasets/", f"Disallow: {start}/datasets?"]
    lines += [f"Disallow: {root}/*?", "", f"Sitemap: {url_for('feeds.sitemap', _external=True)}", ""]
    return Response("\n".join(lines), mimetype="text/plain")

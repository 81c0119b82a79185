"""Headers of every answer, the origin check that stands beside the form token, and what no address may contain."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, request

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def protect(app: Flask) -> None:
    """Hang the check before every request and the headers on every answer."""
    app.before_request(check_address)
    app.before_request(check_origin)
    app.after_request(add_headers)


def check_address() -> None:
    """Refuse an address with a NUL character: nothing is called so, and PostgreSQL takes no text with one."""
    if "\0" in request.path:
        abort(404)
    if any("\0" in part for name, value in request.args.items(multi=True) for part in (name, value)):
        abort(400)


def check_origin() -> None:
    """Refuse a form that comes from another site, whatever token it carries."""
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    if request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}:
        abort(400)
    origin = request.headers.get("Origin")
    if origin and urlsplit(origin).netloc != request.host:
        abort(400)


def add_headers(response: Response) -> Response:
    """Nothing inline, nothing framed, nothing sniffed; what is personal is not kept by any cache."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        personal = getattr(g, "actor", None) is not None and g.actor.kind != "anonymous"
        headers.setdefault("Cache-Control", "no-store" if personal else "no-cache")
        headers.add("Vary", "Cookie")
    return response

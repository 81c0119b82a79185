"""Faces: from the host or the first part of the path to the tenant in whose name the portal speaks."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.middleware.proxy_fix import ProxyFix

from open_portal.settings import Settings
from tenancy.database import Database
from tenancy.models import Face, TenantAncestor

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
SLUG = "tiaoxi.face"


def of_request(session: Session, environ: dict[str, Any], host: str) -> Face | None:
    """The face by path, else by host, else that of the city."""
    slug = environ.get(SLUG)
    if slug:
        return session.scalars(select(Face).where(Face.slug == slug)).first()
    found = session.scalars(select(Face).where(Face.host == host.partition(":")[0].lower())).first()
    return found or next((one for one in session.scalars(select(Face)) if one.tenant.parent_id is None), None)


class Mounting:
    """Takes the base path and a county's slug off the path, so that every address made inside carries them again."""

    def __init__(self, application: Application, settings: Settings, database: Database) -> None:
        self.inner = application
        self.behind = ProxyFix(application, x_for=1, x_proto=1, x_host=1)
        self.proxies = frozenset(settings.proxies)
        self.base = "/" + settings.base_url.split("//", 1)[-1].partition("/")[2] if settings.base_url else ""
        self.base = self.base.rstrip("/")
        self.database = database

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request."""
        if self.base and (environ["PATH_INFO"] + "/").startswith(self.base + "/"):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self.base
            environ["PATH_INFO"] = environ["PATH_INFO"][len(self.base) :] or "/"
        slug = environ["PATH_INFO"].split("/", 2)[1] if environ["PATH_INFO"].startswith("/") else ""
        if slug.isalnum() and slug in self._slugs():
            environ[SLUG] = slug
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + "/" + slug
            environ["PATH_INFO"] = environ["PATH_INFO"][len(slug) + 1 :] or "/"
        # Forwarded headers are believed from named proxies only; from anybody else they are somebody's claim.
        trusted = environ.get("REMOTE_ADDR") in self.proxies
        return (self.behind if trusted else self.inner)(environ, start_response)

    def _slugs(self) -> frozenset[str]:
        # Asked of every request: of the counties' faces only the slugs, without the tenants and their names.
        below = select(TenantAncestor.tenant_id).where(TenantAncestor.depth > 0)
        with self.database.read() as session:
            return frozenset(session.scalars(select(Face.slug).where(Face.tenant_id.in_(below))))

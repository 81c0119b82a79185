"""Wiring: the one place where settings become the parts that web, worker, command line and tests share."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from catalog import blobs
from catalog.blobs import BlobStore
from catalog.quarantine import Quarantine
from catalog.search_index import Index
from catalog.tables import TableStore
from open_portal.settings import Settings
from policies import rulebook
from tenancy import database, encryption
from tenancy.database import Database
from tenancy.mail import Mailer, OutboxFolder, Post, Security


@dataclass(frozen=True)
class Kit:
    """Every part that depends on settings, made once for a process."""

    settings: Settings
    database: Database
    blobs: BlobStore
    quarantine: Quarantine
    index: Index
    tables: TableStore
    post: Post
    secret_key: str
    scratch: Path
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))  # noqa: TID251 - the one clock


def wire(settings: Settings) -> Kit:
    """Make the kit; creates the home folder with its secrets if they are not there yet."""
    home = settings.home
    for folder in (home, home / "blobs", home / "cache", home / "scratch", home / "index", home / "mail"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    encryption.use(_key_ring(home / "keyring.json"))
    overlay = home / "rules"
    rulebook.put_in_force(rulebook.load(overlay if overlay.is_dir() else None))
    return Kit(
        settings=settings,
        database=database.connect(settings.database_url),
        blobs=blobs.open_store(settings.blob_url, cache=home / "cache"),
        quarantine=Quarantine(home / "quarantine"),
        index=Index.open(home / "index"),
        tables=TableStore(
            [home / "blobs", home / "cache"], scratch=home / "scratch" / "tables", memory=settings.memory_mb
        ),
        post=_post(settings),
        secret_key=_secret(home / "secret_key"),
        scratch=home / "scratch",
    )


SECURITY: dict[str, Security] = {"smtp": "starttls", "smtps": "tls", "smtp+plain": "none"}


def _key_ring(path: Path) -> encryption.KeyRing:
    if not path.exists():
        try:
            return encryption.KeyRing.create(path)
        except encryption.KeyRingError:
            # Another process was first; its ring is ours too.
            return encryption.KeyRing.from_file(path)
    return encryption.KeyRing.from_file(path)


def _secret(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48), encoding="ascii")
    return path.read_text(encoding="ascii")


def _post(settings: Settings) -> Post:
    if not settings.mail_url:
        return OutboxFolder(settings.home / "mail", settings.mail_from)
    parts = urlsplit(settings.mail_url)
    security: Security = SECURITY[parts.scheme]
    return Mailer(
        host=parts.hostname or "",
        port=parts.port or {"starttls": 587, "tls": 465, "none": 25}[security],
        security=security,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        sender=settings.mail_from,
    )

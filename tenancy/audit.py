"""The audit log: appended in the deed, sealed into a chain afterwards, verified by anyone who may read it."""

import hashlib
import json
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tenancy.actors import Actor
from tenancy.records import AuditLine, AuditSeal

BEGINNING = "0" * 64


@dataclass(frozen=True)
class Verification:
    """What a walk along the chain found: lines sealed, lines not yet sealed, and the first bad one if any."""

    sealed: int
    unsealed: int
    bad_line: int | None
    head: str


def append(session: Session, actor: Actor, now: datetime, what: str, about: object, details: Mapping[str, Any]) -> None:
    """Write a line about a row (or about a kind of thing named by a string)."""
    kind, key = (about, None) if isinstance(about, str) else (type(about).__name__, _key(session, about))
    session.add(
        AuditLine(
            at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            what=what,
            about_kind=kind,
            about_id=key,
            details=dict(details),
        )
    )


def _key(session: Session, about: object) -> str:
    if getattr(about, "id", None) is None:
        session.flush()
    return str(about.id)  # type: ignore[attr-defined]


def seal(session: Session, now: datetime, *, algorithm: str = "sha256", limit: int = 10_000) -> int:
    """Chain the lines that have no seal yet; run by one worker at a time. Returns how many were sealed."""
    last = session.scalars(select(AuditSeal).order_by(AuditSeal.position.desc()).limit(1)).first()
    position, previous = (last.position, last.hash) if last else (0, BEGINNING)
    lines = session.scalars(
        select(AuditLine)
        .outerjoin(AuditSeal, AuditSeal.line == AuditLine.sequence)
        .where(AuditSeal.line.is_(None))
        .order_by(AuditLine.sequence)
        .limit(limit)
        # A line is sealed as the database keeps it, not as it was handed over.
        .execution_options(populate_existing=True)
    ).all()
    for line in lines:
        position += 1
        digest = link(line, previous, algorithm)
        session.add(
            AuditSeal(
                position=position,
                line=line.sequence,
                algorithm=algorithm,
                previous=previous,
                hash=digest,
                sealed_at=now,
            )
        )
        previous = digest
    return len(lines)


def link(line: AuditLine, previous: str, algorithm: str) -> str:
    """Hash of a line's canonical JSON together with the hash before it."""
    body = {
        "sequence": line.sequence,
        "at": line.at.isoformat(),
        "actor": [line.actor_kind, line.actor_id],
        "what": line.what,
        "about": [line.about_kind, line.about_id],
        "details": line.details,
        "previous": previous,
    }
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.new(algorithm, text.encode()).hexdigest()


def verify(session: Session) -> Verification:
    """Walk the chain from its beginning; name the first line that was changed, removed or put out of order."""
    expected, position, bad = BEGINNING, 0, None
    with closing(_chain(session)) as chain:
        for seal_, line in chain:
            position += 1
            broken = (
                line is None
                or seal_.position != position
                or seal_.previous != expected
                or link(line, expected, seal_.algorithm) != seal_.hash
            )
            if broken:
                bad = seal_.line
                break
            expected = seal_.hash
    unsealed = session.scalar(
        select(func.count())
        .select_from(AuditLine)
        .outerjoin(AuditSeal, AuditSeal.line == AuditLine.sequence)
        .where(AuditSeal.line.is_(None))
    )
    return Verification(position if bad is None else position - 1, unsealed or 0, bad, expected)


def _chain(session: Session) -> Generator[tuple[AuditSeal, AuditLine | None]]:
    query = (
        select(AuditSeal, AuditLine)
        .outerjoin(AuditLine, AuditSeal.line == AuditLine.sequence)
        .order_by(AuditSeal.position)
        .execution_options(yield_per=1000)
    )
    with session.execute(query) as rows:
        yield from rows

"""What the writing actions of the CKAN door share: by which scope somebody writes, which entry is meant, answers.

A name that somebody may not know of is not found, exactly as if there were none; what he may see and not change is
refused. Reasons stand at the field they belong to, in CKAN's nested shape.
"""

import json
from collections.abc import Sequence
from functools import wraps
from typing import Any

from flask import current_app, request
from sqlalchemy import Text, cast
from sqlalchemy.orm import Session

from catalog import drafting, exchanging, names, reading
from catalog.datasets import violations
from catalog.mapping import ckan as mapping
from catalog.models import Entry
from catalog.reading import Purpose
from open_portal import arrivals
from open_portal.pages.ckan import ckan_view as view
from open_portal.pages.ckan.ckan_actions import (
    ActionError,
    Changed,
    Params,
    Run,
    answers,
    base_address,
    denied,
    not_found,
    peer,
    scopes,
)
from open_portal.pages.ckan.ckan_packages import package_show
from open_portal.requests import actor, now, session
from policies import vocabulary as v
from policies.refusals import Invalid, Refusal, Refused
from policies.vocabulary import TokenScope
from tenancy.models import Peer
from tenancy.work import Work

link = mapping.link
WRITING = (TokenScope.EXCHANGE, TokenScope.RESTORE, TokenScope.DRAFT)
WITH_FILES = frozenset({"resource_create", "resource_update", "resource_patch"})
AROUND = 100_000
"""Bytes that a request takes beside its file."""


def writes(run: Run) -> Run:
    """Enter a function as an action that writes, for any token that may write at all."""

    @answers(reads=False, scopes=WRITING)
    @wraps(run)
    def answer(params: Params) -> Any:
        try:
            return run(params)
        except Invalid as refusal:
            raise ActionError(409, "Validation Error", **nested(refusal)) from refusal

    return answer


def make_room(action: str) -> None:
    """Let a request carry a file where the action takes one from this token."""
    if action in WITH_FILES and TokenScope.DRAFT in scopes():
        request.max_content_length = arrivals.limit_of(current_app.config["KIT"]) + AROUND


def scope() -> TokenScope:
    """By which scope the caller writes."""
    return next(one for one in WRITING if one in scopes())


def sender() -> Peer:
    """The platform that writes."""
    found = peer()
    if found is None:
        raise denied()
    return found


def nested(refusal: Refusal) -> dict[str, Any]:
    """Reasons by field as CKAN nests them: `resources.1.url` stands in the second of the list `resources`."""
    found: dict[str, Any] = {}
    for path, reason in (refusal.fields or {refusal.field or "message": refusal}).items():
        name, *rest = (path or "message").split(".")
        texts = [reason.text("en"), reason.text("zh")]
        if len(rest) == 2 and rest[0].isdigit():
            listed = found.setdefault(name, [])
            listed += [{} for _ in range(int(rest[0]) + 1 - len(listed))]
            listed[int(rest[0])].setdefault(rest[1], []).extend(texts)
        else:
            found.setdefault(name, []).extend(texts)
    return found


def unpacked(params: Params) -> dict[str, Any]:
    """Parameters in which lists and objects may have come as the text of JSON, as they do beside a file."""
    return {name: _unpacked(value) if name in {"extras", "tags", "groups", "resources"} else value
            for name, value in params.items()}  # fmt: skip


def entry_of(reader: Session, wanted: str) -> Entry:
    """The entry that is meant, if the writer may know of it; to a platform its own, however it is kept here."""
    if scope() is TokenScope.EXCHANGE:
        own = exchanging.find(reader, sender(), wanted)
        if own is not None:
            return own
    visible = reading.readable(actor(), Purpose.SEE, now())
    found = reader.query(Entry).filter(view.by_name(wanted), visible).first()
    if found is None:
        found = names.find(reader, wanted, visible)
    if found is None:
        raise not_found("Dataset")
    return found


def entry_with(reader: Session, resource_id: str) -> Entry:
    """The entry that a resource belongs to; its id begins with the entry's, or is that of a link."""
    visible = reading.readable(actor(), Purpose.SEE, now())
    found = reader.query(Entry).filter(Entry.id == resource_id[:36], visible).first()
    if found is not None:
        return found
    asking = peer()
    mine = Entry.origin_portal == asking.key if asking else Entry.tenant_id.in_(actor().tenant_ids)
    holds = cast(Entry.resources, Text).contains(json.dumps(resource_id)[1:-1], autoescape=True)
    for one in reader.query(Entry).filter(mine, holds).limit(20):
        if any(kept.get("id") == resource_id for kept in one.resources):
            return one
    raise not_found("Resource")


def told(entry_id: str, *, entities: Sequence[str] | None = None) -> Changed:
    """The answer: the package as it is now, and that it changed."""
    entry = session().get_one(Entry, entry_id)
    return Changed(shown(entry), {"packages": list(entities if entities is not None else [entry_id])})


def shown(entry: Entry) -> dict[str, Any]:
    """An entry as its writer is shown it: published as everybody sees it, else as the draft that it is."""
    if scope() is not TokenScope.DRAFT and entry.state.live:
        return package_show({"id": entry.id})
    package = mapping.package(entry, [], base_address(), "zh")
    links = [link(entry, one, place) for place, one in enumerate(drafting.resources(entry))]
    package |= {"resources": links, "num_resources": len(links), "private": True}
    if scope() is not TokenScope.DRAFT:
        return package
    wanted = entry.proposal or {}
    package |= {
        "state": "deleted" if entry.state is v.EntryState.DELETED else "draft",
        "title": wanted.get("title", entry.title),
        "notes": wanted.get("abstract", entry.abstract),
        "review_state": entry.state.value,
        "review_needs": [] if entry.state.live else needs(entry),
    }
    return package


def needs(entry: Entry) -> list[dict[str, str]]:
    """What still stands in the way of a draft's review, each with its field and reason."""
    return [
        {"field": str(one.params.get("field", "")), "message": one.text("en"), "message_zh": one.text("zh")}
        for one in violations(entry)
    ]


def refuse_files() -> None:
    """Refuse a file where only metadata are taken."""
    if request.files:
        raise Invalid.gathered([Invalid("ckan.no-upload", field="upload")])


def editable(work: Work, entry: Entry) -> Entry:
    """An entry that the person may change and whose state allows it."""
    work.demand("entry.edit", entry)
    if entry.state not in (v.EntryState.DRAFT, v.EntryState.REJECTED, v.EntryState.PUBLISHED):
        raise Refused("entry.wrong-state", state=entry.state)
    return entry


def _unpacked(value: Any) -> Any:
    if not isinstance(value, str) or not value.lstrip().startswith(("[", "{")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value

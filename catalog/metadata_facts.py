"""What the description of entries meets of the Metadata Quality Assessment, told from what the platform itself knows.

No address is called: an own dataset is reachable when its live version can be read, one of another portal by its last
probe; where there was none, it is not known. What is counted is what DCAT hands out of an entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from catalog.models import Entry, Item
from catalog.reading import LIVE, OPENED
from policies import vocabulary as v
from policies.mqa import Facts
from policies.vocabulary import MqaMetric as M

KNOWN = {one.value: one for one in v.Format}
HANDED_OUT = (v.Format.CSV, v.Format.JSON, v.Format.XLSX, v.Format.PARQUET)
"""The forms in which every table that the public may read is handed out."""
ITEM_OPEN = exists().where(Item.entry_id == Entry.id, Item.open_type == v.OpenType.OPEN_UNCOND)
COLUMNS = (
    *(Entry.id, Entry.code, Entry.title, Entry.tenant_id, Entry.origin, Entry.origin_portal, Entry.origin_url),
    *(Entry.state, Entry.open_state, Entry.open_type, Entry.open_tier, Entry.open_condition, Entry.abstract),
    *(Entry.themes, Entry.tags, Entry.region_code, Entry.time_from, Entry.time_to, Entry.formats, Entry.licence),
    *(Entry.contact_office, Entry.contact_phone, Entry.contact_email, Entry.publisher_name, Entry.bytes),
    *(Entry.live_version_id, Entry.probe_ok, Entry.published_at, Entry.data_updated_at),
)


@dataclass(frozen=True)
class Described:
    """One entry with what its description meets; `portal` is empty for an entry of ours."""

    id: str
    code: str
    title: str
    tenant_id: str
    portal: str
    state: v.EntryState
    facts: Facts


def collect(session: Session, *conditions: ColumnElement[bool]) -> list[Described]:
    """The facts of the entries that meet some conditions, by code; one statement whatever their number."""
    query = select(*COLUMNS, ITEM_OPEN.label("item_open")).where(*conditions).order_by(Entry.code)
    return [
        Described(
            id=row.id,
            code=row.code,
            title=row.title,
            tenant_id=row.tenant_id,
            portal=(row.origin_portal or "") if row.origin is v.Origin.HARVESTED else "",
            state=row.state,
            facts=facts(row),
        )
        for row in session.execute(query)
    ]


def facts(entry: Any) -> Facts:
    """What an entry meets, from its columns."""
    own = entry.origin is v.Origin.OWN
    files = own and _public_files(entry)
    forms = _forms(entry, files=files)
    known = [one for one in forms if one is not v.Format.OTHER]
    reached = _reached(entry, own=own)
    listed = bool(entry.licence and entry.licence.uri)
    return {
        M.KEYWORD: bool(entry.tags),
        M.THEME: bool(entry.themes),
        M.SPATIAL: bool(entry.region_code),
        M.TEMPORAL: bool(entry.time_from or entry.time_to),
        M.ACCESS_OK: reached,
        M.DOWNLOAD: files,
        M.DOWNLOAD_OK: files and bool(entry.probe_ok),
        M.FORMAT: bool(forms),
        M.MEDIA_TYPE: bool(known),
        M.FORMAT_LISTED: bool(forms) and len(known) == len(forms),
        M.FREE_FORMAT: any(not one.proprietary for one in known),
        M.MACHINE_READABLE: any(one.machine_readable for one in known),
        M.DCAT: bool(entry.title and entry.abstract and (entry.live_version_id or entry.origin_url)),
        M.LICENCE: entry.licence not in (None, v.Licence.UNSTATED),
        M.LICENCE_LISTED: listed,
        M.RIGHTS_OF_ACCESS: True,
        M.RIGHTS_LISTED: True,
        M.CONTACT: bool(entry.contact_office or entry.contact_phone or entry.contact_email),
        M.PUBLISHER: own or bool(entry.publisher_name),
        M.TERMS: bool(entry.open_condition) or entry.licence in (v.Licence.PLATFORM, v.Licence.AGREEMENT),
        M.SIZE: entry.bytes is not None,
        M.ISSUED: entry.published_at is not None,
        M.MODIFIED: entry.data_updated_at is not None,
    }


def _public_files(entry: Any) -> bool:
    """Whether everyone may fetch files of it, as `reading.access` answers the public."""
    opened = entry.state in LIVE and entry.open_state in OPENED and entry.open_tier is v.OpenTier.T0
    return bool(opened and entry.live_version_id and entry.item_open)


def _reached(entry: Any, *, own: bool) -> bool | None:
    if own:
        return bool(entry.live_version_id and entry.probe_ok)
    probed: bool | None = entry.probe_ok
    return probed if entry.origin_url else False


def _forms(entry: Any, *, files: bool) -> Sequence[v.Format]:
    if files:
        return HANDED_OUT
    return [KNOWN.get(one, v.Format.OTHER) for one in entry.formats]

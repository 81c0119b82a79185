"""Files of the demonstration: uploaded, scanned, laid out by their steward where they are not plain, and checked."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from catalog import uploads, versions
from catalog.models import Entry, Version
from catalog.reading_files.shapes import Layout
from open_portal import handlers
from open_portal.demonstration import files
from open_portal.demonstration.cast import Cast
from open_portal.wiring import Kit
from policies import vocabulary as v
from tenancy import work

LIMIT = 2**30


def deliver(kit: Kit, cast: Cast, entry_id: str, row: Mapping[str, Any], now: datetime) -> None:
    """Upload an entry's file, answer what is asked about it, and have it checked at once; ValueError if that fails."""
    kit = replace(kit, clock=lambda: now)
    path, steward, layout = files.FOLDER / row["file"], cast.steward(row["owner"]), layout_of(row)
    with path.open("rb") as stream:
        waiting = kit.quarantine.take(stream, limit=LIMIT)
    with work.begin(kit.database, steward, now) as unit:
        entry = unit.session.get_one(Entry, entry_id)
        number = uploads.receive(unit, entry, waiting, path.name).number
        version_id = versions.find(unit.session, entry, number).id
    state = _checked(kit, version_id)
    if layout is not None:
        with work.begin(kit.database, steward, now) as unit:
            version = unit.session.get_one(Version, version_id)
            if state is v.VersionState.ASKED:
                versions.confirm_layout(unit, version, layout)
            else:
                version_id = versions.reread(unit, version, layout).id
        state = _checked(kit, version_id)
    if state in {v.VersionState.FAILED, v.VersionState.ASKED}:
        with kit.database.read() as session:
            version = session.get_one(Version, version_id)
            raise ValueError(f"{path.name}: {version.problem or version.glance}")


def layout_of(row: Mapping[str, Any]) -> Layout | None:
    """What the steward says of a file whose table is not plain to see; None where there is nothing to say."""
    said = row.get("layout")
    return Layout.from_json({"heading": Layout().heading, **said}) if said else None


def _checked(kit: Kit, version_id: str) -> v.VersionState:
    handlers.check_now(kit, version_id)
    with kit.database.read() as session:
        return session.get_one(Version, version_id).state

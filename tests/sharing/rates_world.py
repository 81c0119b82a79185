"""A world for tests of rates: entries and demands that change, and a log of them kept by hand."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import rates_oracle as oracle
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import changes, datasets, harvest_sources, importing
from catalog.mapping.listing import Kind, Listing
from catalog.models import Entry, Item
from policies import rulebook
from policies import vocabulary as v
from policies.calendars import local_date
from sharing.demand import demands
from tenancy import work
from tenancy.actors import SYSTEM, Actor
from tenancy.models import Tenant
from tenancy.types import new_id

DAY = timedelta(days=1)
OPEN_ITEM = ("OPEN_RESTRICTED", "SHARE_UNCOND", False)


def live_data(now: datetime) -> dict[str, Any]:
    """What is known of data that `stage.published` delivered the day before."""
    return {"probe": True, "rows": 3, "grade": "A", "cycle": "NEVER", "updated": now - DAY}


@dataclass
class World:
    """Entries and demands in one open transaction, and beside them a log in plain values, kept by hand."""

    session: Session
    cast: Any
    entries: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    demands: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)

    def by(self, who: Actor, at: datetime) -> work.Work:
        """Somebody's work at an instant, in this transaction."""
        return work.Work(self.session, who, at)

    def tenant(self, one: Tenant) -> Tenant:
        """A tenant of the cast in this transaction."""
        return self.session.get_one(Tenant, one.id)

    def note(self, at: datetime, entry: Entry, told: Mapping[str, Any]) -> None:
        """Note an entry's facts in the catalogue, and what is known of it in the log."""
        changes.note(self.by(SYSTEM, at), entry, "test")
        self.entries.append((at, {**told, "id": entry.id}))


def told_of(tenant: str, path: Sequence[str], source: str, names: Sequence[str]) -> dict[str, Any]:
    """What the log knows of a fresh draft; items are triples of open type, share type and secrecy."""
    return {
        "tenant": tenant,
        "path": list(path),
        "source": source,
        "names": frozenset(names),
        "origin": "OWN",
        "state": "DRAFT",
        "share": "SHARE_UNCOND",
        "open": "OPEN_FORBIDDEN",
        "open_state": "NOT_OPEN",
        "mounted": False,
        "probe": False,
        "rows": None,
        "grade": None,
        "cycle": "IRREGULAR",
        "updated": None,
        "items": [("OPEN_UNCOND", "SHARE_UNCOND", False)] * len(names),
    }


def write(entry: Entry, told: Mapping[str, Any]) -> None:
    """Make the row be what the log says."""
    entry.state = v.EntryState(told["state"])
    entry.share_type, entry.open_type = v.ShareType(told["share"]), v.OpenType(told["open"])
    entry.open_state, entry.update_cycle = v.OpenState(told["open_state"]), v.UpdateCycle(told["cycle"])
    entry.live_version_id = new_id() if told["mounted"] else None
    entry.probe_ok, entry.rows, entry.data_updated_at = told["probe"], told["rows"], told["updated"]
    entry.grade = v.Grade(told["grade"]) if told["grade"] else None
    for item, (open_type, share_type, secret) in zip(entry.items, told["items"], strict=True):
        item.open_type, item.share_type, item.secret = v.OpenType(open_type), v.ShareType(share_type), secret


def draft(world: World, at: datetime, owner: Tenant, source: Tenant, names: Sequence[str], title: str) -> Entry:
    """A draft of an owner with data items of these names."""
    unit = world.by(SYSTEM, at)
    tenant = world.tenant(owner)
    row = datasets.register(
        world.by(Actor("person", world.cast.steward.id, standings=steward_of(world, tenant)), at),
        tenant,
        datasets.Description(title=title),
        source=world.tenant(source),
    )
    for position, name in enumerate(names):
        described = datasets.ItemDescription(name=name)
        row.items.append(
            Item(
                id=new_id(),
                position=position,
                name=name,
                type=described.type,
                desensitisation=described.desensitisation,
                security_level=described.security_level,
                share_type=described.share_type,
                open_type=described.open_type,
            )
        )
    unit.session.flush()
    return row


def steward_of(world: World, tenant: Tenant) -> Any:
    """The place of a steward in a tenant."""
    known = world.cast.steward.standings[0]
    return (type(known)(v.Role.STEWARD, tenant.id, tenant.path, tenant.kind),)


def changed(rng: random.Random, told: dict[str, Any], at: datetime) -> dict[str, Any]:
    """What the log knows of an entry after some of it changed."""
    fresh = {
        "state": rng.choice(["PUBLISHED", "PUBLISHED", "PUBLISHED", *[str(one.value) for one in v.EntryState]]),
        "share": rng.choice([str(one.value) for one in v.ShareType]),
        "open": rng.choice([str(one.value) for one in v.OpenType]),
        "open_state": rng.choice(["OPEN", "OPEN", *[str(one.value) for one in v.OpenState]]),
        "mounted": rng.random() < 0.7,
        "probe": rng.random() < 0.8,
        "rows": rng.choice([None, 0, 1, 10**10]),
        "grade": rng.choice([None, "A", "B", "C", "D", "E"]),
        "cycle": rng.choice(list(oracle.CYCLES)),
        "updated": rng.choice([None, at - rng.random() * 40 * DAY]),
        "items": [
            (
                rng.choice([str(one.value) for one in v.OpenType]),
                rng.choice([str(one.value) for one in v.ShareType]),
                rng.random() < 0.03,
            )
            for _ in told["items"]
        ],
    }
    return {**told, **{name: fresh[name] for name in rng.sample(sorted(fresh), rng.randint(1, len(fresh)))}}


def grow_entries(world: World, rng: random.Random, now: datetime) -> None:
    """Entries of three owners that change at random, some with the same content from the same source."""
    cast = world.cast
    owners = [cast.department, cast.other, cast.county]
    rows: list[tuple[Entry, dict[str, Any]]] = []
    for number in range(18):
        owner, source = rng.choice(owners), rng.choice(owners)
        names = rng.choice([("a",), ("a", "b"), ("b", "c", "d"), ("e",), ()])
        entry = draft(world, now, owner, source, names, f"目录{number:02d}")
        told = told_of(owner.id, [owner.id, cast.city.id], source.id, names)
        world.note(now, entry, told)
        rows.append((entry, told))
    rows += [(entry, harvested(world, now, entry)) for entry in harvest(world, now, 6)]
    at = now
    for _ in range(110):
        at += rng.random() * DAY
        place = rng.randrange(len(rows))
        entry, told = rows[place][0], changed(rng, rows[place][1], at)
        write(entry, told)
        world.note(at, entry, told)
        rows[place] = entry, told


def harvest(world: World, now: datetime, most: int) -> list[Entry]:
    """Entries taken over from a neighbour's catalogue."""
    unit, owner = world.by(SYSTEM, now), world.tenant(world.cast.other)
    source = harvest_sources.ensure(unit, owner, key="shaoxing", zh="绍兴市公共数据开放平台", kind=Kind.LIST)
    importing.import_records(unit, source, [Listing("shaoxing", str(one), f"邻市目录{one}") for one in range(most)])
    return list(world.session.scalars(select(Entry).where(Entry.origin == v.Origin.HARVESTED)))


def harvested(world: World, now: datetime, entry: Entry) -> dict[str, Any]:
    """Note an entry from elsewhere as published, open and with data; gives what the log knows of it."""
    told = told_of(world.cast.other.id, [world.cast.other.id, world.cast.city.id], world.cast.other.id, ())
    opened = {"state": "PUBLISHED", "open": "OPEN_UNCOND", "open_state": "OPEN", "mounted": True, **live_data(now)}
    found = {**told, **opened, "origin": "HARVESTED"}
    write(entry, found)
    world.note(now, entry, found)
    return found


def grow_demands(world: World, rng: random.Random, now: datetime, mounts: Entry) -> None:
    """Demands of two departments, each walked to a random place by those whose turn it is."""
    for number in range(14):
        walk(world, rng, now + rng.random() * 20 * DAY, mounts, f"用途{rng.randrange(10)}", number % 3 == 0)


def walk(world: World, rng: random.Random, at: datetime, mounts: Entry, purpose: str, from_county: bool) -> None:
    """Move one demand step by step and keep the log of it."""
    cast = world.cast
    tenant = world.tenant(cast.county if from_county else cast.other)
    asker = Actor("person", cast.stranger.id, standings=steward_of(world, tenant))
    wanted = rng.choice([["x"], ["x", "y"], ["x", "y", "z"]])
    asked = world.by(asker, at)
    demand = demands.ask(
        asked, tenant, world.tenant(cast.city), title="需求", purpose=purpose, legal_basis="条例", items=wanted
    )
    told = {
        "id": demand.id,
        "path": [tenant.id, cast.city.id],
        "need": demand.id,
        "accepted": None,
        "confirmed": None,
        "due": None,
        "wanted": len(wanted),
        "supplied": 0,
    }

    def step(**values: Any) -> None:
        nonlocal told
        told = {**told, **values}
        world.demands.append((at, told))

    step()
    calendar = rulebook.in_force().calendar
    for action in rng.choice(PATHS):
        at += rng.random() * 9 * DAY
        day = local_date(at)
        officer, reviewer = world.by(cast.officer, at), world.by(cast.reviewer, at)
        if action == "dispatch":
            demands.dispatch(officer, demand, world.tenant(cast.department))
            step(accepted=day, need=(tenant.id, purpose, tuple(wanted)))
        elif action == "return":
            demands.rule(officer, demand, "return", comment="已有", kind="ADMIN_PORTAL")
            step(accepted=day, need=(tenant.id, None, purpose, tuple(wanted)))
        elif action == "accept":
            demands.answer(reviewer, demand, "accept")
            step(due=calendar.add_workdays(day, 10))
        elif action == "refuse":
            demands.answer(reviewer, demand, "refuse", comment="不掌握", basis="第八条")
            step()
        elif action == "agree_return":
            demands.rule(
                officer, demand, action, comment="同意", basis="第八条", kind="ADMIN_AGREE_RETURN", lawful=True
            )
            step()
        elif action == "mount":
            supplied = wanted[: rng.randint(1, len(wanted))]
            demands.mount(reviewer, demand, mounts, supplied)
            step(supplied=len(supplied))
        elif action == "send_back":
            demands.confirm(world.by(asker, at), demand, met=False, comment="不全")
            step(due=calendar.add_workdays(day, 10))
        else:
            demands.confirm(world.by(asker, at), demand, met=True)
            step(confirmed=day)


PATHS = [
    [],
    ["return"],
    ["dispatch"],
    ["dispatch", "refuse"],
    ["dispatch", "refuse", "agree_return"],
    ["dispatch", "accept"],
    ["dispatch", "accept", "mount"],
    ["dispatch", "accept", "mount", "confirm"],
    ["dispatch", "accept", "mount", "confirm"],
    ["dispatch", "accept", "mount", "send_back", "mount", "confirm"],
]

"""Labels are the visibility rule: over generated worlds they, the rule as SQL and the search name the same entries."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from catalog import reading, search
from catalog.models import CatalogChange, Entry
from catalog.reading import Purpose
from catalog.search import Index, Query
from policies import vocabulary as v
from tenancy import database, work
from tenancy.actors import ANONYMOUS, SYSTEM, Actor, Standing
from tenancy.database import Database
from tenancy.models import Tenant, TenantAncestor, TenantName
from tenancy.types import Base, new_id

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
KINDS = [v.TenantKind.COUNTY, v.TenantKind.DEPARTMENT, v.TenantKind.SUBUNIT]
PEOPLE = ["p-0", "p-1", "p-2"]

# A world: a parent for each tenant but the first, an entry's owner with its columns, each person's standings.
worlds = st.fixed_dictionaries(
    {
        "tree": st.lists(st.integers(0, 4), min_size=1, max_size=5),
        "entries": st.lists(
            st.fixed_dictionaries(
                {
                    "owner": st.integers(0, 5),
                    "state": st.sampled_from(v.EntryState),
                    "open_state": st.sampled_from(v.OpenState),
                    "share_type": st.sampled_from(v.ShareType),
                    "open_type": st.sampled_from(v.OpenType),
                    "open_tier": st.sampled_from(v.OpenTier),
                    "metadata_public": st.booleans(),
                    "origin": st.sampled_from(v.Origin),
                    "author_id": st.sampled_from([*PEOPLE, "system"]),
                }
            ),
            max_size=12,
        ),
        "standings": st.lists(
            st.lists(st.tuples(st.integers(0, 6), st.sampled_from([None, *v.Role])), max_size=3),
            min_size=len(PEOPLE),
            max_size=len(PEOPLE),
        ),
    }
)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database for all examples, which is emptied between them."""
    opened = database.connect(f"sqlite:///{tmp_path_factory.mktemp('labels') / 'worlds.sqlite'}")
    Base.metadata.create_all(opened.engine)
    yield opened
    opened.close()


def populate(db: Database, world: dict[str, Any], maker: Any) -> list[Actor]:
    """Put a world into the empty database; gives everyone who may ask."""
    with db.write() as session:
        for table in (CatalogChange, Entry, TenantAncestor, TenantName, Tenant):
            session.execute(delete(table))
        session.commit()
    with work.begin(db, SYSTEM, NOW) as deed:
        bodies: list[Tenant] = []
        for number, parent in enumerate([None, *world["tree"]]):
            kind = v.TenantKind.CITY if parent is None else KINDS[number % 3]
            bodies.append(body(deed, kind, None if parent is None else bodies[parent % len(bodies)]))
        company = body(deed, v.TenantKind.APPLICANT, None)
        for number, values in enumerate(world["entries"]):
            columns = dict(values)
            harvested = columns["origin"] is v.Origin.HARVESTED
            extra = {"origin_portal": "x", "external_id": str(number)} if harvested else {}
            owner = bodies[columns.pop("owner") % len(bodies)]
            maker(deed, owner, f"目录{number}", **columns, **extra)
        places = [*bodies, company]
        people = [
            Actor("person", login, standings=tuple(standing(places[at % len(places)], role) for at, role in held))
            for login, held in zip(PEOPLE, world["standings"], strict=True)
        ]
    return [ANONYMOUS, Actor("credential", new_id()), *people]


def body(deed: work.Work, kind: v.TenantKind, parent: Tenant | None) -> Tenant:
    """A tenant under another, written straight into its tables because there are so many of them."""
    name = TenantName(id=new_id(), zh="单位", en="", valid_from=NOW.date())
    made = Tenant(id=new_id(), key=new_id(), kind=kind, region_code="330500", created_at=NOW, names=[name])
    path = (made.id, *(parent.path if parent else ()))
    made.ancestry = [TenantAncestor(ancestor_id=one, depth=depth) for depth, one in enumerate(path)]
    deed.session.add(made)
    return made


def standing(tenant: Tenant, role: v.Role | None) -> Standing:
    """A person's place as `actors.find` would give it."""
    return Standing(role, tenant.id, tenant.path, tenant.kind)


@settings(max_examples=80, deadline=None)
@given(world=worlds)
def test_labels_are_the_rule(bare: Database, maker: Any, world: dict[str, Any]) -> None:
    everyone = populate(bare, world, maker)
    with bare.read() as session:
        entries = list(session.scalars(select(Entry)))
        for actor in everyone:
            labels = reading.labels(actor)
            by_labels = {entry.id for entry in entries if labels & reading.labels_of(entry)}
            query = select(Entry.id).where(reading.readable(actor, Purpose.SEE, NOW))
            assert by_labels == set(session.scalars(query))


@settings(max_examples=15, deadline=None)
@given(world=worlds)
def test_the_search_finds_and_counts_what_the_rule_gives(bare: Database, maker: Any, world: dict[str, Any]) -> None:
    everyone = populate(bare, world, maker)
    with TemporaryDirectory() as folder, bare.read() as session:
        index = Index.open(Path(folder))
        assert search.rebuild(index, bare) == sum(one["state"] is not v.EntryState.DELETED for one in world["entries"])
        for actor in everyone:
            rule = set(session.scalars(select(Entry.id).where(reading.readable(actor, Purpose.SEE, NOW))))
            for text in ("", "目录"):
                found = search.find(index, session, actor, NOW, Query(text))
                assert {entry.id for entry in found.entries} == rule
                assert found.total == len(rule)
                for name, counts in found.facets.items():
                    # No entry of these worlds tells its granularity.
                    assert sum(count for _, count in counts) == (0 if name == "granularity" else len(rule))

"""Counts of facets: entries in hand and the index say the same, for any ticks, order, page and number of values."""

import random
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from catalog import search, search_values
from catalog.models import Entry
from catalog.search import Index, Query, Sort
from policies import vocabulary as v
from tenancy import work
from tenancy.actors import ANONYMOUS, SYSTEM

WORDS = ("学校", "公交", "空气", "医院")
TICKS = (
    {},
    {"theme": ("6",)},
    {"theme": ("6", "7"), "tier": ("T0",)},
    {"format": ("csv", "xlsx"), "update_cycle": ("DAILY",)},
    {"granularity": ("一行一站",), "region": ("330500", "330521")},
    {"tier": ("TX",)},
    {"tenant": ("没有的单位",)},
)


@pytest.fixture
def index(db, cast, now, maker: Callable[..., Entry], tmp_path: Path) -> Index:
    """Sixty entries whose facets are all over the place, some without a value."""
    chance = random.Random(20261123)  # noqa: S311 - the same entries every time
    with work.begin(db, SYSTEM, now) as deed:
        tenant = deed.session.merge(cast.department)
        for number in range(60):
            maker(
                deed,
                tenant,
                f"{chance.choice(WORDS)}{chance.choice(WORDS)}名录{number}",
                origin=v.Origin.HARVESTED,
                origin_portal="邻市",
                publisher_name=chance.choice(("卫生局", "教育局", "教育局 ", "")),
                themes=chance.sample(["6", "7", "10", "18"], chance.randint(0, 3)),
                formats=chance.sample(["csv", "json", "xlsx"], chance.randint(0, 3)),
                open_tier=chance.choice([v.OpenTier.T0, v.OpenTier.T1]),
                update_cycle=chance.choice([v.UpdateCycle.DAILY, v.UpdateCycle.YEARLY]),
                region_code=chance.choice(["330500", "330521", "330522"]),
                granularity=chance.choice(["", "一行一站", "一行一天"]),
            )
    return Index.open(tmp_path / "index")


def test_in_hand_and_index_say_the_same(index: Index, db, now, monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(most_in_hand: int) -> list[object]:
        monkeypatch.setattr(search, "MOST_IN_HAND", most_in_hand)
        index.forget()
        found = []
        with db.read() as session:
            for text, ticks, sort in product(("学校", "公交学校", "学校 没有的词"), TICKS, Sort):
                for page in (1, 2):
                    query = Query(text, ticks, sort=sort, page=page, per_page=7)
                    one = search.find(index, session, ANONYMOUS, now, query)
                    found.append((query, one.total, [entry.id for entry in one.entries], one.facets, one.partly))
        return found

    whole = answers(search.MOST_IN_HAND)
    assert whole == answers(1)
    assert {one[1] for one in whole} > {0}, "some questions find something, some don't"  # type: ignore[index]


def test_as_many_values_are_told_as_are_wanted(index: Index, db, now) -> None:
    with db.read() as session:
        every = search.find(index, session, ANONYMOUS, now, Query()).facets
        few = search.find(index, session, ANONYMOUS, now, Query(most_values=1)).facets
    assert len(every["tenant"]) > 1
    assert len(every["granularity"]) > 1
    for name, values in every.items():
        # Of values that are equally frequent any may be told; only names without end are cut.
        told = 1 if name in ("tenant", "granularity") else len(values)
        assert [count for _, count in few[name]] == [count for _, count in values[:told]]
        assert set(few[name]) <= set(values)


def test_values_that_came_later_are_told(index: Index, db, cast, now, maker: Callable[..., Entry]) -> None:
    with db.read() as session:
        search.find(index, session, ANONYMOUS, now, Query("学校"))
    with work.begin(db, SYSTEM, now) as deed:
        tenant = deed.session.merge(cast.department)
        maker(deed, tenant, "学校新", origin=v.Origin.HARVESTED, origin_portal="邻市", publisher_name="新单位")
    with db.read() as session:
        for query in (Query("学校"), Query()):
            assert ("新单位", 1) in search.find(index, session, ANONYMOUS, now, query).facets["tenant"]


def test_a_number_is_always_that_of_its_text() -> None:
    assert search_values.number("教育局") == 797064768056926784
    assert 0 <= search_values.number("\ud800") < 2**search_values.BITS

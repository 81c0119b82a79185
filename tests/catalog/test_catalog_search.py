"""Search: words, pinyin, traditional characters, facets, rights, order, and texts that nobody should type."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from catalog import search
from catalog.models import Entry
from catalog.search import Found, Index, Query, Sort
from policies import vocabulary as v
from policies.refusals import Invalid
from tenancy import work
from tenancy.actors import ANONYMOUS, SYSTEM, Actor

TITLES = {
    "学校基本信息": {"tags": ["教育"], "themes": ["7"], "abstract": "全市中小学名称和地址"},
    "湖州市公交线路": {
        "tags": ["公交", "客运"],
        "themes": ["6"],
        "abstract": "公交线路与站点",
        "formats": ["csv", "json"],
    },
    "空气质量自动监测小时值": {
        "themes": ["10"],
        "abstract": "各监测站每小时数据",
        "title_en": "Hourly air quality",
    },
    "A级旅游景区名录": {"themes": ["18"], "open_tier": v.OpenTier.T1},
}


class Place:
    """A catalogue with its index, and the questions of one instant."""

    def __init__(self, db, cast, now, folder: Path) -> None:
        self.db, self.cast, self.now = db, cast, now
        self.index = Index.open(folder)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self.db.read() as session:
            yield session

    def find(self, text: str = "", actor: Actor = ANONYMOUS, **asked) -> Found:
        with self.db.read() as session:
            found = search.find(self.index, session, actor, self.now, Query(text, **asked))
            session.expunge_all()
            return found

    def titles(self, text: str = "", actor: Actor = ANONYMOUS, **asked) -> list[str]:
        return [entry.title for entry in self.find(text, actor, **asked).entries]


@pytest.fixture
def place(db, cast, now, maker: Callable[..., Entry], tmp_path: Path) -> Place:
    with work.begin(db, SYSTEM, now) as deed:
        tenant = deed.session.merge(cast.department)
        for number, (title, values) in enumerate(TITLES.items()):
            moment = now - timedelta(days=number)
            maker(
                deed,
                tenant,
                title,
                ("XZQH_CODE", "站点名称"),
                data_updated_at=moment,
                score=90.0 - number,
                **values,
            )
    return Place(db, cast, now, tmp_path / "index")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("学校", "学校基本信息"),
        ("學校", "学校基本信息"),
        ("学校信息", "学校基本信息"),
        ("本信", "学校基本信息"),
        ("xuexiao", "学校基本信息"),
        ("XUEXIAO", "学校基本信息"),
        ("xuexiaojiben", "学校基本信息"),
        ("huzhou", "湖州市公交线路"),
        ("gjxl", "湖州市公交线路"),
        ("公交车的线路", "湖州市公交线路"),
        ("客运", "湖州市公交线路"),
        ("空气", "空气质量自动监测小时值"),
        ("ＡＩＲ quality", "空气质量自动监测小时值"),
        ("a级", "A级旅游景区名录"),
    ],
)
def test_words_find(place: Place, text: str, title: str) -> None:
    assert place.titles(text)[0] == title


def test_items_publisher_and_code_find(place: Place) -> None:
    assert len(place.titles("xzqh_code")) == len(place.titles("交通运输局")) == len(TITLES)
    wanted = place.find("公交").entries[0]
    assert [entry.id for entry in place.find(wanted.code).entries] == [wanted.id]
    assert [entry.id for entry in place.find(wanted.code.replace("/", "-")).entries] == [wanted.id]


def test_title_weighs_more_than_abstract(place: Place, maker, db, now, cast) -> None:
    with work.begin(db, SYSTEM, now) as deed:
        tenant = deed.session.merge(cast.department)
        maker(deed, tenant, "道路名录", abstract="停车场附近的道路，停车场入口，停车场出口")
        maker(deed, tenant, "停车场名录", abstract="路边")
    assert place.titles("停车场") == ["停车场名录", "道路名录"]


def test_facets_count_and_narrow(place: Place) -> None:
    found = place.find()
    assert found.total == 4
    assert dict(found.facets["theme"]) == {"6": 1, "7": 1, "10": 1, "18": 1}
    assert found.facets["format"] == [("csv", 4), ("json", 1)]
    assert found.facets["tier"] == [("T0", 3), ("T1", 1)]
    assert found.facets["tenant"] == [(place.cast.department.id, 4)]
    assert found.facets["update_cycle"] == [("DAILY", 4)]
    assert found.facets["region"] == [("330500", 4)]
    assert found.facets["origin"] == [("OWN", 4)]
    ticked = place.find(facets={"theme": ("6", "7"), "tier": ("T0",)})
    assert ticked.total == 2
    assert dict(ticked.facets["theme"]) == {"6": 1, "7": 1, "10": 1}, "a facet is not narrowed by its own ticks"
    assert ticked.facets["tier"] == [("T0", 2)]
    assert place.find(facets={"theme": ()}).total == 4
    with pytest.raises(Invalid) as refused:
        place.find(facets={"labels": ("open",)})
    assert refused.value.code == "search.unknown-facet"


def test_orders_and_pages(place: Place) -> None:
    newest = list(TITLES)
    assert place.titles() == place.titles(sort=Sort.UPDATED) == place.titles(sort=Sort.SCORE) == newest
    assert place.titles(sort=Sort.TITLE) == [
        "A级旅游景区名录",
        "湖州市公交线路",
        "空气质量自动监测小时值",
        "学校基本信息",
    ]
    pages = [place.titles(page=number, per_page=3) for number in (1, 2, 3)]
    assert pages == [newest[:3], newest[3:], []]
    assert place.find(page=10**12).total == 4
    assert len(place.titles(page=-5, per_page=-5)) == 1


def test_a_scope_holds_what_lies_below_it(place: Place, maker, db, now, cast) -> None:
    with work.begin(db, SYSTEM, now) as deed:
        maker(deed, deed.session.merge(cast.county), "德清县农田")
    assert place.titles(scope=cast.county.id) == ["德清县农田"]
    assert place.find(scope=cast.city.id).total == 5
    assert place.find(scope="no such tenant").total == 0


def test_place_time_and_granularity_narrow(place: Place, maker, db, now, cast) -> None:
    with work.begin(db, SYSTEM, now) as deed:
        tenant = deed.session.merge(cast.department)
        spans = {"甲": (date(2020, 1, 1), date(2020, 12, 31)), "乙": (date(2021, 6, 1), None), "丙": (None, None)}
        for number, (title, (first, last)) in enumerate(spans.items()):
            region = ("330502", "330521", "330100")[number]
            values = {"time_from": first, "time_to": last, "granularity": ("一站一行", "按　天", "")[number]}
            maker(deed, tenant, title, region_code=region, themes=["3"], tags=["丁"], **values)

    def ask(**asked) -> set[str]:
        return set(place.titles("丁", **asked))

    assert ask(place="330500") == {"甲", "乙"}
    assert ask(place="330000") == {"甲", "乙", "丙"}
    assert ask(place="330502") == {"甲"}
    assert ask(place="33") == ask(place="nowhere") == set()
    assert place.find(place="330500").total == len(TITLES) + 2, "the entries of the city itself are in it too"
    assert ask(time_from=date(2020, 12, 31)) == {"甲", "乙"}, "who gives no last day goes on"
    assert ask(time_to=date(2021, 5, 31)) == ask(time_to=date(2020, 1, 1)) == {"甲"}
    assert ask(time_from=date(2021, 1, 1), time_to=date(2021, 5, 31)) == set()
    assert ask(time_from=date(2030, 1, 1), time_to=date(2031, 1, 1)) == {"乙"}
    assert ask(time_from=date(2031, 1, 1), time_to=date(2020, 1, 1)) == set()
    narrow = place.find("丁", time_from=date(2000, 1, 1), facets={"granularity": ("按 天",)})
    assert [entry.title for entry in narrow.entries] == ["乙"]
    assert narrow.facets["granularity"] == [("一站一行", 1), ("按 天", 1)]
    assert narrow.facets["region"] == [("330521", 1)]


def test_nothing_found_offers_the_nearest(place: Place) -> None:
    assert place.find("学效").corrected == place.find("雪校").corrected == "学校"
    assert place.find("工交线路").corrected == "公交线路", "another character of the same sound"
    assert place.find("公文线路").corrected == "公交线路", "one wrong character"
    assert place.find("空气之量").corrected == "空气质量"
    assert place.find("gongjaoxianlu").corrected == "公交线路", "a letter left out"
    assert place.find("kongqizhilaing").corrected == "空气质量"
    assert place.find("工交 线路").corrected == "公交 线路"
    assert place.find("xuexaio").corrected == "学校"
    assert (place.find("火箭").total, place.find("火箭").corrected) == (0, None)
    assert place.find("zzzz").suggestions == ()


def test_where_no_entry_has_every_word_those_with_most_are_shown(place: Place) -> None:
    found = place.find("公交火箭")
    assert found.partly
    assert [entry.title for entry in found.entries] == ["湖州市公交线路"]
    assert not place.find("公交线路").partly
    assert place.find("火箭").total == 0


def test_suggestions_go_on_from_what_is_typed(place: Place) -> None:
    with place.reading() as session:
        for prefix in ("学", "xue", "xu"):
            suggested = search.suggest(place.index, session, ANONYMOUS, place.now, prefix)
            assert suggested.words[0] == "学校", prefix
            assert suggested.entries[0].title == "学校基本信息"
        assert search.suggest(place.index, session, ANONYMOUS, place.now, '"*') == search.Suggestions((), ())


def test_suggestions_and_corrections_know_only_what_the_actor_may(place: Place, maker, db, now, cast) -> None:
    with work.begin(db, SYSTEM, now) as deed:
        tenant = deed.session.merge(cast.department)
        maker(deed, tenant, "绝密蓝图汇总", state=v.EntryState.DRAFT)
    with place.reading() as session:
        inside = search.suggest(place.index, session, cast.steward, place.now, "蓝")
        assert inside.words == ("蓝图",)
        for actor in (ANONYMOUS, cast.stranger, cast.requester):
            assert search.suggest(place.index, session, actor, place.now, "蓝") == search.Suggestions((), ())
    assert place.find("蓝途", cast.steward).corrected == "蓝图"
    assert place.find("蓝途").corrected is None
    assert place.find("蓝图").total == 0
    assert sum(count for _, count in place.find().facets["tier"]) == 4


@pytest.mark.parametrize(
    "text",
    [
        "*",
        '"',
        "'",
        "(",
        '+-&&||!(){}[]^"~*?:\\/',
        "🙂",
        "\x00\ud800",
        "学校" * 5000,
        "x" * 10_000,
        "a.*b",
        "%",
    ],
)
def test_any_text_has_an_answer(place: Place, text: str) -> None:
    found = place.find(text)
    assert found.total == len(found.entries)
    assert ("学校" in text) == (found.total > 0)


def test_the_syntax_of_queries_means_nothing(place: Place) -> None:
    assert place.find("title:学校").partly, "both are words, and no entry holds the first"
    assert place.titles("学校 -信息 +(基本)") == place.titles("学校信息基本") == ["学校基本信息"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(max_size=60))
def test_no_text_breaks_the_search(place: Place, text: str) -> None:
    found = place.find(text)
    assert found.total >= len(found.entries)
    with place.reading() as session:
        search.suggest(place.index, session, ANONYMOUS, place.now, text)

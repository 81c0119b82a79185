"""How words are read: numbers in both forms, mixed tokens, pinyin in every way of typing it, synonyms."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from catalog import numerals, search, synonyms, words
from catalog.models import Entry
from catalog.search import Index, Query
from catalog.synonyms import Draft
from policies.refusals import Forbidden, Invalid
from tenancy import work
from tenancy.actors import ANONYMOUS, SYSTEM
from tenancy.database import Database

FOUND = {
    "二〇二四年度部门决算": ("2024年", "2024 决算", "二〇二四", "２０２４"),
    "二十一世纪教育规划": ("21世纪", "二十一世纪", "21"),
    "第3批非物质文化遗产名录": ("第三批", "第3批", "非遗"),
    "PM2.5小时浓度": ("pm2.5", "PM25", "ＰＭ２.５", "pm2.5 浓度"),
    "5G基站分布": ("5g", "５Ｇ基站", "jizhan"),
    "政务数据质量评价（GB/T 36344）": ("GB/T 36344", "gbt36344", "gb/t36344", "36344"),
    "E-mail地址登记表": ("email", "e-mail", "E-MAIL 地址"),
    "旅游景区客流": ("lvyou", "luyou", "lüyou", "lü you", "lyjq", "lv you jing qu"),
    "公交线路走向": (
        "gong jiao xian lu",
        "gongjiao 线路",
        "gongjiaoxianl",
        "gj线路",
        "xianlu",
        "jiaoxian",
        "公共汽车线路",
    ),
    "西安路停车场": ("xi'an", "xianlu", "泊车"),
}


def test_numbers_are_read_where_they_are_numbers() -> None:
    read = {"二十一世纪": "21世纪", "一百零八": "108", "两千零二十": "2020", "十万元": "10万元", "第一批": "第1批"}
    kept = ("十四五规划", "一般公共预算", "三农", "千岛湖", "二三产业", "三公经费", "五一节", "百年")
    assert {text: numerals.in_digits(text) for text in read} == read
    assert {text: numerals.in_digits(text) for text in kept} == {text: text for text in kept}
    assert words.clean("臺灣ＡＢ") == "台湾ab"


def test_titles_are_found_however_they_are_typed(
    db: Database, cast: Any, now: datetime, maker: Callable[..., Entry], tmp_path: Path
) -> None:
    with work.begin(db, SYSTEM, now) as deed:
        tenant = deed.session.merge(cast.department)
        for title in FOUND:
            maker(deed, tenant, title)
    index = Index.open(tmp_path / "index")
    with db.read() as session:
        for title, texts in FOUND.items():
            for text in texts:
                found = search.find(index, session, ANONYMOUS, now, Query(text))
                assert title in [entry.title for entry in found.entries], text
        suggested = search.suggest(index, session, ANONYMOUS, now, "公交线")
        assert "公交线路" in suggested.words, "the words before stay"
        assert "公交" in search.suggest(index, session, ANONYMOUS, now, "gj").words, "initials"


def test_a_change_of_synonyms_holds_for_every_process_at_once(
    db: Database, cast: Any, now: datetime, maker: Callable[..., Entry], tmp_path: Path
) -> None:
    with work.begin(db, SYSTEM, now) as deed:
        tenant = deed.session.merge(cast.department)
        maker(deed, tenant, "存车处名录")
        maker(deed, tenant, "非机动车停放点")
    one, other = Index.open(tmp_path / "index"), Index.open(tmp_path / "index")

    def titles(index: Index) -> list[str]:
        with db.read() as session:
            return [entry.title for entry in search.find(index, session, ANONYMOUS, now, Query("存车处")).entries]

    assert titles(one) == titles(other) == ["存车处名录"]
    with pytest.raises(Forbidden), work.begin(db, cast.steward, now) as deed:
        synonyms.add(deed, Draft("存车处、停放点"))
    with work.begin(db, cast.system_admin, now) as deed:
        key = synonyms.add(deed, Draft("存车处、停放点")).id
    assert titles(one) == titles(other) == ["存车处名录", "非机动车停放点"], "the word itself comes first"
    with work.begin(db, cast.system_admin, now) as deed:
        synonyms.change(deed, synonyms.find(deed.session, key), Draft("存车处、车棚"))
    assert titles(one) == titles(other) == ["存车处名录"]


@pytest.mark.parametrize(
    "text", ["", "独词", "、、", "甲" * 41 + "、乙", "！、？", "、".join(f"词{n}" for n in range(13))]
)
def test_a_group_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        synonyms.split(Draft(text))

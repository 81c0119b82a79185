"""Data standards of the demonstration: lists, elements, items that follow them, a claim, a cleaning plan."""

from collections.abc import Mapping
from datetime import datetime

from catalog import item_standards, national_codes, sources, standard_versions
from catalog.models import Entry
from catalog.standard_models import DataElement
from catalog.standard_versions import ElementValues
from open_portal.demonstration.cast import Cast
from open_portal.wiring import Kit
from policies import vocabulary as v
from policies.calendars import local_date
from quality.cleaning import cleanings
from quality.cleaning.cleaning import Step
from tenancy import tenants, work
from tenancy.actors import SYSTEM

OWNER = "civil-affairs"
DIVISION = "^[0-9]{6}$"
ELEMENTS = (
    ElementValues(
        "division-code",
        "县级行政区划代码",
        "County division code",
        "GB/T 2260 规定的六位县级代码。",
        length=6,
        pattern=DIVISION,
        code_list="division-huzhou",
        source="GB/T 2260",
    ),
    ElementValues(
        "division-name",
        "县级行政区划名称",
        "County division name",
        "与代码一一对应的区县全称。",
        length=20,
        code_list="division-huzhou#zh",
        source="GB/T 2260",
    ),
    ElementValues(
        "ethnic-code",
        "民族代码",
        "Ethnic group code",
        "两位数字代码。",
        length=2,
        code_list="ethnic-group",
        source="GB/T 3304-1991",
    ),
    ElementValues("area-km2", "面积", "Area", "行政区域面积。", type=v.ItemType.NUMBER, unit="平方千米"),
)
LINKS: Mapping[str, Mapping[str, tuple[str | None, str | None]]] = {
    "huzhou-villages": {"县级代码": ("division-code", None), "区县名称": ("division-name", None)},
    "huzhou-towns": {"县级代码": ("division-code", None), "区县名称": ("division-name", None)},
    "gb3304-ethnic-groups": {"数字代码": ("ethnic-code", None), "民族名称": (None, "ethnic-group#zh")},
    "gb4754-industries": {"代码": (None, "industry-section")},
}
STEWARDS = {"gb3304-ethnic-groups": "ethnic-religious", "gb4754-industries": "market-regulation"}
CLEANED = ("gb3304-ethnic-groups", "ethnic-religious")
STEPS = (
    Step("trim", "民族名称"),
    Step("translate", "民族名称", {"map": {"毛难族": "毛南族", "崩龙族": "德昂族", "傈傈族": "傈僳族"}}),
)


def load(kit: Kit, cast: Cast, entries: Mapping[str, str], now: datetime) -> None:
    """Enter the lists, agree on the elements, link items, claim a source, keep a plan; `entries` are ids by key."""
    with work.begin(kit.database, SYSTEM, now) as unit:
        national_codes.enter(unit, tenants.find(unit.session, "huzhou"), local_date(now))
    for values in ELEMENTS:
        with work.begin(kit.database, cast.steward(OWNER), now) as unit:
            row = standard_versions.propose(unit, tenants.find(unit.session, OWNER), values)
            standard_versions.submit(unit, row)
            row_id = row.id
        if values.name != "area-km2":
            with work.begin(kit.database, cast.actor("officer-a"), now) as unit:
                standard_versions.review(unit, unit.session.get_one(DataElement, row_id), "approve", comment="同意。")
    for key, links in LINKS.items():
        with work.begin(kit.database, cast.steward(STEWARDS.get(key, OWNER)), now) as unit:
            item_standards.link(unit, unit.session.get_one(Entry, entries[key]), links)
    with work.begin(kit.database, cast.steward(OWNER), now) as unit:
        owner = tenants.find(unit.session, OWNER)
        sources.claim(unit, owner, "division-code", basis="《行政区划管理条例》：民政部门负责行政区划管理")
    key, steward = CLEANED
    with work.begin(kit.database, cast.steward(steward), now) as unit:
        entry = unit.session.get_one(Entry, entries[key])
        cleanings.set_plan(unit, entry, STEPS)
        cleanings.request(unit, entry, preview=True)

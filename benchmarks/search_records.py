"""The records which `benchmarks.search` searches: catalogues of Chinese portals, each as it was downloaded.

A folder holds one file of JSON for each portal (`province_city.json` or `city.json`, or with `.gz`; a list of objects),
under the headings of that portal. Records that repeat another word for word are left out. More records than there are
come from the same ones again, under the name of another county and another year, as if other places had them too.
"""

import gzip
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from policies import vocabulary as v

SEED = 20261123
HEADINGS = {
    "title": "标题 资源名称 数据集名称 目录名称",
    "abstract": "摘要 摘要信息 摘要描述 数据摘要 资源描述 目录摘要",
    "provider": "数源单位 发布部门 资源提供方 数据提供方 所属单位 提供部门 提供单位",
    "themes": "数据领域 主题名称 所属主题 领域分类 所属领域",
    "tags": "标签 资源标签 数据标签 关键字",
    "formats": "资源格式 数据格式",
    "cycle": "更新周期 更新频度 更新频率",
    "updated": "更新日期 更新时间 资源更新日期 发布日期",
    "opening": "开放条件 开放等级 开放属性",
    "district": "所属区县",
}
PORTALS = {
    "anhui_anhui": ("340000", "安徽省"),
    "anhui_chizhou": ("341700", "池州市"),
    "guizhou_guiyang": ("520100", "贵阳市"),
    "jiangsu_jiangsu": ("320000", "江苏省"),
    "jiangsu_yancheng": ("320900", "盐城市"),
    "shanghai_shanghai": ("310000", "上海市"),
    "zhejiang_hangzhou": ("330100", "杭州市"),
    "zhejiang_jiaxing": ("330400", "嘉兴市"),
    "zhejiang_shaoxing": ("330600", "绍兴市"),
    "zhejiang_zhejiang": ("330000", "浙江省"),
    "zhejiang_zhoushan": ("330900", "舟山市"),
}
"""Each portal's place, which stands in for a provider or district that a record doesn't name."""
COUNTIES = {
    "330105": "拱墅区", "330106": "西湖区", "330108": "滨江区", "330109": "萧山区", "330110": "余杭区",
    "330111": "富阳区", "330112": "临安区", "330122": "桐庐县", "330127": "淳安县", "330182": "建德市",
    "330203": "海曙区", "330206": "北仑区", "330212": "鄞州区", "330213": "奉化区", "330225": "象山县",
    "330226": "宁海县", "330281": "余姚市", "330282": "慈溪市", "330302": "鹿城区", "330303": "龙湾区",
    "330304": "瓯海区", "330324": "永嘉县", "330326": "平阳县", "330327": "苍南县", "330328": "文成县",
    "330329": "泰顺县", "330381": "瑞安市", "330382": "乐清市", "330402": "南湖区", "330411": "秀洲区",
    "330421": "嘉善县", "330424": "海盐县", "330481": "海宁市", "330482": "平湖市", "330483": "桐乡市",
    "330502": "吴兴区", "330503": "南浔区", "330521": "德清县", "330522": "长兴县", "330523": "安吉县",
    "330602": "越城区", "330603": "柯桥区", "330604": "上虞区", "330624": "新昌县", "330681": "诸暨市",
    "330683": "嵊州市", "330702": "婺城区", "330703": "金东区", "330723": "武义县", "330726": "浦江县",
    "330781": "兰溪市", "330782": "义乌市", "330783": "东阳市", "330784": "永康市", "330802": "柯城区",
    "330902": "定海区", "330903": "普陀区", "331002": "椒江区", "331081": "温岭市", "331102": "莲都区",
}  # fmt: skip
CYCLES = (
    ("实时|即时", "REALTIME"),
    ("分钟", "MINUTELY"),
    ("小时", "HOURLY"),
    ("每天|每日", "DAILY"),
    ("每周", "WEEKLY"),
    ("每月|每半月", "MONTHLY"),
    ("每季", "QUARTERLY"),
    ("每半年", "HALF_YEARLY"),
    ("每年", "YEARLY"),
    ("不更新|静态", "NEVER"),
)
TIERS = (("依?申请|有条件|受限", "T2"), ("登录|注册|实名", "T1"))
THEMES = {term.zh: term.value for term in v.Theme}
FORMATS = {term.value: term.value for term in v.Format} | {"excel": "xlsx"}
_PLACE = re.compile("^(" + "|".join(COUNTIES.values()) + ")")


@dataclass(frozen=True)
class Record:
    """One data set as every engine gets it; `portal`, `title` and `provider` together name it for good."""

    number: int
    portal: str
    title: str
    abstract: str
    provider: str
    themes: tuple[str, ...]
    tags: tuple[str, ...]
    formats: tuple[str, ...]
    cycle: str
    tier: str
    region: str
    updated: date

    @property
    def key(self) -> str:
        """The name under which a judgement holds."""
        return f"{self.portal} | {self.title} | {self.provider}"

    @cached_property
    def id(self) -> str:
        """Its identifier in every engine."""
        return f"00000000-0000-4000-8000-{self.number:012d}"


def read(folder: Path) -> list[Record]:
    """Every record of the catalogues in a folder, each once, in the order of the files."""
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    files = sorted(path for path in folder.iterdir() if path.name.endswith((".json", ".json.gz")))
    for path in files:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        name = path.name.partition(".")[0]
        portal = next((one for one in PORTALS if one == name or one.endswith(f"_{name}")), name)
        for one in json.loads(raw):
            found.setdefault(portal + json.dumps(one, ensure_ascii=False, sort_keys=True), (portal, one))
    return [_record(number, portal, one) for number, (portal, one) in enumerate(found.values())]


def of_size(records: Sequence[Record], size: int) -> Iterator[Record]:
    """So many records: a sample, or all and then all again under other names."""
    chosen = random.Random(SEED)  # noqa: S311 - always the same sample is what is wanted
    if size <= len(records):
        taken = chosen.sample(records, size)
        yield from (replace(one, number=number) for number, one in enumerate(taken))
        return
    for number in range(size):
        turn, at = divmod(number, len(records))
        yield records[at] if turn == 0 else _varied(records[at], number, turn)


def _varied(record: Record, number: int, turn: int) -> Record:
    codes = list(COUNTIES)
    region = codes[(turn * 7 + record.number) % len(codes)]
    county, year = COUNTIES[region], 2004 + (turn + record.number) % 20
    office = _PLACE.sub("", record.provider).removeprefix("市").removeprefix("省")
    return replace(
        record,
        number=number,
        title=f"{county}{_PLACE.sub('', record.title)}（{year}年）",
        abstract=f"{record.abstract}（{county}，{year}年）",
        provider=f"{county}{office}"[:200],
        region=region,
        updated=record.updated - timedelta(days=turn * 11),
    )


def _record(number: int, portal: str, one: Mapping[str, Any]) -> Record:
    said = {name: _first(one, headings.split()) for name, headings in HEADINGS.items()}
    title = _line(said["title"])
    cycle, opening = _line(said["cycle"]), _line(said["opening"])
    district = _line(said["district"])
    region, place = PORTALS.get(portal, ("330000", portal))
    return Record(
        number=number,
        portal=portal,
        title=title[:500],
        abstract=_line(said["abstract"]),
        provider=(_line(said["provider"]) or place)[:200],
        themes=tuple(dict.fromkeys(THEMES.get(word, "99") for word in _words(said["themes"]))) or ("99",),
        tags=tuple(_words(said["tags"]))[:20],
        formats=tuple(dict.fromkeys(_formats(_words(said["formats"])))),
        cycle=next((code for pattern, code in CYCLES if re.match(pattern, cycle)), "IRREGULAR"),
        tier=next((code for pattern, code in TIERS if re.search(pattern, opening)), "T0"),
        region=next((code for code, name in COUNTIES.items() if name == district), region),
        updated=_day(said["updated"]),
    )


def _first(one: Mapping[str, Any], headings: Sequence[str]) -> Any:
    return next((one[heading] for heading in headings if one.get(heading) not in (None, "")), "")


def _line(value: Any) -> str:
    text = " ".join(str(value).split())
    return "" if text in {"None", "暂无"} else text


def _words(value: Any) -> list[str]:
    text = value.strip("[]").replace("'", "") if isinstance(value, str) else value
    parts = text if isinstance(text, list) else re.split(r"[、,，;；\s]+", str(text))
    return list(dict.fromkeys(str(part).strip() for part in parts if re.search(r"[^\W_]", str(part))))


def _formats(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        for part in re.split("[-:：/]", word.lower()):
            if part in FORMATS:
                yield FORMATS[part]


def _day(value: Any) -> date:
    if isinstance(value, int):
        return date.fromordinal(date(1970, 1, 1).toordinal() + value // 86_400_000)
    try:
        return date.fromisoformat(str(value).strip()[:10])
    except ValueError:
        return date(2020, 1, 1)

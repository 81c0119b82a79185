"""Division codes of other places: from a portal's address, a name, or the name of the body that publishes."""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from urllib.parse import urlsplit

from policies import divisions

HOSTS: Mapping[str, str] = MappingProxyType(
    {
        "data.zjzwfw.gov.cn": "330000",
        "data.hangzhou.gov.cn": "330100",
        "data.jiaxing.gov.cn": "330400",
        "data.huzhou.gov.cn": "330500",
        "data.sx.gov.cn": "330600",
        "data.zhoushan.gov.cn": "330900",
        "data.sh.gov.cn": "310000",
        "data.jszwfw.gov.cn": "320000",
        "www.yancheng.gov.cn": "320900",
        "data.ahzwfw.gov.cn": "340000",
        "data.guizhou.gov.cn": "520000",
    }
)
"""The areas of portals, by the host of their addresses."""
LONGEST_NAME = 15
LONGEST_BODY = 200
_GENERIC = frozenset(("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"))


def of_address(address: str) -> str:
    """The area of the portal that an address belongs to, empty where it isn't known."""
    try:
        return HOSTS.get(urlsplit(address).hostname or "", "")
    except ValueError:
        return ""


def of_name(name: str, area: str) -> str:
    """The code of a division that is called so, in an area; empty where none is or several are."""
    found = _inside(area).get(name, ())
    return found[0] if len(found) == 1 else ""


@lru_cache(maxsize=4096)
def of_body(body: str, area: str) -> str:
    """The code of the division that the name of a body holds, in an area.

    The longest name counts, and the smaller division where one follows the other (湖州市安吉县…).
    """
    body, code, at = body[:LONGEST_BODY], "", 0
    while at < len(body) - 2:
        sizes = range(min(len(body) - at, LONGEST_NAME), 2, -1)
        size = next((size for size in sizes if of_name(body[at : at + size], area)), 0)
        if size:
            code = area = of_name(body[at : at + size], area)
        at += size or 1
    return code


def name_of(code: str) -> str:
    """What a division is called today, in Chinese; empty for a code that isn't in use."""
    return _names().get(code, "")


def known(code: str) -> bool:
    """Whether a division has this code today."""
    return code in _names()


@cache
def _names() -> Mapping[str, str]:
    return MappingProxyType({one.code: one.name for one in divisions.known() if one.until is None})


@cache
def _inside(area: str) -> Mapping[str, tuple[str, ...]]:
    """The divisions of an area by name; without an area those of the whole country."""
    prefix = area[:2] if area.endswith("0000") else area[:4] if area.endswith("00") else area
    found: dict[str, list[str]] = defaultdict(list)
    for code, name in _names().items():
        if code.startswith(prefix) and name not in _GENERIC:
            found[name].append(code)
    return MappingProxyType({name: tuple(codes) for name, codes in found.items()})

"""The divisions of the city as a code list: GB/T 2260 codes, and a local one for the zone that has none."""

from typing import Self

from policies.terms import Term


class Region(Term):
    """行政区划 of Huzhou; ``national`` is False for a functional zone that GB/T 2260 does not know."""

    national: bool

    HUZHOU = "330500", "湖州市", "Huzhou", True
    WUXING = "330502", "吴兴区", "Wuxing District", True
    NANXUN = "330503", "南浔区", "Nanxun District", True
    DEQING = "330521", "德清县", "Deqing County", True
    CHANGXING = "330522", "长兴县", "Changxing County", True
    ANJI = "330523", "安吉县", "Anji County", True
    NANTAIHU = "330590", "南太湖新区", "South Taihu New Area", False

    def __new__(cls, code: str, zh: str = "", en: str = "", national: bool = False) -> Self:
        """Make the member with whether its code is a national one."""
        member = cls._labelled(code, zh, en)
        member.national = national
        return member

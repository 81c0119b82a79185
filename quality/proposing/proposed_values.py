"""Which values a column should take: small code lists without their slips, ranges without their outliers."""

import math
import unicodedata
from collections.abc import Iterator, Sequence

from quality.profiling.profiles import ColumnProfile
from quality.rules import patterns
from quality.rules.rules import Rule

LIST = 60
_GAP = 20
_MEANING = "不非未无没已可男女东南西北上下左右大中小正负甲乙丙丁一二三四五六七八九十百"
"""Letters which make another word of the same word: what differs by one of them is no slip."""


def listed(column: ColumnProfile, rows: int, filled: int) -> Iterator[Rule]:
    """A code list of the values seen, if they are few and frequent, without those which look like slips."""
    few = 2 <= column.distinct <= LIST and column.distinct <= filled * 0.05
    longest = column.lengths[2] if column.lengths else 0
    if not few or not column.distinct_exact or longest > 40 or rows < 100:
        return
    doubted = slips(column.top)
    words = patterns.PLACEHOLDERS | {""}
    kept = [value for value, _ in column.top if value not in doubted and value.strip() not in words]
    if len(kept) < 2:
        return
    zh, en = f"{len(kept)} 个值覆盖几乎全部记录", f"{len(kept)} values cover nearly all rows"
    if doubted:
        shown = list(doubted.items())[:5]
        zh += ";" + "、".join(f"“{value}”像“{like}”的误写" if like else f"“{value}”很少见" for value, like in shown)
        en += "; " + ", ".join(
            f"“{value}” looks like “{like}”" if like else f"“{value}” is rare" for value, like in shown
        )
    yield Rule(
        f"in_set:{column.name}",
        "in_set",
        (column.name,),
        {"values": sorted(kept)},
        origin="profile",
        why_zh=zh,
        why_en=en,
    )


def slips(counted: Sequence[tuple[str, int]]) -> dict[str, str]:
    """Rare values that look like slips, each with the frequent one it resembles, or "" when it is just far
    rarer.

    A value is rare against another twenty times as frequent. Two words resemble each other when only width,
    case, space or punctuation tell them apart, or one letter in at least four (in Latin script three) which
    doesn't turn the meaning; anything with digits is only ever rare.
    """
    found: dict[str, str] = {}
    total = sum(count for _, count in counted)
    for value, count in counted:
        frequent = [other for other, times in counted if times >= count * _GAP]
        like = next((other for other in frequent if _resembles(value, other)), None)
        if like is not None:
            found[value] = like
        elif total >= 1000 and count <= total * 0.001 and frequent and _smallest_other(value, counted) >= count * _GAP:
            found[value] = ""
    return found


def _smallest_other(value: str, counted: Sequence[tuple[str, int]]) -> int:
    """The rarest of the values at least twice as frequent as this one: is there a clear gap above it?"""
    count = dict(counted)[value]
    return min((times for _, times in counted if times > 2 * count), default=0)


def _resembles(one: str, other: str) -> bool:
    first, second = _bare(one), _bare(other)
    if first == second:
        return True
    longest = max(len(first), len(second))
    latin = first.isascii() and second.isascii()
    if any(character.isdigit() for character in first) or (set(first) ^ set(second)) & set(_MEANING):
        return False
    allowed = max(1, longest // 4) if latin else 1 + (longest >= 8)
    return longest >= (3 if latin else 4) and _distance(first, second, allowed) <= allowed


def _bare(value: str) -> str:
    folded = unicodedata.normalize("NFKC", value).casefold()
    return "".join(character for character in folded if character.isalnum())


def _distance(one: str, other: str, most: int) -> int:
    """Letters to insert, delete or replace; anything above `most` comes as `most` + 1."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        above, row[0] = row[0], at
        for to, against in enumerate(other, 1):
            above, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, above + (letter != against))
    return min(row[-1], most + 1)


def ranged(column: ColumnProfile, filled: int, *, steady: bool = False) -> Iterator[Rule]:
    """A range for all but outliers: the middle 98 %, widened by three times its own half-widths.

    What is counted or measured grows, so amounts are also let down to nothing and up to twice today's; `steady`
    keeps the narrower range for what doesn't, like coordinates.
    """
    low, middle, high = (column.quantile(share) for share in (0.01, 0.5, 0.99))
    if filled < 50 or column.distinct < 10 or low is None or middle is None or high is None or low >= high:
        return
    least = low - 3 * (middle - low or (high - low) / 2)
    most = high + 3 * (high - middle or (high - low) / 2)
    if low >= 0 and not steady:
        least, most = 0, max(most, 2 * high)
    bounds = {"min": _outward(least, up=False), "max": _outward(most, up=True)}
    if low >= 0 and high <= 1:
        bounds = {"min": 0, "max": 1}
    outside = [end for end in (column.minimum, column.maximum) if not bounds["min"] <= end <= bounds["max"]]
    seen = "、".join(f"{end:g}" for end in outside)
    zh = f"98% 的值在 {low:g} 与 {high:g} 之间" + (f",但有 {seen}" if outside else "")
    en = f"98% of values lie between {low:g} and {high:g}" + (f", yet there is {seen}" if outside else "")
    yield Rule(
        f"between:{column.name}",
        "between",
        (column.name,),
        bounds,
        origin="profile",
        mostly=0.999 if outside else 1.0,
        why_zh=zh,
        why_en=en,
    )


def _outward(value: float, *, up: bool) -> float:
    """A bound rounded to three digits, away from the data."""
    if not value:
        return 0
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    rounded = (math.ceil if up else math.floor)(value / step) * step
    return int(rounded) if step >= 1 else round(rounded, 12)

"""An oracle for the rates: plain values and plain counting, with nothing of the code under test."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

SHANGHAI = timezone(timedelta(hours=8))
LIVE = ("PUBLISHED", "CHANGE_REVIEW", "WITHDRAW_REVIEW")
CYCLES = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 31, "YEARLY": 366, "NEVER": None}
Log = Sequence[tuple[datetime, dict[str, Any]]]


def last(log: Log, as_of: datetime) -> list[dict[str, Any]]:
    """The last known state of each thing at an instant."""
    found: dict[str, dict[str, Any]] = {}
    for at, told in log:
        if at <= as_of:
            found[told["id"]] = told
    return list(found.values())


def pool(log: Log, as_of: datetime, scope: str | None) -> list[dict[str, Any]]:
    """Entries that count at all: own, live, without secrets, each content of a source once."""
    known = [
        one
        for one in last(log, as_of)
        if one["origin"] == "OWN"
        and one["state"] in LIVE
        and not any(secret for _, _, secret in one["items"])
        and (scope is None or scope in one["path"])
    ]
    groups: dict[object, list[dict[str, Any]]] = {}
    for one in known:
        groups.setdefault((one["source"], one["names"]) if one["names"] else one["id"], []).append(one)
    return [min(group, key=preference) for group in groups.values()]


def preference(one: dict[str, Any]) -> tuple[Any, ...]:
    """The source's own entry first, then the one registered furthest down."""
    return (one["tenant"] != one["source"], -len(one["path"]), one["id"])


def is_open(one: dict[str, Any]) -> bool:
    """Whether the public can see it in the open domain."""
    return one["open_state"] in {"OPEN", "CLOSE_REVIEW"} and one["open"] != "OPEN_FORBIDDEN"


def is_fresh(one: dict[str, Any], as_of: datetime) -> bool:
    """Whether the data are no older than their cycle and a tenth."""
    if one["updated"] is None:
        return False
    days = CYCLES.get(one["cycle"])
    return days is None or (as_of - one["updated"]).total_seconds() <= days * 86_400 * 1.1


def items_of(one: dict[str, Any], place: int, barred: str) -> int:
    """Items that are not barred."""
    return sum(item[place] != barred for item in one["items"])


def sets_of(code: str, rows: list[dict[str, Any]], as_of: datetime) -> tuple[list[Any], list[Any]]:
    """Rows of the denominator and of the numerator."""
    sharable = [one for one in rows if one["share"] != "SHARE_NONE"]
    opened = [one for one in rows if is_open(one)]
    effective = [
        one
        for one in opened
        if one["mounted"] and one["probe"] and one["rows"] and is_fresh(one, as_of) and one["grade"] in {"A", "B", "C"}
    ]
    held = [one for one in rows if one["mounted"]]
    table = {
        "OPEN_CAT": (rows, opened),
        "OPEN_ITEM": (rows, opened),
        "OPEN_DUE": ([one for one in rows if one["open"] != "OPEN_FORBIDDEN"], opened),
        "OPEN_UNCOND": (rows, [one for one in opened if one["open"] == "OPEN_UNCOND"]),
        "OPEN_EFFECTIVE": (rows, effective),
        "SHARE_MOUNTED": (sharable, [one for one in sharable if one["mounted"] and one["probe"]]),
        "SHARE_ATTR": (rows, sharable),
        "SHARE_UNCOND": (rows, [one for one in rows if one["share"] == "SHARE_UNCOND"]),
        "SHARE_ITEM": (rows, sharable),
        "MOUNTED": (rows, held),
        "TIMELY": (held, [one for one in held if is_fresh(one, as_of)]),
    }
    return table[code]


def counted(code: str, below: list[Any], above: list[Any]) -> tuple[int, int]:
    """Numerator and denominator in the indicator's unit."""
    if code == "OPEN_ITEM":
        return sum(items_of(one, 0, "OPEN_FORBIDDEN") for one in above), sum(len(one["items"]) for one in below)
    if code == "SHARE_ITEM":
        return sum(items_of(one, 1, "SHARE_NONE") for one in above), sum(len(one["items"]) for one in below)
    if code == "SAT_ITEM":
        return sum(one["supplied"] for one in above), sum(one["wanted"] for one in below)
    return len(above), len(below)


def demand_sets(log: Log, code: str, as_of: datetime, scope: str | None) -> tuple[list[Any], list[Any]]:
    """Demands accepted within a year, each need once, and those that count above."""
    today = as_of.astimezone(SHANGHAI).date()
    since = date(today.year - 1, today.month, today.day)
    known = [
        one
        for one in last(log, as_of)
        if one["accepted"] and since < one["accepted"] <= today and (scope is None or scope in one["path"])
    ]
    needs: dict[object, dict[str, Any]] = {}
    for one in sorted(known, key=lambda one: (one["accepted"], one["id"])):
        needs[one["need"]] = one
    below = list(needs.values())
    if code == "SAT_ITEM":
        return below, below
    done = [one for one in below if one["confirmed"]]
    return below, done if code == "SAT_COUNT" else [one for one in done if one["confirmed"] <= one["due"]]


def rounded(above: int, below: int) -> Decimal | None:
    """Per cent with four decimals, half up, in whole numbers."""
    return Decimal((2 * above * 10**6 + below) // (2 * below)).scaleb(-4) if below else None

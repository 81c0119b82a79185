"""Cleaning steps proposed from a stored profile and from values that are not in their code list; a steward decides.

Works on the profile as it is kept (JSON), so that the web processes need no engine.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quality.cleaning.cleaning import WIDE, Step
from quality.rules import patterns


@dataclass(frozen=True)
class Proposal:
    """A step, and why: about how many rows it is about, as a share or a count."""

    step: Step
    rows: int
    exact: bool


def propose(
    profile: Mapping[str, Any], translations: Mapping[str, Mapping[str, str]], present: Sequence[Step]
) -> list[Proposal]:
    """Steps worth a look that a plan has not yet; `translations` maps a column to its deviating values and codes."""
    rows = int(profile.get("rows") or 0)
    found: list[Proposal] = []
    for column in profile.get("columns", ()):
        if column.get("sort") == "text":
            found += _of_text(column, rows)
        wanted = translations.get(column["name"])
        if wanted:
            counts = dict(column.get("top", ()))
            about = sum(int(counts.get(value, 0)) for value in wanted)
            step = Step("translate", column["name"], {"map": dict(wanted)})
            found.append(Proposal(step, about, bool(column.get("top_exact"))))
    repeated = int(profile.get("repeated_rows") or 0)
    if repeated:
        found.append(Proposal(Step("duplicates"), repeated, True))
    known = {(step.kind, step.column) for step in present}
    return [one for one in found if (one.step.kind, one.step.column) not in known]


def _of_text(column: Mapping[str, Any], rows: int) -> Iterator[Proposal]:
    name, top = column["name"], [(str(value), int(count)) for value, count in column.get("top", ())]
    exact = bool(column.get("top_exact"))
    filled = rows - int(column.get("nulls") or 0)
    untrimmed = (column.get("dirt") or {}).get("untrimmed", 0.0)
    if untrimmed:
        yield Proposal(Step("trim", name), max(1, round(untrimmed * filled)), False)
    wide = sum(count for value, count in top if set(value) & set(WIDE.rstrip("\u3000")))
    if wide:
        yield Proposal(Step("width", name), wide, exact)
    words = [(value.strip(), count) for value, count in top if value.strip() in patterns.PLACEHOLDERS]
    if words and len(words) < len(top):
        step = Step("empty", name, {"words": sorted({word for word, _count in words})})
        yield Proposal(step, sum(count for _word, count in words), exact)
    days = [(value, count) for value, count in top if _is_day(value)]
    if days and len({_form(value) for value, _count in days}) > 1:
        yield Proposal(Step("date", name, {"order": "ymd"}), sum(count for _value, count in days), exact)


def _is_day(value: str) -> bool:
    """Year, month and day in this order, as people write them."""
    parts = value.strip().rstrip("日")
    for mark in "年月/.":
        parts = parts.replace(mark, "-")
    numbers = parts.split("-")
    lengths = [len(one) for one in numbers]
    return len(numbers) == 3 and all(one.isdecimal() for one in numbers) and lengths[0] == 4 and max(lengths[1:]) <= 2


def _form(value: str) -> str:
    return "".join("9" if character.isdecimal() else character for character in value)

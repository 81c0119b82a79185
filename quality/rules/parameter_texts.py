"""Parameters of rules as texts that a person types into a field or a cell, without losing anything either way.

A number is written as in JSON, a bound that moves with the day of the run as `today-30`, a list with one value a
line. What such a text would not give back exactly is written as JSON, so that `read(name, shown(name, value))` is
always the value.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from quality.rules.rules import RuleError

TODAY = re.compile(r"(?:today|今天|当天)\s*(?:([+-])\s*([0-9]+(?:\.[0-9]+)?))?\s*(?:天|days?)?", re.ASCII)
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
CYCLE = "cycle"
"""Days that are those of the promised update cycle."""
YES, NO = frozenset({"true", "yes", "y", "1", "是"}), frozenset({"false", "no", "n", "0", "否"})
UNSAFE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_"
)
"""What a cell of a workbook or a field of a form may not give back as it was."""

_TEXTS = frozenset({"regex", "zh", "en", "pattern", "scheme", "type", "list", "of", "on", "value"})
_NUMBERS = frozenset({"days", "limit", "share", "tolerance"})
_BOUNDS = frozenset({"min", "max"})
_SWITCHES = frozenset({"strict_min", "strict_max", "strict", "exact"})
_LISTS = frozenset({"values"})


def sort_of(name: str) -> str:
    """How a parameter is typed: text, number, bound, switch, list, condition, or any."""
    sorts = {"text": _TEXTS, "number": _NUMBERS, "bound": _BOUNDS, "switch": _SWITCHES, "list": _LISTS}
    if name == "when":
        return "condition"
    return next((sort for sort, names in sorts.items() if name in names), "any")


def shown(name: str, value: Any) -> str:
    """A parameter's value as a person reads and types it."""
    plain = _PLAIN[sort_of(name)](value)
    if plain is not None and plain.strip() == plain and plain and not UNSAFE.search(plain):
        try:
            if _same(read(name, plain), value):
                return plain
        except RuleError:
            pass
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def read(name: str, text: str) -> Any:
    """The value of a typed text; RuleError "parameter-wrong" with the name where it can't be meant."""
    try:
        return _READ[sort_of(name)](text)
    except ValueError as error:
        raise RuleError("parameter-wrong", name) from error


def text_of(text: str) -> str:
    """Any text as one cell: itself, or JSON where a cell would not give it back."""
    unsafe = text != text.strip() or text == "" or text[0] == '"' or UNSAFE.search(text) or "\n" in text
    return json.dumps(text) if unsafe else text


def read_text(text: str) -> str:
    """The text of a cell that `text_of` wrote; ValueError where it begins as JSON and is none."""
    if text.lstrip()[:1] != '"':
        return text
    found = _json(text)
    if not isinstance(found, str):
        raise ValueError("no text")  # noqa: TRY004 - callers ask for one kind of error
    return found


def _same(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _json(text: str) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(constant)

    try:
        return json.loads(text, parse_constant=refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _plain_bound(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return _plain_any(value)
    days = value.get("days")
    return "today" if days is None else f"today{'' if days < 0 else '+'}{json.dumps(days)}"


def _plain_any(value: Any) -> str | None:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain_list(value: Any) -> str | None:
    strings = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return "\n".join(value) if strings else json.dumps(value, ensure_ascii=False)


def _plain_condition(value: Any) -> str | None:
    if not isinstance(value, Mapping) or set(value) != {"column", "values"}:
        return None
    values = _plain_list(value["values"])
    return f"{value['column']}\n{values}" if values is not None else None


_PLAIN: Mapping[str, Callable[[Any], str | None]] = {
    "text": lambda value: value if isinstance(value, str) else None,
    "number": _plain_any,
    "bound": _plain_bound,
    "switch": _plain_any,
    "list": _plain_list,
    "condition": _plain_condition,
    "any": _plain_any,
}


def _read_number(text: str) -> Any:
    stripped = text.strip()
    if stripped == CYCLE:
        return CYCLE
    if not NUMBER.fullmatch(stripped):
        return _json(stripped)
    return json.loads(stripped)


def _read_bound(text: str) -> Any:
    stripped = text.strip()
    moved = TODAY.fullmatch(stripped)
    if moved:
        sign, days = moved.groups()
        return {"parameter": "today"} | ({"days": json.loads(f"{sign.strip('+')}{days}")} if days else {})
    if NUMBER.fullmatch(stripped):
        return json.loads(stripped)
    if stripped[:1] in {'"', "{"} or stripped in {"true", "false", "null"}:
        return _json(stripped)
    if not stripped:
        raise ValueError("nothing")
    # A spreadsheet gives a day as its midnight.
    return stripped.removesuffix(" 00:00:00")


def _read_switch(text: str) -> Any:
    stripped = text.strip().casefold()
    if stripped in YES or stripped in NO:
        return stripped in YES
    return _json(text)


def _read_list(text: str) -> Any:
    if text.lstrip()[:1] == "[":
        return _json(text)
    lines = [one.strip() for one in text.splitlines()]
    found = [one for one in lines if one]
    if not found or text.lstrip()[:1] == '"':
        return _json(text)
    return found


def _read_condition(text: str) -> Any:
    if text.lstrip()[:1] == "{":
        return _json(text)
    column, _, values = text.strip().partition("\n")
    return {"column": column.strip(), "values": _read_list(values)}


def _read_any(text: str) -> Any:
    try:
        return _json(text.strip())
    except ValueError:
        if not text.strip() or text.lstrip()[:1] in {'"', "[", "{"}:
            raise
        return text.strip()


_READ: Mapping[str, Callable[[str], Any]] = {
    "text": lambda text: read_text(text) if text else _json(text),
    "number": _read_number,
    "bound": _read_bound,
    "switch": _read_switch,
    "list": _read_list,
    "condition": _read_condition,
    "any": _read_any,
}

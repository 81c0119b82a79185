"""Parameters of CKAN actions, however a client sent them: as JSON, as text of JSON, or as words in an address."""

import json
from collections.abc import Sequence
from typing import Any

from open_portal.pages.ckan.ckan_actions import Params, invalid

MOST_OFFSET = 10**9


def needed(params: Params, name: str) -> str:
    """A text that must be there."""
    value = params.get(name)
    if value in (None, ""):
        raise invalid(**{name: ["Missing value"]})
    if not isinstance(value, str | int | float):
        raise invalid(**{name: ["Must be a text"]})
    return str(value)


def text(params: Params, name: str, default: str = "") -> str:
    """A text that may be missing; of several the last one."""
    value = params.get(name)
    if isinstance(value, list):
        value = value[-1] if value else None
    return default if value is None else str(value)


def number(params: Params, name: str, default: int, most: int) -> int:
    """A natural number, cut at the most that is given at once."""
    value = params.get(name)
    if value is None or value == "":
        return default
    written = str(value)
    if isinstance(value, bool) or not written.isascii() or not written.isdecimal():
        raise invalid(**{name: ["Must be a natural number"]})
    return min(int(written[:18]), most)


def names(value: Any) -> list[str]:
    """A list however it was sent: as JSON, as text of JSON, as repeated keys or as one name."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.lstrip().startswith(("[", '"')) else value
        except (ValueError, RecursionError):
            return [value]
    if isinstance(value, str):
        return [value] if value else []
    return [str(one) for one in value] if isinstance(value, list) else []


def parsed(value: Any) -> Any:
    """What a text of JSON says; anything else as it is, and a text that is none too."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def written(value: Any) -> str:
    """A value as it may stand in an address, so that `parsed` reads it back."""
    return json.dumps(value, ensure_ascii=False)


def true(value: Any, default: bool = False) -> bool:
    """A switch; what is neither yes nor no counts as the default."""
    if value is None or value == "":
        return default
    word = str(value).lower()
    return word in {"true", "1", "yes", "on", "t", "y"} if default is False else word not in {"false", "0", "no", "off"}


def part(params: Params, found: Sequence[Any], most: int) -> list[Any]:
    """The part of a list asked for by offset and limit."""
    start = number(params, "offset", 0, MOST_OFFSET)
    return list(found[start : start + number(params, "limit", most, most)])


def language(params: Params) -> str:
    """The language of titles: Chinese, unless English is asked for."""
    return "en" if params.get("lang") == "en" else "zh"

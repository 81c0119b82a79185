"""JSON values as flat records: members one beside the other, GeoJSON features with their geometry as text."""

from collections.abc import Mapping
from typing import Any

from catalog.reading_files import json_text

GEOMETRY = "geometry"
FEATURE_MEMBERS = {"type", "properties", GEOMETRY, "bbox"}


def flat(value: Any, *, columns: bool) -> Mapping[str, Any] | None:
    """The record that a value is, None if it is none; its geometry is text already.

    With `columns` the members of an object get columns of their own, called outer/inner; lists never do. Two
    members that would have the same name then raise ValueError.
    """
    if not isinstance(value, Mapping):
        return None
    if value.get("type") == "Feature" and isinstance(value.get("properties"), Mapping | None):
        return _feature(value, columns=columns)
    return _spread(value) if columns else value


def _feature(value: Mapping[str, Any], *, columns: bool) -> Mapping[str, Any]:
    """Properties first, then what else the feature says of itself, then its geometry."""
    properties = value.get("properties") or {}
    found = dict(_spread(properties) if columns else properties)
    for name, one in value.items():
        if name not in FEATURE_MEMBERS and found.get(name, one) == one:
            found[name] = one
        elif name not in FEATURE_MEMBERS:
            found[f"feature/{name}"] = one
    shape = value.get(GEOMETRY)
    found[GEOMETRY if GEOMETRY not in found else f"feature/{GEOMETRY}"] = shape and json_text.written(shape)
    return found


def _spread(value: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, one in value.items():
        inner = _spread(one, f"{above}{name}/") if isinstance(one, Mapping) and one else {f"{above}{name}": one}
        if doubled := found.keys() & inner.keys():
            raise ValueError(min(doubled))
        found.update(inner)
    return found

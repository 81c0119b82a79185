"""Pages and the lists that they show: which path of the data interface gives each list, or why none does."""

from collections.abc import Mapping
from typing import Any

from flask import Flask

Answer = str | tuple[str, ...]
"""Paths of the interface, or a reason in words why there is no list to give."""


def pages_of(app: Flask, blueprint: str) -> set[str]:
    """The pages of a blueprint that are looked at, by their endpoints without its name."""
    before = f"{blueprint}."
    rules = [one for one in app.url_map.iter_rules() if one.endpoint.startswith(before) and "GET" in one.methods]
    return {one.endpoint.removeprefix(before) for one in rules}


def check(app: Flask, document: Mapping[str, Any], blueprint: str, known: Mapping[str, Answer]) -> None:
    """That every page has its entry, no entry is without its page, and every path named is in the document."""
    pages = pages_of(app, blueprint)
    assert not pages - set(known), "say which path gives the lists of these pages, or why there are none"
    assert not set(known) - pages, "these pages are gone"
    for page, told in known.items():
        paths = (told,) if isinstance(told, str) else told
        assert paths, page
        for path in paths:
            assert path.strip(), page
            if path.startswith("/"):
                assert "get" in document["paths"].get(path, {}), (page, path)

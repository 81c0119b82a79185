"""What is shown of a profile: no value of a withheld item, no item that may not be named, no rare value of persons."""

import json
from dataclasses import asdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from quality.profiling import profile_views
from quality.profiling.profile_views import RARE, Item, Reader

NAMES = ("甲", "乙", "丙", "丁")


def column(name: str, counts: list[int]) -> dict[str, Any]:
    """A column's profile every value of which says whose it is and how many rows have it."""
    canary = f"canary-{name}"
    return {
        "name": name,
        "sort": "text",
        "sql_type": "VARCHAR",
        "nulls": 1,
        "blanks": 0,
        "distinct": len(counts),
        "distinct_exact": True,
        "minimum": f"{canary}-least",
        "maximum": f"{canary}-most",
        "quantiles": [[0.01, f"{canary}-q1"], [0.5, f"{canary}-q50"], [0.99, f"{canary}-q99"]],
        "histogram": [[f"{canary}-edge", 3], [None, 1]],
        "lengths": [1, 2.5, 4],
        "top": [[f"{canary}-top-{count}", count] for count in counts],
        "top_exact": True,
        "shapes": [[f"{canary}-shape-{count}", count] for count in counts],
    }


ITEM = st.tuples(st.booleans(), st.booleans())
COUNTS = st.lists(st.integers(1, 12), max_size=6)


@given(
    st.lists(ITEM, min_size=4, max_size=4),
    st.lists(COUNTS, min_size=4, max_size=4),
    st.sets(st.sampled_from(NAMES)),
    st.booleans(),
    st.sets(st.sampled_from(NAMES)),
)
def test_no_value_of_what_may_not_be_read_is_shown(
    kinds: list[tuple[bool, bool]], counts: list[list[int]], readable: set[str], inside: bool, undescribed: set[str]
) -> None:
    gaps = {
        "columns": list(NAMES),
        "patterns": [[["甲", "乙"], 7], [["丙"], 2], [list(NAMES), 1]],
        "together": [{"first": "甲", "second": "乙", "both": 8, "phi": 0.9, "jaccard": 0.9}],
    }
    profile = {
        "rows": 50,
        "sampled": 50,
        "repeated_rows": 3,
        "columns": [column(name, one) for name, one in zip(NAMES, counts, strict=True)],
        "keys": [["甲"], ["乙", "丙"]],
        "gaps": gaps,
    }
    items = [
        Item(name, personal=personal, secret=secret)
        for name, (personal, secret) in zip(NAMES, kinds, strict=True)
        if name not in undescribed
    ]
    shown = profile_views.shown(profile, items, Reader(frozenset(readable), inside=inside))
    text = json.dumps(asdict(shown), ensure_ascii=False)
    named = {item.name for item in items if inside or not item.secret}
    for item in items:
        may_read = item.name in readable and item.name in named
        assert may_read or f"canary-{item.name}" not in text
        if item.name not in named:
            assert item.name not in text
        if may_read and item.personal and not inside:
            for what in ("least", "most", "q1", "q99", "edge"):
                assert f'canary-{item.name}-{what}"' not in text
            for rare in range(1, RARE):
                assert f'canary-{item.name}-top-{rare}"' not in text
                assert f'canary-{item.name}-shape-{rare}"' not in text
    for name in undescribed:
        assert f"canary-{name}" not in text or (inside and not items and name in readable)
    for names in (*shown.keys, *(pattern for pattern, _rows in shown.gaps)):
        assert set(names) <= named & readable or not items


def test_readers_see_what_they_may_read() -> None:
    profile = {"rows": 50, "columns": [column("甲", [9, 2])], "keys": [["甲"]], "repeated_rows": 0}
    open_, own = Reader(frozenset({"甲"})), Reader(frozenset({"甲"}), inside=True)
    (plain,) = profile_views.shown(profile, [Item("甲")], open_).columns
    assert (plain.minimum, len(plain.top), plain.suppressed) == ("canary-甲-least", 2, False)
    (personal,) = profile_views.shown(profile, [Item("甲", personal=True)], open_).columns
    assert (personal.minimum, len(personal.top), personal.suppressed) == (None, 1, True)
    (inside,) = profile_views.shown(profile, [Item("甲", personal=True)], own).columns
    assert (inside.minimum, len(inside.top)) == ("canary-甲-least", 2)
    (withheld,) = profile_views.shown(profile, [Item("甲")], Reader(frozenset())).columns
    assert withheld == profile_views.ShownColumn("甲", withheld=True)

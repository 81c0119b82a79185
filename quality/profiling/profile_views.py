"""What of a profile may be shown to whom: one pure decision, asked by pages and downloads alike.

A profile holds values of the data: extremes, quantiles, edges of a histogram, frequent values. Whoever may not read
an item's rows sees that the item is there and that it is withheld, nothing else of it; an item he may not name isn't
there. Of personal items even readers see no value that fewer than five rows have, unless the data are their own.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RARE = 5
"""Values of personal items in fewer rows than this are not shown to readers outside (small cells, PIPL art. 73)."""
CROWD = 100
"""A mean over fewer persons than this may tell of one of them."""
SHOWN = 10
HAN = "字"
"""What stands for a Han character in the shape of a value."""


@dataclass(frozen=True)
class Item:
    """What decides about an item: its name, and whether it is personal, or secret and so not even to be named."""

    name: str
    personal: bool = False
    secret: bool = False


@dataclass(frozen=True)
class Reader:
    """Which items somebody may read the rows of, and whether the data are his own department's."""

    items: frozenset[str]
    inside: bool = False


@dataclass(frozen=True)
class ShownColumn:
    """One column as it may be shown; `withheld` leaves nothing but the name, `suppressed` says that values of few
    persons were left out. Values are JSON values."""

    name: str
    withheld: bool = False
    suppressed: bool = False
    sort: str = ""
    filled: int | None = None
    empty: int | None = None
    distinct: int | None = None
    distinct_exact: bool = False
    minimum: Any = None
    maximum: Any = None
    mean: float | None = None
    deviation: float | None = None
    quantiles: tuple[tuple[float, Any], ...] = ()
    lengths: tuple[int, float, int] | None = None
    histogram: tuple[tuple[Any, int], ...] = ()
    top: tuple[tuple[str, int], ...] = ()
    top_exact: bool = False
    shapes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Shown:
    """A profile as it may be shown: columns in their order; rows, repeated rows, keys and gaps of what is readable.

    `gaps` are (columns empty together, rows); `together` (first, second, rows with both empty, phi, Jaccard).
    """

    rows: int
    sampled: int
    repeated_rows: int | None
    columns: tuple[ShownColumn, ...]
    keys: tuple[tuple[str, ...], ...] = ()
    gaps: tuple[tuple[tuple[str, ...], int], ...] = ()
    together: tuple[tuple[str, str, int, float, float], ...] = ()


def shown(profile: Mapping[str, Any], items: Sequence[Item], reader: Reader) -> Shown:
    """What of a stored profile a reader may see.

    A column without an item is nobody's to judge: only those inside see it, and only while there are no items at all.
    """
    known = {item.name: item for item in items}
    columns = []
    for kept in profile.get("columns", ()):
        item = known.get(kept["name"])
        if item is None and (known or not reader.inside):
            continue
        if item is not None and item.secret and not reader.inside:
            continue
        columns.append(_column(kept, item or Item(kept["name"]), reader, profile.get("rows") or 0))
    readable = frozenset(column.name for column in columns if not column.withheld)
    whole = bool(columns) and readable >= {kept["name"] for kept in profile.get("columns", ())}
    gaps = profile.get("gaps") or {}
    personal = {item.name for item in items if item.personal} if not reader.inside else set()
    return Shown(
        rows=profile.get("rows") or 0,
        sampled=profile.get("sampled") or 0,
        repeated_rows=profile.get("repeated_rows") if whole else None,
        columns=tuple(columns),
        keys=tuple(tuple(key) for key in profile.get("keys", ()) if set(key) <= readable),
        gaps=_gaps(gaps.get("patterns", ()), readable, personal),
        together=tuple(
            (one["first"], one["second"], one["both"], one["phi"], one["jaccard"])
            for one in gaps.get("together", ())
            if {one["first"], one["second"]} <= readable and (one["both"] >= RARE or not personal)
        ),
    )


def _column(kept: Mapping[str, Any], item: Item, reader: Reader, rows: int) -> ShownColumn:
    if item.name not in reader.items:
        return ShownColumn(kept["name"], withheld=True)
    careful = item.personal and not reader.inside
    least = RARE if careful else 0
    empty = kept.get("nulls", 0) + (kept.get("blanks") or 0)
    top = tuple((str(value), int(count)) for value, count in kept.get("top", ()) if count >= least)[:SHOWN]
    quantiles = tuple((float(share), value) for share, value in kept.get("quantiles", ()))
    crowded = rows - empty >= CROWD
    return ShownColumn(
        name=kept["name"],
        suppressed=careful,
        sort=kept.get("sort", ""),
        filled=max(0, rows - empty),
        empty=empty,
        distinct=kept.get("distinct"),
        distinct_exact=bool(kept.get("distinct_exact")),
        minimum=None if careful else kept.get("minimum"),
        maximum=None if careful else kept.get("maximum"),
        mean=kept.get("mean") if not careful or crowded else None,
        deviation=kept.get("deviation") if not careful or crowded else None,
        quantiles=() if careful else quantiles,
        lengths=None if careful else _triple(kept.get("lengths")),
        histogram=() if careful else tuple((edge, int(count)) for edge, count in kept.get("histogram", ())),
        top=top,
        top_exact=bool(kept.get("top_exact")) and not careful,
        shapes=tuple((str(shape), int(count)) for shape, count in kept.get("shapes", ()) if count >= least),
    )


def _triple(lengths: Sequence[Any] | None) -> tuple[int, float, int] | None:
    return (int(lengths[0]), float(lengths[1]), int(lengths[2])) if lengths else None


def _gaps(
    patterns: Sequence[Any], readable: Collection[str], personal: Collection[str]
) -> tuple[tuple[tuple[str, ...], int], ...]:
    """Patterns of gaps among readable columns; what else a row lacks is left out, and so are few persons' gaps."""
    found: dict[tuple[str, ...], int] = {}
    for names, rows in patterns:
        kept = tuple(name for name in names if name in readable)
        if kept:
            found[kept] = found.get(kept, 0) + int(rows)
    least = RARE if personal else 0
    return tuple(sorted(((names, rows) for names, rows in found.items() if rows >= least), key=lambda one: -one[1]))

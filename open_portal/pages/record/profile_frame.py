"""A version's profile in the shapes that its pictures and tables take, as far as whoever asks may see it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask_babel import gettext as _

from catalog.models import Entry, Item, Version
from catalog.reading import Access
from open_portal import language
from open_portal.pages import dataset_words as words
from policies import vocabulary as v
from quality.profiling import profile_views
from quality.profiling.profile_views import Reader, Shown, ShownColumn

DIGITS = 4
QUANTILES = {0.05: "5%", 0.25: "25%", 0.5: "50%", 0.75: "75%", 0.95: "95%"}
LONGEST = 40


def seen(version: Version, access: Access) -> Shown | None:
    """The profile of a version as far as it may be shown; None where there is none."""
    if not version.profile or not version.profile.get("columns"):
        return None
    inside = access.rule == "own-tenant"
    items = [
        profile_views.Item(item.name, personal=_is_personal(item), secret=item.secret) for item in version.entry.items
    ]
    return profile_views.shown(version.profile, items, Reader(frozenset(access.items), inside=inside))


def _is_personal(item: Item) -> bool:
    """Personal, sensitive or a business secret, and not anonymised: values of few are not for everybody."""
    anonymised = item.desensitisation is v.Desensitisation.ANONYMISED
    return (item.personal_kind is not None and not anonymised) or item.sensitive or item.business_secret


def page(entry: Entry, version: Version, access: Access) -> dict[str, Any] | None:
    """Everything that the templates of a profile show; None without a profile."""
    found = seen(version, access)
    if found is None:
        return None
    items = {item.name: item for item in entry.items}
    columns = [_column(at, one, items.get(one.name), found.rows) for at, one in enumerate(found.columns)]
    names = list(dict.fromkeys(name for gap, _rows in found.gaps for name in gap))
    label = {one.name: _label(one.name, items.get(one.name)) for one in found.columns}
    return {
        "rows": found.rows,
        "sampled": found.sampled,
        "repeated": found.repeated_rows,
        "han": profile_views.HAN,
        "columns": columns,
        "withheld": sum(one.withheld for one in found.columns),
        "suppressed": any(one.suppressed for one in found.columns),
        "keys": [" + ".join(label[name] for name in key) for key in found.keys],
        "gap_names": [label[name] for name in names],
        "gaps": [
            {"cells": [name in gap for name in names], "rows": rows, "share": _share(rows, found.rows)}
            for gap, rows in found.gaps
        ],
        "together": [
            [f"{label[first]} · {label[second]}", both, f"{phi:.2f}", language.percent(100 * jaccard, 1)]
            for first, second, both, phi, jaccard in found.together
        ],
    }


def plain(found: Shown) -> dict[str, Any]:
    """A shown profile as JSON values, the same for every way out."""
    return asdict(found)


def _label(name: str, item: Item | None) -> str:
    return words.label(item) if item else name


def _column(at: int, one: ShownColumn, item: Item | None, rows: int) -> dict[str, Any]:
    """One column: its figures, and the bins, bars and shapes of its pictures."""
    filled = one.filled or 0
    return {
        "id": f"column-{at + 1}",
        "name": one.name,
        "label": _label(one.name, item),
        "withheld": one.withheld,
        "suppressed": one.suppressed,
        "type": sorts().get(one.sort, ""),
        "filled": _share(filled, rows),
        "filled_rows": filled,
        "empty": one.empty,
        "distinct": _distinct(one),
        "facts": [] if one.withheld else _facts(one),
        "bins": _bins(one),
        "top": [
            {"label": _short(value), "value": count, "note": _percent(count, filled if one.top_exact else 0)}
            for value, count in one.top
            if one.top[0][1] > 1
        ],
        "top_exact": one.top_exact,
        "shapes": [[shape, count] for shape, count in one.shapes],
        "shaped": sum(count for _shape, count in one.shapes),
    }


def _share(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def _percent(part: int, whole: int) -> str:
    return language.percent(100 * part / whole, 1) if whole else ""


def _distinct(one: ShownColumn) -> str:
    if one.distinct is None:
        return ""
    about = "" if one.distinct_exact else "≈ "
    return f"{about}{language.number(one.distinct)}"


def _facts(one: ShownColumn) -> list[dict[str, Any]]:
    """Extremes, middle and spread of what has an order; lengths of texts."""
    quantiles = dict(one.quantiles)
    facts = [(_("Smallest"), _value(one.minimum)), (_("Greatest"), _value(one.maximum))]
    if one.mean is not None:
        facts += [(_("Mean"), _value(one.mean)), (_("Standard deviation"), _value(one.deviation))]
    spread = [
        f"{name}: {_value(quantiles[share])}" for share, name in QUANTILES.items() if quantiles.get(share) is not None
    ]
    facts.append((_("Quantiles"), " · ".join(spread)))
    if one.lengths:
        least, mean, most = one.lengths
        facts.append(
            (
                _("Length in characters"),
                _("%(least)s to %(most)s, %(mean)s on average", least=least, most=most, mean=mean),
            )
        )
    return [{"label": label, "value": value} for label, value in facts if value]


def _bins(one: ShownColumn) -> list[dict[str, Any]]:
    """The histogram's bins, each named by its upper edge; the last holds what lies beyond."""
    edges = [edge for edge, _count in one.histogram if edge is not None]
    beyond = f"> {_value(edges[-1])}" if edges else ""
    return [{"label": beyond if edge is None else f"≤ {_value(edge)}", "value": count} for edge, count in one.histogram]


def _value(value: Any) -> str:
    """A value as people write it; texts are cut."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}" if abs(value) < 1 else f"{value:.2f}".rstrip("0").rstrip(".")
    return _short(str(value).removesuffix("T00:00:00"))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def sorts() -> Mapping[str, str]:
    """Names of the sorts of columns."""
    return {
        "text": _("text"),
        "integer": _("whole number"),
        "number": _("number"),
        "boolean": _("yes or no"),
        "date": _("date"),
        "datetime": _("date and time"),
        "other": _("nested"),
    }

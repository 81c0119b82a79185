"""The finder: from a search to everything its page shows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape

from catalog import search
from catalog.models import Entry
from catalog.search import Found, Query, Sort
from open_portal import language
from open_portal.pages import dataset_words as words
from open_portal.pages.dataset_words import Link
from open_portal.pages.finder import finder_places as places
from open_portal.pages.finder.finder_asked import FACETS, MOST_PAGES, MOST_ROWS, MOST_TICKS, PER_PAGE, Asked
from open_portal.requests import actor, kit, now, session
from policies import vocabulary as v

__all__ = ["Asked", "ask", "card", "page_of"]

SHOWN = tuple(name for name in FACETS if name != "region")
"""Facets with boxes to tick; the division is asked for as a place, with all that lies in it."""
MOST_OPTIONS = 40
"""Values of a facet that are offered; the rare ones are found by words."""
MOST_WAYS = 8
SUMMARY = 180
"""Characters of an abstract on a card; the sheet shows two lines of them."""
TERMS: dict[str, type[v.Term]] = {
    "tier": v.OpenTier,
    "theme": v.Theme,
    "format": v.Format,
    "update_cycle": v.UpdateCycle,
    "origin": v.Origin,
}
Namers = dict[str, Callable[[str], str]]


@dataclass(frozen=True)
class Way:
    """A way out of an empty answer: which filter to take away and how many entries that gives."""

    text: str
    href: str
    count: int


def page_of(asked: Asked) -> dict[str, Any]:
    """Everything the search page shows."""
    found = ask(asked.query())
    pages = min(-(-found.total // PER_PAGE), MOST_PAGES)
    if asked.page > max(pages, 1):
        asked = replace(asked, page=max(pages, 1))
        found = ask(asked.query())
    namers = _namers([value for value, _count in found.facets["tenant"][:MOST_OPTIONS]], asked)
    chips = list(_chips(asked, namers))
    return {
        "asked": asked,
        "found": found,
        "pages": pages,
        "groups": list(_groups(found, asked, namers)),
        "places": _places(found, asked),
        "faults": asked.faults,
        "chips": [chip for _fewer, chip in chips],
        "clear": asked.unfiltered().href(),
        "sorts": _sorts(asked),
        "hidden": _hidden(asked),
        "cards": [card(entry, asked.text) for entry in found.entries],
        "url_of": lambda number: asked.href(page=number),
        "ways": [] if found.total else _ways(asked, chips),
        "corrected": _corrected(asked, found.corrected),
        "nearby": [Link(words.title(one), words.address(one)) for one in found.suggestions],
        "others": {name: asked.href(endpoint=f"datasets.{name}") for name in ("listing", "feed")},
        "feed_address": asked.href(endpoint="datasets.feed", absolute=True),
        "subscribe": asked.href(endpoint="my.new_subscription"),
        "most_ticks": MOST_TICKS,
        "cut_at": MOST_ROWS if found.total > MOST_ROWS else 0,
    }


def ask(query: Query) -> Found:
    """The answer to whoever asks, under the face of the request."""
    return search.find(kit().index, session(), actor(), now(), query)


def described(asked: Asked) -> list[str]:
    """A search as a person would say it: its words, then each of its filters."""
    filters = [chip["text"] for _fewer, chip in _chips(asked, _namers([], asked))]
    return [asked.text, *filters] if asked.text else filters


def _namers(offered: list[str], asked: Asked) -> Namers:
    """For each facet, what names its values in the reader's language; `offered` are publishers besides those ticked."""
    names = words.publishers(session(), [*offered, *asked.ticked.get("tenant", ())])
    given: Namers = {
        "tenant": lambda value: names.get(value, value),
        "region": words.region,
        "granularity": str,
    }
    return {name: given.get(name) or _term_of(TERMS[name]) for name in FACETS}


def _term_of(kind: type[v.Term]) -> Callable[[str], str]:
    return lambda value: language.term(value, kind.__name__)


def _groups(found: Found, asked: Asked, namers: Namers) -> Iterable[dict[str, Any]]:
    """The groups of boxes to tick; one that could not narrow anything is left out."""
    titles = {
        "tier": _("Open tier"),
        "theme": _("Theme"),
        "tenant": _("Publisher"),
        "format": _("Format"),
        "update_cycle": _("Update cycle"),
        "granularity": _("Granularity"),
        "origin": _("Where it comes from"),
    }
    for name in SHOWN:
        ticked = asked.ticked.get(name, ())
        counted = dict(found.facets[name])
        counted.update({value: 0 for value in ticked if value not in counted})
        if len(counted) < 2 and not ticked:
            continue
        options = [
            {"value": value, "label": namers[name](value), "count": count, "checked": value in ticked}
            for place, (value, count) in enumerate(counted.items())
            if place < MOST_OPTIONS or value in ticked
        ]
        rest = {"rare": len(counted) - len(options), "rarer_still": len(counted) >= search.MOST_VALUES}
        yield {"name": name, "label": titles[name], "options": options, **rest}


def _places(found: Found, asked: Asked) -> list[places.Place]:
    """The divisions to choose from; with one chosen, what another would give is asked without it."""
    wider = ask(replace(asked.query(page=1, per_page=1), place=None)) if asked.place else found
    return places.choices(wider.facets["region"], asked.place)


def _chips(asked: Asked, namers: Namers) -> Iterable[tuple[Asked, dict[str, str]]]:
    """The filters in use, each with the search without it."""
    for name, values in asked.ticked.items():
        for value in values:
            yield _chip(asked.without(name, value), namers[name](value))
    if asked.place:
        yield _chip(asked.without("place"), _("Place: %(name)s", name=words.region(asked.place)))
    if any(asked.bounds):
        first, last = (typed or "…" for typed in (asked.time_from, asked.time_to))
        yield _chip(asked.without("time"), _("Time: %(start)s to %(end)s", start=first, end=last))


def _chip(fewer: Asked, text: str) -> tuple[Asked, dict[str, str]]:
    return fewer, {"text": text, "remove_href": fewer.href()}


def _sorts(asked: Asked) -> list[dict[str, Any]]:
    texts = {
        Sort.RELEVANCE: _("Relevance"),
        Sort.UPDATED: _("Last update"),
        Sort.DOWNLOADS: _("Most used"),
        Sort.SCORE: _("Quality"),
        Sort.TITLE: _("Title"),
    }
    if not asked.text:
        # Without words nothing is more relevant than anything else; the index then answers with the newest.
        del texts[Sort.RELEVANCE]
    chosen = Sort.UPDATED if asked.sort is Sort.RELEVANCE and not asked.text else asked.sort
    return [{"text": text, "href": asked.href(sort=sort), "current": sort is chosen} for sort, text in texts.items()]


def _hidden(asked: Asked) -> list[tuple[str, str]]:
    """What the form of filters carries along: the words, the order, and ticks for which it has no boxes."""
    pairs = [("q", asked.text)] if asked.text else []
    pairs += [("sort", asked.sort.value)] if asked.sort is not Sort.RELEVANCE else []
    return pairs + [("region", value) for value in asked.ticked.get("region", ())]


def _ways(asked: Asked, chips: list[tuple[Asked, dict[str, str]]]) -> list[Way]:
    """For each filter, and for all of them, what its removal would give; those that give nothing are left out."""
    fewer = [(one, str(_("Without “%(filter)s”", filter=chip["text"]))) for one, chip in chips[:MOST_WAYS]]
    if len(chips) > 1:
        fewer.append((asked.unfiltered(), str(_("Without any filter"))))
    counted = [(one, text, ask(one.query(page=1, per_page=1)).total) for one, text in fewer]
    return [Way(text, one.href(), count) for one, text, count in counted if count]


def _corrected(asked: Asked, text: str | None) -> Link | None:
    return Link(text, asked.with_text(text).href()) if text else None


def card(entry: Entry, text: str = "") -> dict[str, Any]:
    """What a list shows of an entry: six facts, the rest is on its page."""
    cycle = language.term(entry.update_cycle)
    updated = language.date(entry.data_updated_at)
    own = entry.origin is v.Origin.OWN
    facts = [
        (_("Publisher"), words.publisher(entry)),
        (_("Place"), words.region(entry.region_code)),
        (_("Update"), _("%(cycle)s, last on %(date)s", cycle=cycle, date=updated) if updated else cycle),
        (_("Format"), words.together(words.formats(entry)[:4])),
        (_("Time"), words.span(entry)),
        (_("Granularity"), entry.granularity),
        (_("Rows"), language.number(entry.rows) if entry.rows else ""),
    ]
    summary = words.abstract(entry)
    return {
        "title": words.title(entry),
        "href": words.address(entry),
        "code": words.slug(entry),
        "entry": entry,
        "summary": summary if len(summary) <= SUMMARY else summary[:SUMMARY].rstrip() + "…",
        "highlight": highlight(summary, text),
        "facts": [{"label": name, "text": value} for name, value in facts if value],
        "note": "" if own else _("Listed from %(portal)s", portal=words.portal(entry)),
    }


def highlight(summary: str, text: str) -> Markup | None:
    """The part of a summary around the words searched for, with these marked; none if they don't occur."""
    place = summary.lower().find(text.lower()) if text else -1
    if place < 0:
        return None
    start = max(0, place - 40)
    before, hit = summary[start:place], summary[place : place + len(text)]
    after = summary[place + len(text) : start + 180]
    return Markup("{}{}<mark>{}</mark>{}").format("…" if start else "", escape(before), hit, after)

"""The finder: from the address of a search to everything its page shows, and back to addresses."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape
from werkzeug.datastructures import MultiDict

from catalog import search
from catalog.models import Entry
from catalog.search import Found, Query, Sort
from open_portal import language
from open_portal.pages import dataset_words as words
from open_portal.pages.dataset_words import Link
from open_portal.requests import actor, kit, now, scope, session
from policies import vocabulary as v

FACETS = ("tier", "theme", "tenant", "format", "update_cycle", "region", "origin")
PER_PAGE = 20
MOST_PAGES = 500
MOST_TICKS = 50
MOST_OPTIONS = 40
"""Values of a facet that are offered; the rare ones are found by words."""
TERMS: dict[str, type[v.Term]] = {
    "tier": v.OpenTier,
    "theme": v.Theme,
    "format": v.Format,
    "update_cycle": v.UpdateCycle,
    "origin": v.Origin,
}


@dataclass(frozen=True)
class Asked:
    """A search as the address says it; whatever the address holds, it can be read."""

    text: str = ""
    ticked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sort: Sort = Sort.RELEVANCE
    page: int = 1

    @classmethod
    def read(cls, args: MultiDict[str, str]) -> "Asked":
        """Read an address; what means nothing is left out."""
        text = args.get("q", "").strip()[:200]
        ticked = {name: tuple(dict.fromkeys(args.getlist(name)))[:MOST_TICKS] for name in FACETS}
        sort = args.get("sort", "")
        number = args.get("page", "")
        page = int(number) if number.isascii() and number.isdecimal() else 1
        return cls(
            text=text,
            ticked={name: values for name, values in ticked.items() if values},
            sort=Sort(sort) if sort in set(Sort) else Sort.RELEVANCE,
            page=min(max(page, 1), MOST_PAGES),
        )

    def query(self, *, page: int | None = None, per_page: int = PER_PAGE) -> Query:
        """The question to the index."""
        return Query(self.text, self.ticked, scope(), self.sort, page or self.page, per_page)

    def without(self, name: str, value: str) -> "Asked":
        """The same search with one tick taken away."""
        left = {**self.ticked, name: tuple(one for one in self.ticked[name] if one != value)}
        return Asked(self.text, {key: values for key, values in left.items() if values}, self.sort)

    def with_text(self, text: str) -> "Asked":
        """The same search for other words."""
        return Asked(text, self.ticked, self.sort)

    def href(self, *, sort: Sort | None = None, page: int = 1) -> str:
        """The address of this search, in another order or at another page if wanted."""
        pairs = [("q", self.text)] if self.text else []
        pairs += [(name, value) for name, values in self.ticked.items() for value in values]
        order = sort or self.sort
        pairs += [("sort", order.value)] if order is not Sort.RELEVANCE else []
        pairs += [("page", str(page))] if page > 1 else []
        return url_for("datasets.find") + ("?" + urlencode(pairs) if pairs else "")


@dataclass(frozen=True)
class Way:
    """A way out of an empty answer: the filter to take away and how many entries that gives."""

    text: str
    href: str
    count: int


def page_of(asked: Asked) -> dict[str, Any]:
    """Everything the search page shows."""
    found = _ask(asked)
    pages = min(-(-found.total // PER_PAGE), MOST_PAGES)
    if asked.page > max(pages, 1):
        asked = Asked(asked.text, asked.ticked, asked.sort, max(pages, 1))
        found = _ask(asked)
    namers = _namers(found, asked)
    return {
        "asked": asked,
        "found": found,
        "pages": pages,
        "groups": list(_groups(found, asked, namers)),
        "chips": [chip for _name, _value, chip in _chips(asked, namers)],
        "clear": Asked(asked.text, {}, asked.sort).href(),
        "sorts": _sorts(asked),
        "hidden": _hidden(asked),
        "cards": [card(entry, asked.text) for entry in found.entries],
        "url_of": lambda number: asked.href(page=number),
        "ways": [] if found.total else _ways(asked, namers),
        "corrected": _corrected(asked, found.corrected),
        "nearby": [Link(words.title(one), words.address(one)) for one in found.suggestions],
        "table_href": url_for("datasets.listing") + "?" + request.query_string.decode("ascii", "replace"),
    }


def _ask(asked: Asked) -> Found:
    return search.find(kit().index, session(), actor(), now(), asked.query())


def _namers(found: Found, asked: Asked) -> dict[str, Callable[[str], str]]:
    """For each facet, what names its values in the reader's language."""
    seen = [value for value, _count in found.facets["tenant"]]
    names = words.publishers(session(), [*seen, *asked.ticked.get("tenant", ())])
    given: dict[str, Callable[[str], str]] = {
        "tenant": lambda value: names.get(value, value),
        "region": words.region,
    }
    return {name: given.get(name) or _term_of(TERMS[name]) for name in FACETS}


def _term_of(kind: type[v.Term]) -> Callable[[str], str]:
    return lambda value: language.term(value, kind.__name__)


def _groups(found: Found, asked: Asked, namers: dict[str, Callable[[str], str]]) -> Iterable[dict[str, Any]]:
    """The groups of boxes to tick; one that could not narrow anything is left out."""
    titles = {
        "tier": _("Open tier"),
        "theme": _("Theme"),
        "tenant": _("Publisher"),
        "format": _("Format"),
        "update_cycle": _("Update cycle"),
        "region": _("Region"),
        "origin": _("Where it comes from"),
    }
    for name in FACETS:
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
        yield {"name": name, "label": titles[name], "options": options}


def _chips(asked: Asked, namers: dict[str, Callable[[str], str]]) -> Iterable[tuple[str, str, dict[str, str]]]:
    for name, values in asked.ticked.items():
        for value in values:
            removed = asked.without(name, value).href()
            yield name, value, {"text": namers[name](value), "remove_href": removed}


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
    """What the form of filters carries along."""
    pairs = [("q", asked.text)] if asked.text else []
    return pairs + ([("sort", asked.sort.value)] if asked.sort is not Sort.RELEVANCE else [])


def _ways(asked: Asked, namers: dict[str, Callable[[str], str]]) -> list[Way]:
    """For each filter, what its removal would give; those that give nothing are left out."""
    ways = []
    for name, value, chip in list(_chips(asked, namers))[:8]:
        fewer = asked.without(name, value)
        count = search.find(kit().index, session(), actor(), now(), fewer.query(page=1, per_page=1)).total
        if count:
            ways.append(Way(chip["text"], chip["remove_href"], count))
    return ways


def _corrected(asked: Asked, text: str | None) -> Link | None:
    return Link(text, asked.with_text(text).href()) if text else None


def card(entry: Entry, text: str = "") -> dict[str, Any]:
    """What a list shows of an entry: five facts, the rest is on its page."""
    cycle = language.term(entry.update_cycle)
    updated = language.date(entry.data_updated_at)
    own = entry.origin is v.Origin.OWN
    facts = [
        (_("Publisher"), words.publisher(entry)),
        (_("Update"), _("%(cycle)s, %(date)s", cycle=cycle, date=updated) if updated else cycle),
        (_("Format"), words.together(words.formats(entry)[:4])),
        (_("Time"), words.span(entry)),
        (_("Rows"), language.number(entry.rows) if entry.rows else ""),
    ]
    summary = words.abstract(entry)
    return {
        "title": words.title(entry),
        "href": words.address(entry),
        "entry": entry,
        "summary": summary[:180],
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

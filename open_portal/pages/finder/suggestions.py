"""What the search box offers while somebody types: searches and datasets, ready to be shown."""

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from catalog import search
from open_portal.pages import dataset_words as words
from open_portal.pages.finder.finder_asked import written
from open_portal.requests import actor, kit, now, scope, session

LONGEST = 60
"""Characters typed that are looked at; nobody is helped to finish a longer text."""
WORDS = 5
ENTRIES = 5


def of(typed: str) -> dict[str, Any]:
    """Groups of options, each with a text, a note and an address, and a sentence that says how many there are."""
    text = typed.strip()
    if not text or len(text) > LONGEST:
        return {"query": text, "groups": [], "message": ""}
    limit = max(WORDS, ENTRIES)
    found = search.suggest(kit().index, session(), actor(), now(), text, scope=scope(), limit=limit)
    find = url_for("datasets.find")
    searches = [{"text": one, "note": "", "href": written(find, [("q", one)])} for one in found.words[:WORDS]]
    entries = [
        {"text": words.title(one), "note": words.publisher(one), "href": words.address(one)}
        for one in found.entries[:ENTRIES]
    ]
    groups = [
        {"kind": kind, "label": label, "options": options}
        for kind, label, options in (("word", _("Search for"), searches), ("entry", _("Datasets"), entries))
        if options
    ]
    count = len(searches) + len(entries)
    return {
        "query": text,
        "groups": groups,
        "message": ngettext("%(num)d suggestion", "%(num)d suggestions", count) if count else _("No suggestions"),
    }

"""The points of metadata in words: why each metric matters, how it is met, and where in an entry it is mended."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _

from catalog import datasets
from open_portal.pages.desk.desk_frame import address
from policies import vocabulary as v
from policies.vocabulary import MqaMetric as M

PLACES: Mapping[M, tuple[str, str]] = {
    M.KEYWORD: ("basics", "tags"),
    M.THEME: ("basics", "themes"),
    M.SPATIAL: ("basics", "region_code"),
    M.TEMPORAL: ("basics", "time_from"),
    M.ACCESS_OK: ("data", ""),
    M.DOWNLOAD: ("opening", "open_type"),
    M.DOWNLOAD_OK: ("data", ""),
    M.FORMAT: ("data", ""),
    M.MEDIA_TYPE: ("data", ""),
    M.FORMAT_LISTED: ("data", ""),
    M.FREE_FORMAT: ("data", ""),
    M.MACHINE_READABLE: ("data", ""),
    M.DCAT: ("basics", "abstract"),
    M.LICENCE: ("upkeep", "licence"),
    M.LICENCE_LISTED: ("upkeep", "licence"),
    M.RIGHTS_OF_ACCESS: ("opening", "open_type"),
    M.RIGHTS_LISTED: ("opening", "open_type"),
    M.CONTACT: ("upkeep", "contact_office"),
    M.PUBLISHER: ("basics", "title"),
    M.TERMS: ("opening", "open_condition"),
    M.SIZE: ("data", ""),
    M.ISSUED: ("check", ""),
    M.MODIFIED: ("data", ""),
}
"""The task and the field where each metric is mended; no field: the file itself."""


@dataclass(frozen=True)
class Advice:
    """Why something missing matters and what to do."""

    why: str
    how: str


def advice(metric: M) -> Advice:
    """Why a metric matters to readers, and how it is met."""
    found = _advice()
    return found.get(metric) or found[M.FORMAT]


def _advice() -> Mapping[M, Advice]:
    data = _("Upload a file that passes its checks; everything else about it follows by itself.")
    files = _("Programs must know in which form they get the data before they fetch them.")
    return {
        M.KEYWORD: Advice(
            _("People search with words of their own; without keywords they find the dataset by its title alone."),
            _("Enter three to ten words that people would search with."),
        ),
        M.THEME: Advice(_("The catalogue is browsed by domain."), _("Choose at least one data domain.")),
        M.SPATIAL: Advice(_("Most searches name a place."), _("Choose the division that the data cover.")),
        M.TEMPORAL: Advice(
            _("Readers must know which time the data cover before they open them."),
            _("Enter the day on which the data begin, and the last one if no more will come."),
        ),
        M.ACCESS_OK: Advice(_("An entry without data that can be read helps nobody."), data),
        M.DOWNLOAD: Advice(
            _("Data that anyone may fetch are used most."),
            _("If nothing stands against it, open the data without conditions and have their items released."),
        ),
        M.DOWNLOAD_OK: Advice(_("A file that can't be fetched is as good as none."), data),
        M.FORMAT: Advice(files, data),
        M.DCAT: Advice(
            _("Other portals take the entry over only if title, abstract and access are there."),
            _("Write an abstract: what one row is, what is covered, what is not; and upload data."),
        ),
        M.LICENCE: Advice(_("Without a licence nobody knows what he may do with the data."), _("Choose a licence.")),
        M.LICENCE_LISTED: Advice(
            _("Programs know the licences of the international list, not terms of our own."),
            _("If possible, choose a licence of the international list, such as CC BY 4.0."),
        ),
        M.RIGHTS_OF_ACCESS: Advice(
            _("Readers must know whether they may have the data."), _("Choose how far it is open.")
        ),
        M.RIGHTS_LISTED: Advice(
            _("Readers must know whether they may have the data."), _("Choose how far it is open.")
        ),
        M.CONTACT: Advice(
            _("Whoever finds a fault or has a question needs somebody to turn to."),
            _("Enter the office and its phone or e-mail, no person."),
        ),
        M.PUBLISHER: Advice(_("Readers trust data whose publisher they know."), _("Say who publishes the data.")),
        M.TERMS: Advice(
            _("Conditions that are not written down can't be kept."),
            _("Say under which conditions the data may be used, or choose a licence with terms."),
        ),
        M.SIZE: Advice(_("Readers plan a download by its size."), data),
        M.ISSUED: Advice(
            _("The date of issue shows how long the data have been there."), _("Hand the entry in for publication.")
        ),
        M.MODIFIED: Advice(_("Readers must know how fresh the data are."), data),
    }


def place(metric: M, code: str, state: v.EntryState) -> str:
    """The address of the very field where something missing is mended, by the state the entry is in."""
    return field_address(*PLACES[metric], code=code, state=state)


def field_address(task: str, field: str, *, code: str, state: v.EntryState) -> str:
    """The address of a field of an entry: in its task while it is a draft, in the form for changes once published."""
    anchor = field or None
    where = address(code)
    if task == "data":
        return url_for("desk.data", code=where)
    if state in datasets.EDITABLE:
        if task in {"basics", "upkeep"}:
            return url_for("desk.task", code=where, name=task, _anchor=anchor)
        return url_for(
            {"items": "desk.items", "opening": "desk.opening"}.get(task, "desk.check"), code=where, _anchor=anchor
        )
    if state is v.EntryState.PUBLISHED:
        return url_for("desk.change_form", code=where, _anchor=anchor)
    return url_for("desk.dataset", code=where)

"""The panel that says how to get the data, or why not and what can be done instead."""

from dataclasses import dataclass, field
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from catalog.models import Entry, Version
from catalog.reading import Access
from open_portal import language
from open_portal.pages import dataset_words as words
from open_portal.pages.dataset_words import Link
from open_portal.pages.record import stored_rows
from open_portal.requests import kit
from policies import rulebook
from policies import vocabulary as v

FILES = ("csv", "xlsx", "json", "jsonl", "parquet")


@dataclass(frozen=True)
class Panel:
    """What the panel says: its kind (open, restricted, closed, inside), words, files, facts and ways on."""

    kind: str
    lead: str
    files: list[dict[str, str]] = field(default_factory=list)
    facts: list[dict[str, Any]] = field(default_factory=list)
    action: Link | None = None
    outside: Link | None = None


def panel(entry: Entry, version: Version | None, access: Access) -> Panel:
    """The panel for whoever has this access."""
    if entry.origin is v.Origin.HARVESTED:
        return _elsewhere(entry)
    if access.given and version is not None:
        return _given(entry, version, access)
    lead = why_not(entry, access)
    if access.rule == "sign-in":
        target = url_for("account.sign_in", next=request.path)
        return Panel("restricted", lead, facts=_terms(entry), action=Link(_("Sign in"), target))
    if access.rule == "apply":
        target = url_for("applying.start", code=words.slug(entry))
        facts = [*_terms(entry), *_conditions(entry)]
        return Panel("restricted", lead, facts=facts, action=Link(_("Apply for use"), target))
    closed = entry.open_type is v.OpenType.OPEN_FORBIDDEN or access.rule == "not-open"
    return Panel("closed", lead, facts=_reasons(entry) if closed else [])


def why_not(entry: Entry, access: Access) -> str:
    """In one or two sentences, why there are no rows for this reader and what to do."""
    reasons: dict[str, str] = {
        "sign-in": _("These data are open to everyone who has signed in."),
        "apply": _("These data are opened on application: say what you need them for and accept the agreement."),
        "no-data": _("No data have been published for this entry yet."),
        "not-live": _("This entry is not published; only its own department sees it."),
        "not-open": _("These data have not been released to the public."),
        "elsewhere": _("The data are kept by the original portal; only the catalogue entry is listed here."),
        "forbidden": _("These data are not opened. The reason and its legal basis are given here."),
        "offline": _("The data fail their quality gate and are not handed out until mended data pass it."),
        "nothing": _("None of the data items may be read by you."),
    }
    if entry.origin is v.Origin.HARVESTED:
        return reasons["elsewhere"]
    if entry.open_type is v.OpenType.OPEN_FORBIDDEN and access.rule in {"not-open", "no-data"}:
        return reasons["forbidden"]
    return reasons.get(access.rule, reasons["nothing"])


def _given(entry: Entry, version: Version, access: Access) -> Panel:
    leads = {
        "open": _("Free for everyone, no sign-in needed."),
        "open-signed-in": _("Free for everyone who has signed in."),
        "grant": _("Yours by a grant, for the purpose and the term agreed."),
        "shared": _("Shared with every body inside government."),
        "own-tenant": _("You see these data because they are your own department's."),
    }
    kind = "open" if access.rule.startswith("open") else "inside"
    day = language.date(version.uploaded_at)
    facts = [
        (_("Rows"), language.number(version.rows_loaded)),
        (_("Version"), _("No. %(number)s, %(date)s", number=version.number, date=day)),
        (_("Checksum"), f"SHA-256 {version.original.sha256[:16]}…"),
    ]
    left = len(entry.items) - len(access.items)
    if left > 0:
        facts.append((_("Left out"), _("%(count)s data items that are not open", count=left)))
    shown = [{"label": label, "text": text} for label, text in facts]
    return Panel(kind, leads[access.rule], _files(entry, version, access), [*shown, *_terms(entry)])


def _files(entry: Entry, version: Version, access: Access) -> list[dict[str, str]]:
    labels = {
        "csv": (_("CSV"), _("opens in a spreadsheet")),
        "xlsx": (_("Excel"), ""),
        "json": (_("JSON"), ""),
        "jsonl": (_("JSON Lines"), ""),
        "parquet": (_("Parquet"), ""),
    }
    code = words.slug(entry)
    files = [
        {
            "label": labels[name][0],
            "format": labels[name][1],
            "href": url_for("data.download", code=code, format=name),
        }
        for name in FILES
    ]
    if stored_rows.whole(kit(), version, access):
        href = url_for("data.download", code=code, format="original")
        extension = version.original.name.rpartition(".")[2].upper()[:12]
        size = words.size(version.original.size)
        files.append({"label": _("File as delivered"), "format": extension, "size": size, "href": href})
    return files


def _terms(entry: Entry) -> list[dict[str, Any]]:
    """The licence, with the address of its text."""
    if entry.licence is None:
        return []
    return [{"label": _("Licence"), "text": language.term(entry.licence), "href": entry.licence.uri}]


def _conditions(entry: Entry) -> list[dict[str, Any]]:
    """What whoever applies should know first."""
    limits = rulebook.in_force().limits
    facts = [
        (_("Who may apply"), _("Legal persons and natural persons, under their real names")),
        (_("Condition"), entry.open_condition),
        (_("Basis"), entry.open_basis),
    ]
    if "OPEN_DECISION" in limits:
        facts.append((_("Decided within"), _("%(days)s working days", days=limits["OPEN_DECISION"].days)))
    return [{"label": label, "text": text} for label, text in facts if text]


def _reasons(entry: Entry) -> list[dict[str, Any]]:
    reason = language.term(entry.open_reason) if entry.open_reason else ""
    facts = [(_("Reason"), reason), (_("Basis"), entry.open_basis), (_("Condition"), entry.open_condition)]
    return [{"label": label, "text": text} for label, text in facts if text]


def _elsewhere(entry: Entry) -> Panel:
    safe = (entry.origin_url or "").startswith(("https://", "http://"))
    link = Link(_("Open at the original portal"), entry.origin_url or "") if safe else None
    return Panel("closed", why_not(entry, Access((), "no-data")), outside=link)

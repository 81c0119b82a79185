"""Risk of disclosure on the desk: personal data found in a version, what tells its rows apart, what was said of it."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from catalog import assessments, disclosures, reading, versions
from catalog.assessments import Finding
from catalog.models import Entry, Version
from open_portal import language as words
from open_portal.pages.desk.desk_frame import address, done, entry_of, language, name_of, own_entry, pages, said
from open_portal.pages.record import profile_frame
from open_portal.requests import actor, deed, session
from policies import disclosure
from policies import vocabulary as v
from policies.disclosure import SIZES, Facts, Thresholds
from policies.refusals import Invalid, NotFound
from tenancy import work

TONES = {v.RiskVerdict.PASS: "good", v.RiskVerdict.REVIEW: "warn", v.RiskVerdict.STOP: "bad"}


@pages.get("/desk/datasets/<code>/data/<int:number>/risk")
def risk(code: str, number: int) -> str:
    """What was found and counted, and the forms to settle it."""
    return render_template("desk/risk.html", **_page(code, number))


@pages.post("/desk/datasets/<code>/data/<int:number>/risk")
def settle_risk(code: str, number: int) -> ResponseReturnValue:
    """Confirm or dismiss a finding, choose the quasi-identifiers, or have the version counted again."""
    move = request.form.get("move", "")
    try:
        with deed() as unit:
            version = versions.find(unit.session, entry_of(unit, code), number)
            if move == "settle":
                answer, reason = request.form.get("answer", ""), request.form.get("reason", "")
                disclosures.settle(unit, version, request.form.get("finding", ""), answer, reason)
            elif move == "choose":
                disclosures.choose(unit, version, request.form.getlist("columns"))
            else:
                disclosures.assess_again(unit, version)
    except Invalid as refusal:
        return render_template("desk/risk.html", error=said(refusal), typed=request.form, **_page(code, number)), 422
    done(_("Saved.") if move == "settle" else _("The version is being counted again; look again in a moment."))
    return redirect(url_for("desk.risk", code=code, number=number))


@pages.get("/desk/datasets/<code>/data/<int:number>/profile")
def version_profile(code: str, number: int) -> str:
    """The profile of any version, for those inside."""
    entry = own_entry(code)
    version = versions.find(session(), entry, number)
    inside = reading.Access(tuple(item.name for item in entry.items), "own-tenant")
    profile = profile_frame.page(entry, version, inside)
    return render_template(
        "desk/profile.html", entry=entry, address=address(entry.code), version=version, profile=profile
    )


def newest(reader: Session, entry: Entry) -> Version | None:
    """The version that a release is about: the live one, else the newest that passed."""
    return versions.live(reader, entry) or versions.newest_passing(reader, entry)


def panel(entry: Entry) -> dict[str, Any] | None:
    """What a reviewer sees of the version that would be opened; None without one."""
    version = newest(session(), entry)
    return of_version(version) if version else None


def of_version(version: Version) -> dict[str, Any]:
    """Verdict, reasons, figures and findings of a version, in words."""
    judgement, bar = assessments.judgement(version), assessments.thresholds(version.entry)
    facts = Facts.from_json(version.disclosure) if version.disclosure else None
    signature = assessments.signed(version)
    found = assessments.findings(version)
    verdict = judgement.verdict if judgement else None
    return {
        "version": version,
        "applies": bar is not None,
        "verdict": verdict,
        "tone": TONES[verdict] if verdict else "quiet",
        "reasons": [
            {"text": said(one), "tone": TONES[grade]} for grade, one in (judgement.reasons if judgement else ())
        ],
        "as_of": words.datetime((version.disclosure or {}).get("as_of")),
        "figures": _figures(facts, bar) if facts else [],
        "findings": [_finding(version, one) for one in found],
        "open": sum(one.mismatch and not one.answer for one in found),
        "signature": _signature(signature) if signature else None,
        "may_sign": bool(assessments.hindrances(version)) and work.may(actor(), "release.review", version.entry),
        "basis": (bar.basis_en if language().startswith("en") else bar.basis) if bar else "",
        "tiers": ", ".join(bar.tiers) if bar else "",
    }


def _figures(facts: Facts, bar: Thresholds | None) -> list[dict[str, str]]:
    """What was counted, each figure with what it is of."""
    labels = {"columns": _("Quasi-identifiers"), "about": _("What a row stands for")}
    about = _("counts of persons") if facts.aggregated else _("a person") if facts.persons else _("no person")
    rows = [(labels["about"], about)]
    if facts.quasi:
        chosen = _("chosen by the steward") if facts.chosen else _("proposed by their names")
        rows.append((labels["columns"], _("%(columns)s (%(how)s)", columns=_join(facts.quasi), how=chosen)))
        smallest = f"≥ {SIZES}" if facts.smallest == SIZES else str(facts.smallest)
        rows.append(
            (_("Smallest class (k)"), _("%(k)s rows, of %(classes)s classes", k=smallest, classes=facts.classes))
        )
        rows.append((_("Rows that are unique"), _of(facts.below(2), facts.rows)))
        if bar:
            rows.append((_("Rows in classes below %(k)s", k=bar.k), _of(facts.below(bar.k), facts.rows)))
    if bar:
        rows += [
            (
                _("Counts below %(bound)s in %(column)s", bound=bar.small_cell, column=name),
                str(facts.small_cells(name, bar.small_cell)),
            )
            for name in facts.cells
        ]
    rows += [
        (
            _("Precision of %(column)s", column=name),
            _("%(decimals)s decimals, about %(metres)s m", decimals=places, metres=disclosure.metres(places)),
        )
        for name, places in facts.decimals.items()
    ]
    return [{"label": label, "value": value} for label, value in rows]


def _of(part: int, whole: int) -> str:
    share = words.percent(100 * part / whole, 2) if whole else "–"
    return _("%(part)s of %(whole)s (%(share)s)", part=words.number(part), whole=words.number(whole), share=share)


def _join(names: tuple[str, ...]) -> str:
    return (", " if language().startswith("en") else "、").join(names)


def _finding(version: Version, one: Finding) -> dict[str, Any]:
    about = "" if one.exact else "≈ "
    hits = _(
        "%(about)s%(hits)s of %(checked)s values",
        about=about,
        hits=words.number(one.hits),
        checked=words.number(one.checked),
    )
    item = next((item for item in version.entry.items if item.name == one.column), None)
    return {
        "key": one.key,
        "column": one.column,
        "kind": one.kind.label(language()),
        "evidence": hits if one.hits else _("its name"),
        "confidence": one.confidence.label(language()),
        "declared": item.personal_kind.label(language()) if item and item.personal_kind else None,
        "mismatch": one.mismatch,
        "answer": one.answer.get("answer", ""),
        "reason": one.answer.get("reason", ""),
        "by": name_of(one.answer["by"]) if one.answer else "",
        "at": words.datetime(one.answer.get("at")),
        "carried": bool(one.answer.get("carried")),
    }


def _signature(kept: Any) -> dict[str, str]:
    return {"by": name_of(kept["by"]), "at": words.datetime(kept["at"]), "reason": kept["reason"]}


def _page(code: str, number: int) -> dict[str, Any]:
    entry = own_entry(code)
    version = versions.find(session(), entry, number)
    if version.table_id is None:
        raise NotFound("general.not-found")
    facts = Facts.from_json(version.disclosure) if version.disclosure else None
    columns = assessments.columns_of(version)
    leaves = assessments.leaving(entry, columns)
    proposed = disclosure.proposed(facts.roles, leaves, persons=facts.persons) if facts else ()
    chosen = entry.quasi_identifiers
    return {
        "entry": entry,
        "address": address(entry.code),
        "risk": of_version(version),
        "version": version,
        "may_settle": work.may(actor(), "entry.edit", entry),
        "may_assess": work.may(actor(), "quality.run", entry) and version.state in disclosures.ASSESSABLE,
        "choices": [
            {"name": name, "on": name in (proposed if chosen is None else chosen), "proposed": name in proposed}
            for name in columns
            if name in leaves
        ],
    }

"""Quality rules of an entry: each as a sentence with what fails now; a change makes another version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from catalog.models import Entry, Version
from open_portal.language import term
from open_portal.pages.desk_frame import (
    address,
    changed_meanwhile,
    done,
    entry_of,
    language,
    own_entry,
    pages,
    said,
)
from open_portal.requests import actor, deed, session
from policies import vocabulary as v
from policies.refusals import Invalid
from quality import rules, suites
from quality.models import Run
from quality.rules import Rule
from tenancy import work


@dataclass
class Line:
    """A rule as a line of the table: its sentence, what it found last, and what was typed beside it."""

    rule: Rule
    sentence: str
    dimension: str
    why: str
    fails: int | None
    counted: int | None
    error: str
    severity: str
    mostly: str
    removed: bool = False
    problem: str = ""


@pages.get("/desk/datasets/<code>/rules")
def rules_list(code: str) -> str:
    """The rules that the next delivery must keep."""
    entry = own_entry(code)
    return render_template("desk/rules.html", **_page(entry, lines_of(entry)))


@pages.post("/desk/datasets/<code>/rules")
def save_rules(code: str) -> ResponseReturnValue:
    """Another version of the suite: severities and shares as typed, without what was dropped."""
    entry = own_entry(code)
    lines = lines_of(entry)
    for line in lines:
        _take(line)
    if any(line.problem for line in lines):
        return render_template("desk/rules.html", **_page(entry, lines)), 422
    wanted = [_changed(line) for line in lines if not line.removed]
    if wanted == [line.rule for line in lines]:
        done(_("Nothing was changed."))
    elif request.form.get("version") != _stamp(entry):
        first = changed_meanwhile()
        return render_template("desk/rules.html", first=first, **_page(entry, lines)), 409
    else:
        with deed() as unit:
            suites.set_rules(unit, entry_of(unit, code), wanted)
        done(_("The rules are kept as a new version; they hold from the next delivery on."))
    return redirect(url_for("desk.rules_list", code=address(entry.code)))


def lines_of(entry: Entry) -> list[Line]:
    """The rules of the newest suite with the outcome of the last run."""
    suite = suites.latest(session(), entry)
    if suite is None:
        return []
    outcomes = _outcomes(entry)
    titles = {item.name: item.title or item.name for item in entry.items}
    return [_line(rule, outcomes.get(rule.rule_id, {}), titles) for rule in suites.rules_of(suite)]


def _line(rule: Rule, outcome: Mapping[str, Any], titles: Mapping[str, str]) -> Line:
    chosen = language()
    fails, counted = outcome.get("unexpected"), outcome.get("evaluated")
    if outcome and fails is None:
        fails, counted = (0 if outcome.get("success") else 1), None
    return Line(
        rule=rule,
        sentence=rules.sentence(replace(rule, mostly=1.0), chosen, titles),
        dimension=next(term(one) for one in v.Dimension if one.value == rule.dimension),
        why=rule.why_en if chosen.startswith("en") else rule.why_zh,
        fails=fails,
        counted=counted,
        error=str(outcome.get("error") or ""),
        severity=rule.severity,
        mostly=f"{rule.mostly * 100:g}",
    )


def _outcomes(entry: Entry) -> dict[str, Mapping[str, Any]]:
    query = (
        select(Run)
        .join(Version, Version.id == Run.version_id)
        .where(Version.entry_id == entry.id)
        .order_by(Run.at.desc(), Version.number.desc())
        .limit(1)
    )
    run = session().scalars(query).first()
    return {row["rule_id"]: row for row in run.results} if run else {}


def _take(line: Line) -> None:
    """What was typed beside a rule; a share that can't be meant is marked."""
    name = line.rule.rule_id
    line.severity = request.form.get(f"severity:{name}", line.severity)
    line.mostly = request.form.get(f"mostly:{name}", line.mostly).strip()
    line.removed = bool(request.form.get(f"drop:{name}"))
    if line.severity not in {one.value for one in v.Severity}:
        line.problem = said(Invalid("general.choice", value=line.severity[:40]))
    elif not 0 < _share(line.mostly) <= 1:
        line.problem = _("Give a share above 0 and up to 100 per cent.")


def _changed(line: Line) -> Rule:
    share = _share(line.mostly)
    mostly = line.rule.mostly if abs(share - line.rule.mostly) < 1e-9 else share
    if (line.severity, mostly) == (line.rule.severity, line.rule.mostly):
        return line.rule
    return replace(line.rule, severity=line.severity, mostly=mostly, origin="steward")


def _share(typed: str) -> float:
    try:
        return round(float(typed.rstrip("%％").strip()) / 100, 6)
    except ValueError:
        return 0.0


def _stamp(entry: Entry) -> str:
    suite = suites.latest(session(), entry)
    return str(suite.number) if suite else "0"


def _page(entry: Entry, lines: Sequence[Line]) -> dict[str, Any]:
    suite = suites.latest(session(), entry)
    return {
        "entry": entry,
        "address": address(entry.code),
        "suite": suite,
        "lines": lines,
        "stamp": _stamp(entry),
        "severities": list(v.Severity),
        "may_edit": suite is not None and work.may(actor(), "suite.edit", suite),
    }

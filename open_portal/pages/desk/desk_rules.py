"""Quality rules of an entry as a table: each a sentence with what fails now; a change makes another version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from catalog.models import Entry, Version
from open_portal import forms_rules
from open_portal.pages.desk.desk_frame import (
    address,
    changed_meanwhile,
    done,
    entry_of,
    language,
    name_of,
    own_entry,
    pages,
    said,
    today,
)
from open_portal.requests import actor, deed, session
from policies import vocabulary as v
from policies.refusals import Invalid
from quality.models import Run
from quality.rules import rules
from quality.rules.rules import Rule
from quality.suites import suite_changes, suite_diffs, suites, trials, waivers
from quality.suites.suite_models import Trial
from quality.suites.suite_models import Waiver as StoredWaiver
from tenancy import work

PLACES = 100_000


@dataclass
class Line:
    """A rule as a line of the table: its sentence, what it found last, and what was typed beside it."""

    rule: Rule
    sentence: str
    why: str
    fails: int | None
    counted: int | None
    error: str
    dimension: str
    severity: str
    weight: str
    mostly: str
    place: str
    tried: bool = False
    changed: bool = False
    waiver: StoredWaiver | None = None
    approver: str = ""
    removed: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Working:
    """The rules on which somebody works: the newest version, or a trial made from it."""

    base: int
    rules: tuple[Rule, ...]
    trial: Trial | None = None


@pages.get("/desk/datasets/<code>/rules")
def rules_list(code: str) -> str:
    """The rules that the next delivery must keep, or those of a trial that goes on."""
    entry = own_entry(code)
    return render_template("desk/rules.html", **_page(entry, lines_of(entry)))


@pages.post("/desk/datasets/<code>/rules")
def save_rules(code: str) -> ResponseReturnValue:
    """Another version of the suite, or a trial of it: order, dimension, severity, weight and share as typed."""
    entry = own_entry(code)
    lines = lines_of(entry)
    for line in lines:
        _take(line)
    if any(line.problem for line in lines):
        return render_template("desk/rules.html", **_page(entry, lines)), 422
    kept = sorted(enumerate(lines), key=lambda one: (float(one[1].place), one[0]))
    wanted = [_changed(line) for _number, line in kept if not line.removed]
    return keep_or_try(entry, code, wanted, lambda first: _again(entry, lines, first))


def _again(entry: Entry, lines: Sequence[Line], first: str) -> ResponseReturnValue:
    return render_template("desk/rules.html", first=first, **_page(entry, lines)), 409


def keep_or_try(entry: Entry, code: str, wanted: Sequence[Rule], again: Any) -> ResponseReturnValue:
    """Keep rules as a new version, or try them, as the button said; `again` shows the form to whoever came late."""
    present = suites.latest(session(), entry)
    if present is not None and list(wanted) == list(suites.rules_of(present)):
        done(_("Nothing was changed."))
        return redirect(url_for("desk.rules_list", code=address(entry.code)))
    if request.form.get("version") != stamp(entry):
        late: ResponseReturnValue = again(changed_meanwhile())
        return late
    base = int(stamp(entry))
    with deed() as unit:
        if request.form.get("action") == "try":
            trial_id = trials.start(unit, entry_of(unit, code), wanted, base=base).id
        else:
            suite_changes.set_rules(unit, entry_of(unit, code), wanted, base=base)
            trial_id = ""
    if trial_id:
        return redirect(url_for("desk.trial", code=address(entry.code), trial_id=trial_id))
    done(_("The rules are kept as a new version; the newest data are judged by them now."))
    return redirect(url_for("desk.rules_list", code=address(entry.code)))


def working(entry: Entry) -> Working:
    """The rules on which the reader works, by the trial he goes on with if there is one."""
    suite = suites.latest(session(), entry)
    number = suite.number if suite else 0
    if trial_id := request.values.get("trial", ""):
        trial = trials.find(session(), entry, trial_id)
        return Working(trial.number, trials.rules_of(trial), trial)
    return Working(number, suites.rules_of(suite) if suite else ())


def lines_of(entry: Entry) -> list[Line]:
    """The rules one works on with the outcome of the last run, or of the trial for those that changed."""
    at, outcomes = working(entry), _outcomes(entry)
    suite = suites.latest(session(), entry)
    before = suites.rules_of(suite) if suite else ()
    changed = {one.rule.rule_id for one in suite_diffs.diff(before, at.rules)} if at.trial else set()
    tried: Mapping[str, Any] = (at.trial.results or {}) if at.trial else {}
    titles = {item.name: item.title or item.name for item in entry.items}
    waived = waivers.in_force(session(), entry, today())
    found = []
    for number, rule in enumerate(at.rules, 1):
        stale = {} if rule.rule_id in changed else outcomes.get(rule.rule_id, {})
        line = line_of(rule, tried.get(rule.rule_id) or stale, titles, number)
        line.tried, line.changed = rule.rule_id in tried, rule.rule_id in changed
        line.waiver = waived.get(rule.rule_id)
        line.approver = name_of(line.waiver.decided_by) if line.waiver and line.waiver.decided_by else ""
        found.append(line)
    return found


def line_of(rule: Rule, outcome: Mapping[str, Any], titles: Mapping[str, str], number: int) -> Line:
    """A rule as a line, with what a run or a trial found."""
    chosen = language()
    fails, counted = outcome.get("unexpected"), outcome.get("evaluated")
    if outcome and fails is None:
        fails, counted = (0 if outcome.get("success") else 1), None
    return Line(
        rule=rule,
        sentence=rules.sentence(replace(rule, mostly=1.0), chosen, titles),
        why=rule.why_en if chosen.startswith("en") else rule.why_zh,
        fails=fails,
        counted=counted,
        error=str(outcome.get("error") or ""),
        dimension=rule.dimension,
        severity=rule.severity,
        weight=f"{rule.weight:g}",
        mostly=f"{rule.mostly * 100:.10g}",
        place=str(number),
    )


def last_run(entry: Entry) -> tuple[Run, Version] | None:
    """The newest finished run of an entry's rules with its version: the counts' as-of."""
    query = (
        select(Run, Version)
        .join(Version, Version.id == Run.version_id)
        .where(Version.entry_id == entry.id, Run.state == v.RunState.DONE)
        .order_by(Run.at.desc(), Version.number.desc())
        .limit(1)
    )
    found = session().execute(query).first()
    return (found[0], found[1]) if found else None


def _outcomes(entry: Entry) -> dict[str, Mapping[str, Any]]:
    found = last_run(entry)
    return {row["rule_id"]: row for row in found[0].results} if found else {}


def _take(line: Line) -> None:
    """What was typed beside a rule; what can't be meant is marked."""
    name = line.rule.rule_id
    for field in ("dimension", "severity", "mostly", "weight", "place"):
        setattr(line, field, request.form.get(f"{field}:{name}", getattr(line, field)).strip())
    line.removed = bool(request.form.get(f"drop:{name}"))
    weight, place = forms_rules.number(line.weight), forms_rules.number(line.place)
    if line.severity not in {one.value for one in v.Severity}:
        line.problem = said(Invalid("general.choice", value=line.severity[:40]))
    elif line.dimension not in {one.value for one in v.Dimension}:
        line.problem = said(Invalid("general.choice", value=line.dimension[:40]))
    elif not 0 < forms_rules.share(line.mostly) <= 1:
        line.problem = _("Give a share above 0 and up to 100 per cent.")
    elif weight is None or not 0 <= weight <= 1000:
        line.problem = _("Give a weight from 0 to 1000.")
    elif place is None or not abs(place) < PLACES:
        line.problem = _("Give the place in the list as a number.")


def _changed(line: Line) -> Rule:
    share, weight = forms_rules.share(line.mostly), float(line.weight)
    mostly = line.rule.mostly if abs(share - line.rule.mostly) < 1e-9 else share
    weight = line.rule.weight if line.weight == f"{line.rule.weight:g}" else weight
    typed = (line.severity, mostly, line.dimension, weight)
    if typed == (line.rule.severity, line.rule.mostly, line.rule.dimension, line.rule.weight):
        return line.rule
    return replace(
        line.rule, severity=line.severity, mostly=mostly, dimension=line.dimension, weight=weight, origin="steward"
    )


def stamp(entry: Entry) -> str:
    """The number of the newest version, as forms carry it."""
    suite = suites.latest(session(), entry)
    return str(suite.number) if suite else "0"


def _page(entry: Entry, lines: Sequence[Line]) -> dict[str, Any]:
    suite, at, run = suites.latest(session(), entry), working(entry), last_run(entry)
    return {
        "entry": entry,
        "address": address(entry.code),
        "suite": suite,
        "lines": lines,
        "run": run,
        "trial": at.trial,
        "stamp": str(at.base),
        "choices": forms_rules.measures(),
        "may_edit": work.may(actor(), "suite.edit", entry),
        "may_waive": work.may(actor(), "waiver.ask", entry),
        "may_try": trials.newest_table(session(), entry) is not None,
    }

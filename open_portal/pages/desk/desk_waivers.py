"""Waivers on the desk: asked for by the steward, decided by the reviewer or the authority, seen by both."""

from datetime import date, timedelta
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from catalog.models import Entry
from open_portal.pages.desk import desk_reviews, desk_rules
from open_portal.pages.desk import desk_suite_words as words
from open_portal.pages.desk.desk_frame import address, done, entry_of, name_of, own_entry, pages, said, today
from open_portal.pages.desk.desk_suites import frame, titles_of
from open_portal.requests import actor, deed, session
from policies import rulebook
from policies import vocabulary as v
from policies.procedures import Move
from policies.refusals import Invalid, NotFound, Refusal, Refused
from quality.rules.rules import Rule
from quality.suites import waivers
from quality.suites.suite_models import Waiver
from tenancy import cases, work
from tenancy.records import Case
from tenancy.work import Work


@pages.get("/desk/datasets/<code>/rules/waivers")
def waivers_list(code: str) -> str:
    """Every waiver of an entry, in force, asked for, or over."""
    entry = own_entry(code)
    return render_template(
        "desk/waivers.html",
        rows=rows_of(entry),
        may_ask=work.may(actor(), "waiver.ask", entry),
        counts=rulebook.in_force().quality.waived_count,
        **frame(entry),
    )


def rows_of(entry: Entry) -> list[dict[str, Any]]:
    """The waivers of an entry, each with its rule in words and who asked for and decided it."""
    return [_row(one, entry) for one in waivers.of_entry(session(), entry)]


def _row(one: Waiver, entry: Entry) -> dict[str, Any]:
    return {
        "waiver": one,
        "sentence": words.sentence(Rule.from_json(one.rule), titles_of(entry)),
        "asked_by": name_of(one.asked_by),
        "decided_by": name_of(one.decided_by) if one.decided_by else "",
    }


@pages.get("/desk/datasets/<code>/rules/waivers/new")
def ask_waiver(code: str) -> str:
    """The form for a waiver of one rule."""
    entry = own_entry(code)
    work.demand(actor(), "waiver.ask", entry)
    return render_template("desk/waiver_new.html", errors={}, typed={}, **_form(entry))


@pages.post("/desk/datasets/<code>/rules/waivers/new")
def send_waiver(code: str) -> ResponseReturnValue:
    """Hand a waiver in; what was typed stays when something is wrong with it."""
    entry = own_entry(code)
    rule_id, typed = _rule(entry).rule_id, request.form
    try:
        until = _day(typed.get("until", ""))
        with deed() as unit:
            mine = entry_of(unit, code)
            waiver = waivers.ask(unit, mine, rule_id, reason=typed.get("reason", ""), until=until)
            number = waiver.case.number if waiver.case else ""
    except (Invalid, Refused) as refusal:
        fields: dict[str, Refusal] = dict(refusal.fields) or {refusal.field or "reason": refusal}
        errors = {name: said(one) for name, one in fields.items()}
        page = _form(own_entry(code))
        return render_template("desk/waiver_new.html", errors=errors, typed=typed, **page), 422
    done(_("Handed in as case %(number)s.", number=number))
    return redirect(url_for("desk.waiver", number=number))


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        raise Invalid("general.required", field="until") from None


def _rule(entry: Entry) -> Rule:
    wanted = request.values.get("rule", "")
    found = next((one for one in desk_rules.working(entry).rules if one.rule_id == wanted), None)
    if found is None:
        raise NotFound("general.not-found")
    return found


def _form(entry: Entry) -> dict[str, Any]:
    rule = _rule(entry)
    days = rulebook.in_force().limits["WAIVER_TERM"].days
    line = next(one for one in desk_rules.lines_of(entry) if one.rule.rule_id == rule.rule_id)
    return {
        "rule": rule,
        "line": line,
        "days": days,
        "first": today() + timedelta(days=1),
        "last": today() + timedelta(days=days),
        **frame(entry),
    }


@pages.get("/desk/waivers/<number>")
def waiver(number: str) -> str:
    """A waiver: the rule, its counts, reason and day, and the decision."""
    return render_template("desk/waiver.html", **_page(case_of(number)))


@pages.post("/desk/waivers/<number>")
def decide_waiver(number: str) -> ResponseReturnValue:
    """Approve, reject or recall."""
    found = case_of(number)
    case_id = found.id

    def move(unit: Work, chosen: str, typed: dict[str, Any]) -> object:
        return waivers.decide(unit, waivers.find(unit.session, case_id), chosen, comment=typed["comment"])

    return desk_reviews.decided(found, move, "desk/waiver.html", _page)


@pages.post("/desk/waivers/<number>/end")
def end_waiver(number: str) -> ResponseReturnValue:
    """End a waiver before its day."""
    case_id = case_of(number).id
    with deed() as unit:
        waivers.end(unit, waivers.find(unit.session, case_id))
    done(_("The waiver has ended."))
    return redirect(url_for("desk.waiver", number=number))


def case_of(number: str) -> Case:
    """The case of a waiver of an entry of a body in which the actor works."""
    found = cases.find(session(), number, actor())
    if found.kind != "WAIVER":
        raise NotFound("general.not-found")
    own_entry(waivers.find(session(), found.id).entry_id)
    return found


def _page(found: Case) -> dict[str, Any]:
    one = waivers.find(session(), found.id)
    entry = own_entry(one.entry_id)

    def allowed(move: Move) -> bool:
        return work.may(actor(), "waiver.ask" if move.code == "recall" else "waiver.decide", one)

    lines = [line for line in desk_rules.lines_of(entry) if line.rule.rule_id == one.rule_id]
    return {
        **desk_reviews.frame(found, desk_reviews.moves_of(found, allowed)),
        **frame(entry),
        **_row(one, entry),
        "line": next(iter(lines), None),
        "run": desk_rules.last_run(entry),
        "may_end": one.state is v.WaiverState.IN_FORCE and work.may(actor(), "waiver.ask", one),
        "rules_address": address(entry.code),
    }

"""How a case moves: one pure function over the transition tables of `rules/procedures/*.toml`.

`decide` answers what becomes of a case, or why not; it changes nothing. Questions are asked in this order, so
that an outsider learns nothing about a case: is there such a move, has the mover any part in it, does it
start at the present stage, is it this mover's turn, is the mover free to decide (not the own case, no other
stage of the same round), is everything there that the move needs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from policies import deadlines
from policies.calendars import local_date
from policies.deadlines import AfterSupplement, Clock, Intervals
from policies.procedures import BACK, NEXT, SAME, Move, Procedure, Stage
from policies.refusals import Invalid, Refused
from policies.rulebook import Rulebook

Deciders = tuple[tuple[str, str], ...]
"""(stage, person) of everyone who has decided a stage in this round."""


@dataclass(frozen=True)
class CaseFacts:
    """A case as it stands: its stage and chain, who opened and decided it, and the clocks of stage and whole
    case.

    `urgency` chooses among the limits of a stage. `intervals` holds the running term of the present stage and,
    while another stage has stopped the case, the stopped term of `return_stage`. `extended` tells that the one
    lawful extension has been used.
    """

    kind: str
    stage: str
    chain: tuple[str, ...]
    opened_by: str
    deciders: Deciders = ()
    return_stage: str | None = None
    intervals: Intervals = ()
    total: Intervals = ()
    extended: bool = False
    urgency: str = ""


@dataclass(frozen=True)
class Mover:
    """Who wants to move a case, in which capacities (`side:role`) regarding this very case, and with what
    words."""

    person: str
    capacities: frozenset[str]
    comment: str = ""
    basis: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Moved:
    """Where a case stands after a move; `due` is the earlier last day of stage and whole case, None when
    nothing runs."""

    stage: str
    deciders: Deciders
    return_stage: str | None
    intervals: Intervals
    total: Intervals
    due: date | None
    ended: bool
    before: str
    move: str
    extended: bool = False
    provisional: bool = False


def open_case(
    kind: str, person: str, now: datetime, rules: Rulebook, chain: Sequence[str] | None = None, urgency: str = ""
) -> CaseFacts:
    """A new case of a kind at its first stage, with the chain drawn from the rules unless one is given.

    Raises Invalid for an unknown kind or a chain that is empty or names a stage where nothing is decided.
    """
    procedure = rules.procedures.get(kind)
    if procedure is None:
        raise Invalid("approval.unknown-kind", kind=kind)
    drawn = tuple(chain) if chain is not None else procedure.chain
    for stage in drawn or ("-",):
        if stage not in procedure.deciding():
            raise Invalid("approval.unknown-chain", stage=stage)
    first = drawn[0] if procedure.first in procedure.chain else procedure.first
    clock = procedure.stages[first].limit(urgency)
    today = local_date(now)
    return CaseFacts(
        kind=kind,
        stage=first,
        chain=drawn,
        opened_by=person,
        intervals=deadlines.start(clock, today) if clock else (),
        total=deadlines.start(procedure.total, today) if procedure.total and first in drawn else (),
        urgency=urgency,
    )


def decide(case: CaseFacts, move: str, by: Mover, now: datetime, rules: Rulebook) -> Moved | Refused:
    """What becomes of a case when `by` makes the move called `move`, or the reason why it may not be made."""
    procedure = rules.procedures.get(case.kind)
    if procedure is None:
        return Refused("approval.unknown-kind", kind=case.kind)
    found = _allowed(procedure, case, move, by)
    if isinstance(found, Refused):
        return found
    refused = _missing(found, by) or _bad_extension(found, case, by, rules)
    if refused:
        return refused
    target = _target(procedure, case, found)
    if target is None:
        return Refused("approval.no-way")
    return _moved(procedure, case, found, target, by=by, today=local_date(now), rules=rules)


def moves_open(case: CaseFacts, by: Mover, rules: Rulebook) -> tuple[Move, ...]:
    """The moves that this mover may make now, whatever words are still to be given: the buttons of a page."""
    procedure = rules.procedures.get(case.kind)
    if procedure is None:
        return ()
    return tuple(
        move
        for move in procedure.leaving(case.stage)
        if move.open_to(by.capacities)
        and not _bias(move, case, by)
        and _target(procedure, case, move) is not None
        and not (move.extends and (case.extended or stage_clock(case, rules) is None))
    )


def after(case: CaseFacts, moved: Moved) -> CaseFacts:
    """The case as a move leaves it."""
    return replace(
        case,
        stage=moved.stage,
        deciders=moved.deciders,
        return_stage=moved.return_stage,
        intervals=moved.intervals,
        total=moved.total,
        extended=moved.extended,
    )


def stage_clock(case: CaseFacts, rules: Rulebook) -> Clock | None:
    """The clock of the present stage, None where nothing is owed."""
    procedure = rules.procedures.get(case.kind)
    stage = procedure.stages.get(case.stage) if procedure else None
    limit = stage.limit(case.urgency) if stage else ""
    if not limit:
        return None
    return Clock(rules.limits[limit], _of(case.intervals, limit), rules.calendar)


def total_clock(case: CaseFacts, rules: Rulebook) -> Clock | None:
    """The clock of the whole case, None where the procedure has none or it has not started."""
    procedure = rules.procedures.get(case.kind)
    if procedure is None or not procedure.total or not case.total:
        return None
    return Clock(rules.limits[procedure.total], case.total, rules.calendar)


def due(case: CaseFacts, rules: Rulebook) -> date | None:
    """The earlier of the last days of stage and whole case, None when no clock runs."""
    return min((day for clock in _clocks(case, rules) if (day := clock.due())), default=None)


def warning(case: CaseFacts, today: date, rules: Rulebook) -> int:
    """The highest reminder level (per cent of a running term) that the case has reached."""
    return max((c.warning(today, rules.warn) for c in _clocks(case, rules) if c.running), default=0)


def _clocks(case: CaseFacts, rules: Rulebook) -> list[Clock]:
    return [clock for clock in (stage_clock(case, rules), total_clock(case, rules)) if clock]


def _of(intervals: Intervals, limit: str) -> Intervals:
    return tuple(i for i in intervals if i.limit == limit)


def _allowed(procedure: Procedure, case: CaseFacts, code: str, by: Mover) -> Move | Refused:
    named = procedure.named(code)
    if not named:
        return Refused("approval.unknown-move")
    if not any(move.open_to(by.capacities) for move in named):
        return Refused("approval.not-your-turn")
    here = next((move for move in named if case.stage in move.stages), None)
    if here is None:
        return Refused("approval.wrong-stage")
    if not here.open_to(by.capacities):
        return Refused("approval.not-your-turn")
    return _bias(here, case, by) or here


def _bias(move: Move, case: CaseFacts, by: Mover) -> Refused | None:
    if not move.distinct:
        return None
    if by.person == case.opened_by:
        return Refused("approval.own-case")
    if any(person == by.person and stage != case.stage for stage, person in case.deciders):
        return Refused("approval.same-person")
    return None


def _missing(move: Move, by: Mover) -> Refused | None:
    for need in move.needs:
        if need in ("comment", "basis"):
            words = by.comment if need == "comment" else by.basis
            if not words.strip():
                return Refused(f"approval.needs-{need}", field=need)
            continue
        if by.extra.get(need) in (None, ""):
            return Refused("approval.needs-extra", field=need)
        choices = (move.choices or {}).get(need, ())
        if choices and by.extra[need] not in choices:
            return Refused("approval.unknown-choice", field=need, choices=choices)
    return None


def _bad_extension(move: Move, case: CaseFacts, by: Mover, rules: Rulebook) -> Refused | None:
    if not move.extends:
        return None
    if case.extended:
        return Refused("approval.already-extended")
    clock = stage_clock(case, rules)
    if clock is None or not clock.running:
        return Refused("approval.no-clock")
    if not deadlines.may_extend(clock.limit, _days(by)):
        return Refused("approval.extension-length", field="days", most=clock.limit.days)
    return None


def _target(procedure: Procedure, case: CaseFacts, move: Move) -> str | None:
    target: str | None = move.to
    if move.to == SAME:
        target = case.stage
    elif move.to == BACK:
        target = case.return_stage
    elif move.to == NEXT:
        target = _next(procedure, case)
    # A case keeps its chain; the rules may have lost a stage of it since.
    return target if target in procedure.stages else None


def _next(procedure: Procedure, case: CaseFacts) -> str | None:
    if case.stage not in case.chain:
        return case.chain[0] if case.chain else None
    place = case.chain.index(case.stage) + 1
    return case.chain[place] if place < len(case.chain) else procedure.granted


def _moved(
    procedure: Procedure, case: CaseFacts, move: Move, target: str, *, by: Mover, today: date, rules: Rulebook
) -> Moved:
    stage = procedure.stages[target]
    result = replace(case, stage=target, deciders=_deciders(case, move, by, stage))
    if move.to == SAME:
        days = _days(by) if move.extends else 0
        result = replace(
            result,
            intervals=deadlines.extend(case.intervals, days),
            total=deadlines.extend(case.total, days),
            extended=case.extended or move.extends,
        )
    else:
        # Only material asked of the applicant may start a term anew; other interruptions just stop it.
        rule = rules.after_supplement if procedure.stages[case.stage].supplement else "resume"
        result = replace(
            result,
            return_stage=(case.return_stage or case.stage) if stage.stopped else None,
            intervals=_terms(case, stage, today, rule),
            total=_total(case, procedure.total, move, target, today=today, rule=rule),
        )
    return Moved(
        stage=target,
        deciders=result.deciders,
        return_stage=result.return_stage,
        intervals=result.intervals,
        total=result.total,
        due=due(result, rules),
        ended=stage.end,
        before=case.stage,
        move=move.code,
        extended=result.extended,
        provisional=any(clock.provisional for clock in _clocks(result, rules)),
    )


def _deciders(case: CaseFacts, move: Move, by: Mover, stage: Stage) -> Deciders:
    if move.new_round:
        return ()
    if not move.distinct or move.to == SAME or stage.stopped:
        return case.deciders
    return (*(decided for decided in case.deciders if decided[0] != case.stage), (case.stage, by.person))


def _terms(case: CaseFacts, stage: Stage, today: date, rule: AfterSupplement) -> Intervals:
    limit = stage.limit(case.urgency)
    fresh = deadlines.start(limit, today) if limit else ()
    if stage.stopped:
        return (*deadlines.stop(case.intervals, today), *fresh)
    if stage.code == case.return_stage and limit:
        return deadlines.resume(_of(case.intervals, limit), today, rule) or fresh
    return fresh


def _total(case: CaseFacts, limit: str, move: Move, target: str, *, today: date, rule: AfterSupplement) -> Intervals:
    if not limit:
        return ()
    if target not in case.chain:
        return deadlines.stop(case.total, today)
    if move.new_round or not case.total:
        return deadlines.start(limit, today)
    return case.total if case.total[-1].stopped is None else deadlines.resume(case.total, today, rule)


def _days(by: Mover) -> int:
    days = by.extra.get("days")
    return days if isinstance(days, int) else 0

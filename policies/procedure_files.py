"""`procedures/<KIND>.toml` read into a procedure, with every reference checked: no stage is unreachable or a
dead end."""

from collections.abc import Collection
from types import MappingProxyType

from policies.procedures import BACK, NEXT, SAME, SIDES, Move, Procedure, Stage
from policies.rule_tables import RulebookError, Table
from policies.vocabulary import Role, Severity

CODE = r"[A-Z][A-Z0-9_]*"
NAME = r"[a-z][a-z0-9_]*"
ACTING = frozenset({"self", "system"}) | frozenset(role.value for role in Role)


def procedure(table: Table, limits: Collection[str]) -> Procedure:
    """The procedure of one file; `limits` are the codes of the time limits there are."""
    stages = table.each("stages", CODE, lambda code, part: _stage(code, part, limits))
    kind = table.text("kind")
    found = Procedure(
        kind=kind,
        zh=table.text("zh"),
        en=table.text("en"),
        first=table.code("first", stages),
        chain=table.codes("chain", stages),
        granted=table.code("granted", stages),
        total=table.code("total", limits, ""),
        stages=MappingProxyType(stages),
        moves=tuple(_move(part, stages) for part in table.tables("moves")),
    )
    if table.file != f"procedures/{kind}.toml":
        raise table.refuse("kind", table.file)
    table.done()
    if not found.chain or not found.deciding().issuperset(found.chain):
        raise table.refuse("chain", f'stages with a move to "{NEXT}"')
    _check_moves(found, table)
    _check_stages(found, table)
    return found


def _stage(code: str, table: Table, limits: Collection[str]) -> Stage:
    end = table.flag("end")
    stage = Stage(
        code=code,
        zh=table.text("zh"),
        en=table.text("en"),
        turn=table.code("turn", SIDES, "" if end else None),
        clock=table.code("clock", limits, ""),
        stopped=table.flag("stopped"),
        supplement=table.flag("supplement"),
        end=end,
        clocks=_clocks(table.table("clocks", {}), limits),
    )
    if stage.end and (stage.clock or stage.stopped):
        raise table.refuse("end", "no clock, not stopped")
    if stage.supplement and not stage.stopped:
        raise table.refuse("supplement", "stopped = true")
    table.done()
    return stage


def _clocks(table: Table, limits: Collection[str]) -> MappingProxyType[str, str]:
    found = {one.value: table.code(one.value, limits, "") for one in Severity}
    table.done()
    return MappingProxyType({urgency: limit for urgency, limit in found.items() if limit})


def _move(table: Table, stages: Collection[str]) -> Move:
    choices = table.table("choices", {})
    needs = table.texts("needs", ())
    move = Move(
        code=table.text("code"),
        zh=table.text("zh"),
        en=table.text("en"),
        stages=table.codes("from", stages),
        to=table.code("to", {NEXT, BACK, SAME, *stages}),
        by=table.texts("by"),
        needs=needs,
        choices=MappingProxyType({need: choices.texts(need, ()) for need in needs}),
        distinct=table.flag("distinct"),
        new_round=table.flag("new_round"),
        extends=table.flag("extends"),
    )
    choices.done()
    for capacity in move.by:
        side, _, role = capacity.partition(":")
        if side not in SIDES or role not in ACTING:
            raise table.unknown("by", capacity)
    if not move.by or not move.stages:
        raise table.refuse("by" if move.stages else "from", "a name")
    if move.extends != ("days" in needs):
        raise table.refuse("extends", 'needs = ["days"]')
    table.done()
    return move


def _check_moves(found: Procedure, table: Table) -> None:
    seen: set[tuple[str, str]] = set()
    for move in found.moves:
        for stage in move.stages:
            if (move.code, stage) in seen:
                raise RulebookError("rules.ambiguous-move", file=table.file, name=f"{move.code} ({stage})")
            seen.add((move.code, stage))
            if move.to == NEXT and stage not in {found.first, *found.chain}:
                raise table.refuse(f"moves.{move.code}.to", "a stage")
            if move.to == BACK and not found.stages[stage].stopped:
                raise table.refuse(f"moves.{move.code}.to", "a stage")


def _check_stages(found: Procedure, table: Table) -> None:
    reached = {found.first, *found.chain, found.granted}
    reached |= {move.to for move in found.moves if move.to in found.stages}
    for stage in found.stages.values():
        way_out = any(move.to != SAME for move in found.leaving(stage.code))
        if stage.code not in reached or way_out == stage.end:
            raise RulebookError("rules.dead-end", file=table.file, name=stage.code)

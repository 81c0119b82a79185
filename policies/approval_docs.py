"""The approval tables as a page: for each procedure a diagram, its stages, and who may do what at which
stage."""

import sys

from policies import rulebook
from policies.procedures import BACK, NEXT, SAME, Move, Procedure, Stage
from policies.rulebook import Rulebook

HEAD = """# Approval · 审批流程

Made from `policies/rules/procedures/*.toml` by `python -m policies.approval_docs`; a test keeps it true.

A case moves only along these tables. `@next` follows the chain that the case drew when it was opened, `@back`
returns to the stage that stopped it. A move marked ≠ may not be made by whoever opened the case or decided
another stage of the same round; what has to come with a move stands in brackets. Days are working days
(工作日) unless marked otherwise.
"""

TURNS = {
    "authority": "主管部门 authority",
    "provider": "提供单位 provider",
    "applicant": "申请方 applicant",
    "system": "系统 system",
    "": "–",
}


def render(rules: Rulebook) -> str:
    """The whole page as Markdown, in both languages side by side."""
    return "\n".join([HEAD, *(_procedure(rules.procedures[kind], rules) for kind in sorted(rules.procedures))])


def _procedure(procedure: Procedure, rules: Rulebook) -> str:
    chain = " → ".join(f"`{stage}`" for stage in (*procedure.chain, procedure.granted))
    lines = [f"## {procedure.kind} · {procedure.zh} · {procedure.en}", "", f"Chain · 审批链: {chain}"]
    if procedure.total:
        lines += ["", f"Whole case · 全程时限: {_limit(procedure.total, rules)}"]
    return "\n".join([*lines, "", *_diagram(procedure), "", *_stages(procedure, rules), "", *_matrix(procedure), ""])


def _limit(code: str, rules: Rulebook) -> str:
    limit = rules.limits[code]
    unit = "" if limit.unit == "workday" else " calendar days · 自然日"
    return f"`{code}` {limit.days}{unit}"


def _targets(procedure: Procedure, move: Move, stage: str) -> list[str]:
    if move.to == SAME:
        return [stage]
    if move.to == BACK:
        return [found for found in procedure.stages if any(m.to == stage for m in procedure.leaving(found))]
    if move.to != NEXT:
        return [move.to]
    if stage not in procedure.chain:
        return [procedure.chain[0]]
    return [(*procedure.chain, procedure.granted)[procedure.chain.index(stage) + 1]]


def _diagram(procedure: Procedure) -> list[str]:
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {stage.code} : {stage.zh} {stage.en}" for stage in procedure.stages.values()]
    lines.append(f"    [*] --> {procedure.first}")
    for stage in procedure.stages:
        lines += [
            f"    {stage} --> {target} : {move.zh} {move.en}"
            for move in procedure.leaving(stage)
            for target in _targets(procedure, move, stage)
        ]
    lines += [f"    {stage.code} --> [*]" for stage in procedure.stages.values() if stage.end]
    return [*lines, "```"]


def _stages(procedure: Procedure, rules: Rulebook) -> list[str]:
    rows = [
        f"| `{stage.code}` | {stage.zh} | {stage.en} | {TURNS[stage.turn]} | {_clock(stage, rules)} |"
        for stage in procedure.stages.values()
    ]
    return ["| stage | 环节 | | turn · 办理方 | clock · 时限 |", "|---|---|---|---|---|", *rows]


def _clock(stage: Stage, rules: Rulebook) -> str:
    own = _limit(stage.clock, rules) if stage.clock else "–"
    own = "<br>".join([own, *(f"{urgency}: {_limit(code, rules)}" for urgency, code in stage.clocks.items())])
    return f"{own}; others stand still · 其他时限中止" if stage.stopped else own


def _matrix(procedure: Procedure) -> list[str]:
    capacities = procedure.capacities()
    rows = []
    for stage in procedure.stages.values():
        cells = []
        for capacity in capacities:
            moves = [move for move in procedure.leaving(stage.code) if capacity in move.by]
            cells.append("<br>".join(_cell(move) for move in moves) or "–")
        rows.append(f"| `{stage.code}` | {' | '.join(cells)} |")
    head = " | ".join(f"`{capacity}`" for capacity in capacities)
    return [f"| stage | {head} |", "|---" * (len(capacities) + 1) + "|", *rows]


def _cell(move: Move) -> str:
    needs = f" [{', '.join(move.needs)}]" if move.needs else ""
    distinct = " ≠" if move.distinct else ""
    return f"`{move.code}` {move.zh} {move.en} → {move.to}{distinct}{needs}"


if __name__ == "__main__":
    sys.stdout.write(render(rulebook.load()))

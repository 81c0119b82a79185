"""The permission matrix as a page: every policy with its reasons, and every role against every action.

`python -m policies.permission_docs > docs/permissions.md` writes it anew; a test keeps it current.
"""

import sys

from policies import permissions
from policies.permissions import Principal
from policies.vocabulary import Role

OWN, ABOVE, OTHER = "unit", "city", "elsewhere"
HEAD = """# Permissions / 权限矩阵

Generated from `policies/cedar`; a forbid always wins, and what no policy permits is denied.
由 `policies/cedar` 生成；禁止优先，未获准许即为拒绝。

## Role × action / 角色与操作

● held in the owning unit · ○ held in a unit above it · · neither
● 在所属单位担任 · ○ 在其上级担任 · · 均不可

"""


def render() -> str:
    """The page in Markdown."""
    roles = list(Role)
    lines = [HEAD, "| | " + " | ".join(f"{role.zh}<br>{role.en}" for role in roles) + " |"]
    lines.append("|---" * (len(roles) + 1) + "|")
    kinds = {action: of[0] for action, of in permissions.applies_to().items()}
    lines += [
        f"| `{action}` | " + " | ".join(_sign(role, action, kinds[action]) for role in roles) + " |"
        for action in sorted(kinds)
    ]
    lines.append("\n## Policies / 规则\n\n| policy | effect | 中文 | English |\n|---|---|---|---|")
    lines += [f"| `{one.id}` | {one.effect} | {one.zh} | {one.en} |" for one in permissions.policies()]
    return "\n".join(lines).replace(HEAD + "\n", HEAD) + "\n"


def _sign(role: Role, action: str, kind: str) -> str:
    return "●" if _may(role, OWN, action, kind) else "○" if _may(role, ABOVE, action, kind) else "·"


def _may(role: Role, where: str, action: str, kind: str) -> bool:
    facts: dict[str, object] = {"type": kind, "id": "thing", "path": (OWN, ABOVE)}
    if action == "role.grant":
        facts |= {"role": Role.STEWARD.value, "tenant_kind": "DEPARTMENT"}
    if kind == "Grant":
        facts |= {"state": "ACTIVE"}
    if kind == "Demand" and action == "demand.answer":
        facts |= {"path": (OTHER, ABOVE), "provider_path": (OWN, ABOVE)}
    who = Principal(id="somebody", kind="person", verified=True, standings=((role.value, where),))
    return permissions.decide(who, action, facts).allowed


if __name__ == "__main__":
    sys.stdout.write(render())

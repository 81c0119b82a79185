"""Who may do what: asks the Cedar policies beside this module, which are the document of the rules.

Default is no, a forbid wins over every permit, and the answer names the policy that gave it.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import cedarpy

from policies.refusals import Forbidden, reasons
from policies.terms import speaks_english
from policies.vocabulary import Role

FOLDER = Path(__file__).parent / "cedar"
DEFAULT_DENY = "default-deny"

_ENTITY = {
    "person": "User",
    "credential": "Credential",
    "peer": "Peer",
    "anonymous": "Anonymous",
    "system": "Platform",
}
_SEPARATED = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR})
_GIVEN = frozenset({"type", "id", "path"})
_OURS = frozenset({"key", "tenant"})


class FactsError(ValueError):
    """The question cannot be asked: unknown action, kind of thing or fact, or a fact of the wrong type."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts: ``standings`` are pairs of role and tenant id, ``verified`` means a proved real name."""

    id: str
    kind: str
    """One of person, credential (its id is that of its grant), peer (its id is its key), anonymous and system."""
    verified: bool = False
    standings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: the id of the policy that gave it and its reason in both languages."""

    allowed: bool
    policy: str
    zh: str
    en: str

    def label(self, language: str) -> str:
        """The reason in the language of the reader."""
        return self.en if speaks_english(language) else self.zh

    def refusal(self) -> Forbidden:
        """The exception to raise for a no."""
        return Forbidden("permissions.denied", why=self, policy=self.policy)


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy of the files: its name, whether it permits or forbids, and its reason in both languages."""

    id: str
    effect: Literal["permit", "forbid"]
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class _Engine:
    policies: cedarpy.PolicySet
    schema: cedarpy.Schema
    named: Mapping[str, Policy]


def decide(principal: Principal, action: str, facts: Mapping[str, Any]) -> Decision:
    """Whether the principal may do the action on the thing that the facts describe.

    ``facts`` holds ``type`` (an entity of the schema), ``id``, ``path`` (tenant ids from the owning tenant up
    to the root; for a tenant that does not exist yet the first is any placeholder) and what else the schema
    declares for the type. None is left out, numbers become text; anything undeclared raises FactsError.
    """
    engine = _engine()
    if principal.kind not in _ENTITY:
        raise FactsError(f"nobody acts as {principal.kind}")
    thing = _thing(facts)
    request = {
        "principal": {"type": _ENTITY[principal.kind], "id": str(principal.id)},
        "action": {"type": "Action", "id": action},
        "resource": thing["uid"],
        "context": _standing(principal, facts),
    }
    someone = {
        "uid": request["principal"],
        "attrs": {"key": str(principal.id), "verified": principal.verified},
        "parents": [],
    }
    answer = cedarpy.is_authorized(request, engine.policies, json.dumps([someone, thing]), engine.schema)
    if answer.diagnostics.errors:
        raise FactsError(f"{action} on {facts['type']}: {answer.diagnostics.errors[0].rpartition('}]: ')[2]}")
    decided = [engine.named[name] for name in sorted(answer.diagnostics.reasons, key=_number)]
    if not decided:
        return _default(principal)
    return Decision(answer.allowed, decided[0].id, decided[0].zh, decided[0].en)


def compatible(roles: Iterable[str]) -> bool:
    """Whether one person may hold these roles: of system, security and audit administrator at most one."""
    return len(_SEPARATED.intersection(roles)) <= 1


@cache
def applies_to() -> Mapping[str, tuple[str, ...]]:
    """For each action of the schema the kinds of things it can be done to."""
    found: dict[str, tuple[str, ...]] = {}
    for names, kinds in re.findall(r"action ([^{]+?) appliesTo \{.*?resource: \[([^\]]+)", _schema_text(), re.DOTALL):
        of = tuple(re.findall(r"\w+", kinds))
        found |= dict.fromkeys(re.findall(r'"([a-z]+\.[a-z]+)"', names), of)
    return found


def actions() -> frozenset[str]:
    """Every action of the schema."""
    return frozenset(applies_to())


def policies() -> tuple[Policy, ...]:
    """Every policy in the order of the files."""
    return tuple(_engine().named.values())


def flaws() -> tuple[str, ...]:
    """What static validation against the schema finds wrong with the policies; empty when they are sound."""
    return tuple(str(error) for error in cedarpy.validate_policies(_policy_text(), _schema_text()).errors)


@cache
def _engine() -> _Engine:
    text = _policy_text()
    parsed = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    named = {name: _policy(parsed[name]) for name in sorted(parsed, key=_number)}
    return _Engine(cedarpy.PolicySet.from_str(text), cedarpy.Schema.from_str(_schema_text()), named)


def _policy(parsed: Mapping[str, Any]) -> Policy:
    notes = parsed["annotations"]
    return Policy(notes["id"], parsed["effect"], notes["reason_zh"], notes["reason_en"])


def _policy_text() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.cedar")))


def _schema_text() -> str:
    return (FOLDER / "schema.cedarschema").read_text(encoding="utf-8")


def _number(name: str) -> int:
    return int(name.removeprefix("policy"))


def _default(principal: Principal) -> Decision:
    reason = reasons()["permissions.sign-in" if principal.kind == "anonymous" else "permissions.default"]
    return Decision(False, DEFAULT_DENY, reason.zh, reason.en)


def _thing(facts: Mapping[str, Any]) -> dict[str, Any]:
    if missing := _GIVEN - facts.keys():
        raise FactsError(f"facts lack {', '.join(sorted(missing))}")
    if taken := _OURS & facts.keys():
        raise FactsError(f"facts may not hold {', '.join(sorted(taken))}: they follow from id and path")
    path = [str(tenant) for tenant in facts["path"]]
    attributes: dict[str, bool | str | list[str]] = {
        "key": str(facts["id"]),
        "path": path,
        "tenant": path[0] if path else "",
    }
    stated = {name: _value(name, value) for name, value in facts.items() if value is not None}
    attributes |= {name: value for name, value in stated.items() if name not in _GIVEN}
    return {"uid": {"type": str(facts["type"]), "id": str(facts["id"])}, "attrs": attributes, "parents": []}


def _value(name: str, value: object) -> bool | str | list[str]:
    if isinstance(value, bool):
        return value
    if isinstance(value, (str, int, UUID)):
        return str(value)
    if isinstance(value, Collection) and not isinstance(value, (Mapping, bytes)):
        return [str(part) for part in value]
    raise FactsError(f"the fact {name} is a {type(value).__name__}, not a text, number, truth or list of them")


def _standing(principal: Principal, facts: Mapping[str, Any]) -> dict[str, list[str]]:
    """The roles as the schema sorts them; the three offices of the platform count wherever they are held."""
    held = [(str(role), str(tenant)) for role, tenant in principal.standings]
    path = [str(tenant) for tenant in facts["path"]]
    provider = path if facts.get("provider_path") is None else [str(one) for one in facts["provider_path"]]
    several = [str(tenant) for tenant in facts.get("provider_ids") or ()]
    offices = {role for role, _ in held} & _SEPARATED
    return {
        "roles": sorted(_roles(held, path) | offices),
        "own_roles": sorted(_roles(held, path[:1])),
        "above_roles": sorted(_roles(held, path[1:] or path)),
        "provider_roles": sorted(_roles(held, provider)),
        "provider_own_roles": sorted(_roles(held, [*provider[:1], *several])),
        "tenants": sorted({tenant for _, tenant in held}),
    }


def _roles(held: Sequence[tuple[str, str]], tenants: Collection[str]) -> set[str]:
    return {role for role, tenant in held if tenant in tenants}

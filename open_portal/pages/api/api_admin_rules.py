"""The rules in force, for programs of administrators: roles, policies, limits, procedures, weights, definitions."""

from typing import Any

from apiflask import Schema, fields
from flask_babel import get_locale
from flask_babel import gettext as _

from open_portal.pages import dataset_words as words
from open_portal.pages.admin import admin_rules
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_admin import N_, administered, word
from open_portal.pages.api.api_datasets import named
from open_portal.pages.api.api_tables import Answer
from policies import permissions, rulebook
from policies.procedures import Procedure
from policies.refusals import NotFound

SPECIAL = ("@next", "@back", "@same")


class AdminRight(Schema):
    """What a role may do, and how far: in its own body, or below it too."""

    action = fields.Nested(schemas.Named, required=True)
    role = fields.Nested(schemas.Named, required=True)
    reach = fields.Nested(schemas.Named, required=True)


class AdminPolicy(Schema):
    """A policy with its reason in both languages."""

    id = fields.String(required=True)
    effect = fields.Nested(schemas.Named, required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class AdminLimit(Schema):
    """A time limit with its source."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    days = fields.Integer(required=True)
    unit = fields.Nested(schemas.Named, required=True)
    basis = fields.String(required=True)
    confidence = fields.Nested(schemas.Named, required=True)


class AdminProcedure(Schema):
    """A procedure."""

    kind = fields.String(required=True)
    name = fields.String(required=True)
    stages = fields.Integer(required=True)
    moves = fields.Integer(required=True)


class AdminStage(Schema):
    """A stage of a procedure."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    turn = fields.Nested(schemas.Named, required=True)
    limit = fields.String(required=True, allow_none=True, metadata=schemas.told(N_("Code of the time limit")))
    stopped = fields.Boolean(required=True, metadata=schemas.told(N_("Whether the clock stands still")))
    end = fields.Boolean(required=True)


class AdminMove(Schema):
    """A move from one stage of a procedure to another."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    stages = fields.List(fields.Nested(schemas.Named), required=True)
    to = fields.Nested(schemas.Named, required=True)
    by = fields.List(fields.Nested(schemas.Named), required=True)


class AdminWeight(Schema):
    """How much a dimension of quality weighs."""

    dimension = fields.Nested(schemas.Named, required=True)
    weight = fields.Float(required=True)


class AdminDefinition(Schema):
    """A version of an indicator's definition."""

    code = fields.String(required=True)
    version = fields.Integer(required=True)
    name = fields.String(required=True)
    formula = fields.String(required=True)
    basis = fields.String(required=True)
    effective_from = fields.Date(required=True)


@administered("roles", N_("Which role may do what"), "Rights", AdminRight, ("action", "role", "reach"), key="rights")
def admin_roles(asked: dict[str, Any]) -> Answer:
    """What each role may do in its own body and below, computed from the policies themselves."""
    actions = admin_rules.action_words()
    reaches = {admin_rules.OWN: _("own"), admin_rules.BELOW: _("below")}
    rows = [
        {"action": word(action, actions.get(action, action)), "role": named(role), "reach": word(reach, reaches[reach])}
        for action, reached in admin_rules.matrix().items()
        for role, reach in reached.items()
    ]
    return api_tables.answer("rights", AdminRight, rows, asked)


@administered("roles/policies", N_("Policies with their reasons"), "Policies", AdminPolicy, ("id", "effect"))
def admin_policies(asked: dict[str, Any]) -> Answer:
    """Every policy of the permissions; what none permits is denied, and one that forbids wins."""
    effects = {"forbid": _("forbids"), "permit": _("permits")}
    rows = [
        {"id": one.id, "effect": word(one.effect, effects[one.effect]), "zh": one.zh, "en": one.en}
        for one in permissions.policies()
    ]
    return api_tables.answer("policies", AdminPolicy, rows, asked)


@administered(
    "policies/limits", N_("Time limits in force"), "Limits", AdminLimit, ("code", "name", "days", "unit", "confidence")
)
def admin_limits(asked: dict[str, Any]) -> Answer:
    """The time limits with their source and how sure it is."""
    units = {"workday": _("working days"), "day": _("days")}
    sure = {"H": _("read in the text of the rule"), "M": _("known from practice"), "L": _("choice of this platform")}
    rows = [
        {
            "code": one.code,
            "name": one.en if words.english() else one.zh,
            "days": one.days,
            "unit": word(one.unit, units[one.unit]),
            "basis": (words.english() and one.basis_en) or one.basis,
            "confidence": word(one.confidence, sure.get(one.confidence, one.confidence)),
        }
        for one in rulebook.in_force().limits.values()
    ]
    return api_tables.answer("limits", AdminLimit, rows, asked)


@administered(
    "policies/procedures",
    N_("Procedures in force"),
    "Procedures",
    AdminProcedure,
    ("kind", "name", "stages", "moves"),
)
def admin_procedures(asked: dict[str, Any]) -> Answer:
    """The procedures with how many stages and moves they have."""
    rows = [
        {"kind": one.kind, "name": one.label(str(get_locale())), "stages": len(one.stages), "moves": len(one.moves)}
        for one in rulebook.in_force().procedures.values()
    ]
    return api_tables.answer("procedures", AdminProcedure, rows, asked)


@administered(
    "policies/procedures/<kind>/stages",
    N_("Stages of a procedure"),
    "Stages",
    AdminStage,
    ("code", "turn", "limit"),
)
def admin_stages(kind: str, asked: dict[str, Any]) -> Answer:
    """The stages of a procedure: whose turn it is and which limit runs."""
    rows = [
        {
            "code": one.code,
            "name": one.label(str(get_locale())),
            "turn": word(one.turn, admin_rules.capacity_words(one.turn)),
            "limit": one.clock or None,
            "stopped": one.stopped,
            "end": one.end,
        }
        for one in _procedure(kind).stages.values()
    ]
    return api_tables.answer("stages", AdminStage, rows, asked)


@administered("policies/procedures/<kind>/moves", N_("Moves of a procedure"), "Moves", AdminMove, ("code", "to"))
def admin_moves(kind: str, asked: dict[str, Any]) -> Answer:
    """The moves of a procedure: from where to where, and by whom."""
    procedure = _procedure(kind)
    rows = [
        {
            "code": one.code,
            "name": one.label(str(get_locale())),
            "stages": [_stage(procedure, stage) for stage in one.stages],
            "to": _stage(procedure, one.to),
            "by": [word(who, admin_rules.capacity_words(who)) for who in one.by],
        }
        for one in procedure.moves
    ]
    return api_tables.answer("moves", AdminMove, rows, asked)


@administered(
    "policies/weights", N_("Weights of the quality dimensions"), "Weights", AdminWeight, ("dimension", "weight")
)
def admin_weights(asked: dict[str, Any]) -> Answer:
    """How much each dimension counts in the total score of a version."""
    weights = rulebook.in_force().quality.weights
    rows = [{"dimension": named(one), "weight": weight} for one, weight in weights.items()]
    return api_tables.answer("weights", AdminWeight, rows, asked)


@administered(
    "policies/indicators",
    N_("Definitions of the indicators"),
    "Definitions",
    AdminDefinition,
    ("code", "version", "name", "effective_from"),
    key="definitions",
)
def admin_definitions(asked: dict[str, Any]) -> Answer:
    """Every version of every indicator's definition, with its formula and basis."""
    reader = str(get_locale())
    plain = ("code", "version", "basis", "effective_from")
    rows = [
        {
            **{name: getattr(one, name) for name in plain},
            "name": one.label(reader),
            "formula": one.formula(reader),
        }
        for one in rulebook.in_force().indicators.values()
    ]
    return api_tables.answer("definitions", AdminDefinition, rows, asked)


def _procedure(kind: str) -> Procedure:
    found = rulebook.in_force().procedures.get(kind)
    if found is None:
        raise NotFound("general.not-found")
    return found


def _stage(procedure: Procedure, code: str) -> dict[str, str]:
    if code in SPECIAL:
        special = (_("the next stage of the chain"), _("the stage it came from"), _("the same stage"))
        return word(code, special[SPECIAL.index(code)])
    return word(code, procedure.stages[code].label(str(get_locale())))

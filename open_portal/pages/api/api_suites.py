"""The rules of a dataset as its desk lists them, for programs: rules, versions, changes, waivers, templates."""

from typing import Any

from apiflask import Schema, fields

from catalog.models import Entry
from open_portal.pages.api import api_schemas as schemas
from open_portal.pages.api import api_tables
from open_portal.pages.api.api_datasets import named
from open_portal.pages.api.api_desk import own
from open_portal.pages.api.api_tables import Answer, listed
from open_portal.pages.desk import desk_rules, desk_waivers
from open_portal.pages.desk import desk_suite_words as words
from open_portal.pages.desk.desk_frame import language, name_of
from open_portal.pages.desk.desk_suites import titles_of
from open_portal.pages.desk.desk_trials import tried_lines
from open_portal.requests import actor, session
from policies import vocabulary as v
from quality.models import Suite
from quality.rules.rules import Rule
from quality.suites import suite_diffs, suite_templates, suites, template_shelf, trials
from tenancy import work

N_ = schemas.N_


class SuiteRule(Schema):
    """A rule with what it found last."""

    place = fields.Integer(required=True)
    rule = fields.String(required=True)
    kind = fields.Nested(schemas.Named, required=True)
    columns = fields.List(fields.String(), required=True)
    sentence = fields.String(required=True)
    why = fields.String(required=True)
    dimension = fields.Nested(schemas.Named, required=True)
    severity = fields.Nested(schemas.Named, required=True)
    weight = fields.Float(required=True)
    share = fields.Float(required=True, metadata=schemas.told(N_("Share of the rows that must keep it, up to 1")))
    evaluated = fields.Integer(required=True, allow_none=True)
    unexpected = fields.Integer(required=True, allow_none=True)
    waived_until = fields.Date(required=True, allow_none=True)


class SuiteVersion(Schema):
    """A version of a suite."""

    number = fields.Integer(required=True)
    rules = fields.Integer(required=True)
    author = fields.String(required=True)
    origin = fields.String(required=True)
    changes = fields.String(required=True)
    hash = fields.String(required=True)
    created_at = fields.DateTime(required=True)


class RuleChange(Schema):
    """A rule that was added, changed or dropped."""

    change = fields.Nested(schemas.Named, required=True)
    rule = fields.String(required=True)
    sentence = fields.String(required=True)
    differences = fields.List(fields.String(), required=True)


class TriedRule(RuleChange):
    """A changed rule with what a trial found."""

    evaluated = fields.Integer(required=True, allow_none=True)
    unexpected = fields.Integer(required=True, allow_none=True)
    error = fields.String(required=True)


class RuleWaiver(Schema):
    """A rule whose failing is tolerated for a while."""

    case = fields.String(required=True, allow_none=True)
    rule = fields.String(required=True)
    sentence = fields.String(required=True)
    state = fields.Nested(schemas.Named, required=True)
    reason = fields.String(required=True)
    until = fields.Date(required=True)
    asked_by = fields.String(required=True)
    asked_at = fields.DateTime(required=True)
    decided_by = fields.String(required=True)
    decided_at = fields.DateTime(required=True, allow_none=True)
    ended_at = fields.DateTime(required=True, allow_none=True)


class RuleTemplate(Schema):
    """A template of rules that an entry may use."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    kept_by = fields.String(required=True, allow_none=True, metadata=schemas.told(N_("The body; null: the platform")))
    rules = fields.Integer(required=True)
    themes = fields.List(fields.String(), required=True)
    basis = fields.String(required=True)


VERSION_ORDERS = ("number", "rules", "created_at")
CHANGE_ORDERS = ("change", "rule")


@listed(
    "desk/datasets/<code>/rules",
    N_("Rules that the next delivery must keep"),
    "SuiteRules",
    SuiteRule,
    ("place", "rule", "dimension", "severity", "weight", "unexpected"),
)
def desk_rules_of(code: str, asked: dict[str, Any]) -> Answer:
    """The rules of the newest version with the counts of the last run that was finished."""
    rows = [_rule(at, one) for at, one in enumerate(desk_rules.lines_of(own(code)), 1)]
    return api_tables.answer("rules", SuiteRule, rows, asked)


@listed(
    "desk/datasets/<code>/rules/versions", N_("Versions of the rules"), "SuiteVersions", SuiteVersion, VERSION_ORDERS
)
def desk_rule_versions(code: str, asked: dict[str, Any]) -> Answer:
    """Every version of an entry's rules, the newest first, with what it changed."""
    found = suites.history(session(), own(code))
    pairs = zip(found, [*found[1:], None], strict=True)
    return api_tables.answer("versions", SuiteVersion, [_version(one, before) for one, before in pairs], asked)


@listed(
    "desk/datasets/<code>/rules/changes",
    N_("What two versions of the rules differ in"),
    "RuleChanges",
    RuleChange,
    CHANGE_ORDERS,
    asks={
        "before": schemas.whole(0, 0, 1_000_000, N_("Number of the older version; the one before, if left out")),
        "after": schemas.whole(0, 0, 1_000_000, N_("Number of the newer version; the newest, if left out")),
    },
)
def desk_rule_changes(code: str, asked: dict[str, Any]) -> Answer:
    """Rules added, changed and dropped between two versions, in words."""
    entry = own(code)
    if desk_rules.stamp(entry) == "0":
        return api_tables.answer("changes", RuleChange, [], asked)
    after = suites.find(session(), entry, asked["after"] or int(desk_rules.stamp(entry)))
    before = suites.find(session(), entry, asked["before"] or max(1, after.number - 1))
    found = suite_diffs.diff(suites.rules_of(before), suites.rules_of(after))
    rows = [_change(one) for one in words.changes(found, titles_of(entry))]
    return api_tables.answer("changes", RuleChange, rows, asked)


@listed(
    "desk/datasets/<code>/rules/trials/<trial_id>",
    N_("What a trial of changed rules found"),
    "TriedRules",
    TriedRule,
    (*CHANGE_ORDERS, "unexpected"),
    key="changes",
)
def desk_trial(code: str, trial_id: str, asked: dict[str, Any]) -> Answer:
    """The changed rules of a trial with the counts in the newest data; for those who may edit the rules."""
    entry = own(code)
    work.demand(actor(), "suite.edit", entry)
    lines = tried_lines(entry, trials.find(session(), entry, trial_id))
    rows = [
        {
            **_change(one),
            "evaluated": one["line"].counted,
            "unexpected": one["line"].fails,
            "error": one["line"].error,
        }
        for one in lines
    ]
    return api_tables.answer("changes", TriedRule, rows, asked)


@listed(
    "desk/datasets/<code>/rules/waivers",
    N_("Waivers of rules"),
    "RuleWaivers",
    RuleWaiver,
    ("case", "rule", "state", "until", "asked_at"),
)
def desk_waivers_of(code: str, asked: dict[str, Any]) -> Answer:
    """Every waiver of an entry: in force, asked for or over."""
    return api_tables.answer("waivers", RuleWaiver, [_waiver(one) for one in desk_waivers.rows_of(own(code))], asked)


@listed(
    "desk/datasets/<code>/rules/templates",
    N_("Templates of rules for a dataset"),
    "RuleTemplates",
    RuleTemplate,
    ("code", "name", "rules"),
)
def desk_templates(code: str, asked: dict[str, Any]) -> Answer:
    """The templates that come with the platform, then those of the entry's body and of all above it."""
    return api_tables.answer("templates", RuleTemplate, _templates(own(code)), asked)


def _templates(entry: Entry) -> list[dict[str, Any]]:
    kept = [(one.template, one.row.tenant.name.label(language())) for one in template_shelf.on_shelf(session(), entry)]
    english = language().startswith("en")
    return [
        {
            "code": one.code,
            "name": one.label(language()),
            "kept_by": body,
            "rules": len(one.rules),
            "themes": list(one.themes),
            "basis": one.basis_en if english else one.basis,
        }
        for one, body in [*((one, None) for one in suite_templates.shipped().values()), *kept]
    ]


def _rule(at: int, one: desk_rules.Line) -> dict[str, Any]:
    rule = one.rule
    return {
        "place": at,
        "rule": rule.rule_id,
        "kind": {"code": rule.kind, "label": words.kind_name(rule.kind)},
        "columns": list(rule.columns),
        "sentence": one.sentence,
        "why": one.why,
        "dimension": named(v.Dimension(rule.dimension)),
        "severity": named(v.Severity(rule.severity)),
        "weight": rule.weight,
        "share": rule.mostly,
        "evaluated": one.counted,
        "unexpected": one.fails,
        "waived_until": one.waiver.until if one.waiver else None,
    }


def _version(one: Suite, before: Suite | None) -> dict[str, Any]:
    found = suite_diffs.diff(suites.rules_of(before) if before else (), suites.rules_of(one))
    return {
        "number": one.number,
        "rules": len(suites.rules_of(one)),
        "author": name_of(one.author_id),
        "origin": words.origin(one),
        "changes": words.summary(found) if before else "",
        "hash": one.hash,
        "created_at": one.created_at,
    }


def _change(one: dict[str, Any]) -> dict[str, Any]:
    rule: Rule = one["rule"]
    return {
        "change": {"code": one["kind"], "label": one["label"]},
        "rule": rule.rule_id,
        "sentence": one["sentence"],
        "differences": one["words"],
    }


def _waiver(row: dict[str, Any]) -> dict[str, Any]:
    one = row["waiver"]
    plain = ("reason", "until", "asked_at", "decided_at", "ended_at")
    return {
        **{name: getattr(one, name) for name in plain},
        "case": one.case.number if one.case else None,
        "rule": one.rule_id,
        "sentence": row["sentence"],
        "state": named(one.state),
        "asked_by": row["asked_by"],
        "decided_by": row["decided_by"],
    }

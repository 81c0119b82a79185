"""What can be said against rules before anything is run: ids given twice, patterns that RE2 can't read, too many.

No engine is needed for it, so a web process may ask.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from policies.refusals import Invalid, reasons
from quality.engines import engine_re2
from quality.rules.rules import Rule, RuleError

MOST_RULES = 1_000
MOST_PATTERN = 2_000
MOST_BYTES = 400_000
"""Of a whole suite as JSON: it travels in forms."""


def pattern_problem(regex: str) -> str | None:
    """Why RE2 can't read a regular expression, or None when it can."""
    if len(regex) > MOST_PATTERN:
        return f"> {MOST_PATTERN}"
    try:
        engine_re2.compiled(regex)
    except (engine_re2.error, ValueError) as error:
        reason = error.args[0] if error.args else ""
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return None


def problem_of(error: RuleError, field: str = "") -> Invalid:
    """A rule's refusal in words, for the field it belongs to."""
    code = f"rule.{error.reason}"
    return Invalid(code if code in reasons() else "rule.refused", field=field, detail=error.detail, reason=error.reason)


def problems(rules: Sequence[Rule], columns: Collection[str] | None = None) -> Mapping[str, Invalid]:
    """What is wrong with rules, by rule id; `columns` are those of the table where they are known."""
    found = {}
    for rule in rules:
        regex = rule.parameters.get("regex")
        why = pattern_problem(regex) if isinstance(regex, str) else None
        missing = [name for name in columns_of(rule) if columns is not None and name not in columns]
        if why is not None:
            found[rule.rule_id] = Invalid("rule.pattern-unreadable", field="regex", detail=why)
        elif missing and rule.kind != "columns_match":
            found[rule.rule_id] = Invalid("rule.column-missing", field="columns", detail=missing[0])
    return found


def columns_of(rule: Rule) -> tuple[str, ...]:
    """Every column that a rule names, the one of its condition too."""
    when = rule.parameters.get("when")
    return (*rule.columns, when["column"]) if when else rule.columns


def demand_sound(rules: Sequence[Rule]) -> None:
    """Raise Invalid for a suite that can't be kept: too many rules, an id twice, an unreadable pattern."""
    if len(rules) > MOST_RULES:
        raise Invalid("suite.too-many", limit=MOST_RULES, count=len(rules))
    twice = [one for one, count in Counter(rule.rule_id for rule in rules).items() if count > 1]
    if twice:
        raise Invalid("suite.id-twice", id=twice[0])
    for rule_id, problem in problems(rules).items():
        raise Invalid("suite.rule-wrong", fields={rule_id: problem}, id=rule_id, problem=problem)

"""The quality of a dataset: six dimensions, the rules of the last run with their counts, earlier scores."""

from typing import Any

from sqlalchemy import select

from catalog import reading, versions
from catalog.models import Entry, Version
from catalog.reading import Access
from open_portal.pages import dataset_words as words
from open_portal.pages import record
from open_portal.requests import actor, now, session
from policies import vocabulary as v
from quality import kinds, rules
from quality.models import Run
from quality.rules import Rule, RuleError

MOST_SCORES = 12
DIMENSIONS = {one.value: one for one in v.Dimension}
SEVERITIES = {one.value: one for one in v.Severity}


def page_of(entry: Entry) -> dict[str, Any]:
    """Everything the page shows. Samples of bad values are never on it, whoever asks."""
    access = reading.access(session(), entry, actor(), now())
    version = versions.live(session(), entry)
    run = _last_run(version) if version else None
    seen = record.seen_versions(session(), entry, access)
    scored = [one for one in reversed(seen) if one.score is not None][-MOST_SCORES:]
    return {
        "entry": entry,
        "title": words.title(entry),
        "version": version,
        "run": run,
        "dimensions": record.dimensions(version),
        "outcomes": _outcomes(entry, run, access) if run else [],
        "scores": [{"label": f"#{one.number}", "value": round(one.score or 0, 2)} for one in scored],
        "sections": record.sections(entry, access, "quality"),
    }


def _last_run(version: Version) -> Run | None:
    query = select(Run).where(Run.version_id == version.id).order_by(Run.at.desc()).limit(1)
    return session().scalars(query).first()


def _outcomes(entry: Entry, run: Run, access: Access) -> list[dict[str, Any]]:
    """Each rule with its counts, failing ones first; rules about items that may not be named are left out."""
    results = {one["rule_id"]: one for one in run.results}
    named = {item.name: item for item in record.visible_items(entry, inside=access.rule == "own-tenant")}
    titles = {name: words.label(item) for name, item in named.items()}
    found = []
    for stored in run.suite.rules:
        try:
            rule = Rule.from_json(stored)
        except RuleError:
            continue
        if set(rule.columns) <= set(named) and rule.rule_id in results:
            found.append(_outcome(rule, results[rule.rule_id], access, titles))
    order = {v.Severity.CRITICAL: 0, v.Severity.WARNING: 1, v.Severity.INFO: 2}
    return sorted(found, key=lambda one: (one["passed"], order[one["severity"]]))


def _outcome(rule: Rule, result: dict[str, Any], access: Access, titles: dict[str, str]) -> dict[str, Any]:
    broken = result.get("error") is not None
    return {
        "sentence": sentence(rule, access, titles),
        "why": _why(rule, access),
        "dimension": DIMENSIONS[rule.dimension],
        "severity": SEVERITIES[rule.severity],
        "evaluated": result.get("evaluated"),
        "unexpected": None if broken else result.get("unexpected"),
        "passed": bool(result.get("success")) and not broken,
        "verdict": v.Verdict.ERROR if broken else v.Verdict.PASS if result.get("success") else v.Verdict.FAIL,
    }


def _why(rule: Rule, access: Access) -> str:
    """Why the rule is there; it may tell what the data hold now, so it is for those who may read these."""
    if not set(rule.columns) <= set(access.items):
        return ""
    return rule.why_en if words.english() else rule.why_zh


def sentence(rule: Rule, access: Access, titles: dict[str, str]) -> str:
    """What a rule demands. Bounds and lists may be values of the data, so whoever may not read these learns
    only of which kind the rule is."""
    if set(rule.columns) <= set(access.items):
        return rules.sentence(rule, "en" if words.english() else "zh", titles)
    kind = kinds.KINDS[rule.kind]
    name = kind.en if words.english() else kind.zh
    columns = words.together(f"“{titles.get(one, one)}”" for one in rule.columns)
    return f"{columns} {name}" if words.english() else f"{columns}：{name}"

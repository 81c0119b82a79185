"""The quality of a dataset: six dimensions, the rules of the last run with what each costs, items, earlier scores."""

from collections.abc import Mapping, Sequence
from typing import Any

from catalog import reading, versions
from catalog.models import Entry
from catalog.reading import Access
from open_portal.pages import dataset_words as words
from open_portal.pages.record import record, record_docs
from open_portal.requests import actor, now, session
from policies import grading, rulebook
from policies import vocabulary as v
from quality import runs
from quality.rules import kinds, rules
from quality.rules.rules import Rule
from quality.scoring import scores
from quality.scoring.scores import Outcome

MOST_SCORES = 12
DIMENSIONS = {one.value: one for one in v.Dimension}
SEVERITIES = {one.value: one for one in v.Severity}
ORDER = {v.Severity.CRITICAL: 0, v.Severity.WARNING: 1, v.Severity.INFO: 2}


def page_of(entry: Entry) -> dict[str, Any]:
    """Everything the page shows. Samples of bad values are never on it, whoever asks."""
    access = reading.access(session(), entry, actor(), now())
    version = versions.live(session(), entry)
    run = runs.newest_done(session(), version.id if version else None)
    found = scores.outcomes(run) if run else []
    return {
        "entry": entry,
        "title": words.title(entry),
        "version": version,
        "run": run,
        "dimensions": record.dimensions(version),
        "outcomes": lines(entry, found, access),
        "items": items(entry, found, access),
        "scores": _earlier(entry, access),
        "sections": record.sections(entry, access, "quality"),
        "rules": rulebook.in_force(),
        "docs": record_docs.state_of(entry, version, access, run),
    }


def lines(entry: Entry, found: Sequence[Outcome], access: Access) -> list[dict[str, Any]]:
    """Each rule with its counts, those that cost most first; rules about items that may not be named are left out."""
    named = {item.name: item for item in record.visible_items(entry, inside=access.rule == "own-tenant")}
    titles = {name: words.label(item) for name, item in named.items()}
    gained = scores.gains(found)
    shown = [_line(one, gained, access, titles) for one in found if set(one.rule.columns) <= set(named)]
    return sorted(shown, key=lambda one: (one["passed"], -(one["gain"] or 0), ORDER[one["severity"]]))


def items(entry: Entry, found: Sequence[Outcome], access: Access) -> list[dict[str, Any]]:
    """The score of each item that may be named, the lowest first; items that no rule names have none."""
    scored = scores.item_scores(found)
    return sorted(
        (
            {
                "label": words.label(item),
                "name": item.name,
                "score": scored[item.name],
                "count": _count(found, item.name),
            }
            for item in record.visible_items(entry, inside=access.rule == "own-tenant")
            if scored.get(item.name) is not None
        ),
        key=lambda one: (one["score"], one["name"]),
    )


def _count(found: Sequence[Outcome], name: str) -> int:
    return sum(name in one.rule.columns and one.score is not None for one in found)


def _earlier(entry: Entry, access: Access) -> list[dict[str, Any]]:
    seen = record.seen_versions(session(), entry, access)
    scored = [one for one in reversed(seen) if one.score is not None][-MOST_SCORES:]
    return [{"label": f"#{one.number}", "value": round(one.score or 0, 2)} for one in scored]


def _line(one: Outcome, gained: Mapping[str, grading.Gain], access: Access, titles: dict[str, str]) -> dict[str, Any]:
    rule, result = one.rule, one.result
    gain = gained.get(rule.rule_id)
    return {
        "rule_id": rule.rule_id,
        "sentence": sentence(rule, access, titles),
        "why": _why(rule, access),
        "dimension": DIMENSIONS[rule.dimension],
        "severity": SEVERITIES[rule.severity],
        "weight": rule.weight,
        "score": one.score,
        "gain": gain.points if gain else None,
        "evaluated": result.evaluated if result else None,
        "unexpected": result.unexpected if result else None,
        "passed": bool(result and result.success),
        "verdict": _verdict(one),
        "samples": one.samples if may_see_values(rule, access) else (),
        "readable": may_see_values(rule, access),
    }


def _verdict(one: Outcome) -> v.Verdict:
    """What a rule came to; one that held and had nothing to judge is not applicable, which is no merit either."""
    if one.result is None:
        return v.Verdict.ERROR
    if not one.result.success:
        return v.Verdict.FAIL
    return v.Verdict.NOT_APPLICABLE if one.score is None else v.Verdict.PASS


def may_see_values(rule: Rule, access: Access) -> bool:
    """Whether values that broke a rule may be shown: every item that it names may be read. A rule that names none is
    about the table as a whole and has values of no row."""
    return access.given and set(rule.columns) <= set(access.items)


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

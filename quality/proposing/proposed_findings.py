"""Rules made of what a look at the values found, each with its reason and how sure it is."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from quality.profiling.findings import Finding
from quality.profiling.profiles import Profile
from quality.rules.rules import Rule

_MARKS = {"lacks_pattern": "case", "between": "far"}


def proposed(profile: Profile) -> Iterator[Rule]:
    """One rule for each finding of a profile, in its order; ids stay the same from one profile to the next."""
    for finding in profile.findings:
        why = _REASONS[finding.kind](finding)
        mark = _MARKS.get(finding.kind)
        yield Rule(
            ":".join([finding.kind, "+".join(finding.columns), *([mark] if mark else [])]),
            finding.kind,
            finding.columns,
            dict(finding.parameters),
            severity="warning" if finding.confidence >= 0.9 else "info",
            weight=0.5,
            mostly=_mostly(finding),
            origin="profile",
            why_zh=why[0],
            why_en=why[1],
            confidence=finding.confidence,
        )


def _mostly(finding: Finding) -> float:
    """All rows must keep a rule that none breaks today, else a little less than today's share."""
    share = finding.broken / finding.rows if finding.rows else 0.0
    return 1.0 if share <= 0 else max(0.5, round(1 - 2 * share - 0.0005, 3))


def _determined(finding: Finding) -> tuple[str, str]:
    groups, broken, rows = finding.seen["groups"], finding.broken, finding.rows
    return (
        f"{groups} 组记录中同组的值几乎总是相同,{rows} 条中有 {broken} 条不同",
        f"in {groups} groups of rows the value is nearly always the same; {broken} of {rows} rows differ",
    )


def _filled(finding: Finding) -> tuple[str, str]:
    return (
        f"{finding.broken} 条记录缺值,而同组其他记录已填",
        f"{finding.broken} rows have no value, though others of their group have",
    )


def _misspelt(finding: Finding) -> tuple[str, str]:
    return (
        f"{finding.broken} 条记录中的少见写法与常见写法只差一两个字符",
        f"{finding.broken} rows hold rare spellings a slip away from frequent ones",
    )


def _form(finding: Finding) -> tuple[str, str]:
    share = 1 - finding.broken / finding.rows
    return (
        f"{share:.1%} 的值采用这些写法,其余 {finding.broken} 个多像误写",
        f"{share:.1%} of values are written so; {finding.broken} are not",
    )


def _case(finding: Finding) -> tuple[str, str]:
    return (
        f"{finding.broken} 个值的词中大小写混杂,其余没有",
        f"{finding.broken} values mix small and capital letters within a word, the others don't",
    )


def _range(finding: Finding) -> tuple[str, str]:
    return (
        f"{finding.broken} 个数远离其余 {finding.rows - finding.broken} 个",
        f"{finding.broken} numbers lie far from the other {finding.rows - finding.broken}",
    )


_REASONS: dict[str, Callable[[Finding], tuple[str, str]]] = {
    "determined_by": _determined,
    "filled_as_group": _filled,
    "misspelt": _misspelt,
    "misspelt_words": _misspelt,
    "usual_form": _form,
    "lacks_pattern": _case,
    "between": _range,
}


def believed(rules: Iterable[Rule], profile: Profile) -> Iterator[Rule]:
    """The other proposals with how sure they are: what the catalogue says is, a share of today's values rarely is."""
    shares = {column.name: column.patterns or {} for column in profile.columns}
    for rule in rules:
        if rule.origin == "item":
            yield rule
            continue
        confidence = _BELIEVED.get(rule.kind, 0.5)
        if rule.kind == "lacks_pattern" and rule.rule_id.endswith(":garbled"):
            confidence = 0.95
        if rule.kind == "matches_pattern":
            own = rule.parameters.get("pattern", "")
            found = shares.get(rule.columns[0], {})
            others = sum(share for code, share in found.items() if code != own and share < 0.5)
            failing = 1 - found.get(own, 0.0)
            confidence = 0.95 if failing <= _FAILING and others <= 0.5 * failing else 0.5
        yield replace(rule, confidence=confidence)


_FAILING = 0.02
_BELIEVED = {"check_digits": 0.95, "row_count": 1.0, "columns_match": 1.0, "type": 1.0}

"""Random rules of every kind, for tests of what writes and reads them."""

from typing import Any

from hypothesis import strategies as st

from quality.rules import patterns
from quality.rules.kinds import DIMENSIONS, KINDS, TYPES
from quality.rules.rules import SEVERITIES, Rule, RuleError

TEXT = st.text(
    st.characters(exclude_categories=("Cs",)) | st.sampled_from("\x01\x0b _x[]\"'\n\t=-<&、"), min_size=1, max_size=12
)
SCALAR = TEXT | st.integers(-(10**14), 10**14) | st.floats(-1e12, 1e12) | st.booleans()
REGEX = st.sampled_from(
    ["^[0-9]+$", '"', " a", "^\\s|\\s$", "[\x01-\x08]", "", "12", "null", "a\nb", "_x0041_"]
).filter(bool)
BOUND = (
    st.integers(-(10**9), 10**9)
    | st.floats(-1e9, 1e9)
    | st.dates().map(lambda day: day.isoformat())
    | st.builds(lambda days: {"parameter": "today", "days": days}, st.integers(-99, 99) | st.floats(-9, 9))
    | st.just({"parameter": "today"})
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "min": BOUND,
    "max": BOUND,
    "strict_min": st.booleans(),
    "strict_max": st.booleans(),
    "strict": st.booleans(),
    "exact": st.booleans(),
    "pattern": st.sampled_from(sorted(patterns.PATTERNS)),
    "regex": REGEX,
    "zh": TEXT,
    "en": TEXT,
    "scheme": st.sampled_from(sorted({one.digits for one in patterns.PATTERNS.values() if one.digits})),
    "type": st.sampled_from(sorted(TYPES)),
    "days": st.integers(0, 999) | st.floats(0, 999) | st.just("cycle"),
    "values": st.lists(SCALAR, min_size=1, max_size=5),
    "list": TEXT,
    "of": st.just("110001/000001.code"),
    "on": st.sampled_from(["today", "ever", "2020-01-31"]),
    "value": TEXT,
    "share": st.floats(0.01, 1),
    "limit": st.floats(0.01, 9),
    "tolerance": st.integers(0, 9) | st.floats(0, 9),
    "when": st.builds(lambda a, b: {"column": a, "values": b}, TEXT, st.lists(SCALAR, min_size=1, max_size=3)),
}
"""Of parameters that are known here; a kind that needs others is left out."""


@st.composite
def rules(draw: st.DrawFn, rule_id: str = "") -> Rule:
    """A rule of any kind with whatever parameters it may take."""
    known = [kind for kind in KINDS.values() if kind.required | kind.one_of <= set(VALUES)]
    kind = draw(st.sampled_from(known))
    fewest, most = kind.columns
    columns = draw(st.lists(TEXT, min_size=fewest, max_size=min(most, 4), unique=True))
    chosen = set(kind.required)
    chosen |= draw(st.sets(st.sampled_from(sorted(kind.one_of)), min_size=1)) if kind.one_of else set()
    chosen |= draw(st.sets(st.sampled_from(sorted((kind.optional & set(VALUES)) | {"when"}))))
    parameters = {name: draw(VALUES[name]) for name in sorted(chosen)}
    try:
        return Rule(
            rule_id or draw(TEXT),
            kind.code,
            tuple(columns),
            parameters,
            dimension=draw(st.sampled_from(["", *DIMENSIONS])),
            severity=draw(st.sampled_from(SEVERITIES)),
            weight=draw(st.floats(0, 100)),
            mostly=draw(st.floats(0, 1, exclude_min=True)),
            origin=draw(st.sampled_from(["item", "profile", "steward"])),
            why_zh=draw(TEXT | st.just("")),
            why_en=draw(TEXT | st.just("")),
        )
    except RuleError:
        # Bounds that cross are no rule.
        return Rule(rule_id or "kept", "row_count", (), {"min": 1})


@st.composite
def suites(draw: st.DrawFn) -> list[Rule]:
    """A few rules with ids of their own."""
    found = draw(st.lists(rules(), min_size=1, max_size=6))
    return list({rule.rule_id: rule for rule in found}.values())

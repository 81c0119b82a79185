"""Scores, totals, grades, vetoes, the gate and timeliness."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import grading, rulebook
from policies.grading import GateTerms, RuleResult
from policies.vocabulary import Dimension, Grade, Severity, Verdict

RULES = rulebook.load().quality
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def result(
    evaluated: int | None = 100,
    unexpected: int | None = 0,
    *,
    dimension: Dimension = Dimension.COMPLETENESS,
    weight: str = "1",
    severity: Severity = Severity.WARNING,
    success: bool = True,
) -> RuleResult:
    return RuleResult("r1", dimension, Decimal(weight), severity, evaluated, unexpected, success)


def test_a_rule_scores_the_share_of_good_elements() -> None:
    assert grading.rule_score(result(200, 30)) == 85
    assert grading.rule_score(result(100, 130)) == 0
    assert grading.rule_score(result(None, None)) == 100
    assert grading.rule_score(result(None, None, success=False)) == 0


def test_a_rule_that_found_nothing_to_judge_has_no_score_unless_it_failed() -> None:
    assert grading.rule_score(result(0, 0)) is None
    assert grading.rule_score(result(0, 0, success=False)) == 0


def test_a_lower_is_better_indicator_enters_as_its_complement() -> None:
    duplicates = replace(result(200, 30), lower_is_better=True)
    assert grading.indicator(duplicates) == 15
    assert grading.rule_score(duplicates) == 85
    assert grading.indicator(result(200, 30)) == 85


def test_a_dimension_is_the_weighted_mean_of_its_rules_rounded_down() -> None:
    scores = grading.dimension_scores([result(3, 1, weight="2"), result(100, 0, weight="1")])
    # (2 x 66.666... + 100) / 3 = 77.7777...
    assert scores[Dimension.COMPLETENESS] == Decimal("77.7777")


def test_a_dimension_without_a_rule_is_null_and_drops_out_of_the_total() -> None:
    scores = grading.dimension_scores([result(100, 10), result(100, 40, dimension=Dimension.ACCESSIBILITY)])
    assert scores[Dimension.ACCURACY] is None
    # (25 x 90 + 5 x 60) / 30
    assert grading.total_score(scores, RULES) == 85
    assert grading.total_score(dict.fromkeys(Dimension), RULES) is None


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        ("100", "A"),
        ("95", "A"),
        ("94.9999", "B"),
        ("85", "B"),
        ("75", "C"),
        ("60", "D"),
        ("59.9999", "E"),
        ("0", "E"),
    ],
)
def test_grades_have_their_least_totals(total: str, expected: str) -> None:
    assert grading.grade(Decimal(total), RULES) == expected


def test_nothing_measured_has_no_grade() -> None:
    card = grading.score([], RULES, rows=10)
    assert card.total is None
    assert card.grade is None


@pytest.mark.parametrize(
    ("veto", "code"),
    [
        ({"rows": 0}, "grading.no-rows"),
        ({"rows": 5, "probe_ok": False}, "grading.probe-failed"),
        ({"rows": 5, "level_breach": True}, "grading.level-breach"),
    ],
)
def test_a_veto_grades_e_whatever_the_total(veto: dict[str, int], code: str) -> None:
    card = grading.score([result()], RULES, **veto)
    assert card.total == 100
    assert card.grade == Grade.E
    assert [reason.code for reason in card.vetoes] == [code]


def test_rows_that_do_not_apply_are_no_veto() -> None:
    assert grading.score([result()], RULES, rows=None).grade == Grade.A


def test_the_gate_lets_good_data_pass() -> None:
    assert grading.gate([result()], Decimal(80), 10, RULES) == grading.Gate(Verdict.PASS)


@pytest.mark.parametrize(
    ("results", "total", "rows", "codes"),
    [
        ([result()], "79.9999", 10, ["grading.below-bar"]),
        ([result()], "100", 0, ["grading.no-rows"]),
        ([result(severity=Severity.CRITICAL, success=False)], "99", 10, ["grading.critical-failed"]),
        ([], None, 10, ["grading.not-measured"]),
        (
            [result(severity=Severity.CRITICAL, success=False)],
            "10",
            0,
            ["grading.no-rows", "grading.critical-failed", "grading.below-bar"],
        ),
    ],
)
def test_the_gate_names_every_reason_against(
    results: list[RuleResult], total: str | None, rows: int, codes: list[str]
) -> None:
    gate = grading.gate(results, None if total is None else Decimal(total), rows, RULES)
    assert gate.verdict == Verdict.FAIL
    assert [reason.code for reason in gate.reasons] == codes
    assert all(reason.text("zh") and reason.text("en") for reason in gate.reasons)


def test_a_failed_warning_alone_does_not_close_the_gate() -> None:
    assert grading.gate([result(success=False)], Decimal(90), 10, RULES).verdict == Verdict.PASS


COUNTS = st.integers(0, 1000)
RESULTS = st.lists(
    st.builds(
        result,
        st.one_of(st.none(), COUNTS),
        st.one_of(st.none(), COUNTS),
        dimension=st.sampled_from(Dimension),
        weight=st.sampled_from(["0", "0.5", "1", "7"]),
        success=st.booleans(),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(RESULTS)
def test_scores_stay_between_0_and_100_and_within_their_parts(results: list[RuleResult]) -> None:
    card = grading.score(results, RULES, rows=1)
    known = [score for score in card.dimensions.values() if score is not None]
    assert all(0 <= score <= 100 for score in known)
    if card.total is None:
        assert known == []
    else:
        assert min(known) - grading.STEP <= card.total <= max(known)


@settings(deadline=None)
@given(RESULTS)
def test_the_order_of_rules_does_not_matter(results: list[RuleResult]) -> None:
    assert grading.score(results, RULES, rows=1) == grading.score(results[::-1], RULES, rows=1)


def test_data_are_timely_within_their_cycle_and_tolerance() -> None:
    day = timedelta(days=10)
    assert grading.timely(NOW - timedelta(days=11), day, NOW, RULES.tolerance)
    assert not grading.timely(NOW - timedelta(days=11, seconds=1), day, NOW, RULES.tolerance)
    assert grading.timely(NOW - timedelta(days=999), None, NOW, RULES.tolerance)
    assert not grading.timely(None, None, NOW, RULES.tolerance)


def test_a_cycle_owes_whole_updates() -> None:
    assert grading.updates_due(timedelta(days=30), timedelta(days=7)) == 4
    assert grading.updates_due(timedelta(days=30), None) == 0


def test_a_gate_asks_for_its_own_bar_and_hard_rules() -> None:
    terms = GateTerms(Decimal(70), frozenset({"critical", "normative"}))
    assert grading.gate([result()], Decimal(75), 10, RULES, terms).verdict == Verdict.PASS
    assert grading.gate([result()], Decimal(69), 10, RULES, terms).verdict == Verdict.FAIL
    bad = result(success=False, dimension=Dimension.NORMATIVE)
    assert [one.code for one in grading.gate([bad], Decimal(90), 10, RULES, terms).reasons] == ["grading.hard-failed"]
    assert grading.gate([bad], Decimal(90), 10, RULES).verdict == Verdict.PASS


def test_the_stricter_gate_of_two_wins_and_unknown_ways_get_the_strictest() -> None:
    gates = {
        "T0": GateTerms(Decimal(80), frozenset({"critical"}), 5, 90),
        "SHARE_UNCOND": GateTerms(Decimal(75), frozenset({"accuracy"}), 3),
    }
    rules = replace(RULES, gates=gates)
    both = GateTerms(Decimal(80), frozenset({"critical", "accuracy"}), 3, 90)
    assert rules.terms("T0", "SHARE_UNCOND") == rules.terms() == rules.terms("TX") == both
    assert rules.terms("SHARE_UNCOND") == gates["SHARE_UNCOND"]
    assert replace(RULES, gates={}).terms("T0") == GateTerms(RULES.bar)

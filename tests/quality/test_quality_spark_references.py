"""Rules that look beyond the row on Spark: the same counts and rows as the scan's. Run by make test-spark."""

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from policies import identifiers
from quality.engines import expectations
from quality.profiling import profiles
from quality.rules.rules import Rule

pytest.importorskip("pyspark", reason="Spark has an environment of its own: make test-spark")
pytestmark = [pytest.mark.spark, pytest.mark.timeout(1200), pytest.mark.filterwarnings("ignore")]
TODAY = dt.date(2026, 11, 23)
ROWS = 240


def _columns(moved: int) -> dict[str, object]:
    card = [f"62220210011342{at:04}" for at in range(ROWS)]
    return {
        "卡": [one + identifiers.luhn_check_digit(one) if at % 3 else one + "x" for at, one in enumerate(card)],
        "机构": ["79965505-8" if at % 2 else "799655059" if at % 4 else None for at in range(ROWS)],
        "注册": ["110108000000016" if at % 5 else "110108000000017" for at in range(ROWS)],
        "区划": [["330502", "330103", "330113", None, "３30502"][at % 5] for at in range(ROWS)],
        "日": pa.array([dt.date(2019 + at % 4, 1, 1) if at % 7 else None for at in range(ROWS)], pa.date32()),
        "数": pa.array([at % 40 + (100 if at < moved else 0) for at in range(ROWS)], pa.int64()),
        "额": pa.array([float(at) / 4 for at in range(ROWS)], pa.float64()),
        "合": pa.array([at % 40 + float(at) / 4 + (at % 9 == 0) for at in range(ROWS)], pa.float64()),
        "类": ["新" if at < moved else "甲" if at % 4 else "乙" for at in range(ROWS)],
        "空": [[None, " ", "\u3000", "x"][at % 4] for at in range(ROWS)],
    }


RULES = [
    Rule("card", "check_digits", ("卡",), {"scheme": "bank_card"}),
    Rule("organisation", "check_digits", ("机构",), {"scheme": "organisation_code"}),
    Rule("registration", "check_digits", ("注册",), {"scheme": "registration"}),
    Rule("division", "division_code", ("区划",)),
    Rule("ever", "division_code", ("区划",), {"on": "ever"}),
    Rule("beside", "division_code", ("区划", "日")),
    Rule("refers", "refers_to", ("区划",), {"of": "x.k"}),
    Rule("same", "same_as", ("类", "数"), {"of": "x.k", "value": "v"}),
    Rule("list", "code_list", ("类",), {"list": "x"}),
    Rule("sum", "sums_to", ("数", "额", "合")),
    Rule("any", "any_filled", ("空", "机构")),
    Rule("implied", "implied", ("类",), {"values": ["甲"], "when": {"column": "注册", "values": ["110108000000016"]}}),
    Rule("steady-number", "steady", ("数",), {"limit": 0.25}),
    Rule("steady-text", "steady", ("类",), {"limit": 0.25}),
    Rule("steady-day", "steady", ("日",), {"limit": 0.25}),
    Rule("kept", "no_drop", (), {"share": 0.9}),
]


def test_spark_finds_what_the_scan_finds_beyond_the_row(tmp_path: Path) -> None:
    before, path = tmp_path / "before.parquet", tmp_path / "now.parquet"
    pq.write_table(pa.table(_columns(0)), before)
    pq.write_table(pa.table(_columns(90)), path)
    parameters = {
        "today": TODAY,
        "previous": {"rows": ROWS, "columns": list(_columns(0)), "profile": profiles.profile(before).to_json()},
        "references": {"x.k": [("330502", 1), ("甲", 7), ("乙", 8)]},
        "code_lists": {"x": ["甲", "乙"]},
    }
    keys = [rule for rule in RULES if rule.kind != "same_as"]
    plain = {**parameters, "references": {"x.k": ["330502", "330103"]}}
    for rules, given in ((keys, plain), ([rule for rule in RULES if rule.kind == "same_as"], parameters)):
        scan = expectations.run(path, rules, parameters=given)
        spark = expectations.run(path, rules, engine="spark", parameters=given)
        for rule, one, other in zip(rules, scan.results, spark.results, strict=True):
            assert one.error is None, (rule.rule_id, one)
            assert (one.evaluated, one.missing, one.unexpected, one.success) == (
                other.evaluated, other.missing, other.unexpected, other.success,
            ), (rule.rule_id, one, other)  # fmt: skip
            assert [row for row, _ in one.samples] == [row for row, _ in other.samples], rule.rule_id
            if rule.kind == "steady":
                assert one.observed == pytest.approx(other.observed)

"""Classes, cells and findings against plain Python; verdicts by the thresholds of a tier. All persons are made up."""

import random
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies import disclosure, identifiers, recognisers, rulebook
from policies.disclosure import SIZES, Claim, Facts
from policies.rulebook import RulebookError
from policies.vocabulary import Confidence, OpenTier, PersonalKind, RiskVerdict
from quality.engines import engine_tables
from quality.profiling import assessing
from quality.profiling import disclosure as counting
from quality.profiling.assessing import Assessment, Subject

TODAY = date(2026, 11, 23)
SEXES = st.sampled_from(["男", "女", None])
AGES = st.one_of(st.none(), st.integers(0, 4))
ROWS = st.lists(st.tuples(SEXES, AGES, st.sampled_from(["甲", "乙", None])), max_size=60)


def write(folder: Path, columns: dict[str, Any]) -> Path:
    """A table as Parquet."""
    path = folder / "t.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def assess(folder: Path, columns: dict[str, Any], **said: Any) -> Assessment:
    """What is found in a table and counted of it."""
    return assessing.assess(write(folder, columns), Subject(**said), TODAY, memory_limit="300MB")


def facts_of(found: Assessment) -> Facts:
    """The counts as they come back from where they are kept."""
    return Facts.from_json(found.facts)


def citizen(source: random.Random, *, valid: bool = True) -> str:
    """A made-up identity number of the unused division 330599, its check character right or wrong."""
    born = date(source.randrange(1950, 2005), source.randrange(1, 13), source.randrange(1, 29))
    first = f"330599{born:%Y%m%d}{source.randrange(1000):03}"
    right = identifiers.citizen_check_character(first)
    return first + (right if valid else next(one for one in "0123456789X" if one != right))


def groups(rows: list[tuple[Any, ...]]) -> Counter[int]:
    """The oracle: classes by size, sizes of SIZES and more as one."""
    return Counter(min(SIZES, size) for size in Counter(rows).values())


@given(ROWS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_classes_are_those_of_plain_python(tmp_path: Path, rows: list[tuple[Any, Any, Any]]) -> None:
    columns = {
        "性别": pa.array([row[0] for row in rows], pa.string()),
        "年龄": pa.array([row[1] for row in rows], pa.int64()),
        "疾病诊断": pa.array([row[2] for row in rows], pa.string()),
    }
    with engine_tables.open_table(write(tmp_path, columns)) as scan:
        facts = counting.measure(scan, {}, sensitive=["疾病诊断"])
    assert facts.quasi == ("性别", "年龄")
    expected = groups([row[:2] for row in rows])
    assert dict(facts.sizes) == dict(expected)
    assert facts.classes == sum(expected.values())
    assert facts.below(5) == sum(size for size in Counter(row[:2] for row in rows).values() if size < 5)
    assert facts.smallest == (min(expected) if rows else None)
    values: dict[Any, set[Any]] = {}
    for row in rows:
        values.setdefault(row[:2], set()).update({row[2]} - {None})
    alone = sum(len(values[row[:2]]) == 1 for row in rows)
    assert facts.uniform.get("疾病诊断", {}).get("1", 0) == alone


def test_identity_numbers_are_counted_by_their_check_digit(tmp_path: Path) -> None:
    source = random.Random(7)  # noqa: S311
    good, bad = [citizen(source) for _ in range(30)], [citizen(source, valid=False) for _ in range(70)]
    found = assess(
        tmp_path, {"编码": good + bad, "备注": [f"见{good[0]}号" if at == 40 else "无" for at in range(100)]}
    )
    counted = {(one["column"], one["kind"]): one for one in found.found}
    assert (counted["编码", "CITIZEN_ID"]["hits"], counted["编码", "CITIZEN_ID"]["exact"]) == (30, True)
    assert counted["编码", "CITIZEN_ID"]["confidence"] == "CERTAIN"
    assert counted["备注", "CITIZEN_ID"]["hits"] == 1
    assert not [value for value in good + bad if value in str(found)]


def test_every_row_of_a_large_table_is_asked(tmp_path: Path) -> None:
    source = random.Random(8)  # noqa: S311
    texts = [f"第{at}条" for at in range(60_000)]
    texts[59_999] = f"电话 138{source.randrange(10**8):08}"
    numbers = [f"{source.randrange(10**17, 10**18)}" for _ in texts]
    found = assess(tmp_path, {"备注": texts, "订单": numbers})
    counted = {(one["column"], one["kind"]): one for one in found.found}
    assert counted["备注", "MOBILE"]["hits"] == 1
    accident = counted.get(("订单", "CITIZEN_ID"))
    assert accident is None or accident["confidence"] == "POSSIBLE"


@given(st.lists(st.text(max_size=30), max_size=40))
@settings(max_examples=80, deadline=None)
def test_whatever_proves_itself_is_suspected_first(tmp_path_factory: Any, values: list[str]) -> None:
    source = random.Random(len(values))  # noqa: S311
    seeds = [citizen(source), "１３８００００１２３４", "+86 138 0000 1234", "ａ＠example.org", "浙Ｅ12345"]
    mixed = [f"{value}{seeds[at % len(seeds)]}" for at, value in enumerate(values)] + values
    with engine_tables.open_table(write(tmp_path_factory.mktemp("s"), {"c": pa.array(mixed, pa.string())})) as scan:
        asked = f"SELECT c0 FROM source WHERE regexp_matches(c0, {engine_tables.literal(recognisers.SUSPECT)})"
        suspects = [row[0] for row in scan.query(asked)]
    strict = {PersonalKind.CITIZEN_ID, PersonalKind.EMAIL, PersonalKind.MOBILE}
    whole, some = recognisers.proven(mixed, TODAY), recognisers.proven(suspects, TODAY)
    assert {kind: whole.get(kind) for kind in strict} == {kind: some.get(kind) for kind in strict}


def test_counts_of_persons_are_cells_and_no_persons(tmp_path: Path) -> None:
    found = assess(tmp_path, {"区县": ["甲", "乙", "丙"], "性别": ["男", "女", "男"], "人数": [1, 4, 300]})
    facts = facts_of(found)
    assert (facts.aggregated, facts.persons, facts.quasi) == (True, False, ())
    assert (facts.small_cells("人数", 5), facts.small_cells("人数", 4)) == (2, 1)


def test_places_and_births_are_as_fine_as_their_values(tmp_path: Path) -> None:
    columns = {
        "姓名": ["李甲", "王乙"],
        "出生日期": [date(1990, 5, 1), date(1991, 6, 2)],
        "经度": [120.5, 120.123456],
        "纬度": ["30.100", "30.25"],
    }
    facts = facts_of(assess(tmp_path, columns))
    assert facts.births == {"出生日期": "day"}
    assert facts.decimals == {"经度": 6, "纬度": 2}
    assert [disclosure.metres(places) for places in (3, 5)] == ["111", "1.1"]


def bar(tier: OpenTier) -> disclosure.Thresholds:
    """The packaged thresholds of a tier."""
    found = disclosure.of_tier(rulebook.load().disclosure, tier)
    assert found is not None
    return found


def verdict(facts: Facts, *claims: Claim, tier: OpenTier = OpenTier.T0) -> RiskVerdict:
    """The verdict on a table all of whose columns leave."""
    leaving = {*facts.roles, *facts.quasi, *(claim.column for claim in claims), *facts.cells}
    return disclosure.judge(facts, claims, leaving, bar(tier)).verdict


def test_verdicts_follow_the_tier() -> None:
    quasi = {"性别": "sex", "区县": "division"}
    few = Facts(1000, quasi, tuple(quasi), persons=True, classes=100, sizes=((1, 10), (4, 5), (20, 85)))
    assert verdict(few) is RiskVerdict.REVIEW
    assert verdict(replace(few, sizes=((1, 51), (20, 85)))) is RiskVerdict.STOP
    assert verdict(replace(few, sizes=((4, 51), (20, 85))), tier=OpenTier.T2) is RiskVerdict.PASS
    assert verdict(replace(few, sizes=((5, 190), (20, 2)))) is RiskVerdict.PASS
    assert verdict(replace(few, sizes=(), quasi=("性别",), chosen=True)) is RiskVerdict.REVIEW
    claim = Claim("备注", PersonalKind.MOBILE, 3, Confidence.LIKELY)
    safe = Facts(10)
    assert verdict(safe) is RiskVerdict.PASS
    assert verdict(safe, claim) is RiskVerdict.REVIEW
    assert verdict(safe, replace(claim, confidence=Confidence.CERTAIN)) is RiskVerdict.STOP
    assert verdict(safe, replace(claim, answer="dismissed")) is RiskVerdict.PASS
    assert verdict(safe, replace(claim, answer="dismissed", confidence=Confidence.CERTAIN)) is RiskVerdict.REVIEW
    assert verdict(safe, replace(claim, answer="confirmed")) is RiskVerdict.STOP


def test_a_table_is_counted_again_when_more_would_leave() -> None:
    facts = Facts(10, {"性别": "sex", "年龄": "age", "人数": "count"}, ("性别",), persons=True)
    assert disclosure.fits(facts, {"性别"})
    assert not disclosure.fits(facts, {"性别", "年龄"})
    assert disclosure.fits(replace(facts, quasi=("性别", "年龄")), {"性别"})


@pytest.mark.parametrize(
    "text",
    [
        "[open]\nkk = 5\n",
        "[closed]\nk = 5\n",
        '[open]\ntiers = ["T0"]\n',
        "[open]\nk = 21\n",
        '[open]\nstop_share = "2"\n',
    ],
)
def test_rules_that_make_no_sense_stop_the_start(tmp_path: Path, text: str) -> None:
    whole = (rulebook.FOLDER / "disclosure.toml").read_text("utf-8")
    key = text.split("\n")[1].split(" ", maxsplit=1)[0]
    section, _, line = text.partition("\n")
    lines = [one for one in whole.splitlines() if not one.startswith(f"{key} =")] if key != "kk" else whole.splitlines()
    made = "\n".join(lines).replace("[open]", f"{section}\n{line.strip()}", 1)
    if key in {"k", "stop_share", "tiers"} and section == "[open]":
        kept = next(one for one in whole.split("[restricted]")[1].splitlines() if one.startswith(f"{key} ="))
        made = made.replace("[restricted]", f"[restricted]\n{kept}", 1)
    (tmp_path / "disclosure.toml").write_text(made, "utf-8")
    with pytest.raises(RulebookError):
        rulebook.load(tmp_path)

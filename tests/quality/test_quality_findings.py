"""Findings: each kind of error is found in an invented table, nothing in its clean twin, the same on both engines."""

import csv
import random
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.reading_files.intake import read_table
from quality.engines import cells, expectations
from quality.profiling import likeness, profiles
from quality.profiling.profiles import Profile
from quality.proposing import proposals
from quality.rules import rules
from quality.rules.rules import SURE, Rule, RuleError

TOWNS = [
    "Aldbury Green",
    "Borrowmere",
    "Castlefield",
    "Dunhollow",
    "Easterby",
    "Fenwick Cross",
    "Gorsewater",
    "Hartsmoor",
]
ROWS = 400


def clean() -> dict[str, list[Any]]:
    """Four hundred visits to eight towns, each with its code, its keeper and its telephone."""
    chance = random.Random(7)  # noqa: S311
    at = [chance.randrange(len(TOWNS)) for _ in range(ROWS)]
    keepers = ["Miller", "Baker", "Thatcher", "Cooper", "Fletcher", "Weaver", "Sawyer", "Chandler"]
    return {
        "visit": [f"VS-{1000 + number}-{chance.choice('KLM')}" for number in range(ROWS)],
        "code": [f"T{37 * (one + 3) + 100}" for one in at],
        "town": [TOWNS[one] for one in at],
        "keeper": [keepers[one] for one in at],
        "state": [chance.choice(["opened", "opened", "closed", "planned"]) for _ in at],
        "at": [f"{chance.randrange(24):02}:{chance.randrange(60):02}" for _ in at],
        "height": [round(chance.gauss(180.0, 8.0), 1) for _ in at],
        "year": [2011 for _ in at],
    }


WRONG = {
    "town": {10: "Castelfield", 20: "Borrxmere", 30: "Hartsmoor "[:-2]},
    "keeper": {40: "Nobody"},
    "state": {50: "opned", 60: "clsoed", 70: "plannned"},
    "visit": {80: "VS1080-K", 90: "VS-10x0-L", 100: "sVS-1100-M", 110: "V-S1110-K"},
    "at": {120: "half past two", 130: "1530"},
    "height": {140: 17650.0},
    "year": {150: 1166, 160: 2669, 170: 1466, 180: 2226, 190: 3021},
}


def dirty() -> dict[str, list[Any]]:
    """The same with errors of known places (rows from 0)."""
    table = clean()
    for column, values in WRONG.items():
        for row, value in values.items():
            table[column][row] = value
    return table


def _written(table: dict[str, list[Any]], folder: Path) -> Path:
    path = folder / "t.parquet"
    pq.write_table(pa.table(table), path)
    return path


def _sure(path: Path) -> list[Rule]:
    return [rule for rule in proposals.propose(profiles.profile(path), []) if cells.blamed(rule)]


def _flagged(path: Path, folder: Path) -> set[tuple[int, str]]:
    """(row from 0, column) of the cells which sure rules flag."""
    found, ledger, text = _sure(path), folder / "ledger.parquet", StringIO()
    expectations.run(path, found, ledger=ledger)
    cells.write(text, found, ledger, None)
    text.seek(0)
    return {(int(line["row"]) - 1, line["column"]) for line in csv.DictReader(text)}


def test_every_kind_of_error_is_found_where_it_is(tmp_path: Path) -> None:
    wanted = {(row, column) for column, values in WRONG.items() for row in values}
    assert _flagged(_written(dirty(), tmp_path), tmp_path) == wanted


def test_nothing_is_flagged_in_the_clean_table(tmp_path: Path) -> None:
    assert _flagged(_written(clean(), tmp_path), tmp_path) == set()


def test_the_judge_counts_the_same(tmp_path: Path) -> None:
    path = _written(dirty(), tmp_path)
    found = [rule for rule in _sure(path) if rule.kind not in {"row_count", "columns_match"}]
    assert {rule.kind for rule in found} >= {"determined_by", "misspelt", "usual_form", "between"}
    ours, theirs = (expectations.run(path, found, engine=engine).results for engine in ("duckdb", "pandas"))
    assert [(one.rule_id, one.unexpected, one.error) for one in ours] == [
        (one.rule_id, one.unexpected, one.error) for one in theirs
    ]


def test_sources_which_disagree_are_settled_by_most_of_them(tmp_path: Path) -> None:
    chance = random.Random(3)  # noqa: S311
    flights = [f"XY-{number}" for number in range(100, 140)]
    due = {flight: f"{chance.randrange(1, 13)}:{chance.randrange(60):02} p.m." for flight in flights}
    lines = [(source, flight, due[flight]) for source in "abcdefgh" for flight in flights]
    wrong = set(chance.sample(range(len(lines)), 40))
    told = [
        (None if row % 2 else due[chance.choice([one for one in flights if due[one] != time])])
        if row in wrong
        else time
        for row, (_, _, time) in enumerate(lines)
    ]
    table = {"source": [f"from {one[0]}" for one in lines], "flight": [one[1] for one in lines], "due": told}
    found = _flagged(_written(table, tmp_path), tmp_path)
    assert {row for row, column in found if column == "due"} >= {row for row in wrong if row % 2}
    assert len({row for row, _ in found} & wrong) >= 36
    assert not {row for row, _ in found} - wrong


def test_what_is_merely_alike_is_no_slip(tmp_path: Path) -> None:
    classes = [f"class {letter}" for letter in "ABCD"] * 60 + ["class E", "class AA"]
    amounts = [float(2 ** (number % 12)) for number in range(len(classes))]
    table = {"class": classes, "code": [f"CT-{number:04}" for number in range(len(classes))], "amount": amounts}
    assert _flagged(_written(table, tmp_path), tmp_path) == set()


@pytest.mark.parametrize(
    ("value", "meant", "slip"),
    [
        ("Not Assessd", "Not Assessed", True),
        ("hearx attack", "heart attack", True),
        ("3x233", "35233", True),
        ("WEST HARTFORD", "EAST HARTFORD", False),
        ("35234", "35233", False),
        ("Ponds", "Pond", False),
        ("男性人口", "女性人口", False),
        ("迁出登计信息", "迁出登记信息", True),
        ("Fund-Surplus", "Fund Surplus", False),
    ],
)
def test_slips_are_told_from_other_words(value: str, meant: str, slip: bool) -> None:
    assert likeness.is_slip_of(value, meant) is slip


def test_findings_survive_being_stored(tmp_path: Path) -> None:
    found = profiles.profile(_written(dirty(), tmp_path))
    assert found.findings
    assert Profile.from_json(found.to_json()).findings == found.findings
    older = {key: value for key, value in found.to_json().items() if key != "findings"}
    assert Profile.from_json(older).findings == ()


def test_found_rules_read_as_sentences_and_say_how_sure_they_are(tmp_path: Path) -> None:
    for rule in _sure(_written(dirty(), tmp_path)):
        assert rules.sentence(rule, "zh") != rules.sentence(rule, "en")
        assert rule.confidence >= SURE
        assert rule.why_zh
    with pytest.raises(RuleError, match="confidence-wrong"):
        Rule("x", "not_null", ("a",), confidence=1.5)
    assert cells.blamed(Rule("x", "in_order", ("a", "b"))) is None


def test_rows_are_numbered_as_the_file_has_them(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text('a,b\n1,"two\nlines"\n\nrefused\n,\n5,x\n', encoding="utf-8")
    intake = read_table(file, "t.csv", items=None, out=tmp_path / "t.parquet", refusals=tmp_path / "r.jsonl")
    assert (intake.rows_loaded, intake.rows_refused) == (2, 1)
    assert cells.numbers(file, "t.csv", intake, tmp_path / "r.jsonl", tmp_path) == [1, 4]

"""Cleaning steps: what each does, against plain Python; the ledger names exactly the cells that differ."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.refusals import Invalid
from quality.cleaning import cleaning, cleaning_engine
from quality.cleaning.cleaning import NARROW, SPACES, WIDE, Step
from quality.cleaning.cleaning_engine import Outcome, Reference

HARD = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PIECES = [*"aZ09 '\"%_\\", "　", "\u00a0", "\t", "\n", "Ａ", "９", "－", "，", "汉", "😀", "无", "N/A"]
TEXT = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
CELLS = st.lists(st.one_of(st.none(), TEXT), max_size=12)


def cleaned(
    folder: Path, columns: dict[str, list[Any]], steps: list[Step], **more: Any
) -> tuple[Outcome, dict[str, list[Any]], list[dict[str, Any]]]:
    """The outcome, the cleaned columns, and the ledger."""
    source, out, ledger = folder / "in.parquet", folder / "out.parquet", folder / "ledger.parquet"
    arrays = {
        name: pa.array(cells, None if any(c is not None for c in cells) else pa.string())
        for name, cells in columns.items()
    }
    pq.write_table(pa.table(arrays), source)
    found = cleaning_engine.clean(source, steps, out=out, ledger=ledger, **more)
    return found, pq.read_table(out).to_pydict(), pq.read_table(ledger).to_pylist()


def text(value: Any) -> Any:
    """A value as the ledger writes it."""
    return None if value is None else str(value)


@pytest.mark.parametrize(
    ("step", "oracle"),
    [
        (Step("trim", "a"), lambda one: one.strip(SPACES)),
        (Step("width", "a"), lambda one: one.translate(str.maketrans(WIDE, NARROW))),
        (
            Step("empty", "a", {"words": ["无", "N/A"]}),
            lambda one: None if one.strip(SPACES) in {"", "无", "N/A"} else one,
        ),
        (Step("translate", "a", {"map": {"a": "Z'", "无": "9"}}), lambda one: {"a": "Z'", "无": "9"}.get(one, one)),
    ],
)
@HARD
@given(cells=CELLS)
def test_cells_become_what_python_says(step: Step, oracle: Any, cells: list[str | None], tmp_path: Path) -> None:
    rows = list(range(len(cells)))
    found, after, ledger = cleaned(tmp_path, {"a": cells, "n": rows}, [step])
    wanted = [None if one is None else oracle(one) for one in cells]
    assert after == {"a": wanted, "n": rows}
    assert [(one["row"], one["column"], one["before"], one["after"], one["step"]) for one in ledger] == [
        (row + 1, "a", before, now, 1)
        for row, (before, now) in enumerate(zip(cells, wanted, strict=True))
        if before != now
    ]
    assert found.changed == len(ledger)
    assert (found.rows_before, found.rows_after) == (len(cells), len(cells))
    if step.kind in {"trim", "width", "empty"}:
        again, same, nothing = cleaned(tmp_path, after, [step])
        assert (again.changed, same, nothing) == (0, after, [])


@HARD
@given(cells=st.lists(st.tuples(TEXT, st.integers(0, 2)), max_size=12))
def test_a_plan_is_traced_cell_by_cell(cells: list[tuple[str, int]], tmp_path: Path) -> None:
    steps = [Step("trim", "a"), Step("width", "a"), Step("duplicates"), Step("translate", "n", {"map": {"0": "男"}})]
    columns = {"a": [one for one, _ in cells], "n": [one for _, one in cells]}
    found, after, ledger = cleaned(tmp_path, columns, steps)
    gone = {one["row"]: int(one["before"]) for one in ledger if one["column"] is None}
    assert found.rows_after == len(cells) - len(gone) == len(after["a"])
    assert all(kept < row and kept not in gone for row, kept in gone.items())
    replayed = [{"a": one, "n": str(number)} for one, number in cells]
    for line in ledger:
        if line["column"] is not None:
            assert replayed[line["row"] - 1][line["column"]] == line["before"]
            replayed[line["row"] - 1][line["column"]] = line["after"]
    left = [row for at, row in enumerate(replayed) if at + 1 not in gone]
    assert left == [{"a": a, "n": text(n)} for a, n in zip(after["a"], after["n"], strict=True)]
    distinct = {tuple(row.items()) for row in left}
    assert len(distinct) == len(left)


@pytest.mark.parametrize(
    ("order", "written", "day"),
    [
        ("ymd", "2024年3月5日", "2024-03-05"),
        ("ymd", "2024/3/5", "2024-03-05"),
        ("ymd", " 20240305 ", "2024-03-05"),
        ("ymd", "2024.03.05 00:00:00", "2024-03-05"),
        ("ymd", "2024-03-05 12:30:00", "2024-03-05 12:30:00"),
        ("ymd", "2024-02-30", "2024-02-30"),
        ("ymd", "5/3/2024", "5/3/2024"),
        ("dmy", "5/3/2024", "2024-03-05"),
        ("mdy", "5/3/2024", "2024-05-03"),
        ("dmy", "2024/3/5", "2024-03-05"),
        ("ymd", "待定", "待定"),
    ],
)
def test_days_in_one_form(tmp_path: Path, order: str, written: str, day: str) -> None:
    _, after, _ = cleaned(tmp_path, {"d": [written, None]}, [Step("date", "d", {"order": order})])
    assert after["d"] == [day, None]


def test_split_and_case(tmp_path: Path) -> None:
    steps = [Step("split", "a", {"separator": "-", "into": ["b", "c"]}), Step("case", "b", {"to": "upper"})]
    found, after, ledger = cleaned(tmp_path, {"a": ["x - y-z", "x", None, ""]}, steps)
    assert after == {"a": ["x - y-z", "x", None, ""], "b": ["X", "X", None, None], "c": ["y-z", None, None, None]}
    assert [one.changed for one in found.steps] == [3, 2]
    assert len(ledger) == 5


def test_gaps_are_filled_where_the_reference_knows_one_value(tmp_path: Path) -> None:
    reference = tmp_path / "r.parquet"
    pq.write_table(pa.table({"code": ["1", "2", "2", "3"], "name": ["甲", "乙", "丙", None]}), reference)
    given_ = {"key": "k", "entry": "e", "their_key": "code", "their_value": "name"}
    columns = {"k": [1, 2, 3, 4, 1], "v": [None, None, None, None, "旧"]}
    found, after, ledger = cleaned(
        tmp_path, columns, [Step("fill", "v", given_)], references={"e": Reference(reference, "code", "name")}
    )
    assert after["v"] == ["甲", None, None, None, "旧"]
    assert found.steps[0].samples == ((None, "甲", 1, 1),)
    assert len(ledger) == 1
    for wrong in ({}, {"e": Reference(reference, "code", "nothing")}):
        with pytest.raises(Invalid):
            cleaned(tmp_path, columns, [Step("fill", "v", given_)], references=wrong)


@pytest.mark.parametrize(
    "step",
    [
        Step("explode", "a"),
        Step("trim"),
        Step("trim", "b"),
        Step("trim", "n"),
        Step("trim", "a", {"more": 1}),
        Step("case", "a", {"to": "title"}),
        Step("case", "a"),
        Step("translate", "a", {"map": {}}),
        Step("translate", "a", {"map": {"x": ""}}),
        Step("empty", "a", {"words": "无"}),
        Step("split", "a", {"separator": "", "into": ["b", "c"]}),
        Step("split", "a", {"separator": "-", "into": ["b"]}),
        Step("split", "a", {"separator": "-", "into": ["n", "c"]}),
        Step("duplicates", "a"),
        Step("date", "a", {"order": "ydm"}),
    ],
)
def test_steps_that_cannot_be_meant(tmp_path: Path, step: Step) -> None:
    with pytest.raises(Invalid):
        cleaned(tmp_path, {"a": ["x"], "n": [1]}, [step])


def test_names_and_values_never_become_sql(tmp_path: Path) -> None:
    name = 'a"; DROP VIEW source; --'
    steps = [Step("translate", name, {"map": {"'); DROP": "x'y"}}), Step("empty", name, {"words": ["') OR ('1'='1"]})]
    _, after, ledger = cleaned(tmp_path, {name: ["'); DROP", "z"]}, steps)
    assert after == {name: ["x'y", "z"]}
    assert [one["column"] for one in ledger] == [name]


def test_sentences_in_both_languages() -> None:
    for kind in cleaning.KINDS.values():
        step = Step(kind.code, "a" if kind.columns[1] else "", {})
        for language in ("zh_Hans_CN", "en"):
            assert cleaning.sentence(step, language, {"a": "列"})
    step = Step("translate", "sex", {"map": {"男": "1"}})
    assert cleaning.sentence(step, "zh", {"sex": "性别"}) == "把“性别”中的 “男”改为“1”"
    assert Step.from_json(step.to_json()) == step
    assert cleaning.mark([step]) != cleaning.mark([step, step])

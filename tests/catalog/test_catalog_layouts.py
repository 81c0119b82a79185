"""Where the table lies: sheets in the manner of bureaus, each with what should be proposed for it."""

import pytest
from layout_cases import CASES
from layout_stage import ROLES, Case, grid

from catalog.reading_files import heading_rows, layouts
from catalog.reading_files.heading_rows import GridRow
from policies.refusals import Invalid


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_table_is_found(case: Case) -> None:
    rows = grid(case.drawn, case.merges)
    proposal = layouts.propose(rows)
    found = [proposal.roles.get(row.number) for row in rows][: len(case.marks)]
    assert found == [ROLES[mark] for mark in case.marks]
    assert tuple(note.code for note in proposal.notes) == case.notes
    assert proposal.plain is case.plain
    top, bottom = proposal.layout.heading
    heading = [row for row in rows if top <= row.number <= bottom]
    width = max(len(row.cells) for row in rows)
    if case.names:
        names = heading_rows.joined(heading, width)
        assert " ".join(names).strip() == case.names
    else:
        assert proposal.layout.heading == layouts.NO_HEADING


def test_every_note_and_role_has_a_text() -> None:
    for case in CASES:
        for note in layouts.propose(grid(case.drawn, case.merges)).notes:
            assert Invalid(note.code, **note.params).text("zh")
    assert all(Invalid(code).text("en") for code in layouts.ROLES)


def test_the_end_of_a_long_sheet_is_evidence() -> None:
    rows = grid("地区|户数\n吴兴|1\n南浔|2")
    assert layouts.propose(rows).plain
    proposal = layouts.propose(rows, [GridRow(5000, ("合计", "3"))])
    assert not proposal.plain
    assert proposal.layout.set_aside
    assert proposal.roles[5000] == "total"


def test_nothing_is_proposed_for_nothing() -> None:
    assert layouts.propose([]).plain


@pytest.mark.parametrize(
    "said", ["合计", "总 计", "小计：", "全市合计", "合计（户）", "Total", "Grand Total", "累计", "共计", "本页小计"]
)
def test_totals_are_known(said: str) -> None:
    assert layouts.aside_code(GridRow(9, (said, "3", "4")), 3) == layouts.TOTAL


@pytest.mark.parametrize("said", ["合计数据中心", "计算机", "总计划", "累计病例数", "Totally", "小计村"])
def test_words_like_totals_are_not(said: str) -> None:
    assert layouts.aside_code(GridRow(9, (said, "3", "4")), 3) is None

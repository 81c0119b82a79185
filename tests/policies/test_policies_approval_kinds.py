"""Kinds of cases are files, and the page of their tables shows all of them."""

from datetime import date
from pathlib import Path

from approval_stage import AUTHORITY, BOOK, FIRST, NOW, mover, refused, walk

from policies import approval, approval_docs, rulebook

WAIVER = """
kind = "WAIVER"
zh = "质量豁免"
en = "Quality waiver"
first = "ASKED"
chain = ["ASKED", "SIGNED"]
granted = "GRANTED"

[stages.ASKED]
zh = "待部门审核"
en = "Asked"
turn = "provider"
clock = "CORRECTION_REPLY"

[stages.SIGNED]
zh = "待主管部门审核"
en = "Signed"
turn = "authority"

[stages.GRANTED]
zh = "已豁免"
en = "Granted"
end = true

[stages.REFUSED]
zh = "不予豁免"
en = "Refused"
end = true

[[moves]]
code = "agree"
zh = "同意"
en = "Agree"
from = ["ASKED"]
to = "@next"
by = ["provider:chief_data_officer"]
distinct = true

[[moves]]
code = "agree"
zh = "同意"
en = "Agree"
from = ["SIGNED"]
to = "@next"
by = ["authority:authority_reviewer"]
distinct = true

[[moves]]
code = "rethink"
zh = "重新审核"
en = "Rethink"
from = ["SIGNED"]
to = "ASKED"
by = ["authority:authority_reviewer"]
new_round = true

[[moves]]
code = "refuse"
zh = "不同意"
en = "Refuse"
from = ["ASKED", "SIGNED"]
to = "REFUSED"
by = ["authority:authority_reviewer"]
needs = ["comment", "until"]
"""


def test_a_further_kind_of_case_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "procedures").mkdir()
    (tmp_path / "procedures" / "WAIVER.toml").write_text(WAIVER, encoding="utf-8")
    book = rulebook.load(tmp_path)
    officer = mover("officer", frozenset({"provider:chief_data_officer"}))
    case = approval.open_case("WAIVER", "steward", NOW, book)
    assert approval.due(case, book) == date(2026, 3, 9)
    signed = walk(case, ("agree", officer), rules=book)
    both = mover("officer", AUTHORITY)
    assert refused(signed, "agree", both, book) == "approval.same-person"
    assert walk(signed, ("agree", FIRST), rules=book).stage == "GRANTED"
    # A new round forgets who decided before.
    again = walk(signed, ("rethink", FIRST), ("agree", officer), rules=book)
    assert again.deciders == (("ASKED", "officer"),)
    assert refused(case, "refuse", FIRST, book) == "approval.needs-extra"
    assert walk(case, ("refuse", mover("first", AUTHORITY, until="2026-12-31")), rules=book).stage == "REFUSED"
    assert "质量豁免" in approval_docs.render(book)


def test_the_page_of_the_tables_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "approval.md"
    assert page.read_text(encoding="utf-8") == approval_docs.render(BOOK), (
        "python -m policies.approval_docs > docs/approval.md"
    )


def test_the_page_shows_every_stage_and_move_in_both_languages() -> None:
    page = approval_docs.render(BOOK)
    for procedure in BOOK.procedures.values():
        for named in (*procedure.stages.values(), *procedure.moves, procedure):
            assert named.label("zh") in page
            assert named.label("en") in page

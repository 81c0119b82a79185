"""How cases move: every combination decided, the journeys, who is kept out, clocks, and kinds added by a
file."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from approval_stage import APPLICANT, AUTHORITY, BOOK, FIRST, NOW, PROVIDER, SYSTEM, mover, refused, walk
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import approval, deadlines, rulebook
from policies.approval import CaseFacts, Moved, Mover
from policies.refusals import Invalid, Refused

APPLIES = mover("applicant", APPLICANT)


OWNER = mover("owner", PROVIDER)


FINAL = mover("final", AUTHORITY)


CLOCK = mover("system", SYSTEM)


def application() -> CaseFacts:
    return approval.open_case("APPLICATION", "applicant", NOW, BOOK)


SUBMITTED = walk(application(), ("submit", APPLIES))


AT_PROVIDER = walk(SUBMITTED, ("approve", FIRST))


AT_FINAL = walk(AT_PROVIDER, ("approve", OWNER))


@pytest.mark.parametrize("kind", sorted(BOOK.procedures))
def test_every_stage_move_and_role_is_decided(kind: str) -> None:
    procedure = BOOK.procedures[kind]
    moves = {move.code for move in procedure.moves} | {"no_such_move"}
    capacities = (*procedure.capacities(), "authority:auditor", "")
    for stage, move, capacity in product((*procedure.stages, "NO_SUCH_STAGE"), moves, capacities):
        case = CaseFacts(kind, stage, procedure.chain, "opener", return_stage=procedure.chain[0])
        found = approval.decide(case, move, mover("someone", frozenset({capacity})), NOW, BOOK)
        assert isinstance(found, (Moved, Refused))
        if isinstance(found, Moved):
            assert stage in procedure.stages
            assert found.stage in procedure.stages
            assert not procedure.stages[stage].end
            assert (found.before, found.move) == (stage, move)
            assert found.ended == procedure.stages[found.stage].end


@settings(deadline=None)
@given(
    kind=st.sampled_from([*BOOK.procedures, "NO_SUCH_KIND"]),
    data=st.data(),
    person=st.sampled_from(["opener", "decider", "someone", ""]),
    words=st.sampled_from(["", "  ", "words"]),
    days=st.sampled_from([None, "", "3", -1, 0, 3, 99, True, 2.5, object()]),
    extended=st.booleans(),
)
def test_no_case_however_odd_raises(
    *, kind: str, data: st.DataObject, person: str, words: str, days: object, extended: bool
) -> None:
    procedure = BOOK.procedures.get(kind, BOOK.procedures["APPLICATION"])
    stages = st.sampled_from([*procedure.stages, "LOST_STAGE"])
    stage = data.draw(stages)
    clock = procedure.stages[stage].clock if stage in procedure.stages else ""
    case = CaseFacts(
        kind,
        stage,
        chain=tuple(data.draw(st.lists(stages, max_size=3))),
        opened_by="opener",
        deciders=data.draw(st.sampled_from([(), (("INITIAL_REVIEW", "decider"),), (("LOST_STAGE", "decider"),)])),
        return_stage=data.draw(st.one_of(st.none(), stages)),
        intervals=deadlines.start(clock, date(2026, 2, 27)) if clock and data.draw(st.booleans()) else (),
        extended=extended,
    )
    capacities = data.draw(st.sets(st.sampled_from([*procedure.capacities(), "authority:auditor"])))
    by = Mover(person, frozenset(capacities), words, words, {"days": days, "kind": data.draw(st.text(max_size=2))})
    for move in {move.code for move in procedure.moves}:
        found = approval.decide(case, move, by, NOW, BOOK)
        assert isinstance(found, (Moved, Refused))
        if isinstance(found, Moved):
            assert move in {open_move.code for open_move in approval.moves_open(case, by, BOOK)}


def test_buttons_and_decisions_agree_for_someone_who_brings_every_word() -> None:
    for case, by in product((application(), SUBMITTED, AT_PROVIDER, AT_FINAL), (APPLIES, FIRST, OWNER, FINAL, CLOCK)):
        offered = {move.code for move in approval.moves_open(case, by, BOOK)}
        codes = {move.code for move in BOOK.procedures["APPLICATION"].moves}
        taken = {code for code in codes if isinstance(approval.decide(case, code, by, NOW, BOOK), Moved)}
        assert offered == taken


def test_an_application_goes_from_draft_to_closed() -> None:
    case = walk(AT_FINAL, ("approve", FINAL))
    assert case.stage == "APPROVED"
    assert case.deciders == (
        ("INITIAL_REVIEW", "first"),
        ("PROVIDER_REVIEW", "owner"),
        ("FINAL_REVIEW", "final"),
    )
    case = walk(case, ("sign", APPLIES), ("suspend", OWNER), ("restore", FIRST), ("expire", CLOCK))
    assert case.stage == "EXPIRED"
    closed = approval.decide(case, "close", FINAL, NOW, BOOK)
    assert isinstance(closed, Moved)
    assert closed.ended
    assert closed.due is None
    assert approval.moves_open(approval.after(case, closed), FINAL, BOOK) == ()


def test_a_rejection_needs_comment_and_basis() -> None:
    assert refused(AT_FINAL, "reject", Mover("final", AUTHORITY)) == "approval.needs-comment"
    assert refused(AT_FINAL, "reject", Mover("final", AUTHORITY, comment="  ")) == "approval.needs-comment"
    assert refused(AT_FINAL, "reject", Mover("final", AUTHORITY, comment="不符")) == "approval.needs-basis"
    assert walk(AT_FINAL, ("reject", FINAL)).stage == "REJECTED"


def test_an_outsider_learns_nothing_about_the_stage() -> None:
    stranger = mover("stranger", frozenset({"provider:steward", "authority:auditor"}))
    codes = {refused(case, "approve", stranger) for case in (application(), SUBMITTED, AT_FINAL)}
    assert codes == {"approval.not-your-turn"}
    assert approval.moves_open(SUBMITTED, stranger, BOOK) == ()


def test_who_has_a_part_elsewhere_is_refused_out_of_turn() -> None:
    assert refused(SUBMITTED, "approve", OWNER) == "approval.not-your-turn"
    assert refused(AT_PROVIDER, "approve", FIRST) == "approval.not-your-turn"
    assert refused(SUBMITTED, "sign", APPLIES) == "approval.wrong-stage"
    assert refused(SUBMITTED, "dance", FIRST) == "approval.unknown-move"
    assert refused(CaseFacts("DANCE", "X", (), "p"), "approve", FIRST) == "approval.unknown-kind"


def test_nobody_decides_the_own_case_or_two_stages_of_a_round() -> None:
    assert refused(SUBMITTED, "approve", mover("applicant", AUTHORITY)) == "approval.own-case"
    assert refused(AT_FINAL, "approve", FIRST) == "approval.same-person"
    assert refused(AT_FINAL, "reject", mover("owner", AUTHORITY)) == "approval.same-person"
    assert "approve" not in {move.code for move in approval.moves_open(AT_FINAL, FIRST, BOOK)}


def test_a_supplement_stops_both_clocks_and_returns_to_the_stage_that_asked() -> None:
    asked = approval.decide(AT_PROVIDER, "ask_supplement", OWNER, datetime(2026, 3, 4, 1, tzinfo=UTC), BOOK)
    assert isinstance(asked, Moved)
    assert asked.stage == "SUPPLEMENT_REQUIRED"
    assert asked.return_stage == "PROVIDER_REVIEW"
    # The applicant's own ten working days run; the others stand still.
    assert asked.due == date(2026, 3, 18)
    waiting = approval.after(AT_PROVIDER, asked)
    back = approval.decide(waiting, "supplement", APPLIES, datetime(2026, 3, 10, 1, tzinfo=UTC), BOOK)
    assert isinstance(back, Moved)
    assert back.stage == "PROVIDER_REVIEW"
    assert back.return_stage is None
    # Two of five days were used; the day of return does not count.
    assert back.due == date(2026, 3, 13)
    total = approval.total_clock(approval.after(waiting, back), BOOK)
    assert total is not None
    assert total.due() == date(2026, 3, 20)


def test_a_rule_can_restart_the_term_after_a_supplement_but_not_after_a_consultation(tmp_path: Path) -> None:
    (tmp_path / "limits.toml").write_text('after_supplement = "restart"\n', encoding="utf-8")
    book = rulebook.load(tmp_path)
    later, back = datetime(2026, 3, 4, 1, tzinfo=UTC), datetime(2026, 3, 10, 1, tzinfo=UTC)
    asked = walk(AT_PROVIDER, ("ask_supplement", OWNER), now=later, rules=book)
    assert approval.due(walk(asked, ("supplement", APPLIES), now=back, rules=book), book) == date(2026, 3, 17)
    asked = walk(AT_PROVIDER, ("consult", OWNER), now=later, rules=book)
    assert approval.due(walk(asked, ("end_consultation", OWNER), now=back, rules=book), book) == date(2026, 3, 13)


def test_an_unanswered_supplement_counts_as_withdrawal_and_only_the_system_says_so() -> None:
    asked = walk(SUBMITTED, ("ask_supplement", FIRST))
    assert refused(asked, "deem_withdrawn", FIRST) == "approval.not-your-turn"
    assert walk(asked, ("deem_withdrawn", CLOCK)).stage == "WITHDRAWN"


def test_the_whole_case_clock_starts_with_submission_and_ends_with_the_decision() -> None:
    assert application().total == ()
    assert approval.due(application(), BOOK) is None
    assert SUBMITTED.total[0].started == date(2026, 3, 2)
    late = NOW + timedelta(days=11)
    at_final = walk(walk(SUBMITTED, ("approve", FIRST), now=late), ("approve", OWNER), now=late)
    # Two working days for the stage, but the ten of the whole case end first.
    assert approval.due(at_final, BOOK) == date(2026, 3, 16)
    assert approval.warning(at_final, date(2026, 3, 13), BOOK) == 80
    approved = walk(at_final, ("approve", FINAL), now=late)
    assert approved.total[-1].stopped == date(2026, 3, 13)
    assert approval.due(approved, BOOK) == date(2026, 3, 27)


def test_a_term_is_extended_once_and_never_by_more_than_itself() -> None:
    too_long = mover("first", AUTHORITY, days=4)
    assert refused(SUBMITTED, "extend", too_long) == "approval.extension-length"
    moved = approval.decide(SUBMITTED, "extend", mover("first", AUTHORITY, days=3), NOW, BOOK)
    assert isinstance(moved, Moved)
    assert moved.stage == "INITIAL_REVIEW"
    assert moved.due == date(2026, 3, 10)
    case = approval.after(SUBMITTED, moved)
    total = approval.total_clock(case, BOOK)
    assert total is not None
    assert total.term == 13
    assert refused(case, "extend", FIRST) == "approval.already-extended"
    assert refused(walk(case, ("approve", FIRST)), "extend", OWNER) == "approval.already-extended"
    assert "extend" not in {move.code for move in approval.moves_open(case, FIRST, BOOK)}


def test_a_due_date_in_a_year_without_notice_is_marked_provisional() -> None:
    case = approval.open_case("APPLICATION", "applicant", NOW, BOOK)
    moved = approval.decide(case, "submit", APPLIES, datetime(2026, 12, 30, 1, tzinfo=UTC), BOOK)
    assert isinstance(moved, Moved)
    assert moved.provisional


def test_an_author_recalls_an_entry_but_does_not_review_it() -> None:
    for kind in ("ENTRY_REVIEW", "ENTRY_CHANGE", "ENTRY_WITHDRAWAL", "RELEASE"):
        case = approval.open_case(kind, "author", NOW, BOOK)
        assert case.stage == "REVIEW"
        assert approval.due(case, BOOK) is not None
        assert refused(case, "approve", mover("author", AUTHORITY)) == "approval.own-case"
        assert refused(case, "reject", Mover("first", AUTHORITY)) == "approval.needs-comment"
        assert walk(case, ("approve", FIRST)).stage == "APPROVED"
        assert walk(case, ("reject", FIRST)).stage == "REJECTED"
        assert walk(case, ("recall", mover("author", APPLICANT))).stage == "RECALLED"


def demand() -> CaseFacts:
    return approval.open_case("DEMAND", "demander", NOW, BOOK)


DEMANDER = mover("demander", APPLICANT)


def test_a_demand_is_closed_only_by_the_demander_and_only_after_mounting() -> None:
    confirmed = walk(demand(), ("dispatch", FIRST), ("accept", OWNER))
    assert refused(confirmed, "confirm", DEMANDER) == "approval.wrong-stage"
    mounted = walk(confirmed, ("mount", OWNER))
    for other in (FIRST, OWNER, CLOCK):
        assert refused(mounted, "confirm", other) == "approval.not-your-turn"
    assert walk(mounted, ("confirm", DEMANDER)).stage == "COMPLETED"
    assert walk(mounted, ("send_back", DEMANDER)).stage == "CONFIRMED"


def test_a_providers_return_goes_to_the_authority_for_ruling() -> None:
    dispatched = walk(demand(), ("dispatch", FIRST))
    assert refused(dispatched, "refuse", Mover("owner", PROVIDER, comment="无")) == "approval.needs-basis"
    returned = walk(dispatched, ("refuse", OWNER), now=NOW + timedelta(days=2))
    assert returned.stage == "PROVIDER_RETURNED"
    again = walk(returned, ("refuse_return", FIRST), now=NOW + timedelta(days=4))
    assert again.stage == "DISPATCHED"
    # Two of the ten working days were used before the return.
    assert approval.due(again, BOOK) == BOOK.calendar.add_workdays(date(2026, 3, 6), 8)
    assert refused(returned, "agree_return", FIRST) == "approval.unknown-choice"
    agreed = mover("first", AUTHORITY, kind="ADMIN_AGREE_RETURN")
    assert walk(returned, ("agree_return", agreed)).stage == "RETURNED"


def test_a_demand_is_returned_with_a_kind_and_withdrawn_only_before_it_is_dispatched() -> None:
    plain = Mover("first", AUTHORITY, comment="材料不全")
    assert refused(demand(), "return", plain) == "approval.needs-extra"
    assert refused(demand(), "return", mover("first", AUTHORITY, kind="NO_MOOD")) == "approval.unknown-choice"
    assert walk(demand(), ("return", mover("first", AUTHORITY, kind="ADMIN_PORTAL"))).stage == "RETURNED"
    assert walk(demand(), ("withdraw", DEMANDER)).stage == "WITHDRAWN"
    assert refused(walk(demand(), ("dispatch", FIRST)), "withdraw", DEMANDER) == "approval.wrong-stage"


def test_a_case_keeps_the_chain_it_drew() -> None:
    case = approval.open_case("APPLICATION", "applicant", NOW, BOOK, chain=("PROVIDER_REVIEW", "FINAL_REVIEW"))
    assert walk(case, ("submit", APPLIES)).stage == "PROVIDER_REVIEW"
    assert walk(case, ("submit", APPLIES), ("approve", OWNER), ("approve", FINAL)).stage == "APPROVED"
    for chain in ((), ("DANCE",), ("REJECTED",), ("ACTIVE",), ("DRAFT",)):
        with pytest.raises(Invalid) as caught:
            approval.open_case("APPLICATION", "applicant", NOW, BOOK, chain=chain)
        assert caught.value.code == "approval.unknown-chain"
    with pytest.raises(Invalid, match="DANCE"):
        approval.open_case("DANCE", "applicant", NOW, BOOK)
